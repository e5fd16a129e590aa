package datasets

import (
	"errors"
	"fmt"
	"image"
	"math"
)

// pnmHead is the header of a PGM file (grey) or a PPM file (red, green, blue) of Netpbm: P2 and P3 have numbers in letters, P5 and P6 in one byte, or, where most is above 255, two, the upper one first.
type pnmHead struct {
	plain                     bool
	channels                  int
	width, height, most, rest int // rest is where the values begin
}

func isPNM(file []byte) bool {
	return len(file) > 2 && file[0] == 'P' && (file[1] == '2' || file[1] == '3' || file[1] == '5' || file[1] == '6') && (pnmSpace(file[2]) || file[2] == '#')
}

func pnmSpace(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' }

// parsePNMHead reads a header.
func parsePNMHead(file []byte) (h pnmHead, err error) {
	h.plain, h.channels = file[1] < '5', 1
	if file[1] == '3' || file[1] == '6' {
		h.channels = 3
	}
	at := 2
	for _, v := range []*int{&h.width, &h.height, &h.most} {
		if *v, at, err = pnmNumber(file, at); err != nil {
			return h, err
		}
	}
	if h.most < 1 || h.most > math.MaxUint16 {
		return h, fmt.Errorf("its largest value is %d, want 1 to %d", h.most, math.MaxUint16)
	}
	h.rest = at + 1 // a single space
	return h, nil
}

// pnmNumber is the number from a place on, past spaces and comments, which # begins and the line ends, and the place behind it.
func pnmNumber(file []byte, at int) (v, end int, err error) {
	for at < len(file) && (pnmSpace(file[at]) || file[at] == '#') {
		if file[at] == '#' {
			for at < len(file) && file[at] != '\n' && file[at] != '\r' {
				at++
			}
			continue
		}
		at++
	}
	start := at
	for at < len(file) && file[at] >= '0' && file[at] <= '9' && v < 1<<32 {
		v = 10*v + int(file[at]-'0')
		at++
	}
	switch {
	case at == start && at == len(file):
		return 0, at, errors.New("it is cut short")
	case at == start || at < len(file) && !pnmSpace(file[at]) && file[at] != '#':
		return 0, at, fmt.Errorf("byte %d is no number", at)
	}
	return v, at, nil
}

// decodePNM reads a picture whose size is checked. Value v becomes 255 v/most, rounded, halves to even, as with PIL; but PIL cuts grey of more than 255 levels off at 255.
func decodePNM(file []byte) (image.Image, error) {
	h, err := parsePNMHead(file)
	if err != nil {
		return nil, err
	}
	n := h.width * h.height * h.channels
	size, need := 1, n
	if h.plain {
		need = 2*n - 1 // a digit each, and a space between
	} else if h.most > 255 {
		size, need = 2, 2*n
	}
	if have := max(len(file)-h.rest, 0); have < need {
		return nil, fmt.Errorf("it has %d bytes for %d values", have, n)
	}
	pixels, at := make([]byte, n), h.rest
	for i := range pixels {
		v := 0
		switch {
		case h.plain:
			if v, at, err = pnmNumber(file, at); err != nil {
				return nil, err
			}
		case size == 2:
			v = int(file[at+2*i])<<8 | int(file[at+2*i+1])
		default:
			v = int(file[at+i])
		}
		if v > h.most {
			return nil, fmt.Errorf("value %d is %d, above the largest, %d", i, v, h.most)
		}
		pixels[i] = byte(math.RoundToEven(float64(v) / float64(h.most) * 255))
	}
	bounds := image.Rect(0, 0, h.width, h.height)
	if h.channels == 1 {
		return &image.Gray{Pix: pixels, Stride: h.width, Rect: bounds}, nil
	}
	return opaque(pixels, bounds), nil
}

// opaque is a picture of red, green and blue, row-major.
func opaque(pixels []byte, bounds image.Rectangle) *image.NRGBA {
	m := image.NewNRGBA(bounds)
	for i, k := 0, 0; i < len(m.Pix); i, k = i+4, k+3 {
		copy(m.Pix[i:], pixels[k:k+3])
		m.Pix[i+3] = 255
	}
	return m
}
