package figures

import (
	"errors"
	"fmt"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Style says how a cloud of samples is drawn.
type Style int

const (
	// Points draws each sample as a small dot.
	Points Style = iota
	// Density draws the filled kernel density estimate.
	Density
	// Histogram draws the counts in square cells.
	Histogram
)

// Cloud is one panel of [Samples].
type Cloud struct {
	Title  string // "\n" breaks it; lines after the first are small
	Points [][2]float64
	// Under is drawn in grey below Points, such as the true data; may be nil.
	Under [][2]float64
}

// Samples draws clouds of samples side by side, each panel with its own
// limits unless Box or SameBox is set.
type Samples struct {
	Clouds []Cloud

	Title   string
	Style   Style
	Columns int     // panels per row; 0 means up to 5
	Box     Box     // limits of all panels; zero: around each cloud
	SameBox bool    // limits around all clouds together
	Radius  float64 // of a dot, in points; 0 chooses by the number of points
	// Bandwidth is the factor on Scott's bandwidth for Density; 0 means 1.
	// Fine structure, as of spirals, wants about 0.4.
	Bandwidth float64
}

// Draw draws the figure.
func (s Samples) Draw() (*Figure, error) {
	fail := func(err error) (*Figure, error) { return nil, fmt.Errorf("figures: Samples: %w", err) }
	n := len(s.Clouds)
	if n == 0 {
		return fail(errors.New("no clouds given"))
	}
	if s.Style < Points || s.Style > Histogram {
		return fail(fmt.Errorf("unknown style %d: valid are Points, Density, Histogram", s.Style))
	}
	var all [][][2]float64
	for i, c := range s.Clouds {
		where := fmt.Sprintf("cloud %d (%s)", i, firstLine(c.Title))
		least := 1
		if s.Style == Density {
			least = 2
		}
		if err := checkCloud(where, c.Points, least); err != nil {
			return fail(err)
		}
		if c.Under != nil {
			if err := checkCloud(where+", Under", c.Under, 1); err != nil {
				return fail(err)
			}
		}
		all = append(all, c.Points, c.Under)
	}
	cols := s.Columns
	if cols <= 0 {
		cols = min(n, 5)
		if n > 5 {
			cols = (n + (n+4)/5 - 1) / ((n + 4) / 5)
		}
	}
	cols = min(cols, n)
	lat := lattice{rows: (n + cols - 1) / cols, cols: cols, aspect: 1, gapX: 9, gapY: 7, margin: 7}
	lat.panel = min(max(vg.Length(12.9*72)/vg.Length(cols)-lat.gapX, 150), 300)
	boxes := make([]Box, n)
	grids := make([]*Grid, n)
	names := make([]string, n)
	for i, c := range s.Clouds {
		var err error
		switch {
		case s.Box != (Box{}):
			boxes[i], err = s.Box, s.Box.check()
		case s.SameBox:
			boxes[i], err = BoxOf(0.06, all...)
		case s.Style == Density:
			boxes[i], err = truthBox(c.Points)
		default:
			boxes[i], err = BoxOf(0.06, c.Points, c.Under)
		}
		if err == nil && s.Style == Density {
			grids[i], err = KDE(c.Points, boxes[i], 120, s.Bandwidth)
		}
		if err == nil && s.Style == Histogram {
			grids[i], err = Histogram2D(c.Points, boxes[i], 50)
		}
		if err != nil {
			return fail(fmt.Errorf("cloud %d (%s): %w", i, firstLine(c.Title), err))
		}
		names[i] = c.Title
	}
	if s.Box != (Box{}) {
		lat.aspect = (s.Box.YMax - s.Box.YMin) / (s.Box.XMax - s.Box.XMin)
	}
	titles := lat.titles(names, 5)
	return lat.figure(s.Title, 0, func(c draw.Canvas) {
		for i, cloud := range s.Clouds {
			p := lat.at(c, boxes[i], i/cols, i%cols)
			titles[i].draw(c, p.Center().X, p.Max.Y+5)
			switch s.Style {
			case Density:
				p.density(grids[i], nil, cloud.Points)
			case Histogram:
				p.cells(grids[i])
			}
			if s.Style == Points {
				p.dots(cloud.Under, fade(cloudColor, 0.45), s.radius(len(cloud.Under)))
				p.dots(cloud.Points, translucent(seriesColors[0], 0.55), s.radius(len(cloud.Points)))
			}
			p.frame(inkColor, 0.7)
		}
	})
}

// radius makes many points small.
func (s Samples) radius(n int) vg.Length {
	switch {
	case s.Radius > 0:
		return vg.Length(s.Radius)
	case n > 3000:
		return 0.75
	case n > 800:
		return 1
	case n > 200:
		return 1.5
	}
	return 2
}

// cells paints a histogram's cells.
func (p panel) cells(g *Grid) {
	top := g.max()
	if top == 0 {
		return
	}
	dx, dy := (g.X(1)-g.X(0))/2, (g.Y(1)-g.Y(0))/2
	for j := range g.NY {
		for i := range g.NX {
			if v := g.Z(i, j); v > 0 {
				a := p.pt([2]float64{g.X(i) - dx, g.Y(j) - dy})
				b := p.pt([2]float64{g.X(i) + dx, g.Y(j) + dy})
				fillRect(p.Canvas, Heat(0.06+0.9*v/top), a.X, a.Y, b.X, b.Y)
			}
		}
	}
}
