package figures

import (
	"errors"
	"fmt"
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// StripPanel is one trajectory of [BasinStrip].
type StripPanel struct {
	Title string
	// States are the basins as indices into BasinStrip.Basins, [frame][residue].
	States [][]int
}

// BasinStrip draws the basin of each residue over time as colour, one panel
// per trajectory, such as data and models: residues upwards, the first one at
// the bottom, and time to the right, in the same scale in each panel.
type BasinStrip struct {
	Panels []StripPanel
	Basins []string // their names; one called "none" is light grey

	Title   string
	Step    float64 // time between frames; 0 counts frames
	XLabel  string  // "" means "time (ps)", or "frame" without Step
	YLabel  string  // "" means "residue"
	First   int     // number of the first residue; 0 means 1
	Columns int     // panels per row; 0 means 1
}

// basinColors are the palette of Okabe and Ito, its yellow among them, in an
// order of alternating lightness.
var basinColors = []color.RGBA{
	{0, 114, 178, 255},   // blue
	{230, 159, 0, 255},   // orange
	{240, 228, 66, 255},  // yellow
	{204, 121, 167, 255}, // reddish purple
	{0, 158, 115, 255},   // bluish green
	{86, 180, 233, 255},  // sky blue
	{213, 94, 0, 255},    // vermilion
	{0, 0, 0, 255},       // black
}

// stripColumns is the number of columns at most by which a trajectory is drawn.
const stripColumns = 1200

// Draw draws the figure.
func (b BasinStrip) Draw() (*Figure, error) {
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("figures: BasinStrip: %w", err)
	}
	step, xlabel := b.Step, either(b.XLabel, "time (ps)")
	if step == 0 {
		step, xlabel = 1, either(b.XLabel, "frame")
	}
	first := b.First
	if first == 0 {
		first = 1
	}
	colors := make([]color.RGBA, len(b.Basins))
	entries := make([]legendEntry, len(b.Basins))
	used := 0
	for i, name := range b.Basins {
		if strings.EqualFold(name, "none") {
			colors[i] = color.RGBA{222, 222, 222, 255}
		} else {
			colors[i] = basinColors[used]
			used++
		}
		entries[i] = legendEntry{text: name, kind: legendBand, color: colors[i]}
	}
	n, residues, frames := len(b.Panels), len(b.Panels[0].States[0]), 0
	names := make([]string, n)
	for i, p := range b.Panels {
		names[i] = p.Title
		frames = max(frames, len(p.States))
	}
	cols := min(max(b.Columns, 1), n)
	lat := lattice{rows: (n + cols - 1) / cols, cols: cols, gapX: 14, gapY: 8, left: planeLeft, bottom: planeBottom, margin: 8}
	lat.panel = (vg.Length(10*72) - planeLeft - vg.Length(cols-1)*lat.gapX) / vg.Length(cols)
	lat.snap()
	cell := min(max(vg.Length(150)/vg.Length(residues), 5), 14)
	lat.aspect = float64(max(cell*vg.Length(residues), 40) / lat.panel)
	titles := lat.titles(names, 4)
	box := Box{XMin: 0, XMax: float64(frames) * step, YMin: float64(first) - 0.5, YMax: float64(first+residues) - 0.5}
	return lat.withLegend(b.Title, 0, entries, func(c draw.Canvas) {
		for i, sp := range b.Panels {
			p := lat.at(c, box, i/cols, i%cols)
			titles[i].draw(c, p.Center().X, p.Max.Y+4)
			columns := min(len(sp.States), stripColumns)
			at := func(k int) int { return k * len(sp.States) / columns } // the frame of a column
			for r := range residues {
				for from := 0; from < columns; { // a rectangle per stay
					state, to := sp.States[at(from)][r], from+1
					for to < columns && sp.States[at(to)][r] == state {
						to++
					}
					low := p.pt([2]float64{float64(at(from)) * step, float64(first+r) - 0.5})
					high := p.pt([2]float64{float64(at(to)) * step, float64(first+r) + 0.5})
					fillRect(c, colors[state], low.X, low.Y, high.X, high.Y)
					from = to
				}
			}
			end := p.pt([2]float64{float64(len(sp.States)) * step, 0}).X
			for r := 1; r < residues; r++ {
				y := p.pt([2]float64{0, float64(first+r) - 0.5}).Y
				c.StrokeLine2(draw.LineStyle{Color: color.White, Width: 0.5}, p.Min.X, y, end, y)
			}
			p.frame(inkColor, 0.7)
			p.planeTicks(linearTicks{8}, residueTicks{int(p.Max.Y-p.Min.Y) / 13}, xlabel, either(b.YLabel, "residue"), i+cols >= n, i%cols == 0)
		}
	})
}

// residueTicks puts ticks at integers, at most so many.
type residueTicks struct{ most int }

// Ticks implements plot.Ticker.
func (r residueTicks) Ticks(lo, hi float64) []plot.Tick {
	first, last := int(lo+0.5), int(hi-0.5)
	every := 1
	for _, e := range []int{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000} {
		if every = e; (last-first+1)/e <= max(r.most, 1) {
			break
		}
	}
	var out []plot.Tick
	for v := first; v <= last; v++ {
		if every == 1 || v%every == 0 || v == first && every-v%every > (every+1)/2 {
			out = append(out, plot.Tick{Value: float64(v), Label: fmt.Sprint(v)})
		}
	}
	return out
}

func (b BasinStrip) check() error {
	if len(b.Panels) == 0 {
		return errors.New("no panels given")
	}
	named := 0
	for _, name := range b.Basins {
		if !strings.EqualFold(name, "none") {
			named++
		}
	}
	if len(b.Basins) == 0 || named > len(basinColors) {
		return fmt.Errorf("%d basins: give the names of 1 to %d, and \"none\"", named, len(basinColors))
	}
	if b.Step < 0 || !finite(b.Step) {
		return fmt.Errorf("step %g must be a positive time", b.Step)
	}
	if b.First < 0 {
		return fmt.Errorf("first residue %d is negative", b.First)
	}
	residues := 0
	for i, p := range b.Panels {
		where := fmt.Sprintf("panel %d (%s)", i, firstLine(p.Title))
		if len(p.States) == 0 {
			return fmt.Errorf("%s has no frames", where)
		}
		for k, frame := range p.States {
			if len(frame) == 0 {
				return fmt.Errorf("%s, frame %d is empty", where, k)
			}
			if residues == 0 {
				residues = len(frame)
			}
			if len(frame) != residues {
				return fmt.Errorf("%s, frame %d has %d residues, frame 0 of panel 0 has %d", where, k, len(frame), residues)
			}
			for r, s := range frame {
				if s < 0 || s >= len(b.Basins) {
					return fmt.Errorf("%s, frame %d, residue %d: basin %d is not in 0 to %d, the basins named", where, k, r, s, len(b.Basins)-1)
				}
			}
		}
	}
	return nil
}
