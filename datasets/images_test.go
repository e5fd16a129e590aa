package datasets

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wantLine wants an error of one line that says want.
func wantLine(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: error %v, want one line with %q", what, err, want)
	}
}

func gz(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

// idx is an IDX file of bytes.
func idx(values []byte, shape ...int) []byte {
	b := []byte{0, 0, 8, byte(len(shape))}
	for _, d := range shape {
		b = binary.BigEndian.AppendUint32(b, uint32(d))
	}
	return append(b, values...)
}

func write(t testing.TB, path string, data []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func ramp(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * i * 7)
	}
	return b
}

func TestImagesBatch(t *testing.T) {
	// Two images of 1 x 3 pixels with 2 channels.
	m, err := NewImages("two", []byte{0, 1, 2, 3, 4, 255, 10, 11, 12, 13, 14, 15}, [3]int{1, 3, 2}, []byte{1, 0}, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	if m.Dim() != 6 || m.Len() != 2 || m.Shape() != [3]int{1, 3, 2} || m.Label(0) != 1 {
		t.Errorf("dim %d, %d images of %v, label %d", m.Dim(), m.Len(), m.Shape(), m.Label(0))
	}
	x, err := m.At(0)
	if err != nil || x[0] != -1 || x[5] != 1 || x[1] != float32(1)/127.5-1 {
		t.Errorf("image 0 is %v, %v; want values from -1 to 1", x, err)
	}
	_, err = m.At(2)
	wantLine(t, "image 2", err, "there is no image 2; images are 0 to 1")
	mirrored := slices.Concat(x[4:], x[2:4], x[:2])
	l := m.Flipped().MustLabelled()
	rng := rand.New(rand.NewPCG(1, 2))
	const n = 400
	_, x1, cond := l.Batch(rng, n)
	seen := map[string]int{}
	for k := range n {
		row := x1[k*6 : (k+1)*6]
		switch {
		case slices.Equal(row, x) && cond[k] == 1:
			seen["as it is"]++
		case slices.Equal(row, mirrored) && cond[k] == 1:
			seen["mirrored"]++
		case cond[k] == 0 && (row[0] == float32(10)/127.5-1 || row[0] == float32(14)/127.5-1):
			seen["other"]++
		default:
			t.Fatalf("row %d is %v with label %g: no image of the data", k, row, cond[k])
		}
	}
	// Binomial counts: five standard deviations, a false-alarm rate of 6e-7 each.
	for what, p := range map[string]float64{"as it is": .25, "mirrored": .25, "other": .5} {
		if math.Abs(float64(seen[what])-p*n) > 5*math.Sqrt(p*(1-p)*n) {
			t.Errorf("%d of %d %s, want about %g", seen[what], n, what, p*n)
		}
	}
	_, again, _ := l.Batch(rand.New(rand.NewPCG(1, 2)), n)
	if !slices.Equal(again, x1) {
		t.Error("the same generator gave another batch")
	}
	if l.Classes() != 2 || l.NullCond()[0] != 2 || m.ID() == m.Flipped().ID() || l.ID() == m.ID() {
		t.Errorf("%d classes, null %v, IDs %s, %s, %s", l.Classes(), l.NullCond(), m.ID(), m.Flipped().ID(), l.ID())
	}
}

func TestNewImagesRefuses(t *testing.T) {
	shape := [3]int{2, 2, 1}
	_, err := NewImages("", ramp(4), shape, nil, nil)
	wantLine(t, "name", err, "the name is empty")
	_, err = NewImages("x", ramp(4), [3]int{2, 0, 1}, nil, nil)
	wantLine(t, "shape", err, "2 x 0 pixels")
	_, err = NewImages("x", ramp(5), shape, nil, nil)
	wantLine(t, "size", err, "5 bytes are not one or more images of 2 x 2 x 1")
	_, err = NewImages("x", ramp(8), shape, []byte{0}, []string{"a"})
	wantLine(t, "labels", err, "1 labels for 2 images")
	_, err = NewImages("x", ramp(8), shape, []byte{0, 1}, []string{"a"})
	wantLine(t, "label", err, "the label of image 1 (counted from 0) is 1; there are 1 classes")
	_, err = NewImages("x", ramp(8), [3]int{1 << 32, 1 << 32, 1}, nil, nil)
	wantLine(t, "huge shape", err, "8 bytes are not one or more images of 4294967296 x")
	m, err := NewImages("x", ramp(8), shape, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Labelled()
	wantLine(t, "no labels", err, "x has no labels")
}

// small makes Fashion-MNIST's files two images, at a server, for a test.
func smallFashion(t *testing.T) (images, labels []byte) {
	t.Helper()
	images, labels = gz(idx(ramp(2*28*28), 2, 28, 28)), gz(idx([]byte{9, 0}, 2))
	files := map[string][]byte{"/images": images, "/labels": labels}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if data, ok := files[r.URL.Path]; ok {
			_, _ = w.Write(data)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	sum := func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
	content := func(b []byte) string {
		data, err := gunzip(b, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		return sum(data)
	}
	before := fashionFiles[Test]
	t.Cleanup(func() { fashionFiles[Test] = before })
	of := func(k int, path string, data []byte) fashionFile {
		return fashionFile{dataFile{set: "fashion-mnist", name: before[k].name, url: server.URL + path, size: int64(len(data)), sha256: sum(data)}, content(data)}
	}
	fashionFiles[Test] = [2]fashionFile{of(0, "/images", images), of(1, "/labels", labels)}
	t.Setenv(DataVariable, t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	return images, labels
}

func TestFashionMNISTIsFoundOrDownloaded(t *testing.T) {
	images, labels := smallFashion(t)
	home := os.Getenv(DataVariable)
	m, err := FashionMNIST(Test)
	if err != nil {
		t.Fatal(err)
	}
	if m.Len() != 2 || m.Label(0) != 9 || m.Shape() != [3]int{28, 28, 1} || m.ClassNames()[9] != "Ankle boot" {
		t.Errorf("%d images of %v, first label %d", m.Len(), m.Shape(), m.Label(0))
	}
	for k, f := range fashionFiles[Test] { // kept, and taken from there
		if data, err := os.ReadFile(filepath.Join(home, "fashion-mnist", f.name)); err != nil || !bytes.Equal(data, [][]byte{images, labels}[k]) {
			t.Errorf("%s is not kept: %v", f.name, err)
		}
	}
	files := fashionFiles[Test]
	files[0].url, files[1].url = "http://127.0.0.1:0/", "http://127.0.0.1:0/"
	fashionFiles[Test] = files
	if again, err := FashionMNIST(Test); err != nil || again.ID() != m.ID() {
		t.Errorf("the second time: %v", err)
	}
	path := filepath.Join(home, "fashion-mnist", files[0].name)
	write(t, path, gz(idx(ramp(3*28*28), 3, 28, 28)))
	_, err = FashionMNIST(Test)
	wantLine(t, "another file", err, "is not Fashion-MNIST's file")
	write(t, path, images[:len(images)/2])
	_, err = FashionMNIST(Test)
	wantLine(t, "half a file", err, "cut short or damaged")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, err = FashionMNIST(Test)
	wantLine(t, "no network", err, fmt.Sprintf("put the file of http://127.0.0.1:0/ (%d bytes, SHA-256 %s) into %s", len(images), files[0].sha256, filepath.Join(home, "fashion-mnist")))
	_, err = FashionMNIST("validation")
	wantLine(t, "split", err, `unknown split "validation"; valid ones: train, test`)
}

func TestDownloadIsChecked(t *testing.T) {
	smallFashion(t)
	files := fashionFiles[Test]
	files[0].sha256 = strings.Repeat("0", 64)
	fashionFiles[Test] = files
	_, err := FashionMNIST(Test)
	wantLine(t, "another sum", err, "want "+fmt.Sprint(files[0].size)+" with 000000000000…")
	files[0].url += "/nothing"
	fashionFiles[Test] = files
	_, err = FashionMNIST(Test)
	wantLine(t, "not found", err, "answers 404 Not Found")
	if left, _ := os.ReadDir(filepath.Join(os.Getenv(DataVariable), "fashion-mnist")); len(left) > 0 {
		t.Errorf("%d files are left of downloads that failed", len(left))
	}
}

// The real files, where Debian's package is installed.
func TestFashionMNISTOfDebian(t *testing.T) {
	if _, err := os.Stat("/usr/share/datasets/fashion-mnist"); err != nil {
		t.Skip("the Debian package dataset-fashion-mnist is not installed")
	}
	t.Setenv(DataVariable, "")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	m, err := FashionMNIST(Test)
	if err != nil {
		t.Fatal(err)
	}
	counts := make([]int, 10)
	for i := range m.Len() {
		counts[m.Label(i)]++
	}
	if m.Len() != 10000 || slices.Min(counts) != 1000 || slices.Max(counts) != 1000 {
		t.Errorf("%d images, %v of the classes; want 10000, 1000 each", m.Len(), counts)
	}
}

func TestReadIDX(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, data []byte) string { return write(t, filepath.Join(dir, name), data) }
	good, labels := idx(ramp(12), 2, 2, 3), file("labels", idx([]byte{1, 0}, 2))
	m, err := ReadIDX("mine", file("good", good), labels, []string{"a", "b"})
	if err != nil || m.Len() != 2 || m.Shape() != [3]int{2, 3, 1} || m.Label(0) != 1 {
		t.Fatalf("%v, %v", m, err)
	}
	for want, data := range map[string][]byte{
		"this is no IDX file":                {},
		"(it starts with \"GIF89a\")":        []byte("GIF89a"),
		"values of type 0xd":                 {0, 0, 0xd, 3},
		"has 1 dimensions, want 3":           idx(nil, 5),
		"cut short: it has 12 bytes":         good[:12],
		"fewer than its shape says":          good[:20],
		"and 1 bytes more":                   append(slices.Clone(good), 0),
		"dimension 0 is 0":                   idx(nil, 0, 2, 3),
		"it has 12 values, and fewer":        idx(ramp(12), 1<<31, 1<<31, 1<<31),
		"the gzip file cannot be read":       []byte("\x1f\x8b"),
		"the gzip file is cut short or dama": gz(good)[:20],
	} {
		_, err := ReadIDX("mine", file("bad", data), labels, []string{"a", "b"})
		wantLine(t, want, err, want)
	}
	_, err = ReadIDX("mine", filepath.Join(dir, "good"), file("labels", idx([]byte{2, 0}, 2)), []string{"a", "b"})
	wantLine(t, "label", err, "is 2; there are 2 classes")
	_, err = ReadIDX("mine", dir, "", nil)
	wantLine(t, "folder", err, "is not a file")
	_, err = gunzip(gz(make([]byte, 100)), 10)
	wantLine(t, "bomb", err, "unpacks to more than 10 bytes")
}

// tarball is a .tar.gz of files in the order of names.
func tarball(t testing.TB, names []string, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return gz(b.Bytes())
}

// cifarPickle is a batch as the official archive has it: pickled by Python 2, whose
// strings are bytes.
func cifarPickle(labels []byte, planes []byte) []byte {
	short := func(s string) string { return "U" + string(rune(len(s))) + s }
	var b bytes.Buffer
	b.WriteString("\x80\x02}(" + short("batch_label") + short("testing batch 1 of 1") + short("labels") + "](")
	for _, k := range labels {
		b.Write([]byte{'K', k})
	}
	b.WriteString("e" + short("data") + "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + short("b") + "\x87R(K\x01K")
	b.WriteByte(byte(len(labels)))
	b.WriteString("M\x00\x0c\x86cnumpy\ndtype\n" + short("u1") + "K\x00K\x01\x87R(K\x03" + short("|") + "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T")
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(planes))))
	b.Write(planes)
	b.WriteString("tbu.")
	return b.Bytes()
}

func cifarBinary(labels []byte, planes []byte) (b []byte) {
	for i, k := range labels {
		b = append(append(b, k), planes[i*cifarPixels:(i+1)*cifarPixels]...)
	}
	return b
}

func TestReadCIFAR10(t *testing.T) {
	dir := t.TempDir()
	first, second, test := ramp(2*cifarPixels), ramp(3 * cifarPixels)[cifarPixels:], ramp(cifarPixels)
	make := map[string]func(labels, planes []byte) []byte{"": cifarPickle, ".bin": cifarBinary}
	var ids []string
	for ext, batch := range make {
		names := []string{"cifar-10/data_batch_2" + ext, "cifar-10/batches.meta" + ext, "cifar-10/data_batch_1" + ext, "cifar-10/test_batch" + ext}
		path := write(t, filepath.Join(dir, "cifar"+ext+".tar.gz"), tarball(t, names, map[string][]byte{
			names[0]: batch([]byte{3, 4}, second), names[2]: batch([]byte{9, 0}, first), names[3]: batch([]byte{7}, test)}))
		m, err := ReadCIFAR10(path, Train)
		if err != nil {
			t.Fatalf("%q: %v", ext, err)
		}
		if m.Len() != 4 || m.Shape() != [3]int{32, 32, 3} || m.Label(0) != 9 || m.Label(3) != 4 {
			t.Errorf("%q: %d images of %v, labels %d and %d: batches are out of order", ext, m.Len(), m.Shape(), m.Label(0), m.Label(3))
		}
		x, err := m.At(1)
		if err != nil {
			t.Fatal(err)
		}
		for c := range 3 { // pixel 5 of image 1, out of three planes
			if want := float32(first[cifarPixels+c*cifarPlane+5])/127.5 - 1; x[5*3+c] != want {
				t.Errorf("%q: channel %d is %g, want %g", ext, c, x[5*3+c], want)
			}
		}
		ids = append(ids, m.ID())
		if m, err = ReadCIFAR10(path, Test); err != nil || m.Len() != 1 || m.Label(0) != 7 {
			t.Errorf("%q: test: %v", ext, err)
		}
	}
	if ids[0] != ids[1] {
		t.Errorf("the two formats give different data: %v", ids)
	}
}

func TestCIFAR10Refuses(t *testing.T) {
	dir := t.TempDir()
	planes := ramp(cifarPixels)
	good := cifarPickle([]byte{1}, planes)
	archive := func(name string, data []byte) []byte {
		return tarball(t, []string{name}, map[string][]byte{name: data})
	}
	for want, data := range map[string][]byte{
		"this is no .tar.gz file":                      []byte("nothing"),
		"the archive is cut short or damaged":          archive("x/test_batch", good)[:300],
		"damaged: gzip: invalid checksum":              flipped(archive("x/test_batch", good), -8),
		"the archive has no test_batch":                archive("x/readme", nil),
		"a path outside itself":                        archive("../../etc/test_batch", good),
		"3072 bytes are not one or more images":        archive("x/test_batch.bin", planes),
		"the label of image 0 (counted from 0) is 1":   archive("x/test_batch.bin", cifarBinary([]byte{10}, planes)),
		"want bytes of shape [1, 3072]":                archive("x/test_batch", cifarPickle([]byte{1}, planes[:3000])),
		"label 0 is None, no whole number of Python's": archive("x/test_batch", bytes.Replace(good, []byte("](K\x01e"), []byte("](Ne"), 1)),
		"is stored column by column":                   archive("x/test_batch", bytes.Replace(good, []byte("tb\x89T"), []byte("tb\x88T"), 1)),
		"os.system":                                    archive("x/test_batch", []byte("\x80\x02cos\nsystem\nU\x04true\x85R.")),
		`the pickle has no array "data"`:               archive("x/test_batch", []byte("\x80\x02}.")),
		"want a dict of data and labels":               archive("x/test_batch", []byte("\x80\x02].")),
		"the archive has two files test_batch":         tarball(t, []string{"a/test_batch", "b/test_batch"}, map[string][]byte{"a/test_batch": good, "b/test_batch": good}),
	} {
		_, err := ReadCIFAR10(write(t, filepath.Join(dir, "bad.tar.gz"), data), Test)
		wantLine(t, want, err, want)
	}
	_, err := ReadCIFAR10(filepath.Join(dir, "none"), Test)
	wantLine(t, "no file", err, "no such file")
	_, err = ReadCIFAR10(dir, Test)
	wantLine(t, "folder", err, "is not a file")
	// Found, and not the official one.
	t.Setenv(DataVariable, dir)
	write(t, filepath.Join(dir, "cifar-10-python.tar.gz"), archive("x/test_batch", good))
	_, err = CIFAR10(Test)
	wantLine(t, "not official", err, "is not the official archive: its SHA-256 is")
	if err := LookCIFAR10(); err != nil {
		t.Errorf("there is an archive, and LookCIFAR10 says %v", err)
	}
	t.Setenv(DataVariable, t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	wantLine(t, "absent", LookCIFAR10(), "170052171 bytes, SHA-256 c4a38c50")
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestImageFolder(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(DataVariable, t.TempDir())
	grey := image.NewGray(image.Rect(0, 0, 12, 10))
	grey.SetGray(6, 5, color.Gray{200})
	var jpg bytes.Buffer
	if err := jpeg.Encode(&jpg, picture(11, 10), &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "b.png"), pngOf(t, picture(10, 10)))
	write(t, filepath.Join(dir, "a", "1.JPG"), jpg.Bytes())
	write(t, filepath.Join(dir, "a", "2.png"), pngOf(t, grey))
	write(t, filepath.Join(dir, "a", "notes.txt"), []byte("no picture"))
	m, err := ReadImageFolder("mine", dir, Crop{Cut: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close() //nolint:errcheck // only read
	if m.Len() != 3 || m.Shape() != [3]int{8, 8, 3} || m.Label(0) != -1 {
		t.Errorf("%d images of %v", m.Len(), m.Shape())
	}
	x, err := m.At(2)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := Crop{Cut: 8}.apply(picture(10, 10))
	for i, v := range want {
		if x[i] != float32(v)/127.5-1 {
			t.Fatalf("value %d of b.png is %g, want %d/127.5 - 1", i, x[i], v)
		}
	}
	if y, _ := m.At(1); y[(4*8+4)*3] != y[(4*8+4)*3+2] || y[(4*8+4)*3] != float32(200)/127.5-1 {
		t.Errorf("the grey pixel is %v, want 200 in all channels", y[(4*8+4)*3:(4*8+4)*3+3])
	}
	_, x1, _ := m.Batch(rand.New(rand.NewPCG(1, 1)), 5)
	if len(x1) != 5*8*8*3 {
		t.Errorf("a batch of %d values", len(x1))
	}
	// The packed file is used again, and made again when a picture changes.
	packed := filepath.Join(os.Getenv(DataVariable), "packed")
	again, err := ReadImageFolder("mine", dir, Crop{Cut: 8})
	if err != nil || again.ID() != m.ID() {
		t.Errorf("the second time: %v", err)
	}
	if files, _ := os.ReadDir(packed); len(files) != 1 {
		t.Errorf("%d packed files, want 1", len(files))
	}
	write(t, filepath.Join(dir, "b.png"), pngOf(t, picture(9, 9)))
	if again, err = ReadImageFolder("mine", dir, Crop{Cut: 8}); err != nil || again.ID() == m.ID() {
		t.Errorf("after a change: %v", err)
	}
	// A packed file that was cut short is made again.
	files, _ := os.ReadDir(packed)
	for _, f := range files {
		if err := os.Truncate(filepath.Join(packed, f.Name()), 100); err != nil {
			t.Fatal(err)
		}
	}
	if repaired, err := ReadImageFolder("mine", dir, Crop{Cut: 8}); err != nil || repaired.ID() != again.ID() {
		t.Errorf("after a cut: %v", err)
	}
}

func TestImageFolderRefuses(t *testing.T) {
	t.Setenv(DataVariable, t.TempDir())
	good := pngOf(t, picture(10, 10))
	for want, data := range map[string][]byte{
		"bad.png: it is no picture that can be read":            []byte("nothing"),
		"bad.png: it is cut short or damaged":                   good[:len(good)-40],
		"it has 10 x 5 pixels, less than the 8 that are cut ou": pngOf(t, picture(5, 10)),
		"; remove or replace it":                                {},
		"at most 67108864 in all are read":                      huge(good),
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "a.png"), good)
		write(t, filepath.Join(dir, "bad.png"), data)
		_, err := ReadImageFolder("mine", dir, Crop{Cut: 8})
		wantLine(t, want, err, want)
	}
	_, err := ReadImageFolder("mine", t.TempDir(), Crop{Cut: 8})
	wantLine(t, "empty", err, "has no pictures (.jpg .jpeg .png")
	_, err = ReadImageFolder("mine", filepath.Join(t.TempDir(), "none"), Crop{Cut: 8})
	wantLine(t, "none", err, "no such file")
	_, err = ReadImageFolder("mine", t.TempDir(), Crop{})
	wantLine(t, "crop", err, "give Size, or Cut")
	_, err = ReadImageFolder("../mine", t.TempDir(), Crop{Cut: 8})
	wantLine(t, "name", err, "give one without slashes")
	_, err = CelebA("", CelebA140())
	wantLine(t, "celeba", err, "unpack img_align_celeba.zip (1443490838 bytes, SHA-256 46fb8944")
}

// flipped is a file with another byte, counted from its end.
func flipped(file []byte, at int) []byte {
	file[len(file)+at] ^= 1
	return file
}

// huge changes the header of a PNG file to claim 60,000 x 60,000 pixels.
func huge(file []byte) []byte {
	file = slices.Clone(file)
	binary.BigEndian.PutUint32(file[16:], 60000)
	binary.BigEndian.PutUint32(file[20:], 60000)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return file
}

func FuzzIDX(f *testing.F) {
	f.Add(idx(ramp(12), 2, 2, 3))
	f.Add(gz(idx(ramp(12), 2, 2, 3)))
	f.Add(idx(nil, 1<<31, 1<<31, 1<<31))
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := parseIDX(file, 3, 1<<16)
		if err == nil && a.shape[0]*a.shape[1]*a.shape[2] != len(a.values) {
			t.Errorf("shape %v for %d values", a.shape, len(a.values))
		}
	})
}

func FuzzCIFAR10(f *testing.F) {
	planes := ramp(cifarPixels)
	f.Add(cifarPickle([]byte{1}, planes))
	f.Add(cifarBinary([]byte{1}, planes))
	f.Add(tarball(f, []string{"x/test_batch"}, map[string][]byte{"x/test_batch": cifarPickle([]byte{1}, planes)}))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, parse := range []func([]byte) (cifarBatch, error){parseCIFARBinary, parseCIFARPickle} {
			if b, err := parse(file); err == nil && len(b.pixels) != cifarPixels*len(b.labels) {
				t.Errorf("%d bytes for %d labels", len(b.pixels), len(b.labels))
			}
		}
		if len(file) < 1<<16 {
			_, _ = cifarBatches(bytes.NewReader(file), Test)
		}
	})
}

func FuzzImage(f *testing.F) {
	f.Add(pngOf(f, picture(10, 10)))
	var jpg bytes.Buffer
	_ = jpeg.Encode(&jpg, picture(9, 10), nil)
	f.Add(jpg.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		if config, _, err := image.DecodeConfig(bytes.NewReader(file)); err == nil && (config.Width > 2000 || config.Height > 2000) {
			return // slow, not wrong
		}
		if pixels, err := parseImage(file, Crop{Size: 4}, expected{}); err == nil && len(pixels) != 48 {
			t.Errorf("%d bytes, want 48", len(pixels))
		}
	})
}

// A part of images is those images, in memory and in a file.
func TestImagesPart(t *testing.T) {
	whole, err := NewImages("five", ramp(5*6), [3]int{1, 3, 2}, []byte{0, 1, 0, 1, 1}, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	inFile := *whole
	inFile.pixels, inFile.pack = nil, packed(t, "five", whole.shape, 5, whole.pixels).pack
	want, err := whole.At(2, 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*Images{whole, &inFile} {
		part := m.MustPart(1, 5).MustPart(1, 3)
		got, err := part.At(0, 1)
		if err != nil || !slices.Equal(got, want) || part.Len() != 2 || part.Label(0) != 0 || part.Label(1) != 1 {
			t.Errorf("%v, labels %d, %d, error %v; want %v, 0, 1", got, part.Label(0), part.Label(1), err, want)
		}
		if part.ID() == m.ID() || part.ID() == m.MustPart(2, 4).MustPart(0, 1).ID() {
			t.Errorf("the part has the ID %s of other data", part.ID())
		}
	}
	for _, bad := range [][2]int{{-1, 2}, {2, 2}, {3, 1}, {0, 6}} {
		_, err := whole.Part(bad[0], bad[1])
		wantLine(t, fmt.Sprint(bad), err, "0 <= from < to <= 5")
	}
}

// The sample in the program is the beginning of the data set.
func TestFashionSample(t *testing.T) {
	for split, n := range map[Split]int{Train: 1500, Test: 500} {
		m := MustFashionSample(split)
		if m.Len() != n || m.Shape() != [3]int{28, 28, 1} || len(m.ClassNames()) != 10 {
			t.Errorf("%s: %d images of %v in %d classes", split, m.Len(), m.Shape(), len(m.ClassNames()))
		}
		if fashionFiles[split][0].look() == "" { // nothing to compare with
			continue
		}
		first := MustFashionMNIST(split).MustPart(0, n)
		if !bytes.Equal(m.pixels, first.pixels) || !bytes.Equal(m.labels, first.labels) {
			t.Errorf("%s: the sample is not the beginning of Fashion-MNIST", split)
		}
	}
	if m := MustFashionSample(Train); m.Label(0) != 9 || m.Label(1) != 0 || m.Label(2) != 0 || m.Label(3) != 3 {
		t.Errorf("labels %d %d %d %d, want 9 0 0 3", m.Label(0), m.Label(1), m.Label(2), m.Label(3))
	}
	_, err := FashionSample("validation")
	wantLine(t, "unknown split", err, "valid ones: train, test")
}
