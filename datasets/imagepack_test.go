package datasets

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// newPacking packs pixels [n, shape] in a folder.
func newPacking(dir string, shape [3]int, n int, pixels []byte) packing {
	p := packing{path: filepath.Join(dir, "p.images"), prefix: filepath.Join(dir, "p.unfinished-"), shape: shape, sources: make([]source, n)}
	for i := range n {
		p.sources[i] = source{byte(i), byte(i >> 8), 1}
	}
	size := shape[0] * shape[1] * shape[2]
	p.load = func(i int) ([]byte, error) { return pixels[i*size : (i+1)*size], nil }
	return p
}

// packed are pixels in a packed file.
func packed(t testing.TB, name string, shape [3]int, n int, pixels []byte) *Images {
	t.Helper()
	p := newPacking(t.TempDir(), shape, n, pixels)
	if err := p.run(); err != nil {
		t.Fatal(err)
	}
	m, err := openPack(name, p.path, shape, n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func names(t testing.TB, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// Any byte that is another one is an error, when the file is opened or where its picture is read, in a part too; the other pictures are read.
func TestPackIsChecked(t *testing.T) {
	shape, n := [3]int{1, 2, 3}, 4
	m := packed(t, "four", shape, n, ramp(n*6))
	path := m.pack.file.(*os.File).Name()
	good := bytesOf(t, path)
	for at := range good {
		bad := slices.Clone(good)
		bad[at] ^= 1
		write(t, path, bad)
		m, err := openPack("four", path, shape, n)
		if err != nil {
			if at >= packHeader && at < packHeader+n*6 {
				t.Fatalf("byte %d, a pixel: %v; pixels are not read at opening", at, err)
			}
			continue
		}
		picture := (at - packHeader) / 6
		for i := range n {
			_, err := m.At(i)
			if i == picture {
				wantLine(t, fmt.Sprintf("byte %d", at), err, fmt.Sprintf("datasets: four: image %d: %s is damaged: the pixels are not those that were packed; remove it", i, path))
			} else if err != nil {
				t.Errorf("byte %d: image %d: %v", at, i, err)
			}
		}
		if _, err := m.MustPart(picture, n).At(0); err == nil {
			t.Errorf("byte %d: the part has the picture without an error", at)
		}
		_ = m.Close()
	}
	for _, bad := range [][]byte{nil, good[:20], good[:len(good)-1], append(slices.Clone(good), 0)} {
		write(t, path, bad)
		if _, err := openPack("four", path, shape, n); err == nil {
			t.Errorf("%d bytes are opened", len(bad))
		}
	}
}

// The ID is of the content alone.
func TestPackID(t *testing.T) {
	shape := [3]int{1, 2, 3}
	id := packed(t, "p", shape, 4, ramp(24)).ID()
	if again := packed(t, "p", shape, 4, ramp(24)).ID(); again != id {
		t.Errorf("the same pictures have the IDs %s and %s", id, again)
	}
	other := ramp(24)
	slices.Reverse(other)
	for _, m := range []*Images{packed(t, "p", shape, 4, other), packed(t, "p", [3]int{2, 1, 3}, 4, ramp(24)), packed(t, "p", shape, 3, ramp(18))} {
		if m.ID() == id {
			t.Errorf("%d pictures of %v: the ID of others", m.Len(), m.Shape())
		}
	}
}

// One bad picture costs no other: all others are packed, the line names it, and when it is mended, removed or joined by new ones only what is new is decoded.
func TestPackingLosesNothing(t *testing.T) {
	shape, pixels, dir := [3]int{1, 2, 3}, ramp(200*6), t.TempDir()
	var loads atomic.Int64
	broken := map[int]bool{3: true, 77: true}
	p := newPacking(dir, shape, 100, pixels)
	whole := p.load
	p.load = func(i int) ([]byte, error) {
		loads.Add(1)
		if broken[i] {
			return nil, fmt.Errorf("picture %d", i)
		}
		return whole(i)
	}
	run := func(what string, want int64, line string) {
		t.Helper()
		loads.Store(0)
		if err := p.run(); line != "" {
			wantLine(t, what, err, line)
		} else if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if loads.Load() != want {
			t.Errorf("%s: %d pictures are decoded, want %d", what, loads.Load(), want)
		}
		if left := names(t, dir); len(left) != 1 || strings.HasPrefix(left[0], "p.unfinished-") != (line != "") {
			t.Errorf("%s: there are %v", what, left)
		}
	}
	run("two bad ones", 100, "picture 3; picture 77; remove or replace them: the others are kept, and not decoded again")
	// The first is removed: what follows moves up.
	p.sources = slices.Delete(p.sources, 3, 4)
	whole = newPacking(dir, shape, 99, slices.Concat(pixels[:18], pixels[24:])).load
	broken = map[int]bool{76: true}
	run("one removed", 1, "picture 76; remove or replace it: the others are kept")
	// The second is replaced, and it has another time.
	p.sources[76], broken = source{9, 9, 9}, nil
	run("one replaced", 1, "")
	m, err := openPack("p", p.path, shape, 99)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close() //nolint:errcheck // only read
	got := make([]byte, 6)
	for i := range 99 {
		want, _ := whole(i)
		if err := m.pack.read(got, i); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("picture %d: %v, want %v: %v", i, got, want, err)
		}
	}
}

// A damaged picture of an unfinished file is decoded again.
func TestPackingChecksWhatItTakesUp(t *testing.T) {
	shape, dir := [3]int{1, 2, 3}, t.TempDir()
	p := newPacking(dir, shape, 10, ramp(60))
	whole := p.load
	p.load = func(i int) ([]byte, error) {
		if i == 4 {
			return nil, errors.New("bad")
		}
		return whole(i)
	}
	wantLine(t, "a bad one", p.run(), "bad; remove or replace it")
	path := filepath.Join(dir, names(t, dir)[0])
	file := bytesOf(t, path)
	file[packHeader+7*6] ^= 1
	write(t, path, file)
	var loads atomic.Int64
	p.load = func(i int) ([]byte, error) { loads.Add(1); return whole(i) }
	if err := p.run(); err != nil || loads.Load() != 2 {
		t.Errorf("%d decoded, want the bad and the damaged one: %v", loads.Load(), err)
	}
	if want := packed(t, "p", shape, 10, ramp(60)); want.pack.id != mustOpen(t, p).pack.id {
		t.Error("the pictures are not those of one go")
	}
}

func mustOpen(t *testing.T, p packing) *Images {
	t.Helper()
	m, err := openPack("p", p.path, p.shape, len(p.sources))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// What nobody could take up is not left: where the file cannot be written, and where the disk has no locks.
func TestPackingFails(t *testing.T) {
	dir := t.TempDir()
	p := newPacking(dir, [3]int{1, 2, 3}, 10, ramp(60))
	p.load = func(int) ([]byte, error) { return nil, errors.New("bad") }
	before := flock
	t.Cleanup(func() { flock = before })
	flock = func(int, int) error { return syscall.ENOSYS }
	if err := p.run(); err == nil || !strings.HasSuffix(err.Error(), "remove or replace them") || len(names(t, dir)) > 0 {
		t.Errorf("error %v, files %v", err, names(t, dir))
	}
	p = newPacking(dir, p.shape, 10, ramp(60))
	path := p.path
	p.path = filepath.Join(dir, "none", "p.images")
	if err := p.run(); err == nil || len(names(t, dir)) > 0 {
		t.Errorf("error %v, files %v", err, names(t, dir))
	}
	p.path = path
	if err := p.run(); err != nil || len(names(t, dir)) != 1 {
		t.Errorf("error %v, files %v", err, names(t, dir))
	}
}

func TestImageFolderKeepsTheRest(t *testing.T) {
	dir, home := t.TempDir(), t.TempDir()
	t.Setenv(DataVariable, home)
	good := pngOf(t, picture(10, 10))
	for i := range 9 {
		write(t, filepath.Join(dir, fmt.Sprintf("%d.png", i)), good)
	}
	for _, i := range []int{1, 2, 3, 5, 7} {
		write(t, filepath.Join(dir, fmt.Sprintf("%d.png", i)), good[:len(good)-40])
	}
	_, err := ReadImageFolder("mine", dir, Crop{Cut: 8})
	wantLine(t, "five bad ones", err, "; and 2 pictures more; remove or replace them: the others are kept, and not decoded again")
	wantLine(t, "five bad ones", err, filepath.Join(dir, "1.png")+": it is cut short or damaged")
	if left := names(t, filepath.Join(home, "packed")); len(left) != 1 || !strings.HasPrefix(left[0], "mine-") || !strings.Contains(left[0], ".unfinished-") {
		t.Errorf("there are %v", left)
	}
	for _, i := range []int{1, 2, 3, 5, 7} {
		if err := os.Remove(filepath.Join(dir, fmt.Sprintf("%d.png", i))); err != nil {
			t.Fatal(err)
		}
	}
	m, err := ReadImageFolder("mine", dir, Crop{Cut: 8})
	if err != nil || m.Len() != 4 {
		t.Fatalf("%v, %v", m, err)
	}
	if left := names(t, filepath.Join(home, "packed")); len(left) != 1 || !strings.HasSuffix(left[0], ".images") {
		t.Errorf("there are %v", left)
	}
	// What is unfinished of a folder that is finished now is of no use.
	bad := write(t, filepath.Join(dir, "9.png"), nil)
	if _, err := ReadImageFolder("mine", dir, Crop{Cut: 8}); err == nil || len(names(t, filepath.Join(home, "packed"))) != 2 {
		t.Errorf("%v; there are %v", err, names(t, filepath.Join(home, "packed")))
	}
	if err := os.Remove(bad); err != nil {
		t.Fatal(err)
	}
	if _, err = ReadImageFolder("mine", dir, Crop{Cut: 8}); err != nil || len(names(t, filepath.Join(home, "packed"))) != 1 {
		t.Errorf("%v; there are %v", err, names(t, filepath.Join(home, "packed")))
	}
}

// Folders of data are links where the disk of the home is small.
func TestImageFolderFollowsLinks(t *testing.T) {
	t.Setenv(DataVariable, t.TempDir())
	dir, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
	file := write(t, filepath.Join(t.TempDir(), "elsewhere.png"), pngOf(t, picture(10, 10)))
	write(t, filepath.Join(dir, "a.png"), pngOf(t, picture(11, 10)))
	if err := errors.Join(os.Symlink(file, filepath.Join(dir, "b.png")), os.Symlink(dir, link)); err != nil {
		t.Fatal(err)
	}
	if m, err := ReadImageFolder("mine", link, Crop{Cut: 8}); err != nil || m.Len() != 2 {
		t.Errorf("%v, %v; want 2 pictures", m, err)
	}
	// A link to nothing is a picture that cannot be read: all others are packed first.
	dead := filepath.Join(dir, "c.png")
	if err := os.Symlink("nowhere.png", dead); err != nil {
		t.Fatal(err)
	}
	_, err := ReadImageFolder("mine", dir, Crop{Cut: 8})
	wantLine(t, "a dead link", err, "mine: "+dead+": no such file or directory; remove or replace it: the others are kept")
}

// TestImageFolderOrder: the order that labels of one's own must have.
func TestImageFolderOrder(t *testing.T) {
	t.Setenv(DataVariable, t.TempDir())
	dir := t.TempDir()
	for i, path := range []string{"a/2.png", "a b/1.png", "a.png", "b/c/1.png", "b/d.png", "ü.png"} {
		grey := image.NewGray(image.Rect(0, 0, 1, 1))
		grey.Pix[0] = byte(i)
		write(t, filepath.Join(dir, path), pngOf(t, grey))
	}
	m, err := ReadImageFolder("mine", dir, Crop{Size: 1})
	if err != nil || m.Len() != 6 {
		t.Fatal(m, err)
	}
	for i := range m.Len() {
		if x, err := m.At(i); err != nil || x[0] != float32(i)/127.5-1 {
			t.Errorf("picture %d has the value %g, %v", i, x[0], err)
		}
	}
}

// CelebA is the whole set, of its size.
func TestCelebAIsWhole(t *testing.T) {
	t.Setenv(DataVariable, t.TempDir())
	dir := filepath.Join(os.Getenv(DataVariable), "celeba", "img_align_celeba")
	face := image.NewGray(image.Rect(0, 0, 178, 218))
	for i := range 3 {
		write(t, filepath.Join(dir, fmt.Sprintf("%d.png", i)), pngOf(t, face))
	}
	_, err := CelebA("", CelebA64())
	wantLine(t, "three", err, dir+" has 3 pictures, not the 202599 of the whole set: unpack the archive again; to use what is there all the same, read it under a name of its own by ReadImageFolder")
	whole := celeba
	t.Cleanup(func() { celeba = whole })
	celeba.pictures = 3
	m, err := CelebA("", CelebA64())
	if err != nil || m.Len() != 3 || m.Name() != "celeba shorter side to 64" {
		t.Fatalf("%v, %v", m, err)
	}
	write(t, filepath.Join(dir, "1.png"), pngOf(t, picture(217, 178)))
	// A folder that was packed as any other is no CelebA that was checked.
	if _, err := ReadImageFolder("celeba shorter side to 64", dir, CelebA64()); err != nil {
		t.Fatal(err)
	}
	_, err = CelebA("", CelebA64())
	wantLine(t, "another size", err, "1.png: it has 178 x 217 pixels, and those of the set have 178 x 218; remove or replace it")
}

func FuzzPack(f *testing.F) {
	shape, n := [3]int{1, 2, 3}, 4
	m := packed(f, "p", shape, n, ramp(n*6))
	good := bytesOf(f, m.pack.file.(*os.File).Name())
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte(packMagic))
	f.Add(slices.Concat(good[:packHeader+3], []byte{1}, good[packHeader+4:]))
	id := m.pack.id
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := parsePack(bytes.NewReader(file), int64(len(file)), shape, n)
		if err != nil {
			return
		}
		// What opens and reads has the pixels that its ID is of.
		pixels := make([]byte, n*6)
		for i := range n {
			if p.read(pixels[i*6:(i+1)*6], i) != nil {
				return
			}
		}
		if p.id == id && !bytes.Equal(pixels, ramp(n*6)) {
			t.Errorf("pixels %v under the ID of others", pixels)
		}
	})
}

func FuzzUnfinished(f *testing.F) {
	shape := [3]int{1, 2, 3}
	dir := f.TempDir()
	p := newPacking(dir, shape, 4, ramp(24))
	whole := p.load
	p.load = func(i int) ([]byte, error) {
		if i == 2 {
			return nil, errors.New("bad")
		}
		return whole(i)
	}
	if p.run() == nil {
		f.Fatal("no error")
	}
	good := bytesOf(f, filepath.Join(dir, names(f, dir)[0]))
	f.Add(good)
	f.Add(good[:packHeader])
	f.Add(good[:len(good)-7])
	f.Add(slices.Concat(packHead(packUnfinished, shape, 1<<62), make([]byte, 300)))
	f.Fuzz(func(t *testing.T, file []byte) {
		u, sources, err := parseUnfinished(bytes.NewReader(file), int64(len(file)), shape)
		if err != nil {
			return
		}
		if len(sources)*(6+64)+packHeader != len(file) {
			t.Errorf("%d pictures in %d bytes", len(sources), len(file))
		}
		for i := range sources {
			_ = u.read(make([]byte, 6), i)
		}
	})
}

// The cost of checking what is read: faces of 64 x 64 pixels, in an order of chance.
func BenchmarkPackRead(b *testing.B) {
	shape, n := [3]int{64, 64, 3}, 2000
	m := packed(b, "p", shape, n, ramp(n*64*64*3))
	for b.Loop() {
		m.Batch(rand.New(rand.NewPCG(1, 1)), 128)
	}
}
