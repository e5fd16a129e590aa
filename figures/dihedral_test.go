package figures_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/idff-go/workbench/figures"
)

// The angles of the examples: a peptide that folds, made up.

// basinCentres are the basins' middles (φ, ψ) in degrees: right-handed helix,
// extended, polyproline II, left-handed helix.
var basinCentres = [][2]float64{{-65, -35}, {-130, 155}, {-72, 150}, {57, 45}}

var basinNames = []string{"none", "αR", "β", "PPII", "αL"}

// dihedralBasins are outlines of the basins; two of them go over ±180.
func dihedralBasins() []figures.Basin {
	return []figures.Basin{
		{Name: "αR", Boxes: []figures.Box{{XMin: -160, XMax: -20, YMin: -120, YMax: 50}}},
		{Name: "β", Boxes: []figures.Box{{XMin: -180, XMax: -90, YMin: 50, YMax: 240}, {XMin: 160, XMax: 180, YMin: 110, YMax: 180}}},
		{Name: "PPII", Boxes: []figures.Box{{XMin: -90, XMax: -20, YMin: 50, YMax: 240}}},
		{Name: "αL", Boxes: []figures.Box{{XMin: 20, XMax: 125, YMin: -50, YMax: 110}}},
	}
}

// peptide returns angles [frame][residue] of chains that start extended and
// fold into a helix, and their states as indices into basinNames. hop is the
// chance to leave a basin in one frame.
func peptide(frames, residues int, hop float64, seed uint64) (angles [][][2]float64, states [][]int) {
	r := rand.New(rand.NewPCG(seed, 9))
	state := make([]int, residues)
	for i := range state {
		state[i] = 1 + r.IntN(2)
	}
	for k := range frames {
		angle, now := make([][2]float64, residues), make([]int, residues)
		folded := float64(k) / float64(frames)
		for i := range state {
			if r.Float64() < hop {
				switch u := r.Float64(); {
				case u < folded:
					state[i] = 0
				case u > 0.97:
					state[i] = 3
				default:
					state[i] = 1 + r.IntN(2)
				}
			}
			width := []float64{11, 20, 14, 9}[state[i]]
			c := basinCentres[state[i]]
			x := [2]float64{c[0] + width*r.NormFloat64(), c[1] + width*r.NormFloat64()}
			for a := range x {
				x[a] -= 360 * math.Round(x[a]/360)
			}
			angle[i] = x
			now[i] = state[i] + 1
			if d := math.Hypot(x[0]-c[0], math.Remainder(x[1]-c[1], 360)); d > 2.6*width {
				now[i] = 0
			}
		}
		angles, states = append(angles, angle), append(states, now)
	}
	return angles, states
}

func ramachandran() figures.Ramachandran {
	data, _ := peptide(200, 23, 0.03, 1)
	model, _ := peptide(150, 23, 0.2, 2)
	return figures.Ramachandran{
		Panels: []figures.RamachandranPanel{
			{Title: "data\n200 frames", Frames: data},
			{Title: "generated\n150 frames", Frames: model},
			{Title: "data", Frames: data, Density: true},
			{Title: "generated", Frames: model, Density: true},
		},
		Basins:  dihedralBasins(),
		Columns: 2,
	}
}

// angleSeries has ψ that crosses ±180 and an ensemble about the truth.
func angleSeries() figures.AngleSeries {
	r := rand.New(rand.NewPCG(3, 9))
	s := figures.AngleSeries{Title: "residue 10", ForecastName: "mean of the ensemble", Marks: []float64{60}}
	rows := []figures.AngleRow{{Name: "φ (deg)"}, {Name: "ψ (deg)"}}
	for i := range rows {
		rows[i].Members = make([][]float64, 20)
	}
	centre := [2]float64{-130, 165}
	var x [2]float64
	for k := range 200 {
		s.Times = append(s.Times, 2*float64(k))
		if k == 120 {
			centre = [2]float64{-65, -35}
		}
		for i := range rows {
			x[i] = 0.8*x[i] + 9*r.NormFloat64()
			v := centre[i] + x[i]
			rows[i].Truth = append(rows[i].Truth, math.Remainder(v, 360))
			error := 8 * r.NormFloat64()
			for m := range rows[i].Members {
				rows[i].Members[m] = append(rows[i].Members[m], v+error+10*r.NormFloat64())
			}
		}
	}
	s.Rows = rows
	return s
}

func phasePlot() figures.PhasePlot {
	r := rand.New(rand.NewPCG(4, 9))
	data, _ := peptide(200, 5, 0.05, 1)
	p := figures.PhasePanel{Title: "pair 10\none step of 2 ps, 5 evaluations"}
	for _, f := range data {
		p.Points = append(p.Points, f...)
	}
	starts := [][2]float64{{-140, 150}, {-80, 120}, {-65, -35}, {-100, 30}}
	p.Truth = [][2]float64{{-105, -172}, {-60, 160}, {-75, -20}, {-150, 60}}
	for i, name := range []string{"γ₁ and γ₂", "γ₁ only", "no γ"} {
		m := figures.PhaseMove{Name: name}
		for k, x := range starts {
			path := [][2]float64{x}
			for s := range 5 {
				share := 0.22 - 0.06*float64(i)
				for a := range x {
					x[a] += share*math.Remainder(p.Truth[k][a]-x[a], 360)*(1+0.4*float64(s%2)) + 6*r.NormFloat64()
				}
				path = append(path, x)
			}
			m.Paths = append(m.Paths, path)
		}
		p.Moves = append(p.Moves, m)
	}
	return figures.PhasePlot{Panels: []figures.PhasePanel{p}, Basins: dihedralBasins()}
}

func basinStrip() figures.BasinStrip {
	_, data := peptide(200, 23, 0.03, 1)
	_, model := peptide(200, 23, 0.03, 5)
	_, noisy := peptide(150, 23, 0.3, 2)
	return figures.BasinStrip{
		Panels: []figures.StripPanel{
			{Title: "data, replica 12", States: data},
			{Title: "model", States: model},
			{Title: "a model that hops, 150 frames", States: noisy},
		},
		Basins: basinNames, Step: 2,
	}
}

func horizon() figures.Horizon {
	var h figures.Horizon
	for p, title := range []string{"circular MAE", "CRPS"} {
		panel := figures.HorizonPanel{Title: title, YLabel: title + " (deg)"}
		scale := 30 - 9*float64(p)
		for i, name := range []string{"IDFF, 5 evaluations", "CFM, 5 evaluations", "AR(2)"} {
			c := figures.HorizonCurve{Name: name}
			for k := 1.; k <= 20; k++ {
				y := scale * (1 - math.Exp(-k/(9-2*float64(i)))*0.8)
				c.X, c.Y = append(c.X, 2*k), append(c.Y, y)
				c.Lower, c.Upper = append(c.Lower, y*0.95), append(c.Upper, y*1.07)
			}
			panel.Curves = append(panel.Curves, c)
		}
		persistence := figures.HorizonCurve{Name: "persistence"}
		for k := 1.; k <= 20; k++ {
			persistence.X = append(persistence.X, 2*k)
			persistence.Y = append(persistence.Y, scale*1.4*(1-math.Exp(-k/5)))
		}
		panel.References = []figures.HorizonCurve{persistence, {Name: "climatology", Y: []float64{scale * 1.02}}}
		h.Panels = append(h.Panels, panel)
	}
	h.XLabel = "horizon (ps)"
	return h
}

func ablation() figures.Ablation {
	a := figures.Ablation{
		Title: "RMSE on the training replica", Metric: "RMSE (deg)",
		Rows: []string{"σ = 0.2, γ₁ = 0", "σ = 0.2, γ₁ = 0.2", "σ = 0.5, γ₁ = 0", "σ = 0.5, γ₁ = 0.2"}, Columns: []string{"γ₂ = 0", "γ₂ = 1"},
	}
	for i, title := range []string{"nfe 3\n3 forward", "nfe 5\n5 forward"} {
		p := figures.AblationPanel{Title: title}
		for r := range a.Rows {
			v := 10.2 + 1.7*float64(r) - 2*float64(i)
			p.Values = append(p.Values, []float64{v, v * 1.3})
			p.Spread = append(p.Spread, []float64{0.04 * v, 0.11 * v})
			p.Published = append(p.Published, []float64{v * 0.9, v * 1.1})
		}
		a.Panels = append(a.Panels, p)
	}
	a.Panels[1].Published[2][1], a.Panels[1].Values[3][1] = math.NaN(), math.NaN()
	return a
}

func TestGoldenDihedrals(t *testing.T) {
	single := ramachandran()
	single.Panels, single.Columns, single.Basins, single.Tick = single.Panels[:1], 0, nil, 60
	given := angleSeries()
	given.Zoom, given.Times, given.Marks = true, nil, nil
	for i, row := range given.Rows { // a band that is given, about its own line
		given.Rows[i].Members = nil
		given.Rows[i].Forecast = row.Members[0]
		for k := range row.Truth {
			given.Rows[i].Lower = append(given.Rows[i].Lower, row.Members[1][k]-15)
			given.Rows[i].Upper = append(given.Rows[i].Upper, row.Members[1][k]+25)
		}
	}
	near := phasePlot()
	near.Box = figures.Box{XMin: -200, XMax: -20, YMin: 40, YMax: 220}
	near.Panels = append(near.Panels, near.Panels[0], near.Panels[0])
	bare := ablation()
	bare.Panels, bare.Log, bare.Title = bare.Panels[:1], true, ""
	bare.Panels[0].Published, bare.Panels[0].Spread = nil, nil
	residues := basinStrip()
	_, long := peptide(5000, 4, 0.01, 7)
	residues.Panels, residues.Step, residues.First = []figures.StripPanel{{States: long}, {Title: "again", States: long[:4000]}}, 0, 11
	for _, c := range []struct {
		name string
		d    figures.Drawer
	}{
		{"ramachandran.png", ramachandran()},
		{"ramachandran_points.png", single},
		{"angleseries.png", angleSeries()},
		{"angleseries_given.png", given},
		{"phaseplot.png", phasePlot()},
		{"phaseplot_near.png", near},
		{"basinstrip.png", basinStrip()},
		{"basinstrip_long.png", residues},
		{"horizon.png", horizon()},
		{"ablation.png", ablation()},
		{"ablation_bare.png", bare},
	} {
		t.Run(c.name, func(t *testing.T) { golden(t, c.d, c.name) })
	}
}

// TestDihedralErrors gives each figure of angles bad input: one clear line each, no panic.
func TestDihedralErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	frames := [][][2]float64{{{1, 2}}, {{3, 4}}}
	rama := func(f [][][2]float64) figures.Ramachandran {
		return figures.Ramachandran{Panels: []figures.RamachandranPanel{{Title: "data\n2 frames", Frames: f}}}
	}
	with := func(change func(r *figures.Ramachandran)) figures.Ramachandran {
		r := rama(frames)
		change(&r)
		return r
	}
	two := []float64{1, 2}
	row := func(r figures.AngleRow) figures.AngleSeries {
		r.Name = "φ"
		return figures.AngleSeries{Rows: []figures.AngleRow{r}}
	}
	path := [][2]float64{{0, 0}, {1, 1}}
	phase := func(truth [][2]float64, paths ...[][2]float64) figures.PhasePlot {
		return figures.PhasePlot{Panels: []figures.PhasePanel{{Title: "pair 10", Moves: []figures.PhaseMove{{Name: "no γ", Paths: paths}}, Truth: truth}}}
	}
	strip := func(names int, states ...[]int) figures.BasinStrip {
		return figures.BasinStrip{Basins: make([]string, names), Panels: []figures.StripPanel{{Title: "data", States: states}}}
	}
	line := func(c figures.HorizonCurve) figures.Horizon {
		c.Name = "CFM"
		return figures.Horizon{Panels: []figures.HorizonPanel{{Title: "MAE", Curves: []figures.HorizonCurve{c}}}}
	}
	logarithmic := func(h figures.Horizon, x, y bool) figures.Horizon {
		h.LogX, h.LogY = x, y
		return h
	}
	table := func(p figures.AblationPanel) figures.Ablation {
		return figures.Ablation{Rows: []string{"σ"}, Columns: []string{"a", "b"}, Panels: []figures.AblationPanel{p}}
	}
	values := [][]float64{{1, 2}}
	logTable := table(figures.AblationPanel{Values: [][]float64{{0, 1}}})
	logTable.Log = true
	for _, c := range []struct {
		d    figures.Drawer
		want string
	}{
		{figures.Ramachandran{}, "no panels"},
		{rama(nil), "panel 0 (data) has no frames"},
		{rama([][][2]float64{{}}), "panel 0 (data), frame 0 is empty"},
		{rama([][][2]float64{{{1, 2}}, {{nan, 2}}}), "panel 0 (data), frame 1: 1 of 1 points are not finite"},
		{with(func(r *figures.Ramachandran) { r.Bin = 7 }), "bin 7: give degrees that divide 360"},
		{with(func(r *figures.Ramachandran) { r.Bin = nan }), "bin NaN"},
		{with(func(r *figures.Ramachandran) { r.Bin = -5 }), "bin -5"},
		{with(func(r *figures.Ramachandran) { r.Bin = .1 }), "bin 0.1"},
		{with(func(r *figures.Ramachandran) { r.Tick = 1e-9 }), "tick 1e-09"},
		{with(func(r *figures.Ramachandran) { r.Basins = []figures.Basin{{Name: "β"}} }), "basin 0 (β) has no boxes"},
		{with(func(r *figures.Ramachandran) {
			r.Basins = []figures.Basin{{Name: "β", Boxes: []figures.Box{{XMin: 1, XMax: nan}}}}
		}), "basin 0 (β), box 0: box [1, NaN]"},
		{figures.AngleSeries{}, "no rows"},
		{row(figures.AngleRow{}), "row 0 (φ) has no angles"},
		{row(figures.AngleRow{Truth: []float64{}}), "row 0 (φ), Truth is empty"},
		{row(figures.AngleRow{Truth: []float64{1, nan}}), "row 0 (φ), Truth: 1 of 2 values are not finite, the first at index 1"},
		{row(figures.AngleRow{Truth: two, Forecast: two[:1]}), "has 1 values of Forecast, want 2: one per time"},
		{row(figures.AngleRow{Truth: two, Members: [][]float64{two}}), "has 1 member(s)"},
		{row(figures.AngleRow{Members: [][]float64{two, {1}}}), "has 1 values of Members[1], want 2"},
		{row(figures.AngleRow{Members: [][]float64{two, {1, inf}}}), "Members[1]: 1 of 2"},
		{row(figures.AngleRow{Truth: two, Lower: two}), "one end of the band only"},
		{row(figures.AngleRow{Lower: two, Upper: two, Members: [][]float64{two, two}}), "give one of them"},
		{figures.AngleSeries{Rows: []figures.AngleRow{{Truth: two}, {Truth: two[:1]}}}, "row 1 () has 1 values of Truth, want 2"},
		{figures.AngleSeries{Rows: []figures.AngleRow{{Truth: two}}, Times: []float64{1, 1}}, "times must increase"},
		{figures.AngleSeries{Rows: []figures.AngleRow{{Truth: two}}, Times: []float64{1, 2, 3}}, "want 3"},
		{figures.AngleSeries{Rows: []figures.AngleRow{{Truth: two}}, Times: []float64{1, nan}}, "Times: 1 of 2"},
		{figures.AngleSeries{Rows: []figures.AngleRow{{Truth: two}}, Band: 90}, "band 90"},
		{figures.AngleSeries{Rows: []figures.AngleRow{{Truth: two}}, Marks: []float64{nan}}, "Marks: 1 of 1"},
		{figures.PhasePlot{}, "no panels"},
		{figures.PhasePlot{Panels: make([]figures.PhasePanel, 1)}, "has no moves"},
		{phase(nil), `panel 0 (pair 10), move "no γ" has no paths`},
		{phase(nil, path[:1]), `move "no γ", path 0 has 1 point(s), needs at least 2`},
		{phase(path, path), "has 1 paths for 2 true points: give one per path"},
		{phase([][2]float64{{nan, 0}}, path), "Truth: 1 of 1"},
		{phase([][2]float64{}, path), "Truth is empty"},
		{phase(nil, [][2]float64{{0, 0}, {inf, 0}}), "path 0: 1 of 2"},
		{figures.PhasePlot{Panels: phase(nil, path).Panels, Box: figures.Box{XMin: 1}}, "is empty"},
		{figures.PhasePlot{Panels: phase(nil, path).Panels, Box: figures.Box{XMax: 1, YMax: 400}}, "beyond ±360"},
		{figures.PhasePlot{Panels: phase(nil, path).Panels, Tick: -90}, "tick -90"},
		{figures.BasinStrip{}, "no panels"},
		{strip(0, []int{0}), "0 basins"},
		{strip(9, []int{0}), "9 basins: give the names of 1 to 8"},
		{strip(2), "panel 0 (data) has no frames"},
		{strip(2, []int{}), "frame 0 is empty"},
		{strip(2, []int{0, 1}, []int{0}), "frame 1 has 1 residues, frame 0 of panel 0 has 2"},
		{strip(2, []int{0, 2}), "frame 0, residue 1: basin 2 is not in 0 to 1"},
		{strip(2, []int{-1}), "basin -1"},
		{figures.BasinStrip{Basins: []string{"a"}, Panels: strip(1, []int{0}).Panels, Step: nan}, "step NaN"},
		{figures.BasinStrip{Basins: []string{"a"}, Panels: strip(1, []int{0}).Panels, First: -1}, "first residue -1"},
		{figures.Horizon{}, "no panels"},
		{figures.Horizon{Panels: []figures.HorizonPanel{{Title: "MAE"}}}, "panel 0 (MAE) has no curves"},
		{line(figures.HorizonCurve{}), `panel 0 (MAE), curve "CFM", X is empty`},
		{line(figures.HorizonCurve{Y: two[:1]}), "X is empty"}, // levels are for references
		{line(figures.HorizonCurve{X: two}), "Y is empty"},
		{line(figures.HorizonCurve{X: two, Y: two[:1]}), "2 horizons but 1 values of Y"},
		{line(figures.HorizonCurve{X: two, Y: []float64{1, nan}}), "Y: 1 of 2"},
		{line(figures.HorizonCurve{X: []float64{2, 1}, Y: two}), "horizons must increase"},
		{line(figures.HorizonCurve{X: two, Y: two, Lower: two}), "one end of the band only"},
		{line(figures.HorizonCurve{X: two, Y: two, Lower: two, Upper: two[:1]}), "1 values of Upper"},
		{line(figures.HorizonCurve{X: two, Y: two, Lower: two, Upper: []float64{1, 1}}), "Lower must not exceed Upper"},
		{logarithmic(line(figures.HorizonCurve{X: []float64{0, 1}, Y: two}), true, false), "horizon 0 has no place"},
		{logarithmic(line(figures.HorizonCurve{X: two, Y: []float64{1, 0}}), false, true), "Y[1] is 0"},
		{figures.Ablation{}, "no panels"},
		{figures.Ablation{Panels: make([]figures.AblationPanel, 1)}, "no Rows"},
		{figures.Ablation{Panels: make([]figures.AblationPanel, 1), Rows: []string{"a"}}, "no Columns"},
		{table(figures.AblationPanel{}), "Values has 0 rows for 1 settings in Rows"},
		{table(figures.AblationPanel{Values: [][]float64{{1}}}), "row 0 has 1 values for 2 settings in Columns"},
		{table(figures.AblationPanel{Values: values, Published: [][]float64{}}), "Published has 0 rows"},
		{table(figures.AblationPanel{Values: values, Spread: [][]float64{{1, -1}}}), "Spread[0][1] is -1"},
		{table(figures.AblationPanel{Values: [][]float64{{1, inf}}}), "Values[0][1] is +Inf"},
		{table(figures.AblationPanel{Values: [][]float64{{nan, nan}}}), "no value is a number"},
		{logTable, "Values[0][0] is 0, which has no logarithmic colour"},
	} {
		fig, err := c.d.Draw()
		if err == nil {
			t.Errorf("%T: no error, want one with %q", c.d, c.want)
			continue
		}
		s := err.Error()
		if fig != nil || !strings.Contains(s, c.want) || strings.Contains(s, "\n") || !strings.HasPrefix(s, "figures: ") {
			t.Errorf("%T: error %q, want one line with %q", c.d, s, c.want)
		}
	}
}

// TestOddDihedrals draws what is unusual but right.
func TestOddDihedrals(t *testing.T) {
	one := [][][2]float64{{{180, -180}}}
	nan := math.NaN()
	for name, d := range map[string]figures.Drawer{
		"one pair":     figures.Ramachandran{Panels: []figures.RamachandranPanel{{Frames: one}, {Frames: one, Density: true}}, Mark: -1},
		"other turns":  figures.Ramachandran{Panels: []figures.RamachandranPanel{{Frames: [][][2]float64{{{540, 1e9}}}}}, Mark: 5},
		"a whole turn": figures.Ramachandran{Panels: []figures.RamachandranPanel{{Frames: one}}, Basins: []figures.Basin{{Name: "all", Boxes: []figures.Box{{XMin: 0, XMax: 720, YMin: -90, YMax: 300}}}}},
		"one time":     figures.AngleSeries{Rows: []figures.AngleRow{{Truth: []float64{7}, Lower: []float64{3}, Upper: []float64{9}}}, Zoom: true},
		"opposite":     figures.AngleSeries{Rows: []figures.AngleRow{{Members: [][]float64{{0, 90}, {180, -90}}}}},
		"winding":      figures.AngleSeries{Rows: []figures.AngleRow{{Forecast: []float64{0, 120, 240, 360, 480, 600}}}},
		"no way":       figures.PhasePlot{Panels: []figures.PhasePanel{{Moves: []figures.PhaseMove{{Paths: [][][2]float64{{{1, 1}, {1, 1}}}}}}}},
		"one cell":     figures.BasinStrip{Basins: []string{"None"}, Panels: []figures.StripPanel{{States: [][]int{{0}}}}},
		"many":         figures.BasinStrip{Basins: []string{"a"}, Panels: []figures.StripPanel{{States: [][]int{make([]int, 500)}}}},
		"one horizon":  figures.Horizon{Panels: []figures.HorizonPanel{{Curves: []figures.HorizonCurve{{X: []float64{1}, Y: []float64{0}, Lower: []float64{0}, Upper: []float64{0}}}}}},
		"logarithmic": figures.Horizon{LogX: true, LogY: true, Panels: []figures.HorizonPanel{{
			Curves:     []figures.HorizonCurve{{X: []float64{1, 8}, Y: []float64{1, 3}}},
			References: []figures.HorizonCurve{{Y: []float64{2}}}}}},
		"one number": figures.Ablation{Rows: []string{"a"}, Columns: []string{"b"}, Panels: []figures.AblationPanel{{Values: [][]float64{{-1}}, Published: [][]float64{{nan}}, Spread: [][]float64{{nan}}}}},
	} {
		fig, err := d.Draw()
		if err == nil {
			_, err = fig.PNG()
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWholeTurns: angles plus whole turns give the same picture.
func TestWholeTurns(t *testing.T) {
	png := func(d figures.Drawer) []byte {
		fig := figures.Must(d)
		fig.DPI = 45
		data, err := fig.PNG()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	// Whole degrees, which turns leave exact.
	rama := func(turn float64) figures.Drawer {
		data, _ := peptide(60, 5, 0.1, 1)
		for k := range data {
			for i, x := range data[k] {
				data[k][i] = [2]float64{math.Round(x[0]) + turn*float64(k%3), math.Round(x[1]) - turn*float64(i%2)}
			}
		}
		return figures.Ramachandran{Panels: []figures.RamachandranPanel{{Frames: data}, {Frames: data, Density: true}}}
	}
	series := func(turn float64) figures.Drawer {
		s := angleSeries()
		for i := range s.Rows {
			for k, v := range s.Rows[i].Truth {
				s.Rows[i].Truth[k] = math.Round(v) + turn*float64(k%3)
			}
			s.Rows[i].Forecast = s.Rows[i].Truth
			s.Rows[i].Members = nil
		}
		return s
	}
	phase := func(turn float64) figures.Drawer {
		p := phasePlot()
		for _, m := range p.Panels[0].Moves {
			for _, path := range m.Paths {
				for k, x := range path {
					path[k] = [2]float64{math.Round(x[0]) + turn*float64(k%2), math.Round(x[1]) - turn}
				}
			}
		}
		return p
	}
	for name, f := range map[string]func(float64) figures.Drawer{"Ramachandran": rama, "AngleSeries": series, "PhasePlot": phase} {
		if !bytes.Equal(png(f(0)), png(f(360))) {
			t.Errorf("%s: whole turns change the picture", name)
		}
	}
}
