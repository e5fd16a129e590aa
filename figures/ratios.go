package figures

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// RatioRow is one line of [Ratios].
type RatioRow struct {
	Name    string
	Values  []float64 // one per name of Series; NaN where there is none
	Targets []float64 // what each was to reach, as a tick; NaN where nothing was, nil for none at all
}

// Ratios draws how many times one thing is faster than others, a row per task:
// dots on a logarithmic axis, on the right of the line at 1 where it is.
type Ratios struct {
	Rows   []RatioRow // the first is on top
	Series []string   // what it is compared with

	Title  string
	XLabel string // "" means "times as fast"
}

// Draw draws the figure.
func (r Ratios) Draw() (*Figure, error) {
	lo, hi, err := r.check()
	if err != nil {
		return nil, fmt.Errorf("figures: Ratios: %w", err)
	}
	n := len(r.Rows)
	p := newAxes("", either(r.XLabel, "times as fast"), "")
	logAxis(&p.X)
	p.X.Min, p.X.Max = padRange(min(lo, .9), max(hi, 1.1), .06, true)
	p.Y.Min, p.Y.Max = -.5, float64(n)-.5
	var names plot.ConstantTicks
	for i, row := range r.Rows {
		names = append(names, plot.Tick{Value: float64(n - 1 - i), Label: row.Name})
	}
	p.Y.Tick.Marker = names
	p.Add(strokePlotter{x: []float64{1, 1}, y: []float64{p.Y.Min, p.Y.Max}, line: draw.LineStyle{Color: inkColor, Width: 1.2}})
	var entries []legendEntry
	for k, name := range r.Series {
		entries = append(entries, legendEntry{text: name, kind: legendDot, color: SeriesColor(k), marker: seriesMarker(k)})
		r.addSeries(p, k)
	}
	if slices.ContainsFunc(r.Rows, func(row RatioRow) bool { return row.Targets != nil }) {
		entries = append(entries, legendEntry{text: "upright ticks: targets", kind: legendNote})
	}
	return plotsFigure(r.Title, []axes{p}, 1, 8.6, 1+.32*float64(n), 26, entries)
}

// addSeries adds the dots and target ticks of a series.
func (r Ratios) addSeries(p axes, k int) {
	for i, row := range r.Rows {
		y := float64(len(r.Rows) - 1 - i)
		if row.Targets != nil && finite(row.Targets[k]) {
			p.Add(strokePlotter{x: []float64{row.Targets[k], row.Targets[k]}, y: []float64{y - .33, y + .33}, line: draw.LineStyle{Color: SeriesColor(k), Width: 1.6}})
		}
		if finite(row.Values[k]) {
			p.Add(strokePlotter{x: []float64{row.Values[k]}, y: []float64{y}, line: draw.LineStyle{Color: SeriesColor(k)}, marker: seriesMarker(k), radius: vg.Length(4)})
		}
	}
}

// check returns the least and the greatest number that the axis must show.
func (r Ratios) check() (lo, hi float64, err error) {
	if len(r.Rows) == 0 || len(r.Series) == 0 {
		return 0, 0, errors.New("want at least one row and one series")
	}
	lo, hi = math.Inf(1), math.Inf(-1)
	for i, row := range r.Rows {
		where := fmt.Sprintf("row %d (%s)", i, firstLine(row.Name))
		if len(row.Values) != len(r.Series) || row.Targets != nil && len(row.Targets) != len(r.Series) {
			return 0, 0, fmt.Errorf("%s has %d values and %d targets for %d series", where, len(row.Values), len(row.Targets), len(r.Series))
		}
		for _, v := range slices.Concat(row.Values, row.Targets) {
			if math.IsNaN(v) {
				continue
			}
			if !(v > 0) || math.IsInf(v, 0) {
				return 0, 0, fmt.Errorf("%s has the ratio %g: want positive numbers, or NaN for none", where, v)
			}
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	if lo > hi {
		return 0, 0, errors.New("no row has a value")
	}
	return lo, hi, nil
}
