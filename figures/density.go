package figures

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// DensityPanel is one density of a [DensityMap].
type DensityPanel struct {
	Title string // "\n" breaks it; lines after the first are small
	// LogP is the logarithm of the density, in nats, at DensityMap.Box.Points(n),
	// n x n values for any n of at least 2; -Inf where there is none.
	LogP   []float64
	Points [][2]float64 // drawn over the density, such as data; may be nil
}

// DensityMap draws densities that are known by their logarithm at the nodes of
// a grid, such as the log-likelihoods of a flow, side by side. All panels have
// the same limits and colours. Each says what its density sums to over the
// box: less than 1 where mass lies outside, and another number too where the
// grid is too coarse for what it shows.
type DensityMap struct {
	Panels []DensityPanel
	Box    Box // the limits: the grid's

	Title   string
	Log     bool      // colours for log p in place of p
	Floor   float64   // with Log: nats below the top that are drawn as nothing; 0 means 12
	Top     float64   // the density of the darkest colour; 0: the highest of all panels
	Mass    []float64 // contours that hold these shares of a panel's mass, such as .5 and .9; nil: none
	Columns int       // panels per row; 0 means up to 4
}

// densityBands is the number of colours.
const densityBands = 32

// Draw draws the figure.
func (d DensityMap) Draw() (*Figure, error) {
	n, top, err := d.check()
	if err != nil {
		return nil, fmt.Errorf("figures: DensityMap: %w", err)
	}
	lo, hi, name := 0., math.Exp(top), "p(x)"
	if d.Log {
		floor := d.Floor
		if floor == 0 {
			floor = 12
		}
		lo, hi, name = top-floor, top, "log p(x)"
	}
	heat := func(u float64) float64 { return 0.012 + 0.66*math.Floor(u*densityBands)/densityBands }

	panels := len(d.Panels)
	cols := d.Columns
	if cols <= 0 {
		cols = wrapped(panels)
	}
	cols = min(cols, panels)
	lat := lattice{rows: (panels + cols - 1) / cols, cols: cols, aspect: (d.Box.YMax - d.Box.YMin) / (d.Box.XMax - d.Box.XMin), gapX: 9, gapY: 8, margin: 8}
	lat.panel = min(max(vg.Length(12.2*72)/vg.Length(cols)-lat.gapX, 150), 320)
	lat.snap()
	names := make([]string, panels)
	shown, dense := make([]*Grid, panels), make([]*Grid, panels)
	for i, p := range d.Panels {
		names[i] = p.Title
		dense[i] = &Grid{Box: d.Box, NX: n[i], NY: n[i], Values: make([]float64, len(p.LogP))}
		shown[i] = dense[i]
		for k, l := range p.LogP {
			dense[i].Values[k] = math.Exp(l)
		}
		if d.Log {
			shown[i] = &Grid{Box: d.Box, NX: n[i], NY: n[i], Values: make([]float64, len(p.LogP))}
			for k, l := range p.LogP {
				shown[i].Values[k] = max(l, lo-1) // finite, so that contours have their place
			}
		}
	}
	titles := lat.titles(names, 5)
	const barRoom = 62
	return lat.figure(d.Title, barRoom, func(c draw.Canvas) {
		for i, dp := range d.Panels {
			p := lat.at(c, d.Box, i/cols, i%cols)
			titles[i].draw(c, p.Center().X, p.Max.Y+5)
			fillRect(p.Canvas, Heat(heat(0)), p.Min.X, p.Min.Y, p.Max.X, p.Max.Y)
			for k := 1; k < densityBands; k++ {
				u := float64(k) / densityBands
				var v vg.Path
				for _, path := range shown[i].Regions(lo + u*(hi-lo)) {
					v = p.vgPath(v, path)
				}
				if len(v) > 0 {
					p.SetColor(Heat(heat(u)))
					p.Fill(v)
				}
			}
			p.dots(dp.Points, translucent(inkColor, 0.75), Samples{}.radius(len(dp.Points)))
			for _, share := range d.Mass {
				for _, level := range dense[i].MassLevels(1 - share) {
					p.paths(dense[i].Contours(level), draw.LineStyle{Color: lineBlue, Width: 0.75})
				}
			}
			p.note(fmt.Sprintf("mass %.3f", dense[i].mass()))
			p.frame(inkColor, 0.7)
		}
		first := lat.at(c, d.Box, 0, 0)
		x := c.Max.X - lat.margin - barRoom
		colourBar(subCanvas(c, x+8, first.Min.Y, x+20, first.Max.Y), lo, hi, false, name, heat)
	})
}

// mass is the sum of the values times the area of a cell, by the trapezoid rule.
func (g *Grid) mass() float64 {
	sum := 0.
	for j := range g.NY {
		for i := range g.NX {
			v := g.Z(i, j)
			if i == 0 || i == g.NX-1 {
				v /= 2
			}
			if j == 0 || j == g.NY-1 {
				v /= 2
			}
			sum += v
		}
	}
	return sum * (g.X(1) - g.X(0)) * (g.Y(1) - g.Y(0))
}

// check returns the nodes per axis of each panel, and the logarithm of the top.
func (d DensityMap) check() (n []int, top float64, err error) {
	switch {
	case len(d.Panels) == 0:
		return nil, 0, errors.New("no panels given")
	case d.Floor != 0 && !(d.Floor > 0 && finite(d.Floor)):
		return nil, 0, fmt.Errorf("floor %g must be a positive number of nats", d.Floor)
	case d.Top != 0 && !(d.Top > 0 && finite(d.Top)):
		return nil, 0, fmt.Errorf("top %g must be a positive density", d.Top)
	}
	if err := d.Box.check(); err != nil {
		return nil, 0, err
	}
	for _, m := range d.Mass {
		if !(m > 0 && m < 1) {
			return nil, 0, fmt.Errorf("a contour around the share %g of the mass: shares must lie between 0 and 1", m)
		}
	}
	top = math.Inf(-1)
	for i, p := range d.Panels {
		where := fmt.Sprintf("panel %d (%s)", i, firstLine(p.Title))
		side := int(math.Round(math.Sqrt(float64(len(p.LogP)))))
		if side < 2 || side*side != len(p.LogP) {
			return nil, 0, fmt.Errorf("%s has %d values of LogP: give one at each of Box.Points(n), n x n with n of at least 2", where, len(p.LogP))
		}
		for k, l := range p.LogP {
			if math.IsNaN(l) || l > 700 {
				return nil, 0, fmt.Errorf("%s: LogP[%d] is %g: want numbers below 700, or -Inf", where, k, l)
			}
			top = max(top, l)
		}
		if p.Points != nil {
			if err := checkCloud(where+", Points", p.Points, 1); err != nil {
				return nil, 0, err
			}
		}
		n = append(n, side)
	}
	if math.IsInf(top, -1) {
		return nil, 0, errors.New("every density is 0 at all nodes: there is nothing to show")
	}
	if d.Top > 0 {
		top = math.Log(d.Top)
	}
	return n, top, nil
}
