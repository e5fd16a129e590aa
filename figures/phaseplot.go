package figures

import (
	"errors"
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// PhaseMove is one way to forecast in [PhasePlot].
type PhaseMove struct {
	Name string // the same name has the same colour in each panel
	// Paths are the states of generated moves, indexed [path][step]: from the
	// present point over the solver's steps to the forecast, (φ, ψ) in degrees.
	Paths [][][2]float64
}

// PhasePanel is one panel of [PhasePlot].
type PhasePanel struct {
	Title  string
	Moves  []PhaseMove
	Truth  [][2]float64 // the true next point of each path; nil draws none
	Points [][2]float64 // drawn in grey below, such as the data; may be nil
}

// PhasePlot draws generated one-step moves in the plane of two angles, as the
// phase plots of the IDFF paper: chained arrows from the present point (a
// disc) to the forecast (a cross), and the true next point (a star), which a
// dotted line joins to the present one. The plane is a torus: arrows and
// lines go the short way, over ±180 where that is shorter.
type PhasePlot struct {
	Panels []PhasePanel
	Basins []Basin // outlined where the whole plane is shown

	Title          string
	XLabel, YLabel string  // "" means "φ (deg)" and "ψ (deg)"
	Box            Box     // limits of all panels, within ±360; zero: the whole plane
	Tick           float64 // distance of ticks in degrees; 0 means 90, less in a small Box
	Columns        int     // panels per row; 0 means up to 4
}

// Draw draws the figure.
func (f PhasePlot) Draw() (*Figure, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("figures: PhasePlot: %w", err)
	}
	box := f.Box
	if box == (Box{}) {
		box = torusBox
	}
	n := len(f.Panels)
	names := make([]string, n)
	index := map[string]int{}
	var entries []legendEntry
	truth := false
	for i, p := range f.Panels {
		names[i] = p.Title
		truth = truth || p.Truth != nil
		for _, m := range p.Moves {
			if _, ok := index[m.Name]; !ok {
				index[m.Name] = len(index)
				if m.Name != "" {
					entries = append(entries, legendEntry{text: m.Name, kind: legendArrow, color: phaseColor(index[m.Name]), width: 1.5})
				}
			}
		}
	}
	disc, star := polygonGlyph{sides: 24, scale: 1}, polygonGlyph{sides: 5, turn: 1.5707963, scale: 1.7, star: true}
	entries = append(entries,
		legendEntry{text: "present", kind: legendDot, color: softColor, marker: disc},
		legendEntry{text: "forecast", kind: legendDot, color: softColor, marker: crossGlyph{}})
	if truth {
		entries = append(entries, legendEntry{text: "true next point", kind: legendDot, color: inkColor, marker: star})
	}
	lat := planeLattice(n, f.Columns, box)
	if n == 1 {
		lat.panel = 380
		lat.snap()
	}
	titles := lat.titles(names, 5)
	var ticks plot.Ticker = degreeTicks{f.Tick}
	return lat.withLegend(f.Title, 0, entries, func(c draw.Canvas) {
		for i, fp := range f.Panels {
			p := lat.at(c, box, i/lat.cols, i%lat.cols)
			titles[i].draw(c, p.Center().X, p.Max.Y+5)
			grey := make([][2]float64, 0, len(fp.Points))
			for _, x := range fp.Points {
				grey = append(grey, images(x, box)...)
			}
			p.dots(grey, fade(cloudColor, 0.45), Samples{}.radius(len(fp.Points)))
			if box == torusBox {
				p.outlines(f.Basins)
			}
			for k, next := range fp.Truth {
				if len(fp.Moves) > 0 {
					p.move(fp.Moves[0].Paths[k][0], next, func(a, b [2]float64) {
						p.line([][2]float64{a, b}, draw.LineStyle{Color: softColor, Width: 0.8, Dashes: []vg.Length{1.5, 2}})
					})
				}
			}
			for _, m := range fp.Moves {
				clr := phaseColor(index[m.Name])
				for _, path := range m.Paths {
					for k := 1; k < len(path); k++ {
						p.move(path[k-1], path[k], func(a, b [2]float64) { p.arrow(a, b, clr, 1.5, 6, nil) })
					}
				}
			}
			for _, m := range fp.Moves {
				clr := phaseColor(index[m.Name])
				for _, path := range m.Paths {
					p.glyphs(path[0], disc, softColor, 3)
					p.glyphs(path[len(path)-1], crossGlyph{}, clr, 3.4)
				}
			}
			for _, x := range fp.Truth {
				p.glyphs(x, star, inkColor, 3.6)
			}
			if box == torusBox {
				var seen [][2]float64
				for _, x := range fp.Truth {
					seen = append(seen, images(x, box)...)
				}
				for _, m := range fp.Moves {
					for _, path := range m.Paths {
						for _, x := range path {
							seen = append(seen, images(x, box)...)
						}
					}
				}
				p.basinNames(f.Basins, seen)
			}
			p.frame(inkColor, 0.7)
			p.planeTicks(ticks, ticks, either(f.XLabel, "φ (deg)"), either(f.YLabel, "ψ (deg)"), i+lat.cols >= n, i%lat.cols == 0)
		}
	})
}

// phaseColor is the colour of a kind of move: red and blue first.
func phaseColor(i int) color.RGBA {
	order := []int{1, 0, 2, 3, 4, 5, 6, 7}
	return seriesColors[order[i%len(order)]]
}

// images returns the copies of a point, whole turns apart, inside the box.
func images(x [2]float64, box Box) (in [][2]float64) {
	x = [2]float64{wrapAngle(x[0]), wrapAngle(x[1])}
	for i := -1.; i <= 1; i++ {
		for j := -1.; j <= 1; j++ {
			y := [2]float64{x[0] + 360*i, x[1] + 360*j}
			if box.contains(y) {
				in = append(in, y)
			}
		}
	}
	return in
}

// move calls line with the short way from a to b, once per copy of it that
// may be seen.
func (p panel) move(a, b [2]float64, line func(a, b [2]float64)) {
	a = [2]float64{wrapAngle(a[0]), wrapAngle(a[1])}
	d := [2]float64{wrapAngle(b[0] - a[0]), wrapAngle(b[1] - a[1])}
	for i := -1.; i <= 1; i++ {
		for j := -1.; j <= 1; j++ {
			from := [2]float64{a[0] + 360*i, a[1] + 360*j}
			to := [2]float64{from[0] + d[0], from[1] + d[1]}
			if max(from[0], to[0]) < p.box.XMin || min(from[0], to[0]) > p.box.XMax ||
				max(from[1], to[1]) < p.box.YMin || min(from[1], to[1]) > p.box.YMax {
				continue
			}
			line(from, to)
		}
	}
}

// glyphs draws a glyph at all copies of a point.
func (p panel) glyphs(x [2]float64, shape draw.GlyphDrawer, clr color.Color, radius vg.Length) {
	for _, y := range images(x, p.box) {
		p.DrawGlyphNoClip(draw.GlyphStyle{Color: clr, Radius: radius, Shape: shape}, p.pt(y))
	}
}

// crossGlyph is an upright cross turned by 45 degrees, with a white rim.
type crossGlyph struct{}

// DrawGlyph implements draw.GlyphDrawer.
func (crossGlyph) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, pt vg.Point) {
	r := sty.Radius
	for _, s := range []draw.LineStyle{{Color: color.White, Width: 3.8}, {Color: sty.Color, Width: 2}} {
		c.StrokeLine2(s, pt.X-r, pt.Y-r, pt.X+r, pt.Y+r)
		c.StrokeLine2(s, pt.X-r, pt.Y+r, pt.X+r, pt.Y-r)
	}
}

func (f PhasePlot) check() error {
	if len(f.Panels) == 0 {
		return errors.New("no panels given")
	}
	if f.Box != (Box{}) {
		if err := f.Box.check(); err != nil {
			return err
		}
		if f.Box.XMin < -360 || f.Box.XMax > 360 || f.Box.YMin < -360 || f.Box.YMax > 360 {
			return fmt.Errorf("box [%g, %g] x [%g, %g] reaches beyond ±360 degrees", f.Box.XMin, f.Box.XMax, f.Box.YMin, f.Box.YMax)
		}
	}
	if f.Tick != 0 && !(f.Tick >= 1 && f.Tick <= 180) {
		return fmt.Errorf("tick %g: give 1 to 180 degrees, such as 60 or 90", f.Tick)
	}
	for i, p := range f.Panels {
		where := fmt.Sprintf("panel %d (%s)", i, firstLine(p.Title))
		if len(p.Moves) == 0 {
			return fmt.Errorf("%s has no moves", where)
		}
		if p.Truth != nil {
			if err := checkCloud(where+", Truth", p.Truth, 1); err != nil {
				return err
			}
		}
		if p.Points != nil {
			if err := checkCloud(where+", Points", p.Points, 1); err != nil {
				return err
			}
		}
		for _, m := range p.Moves {
			if len(m.Paths) == 0 {
				return fmt.Errorf("%s, move %q has no paths", where, m.Name)
			}
			if p.Truth != nil && len(m.Paths) != len(p.Truth) {
				return fmt.Errorf("%s, move %q has %d paths for %d true points: give one per path", where, m.Name, len(m.Paths), len(p.Truth))
			}
			for k, path := range m.Paths {
				if err := checkCloud(fmt.Sprintf("%s, move %q, path %d", where, m.Name, k), path, 2); err != nil {
					return err
				}
			}
		}
	}
	return checkBasins(f.Basins)
}
