package datasets

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// pilPicture is what PIL makes of a file of testdata/pictures.
type pilPicture struct {
	Mode          string
	Width, Height int
	Pixels        []byte // [height, width, 3]
}

func pilPictures(t testing.TB) map[string]pilPicture {
	t.Helper()
	var all map[string]pilPicture
	if err := json.Unmarshal(bytesOf(t, "testdata/pictures/pictures.json"), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// Pictures of every format are PIL's, byte for byte, as torchvision's ImageFolder reads them, with alpha, palettes and what EXIF says in them. Those that are not: JPEG files by a rounding (their colours are in all pixels here; see Crop),
// grey of 16 bits, which PIL cuts off at 255, and what is refused.
func TestPicturesArePILs(t *testing.T) {
	refused := map[string]string{
		"cmyk.tif":    "it is no picture that can be read: tiff: unsupported feature: color model",
		"float.tif":   "it is no picture that can be read: tiff: unsupported feature: sample format",
		"jpeg.tif":    "it is no picture that can be read: tiff: unsupported feature: compression value 7",
		"moving.webp": "it is an animation; pictures are single ones",
		"planar.tif":  "its colours are stored one after the other (planar configuration 2): save them together",
		"turned.tif":  "it is to be turned (orientation 6): save it upright",
	}
	endings := map[string]bool{}
	for name, want := range pilPictures(t) {
		file := bytesOf(t, "testdata/pictures/"+name)
		m, err := decodePicture(file, expected{})
		if line, ok := refused[name]; ok {
			wantLine(t, name, err, line)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		endings[strings.ToLower(filepath.Ext(name))] = true
		b, most := m.Bounds(), 0.
		if b.Dx() != want.Width || b.Dy() != want.Height {
			t.Errorf("%s: %v, PIL has %d x %d", name, b, want.Width, want.Height)
			continue
		}
		for k := 0; k < len(want.Pixels); k += 3 {
			red, green, blue := colours(m, b.Min.X+k/3%want.Width, b.Min.Y+k/3/want.Width)
			for c, v := range []byte{red, green, blue} {
				most = max(most, math.Abs(float64(v)-float64(want.Pixels[k+c])))
			}
		}
		allowed := 0.
		switch {
		case strings.HasSuffix(name, ".jpg"), strings.HasSuffix(name, ".jpeg"):
			allowed = 2
		case strings.HasPrefix(name, "deep_grey"):
			allowed = 255
		}
		if most > allowed {
			t.Errorf("%s: bytes differ by %g from PIL's, at most %g is allowed", name, most, allowed)
		}
	}
	for _, ending := range pictureEndings {
		if !endings[ending] {
			t.Errorf("no picture of testdata ends in %s", ending)
		}
	}
}

// Of 16 bits the upper 8 are taken, in grey too.
func TestDeepGrey(t *testing.T) {
	all := pilPictures(t)
	for _, name := range []string{"deep_grey.png", "deep_grey.tif", "deep_grey.pgm"} {
		m, err := decodePicture(bytesOf(t, "testdata/pictures/"+name), expected{})
		if err != nil {
			t.Fatal(err)
		}
		grey := all["grey.png"]
		for k := 0; k < len(grey.Pixels); k += 3 {
			v := int(grey.Pixels[k]) * 257
			if grey.Pixels[k] > 100 {
				v -= 77
			}
			want := v >> 8
			if strings.HasSuffix(name, ".pgm") {
				want = int(math.RoundToEven(float64(v) / 65535 * 255))
			}
			if red, green, blue := colours(m, k/3%grey.Width, k/3/grey.Width); int(red) != want || green != red || blue != red {
				t.Fatalf("%s: pixel %d is %d %d %d, want %d", name, k/3, red, green, blue, want)
			}
		}
	}
}

// A folder of all formats is read whole; what is refused is named.
func TestImageFolderOfAllFormats(t *testing.T) {
	t.Setenv(DataVariable, t.TempDir())
	dir, n := t.TempDir(), 0
	for name := range pilPictures(t) {
		if name != "turned.tif" && name != "planar.tif" && name != "jpeg.tif" && name != "cmyk.tif" && name != "float.tif" && name != "moving.webp" {
			write(t, filepath.Join(dir, strings.ToUpper(name)), bytesOf(t, "testdata/pictures/"+name))
			n++
		}
	}
	m, err := ReadImageFolder("all", dir, Crop{Size: 8})
	if err != nil || m.Len() != n {
		t.Fatalf("%v, %v; want %d pictures", m, err, n)
	}
	_ = m.Close()
	turned := write(t, filepath.Join(dir, "t.tif"), bytesOf(t, "testdata/pictures/turned.tif"))
	_, err = ReadImageFolder("all", dir, Crop{Size: 8})
	wantLine(t, "turned", err, turned+": it is to be turned (orientation 6): save it upright; remove or replace it: the others are kept")
}

// What is passed over is counted in one line, but for text and hidden files.
func TestPassedOver(t *testing.T) {
	var said strings.Builder
	notes = &said
	t.Cleanup(func() { notes = os.Stderr })
	t.Setenv(DataVariable, t.TempDir())
	dir := t.TempDir()
	for _, name := range []string{"labels.csv", "a/README", "list.TXT", ".DS_Store", ".cache.bin"} {
		write(t, filepath.Join(dir, name), nil)
	}
	_, err := ReadImageFolder("mine", dir, Crop{Cut: 8})
	wantLine(t, "text alone", err, "has no pictures (.jpg .jpeg .png .ppm .bmp .pgm .tif .tiff .webp)")
	if strings.Contains(err.Error(), "passed over") {
		t.Error(err)
	}
	write(t, filepath.Join(dir, "a.gif"), nil)
	_, err = ReadImageFolder("mine", dir, Crop{Cut: 8})
	wantLine(t, "a gif", err, `.webp); passed over: 1 file (1 ".gif")`)
	write(t, filepath.Join(dir, "a.png"), pngOf(t, picture(10, 10)))
	for _, name := range []string{"a/b.GIF", "a/c.npy", "d.heic", "e.avif"} {
		write(t, filepath.Join(dir, name), nil)
	}
	if said.Len() > 0 {
		t.Errorf("said %q", said.String())
	}
	m, err := ReadImageFolder("mine", dir, Crop{Cut: 8})
	if err != nil || m.Len() != 1 {
		t.Fatal(m, err)
	}
	_ = m.Close()
	if want := "datasets: mine: passed over in " + dir + `: 5 files (2 ".gif", 1 ".avif", 1 ".heic", others); pictures are .jpg .jpeg .png .ppm .bmp .pgm .tif .tiff .webp` + "\n"; said.String() != want {
		t.Errorf("said %q, want %q", said.String(), want)
	}
}

// patched has other bytes at a place.
func patched(file []byte, at int, bytes ...byte) []byte {
	file = slices.Clone(file)
	copy(file[at:], bytes)
	return file
}

// tiffOf is a TIFF file of tags in order, each with its kind, number of values and value, and data from byte 8 on.
func tiffOf(data []byte, tags ...[4]uint32) []byte {
	file := append([]byte("II*\x00"), 0, 0, 0, 0)
	file = append(file, data...)
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)))
	file = binary.LittleEndian.AppendUint16(file, uint16(len(tags)))
	for _, tag := range tags {
		file = binary.LittleEndian.AppendUint16(file, uint16(tag[0]))
		file = binary.LittleEndian.AppendUint16(file, uint16(tag[1]))
		file = binary.LittleEndian.AppendUint32(file, tag[2])
		file = binary.LittleEndian.AppendUint32(file, tag[3])
	}
	return append(file, 0, 0, 0, 0)
}

// deflated is 8 x 8 grey pixels of a TIFF file, whose one strip unpacks to many more, and says how many rows it has.
func deflated(t testing.TB, rows uint32) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	for range 64 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return tiffOf(b.Bytes(), [4]uint32{256, 3, 1, 8}, [4]uint32{257, 3, 1, 8}, [4]uint32{258, 3, 1, 8}, [4]uint32{259, 3, 1, 8}, [4]uint32{262, 3, 1, 1}, [4]uint32{273, 4, 1, 8}, [4]uint32{278, 4, 1, rows}, [4]uint32{279, 4, 1, uint32(b.Len())})
}

// A small file gets no more memory than a picture may have: what says that it is large is refused before there is memory for it.
func TestSmallFilesThatAreLarge(t *testing.T) {
	of := func(name string) []byte { return bytesOf(t, "testdata/pictures/"+name) }
	jpg, grey, tile := of("rgb.jpg"), of("grey.bmp"), [4]uint32{258, 3, 1, 8}
	frame := bytes.Index(jpg, []byte{0xff, 0xc0})
	big := []byte{0x60, 0xea} // 60,000, the lower byte first
	const most = "60000 x 60000 pixels; at most 67108864 in all are read"
	for want, files := range map[string][][]byte{
		most: {huge(of("rgb.png")), patched(jpg, frame+5, 0xea, 0x60, 0xea, 0x60), patched(patched(grey, 18, big...), 22, big...),
			tiffOf(nil, [4]uint32{256, 4, 1, 60000}, [4]uint32{257, 4, 1, 60000}, tile, [4]uint32{262, 3, 1, 1}),
			[]byte("P6 60000 60000 255\n"), []byte("P2 60000 60000 255\n"), []byte("P5\n#\n60000\n60000\n65535\n")},
		"16383 x 16383 pixels; at most":                            {patched(of("lossy.webp"), 26, 0xff, 0x3f, 0xff, 0x3f)},
		"16384 x 16384 pixels; at most":                            {patched(of("lossless.webp"), 21, 0xff, 0xff, 0xff, 0x0f)},
		"14 x 11 pixels, and its frame has 16383 x 16383":          {patched(of("turned.webp"), 44, 0xff, 0x3f, 0xff, 0x3f)},
		"tiles have 4294967296 pixels; at most 67108864 are read":  {tiffOf(nil, [4]uint32{256, 3, 1, 8}, [4]uint32{257, 3, 1, 8}, tile, [4]uint32{262, 3, 1, 1}, [4]uint32{322, 4, 1, 1 << 16}, [4]uint32{323, 4, 1, 1 << 16})},
		"it is no picture that can be read: EOF":                   {[]byte("II*\x00\xff\xff\xff\x7f"), []byte("MM\x00*\x7f\xff\xff\xff")},
		"tag 278 has several values":                               {tiffOf(nil, [4]uint32{256, 3, 1, 8}, [4]uint32{257, 3, 1, 8}, tile, [4]uint32{262, 3, 1, 1}, [4]uint32{278, 4, 2, 8})},
		"cut short or damaged: it has 6 bytes for 67108864 values": {[]byte("P5 8192 8192 255\n123456")},
		"value 3 is 9, above the largest, 8":                       {[]byte("P5 2 2 8\n\x01\x02\x03\x09"), []byte("P2 2 2 8\n1 2\n3 9")},
		"its largest value is 0, want 1 to 65535":                  {[]byte("P5 2 2 0\nabcd")},
		"byte 3 is no number":                                      {[]byte("P5 -2 2 255\nabcd")},
		"it is cut short":                                          {[]byte("P5 2")},
	} {
		for i, file := range files {
			what := fmt.Sprintf("%q, file %d", want, i)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := parseImage(file, Crop{Size: 4}, expected{})
			runtime.ReadMemStats(&after)
			wantLine(t, what, err, want)
			if taken := after.TotalAlloc - before.TotalAlloc; taken > 4<<20 {
				t.Errorf("%s: %d bytes of memory for a file of %d", what, taken, len(file))
			}
		}
	}
	// A strip that may have any number of rows unpacks to the picture's at most.
	for _, rows := range []uint32{1<<32 - 1, 8} {
		file := deflated(t, rows)
		kept := slices.Clone(file)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := parseImage(file, Crop{Size: 4}, expected{})
		runtime.ReadMemStats(&after)
		if taken := after.TotalAlloc - before.TotalAlloc; err != nil || taken > 4<<20 || !bytes.Equal(file, kept) {
			t.Errorf("%d rows: %v, %d bytes of memory for a file of %d", rows, err, taken, len(file))
		}
	}
}

// fuzzPictures decodes what is like the pictures of testdata with some endings.
func fuzzPictures(f *testing.F, endings ...string) {
	for name := range pilPictures(f) {
		if slices.Contains(endings, filepath.Ext(name)) {
			f.Add(bytesOf(f, "testdata/pictures/"+name))
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if width, height, _, err := pictureSize(file); err == nil && (width > 2000 || height > 2000) {
			return // slow, not wrong
		}
		if pixels, err := parseImage(file, Crop{Size: 4}, expected{}); err == nil && len(pixels) != 48 {
			t.Errorf("%d bytes, want 48", len(pixels))
		}
	})
}

func FuzzBMP(f *testing.F)  { fuzzPictures(f, ".bmp") }
func FuzzPNM(f *testing.F)  { fuzzPictures(f, ".pgm", ".ppm") }
func FuzzTIFF(f *testing.F) { fuzzPictures(f, ".tif", ".tiff") }
func FuzzWebP(f *testing.F) { fuzzPictures(f, ".webp") }
