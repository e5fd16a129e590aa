package figures

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// MomentumPanel is one data set of [Momentum].
type MomentumPanel struct {
	Title   string
	Samples [][2]float64 // grey cloud: the final samples
	// Paths are few-step trajectories, indexed [path][step].
	Paths [][][2]float64
	// Momenta[p][k] is the momentum term at Paths[p][k]; a path of K+1 states
	// has K or K+1 of them.
	Momenta [][][2]float64
	// Reference are many-step trajectories from the same starts, indexed
	// [path][step]; nil draws none.
	Reference [][][2]float64
}

// Momentum is the figure of the momentum term (Fig. 2A of the IDFF paper): for
// some starts the few-step path as a chain of blue arrows, the momentum term
// at each of its states as a red arrow, and the path of conditional flow
// matching in many steps, green and dotted, over the samples in grey.
type Momentum struct {
	Panels []MomentumPanel

	// Scale multiplies the momentum arrows' lengths; 0 chooses for each panel
	// so that the 90th percentile is an eighth of the panel's width.
	Scale   float64
	Columns int // panels per row; 0 means 2 for four panels, else up to 3

	// Names in the legend; "" gives the defaults "samples", "IDFF path",
	// "momentum term ξₜ" and "OT-CFM path".
	SamplesName, PathName, MomentumName, ReferenceName string
}

// Draw draws the figure.
func (m Momentum) Draw() (*Figure, error) {
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("figures: Momentum: %w", inner(err))
	}
	n := len(m.Panels)
	cols := m.Columns
	if cols <= 0 {
		cols = min(n, 3)
		if n == 4 {
			cols = 2
		}
	}
	cols = min(cols, n)
	lat := lattice{rows: (n + cols - 1) / cols, cols: cols, aspect: 1, gapX: 10, gapY: 8, margin: 8}
	lat.panel = min(max(vg.Length(12.5*72)/vg.Length(cols)-lat.gapX, 200), 325)
	boxes := make([]Box, n)
	scales := make([]float64, n)
	titles := make([]block, n)
	hasRef := false
	for i, p := range m.Panels {
		clouds := append([][][2]float64{p.Samples}, p.Paths...)
		b, err := BoxOf(0.05, append(clouds, p.Reference...)...)
		if err != nil {
			return nil, fmt.Errorf("figures: Momentum: panel %d: %w", i, inner(err))
		}
		boxes[i] = b
		hasRef = hasRef || len(p.Reference) > 0
		scales[i] = m.Scale
		if scales[i] == 0 {
			scales[i] = p.scale((b.XMax - b.XMin) / 8)
		}
		title := p.Title
		if scales[i] != 1 && len(p.Momenta) > 0 {
			title += fmt.Sprintf("\nmomentum arrows × %.2g", scales[i])
		}
		titles[i] = layTitle(title, lat.panel, 12)
		lat.top = max(lat.top, titles[i].height()+5)
	}
	or := func(s, def string) string {
		if s == "" {
			return def
		}
		return s
	}
	entries := []legendEntry{
		{text: or(m.SamplesName, "samples"), kind: legendDot, color: cloudColor},
		{text: or(m.PathName, "IDFF path"), kind: legendArrow, color: pathBlue, width: 1.6},
		{text: or(m.MomentumName, "momentum term ξₜ"), kind: legendArrow, color: momentumRed, width: 1.1},
	}
	if hasRef {
		entries = append(entries, legendEntry{text: or(m.ReferenceName, "OT-CFM path"), kind: legendArrow,
			color: fineGreen, width: 1.5, dashes: []vg.Length{1.5, 2}})
	}
	w, _ := lat.size()
	leg := layLegend(entries, vg.Length(w)*vg.Inch-20)
	lat.bottom = leg.height() + 6
	w, h := lat.size()
	return NewFigure(w, h, func(c draw.Canvas) {
		for i, mp := range m.Panels {
			p := lat.at(c, boxes[i], i/cols, i%cols)
			titles[i].draw(c, p.Center().X, p.Max.Y+5)
			p.dots(mp.Samples, fade(cloudColor, 0.55), 0.9)
			for _, r := range mp.Reference {
				p.line(r, draw.LineStyle{Color: fineGreen, Width: 1.5, Dashes: []vg.Length{1.5, 2}})
				p.tip(r, fineGreen)
			}
			for _, path := range mp.Paths {
				for k := 1; k < len(path); k++ {
					p.arrow(path[k-1], path[k], pathBlue, 1.6, 7, nil)
				}
				p.dots(path[:1], inkColor, 1.8)
			}
			for s, xi := range mp.Momenta {
				for k, v := range xi {
					x := mp.Paths[s][k]
					p.arrow(x, [2]float64{x[0] + scales[i]*v[0], x[1] + scales[i]*v[1]}, momentumRed, 1.05, 6.5, nil)
				}
			}
			p.frame(fade(inkColor, 0.5), 0.6)
		}
		leg.draw(c, c.Center().X, c.Min.Y+lat.margin+leg.height())
	})
}

// tip draws an arrow head at the end of a polyline.
func (p panel) tip(path [][2]float64, clr interface{ RGBA() (r, g, b, a uint32) }) {
	n := len(path)
	if n < 2 || !p.box.contains(path[n-1]) {
		return
	}
	b := p.pt(path[n-1])
	for k := n - 2; k >= 0; k-- { // a direction over more than one fine step
		d := b.Sub(p.pt(path[k]))
		if l := vg.Length(math.Hypot(float64(d.X), float64(d.Y))); l > 5 || (k == 0 && l > 0.5) {
			p.head(b, vg.Point{X: d.X / l, Y: d.Y / l}, clr, 7)
			return
		}
	}
}

// scale makes the 90th percentile of the momentum's lengths equal to want.
func (p MomentumPanel) scale(want float64) float64 {
	var l []float64
	for _, xi := range p.Momenta {
		for _, v := range xi {
			if d := math.Hypot(v[0], v[1]); d > 0 {
				l = append(l, d)
			}
		}
	}
	if len(l) == 0 {
		return 1
	}
	slices.Sort(l)
	s := want / l[len(l)*9/10]
	// Two significant digits, so that the caption states the scale exactly.
	unit := math.Pow(10, math.Floor(math.Log10(s))-1)
	return math.Round(s/unit) * unit
}

func (m Momentum) check() error {
	if len(m.Panels) == 0 {
		return errors.New("no panels given")
	}
	if !finite(m.Scale) || m.Scale < 0 {
		return fmt.Errorf("scale %g must be positive, or 0 to choose it", m.Scale)
	}
	for i, p := range m.Panels {
		where := fmt.Sprintf("panel %d (%s)", i, firstLine(p.Title))
		if err := checkCloud(where+", Samples", p.Samples, 1); err != nil {
			return err
		}
		if len(p.Paths) == 0 {
			return fmt.Errorf("%s has no paths", where)
		}
		if len(p.Momenta) != len(p.Paths) {
			return fmt.Errorf("%s has %d paths but momenta for %d", where, len(p.Paths), len(p.Momenta))
		}
		for s, path := range p.Paths {
			if err := checkCloud(fmt.Sprintf("%s, path %d", where, s), path, 2); err != nil {
				return err
			}
			if k := len(p.Momenta[s]); k != len(path) && k != len(path)-1 {
				return fmt.Errorf("%s, path %d has %d states but %d momenta: give one per state or one per step", where, s, len(path), k)
			}
			if err := checkCloud(fmt.Sprintf("%s, momenta of path %d", where, s), p.Momenta[s], 1); err != nil {
				return err
			}
		}
		for s, path := range p.Reference {
			if err := checkCloud(fmt.Sprintf("%s, reference path %d", where, s), path, 2); err != nil {
				return err
			}
		}
	}
	return nil
}
