package datasets

import (
	"fmt"
	"image"
	"image/color"
	"math"
)

// A Crop makes pictures of all sizes squares of one: it cuts out the centre square
// and resizes that.
type Crop struct {
	Cut  int // side of the centre square; 0: the largest
	Size int // side that it is resized to; 0: Cut, as it is
}

// CelebA140 is the crop of CelebA-64 in most papers since Song et al., Denoising
// Diffusion Implicit Models (arXiv 2010.02502): the centre square of 140 pixels,
// resized to 64: the whole face.
func CelebA140() Crop { return Crop{140, 64} }

// CelebA64 is the crop of the IDFF authors' released code (Resize(64), CenterCrop(64)):
// the largest centre square, 178 pixels, resized to 64: the face with what is around it.
// FIDs of the two crops cannot be compared.
func CelebA64() Crop { return Crop{Size: 64} }

// String names the crop: "centre 140 to 64".
func (c Crop) String() string {
	cut := "largest square"
	if c.Cut > 0 {
		cut = fmt.Sprintf("centre %d", c.Cut)
	}
	if c.side() == c.Cut {
		return cut
	}
	return fmt.Sprintf("%s to %d", cut, c.side())
}

func (c Crop) side() int {
	if c.Size == 0 {
		return c.Cut
	}
	return c.Size
}

func (c Crop) check() error {
	if min(c.Cut, c.Size) < 0 || c.side() == 0 || max(c.Cut, c.Size) > 1<<14 {
		return fmt.Errorf("a crop of %d pixels to %d; give Size, or Cut, up to %d", c.Cut, c.Size, 1<<14)
	}
	return nil
}

// apply gives the bytes of the square in red, green and blue, row-major. As
// torchvision's CenterCrop and Resize on PIL's images do, it puts the square in the
// middle, half a pixel rounded to even, and resizes by a triangle filter as wide
// as a pixel of the result, first along rows. Alpha is ignored.
func (c Crop) apply(m image.Image) ([]byte, error) {
	b := m.Bounds()
	cut := c.Cut
	if cut == 0 {
		cut = min(b.Dx(), b.Dy())
	}
	if cut < 1 || cut > b.Dx() || cut > b.Dy() {
		return nil, fmt.Errorf("it has %d x %d pixels, less than the %d that are cut out", b.Dx(), b.Dy(), cut)
	}
	left := b.Min.X + int(math.RoundToEven(float64(b.Dx()-cut)/2))
	top := b.Min.Y + int(math.RoundToEven(float64(b.Dy()-cut)/2))
	pixels := make([]byte, 0, 3*cut*cut)
	for y := top; y < top+cut; y++ {
		for x := left; x < left+cut; x++ {
			red, green, blue := colours(m, x, y)
			pixels = append(pixels, red, green, blue)
		}
	}
	if side := c.side(); side != cut && c.Size != 0 {
		pixels = resizeRows(pixels, cut, cut, side)                         // [cut, side, 3]
		pixels = transpose(pixels, cut, side)                               // [side, cut, 3]
		pixels = transpose(resizeRows(pixels, side, cut, side), side, side) // [side, side, 3]
	}
	return pixels, nil
}

// colours are those of a pixel, without its alpha.
func colours(m image.Image, x, y int) (red, green, blue byte) {
	if jpeg, ok := m.(*image.YCbCr); ok {
		p := jpeg.YCbCrAt(x, y)
		return color.YCbCrToRGB(p.Y, p.Cb, p.Cr)
	}
	p := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
	return p.R, p.G, p.B
}

// resizeRows makes rows of width pixels rows of size pixels: [rows, width, 3] ->
// [rows, size, 3].
func resizeRows(pixels []byte, rows, width, size int) []byte {
	scale := float64(width) / float64(size)
	reach := max(scale, 1)
	out := make([]byte, rows*size*3)
	for x := range size {
		centre := (float64(x) + .5) * scale
		first, last := max(int(centre-reach+.5), 0), min(int(centre+reach+.5), width)
		weights, sum := make([]float64, last-first), 0.
		for i := range weights {
			weights[i] = max(0, 1-math.Abs(float64(first+i)-centre+.5)/reach)
			sum += weights[i]
		}
		for row := range rows {
			for c := range 3 {
				v := 0.
				for i, w := range weights {
					v += w / sum * float64(pixels[(row*width+first+i)*3+c])
				}
				out[(row*size+x)*3+c] = byte(min(max(math.Floor(v+.5), 0), 255))
			}
		}
	}
	return out
}

// transpose swaps rows and columns: [rows, columns, 3] -> [columns, rows, 3].
func transpose(pixels []byte, rows, columns int) []byte {
	out := make([]byte, 0, len(pixels))
	for x := range columns {
		for y := range rows {
			i := (y*columns + x) * 3
			out = append(out, pixels[i:i+3]...)
		}
	}
	return out
}
