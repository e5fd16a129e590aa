package figures

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// fieldBands is the number of colours of a field, few enough that each keeps
// its colour in a palette.
const fieldBands = 48

// landColor is that of pixels without a value.
var landColor = color.RGBA{150, 150, 150, 255}

// fieldScale maps values to colours.
type fieldScale struct {
	lo, hi    float64
	diverging bool
}

// share is where v lies between lo and hi, in the middle of one of fieldBands.
func (s fieldScale) share(u float64) float64 {
	k := min(max(math.Floor(u*fieldBands), 0), fieldBands-1)
	return (k + 0.5) / fieldBands
}

// color is the colour at a share of the range.
func (s fieldScale) color(u float64) color.RGBA {
	if s.diverging {
		return Diverging(s.share(u))
	}
	return Heat(0.02 + 0.9*s.share(u))
}

func (s fieldScale) of(v float32) color.RGBA {
	return s.color((float64(v) - s.lo) / (s.hi - s.lo))
}

// field paints a map of height x width pixels, row 0 at the bottom; runs of one
// colour are one rectangle. Each reaches a little under its neighbours on the right
// and above, which are painted later, so that no seams show.
func (p panel) field(values []float32, land []bool, height, width int, s fieldScale) {
	dx, dy := (p.Max.X-p.Min.X)/vg.Length(width), (p.Max.Y-p.Min.Y)/vg.Length(height)
	at := func(k int) color.RGBA {
		if land != nil && land[k] {
			return landColor
		}
		return s.of(values[k])
	}
	for j := range height {
		for i := 0; i < width; {
			clr, n := at(j*width+i), 1
			for i+n < width && at(j*width+i+n) == clr {
				n++
			}
			x0, y0 := p.Min.X+vg.Length(i)*dx, p.Min.Y+vg.Length(j)*dy
			fillRect(p.Canvas, clr, x0, y0, min(x0+(vg.Length(n)+0.25)*dx, p.Max.X), min(y0+1.25*dy, p.Max.Y))
			i += n
		}
	}
}

// fieldBar draws the colour scale, with a name over it.
func fieldBar(c draw.Canvas, s fieldScale, name string) {
	step := (c.Max.Y - c.Min.Y) / fieldBands
	for k := range fieldBands {
		y := c.Min.Y + vg.Length(k)*step
		fillRect(c, s.color((float64(k)+0.5)/fieldBands), c.Min.X, y, c.Max.X, min(y+1.3*step, c.Max.Y))
	}
	panel{Canvas: c}.frame(inkColor, 0.6)
	c.FillText(textStyle(10, inkColor, draw.XLeft, draw.YBottom), vg.Point{X: c.Min.X - 2, Y: c.Max.Y + 5}, name)
	count := min(6, max(1, int((c.Max.Y-c.Min.Y)/16)))
	for _, t := range (linearTicks{count}).Ticks(s.lo, s.hi) {
		if t.Value < s.lo || t.Value > s.hi {
			continue
		}
		y := c.Min.Y + vg.Length((t.Value-s.lo)/(s.hi-s.lo))*(c.Max.Y-c.Min.Y)
		c.StrokeLine2(draw.LineStyle{Color: inkColor, Width: 0.6}, c.Max.X, y, c.Max.X+3.5, y)
		c.FillText(textStyle(9, inkColor, draw.XLeft, draw.YCenter), vg.Point{X: c.Max.X + 5.5, Y: y + 0.4}, t.Label)
	}
}

// checkField says what is wrong with a map.
func checkField(where string, values []float32, land []bool, height, width int) error {
	if len(values) != height*width {
		return fmt.Errorf("%s has %d values, a map has %d x %d", where, len(values), height, width)
	}
	for i, v := range values {
		if (land == nil || !land[i]) && !finite(float64(v)) {
			return fmt.Errorf("%s: row %d, column %d is %g: mark it as Land, or find what diverged", where, i/width, i%width, v)
		}
	}
	return nil
}

// checkGrid says what is wrong with the size and the land of maps.
func checkGrid(height, width int, land []bool) error {
	switch {
	case height < 1 || width < 1 || height > 4096 || width > 4096:
		return fmt.Errorf("maps of %d x %d: give Height and Width, 1 to 4096", height, width)
	case land != nil && len(land) != height*width:
		return fmt.Errorf("the mask Land has %d pixels, a map has %d x %d", len(land), height, width)
	}
	for _, is := range land {
		if !is {
			return nil
		}
	}
	if land != nil {
		return errors.New("every pixel is Land: there is nothing to show")
	}
	return nil
}

// scaleOf is the common scale of maps: the given limits, or those of all values;
// even about 0 where it diverges.
func scaleOf(lo, hi float64, diverging bool, land []bool, maps ...[]float32) (fieldScale, error) {
	if lo != 0 || hi != 0 {
		if !(lo < hi) || !finite(lo) || !finite(hi) {
			return fieldScale{}, fmt.Errorf("the colours run from Min %g to Max %g: Min must be less", lo, hi)
		}
		return fieldScale{lo, hi, diverging}, nil
	}
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, m := range maps {
		for i, v := range m {
			if land == nil || !land[i] {
				lo, hi = min(lo, float64(v)), max(hi, float64(v))
			}
		}
	}
	if diverging {
		hi = max(math.Abs(lo), math.Abs(hi))
		lo = -hi
	}
	if lo == hi {
		lo, hi = lo-0.5, hi+0.5
	}
	return fieldScale{lo, hi, diverging}, nil
}
