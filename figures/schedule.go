package figures

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ScheduleCurve is one sampler of [Schedule] with K steps, in the form
//
//	x_{k+1} = x_k + (t_{k+1} - t_k) (a_k v + Σᵢ γ_{i,k} Dᵢ),   k = 0 .. K-1
//
// of Euler's method with free times and factors.
type ScheduleCurve struct {
	Name  string    // the same name has the same colour in each panel
	Times []float64 // t_0 = 0 < t_1 < ... < t_K = 1
	Scale []float64 // a_0 .. a_{K-1}; nil means 1 in each step
	// Gamma[i] are the K factors γ_{i+1} of the derivative term of order i+1;
	// nil, or a nil row, draws none.
	Gamma [][]float64
}

// SchedulePanel is one budget of [Schedule].
type SchedulePanel struct {
	Title  string // "\n" breaks it; lines after the first are small
	Curves []ScheduleCurve
}

// Schedule shows what samplers do in time, one panel per budget: at the top
// the step times of each on a line from 0 to 1, thin lines joining the same
// step of samplers of as many steps, and below it the scale of each step and
// the factors of each order as steps over [t_k, t_{k+1}]. Dashed lines are
// what a plain sampler has: scale 1 and factor 0. All panels share their axes.
type Schedule struct {
	Panels []SchedulePanel

	Title      string
	ScaleLabel string   // "" means "scale aₖ"
	GammaLabel []string // of each order; nil or "" means "γ₁", "γ₂", ...
	Columns    int      // panels per row; 0 means up to 4
}

// scheduleRow is one row of axes under the times: a number per step.
type scheduleRow struct {
	label  string
	height vg.Length
	ticks  int
	level  float64 // of the dashed line
	least  float64 // range of values at least
	lo, hi float64
	of     func(ScheduleCurve) []float64 // nil: not given
}

// Draw draws the figure.
func (s Schedule) Draw() (*Figure, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("figures: Schedule: %w", err)
	}
	rows := s.rows()
	index := map[string]int{} // one colour and marker per name, in order of appearance
	var entries []legendEntry
	most := 0
	for _, p := range s.Panels {
		most = max(most, len(p.Curves))
		for _, c := range p.Curves {
			if _, ok := index[c.Name]; !ok {
				i := len(index)
				index[c.Name] = i
				entries = append(entries, legendEntry{text: c.Name, color: SeriesColor(i), width: 1.7, dashes: seriesDash(i), marker: seriesMarker(i)})
			}
		}
	}
	plain := "plain: scale 1"
	if len(rows) > 1 {
		plain += ", factors 0"
	}
	entries = append(entries, legendEntry{text: plain, color: softColor, width: 1.1, dashes: []vg.Length{5, 3}})

	const (
		margin   = 10
		side     = 52 // labels and ticks on the left
		foot     = 36 // ticks and label below
		gapX     = 18
		gapY     = 10
		gapPanel = 14
	)
	n := len(s.Panels)
	cols := s.Columns
	if cols <= 0 {
		cols = wrapped(n)
	}
	cols = min(cols, n)
	lines := (n + cols - 1) / cols
	data := min((vg.Length(12.9*72)-side-2*margin)/vg.Length(cols)-gapX, 420)
	strip := max(vg.Length(most)*14+8, 52)
	var top vg.Length
	titles := make([]block, n)
	for i, p := range s.Panels {
		titles[i] = layTitle(p.Title, data, 12)
		top = max(top, titles[i].height()+7)
	}
	cell := top + strip + foot
	for _, r := range rows {
		cell += gapY + r.height
	}
	width := vg.Length(cols)*(data+gapX) - gapX + side + 2*margin
	leg := layLegend(entries, width-2*margin)
	head := layTitle(s.Title, width-20, 13)
	extra := vg.Length(0)
	if s.Title != "" {
		extra = head.height() + 4
	}
	height := vg.Length(lines)*cell + vg.Length(lines-1)*gapPanel + leg.height() + 1.5*margin + extra

	return NewFigure(float64(width/vg.Inch), float64(height/vg.Inch), func(c draw.Canvas) {
		head.draw(c, c.Center().X, c.Max.Y-margin-head.height()+4)
		leg.draw(c, c.Center().X, c.Min.Y+margin/2+leg.height())
		for i, panel := range s.Panels {
			x := c.Min.X + margin + side + vg.Length(i%cols)*(data+gapX)
			y := c.Max.Y - margin - extra - vg.Length(i/cols)*(cell+gapPanel) - top
			titles[i].draw(c, x+data/2, y+7)
			label := func(txt string, lo, hi vg.Length) {
				if i%cols == 0 {
					sty := textStyle(11, inkColor, draw.XCenter, draw.YCenter)
					sty.Rotation = math.Pi / 2
					c.FillText(sty, vg.Point{X: x - side + 8, Y: (lo + hi) / 2}, txt)
				}
			}
			panel.times(index).drawOver(c, x, y-strip, x+data, y)
			label("times tₖ", y-strip, y)
			y -= strip
			for j, r := range rows {
				y -= gapY
				p := panel.steps(r, index)
				if j < len(rows)-1 {
					p.X.Tick.Marker = unlabelled{p.X.Tick.Marker}
				}
				if i%cols > 0 {
					p.Y.Tick.Marker = unlabelled{p.Y.Tick.Marker}
				}
				p.drawOver(c, x, y-r.height, x+data, y)
				label(r.label, y-r.height, y)
				y -= r.height
			}
			c.FillText(textStyle(11, inkColor, draw.XCenter, draw.YTop), vg.Point{X: x + data/2, Y: y - 19}, "time t")
		}
	})
}

// rows lists the rows of axes with limits that hold all panels.
func (s Schedule) rows() []scheduleRow {
	or := func(txt, def string) string {
		if txt == "" {
			return def
		}
		return txt
	}
	rows := []scheduleRow{{label: or(s.ScaleLabel, "scale aₖ"), height: 104, ticks: 6, level: 1, least: 0.1, of: func(c ScheduleCurve) []float64 { return c.scale() }}}
	orders := 0
	for _, p := range s.Panels {
		for _, c := range p.Curves {
			orders = max(orders, len(c.Gamma))
		}
	}
	for i := range orders {
		r := scheduleRow{label: "γ" + sub(i+1), height: 84, ticks: 5, least: 1e-9, of: func(c ScheduleCurve) []float64 {
			if i < len(c.Gamma) {
				return c.Gamma[i]
			}
			return nil
		}}
		if i < len(s.GammaLabel) {
			r.label = or(s.GammaLabel[i], r.label)
		}
		rows = append(rows, r)
	}
	for k := range rows {
		r := &rows[k]
		r.lo, r.hi = r.level, r.level
		for _, p := range s.Panels {
			for _, c := range p.Curves {
				for _, v := range r.of(c) {
					r.lo, r.hi = min(r.lo, v), max(r.hi, v)
				}
			}
		}
		// Nearly plain scales are to look so, and equal factors need a range.
		if d := r.least - (r.hi - r.lo); d > 0 {
			r.lo, r.hi = r.lo-d/2, r.hi+d/2
		}
		r.lo, r.hi = padRange(r.lo, r.hi, 0.1, false)
	}
	return rows
}

// scale is Scale with its default.
func (c ScheduleCurve) scale() []float64 {
	if c.Scale != nil {
		return c.Scale
	}
	ones := make([]float64, len(c.Times)-1)
	for k := range ones {
		ones[k] = 1
	}
	return ones
}

// timeAxis leaves room for the marks at 0 and 1.
func timeAxis(p axes) {
	p.BackgroundColor = nil
	p.X.Min, p.X.Max = -0.03, 1.03
}

// times draws the step times, one row for each curve, the first on top.
func (s SchedulePanel) times(index map[string]int) axes {
	p := newAxes("", "", "")
	timeAxis(p)
	n := len(s.Curves)
	p.Y.Min, p.Y.Max = -float64(n)+0.35, 0.65
	p.HideY()
	p.X.LineStyle.Width, p.X.Tick.Length = 0, 0
	p.X.Tick.Marker = unlabelled{p.X.Tick.Marker}
	for i := 1; i < n; i++ {
		a, b := s.Curves[i-1].Times, s.Curves[i].Times
		for k := 1; k < len(a)-1 && len(a) == len(b); k++ {
			p.Add(strokePlotter{x: []float64{a[k], b[k]}, y: []float64{float64(1 - i), float64(-i)},
				line: draw.LineStyle{Color: fade(softColor, 0.55), Width: 0.8}})
		}
	}
	for i, c := range s.Curves {
		k := index[c.Name]
		y := make([]float64, len(c.Times))
		for j := range y {
			y[j] = float64(-i)
		}
		p.Add(strokePlotter{x: c.Times, y: y, marker: seriesMarker(k), radius: 3.2,
			line: draw.LineStyle{Color: SeriesColor(k), Width: 1.1}})
	}
	return p
}

// steps draws a number per step as a line over the step's time. Of curves
// that coincide, the earlier are the wider.
func (s SchedulePanel) steps(r scheduleRow, index map[string]int) axes {
	p := newAxes("", "", "")
	timeAxis(p)
	p.Y.Min, p.Y.Max = r.lo, r.hi
	p.Y.Tick.Marker = linearTicks{r.ticks}
	p.Add(strokePlotter{x: []float64{p.X.Min, p.X.Max}, y: []float64{r.level, r.level},
		line: draw.LineStyle{Color: softColor, Width: 1.1, Dashes: []vg.Length{5, 3}}})
	for i, c := range s.Curves {
		v := r.of(c)
		if v == nil {
			continue
		}
		k := index[c.Name]
		for j := 1; j < len(v); j++ {
			p.Add(strokePlotter{x: []float64{c.Times[j], c.Times[j]}, y: []float64{v[j-1], v[j]},
				line: draw.LineStyle{Color: fade(SeriesColor(k), 0.6), Width: 0.8}})
		}
		for j := range v {
			p.Add(strokePlotter{x: c.Times[j : j+2], y: []float64{v[j], v[j]},
				line: draw.LineStyle{Color: SeriesColor(k), Width: 1.7 + 0.7*vg.Length(len(s.Curves)-1-i), Dashes: seriesDash(k)}})
		}
	}
	for _, c := range s.Curves { // marks lie over all lines
		k := index[c.Name]
		for j, v := range r.of(c) {
			p.Add(strokePlotter{x: []float64{(c.Times[j] + c.Times[j+1]) / 2}, y: []float64{v},
				marker: seriesMarker(k), radius: 3, line: draw.LineStyle{Color: SeriesColor(k)}})
		}
	}
	return p
}

// drawOver draws a plot so that its data fill the rectangle.
func (p axes) drawOver(c draw.Canvas, x0, y0, x1, y1 vg.Length) {
	tile := subCanvas(c, x0, y0, x1, y1)
	for range 4 { // the room for tick labels depends a little on the size
		d := p.DataCanvas(tile)
		tile = subCanvas(c, tile.Min.X+x0-d.Min.X, tile.Min.Y+y0-d.Min.Y, tile.Max.X+x1-d.Max.X, tile.Max.Y+y1-d.Max.Y)
	}
	p.Draw(tile)
}

// unlabelled ticks have no text, but their grid lines.
type unlabelled struct{ plot.Ticker }

// Ticks implements plot.Ticker.
func (u unlabelled) Ticks(lo, hi float64) []plot.Tick {
	t := u.Ticker.Ticks(lo, hi)
	for i := range t {
		if t[i].Label != "" {
			t[i].Label = " "
		}
	}
	return t
}

// wrapped is the number of panels per row, at most 4, that makes rows equal.
func wrapped(n int) int {
	rows := (n + 3) / 4
	return (n + rows - 1) / rows
}

func (s Schedule) check() error {
	if len(s.Panels) == 0 {
		return errors.New("no panels given")
	}
	for i, p := range s.Panels {
		if len(p.Curves) == 0 {
			return fmt.Errorf("panel %d (%s) has no schedules", i, firstLine(p.Title))
		}
		for _, c := range p.Curves {
			if err := c.check(fmt.Sprintf("panel %d (%s), schedule %q", i, firstLine(p.Title), c.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c ScheduleCurve) check(where string) error {
	k := len(c.Times) - 1
	if k < 1 {
		return fmt.Errorf("%s has %d times: give at least the two times 0 and 1", where, len(c.Times))
	}
	if err := checkValues(where+", Times", c.Times); err != nil {
		return err
	}
	const round = 1e-6 // of times computed in float32
	if math.Abs(c.Times[0]) > round || math.Abs(c.Times[k]-1) > round {
		return fmt.Errorf("%s runs from t = %g to %g: its times must start at 0 and end at 1", where, c.Times[0], c.Times[k])
	}
	for j := range k {
		if c.Times[j+1] <= c.Times[j] {
			return fmt.Errorf("%s: time %d is %g and the next %g: times must increase", where, j, c.Times[j], c.Times[j+1])
		}
	}
	row := func(name string, v []float64) error {
		if v == nil {
			return nil
		}
		if len(v) != k {
			return fmt.Errorf("%s has %d steps but %d values of %s: give one per step", where, k, len(v), name)
		}
		return checkValues(where+", "+name, v)
	}
	if err := row("Scale", c.Scale); err != nil {
		return err
	}
	for i, g := range c.Gamma {
		if err := row(fmt.Sprintf("Gamma[%d]", i), g); err != nil {
			return err
		}
	}
	return nil
}
