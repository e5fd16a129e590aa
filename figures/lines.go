package figures

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Series is one curve of [Lines].
type Series struct {
	Name string // in the legend; "" leaves it out
	X, Y []float64
	// Spread is the half length of an error bar at each point; nil draws none.
	Spread []float64
}

// Lines draws curves over common axes: the plain plot for anything that has no
// figure of its own.
type Lines struct {
	Series []Series

	Title, XLabel, YLabel string
	LogX, LogY            bool    // logarithmic axes; all values must be positive
	Markers               bool    // a marker at each point
	Level                 float64 // a dashed horizontal line, if not 0
	LevelName             string
}

// Draw draws the figure.
func (l Lines) Draw() (*Figure, error) {
	fail := func(err error) (*Figure, error) { return nil, fmt.Errorf("figures: Lines: %w", err) }
	if len(l.Series) == 0 {
		return fail(errors.New("no series given"))
	}
	xlo, xhi := math.Inf(1), math.Inf(-1)
	ylo, yhi := math.Inf(1), math.Inf(-1)
	for i, s := range l.Series {
		where := fmt.Sprintf("series %d (%s)", i, s.Name)
		if err := checkValues(where+", X", s.X); err != nil {
			return fail(err)
		}
		if err := checkValues(where+", Y", s.Y); err != nil {
			return fail(err)
		}
		if len(s.X) != len(s.Y) {
			return fail(fmt.Errorf("%s has %d x but %d y", where, len(s.X), len(s.Y)))
		}
		if s.Spread != nil {
			if len(s.Spread) != len(s.Y) {
				return fail(fmt.Errorf("%s has %d y but %d spreads", where, len(s.Y), len(s.Spread)))
			}
			if err := checkValues(where+", Spread", s.Spread); err != nil {
				return fail(err)
			}
		}
		for k := range s.X {
			if l.LogX && s.X[k] <= 0 || l.LogY && s.Y[k] <= 0 {
				return fail(fmt.Errorf("%s: point %d (%g, %g) has no place on a logarithmic axis", where, k, s.X[k], s.Y[k]))
			}
			xlo, xhi = min(xlo, s.X[k]), max(xhi, s.X[k])
			e := 0.0
			if s.Spread != nil {
				e = math.Abs(s.Spread[k])
			}
			if !l.LogY || s.Y[k]-e > 0 {
				ylo = min(ylo, s.Y[k]-e)
			}
			ylo, yhi = min(ylo, s.Y[k]), max(yhi, s.Y[k]+e)
		}
	}
	if l.Level != 0 {
		if !finite(l.Level) || l.LogY && l.Level < 0 {
			return fail(fmt.Errorf("level %g has no place on the axis", l.Level))
		}
		ylo, yhi = min(ylo, l.Level), max(yhi, l.Level)
	}
	p := newAxes(l.Title, l.XLabel, l.YLabel)
	if l.LogX {
		logAxis(&p.X)
	}
	if l.LogY {
		logAxis(&p.Y)
	}
	p.X.Min, p.X.Max = padRange(xlo, xhi, 0.02, l.LogX)
	p.Y.Min, p.Y.Max = padRange(ylo, yhi, 0.06, l.LogY)
	var entries []legendEntry
	if l.Level != 0 {
		sty := draw.LineStyle{Color: softColor, Width: 1.1, Dashes: []vg.Length{5, 3}}
		p.Add(strokePlotter{x: []float64{p.X.Min, p.X.Max}, y: []float64{l.Level, l.Level}, line: sty})
		if l.LevelName != "" {
			entries = append(entries, legendEntry{text: l.LevelName, color: softColor, width: 1.1, dashes: sty.Dashes})
		}
	}
	for i, s := range l.Series {
		sp := strokePlotter{x: s.X, y: s.Y, radius: 3, barColor: fade(SeriesColor(i), 0.75),
			line: draw.LineStyle{Color: SeriesColor(i), Width: 1.6, Dashes: seriesDash(i)}}
		if l.Markers {
			sp.marker = seriesMarker(i)
		}
		for k := range s.Spread {
			lo := s.Y[k] - math.Abs(s.Spread[k])
			if l.LogY && lo < p.Y.Min {
				lo = p.Y.Min
			}
			sp.lo = append(sp.lo, lo)
			sp.hi = append(sp.hi, s.Y[k]+math.Abs(s.Spread[k]))
		}
		p.Add(sp)
		if s.Name != "" {
			entries = append(entries, legendEntry{text: s.Name, color: SeriesColor(i), width: 1.6, dashes: seriesDash(i), marker: sp.marker})
		}
	}
	return axesFigure(p, 9, 4.6, entries)
}
