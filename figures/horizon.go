package figures

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// HorizonCurve is a score over the forecast's horizon.
type HorizonCurve struct {
	Name string    // the same name has the same colour in each panel
	X    []float64 // the horizons, increasing
	Y    []float64 // the score at each; a reference may have one level, without X
	// Lower and Upper are the ends of an interval at each horizon, such as 95 %
	// of a block bootstrap; nil draws no band.
	Lower, Upper []float64
}

// HorizonPanel is one score of [Horizon].
type HorizonPanel struct {
	Title  string
	YLabel string
	Curves []HorizonCurve
	// References are drawn dashed in greys, such as persistence and climatology.
	References []HorizonCurve
}

// Horizon draws errors, or scores such as the CRPS, against the horizon of
// the forecast: a curve with a band per model, and reference forecasts.
type Horizon struct {
	Panels []HorizonPanel

	Title      string
	XLabel     string // "" means "horizon"
	BandName   string // what the bands are; "" means "95 % interval"
	LogX, LogY bool
	Columns    int // panels per row; 0 means up to 3
}

// referenceStyles tell references apart without colour.
var referenceStyles = []draw.LineStyle{
	{Color: color.RGBA{60, 60, 60, 255}, Width: 1.3, Dashes: []vg.Length{6, 3}},
	{Color: color.RGBA{60, 60, 60, 255}, Width: 1.5, Dashes: []vg.Length{1.5, 2.2}},
	{Color: color.RGBA{125, 125, 125, 255}, Width: 1.3, Dashes: []vg.Length{7, 2.5, 1.5, 2.5}},
	{Color: color.RGBA{150, 150, 150, 255}, Width: 2},
}

// Draw draws the figure.
func (h Horizon) Draw() (*Figure, error) {
	if err := h.check(); err != nil {
		return nil, fmt.Errorf("figures: Horizon: %w", err)
	}
	n := len(h.Panels)
	cols := h.Columns
	if cols <= 0 {
		cols = min(n, 3)
		if n == 4 {
			cols = 2
		}
	}
	cols = min(cols, n)
	curves, references := map[string]int{}, map[string]int{}
	var entries, refEntries []legendEntry
	bands := false
	for _, p := range h.Panels {
		for _, c := range p.Curves {
			bands = bands || c.Lower != nil
			if _, ok := curves[c.Name]; !ok {
				i := len(curves)
				curves[c.Name] = i
				if c.Name != "" {
					entries = append(entries, legendEntry{text: c.Name, color: SeriesColor(i), width: 1.7, dashes: seriesDash(i), marker: seriesMarker(i)})
				}
			}
		}
		for _, c := range p.References {
			if _, ok := references[c.Name]; !ok {
				sty := referenceStyles[len(references)%len(referenceStyles)]
				references[c.Name] = len(references)
				if c.Name != "" {
					refEntries = append(refEntries, legendEntry{text: c.Name, color: sty.Color, width: sty.Width, dashes: sty.Dashes})
				}
			}
		}
	}
	entries = append(entries, refEntries...)
	if bands {
		entries = append(entries, legendEntry{text: "bands: " + either(h.BandName, "95 % interval"), kind: legendNote})
	}
	plots := make([]axes, n)
	for i, panel := range h.Panels {
		xl := ""
		if i+cols >= n {
			xl = either(h.XLabel, "horizon")
		}
		yl := either(panel.YLabel, "error")
		if i%cols > 0 && yl == either(h.Panels[i-1].YLabel, "error") {
			yl = ""
		}
		p := newAxes(panel.Title, xl, yl)
		if h.LogX {
			logAxis(&p.X)
		}
		if h.LogY {
			logAxis(&p.Y)
		}
		h.limits(p, panel)
		h.fill(p, panel, curves, references)
		plots[i] = p
	}
	width, height := 8.6, 4.4
	if cols > 1 {
		width, height = min(5.4*float64(cols), 13), 3.6
	}
	rows := (n + cols - 1) / cols
	return plotsFigure(h.Title, plots, cols, width, height*float64(rows), 26, entries)
}

// limits sets the axes to all that a panel shows.
func (h Horizon) limits(p axes, panel HorizonPanel) {
	xlo, xhi, ylo, yhi := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, list := range [][]HorizonCurve{panel.Curves, panel.References} {
		for _, c := range list {
			for _, x := range c.X {
				xlo, xhi = min(xlo, x), max(xhi, x)
			}
			for _, s := range [][]float64{c.Y, c.Lower, c.Upper} {
				for _, y := range s {
					ylo, yhi = min(ylo, y), max(yhi, y)
				}
			}
		}
	}
	p.X.Min, p.X.Max = padRange(xlo, xhi, 0.03, h.LogX)
	p.Y.Min, p.Y.Max = padRange(ylo, yhi, 0.07, h.LogY)
	if !h.LogY && ylo >= 0 {
		p.Y.Min = 0
	}
}

// fill adds bands, references and curves, in this order.
func (h Horizon) fill(p axes, panel HorizonPanel, curves, references map[string]int) {
	for _, c := range panel.Curves {
		if c.Lower != nil {
			p.Add(intervalPlotter{c.X, c.Lower, c.Upper, translucent(SeriesColor(curves[c.Name]), 0.2)})
		}
	}
	for _, c := range panel.References {
		sty := referenceStyles[references[c.Name]%len(referenceStyles)]
		if c.Lower != nil {
			p.Add(intervalPlotter{c.X, c.Lower, c.Upper, translucent(softColor, 0.15)})
		}
		x, y := c.X, c.Y
		if len(y) == 1 && len(x) == 0 {
			x, y = []float64{p.X.Min, p.X.Max}, []float64{y[0], y[0]}
		}
		p.Add(strokePlotter{x: x, y: y, line: sty})
	}
	for _, c := range panel.Curves {
		i := curves[c.Name]
		s := strokePlotter{x: c.X, y: c.Y, line: draw.LineStyle{Color: SeriesColor(i), Width: 1.7, Dashes: seriesDash(i)}}
		if len(c.X) <= 40 {
			s.marker, s.radius = seriesMarker(i), 2.8
		}
		p.Add(s)
	}
}

// intervalPlotter fills the area between two curves.
type intervalPlotter struct {
	x, lo, hi []float64
	color     color.Color
}

// Plot implements plot.Plotter.
func (b intervalPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	pts := make([]vg.Point, 0, 2*len(b.x))
	for i, x := range b.x {
		pts = append(pts, vg.Point{X: tx(x), Y: ty(b.hi[i])})
	}
	for i := len(b.x) - 1; i >= 0; i-- {
		pts = append(pts, vg.Point{X: tx(b.x[i]), Y: ty(b.lo[i])})
	}
	if len(b.x) > 1 {
		c.FillPolygon(b.color, c.ClipPolygonXY(pts))
	}
}

func (h Horizon) check() error {
	if len(h.Panels) == 0 {
		return errors.New("no panels given")
	}
	for i, p := range h.Panels {
		panel := fmt.Sprintf("panel %d (%s)", i, firstLine(p.Title))
		if len(p.Curves) == 0 {
			return fmt.Errorf("%s has no curves", panel)
		}
		for k, list := range [][]HorizonCurve{p.Curves, p.References} {
			for _, c := range list {
				where := panel + fmt.Sprintf(", %s %q", []string{"curve", "reference"}[k], c.Name)
				if err := h.checkCurve(where, c, k == 1); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkCurve says what is wrong with a curve; a reference may be one level without horizons.
func (h Horizon) checkCurve(where string, c HorizonCurve, reference bool) error {
	if level := reference && len(c.X) == 0 && len(c.Y) == 1 && c.Lower == nil && c.Upper == nil; !level {
		if err := checkValues(where+", X", c.X); err != nil {
			return err
		}
	}
	named := []struct {
		name string
		v    []float64
	}{{"Y", c.Y}, {"Lower", c.Lower}, {"Upper", c.Upper}}
	if (c.Lower == nil) != (c.Upper == nil) {
		return fmt.Errorf("%s has one end of the band only: give Lower and Upper", where)
	}
	for _, s := range named {
		if s.v == nil && s.name != "Y" {
			continue
		}
		if err := checkValues(where+", "+s.name, s.v); err != nil {
			return err
		}
		if len(c.X) > 0 && len(s.v) != len(c.X) {
			return fmt.Errorf("%s has %d horizons but %d values of %s", where, len(c.X), len(s.v), s.name)
		}
		for k, v := range s.v {
			if h.LogY && v <= 0 {
				return fmt.Errorf("%s: %s[%d] is %g, which has no place on a logarithmic axis", where, s.name, k, v)
			}
		}
	}
	for k, x := range c.X {
		if h.LogX && x <= 0 {
			return fmt.Errorf("%s: horizon %g has no place on a logarithmic axis", where, x)
		}
		if k > 0 && x <= c.X[k-1] {
			return fmt.Errorf("%s: horizon %g follows %g: horizons must increase", where, x, c.X[k-1])
		}
		if c.Lower != nil && c.Lower[k] > c.Upper[k] {
			return fmt.Errorf("%s: the band at horizon %g runs from %g down to %g: Lower must not exceed Upper", where, x, c.Lower[k], c.Upper[k])
		}
	}
	return nil
}
