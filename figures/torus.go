package figures

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Basin is a named region of the plane of two angles, the union of boxes in
// degrees. A box may reach beyond ±180 and goes on at the other side: the box
// with YMin 50 and YMax 240 covers 50 to 180 and -180 to -120.
type Basin struct {
	Name  string
	Boxes []Box
}

// wrapAngle returns the angle in [-180, 180), in degrees.
func wrapAngle(a float64) float64 {
	a = math.Mod(a+180, 360)
	if a < 0 {
		a += 360
	}
	if a >= 360 { // a tiny negative number plus 360
		a = 0
	}
	return a - 180
}

// torusBox is the whole plane of two angles.
var torusBox = Box{-180, 180, -180, 180}

// degreeTicks puts ticks at the multiples of a step that divides the turn: of
// the given one, else of one that suits the range.
type degreeTicks struct{ step float64 }

// Ticks implements plot.Ticker.
func (d degreeTicks) Ticks(lo, hi float64) []plot.Tick {
	step := d.step
	if step == 0 {
		step = 90
		for _, s := range []float64{60, 30, 20, 10, 5} {
			if hi-lo < 3*step {
				step = s
			}
		}
	}
	if (hi-lo)/step < 2 {
		return linearTicks{4}.Ticks(lo, hi)
	}
	var out []plot.Tick
	for k := math.Ceil(lo/step - 1e-9); k*step <= hi+1e-9*step; k++ {
		out = append(out, plot.Tick{Value: k * step, Label: short(k*step + 0)})
	}
	return out
}

// planeTicks draws ticks around a panel, with labels below and on the left
// where asked for, and the axes' names.
func (p panel) planeTicks(x, y plot.Ticker, xlabel, ylabel string, below, left bool) {
	line := draw.LineStyle{Color: inkColor, Width: 0.7}
	for _, t := range x.Ticks(p.box.XMin, p.box.XMax) {
		at := p.pt([2]float64{t.Value, p.box.YMin})
		p.StrokeLine2(line, at.X, at.Y-3.5, at.X, at.Y)
		if below {
			p.FillText(textStyle(9.5, inkColor, draw.XCenter, draw.YTop), vg.Point{X: at.X, Y: at.Y - 6}, t.Label)
		}
	}
	for _, t := range y.Ticks(p.box.YMin, p.box.YMax) {
		at := p.pt([2]float64{p.box.XMin, t.Value})
		p.StrokeLine2(line, at.X-3.5, at.Y, at.X, at.Y)
		if left {
			p.FillText(textStyle(9.5, inkColor, draw.XRight, draw.YCenter), vg.Point{X: at.X - 6, Y: at.Y + 0.4}, t.Label)
		}
	}
	if below {
		p.FillText(textStyle(11, inkColor, draw.XCenter, draw.YTop), vg.Point{X: p.Center().X, Y: p.Min.Y - 19}, xlabel)
	}
	if left {
		sty := textStyle(11, inkColor, draw.XCenter, draw.YBottom)
		sty.Rotation = math.Pi / 2
		p.FillText(sty, vg.Point{X: p.Min.X - 32, Y: p.Center().Y}, ylabel)
	}
}

const (
	planeLeft   = 48 // room for planeTicks on the left
	planeBottom = 34 // and below
)

// planeLattice lays out n panels of one box that share their axes.
func planeLattice(n, columns int, box Box) lattice {
	cols := columns
	if cols <= 0 {
		cols = wrapped(n)
	}
	cols = min(cols, n)
	lat := lattice{rows: (n + cols - 1) / cols, cols: cols, aspect: (box.YMax - box.YMin) / (box.XMax - box.XMin),
		gapX: 27, gapY: 9, left: planeLeft, bottom: planeBottom, margin: 8}
	lat.panel = min(max(vg.Length(12.2*72)/vg.Length(cols)-lat.gapX, 150), 300)
	lat.snap()
	return lat
}

// withLegend is lattice.figure with a legend below.
func (l lattice) withLegend(title string, right vg.Length, entries []legendEntry, paint func(c draw.Canvas)) (*Figure, error) {
	w, _ := l.size()
	right = max(right, 12) // for the last tick's label
	leg := layLegend(entries, vg.Length(w)*vg.Inch+right-2*l.margin)
	room := vg.Length(0)
	if len(entries) > 0 {
		room = leg.height() + 7
	}
	l.bottom += room
	return l.figure(title, right, func(c draw.Canvas) {
		leg.draw(c, c.Center().X, c.Min.Y+l.margin/2+leg.height())
		paint(c)
	})
}

// outline is the border of a basin as segments inside the plane, and the
// place of its name.
type outline struct {
	segments [][2][2]float64
	name     string
	at       Box // the largest part of the basin in one piece
}

// newOutline finds the border of the union of the boxes: the lines between
// cells of the grid of all their edges where one side belongs to the basin
// and the other does not, across ±180 too.
func newOutline(b Basin) outline {
	var parts []Box
	for _, x := range b.Boxes {
		for _, h := range wrapInterval(x.XMin, x.XMax) {
			for _, v := range wrapInterval(x.YMin, x.YMax) {
				parts = append(parts, Box{h[0], h[1], v[0], v[1]})
			}
		}
	}
	xs, ys := []float64{-180, 180}, []float64{-180, 180}
	o := outline{name: b.Name}
	size := func(b Box) float64 { return (b.XMax - b.XMin) * (b.YMax - b.YMin) }
	for _, p := range parts {
		xs, ys = append(xs, p.XMin, p.XMax), append(ys, p.YMin, p.YMax)
		if size(p) > size(o.at) {
			o.at = p
		}
	}
	slices.Sort(xs)
	slices.Sort(ys)
	xs, ys = slices.Compact(xs), slices.Compact(ys)
	nx, ny := len(xs)-1, len(ys)-1
	in := func(i, j int) bool {
		i, j = (i+nx)%nx, (j+ny)%ny
		c := [2]float64{(xs[i] + xs[i+1]) / 2, (ys[j] + ys[j+1]) / 2}
		return slices.ContainsFunc(parts, func(p Box) bool { return p.contains(c) })
	}
	for i := range nx {
		for j := range ny {
			if !in(i, j) {
				continue
			}
			edge := func(neighbour bool, x0, y0, x1, y1 float64) {
				if !neighbour {
					o.segments = append(o.segments, [2][2]float64{{x0, y0}, {x1, y1}})
				}
			}
			edge(in(i-1, j), xs[i], ys[j], xs[i], ys[j+1])
			edge(in(i+1, j), xs[i+1], ys[j], xs[i+1], ys[j+1])
			edge(in(i, j-1), xs[i], ys[j], xs[i+1], ys[j])
			edge(in(i, j+1), xs[i], ys[j+1], xs[i+1], ys[j+1])
		}
	}
	return o
}

// wrapInterval returns the parts of [lo, hi] brought into [-180, 180].
func wrapInterval(lo, hi float64) [][2]float64 {
	if hi-lo >= 360 {
		return [][2]float64{{-180, 180}}
	}
	a := wrapAngle(lo)
	b := a + hi - lo
	if b <= 180 {
		return [][2]float64{{a, b}}
	}
	return [][2]float64{{a, 180}, {-180, b - 360}}
}

// outlines draws the borders of basins.
func (p panel) outlines(basins []Basin) {
	ink := color.RGBA{60, 60, 60, 255}
	for _, b := range basins {
		o := newOutline(b)
		for _, s := range o.segments {
			p.line(s[:], draw.LineStyle{Color: translucent(color.RGBA{255, 255, 255, 255}, 0.7), Width: 2.2})
			p.line(s[:], draw.LineStyle{Color: ink, Width: 1, Dashes: []vg.Length{4, 2}})
		}
	}
}

// basinNames writes the names of basins over all else, each into that corner
// of its basin where it hides the fewest of the points.
func (p panel) basinNames(basins []Basin, points [][2]float64) {
	for _, b := range basins {
		at := newOutline(b).at
		sty := bold(textStyle(10, inkColor, draw.XCenter, draw.YCenter))
		low, high := p.pt([2]float64{at.XMin, at.YMin}), p.pt([2]float64{at.XMax, at.YMax})
		w, h := sty.Width(b.Name)/2+2, vg.Length(6.5) // half of its box
		if b.Name == "" || high.X-low.X < 2*w+2 || high.Y-low.Y < 2*h+2 {
			continue
		}
		best, fewest := vg.Point{}, math.MaxInt
		for _, y := range []vg.Length{high.Y - h - 2, low.Y + h + 2} {
			for _, x := range []vg.Length{high.X - w - 2, low.X + w + 2} {
				hidden := 0
				for _, q := range points {
					d := p.pt(q).Sub(vg.Point{X: x, Y: y})
					if math.Abs(float64(d.X)) < float64(w+3) && math.Abs(float64(d.Y)) < float64(h+3) {
						hidden++
					}
				}
				if hidden < fewest {
					best, fewest = vg.Point{X: x, Y: y}, hidden
				}
			}
		}
		fillRect(p.Canvas, translucent(color.RGBA{255, 255, 255, 255}, 0.8), best.X-w, best.Y-h, best.X+w, best.Y+h)
		p.FillText(sty, vg.Point{X: best.X, Y: best.Y + 0.5}, b.Name)
	}
}

// checkBasins says what is wrong with basins, if anything.
func checkBasins(basins []Basin) error {
	for i, b := range basins {
		where := fmt.Sprintf("basin %d (%s)", i, b.Name)
		if len(b.Boxes) == 0 {
			return fmt.Errorf("%s has no boxes: give at least one, in degrees", where)
		}
		for k, x := range b.Boxes {
			if err := x.check(); err != nil {
				return fmt.Errorf("%s, box %d: %w", where, k, err)
			}
		}
	}
	return nil
}

// checkFrames says what is wrong with angles [frame][residue], if anything.
func checkFrames(where string, frames [][][2]float64) error {
	if len(frames) == 0 {
		return errors.New(where + " has no frames")
	}
	for k, f := range frames {
		if err := checkCloud(fmt.Sprintf("%s, frame %d", where, k), f, 1); err != nil {
			return err
		}
	}
	return nil
}

// either is s, or def where s is empty.
func either(s, def string) string {
	if strings.TrimSpace(s) == "" {
		return def
	}
	return s
}
