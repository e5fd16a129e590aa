package datasets

import (
	"fmt"
	"image"
	"image/color"
	"math"
)

// A Crop makes pictures of all sizes squares of one, as two transforms of torchvision do on PIL's images: with Cut CenterCrop(Cut) and Resize(Size), without it Resize(Size), which makes the shorter side Size, and CenterCrop(Size). Of JPEG files PIL has slightly other pixels, since libjpeg interpolates their colours and Go does not: on a smooth picture of CelebA's size bytes differed by .5 in the mean and 3 at most. As with PIL's convert("RGB"), alpha is left out, and, as in torchvision's ImageFolder, the rotation that EXIF asks for is not made; of 16 bits the upper 8 are taken, also of grey, which PIL cuts off at 255. Pixels of lossy WebP files are libwebp's, bit for bit, and so PIL's.
type Crop struct {
	Cut  int // side of the centre square that is cut out first; 0: the whole picture is resized first
	Size int // side of the result; 0: Cut, as it is
}

// CelebA140 is the crop of CelebA-64 in most papers since Song et al., Denoising
// Diffusion Implicit Models (arXiv 2010.02502): the centre square of 140 pixels,
// resized to 64: the whole face.
func CelebA140() Crop { return Crop{140, 64} }

// CelebA64 is the crop of the IDFF authors' released code, Resize(64) and CenterCrop(64): faces of 178 x 218
// pixels become 64 x 78, and the middle of that is cut out: the face with what is around it.
// FIDs of the two crops cannot be compared.
func CelebA64() Crop { return Crop{Size: 64} }

// String names the crop: "centre 140 to 64", "shorter side to 64".
func (c Crop) String() string {
	switch {
	case c.Cut == 0:
		return fmt.Sprintf("shorter side to %d", c.Size)
	case c.side() == c.Cut:
		return fmt.Sprintf("centre %d", c.Cut)
	}
	return fmt.Sprintf("centre %d to %d", c.Cut, c.side())
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

// apply gives the bytes of the square in red, green and blue, row-major: those of torchvision on the same pixels, bit for bit. Squares are in the middle, half a pixel rounded to even. Rows are resized first, then columns, as PIL does
// (but Pillow 13 shrinks the columns first of pictures more than twice as tall as wide; bytes differ there by 1 at most). Alpha is ignored.
func (c Crop) apply(m image.Image) ([]byte, error) {
	b, side := m.Bounds(), c.side()
	short := min(b.Dx(), b.Dy())
	if short < max(c.Cut, 1) {
		return nil, fmt.Errorf("it has %d x %d pixels, less than the %d that are cut out", b.Dx(), b.Dy(), c.Cut)
	}
	along := func(length int) axis {
		if c.Cut > 0 {
			return resized(middle(length, c.Cut), c.Cut, side, 0, side)
		}
		long := side * length / short // side itself for the shorter one
		return resized(0, length, long, middle(long, side), side)
	}
	x, y := along(b.Dx()), along(b.Dy())
	row, rows := make([]byte, 0, 3*x.length), make([]byte, 0, 3*y.length*side) // [length of y, side, 3]
	for j := range y.length {
		row = row[:0]
		for i := range x.length {
			red, green, blue := colours(m, b.Min.X+x.start+i, b.Min.Y+y.start+j)
			row = append(row, red, green, blue)
		}
		rows = x.apply(rows, row, 3)
	}
	return y.apply(make([]byte, 0, 3*side*side), rows, 3*side), nil
}

// middle is where a part of a length begins that is in its middle.
func middle(length, part int) int { return int(math.RoundToEven(float64(length-part) / 2)) }

// colours are those of a pixel, without its alpha.
func colours(m image.Image, x, y int) (red, green, blue byte) {
	switch m := m.(type) {
	case *image.YCbCr:
		p := m.YCbCrAt(x, y)
		return color.YCbCrToRGB(p.Y, p.Cb, p.Cr)
	case *image.NRGBA64: // a colour model would multiply by alpha first, and lose what is transparent
		p := m.NRGBA64At(x, y)
		return byte(p.R >> 8), byte(p.G >> 8), byte(p.B >> 8)
	}
	p := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
	return p.R, p.G, p.B
}

// axis is how a side of a picture is resized: pixel i of the result is the sum over k of weights[i][k] times pixel start+first[i]+k, in units of 2^-weightBits.
type axis struct {
	start, length int // the pixels that are needed
	first         []int
	weights       [][]int
}

const weightBits = 22 // of PIL (Resample.c): 32 less 8 of a pixel and 2 to spare

// resized are n pixels from number `from` on when length pixels, which begin at start, become size: PIL's bilinear filter, a triangle as wide as a pixel of the result or of the picture, whichever is larger.
func resized(start, length, size, from, n int) axis {
	var a axis
	scale := float64(length) / float64(size)
	reach := max(scale, 1)
	for i := from; i < from+n; i++ {
		centre := (float64(i) + .5) * scale
		first, last := max(int(centre-reach+.5), 0), min(int(centre+reach+.5), length)
		share, sum := make([]float64, last-first), 0.
		for k := range share {
			share[k] = max(0, 1-math.Abs((float64(first+k)-centre+.5)*(1/reach)))
			sum += share[k]
		}
		weights := make([]int, len(share))
		for k, w := range share {
			weights[k] = int(.5 + w/sum*(1<<weightBits))
		}
		a.first, a.weights, a.length = append(a.first, first), append(a.weights, weights), last
	}
	skip := a.first[0]
	for i := range a.first {
		a.first[i] -= skip
	}
	a.start, a.length = start+skip, a.length-skip
	return a
}

// apply appends the result for pixels of as many bytes each as step says: [length, step] -> [n, step].
func (a axis) apply(out, pixels []byte, step int) []byte {
	for i, first := range a.first {
		for c := range step {
			sum := 1 << (weightBits - 1)
			for k, w := range a.weights[i] {
				sum += w * int(pixels[(first+k)*step+c])
			}
			out = append(out, byte(min(sum>>weightBits, 255)))
		}
	}
	return out
}
