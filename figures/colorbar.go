package figures

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// colourBar fills c with the colour map from lo (bottom) to hi, with ticks on
// its right and a name over it. heat maps a share of the range to Heat's.
func colourBar(c draw.Canvas, lo, hi float64, log bool, name string, heat func(float64) float64) {
	const n = 64 // few enough that each keeps its colour in a palette
	step := (c.Max.Y - c.Min.Y) / n
	for i := range n {
		y := c.Min.Y + vg.Length(i)*step
		// A little overlap leaves no seams between the strips.
		fillRect(c, Heat(heat((float64(i)+0.5)/n)), c.Min.X, y, c.Max.X, min(y+step*1.3, c.Max.Y))
	}
	panel{Canvas: c}.frame(inkColor, 0.6)
	c.FillText(textStyle(10, inkColor, draw.XLeft, draw.YBottom), vg.Point{X: c.Min.X - 2, Y: c.Max.Y + 5}, name)
	if !(hi > lo) {
		sty := textStyle(9, inkColor, draw.XLeft, draw.YCenter)
		c.FillText(sty, vg.Point{X: c.Max.X + 5, Y: c.Center().Y}, short(lo))
		return
	}
	var ticks []plot.Tick
	if log {
		ticks = logTicks{}.Ticks(lo, hi)
	} else {
		ticks = linearTicks{}.Ticks(lo, hi)
	}
	for _, t := range ticks {
		if t.Value < lo || t.Value > hi {
			continue
		}
		u := (t.Value - lo) / (hi - lo)
		if log {
			u = math.Log(t.Value/lo) / math.Log(hi/lo)
		}
		y := c.Min.Y + vg.Length(u)*(c.Max.Y-c.Min.Y)
		length := vg.Length(3.5)
		if t.Label == "" {
			length = 2
		}
		c.StrokeLine2(draw.LineStyle{Color: inkColor, Width: 0.6}, c.Max.X, y, c.Max.X+length, y)
		c.FillText(textStyle(9, inkColor, draw.XLeft, draw.YCenter), vg.Point{X: c.Max.X + 5.5, Y: y + 0.4}, t.Label)
	}
}
