package figures

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// LossCurve is the loss of one training.
type LossCurve struct {
	Name   string
	Values []float64
	// Steps are the training steps of Values, increasing; nil means 1, 2, 3, ...
	Steps []float64
}

// Loss draws loss curves, each raw and light with its running mean over it.
type Loss struct {
	Curves []LossCurve

	Title  string
	XLabel string // "" means "training step"
	YLabel string // "" means "loss"
	Linear bool   // a linear axis; else logarithmic where all values are positive
	// Window is the number of values that the running mean covers; 0 means a
	// fortieth of the curve, 1 none.
	Window int
}

// lossMarks is the number of points at most by which a raw curve is drawn.
const lossMarks = 1600

// Draw draws the figure.
func (l Loss) Draw() (*Figure, error) {
	fail := func(err error) (*Figure, error) { return nil, fmt.Errorf("figures: Loss: %w", err) }
	if len(l.Curves) == 0 {
		return fail(errors.New("no curves given"))
	}
	if l.Window < 0 {
		return fail(fmt.Errorf("window %d is negative", l.Window))
	}
	log := !l.Linear
	xlo, xhi := math.Inf(1), math.Inf(-1)
	ylo, yhi := math.Inf(1), math.Inf(-1)
	steps := make([][]float64, len(l.Curves))
	for i, c := range l.Curves {
		where := fmt.Sprintf("curve %d (%s)", i, c.Name)
		if err := checkValues(where, c.Values); err != nil {
			return fail(err)
		}
		steps[i] = c.Steps
		if c.Steps == nil {
			for k := range c.Values {
				steps[i] = append(steps[i], float64(k+1))
			}
		}
		if len(steps[i]) != len(c.Values) {
			return fail(fmt.Errorf("%s has %d values but %d steps", where, len(c.Values), len(c.Steps)))
		}
		if err := checkValues(where+", Steps", steps[i]); err != nil {
			return fail(err)
		}
		for k, v := range c.Values {
			if k > 0 && steps[i][k] < steps[i][k-1] {
				return fail(fmt.Errorf("%s: step %g at index %d follows step %g: steps must increase", where, steps[i][k], k, steps[i][k-1]))
			}
			xlo, xhi = min(xlo, steps[i][k]), max(xhi, steps[i][k])
			ylo, yhi = min(ylo, v), max(yhi, v)
		}
	}
	log = log && ylo > 0
	or := func(s, def string) string {
		if s == "" {
			return def
		}
		return s
	}
	p := newAxes(l.Title, or(l.XLabel, "training step"), or(l.YLabel, "loss"))
	if log {
		logAxis(&p.Y)
	}
	p.X.Min, p.X.Max = padRange(xlo, xhi, 0.01, false)
	p.Y.Min, p.Y.Max = padRange(ylo, yhi, 0.04, log)
	var smooth []plot.Plotter
	var entries []legendEntry
	for i, c := range l.Curves {
		x, y := envelope(steps[i], c.Values, lossMarks)
		p.Add(strokePlotter{x: x, y: y, line: draw.LineStyle{Color: fade(SeriesColor(i), 0.3), Width: 0.7}})
		n := l.Window
		if n == 0 {
			n = max(1, len(c.Values)/40)
		}
		mx, my := thin(steps[i], runningMean(c.Values, n), lossMarks)
		smooth = append(smooth, strokePlotter{x: mx, y: my, line: draw.LineStyle{Color: SeriesColor(i), Width: 1.8, Dashes: seriesDash(i)}})
		name := c.Name
		if n > 1 {
			name = fmt.Sprintf("%s (mean of %d)", or(c.Name, "loss"), n)
		}
		if name != "" {
			entries = append(entries, legendEntry{text: name, color: SeriesColor(i), width: 1.8, dashes: seriesDash(i)})
		}
	}
	p.Add(smooth...)
	return axesFigure(p, 9, 4, entries)
}

// runningMean is the centred mean over n values, fewer near the ends.
func runningMean(v []float64, n int) []float64 {
	sum := make([]float64, len(v)+1)
	for i, x := range v {
		sum[i+1] = sum[i] + x
	}
	out := make([]float64, len(v))
	for i := range v {
		lo, hi := max(0, i-n/2), min(len(v), i+n/2+1)
		out[i] = (sum[hi] - sum[lo]) / float64(hi-lo)
	}
	return out
}

// envelope keeps the least and the greatest of each stretch of values, so
// that a long curve looks the same in few points.
func envelope(x, y []float64, most int) (ex, ey []float64) {
	n := len(x)
	if n <= most {
		return x, y
	}
	for b := 0; b < most/2; b++ {
		lo, hi := b*n/(most/2), (b+1)*n/(most/2)
		a, z := lo, lo
		for i := lo; i < hi; i++ {
			if y[i] < y[a] {
				a = i
			}
			if y[i] > y[z] {
				z = i
			}
		}
		if a > z {
			a, z = z, a
		}
		ex, ey = append(ex, x[a], x[z]), append(ey, y[a], y[z])
	}
	return ex, ey
}

// thin keeps most points at most, the last among them.
func thin(x, y []float64, most int) (tx, ty []float64) {
	n := len(x)
	if n <= most {
		return x, y
	}
	for b := range most {
		i := b * (n - 1) / (most - 1)
		tx, ty = append(tx, x[i]), append(ty, y[i])
	}
	return tx, ty
}

// axesFigure is a plot with a legend below it, in inches.
func axesFigure(p axes, width, height float64, entries []legendEntry) (*Figure, error) {
	const margin = 10
	leg := layLegend(entries, vg.Length(width)*vg.Inch-2*margin)
	room := vg.Length(0)
	if len(entries) > 0 {
		room = leg.height() + 6
	}
	return NewFigure(width, height+float64(room/vg.Inch), func(c draw.Canvas) {
		area := subCanvas(c, c.Min.X+margin, c.Min.Y+margin+room, c.Max.X-margin-4, c.Max.Y-margin)
		axesGrid(area, []axes{p}, 1, 0)
		leg.draw(c, c.Center().X, c.Min.Y+margin/2+leg.height())
	})
}
