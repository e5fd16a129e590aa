package datasets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"testing"
)

// Crops are torchvision's, bit for bit: both orders of cutting and resizing, smaller and larger, odd sizes, and CelebA's.
func TestCropIsTorchvisions(t *testing.T) {
	var cases []struct {
		Height, Width, Cut, Size int
		Pixels                   []byte
	}
	if err := json.Unmarshal(bytesOf(t, "testdata/crop.json"), &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		got, err := Crop{c.Cut, c.Size}.apply(picture(c.Height, c.Width))
		if err != nil || len(got) != len(c.Pixels) {
			t.Fatalf("%d x %d, %+v: %d bytes, want %d: %v", c.Height, c.Width, Crop{c.Cut, c.Size}, len(got), len(c.Pixels), err)
		}
		for i, want := range c.Pixels {
			if got[i] != want {
				t.Errorf("%d x %d, %v: byte %d is %d, torchvision has %d", c.Height, c.Width, Crop{c.Cut, c.Size}, i, got[i], want)
				break
			}
		}
	}
	if s := fmt.Sprint(CelebA140(), ", ", CelebA64(), ", ", Crop{Cut: 32}); s != "centre 140 to 64, shorter side to 64, centre 32" {
		t.Error(s)
	}
}

// What is cut out is that part of the picture where its bounds do not begin at 0.
func TestCropOfAPart(t *testing.T) {
	m := picture(20, 30).(*image.NRGBA)
	part := m.SubImage(image.Rect(7, 3, 19, 18)).(*image.NRGBA)
	moved := image.NewNRGBA(image.Rect(0, 0, 12, 15))
	for y := range 15 {
		for x := range 12 {
			moved.Set(x, y, m.At(x+7, y+3))
		}
	}
	for _, c := range []Crop{{Cut: 5}, {Cut: 9, Size: 4}, {Size: 5}} {
		got, err1 := c.apply(part)
		want, err2 := c.apply(moved)
		if err1 != nil || err2 != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: %v, %v; the part of a picture gives other pixels than its copy", c, err1, err2)
		}
	}
}

// Colours of transparent pixels stay, of 8 bits and of 16, as those of PIL's convert("RGB") do.
func TestCropLeavesAlphaOut(t *testing.T) {
	for _, alpha := range []uint16{0, 1, 300, 0xffff} {
		eight, sixteen := image.NewNRGBA(image.Rect(0, 0, 2, 2)), image.NewNRGBA64(image.Rect(0, 0, 2, 2))
		for i := range 4 {
			eight.SetNRGBA(i%2, i/2, color.NRGBA{200, 78, 1, uint8(alpha >> 8)})
			sixteen.SetNRGBA64(i%2, i/2, color.NRGBA64{51400, 20000, 257, alpha})
		}
		for _, m := range []image.Image{eight, sixteen} {
			if got, err := (Crop{Size: 1}).apply(m); err != nil || !bytes.Equal(got, []byte{200, 78, 1}) {
				t.Errorf("%T with alpha %d: %v, %v, want 200 78 1", m, alpha, got, err)
			}
		}
	}
}

// picture is that of testdata/crop.py.
func picture(height, width int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range uint32(height * width * 3) {
		m.Pix[i/3*4+i%3] = byte((i*i*7 + i*31) % 251)
	}
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 255
	}
	return m
}

func BenchmarkCropCelebA(b *testing.B) {
	m := image.NewYCbCr(image.Rect(0, 0, 178, 218), image.YCbCrSubsampleRatio420)
	for b.Loop() {
		if _, err := CelebA64().apply(m); err != nil {
			b.Fatal(err)
		}
	}
}
