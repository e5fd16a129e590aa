package figures

import (
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// axes is a plot with its title and labels.
type axes struct {
	*plot.Plot
	title, xlabel, ylabel string
}

// newAxes returns an empty plot in the package's style.
func newAxes(title, xlabel, ylabel string) axes {
	p := plot.New()
	p.TextHandler = handler
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Tick.Label.Font = textStyle(10, inkColor, 0, 0).Font
		a.Tick.Label.Handler = handler
		a.Tick.Label.Color = inkColor
		a.Tick.Length = 5
		a.LineStyle.Width, a.LineStyle.Color = 0.7, inkColor
		a.Tick.LineStyle.Width, a.Tick.LineStyle.Color = 0.7, inkColor
		a.Padding = 0
		a.Tick.Marker = linearTicks{}
	}
	grid := plotter.NewGrid()
	grid.Vertical = draw.LineStyle{Color: gridColor, Width: 0.6}
	grid.Horizontal = grid.Vertical
	p.Add(grid)
	return axes{p, title, xlabel, ylabel}
}

// axesGrid draws plots in rows and columns so that their data areas line up.
// Only the lowest plot of a column may have an x label. Titles and axis labels
// are drawn here, since gonum/plot misplaces labels of logarithmic axes.
func axesGrid(c draw.Canvas, plots []axes, cols int, gap vg.Length) {
	const labelRoom = 19
	rows := (len(plots) + cols - 1) / cols
	foot, side := vg.Length(0), vg.Length(0)
	for _, p := range plots {
		if p.xlabel != "" {
			foot = labelRoom
		}
		if p.ylabel != "" {
			side = labelRoom
		}
	}
	w := (c.Max.X - c.Min.X - side - vg.Length(cols-1)*gap) / vg.Length(cols)
	h := (c.Max.Y - c.Min.Y - foot - vg.Length(rows-1)*gap) / vg.Length(rows)
	lay := make([]block, len(plots))
	// The room that ticks take beside the data, the most of any plot.
	var left, right, bottom, top vg.Length
	tile := subCanvas(c, 0, 0, w, h)
	for i, p := range plots {
		d := p.DataCanvas(tile)
		left, right = max(left, d.Min.X), max(right, w-d.Max.X)
		bottom, top = max(bottom, d.Min.Y), max(top, h-d.Max.Y)
		lay[i] = layTitle(p.title, w-20, 12)
	}
	for i := range lay {
		top = max(top, lay[i].height()+6)
	}
	for i, p := range plots {
		x := c.Min.X + side + vg.Length(i%cols)*(w+gap)
		y := c.Max.Y - vg.Length(i/cols)*(h+gap) - h
		d := p.DataCanvas(tile)
		p.Draw(subCanvas(c, x+left-d.Min.X, y+bottom-d.Min.Y, x+w-(right-(w-d.Max.X)), y+h-(top-(h-d.Max.Y))))
		lay[i].draw(c, x+(left+w-right)/2, y+h-top+7)
		sty := textStyle(11, inkColor, draw.XCenter, draw.YTop)
		for sty.Width(p.xlabel) > w && sty.Font.Size > 8 { // beside others
			sty.Font.Size *= 0.97
		}
		c.FillText(sty, vg.Point{X: x + (left+w-right)/2, Y: y - 5}, p.xlabel)
		sty = textStyle(11, inkColor, draw.XCenter, draw.YBottom)
		sty.Rotation = math.Pi / 2
		c.FillText(sty, vg.Point{X: x - 6, Y: y + (bottom+h-top)/2}, p.ylabel)
	}
}

// logAxis makes an axis logarithmic.
func logAxis(a *plot.Axis) {
	a.Scale = plot.LogScale{}
	a.Tick.Marker = logTicks{}
}

// short writes a number in few characters.
func short(v float64) string {
	a := math.Abs(v)
	if v != 0 && (a < 1e-3 || a >= 1e5) {
		s := strconv.FormatFloat(v, 'e', -1, 64)
		m, e, _ := strings.Cut(s, "e")
		if f, err := strconv.ParseFloat(m, 64); err == nil {
			m = strconv.FormatFloat(math.Round(f*100)/100, 'g', -1, 64)
		}
		n, _ := strconv.Atoi(e)
		if m == "1" {
			return "10" + super(n)
		}
		return strings.ReplaceAll(m, "-", "−") + "·10" + super(n)
	}
	return strings.ReplaceAll(strconv.FormatFloat(v, 'g', 6, 64), "-", "−")
}

// super writes an integer in superscript.
func super(n int) string {
	return strings.Map(func(r rune) rune {
		if r == '-' {
			return '⁻'
		}
		return []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")[r-'0']
	}, strconv.Itoa(n))
}

// sub writes a number from 0 up in subscript.
func sub(n int) string {
	return strings.Map(func(r rune) rune { return []rune("₀₁₂₃₄₅₆₇₈₉")[r-'0'] }, strconv.Itoa(n))
}

// linearTicks puts ticks at multiples of 1, 2 or 5 times a power of ten.
type linearTicks struct{ count int }

// Ticks implements plot.Ticker.
func (l linearTicks) Ticks(lo, hi float64) []plot.Tick {
	n := l.count
	if n == 0 {
		n = 6
	}
	if !(hi > lo) || !finite(hi-lo) {
		return []plot.Tick{{Value: lo, Label: short(lo)}}
	}
	raw := (hi - lo) / float64(n)
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * unit
	for _, m := range []float64{1, 2, 5} {
		if m*unit >= raw*0.999 {
			step = m * unit
			break
		}
	}
	digits := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	var out []plot.Tick
	for k := math.Ceil(lo/step - 1e-9); k*step <= hi+1e-9*step; k++ {
		v := k * step
		label := short(v)
		if digits <= 4 && math.Abs(v) < 1e5 {
			label = strings.ReplaceAll(strconv.FormatFloat(v+0, 'f', digits, 64), "-", "−")
			if k == 0 {
				label = "0"
			}
		}
		out = append(out, plot.Tick{Value: v, Label: label})
	}
	return out
}

// logTicks labels the powers of ten, and twos and fives between them where
// the axis spans less than two and a half decades.
type logTicks struct{}

// Ticks implements plot.Ticker.
func (logTicks) Ticks(lo, hi float64) []plot.Tick {
	if !(lo > 0) || !(hi > lo) {
		return []plot.Tick{{Value: hi, Label: short(hi)}}
	}
	decades := math.Log10(hi / lo)
	var out []plot.Tick
	labels := 0
	for e := math.Floor(math.Log10(lo)); e <= math.Ceil(math.Log10(hi)); e++ {
		for m := 1.0; m < 10; m++ {
			v := m * math.Pow(10, e)
			if v < lo*(1-1e-9) || v > hi*(1+1e-9) {
				continue
			}
			t := plot.Tick{Value: v}
			every := math.Ceil(decades / 8)
			if m == 1 && math.Mod(e, every) == 0 || decades < 2.5 && (m == 2 || m == 5) {
				t.Label = logLabel(m, e, decades)
				labels++
			}
			out = append(out, t)
		}
	}
	if labels < 2 {
		return linearTicks{4}.Ticks(lo, hi)
	}
	return out
}

func logLabel(m, e, decades float64) string {
	if e >= -3 && e <= 3 {
		return strconv.FormatFloat(m*math.Pow(10, e), 'g', 4, 64)
	}
	if m == 1 {
		return "10" + super(int(e))
	}
	return strconv.Itoa(int(m)) + "·10" + super(int(e))
}

// powerTicks puts ticks at the powers of two.
type powerTicks struct{}

// Ticks implements plot.Ticker.
func (powerTicks) Ticks(lo, hi float64) []plot.Tick {
	first, last := math.Ceil(math.Log2(lo)-1e-9), math.Floor(math.Log2(hi)+1e-9)
	every := math.Max(1, math.Ceil((last-first)/10))
	var out []plot.Tick
	for e := first; e <= last; e += every {
		v := math.Exp2(e)
		out = append(out, plot.Tick{Value: v, Label: short(v)})
	}
	return out
}

// strokePlotter draws one polyline and its markers; error bars too.
type strokePlotter struct {
	x, y     []float64
	lo, hi   []float64 // ends of the error bars, or nil
	line     draw.LineStyle
	marker   draw.GlyphDrawer
	radius   vg.Length
	barColor color.Color
}

// Plot implements plot.Plotter.
func (s strokePlotter) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	pts := make([]vg.Point, len(s.x))
	for i := range s.x {
		pts[i] = vg.Point{X: tx(s.x[i]), Y: ty(s.y[i])}
	}
	for i := range s.lo {
		y0, y1 := ty(s.lo[i]), ty(s.hi[i])
		bar := draw.LineStyle{Color: s.barColor, Width: 1}
		x := pts[i].X
		c.StrokeLines(bar, c.ClipLinesY([]vg.Point{{X: x, Y: y0}, {X: x, Y: y1}})...)
		for _, y := range []vg.Length{y0, y1} {
			if y > c.Min.Y+0.01 && y < c.Max.Y-0.01 { // an end on the edge is cut off, not an end
				c.StrokeLine2(bar, x-2.5, y, x+2.5, y)
			}
		}
	}
	if s.line.Width > 0 {
		c.StrokeLines(s.line, c.ClipLinesXY(pts)...)
	}
	if s.marker != nil {
		for _, pt := range pts {
			if c.Contains(pt) {
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: s.line.Color, Radius: s.radius, Shape: s.marker}, pt)
			}
		}
	}
}

// padRange widens [lo, hi] by a share of its length, in the logarithm if log.
func padRange(lo, hi, share float64, log bool) (float64, float64) {
	if log {
		a, b := math.Log(lo), math.Log(hi)
		if b-a < 0.1 {
			a, b = a-0.35, b+0.35
		}
		d := share * (b - a)
		return math.Exp(a - d), math.Exp(b + d)
	}
	if hi == lo {
		d := math.Max(math.Abs(lo)*0.1, 1e-9)
		return lo - d, hi + d
	}
	d := share * (hi - lo)
	return lo - d, hi + d
}
