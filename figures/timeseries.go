package figures

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// TimeRow is one forecast of [TimeSeries].
type TimeRow struct {
	Title    string // who forecasts
	Truth    []float64
	Forecast []float64 // may end before the truth does
	Mark     float64   // a time with a dashed upright line, such as the end of a forecast's validity; 0 draws none
}

// TimeSeries draws forecasts of one quantity against time, a row each over the
// same truth: truth in green, forecast in red. All rows have the limits of the
// truth, and some room; a forecast that leaves them is cut off.
type TimeSeries struct {
	Rows  []TimeRow
	Times []float64 // increasing, as many as each truth has

	Title, XLabel, YLabel string
	MarkName              string // "" leaves it out of the legend
}

// Draw draws the figure.
func (s TimeSeries) Draw() (*Figure, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("figures: TimeSeries: %w", err)
	}
	plots := make([]axes, len(s.Rows))
	marks := draw.LineStyle{Color: inkColor, Width: 1.1, Dashes: []vg.Length{4, 3}}
	marked := false
	for i, row := range s.Rows {
		xl := ""
		if i == len(s.Rows)-1 {
			xl = s.XLabel
		}
		p := newAxes(row.Title, xl, s.YLabel)
		p.X.Min, p.X.Max = padRange(s.Times[0], s.Times[len(s.Times)-1], 0.01, false)
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, r := range s.Rows {
			for _, v := range r.Truth {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
		p.Y.Min, p.Y.Max = padRange(lo, hi, 0.12, false)
		if row.Mark != 0 {
			marked = true
			p.Add(strokePlotter{x: []float64{row.Mark, row.Mark}, y: []float64{p.Y.Min, p.Y.Max}, line: marks})
		}
		p.Add(strokePlotter{x: s.Times, y: row.Truth, line: draw.LineStyle{Color: truthGreen, Width: 1.9}})
		if len(row.Forecast) > 0 {
			p.Add(strokePlotter{x: s.Times[:len(row.Forecast)], y: row.Forecast, line: draw.LineStyle{Color: momentumRed, Width: 1.1}})
		}
		plots[i] = p
	}
	entries := []legendEntry{{text: "truth", color: truthGreen, width: 1.9}, {text: "forecast", color: momentumRed, width: 1.1}}
	if marked && s.MarkName != "" {
		entries = append(entries, legendEntry{text: s.MarkName, color: marks.Color, width: marks.Width, dashes: marks.Dashes})
	}
	return plotsFigure(s.Title, plots, 1, 10, 1.6*float64(len(s.Rows))+0.35, 4, entries)
}

func (s TimeSeries) check() error {
	if len(s.Rows) == 0 {
		return errors.New("no rows given")
	}
	if err := checkValues("Times", s.Times); err != nil {
		return err
	}
	for k := 1; k < len(s.Times); k++ {
		if s.Times[k] <= s.Times[k-1] {
			return fmt.Errorf("time %d is %g after %g: times must increase", k, s.Times[k], s.Times[k-1])
		}
	}
	for i, r := range s.Rows {
		where := fmt.Sprintf("row %d (%s)", i, r.Title)
		if err := checkValues(where+", Truth", r.Truth); err != nil {
			return err
		}
		if len(r.Truth) != len(s.Times) || len(r.Forecast) > len(s.Times) {
			return fmt.Errorf("%s has %d true values and %d of a forecast at %d times", where, len(r.Truth), len(r.Forecast), len(s.Times))
		}
		if len(r.Forecast) > 0 {
			if err := checkValues(where+", Forecast", r.Forecast); err != nil {
				return err
			}
		}
		if !finite(r.Mark) {
			return fmt.Errorf("%s: mark %g must be finite", where, r.Mark)
		}
	}
	return nil
}
