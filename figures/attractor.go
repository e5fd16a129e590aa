package figures

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// SpaceCurve is a trajectory in space.
type SpaceCurve struct {
	Name   string // the same name has the same colour in each panel
	Points [][3]float64
	Dots   bool // its points as dots in place of a line
}

// AttractorPanel is one panel of [Attractor].
type AttractorPanel struct {
	Title  string
	Curves []SpaceCurve
}

// Attractor draws trajectories in space, such as those of Lorenz's and Rössler's
// systems, seen from afar at an angle; what is farther is paler. All panels have
// the same limits.
type Attractor struct {
	Panels []AttractorPanel

	Title     string
	Labels    [3]string // of the axes; "" means x, y, z
	Azimuth   float64   // degrees of the viewer about the z axis, from x towards y; 0 means -60
	Elevation float64   // degrees above the plane of x and y; 0 means 20
	Columns   int       // panels per row; 0 means up to 3
}

// view projects points of a box onto the plane.
type view struct {
	low, high                    [3]float64
	sinA, cosA, sinE, cosE, side float64
}

// of gives place in [-1, 1]^2, about, and depth, larger for nearer.
func (v view) of(p [3]float64) (place [2]float64, depth float64) {
	var u [3]float64 // in [-1, 1]
	for a := range u {
		u[a] = 2*(p[a]-v.low[a])/(v.high[a]-v.low[a]) - 1
	}
	right := -v.sinA*u[0] + v.cosA*u[1]
	toward := v.cosA*u[0] + v.sinA*u[1]
	return [2]float64{right / v.side, (v.cosE*u[2] - v.sinE*toward) / v.side}, v.cosE*toward + v.sinE*u[2]
}

// Draw draws the figure.
func (f Attractor) Draw() (*Figure, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("figures: Attractor: %w", err)
	}
	v := f.view()
	n := len(f.Panels)
	cols := f.Columns
	if cols <= 0 {
		cols = min(n, 3)
		if n == 4 {
			cols = 2
		}
	}
	cols = min(cols, n)
	lat := lattice{rows: (n + cols - 1) / cols, cols: cols, aspect: 0.86, gapX: 10, gapY: 8, margin: 8}
	lat.panel = min(max(vg.Length(12.4*72)/vg.Length(cols)-lat.gapX, 180), 340)
	lat.snap()
	names := make([]string, n)
	index := map[string]int{}
	var entries []legendEntry
	for i, p := range f.Panels {
		names[i] = p.Title
		for _, c := range p.Curves {
			if _, ok := index[c.Name]; !ok {
				index[c.Name] = len(index)
				if c.Name != "" {
					e := legendEntry{text: c.Name, color: SeriesColor(index[c.Name]), width: 1.6}
					if c.Dots {
						e.kind = legendDot
					}
					entries = append(entries, e)
				}
			}
		}
	}
	titles := lat.titles(names, 5)
	if len(entries) == 1 && n == 1 {
		entries = nil // the title says it
	}
	return lat.withLegend(f.Title, 0, entries, func(c draw.Canvas) {
		for i, panel := range f.Panels {
			p := lat.at(c, Box{-1, 1, -0.86, 0.86}, i/lat.cols, i%lat.cols)
			titles[i].draw(c, center(p), p.Max.Y+5)
			f.cage(p, v)
			for _, curve := range panel.Curves {
				p.space(curve, v, SeriesColor(index[curve.Name]))
			}
			p.frame(gridColor, 0.7)
		}
	})
}

// view is a box around all points, seen so that all of it fits.
func (f Attractor) view() view {
	azimuth, elevation := f.Azimuth, f.Elevation
	if azimuth == 0 {
		azimuth = -60
	}
	if elevation == 0 {
		elevation = 20
	}
	v := view{low: [3]float64{math.Inf(1), math.Inf(1), math.Inf(1)}, high: [3]float64{math.Inf(-1), math.Inf(-1), math.Inf(-1)}, side: 1}
	for _, p := range f.Panels {
		for _, c := range p.Curves {
			for _, x := range c.Points {
				for a := range x {
					v.low[a], v.high[a] = min(v.low[a], x[a]), max(v.high[a], x[a])
				}
			}
		}
	}
	for a := range v.low {
		if v.low[a] == v.high[a] {
			v.low[a], v.high[a] = v.low[a]-0.5, v.high[a]+0.5
		}
	}
	v.sinA, v.cosA = math.Sincos(azimuth * math.Pi / 180)
	v.sinE, v.cosE = math.Sincos(elevation * math.Pi / 180)
	farthest := 0.
	for corner := range 8 {
		place, _ := v.of(v.corner(corner))
		farthest = max(farthest, math.Abs(place[0]), math.Abs(place[1])/0.86)
	}
	v.side = farthest * 1.14
	return v
}

// corner is a corner of the box; bit a of k says whether it is high on axis a.
func (v view) corner(k int) (p [3]float64) {
	for a := range p {
		p[a] = v.low[a]
		if k>>a&1 == 1 {
			p[a] = v.high[a]
		}
	}
	return p
}

// cage draws the floor of the box and its edges behind the curves, and names the
// axes at the edges in front below and on the left.
func (f Attractor) cage(p panel, v view) {
	deepest, least := 0, math.Inf(1)
	for k := range 8 {
		if _, d := v.of(v.corner(k)); d < least {
			deepest, least = k, d
		}
	}
	for a := range 3 {
		named, key := -1, math.Inf(1)
		for k := range 8 {
			if k>>a&1 == 1 {
				continue
			}
			from, d0 := v.of(v.corner(k))
			to, d1 := v.of(v.corner(k | 1<<a))
			if behind, floor := k == deepest || k|1<<a == deepest, a < 2 && k>>2&1 == 0; behind || floor {
				p.line([][2]float64{from, to}, draw.LineStyle{Color: fade(cloudColor, 0.55), Width: 0.6})
			}
			place := from[1] + to[1] // the lowest on the picture, of equal ones the nearest
			if a == 2 {
				place = from[0] + to[0]
			}
			if place -= 1e-3 * (d0 + d1); place < key {
				named, key = k, place
			}
		}
		from, _ := v.of(v.corner(named))
		to, _ := v.of(v.corner(named | 1<<a))
		if a == 2 {
			p.line([][2]float64{from, to}, draw.LineStyle{Color: fade(cloudColor, 0.55), Width: 0.6})
		}
		f.name(p, a, v, p.pt([2]float64{(from[0] + to[0]) / 2, (from[1] + to[1]) / 2}))
	}
}

// name writes the name and range of an axis beside the middle of its edge.
func (f Attractor) name(p panel, a int, v view, at vg.Point) {
	text := fmt.Sprintf("%s: %s to %s", either(f.Labels[a], string("xyz"[a])), three(v.low[a]), three(v.high[a]))
	if a == 2 {
		sty := textStyle(8.5, softColor, draw.XCenter, draw.YBottom)
		sty.Rotation = math.Pi / 2
		p.FillText(sty, vg.Point{X: max(at.X-4, p.Min.X+10), Y: at.Y}, text)
		return
	}
	sty := textStyle(8.5, softColor, draw.XRight, draw.YTop)
	at.Y = max(at.Y-4, p.Min.Y+12)
	if at.X >= center(p) {
		sty.XAlign = draw.XLeft
		at.X = min(at.X, p.Max.X-sty.Width(text)-3)
	} else {
		at.X = max(at.X, p.Min.X+sty.Width(text)+3)
	}
	p.FillText(sty, at, text)
}

// space draws a curve piece by piece, paler where it is farther, the farthest
// first.
func (p panel) space(c SpaceCurve, v view, clr color.RGBA) {
	const shades = 8
	n := len(c.Points)
	places, shade := make([][2]float64, n), make([]int, n)
	for i, x := range c.Points {
		var depth float64
		places[i], depth = v.of(x)
		shade[i] = min(max(int((depth/1.5+1)/2*shades), 0), shades-1)
	}
	for s := range shades {
		ink := fade(clr, 0.35+0.65*float64(s+1)/shades)
		if c.Dots {
			var here [][2]float64
			for i := range places {
				if shade[i] == s {
					here = append(here, places[i])
				}
			}
			p.dots(here, ink, 0.9)
			continue
		}
		for i := 1; i < n; i++ {
			if shade[i] != s {
				continue
			}
			run := [][2]float64{places[i-1], places[i]}
			for i+1 < n && shade[i+1] == s {
				i++
				run = append(run, places[i])
			}
			p.line(run, draw.LineStyle{Color: ink, Width: 0.9})
		}
	}
}

func (f Attractor) check() error {
	if len(f.Panels) == 0 {
		return errors.New("no panels given")
	}
	if !(math.Abs(f.Azimuth) <= 360) || !(math.Abs(f.Elevation) <= 90) {
		return fmt.Errorf("azimuth %g and elevation %g: give degrees, the elevation within ±90", f.Azimuth, f.Elevation)
	}
	for i, p := range f.Panels {
		where := fmt.Sprintf("panel %d (%s)", i, firstLine(p.Title))
		if len(p.Curves) == 0 {
			return fmt.Errorf("%s has no curves", where)
		}
		for _, c := range p.Curves {
			if len(c.Points) < 2 {
				return fmt.Errorf("%s, curve %q has %d point(s), needs at least 2", where, c.Name, len(c.Points))
			}
			for k, x := range c.Points {
				if !finite(x[0]) || !finite(x[1]) || !finite(x[2]) {
					return fmt.Errorf("%s, curve %q: point %d (%g, %g, %g) is not finite: drop what diverged", where, c.Name, k, x[0], x[1], x[2])
				}
			}
		}
	}
	return nil
}
