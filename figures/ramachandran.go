package figures

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// RamachandranPanel is one set of dihedral angles of [Ramachandran].
type RamachandranPanel struct {
	Title string // "\n" breaks it; lines after the first are small
	// Frames are the angles (φ, ψ) in degrees, indexed [frame][residue], in
	// order of time. Angles of any turn are wrapped to [-180, 180).
	Frames [][][2]float64
	// Density shows the share of the pairs in each cell of the plane, in a
	// logarithmic scale, instead of points.
	Density bool
}

// Ramachandran draws the plane of the backbone angles φ and ψ (G. N.
// Ramachandran, C. Ramakrishnan and V. Sasisekharan, J. Mol. Biol. 7, 1963):
// panels of points, where the first frames are black and the last ones blue
// as in figure 5 of the IDFF paper, and panels of densities, all of one scale.
// An empty cell of a density is white.
type Ramachandran struct {
	Panels []RamachandranPanel
	Basins []Basin // outlined and named in each panel; may be nil

	Title   string
	Mark    int     // frames marked at the start and at the end; 0 means 30, or a quarter of the frames where they are fewer than 120; negative none
	Bin     float64 // side of a density's cells in degrees, a divisor of 360; 0 means 5
	Tick    float64 // distance of ticks in degrees; 0 means 90
	Columns int     // panels per row; 0 means up to 4
}

// Colours of frames.
var (
	restColor  = color.RGBA{157, 195, 160, 255} // light green: all frames
	firstColor = color.RGBA{0, 0, 0, 255}
	lastColor  = color.RGBA{20, 70, 240, 255}
)

// Draw draws the figure.
func (r Ramachandran) Draw() (*Figure, error) {
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("figures: Ramachandran: %w", inner(err))
	}
	bin, tick := r.Bin, r.Tick
	if bin == 0 {
		bin = 5
	}
	if tick == 0 {
		tick = 90
	}
	n := len(r.Panels)
	names := make([]string, n)
	clouds, grids := make([][][][2]float64, n), make([]*Grid, n)
	lo, hi := math.Inf(1), math.Inf(-1)
	points, densities := false, false
	least, most := math.MaxInt, 0 // frames marked
	for i, p := range r.Panels {
		names[i] = p.Title
		clouds[i] = r.parts(p.Frames)
		if !p.Density {
			points = true
			k := r.marked(len(p.Frames))
			least, most = min(least, k), max(most, k)
			continue
		}
		densities = true
		all := clouds[i][0]
		grid, err := Histogram2D(all, torusBox, int(math.Round(360/bin)))
		if err != nil {
			return nil, fmt.Errorf("figures: Ramachandran: %w", inner(err))
		}
		for k, v := range grid.Values { // densities to shares
			v *= bin * bin
			grid.Values[k] = v
			if v > 0 {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
		grids[i] = grid
	}
	share := func(v float64) float64 {
		if hi == lo {
			return 0.5
		}
		return math.Log(v/lo) / math.Log(hi/lo)
	}
	heat := func(u float64) float64 { return 0.07 + 0.85*u }
	var entries []legendEntry
	if points {
		disc := polygonGlyph{sides: 24, scale: 1}
		entries = append(entries, legendEntry{text: "all frames", kind: legendDot, color: restColor, marker: disc})
		if most > 0 {
			count := fmt.Sprint(most)
			if least != most {
				count = fmt.Sprintf("%d to %d", least, most)
			}
			entries = append(entries,
				legendEntry{text: "first " + count + " frames", kind: legendDot, color: firstColor, marker: disc},
				legendEntry{text: "last " + count + " frames", kind: legendDot, color: lastColor, marker: seriesMarkers[3]})
		}
	}
	barRoom := vg.Length(0)
	if densities {
		barRoom = 66
	}
	lat := planeLattice(n, r.Columns, torusBox)
	titles := lat.titles(names, 5)
	return lat.withLegend(r.Title, barRoom, entries, func(c draw.Canvas) {
		for i, rp := range r.Panels {
			p := lat.at(c, torusBox, i/lat.cols, i%lat.cols)
			titles[i].draw(c, p.Center().X, p.Max.Y+5)
			if rp.Density {
				p.shares(grids[i], func(v float64) color.Color { return Heat(heat(share(v))) })
			} else {
				radius := Samples{}.radius(len(clouds[i][0]))
				p.dots(clouds[i][0], restColor, radius)
				radius = max(radius, Samples{}.radius(len(clouds[i][1])))
				p.dots(clouds[i][1], firstColor, radius)
				p.diamonds(clouds[i][2], lastColor, radius*1.35)
			}
			p.outlines(r.Basins)
			p.basinNames(r.Basins, clouds[i][0])
			p.frame(inkColor, 0.7)
			p.planeTicks(degreeTicks{tick}, degreeTicks{tick}, "φ (deg)", "ψ (deg)", i+lat.cols >= n, i%lat.cols == 0)
		}
		if densities {
			beside := slices.IndexFunc(r.Panels, func(p RamachandranPanel) bool { return p.Density })
			first := lat.at(c, torusBox, beside/lat.cols, 0)
			x := c.Max.X - lat.margin - barRoom
			bar := subCanvas(c, x+10, first.Min.Y, x+22, first.Max.Y)
			colourBar(bar, lo, hi, true, "share", heat)
			c.FillText(textStyle(8.5, softColor, draw.XLeft, draw.YTop), vg.Point{X: bar.Min.X - 2, Y: bar.Min.Y - 21}, "per "+short(bin)+"° × "+short(bin)+"°")
		}
	})
}

// marked is the number of frames marked at either end.
func (r Ramachandran) marked(frames int) int {
	switch {
	case r.Mark < 0:
		return 0
	case r.Mark > 0:
		return min(r.Mark, frames)
	}
	return min(30, frames/4)
}

// parts returns the wrapped angles of all frames, the first and the last.
func (r Ramachandran) parts(frames [][][2]float64) [][][2]float64 {
	parts := make([][][2]float64, 3)
	mark := r.marked(len(frames))
	for k, f := range frames {
		for _, a := range f {
			w := [2]float64{wrapAngle(a[0]), wrapAngle(a[1])}
			parts[0] = append(parts[0], w)
			if k < mark {
				parts[1] = append(parts[1], w)
			}
			if k >= len(frames)-mark {
				parts[2] = append(parts[2], w)
			}
		}
	}
	return parts
}

// shares paints the cells of a histogram that are not empty.
func (p panel) shares(g *Grid, clr func(v float64) color.Color) {
	dx, dy := (g.X(1)-g.X(0))/2, (g.Y(1)-g.Y(0))/2
	for j := range g.NY {
		for i := range g.NX {
			if v := g.Z(i, j); v > 0 {
				a := p.pt([2]float64{g.X(i) - dx, g.Y(j) - dy})
				b := p.pt([2]float64{g.X(i) + dx, g.Y(j) + dy})
				fillRect(p.Canvas, clr(v), a.X, a.Y, b.X, b.Y)
			}
		}
	}
}

// diamonds draws the points inside the box as small diamonds.
func (p panel) diamonds(pts [][2]float64, clr color.Color, radius vg.Length) {
	p.SetColor(clr)
	for _, x := range pts {
		at := p.pt(x)
		var path vg.Path
		path.Move(vg.Point{X: at.X + radius, Y: at.Y})
		path.Line(vg.Point{X: at.X, Y: at.Y + radius})
		path.Line(vg.Point{X: at.X - radius, Y: at.Y})
		path.Line(vg.Point{X: at.X, Y: at.Y - radius})
		path.Close()
		p.Fill(path)
	}
}

func (r Ramachandran) check() error {
	if len(r.Panels) == 0 {
		return errors.New("no panels given")
	}
	if r.Bin != 0 {
		cells := 360 / r.Bin
		if !(r.Bin > 0) || cells < 2 || cells > 720 || math.Abs(cells-math.Round(cells)) > 1e-9 {
			return fmt.Errorf("bin %g: give degrees that divide 360 in 2 to 720 cells, such as 5", r.Bin)
		}
	}
	if r.Tick != 0 && !(r.Tick >= 5 && r.Tick <= 180) {
		return fmt.Errorf("tick %g: give 5 to 180 degrees, such as 60 or 90", r.Tick)
	}
	for i, p := range r.Panels {
		if err := checkFrames(fmt.Sprintf("panel %d (%s)", i, firstLine(p.Title)), p.Frames); err != nil {
			return err
		}
	}
	return checkBasins(r.Basins)
}
