package figures

import (
	"errors"
	"fmt"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Trajectories draws the ways of some samples, one panel per method, over the
// true data in grey: a line through all states, a dot at each, the start a
// disc and the end a diamond. It shows the first of the samples, which are a fair
// choice where those far from each other, as in [KDEGrid], are unusual ones.
// All panels have the same limits.
type Trajectories struct {
	// Panels[i].Trajectory holds all states of all samples, [time][point]:
	// the start, the state after each step, the end. Panels may differ in
	// their numbers of steps.
	Panels []KDEColumn
	Truth  [][2]float64 // samples of the true data; nil draws none

	Title   string
	Paths   int // number of trajectories; 0 means 40
	Columns int // panels per row; 0 means up to 4
	// Box gives the limits; zero: around Truth and all starts drawn, and as
	// much wider, by half at most, as the other states drawn need.
	Box Box
}

// Draw draws the figure.
func (t Trajectories) Draw() (*Figure, error) {
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("figures: Trajectories: %w", inner(err))
	}
	shown := t.Paths
	if shown == 0 {
		shown = 40
	}
	n := len(t.Panels)
	ways := make([][][][2]float64, n) // [panel][path][time]
	for i, p := range t.Panels {
		for k := range min(shown, len(p.Trajectory[0])) {
			way := make([][2]float64, len(p.Trajectory))
			for s, cloud := range p.Trajectory {
				way[s] = cloud[k]
			}
			ways[i] = append(ways[i], way)
		}
	}
	box, err := t.limits(ways)
	if err != nil {
		return nil, fmt.Errorf("figures: Trajectories: %w", inner(err))
	}
	cols := t.Columns
	if cols <= 0 {
		cols = wrapped(n)
	}
	cols = min(cols, n)
	lat := lattice{rows: (n + cols - 1) / cols, cols: cols, aspect: (box.YMax - box.YMin) / (box.XMax - box.XMin),
		gapX: 9, gapY: 8, margin: 8}
	lat.panel = min(max(vg.Length(12.9*72)/vg.Length(cols)-lat.gapX, 150), 350)
	lat.snap()
	names := make([]string, n)
	for i, p := range t.Panels {
		names[i] = p.Title
	}
	titles := lat.titles(names, 5)
	var entries []legendEntry
	if t.Truth != nil {
		entries = append(entries, legendEntry{text: "data", kind: legendDot, color: fade(cloudColor, 0.7)})
	}
	entries = append(entries,
		legendEntry{text: "start", kind: legendDot, color: startColor, marker: startGlyph},
		legendEntry{text: "path, a dot per step", color: wayColor, width: wayWidth, marker: stateGlyph},
		legendEntry{text: "end", kind: legendDot, color: endColor, marker: endGlyph})
	w, _ := lat.size()
	leg := layLegend(entries, vg.Length(w)*vg.Inch-20)
	lat.bottom = leg.height() + 6
	return lat.figure(t.Title, 0, func(c draw.Canvas) {
		leg.draw(c, c.Center().X, c.Min.Y+lat.margin+leg.height())
		for i := range t.Panels {
			p := lat.at(c, box, i/cols, i%cols)
			titles[i].draw(c, p.Center().X, p.Max.Y+5)
			p.dots(t.Truth, fade(cloudColor, 0.4), Samples{}.radius(len(t.Truth)))
			p.ways(ways[i])
			p.frame(inkColor, 0.7)
		}
	})
}

// The signs of Trajectories.
var (
	wayColor   = lineBlue
	startColor = seriesColors[4] // as in KDEGrid
	endColor   = seriesColors[1]
	startGlyph = seriesMarkers[0]
	endGlyph   = seriesMarkers[3]
	stateGlyph = polygonGlyph{sides: 24, scale: 0.6}
)

const wayWidth = 0.9

// ways draws trajectories [path][time].
func (p panel) ways(ways [][][2]float64) {
	for _, way := range ways {
		p.line(way, draw.LineStyle{Color: translucent(wayColor, 0.75), Width: wayWidth})
	}
	leave := 0
	for _, way := range ways {
		if n := len(way) - 1; n <= 40 { // more dots than that hide the line
			radius := vg.Length(1.6)
			if n > 12 {
				radius = 1.1
			}
			p.dots(way[1:n], wayColor, radius)
		}
		for _, x := range way {
			if !p.box.contains(x) {
				leave++
				break
			}
		}
	}
	mark := func(x [2]float64, sty draw.GlyphStyle) {
		if p.box.contains(x) {
			p.DrawGlyphNoClip(sty, p.pt(x))
		}
	}
	for _, way := range ways {
		mark(way[0], draw.GlyphStyle{Color: startColor, Radius: 2.1, Shape: startGlyph})
	}
	for _, way := range ways {
		mark(way[len(way)-1], draw.GlyphStyle{Color: endColor, Radius: 2.4, Shape: endGlyph})
	}
	if leave > 0 {
		p.note(fmt.Sprintf("%d of %d leave the panel", leave, len(ways)))
	}
}

// limits finds common limits that paths which fly off do not stretch.
func (t Trajectories) limits(ways [][][][2]float64) (Box, error) {
	if t.Box != (Box{}) {
		return t.Box, t.Box.check()
	}
	var starts, states [][2]float64
	for _, panel := range ways {
		for _, way := range panel {
			starts = append(starts, way[0])
			states = append(states, way...)
		}
	}
	if t.Truth == nil {
		return BoxOf(0.05, states)
	}
	most, err := BoxOf(0.5, t.Truth, starts)
	if err != nil {
		return Box{}, err
	}
	var near [][2]float64
	for _, x := range states {
		if most.contains(x) {
			near = append(near, x)
		}
	}
	return BoxOf(0.05, t.Truth, starts, near)
}

func (t Trajectories) check() error {
	if len(t.Panels) == 0 {
		return errors.New("no panels: give one KDEColumn per method")
	}
	if t.Paths < 0 {
		return fmt.Errorf("%d paths: give a positive number, or 0 for 40", t.Paths)
	}
	if t.Truth != nil {
		if err := checkCloud("Truth", t.Truth, 1); err != nil {
			return err
		}
	}
	for i, p := range t.Panels {
		name := fmt.Sprintf("panel %d (%s)", i, firstLine(p.Title))
		if len(p.Trajectory) < 2 {
			return fmt.Errorf("%s has %d state(s): give at least the start and the end", name, len(p.Trajectory))
		}
		if err := checkStates(p.Trajectory, 1, "state", func(k int) string { return fmt.Sprintf("%s, state %d", name, k) }); err != nil {
			return err
		}
	}
	return nil
}
