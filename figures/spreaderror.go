package figures

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// SpreadCurve is one ensemble of [SpreadError].
type SpreadCurve struct {
	Name          string
	Spread, Error []float64 // at each horizon, or in each class of spread, in the unit of the data
	Labels        []string  // beside the points, such as horizons; nil: none, "" leaves one out
}

// SpreadError draws the error of ensembles against what they say of it: their
// mean's root mean square error over their spread, a point for each horizon. A
// reliable ensemble lies on the diagonal; above it the ensemble is too sure of
// itself. Multiply the spread of M members with sqrt((M+1)/M) for the comparison.
type SpreadError struct {
	Curves []SpreadCurve

	Title          string
	XLabel, YLabel string // "" means "spread" and "RMSE of the ensemble's mean"
}

// Draw draws the figure.
func (s SpreadError) Draw() (*Figure, error) {
	top, err := s.check()
	if err != nil {
		return nil, fmt.Errorf("figures: SpreadError: %w", err)
	}
	p := newAxes(s.Title, either(s.XLabel, "spread"), either(s.YLabel, "RMSE of the ensemble's mean"))
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, top*1.08, 0, top*1.08
	entries := []legendEntry{{text: "reliable", color: softColor, width: 1.1, dashes: []vg.Length{5, 3}}}
	p.Add(strokePlotter{x: []float64{0, p.X.Max}, y: []float64{0, p.X.Max}, line: draw.LineStyle{Color: softColor, Width: 1.1, Dashes: []vg.Length{5, 3}}})
	for i, c := range s.Curves {
		p.Add(strokePlotter{x: c.Spread, y: c.Error, radius: 3.2, marker: seriesMarker(i), line: draw.LineStyle{Color: SeriesColor(i), Width: 1.4, Dashes: seriesDash(i)}})
		p.Add(labelPlotter{c, i%2 == 1})
		if c.Name != "" {
			entries = append(entries, legendEntry{text: c.Name, color: SeriesColor(i), width: 1.4, dashes: seriesDash(i), marker: seriesMarker(i)})
		}
	}
	return plotsFigure("", []axes{p}, 1, 5.8, 5.4, 0, entries)
}

// labelPlotter writes the labels of a curve beside its points, left above them or
// right below.
type labelPlotter struct {
	SpreadCurve
	below bool
}

// Plot implements plot.Plotter.
func (l labelPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	for i, text := range l.Labels {
		at := vg.Point{X: tx(l.Spread[i]), Y: ty(l.Error[i])}
		if l.below {
			c.FillText(textStyle(9, softColor, draw.XLeft, draw.YTop), at.Add(vg.Point{X: 5, Y: -2}), text)
		} else {
			c.FillText(textStyle(9, softColor, draw.XRight, draw.YBottom), at.Add(vg.Point{X: -5, Y: 2}), text)
		}
	}
}

func (s SpreadError) check() (top float64, err error) {
	if len(s.Curves) == 0 {
		return 0, errors.New("no curves given")
	}
	for i, c := range s.Curves {
		where := fmt.Sprintf("curve %d (%s)", i, c.Name)
		if err := checkValues(where+", Spread", c.Spread); err != nil {
			return 0, err
		}
		if err := checkValues(where+", Error", c.Error); err != nil {
			return 0, err
		}
		if len(c.Spread) != len(c.Error) || c.Labels != nil && len(c.Labels) != len(c.Error) {
			return 0, fmt.Errorf("%s has %d spreads, %d errors and %d labels: give one of each for every point", where, len(c.Spread), len(c.Error), len(c.Labels))
		}
		for k := range c.Error {
			if c.Spread[k] < 0 || c.Error[k] < 0 {
				return 0, fmt.Errorf("%s: point %d has spread %g and error %g: neither is negative", where, k, c.Spread[k], c.Error[k])
			}
			top = max(top, c.Spread[k], c.Error[k])
		}
	}
	return math.Max(top, 1e-9), nil
}
