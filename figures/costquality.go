package figures

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// CostCurve is one sampler of [CostQuality].
type CostCurve struct {
	Name string    // the same name has the same colour in each panel
	Cost []float64 // forward-equivalents per sample, positive
	// Values[i] are the metric's values at Cost[i], one per seed.
	Values [][]float64
}

// CostPanel is one data set of [CostQuality].
type CostPanel struct {
	Title  string
	Curves []CostCurve
	// Floor is the metric between two fresh sets of true data, drawn as a
	// dashed line; 0 draws none. FloorSpread is its standard deviation, drawn
	// as a band.
	Floor, FloorSpread float64
}

// CostQuality draws quality (low is good) over the true cost of a sample, both
// logarithmic: one curve per sampler through the means over seeds, with bars
// of one standard deviation. A mean that is not positive, as an unbiased MMD²
// may be, stands as a ringed mark at the bottom edge.
type CostQuality struct {
	Panels []CostPanel

	Title     string
	XLabel    string // "" means "true cost per sample (forward-equivalents)"
	YLabel    string // "" means "MMD²"
	FloorName string // "" means "floor: data against data"
	Columns   int    // panels per row; 0 means up to 2, and up to 4 where there are more than four panels
}

// Draw draws the figure.
func (q CostQuality) Draw() (*Figure, error) {
	if err := q.check(); err != nil {
		return nil, fmt.Errorf("figures: CostQuality: %w", err)
	}
	or := func(s, def string) string {
		if s == "" {
			return def
		}
		return s
	}
	// One colour and marker per name, in order of appearance.
	index := map[string]int{}
	var names []string
	fewest, most := math.MaxInt, 0
	for _, p := range q.Panels {
		for _, c := range p.Curves {
			if _, ok := index[c.Name]; !ok {
				index[c.Name] = len(names)
				names = append(names, c.Name)
			}
			for _, v := range c.Values {
				fewest, most = min(fewest, len(v)), max(most, len(v))
			}
		}
	}
	n := len(q.Panels)
	cols := q.Columns
	if cols <= 0 {
		cols = 2
		if n > 4 {
			cols = wrapped(n)
		}
	}
	cols = min(cols, n)
	rows := (n + cols - 1) / cols
	xlo, xhi := math.Inf(1), math.Inf(-1)
	hasFloor, below := false, false
	for _, p := range q.Panels {
		hasFloor = hasFloor || p.Floor > 0
		for _, c := range p.Curves {
			for _, x := range c.Cost {
				xlo, xhi = min(xlo, x), max(xhi, x)
			}
		}
	}
	plots := make([]axes, n)
	for i, panel := range q.Panels {
		xl, yl := "", ""
		if i+cols >= n {
			xl = or(q.XLabel, "true cost per sample (forward-equivalents)")
		}
		if i%cols == 0 {
			yl = or(q.YLabel, "MMD²")
		}
		p := newAxes(panel.Title, xl, yl)
		logAxis(&p.X)
		logAxis(&p.Y)
		p.X.Tick.Marker = powerTicks{}
		p.X.Min, p.X.Max = padRange(xlo, xhi, 0.05, true)
		below = q.fill(p, panel, index) || below
		plots[i] = p
	}
	var entries []legendEntry
	for i, name := range names {
		entries = append(entries, legendEntry{text: name, color: SeriesColor(i), width: 1.6, dashes: seriesDash(i), marker: seriesMarker(i)})
	}
	if hasFloor {
		entries = append(entries, legendEntry{text: or(q.FloorName, "floor: data against data"), color: softColor, width: 1.2, dashes: []vg.Length{5, 3}})
	}
	if most > 1 {
		seeds := fmt.Sprint(most)
		if fewest != most {
			seeds = fmt.Sprintf("%d to %d", fewest, most)
		}
		note := "points: mean over " + seeds + " seeds, bars: ± one standard deviation"
		if below {
			note += "; ringed marks at the bottom: mean ≤ 0"
		}
		entries = append(entries, legendEntry{text: note, kind: legendNote})
	}
	width, height := 9.2, 4.9
	if n > 4 && cols > 2 { // narrow panels need not be as high
		width, height = 13.2, 3.3*float64(rows)
	} else if cols > 1 {
		width, height = min(6*float64(cols), 13.2), 3.9*float64(rows)
	} else if rows > 1 {
		height = 3.9 * float64(rows)
	}
	const margin = 10
	leg := layLegend(entries, vg.Length(width)*vg.Inch-2*margin)
	room := leg.height() + 8
	head := layTitle(q.Title, vg.Length(width)*vg.Inch-20, 13)
	extra := vg.Length(0)
	if q.Title != "" {
		extra = head.height() + 6
	}
	return NewFigure(width, height+float64((room+extra)/vg.Inch), func(c draw.Canvas) {
		head.draw(c, c.Center().X, c.Max.Y-margin-head.height()+4)
		leg.draw(c, c.Center().X, c.Min.Y+margin/2+leg.height())
		area := subCanvas(c, c.Min.X+margin, c.Min.Y+margin+room, c.Max.X-margin-4, c.Max.Y-margin-extra)
		axesGrid(area, plots, cols, 14)
	})
}

// fill adds the panel's curves; it reports whether a mean lies below the axis.
func (q CostQuality) fill(p axes, panel CostPanel, index map[string]int) (below bool) {
	type stat struct{ mean, sd float64 }
	stats := make([][]stat, len(panel.Curves))
	lo, hi := math.Inf(1), math.Inf(-1)
	see := func(v float64) {
		if v > 0 {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	for i, c := range panel.Curves {
		for _, v := range c.Values {
			m, sd := meanSpread(v)
			stats[i] = append(stats[i], stat{m, sd})
			see(m)
			see(m + sd)
			if m-sd > m/4 { // longer bars run off the axis instead of stretching it
				see(m - sd)
			}
		}
	}
	see(panel.Floor)
	if math.IsInf(lo, 0) {
		lo, hi = 1e-4, 1
	}
	p.Y.Min, p.Y.Max = padRange(lo, hi, 0.06, true)
	if panel.Floor > 0 {
		x := []float64{p.X.Min, p.X.Max}
		if panel.FloorSpread > 0 {
			p.Add(bandPlotter{max(panel.Floor-panel.FloorSpread, p.Y.Min), min(panel.Floor+panel.FloorSpread, p.Y.Max)})
		}
		p.Add(strokePlotter{x: x, y: []float64{panel.Floor, panel.Floor},
			line: draw.LineStyle{Color: softColor, Width: 1.2, Dashes: []vg.Length{5, 3}}})
	}
	for i, c := range panel.Curves {
		k := index[c.Name]
		s := strokePlotter{radius: 3.2, marker: seriesMarker(k), barColor: fade(SeriesColor(k), 0.7),
			line: draw.LineStyle{Color: SeriesColor(k), Width: 1.6, Dashes: seriesDash(k)}}
		var low strokePlotter
		for j, st := range stats[i] {
			if st.mean <= 0 {
				below = true
				low.x, low.y = append(low.x, c.Cost[j]), append(low.y, p.Y.Min)
				st.mean = p.Y.Min // the line runs to the edge
				st.sd = 0
			}
			s.x, s.y = append(s.x, c.Cost[j]), append(s.y, st.mean)
			s.lo = append(s.lo, max(st.mean-st.sd, p.Y.Min))
			s.hi = append(s.hi, st.mean+st.sd)
		}
		p.Add(s)
		if len(low.x) > 0 {
			low.line.Color, low.marker, low.radius = SeriesColor(k), draw.RingGlyph{}, 4.5
			p.Add(low)
		}
	}
	return below
}

// bandPlotter shades the rectangle between two heights.
type bandPlotter struct{ lo, hi float64 }

// Plot implements plot.Plotter.
func (b bandPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	_, ty := p.Transforms(&c)
	fillRect(c, fade(softColor, 0.2), c.Min.X, ty(b.lo), c.Max.X, ty(b.hi))
}

// meanSpread returns the mean and the standard deviation (with n-1).
func meanSpread(v []float64) (mean, sd float64) {
	n := float64(len(v))
	for _, x := range v {
		mean += x / n
	}
	if len(v) > 1 {
		for _, x := range v {
			sd += (x - mean) * (x - mean) / (n - 1)
		}
	}
	return mean, math.Sqrt(sd)
}

func (q CostQuality) check() error {
	if len(q.Panels) == 0 {
		return errors.New("no panels given")
	}
	for i, p := range q.Panels {
		if len(p.Curves) == 0 {
			return fmt.Errorf("panel %d (%s) has no curves", i, p.Title)
		}
		if !finite(p.Floor) || p.Floor < 0 || !finite(p.FloorSpread) || p.FloorSpread < 0 {
			return fmt.Errorf("panel %d (%s): floor %g ± %g must be finite and not negative", i, p.Title, p.Floor, p.FloorSpread)
		}
		for _, c := range p.Curves {
			where := fmt.Sprintf("panel %d (%s), curve %q", i, p.Title, c.Name)
			if err := checkValues(where+", Cost", c.Cost); err != nil {
				return err
			}
			if len(c.Values) != len(c.Cost) {
				return fmt.Errorf("%s has %d costs but values at %d", where, len(c.Cost), len(c.Values))
			}
			for j, x := range c.Cost {
				if x <= 0 {
					return fmt.Errorf("%s: cost %g at index %d must be positive", where, x, j)
				}
				if err := checkValues(fmt.Sprintf("%s, cost %g", where, x), c.Values[j]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
