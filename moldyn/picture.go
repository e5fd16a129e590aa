package moldyn

import (
	"fmt"

	"github.com/idff-go/workbench/figures"
	"github.com/idff-go/workbench/idffnb/metric"
)

// Basins are those of metric.BasinOf, as boxes to draw; psi of 240 is -120.
func Basins() []figures.Basin {
	return []figures.Basin{
		{Name: "αR", Boxes: []figures.Box{{XMin: -160, XMax: -20, YMin: -120, YMax: 50}}},
		{Name: "β", Boxes: []figures.Box{{XMin: -180, XMax: -90, YMin: 50, YMax: 240}, {XMin: 160, XMax: 180, YMin: 110, YMax: 180}}},
		{Name: "PPII", Boxes: []figures.Box{{XMin: -90, XMax: -20, YMin: 50, YMax: 240}}},
		{Name: "αL", Boxes: []figures.Box{{XMin: 20, XMax: 125, YMin: -50, YMax: 110}}},
	}
}

// basinNames are those of metric.Basin's values, as BasinStrip takes them.
var basinNames = []string{metric.NoBasin: "none", metric.AlphaR: "αR", metric.Beta: "β", metric.PPII: "PPII", metric.AlphaL: "αL"}

// PhiPsi cuts angles [..., 2 residues] in degrees into [frame][residue] = (phi, psi), as figures take them. It panics if they are no whole frames.
func PhiPsi(angles []float32, residues int) [][][2]float64 {
	if residues < 1 || len(angles)%(2*residues) != 0 {
		panic(fmt.Sprintf("moldyn: %d angles are no frames of %d residues", len(angles), residues))
	}
	var frames [][][2]float64
	for i := 0; i < len(angles); i += 2 * residues {
		var row [][2]float64
		for j := i; j < i+2*residues; j += 2 {
			row = append(row, [2]float64{float64(angles[j]), float64(angles[j+1])})
		}
		frames = append(frames, row)
	}
	return frames
}

// Series are phi and psi of a residue, counted from 0, in frames of a truth and of a forecast, every so many ps.
func Series(truth, forecast []float32, residues, residue int, ps float64) figures.AngleSeries {
	s := figures.AngleSeries{Rows: []figures.AngleRow{{Name: "φ (deg)"}, {Name: "ψ (deg)"}}}
	for k, frame := range PhiPsi(truth, residues) {
		s.Times = append(s.Times, float64(k)*ps)
		for j := range 2 {
			s.Rows[j].Truth = append(s.Rows[j].Truth, frame[residue][j])
		}
	}
	for _, frame := range PhiPsi(forecast, residues) {
		for j := range 2 {
			s.Rows[j].Forecast = append(s.Rows[j].Forecast, frame[residue][j])
		}
	}
	return s
}

// Maps are the Ramachandran densities of trajectories, with a title each.
func Maps(titles []string, runs ...metric.Peptide) figures.Ramachandran {
	f := figures.Ramachandran{Basins: Basins()}
	for i, p := range runs {
		f.Panels = append(f.Panels, figures.RamachandranPanel{Title: titles[i], Frames: PhiPsi(p.Angles, p.Residues), Density: true})
	}
	return f
}

// Strips are the basins of each residue over time in the first trajectory of each run, with a title each; first is the number of the first residue.
func Strips(titles []string, first int, runs ...metric.Peptide) (figures.BasinStrip, error) {
	f := figures.BasinStrip{Basins: basinNames, First: first, Columns: 2}
	for i, p := range runs {
		states, err := metric.AssignBasins(p.Angles[:p.Frames*p.Residues*2])
		if err != nil {
			return f, fmt.Errorf("moldyn: %s: %w", titles[i], err)
		}
		strip := figures.StripPanel{Title: titles[i]}
		for k := range p.Frames {
			var row []int
			for _, b := range states[k*p.Residues : (k+1)*p.Residues] {
				row = append(row, int(b))
			}
			strip.States = append(strip.States, row)
		}
		f.Panels, f.Step = append(f.Panels, strip), p.PS
	}
	return f, nil
}

// MustStrips is Strips for notebooks.
func MustStrips(titles []string, first int, runs ...metric.Peptide) figures.BasinStrip {
	return must(Strips(titles, first, runs...))
}

// Helix is the helix fraction over time, the mean of the trajectories of each run, with a name each.
func Helix(names []string, runs ...metric.Peptide) (figures.Lines, error) {
	f := figures.Lines{Title: "helix fraction, mean of the trajectories", XLabel: "time (ps)", YLabel: "share of residues"}
	for i, p := range runs {
		s, err := p.Judge(p, p.Angles)
		if err != nil {
			return f, fmt.Errorf("moldyn: %s: %w", names[i], err)
		}
		line := figures.Series{Name: names[i], Y: s.Helix}
		for k := range s.Helix {
			line.X = append(line.X, float64(k+1)*p.PS)
		}
		f.Series = append(f.Series, line)
	}
	return f, nil
}

// MustHelix is Helix for notebooks.
func MustHelix(names []string, runs ...metric.Peptide) figures.Lines {
	return must(Helix(names, runs...))
}
