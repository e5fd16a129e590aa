package figures_test

import (
	"math"
	"strings"
	"testing"

	"github.com/idff-go/workbench/figures"
)

// TestErrors gives each figure bad input: one clear line each, no panic.
func TestErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	ok := normal(50, 1)
	bad := normal(50, 1)
	bad[17][1], bad[20][0] = nan, inf
	col := func(x ...[][2]float64) []figures.KDEColumn {
		return []figures.KDEColumn{{Title: "CFM\n8 fwd", Trajectory: x}}
	}
	row := []float64{0}
	path := [][2]float64{{0, 0}, {1, 1}}
	mom := func(p figures.MomentumPanel) figures.Momentum {
		return figures.Momentum{Panels: []figures.MomentumPanel{p}}
	}
	cost := func(c figures.CostCurve) figures.CostQuality {
		return figures.CostQuality{Panels: []figures.CostPanel{{Title: "moons", Curves: []figures.CostCurve{c}}}}
	}
	sched := func(c figures.ScheduleCurve) figures.Schedule {
		c.Name = "learned"
		return figures.Schedule{Panels: []figures.SchedulePanel{{Title: "2 evaluations\nmoons", Curves: []figures.ScheduleCurve{c}}}}
	}
	two := []float64{0, 0.5, 1}
	paths := func(x ...[][2]float64) figures.Trajectories {
		return figures.Trajectories{Panels: col(x...)}
	}
	density := func(logP []float64) figures.DensityMap {
		return figures.DensityMap{Panels: []figures.DensityPanel{{Title: "CFM\n8 fwd", LogP: logP}}, Box: figures.Box{XMax: 1, YMax: 1}}
	}
	for _, c := range []struct {
		d    figures.Drawer
		want string
	}{
		{figures.KDEGrid{}, "no rows"},
		{figures.KDEGrid{Rows: row}, "no columns"},
		{figures.KDEGrid{Rows: []float64{nan}, Columns: col(ok)}, "Rows: 1 of 1 values are not finite"},
		{figures.KDEGrid{Rows: row, Columns: col(ok, ok)}, "column 0 (CFM) has 2 clouds for 1 rows"},
		{figures.KDEGrid{Rows: row, Columns: col(bad)}, "row 0 (t = 0): 2 of 50 points are not finite, the first at index 17"},
		{figures.KDEGrid{Rows: []float64{0, 1}, Columns: col(ok, ok[:9])}, "row 1 (t = 1) has 9 points, row 0 has 50"},
		{figures.KDEGrid{Rows: row, Columns: col(ok), Truth: bad}, "Truth: 2 of 50"},
		{figures.KDEGrid{Rows: row, Columns: col(ok), Truth: [][2]float64{}}, "Truth is empty"},
		{figures.KDEGrid{Rows: row, Columns: col(ok[:1])}, "needs at least 2"},
		{figures.KDEGrid{Rows: row, Columns: col(ok), Box: figures.Box{XMax: -1}}, "is empty"},
		{figures.KDEGrid{Rows: row, Columns: col(ok), Grid: 1}, "grid size 1"},
		{figures.KDEGrid{Rows: row, Columns: col(ok), Bandwidth: -2}, "bandwidth"},
		{figures.KDEPanel{}, "Samples is empty"},
		{figures.KDEPanel{Samples: bad}, "index 17"},
		{figures.KDEPanel{Samples: ok, Path: [][][2]float64{ok[:4]}}, "state 0 of Path has 4 points"},
		{figures.KDEPanel{Samples: ok, Truth: bad}, "Truth"},
		{figures.Samples{}, "no clouds"},
		{figures.Samples{Clouds: []figures.Cloud{{Title: "moons"}}}, "cloud 0 (moons) is empty"},
		{figures.Samples{Clouds: []figures.Cloud{{Points: bad}}}, "index 17"},
		{figures.Samples{Clouds: []figures.Cloud{{Points: ok, Under: bad}}}, "Under"},
		{figures.Samples{Clouds: []figures.Cloud{{Points: ok}}, Style: 9}, "valid are Points, Density, Histogram"},
		{figures.Momentum{}, "no panels"},
		{mom(figures.MomentumPanel{}), "Samples is empty"},
		{mom(figures.MomentumPanel{Samples: ok}), "no paths"},
		{mom(figures.MomentumPanel{Samples: ok, Paths: [][][2]float64{path}}), "1 paths but momenta for 0"},
		{mom(figures.MomentumPanel{Samples: ok, Paths: [][][2]float64{path}, Momenta: [][][2]float64{bad}}), "2 states but 50 momenta"},
		{mom(figures.MomentumPanel{Samples: ok, Paths: [][][2]float64{bad}, Momenta: [][][2]float64{ok}}), "path 0: 2 of 50"},
		{mom(figures.MomentumPanel{Samples: ok, Paths: [][][2]float64{path}, Momenta: [][][2]float64{path}, Reference: [][][2]float64{path[:1]}}), "reference path 0"},
		{figures.Momentum{Panels: []figures.MomentumPanel{{Samples: ok}}, Scale: -1}, "scale -1"},
		{figures.Loss{}, "no curves"},
		{figures.Loss{Curves: []figures.LossCurve{{Name: "a"}}}, "curve 0 (a) is empty"},
		{figures.Loss{Curves: []figures.LossCurve{{Values: []float64{1, 2, nan}}}}, "the first at index 2"},
		{figures.Loss{Curves: []figures.LossCurve{{Values: []float64{1, 2}, Steps: []float64{1}}}}, "2 values but 1 steps"},
		{figures.Loss{Curves: []figures.LossCurve{{Values: []float64{1, 2}, Steps: []float64{2, 1}}}}, "steps must increase"},
		{figures.Loss{Curves: []figures.LossCurve{{Values: []float64{1}}}, Window: -1}, "window -1"},
		{figures.Lines{}, "no series"},
		{figures.Lines{Series: []figures.Series{{X: []float64{1}, Y: []float64{1, 2}}}}, "1 x but 2 y"},
		{figures.Lines{Series: []figures.Series{{X: []float64{1}, Y: []float64{0}}}, LogY: true}, "logarithmic axis"},
		{figures.Lines{Series: []figures.Series{{X: []float64{1}, Y: []float64{inf}}}}, "not finite"},
		{figures.Lines{Series: []figures.Series{{X: []float64{1}, Y: []float64{1}, Spread: []float64{1, 2}}}}, "2 spreads"},
		{figures.Lines{Series: []figures.Series{{X: []float64{1}, Y: []float64{1}}}, Level: nan}, "level"},
		{figures.GammaHeatMap{}, "Gamma1 is empty"},
		{figures.GammaHeatMap{Gamma1: row}, "Gamma2 is empty"},
		{figures.GammaHeatMap{Gamma1: row, Gamma2: row}, "0 rows of Values"},
		{figures.GammaHeatMap{Gamma1: row, Gamma2: row, Values: [][]float64{{1, 2}}}, "row 0 of Values has 2 values"},
		{figures.GammaHeatMap{Gamma1: row, Gamma2: row, Values: [][]float64{{nan}}}, "no value is finite"},
		{figures.CostQuality{}, "no panels"},
		{figures.CostQuality{Panels: make([]figures.CostPanel, 1)}, "no curves"},
		{figures.CostQuality{Panels: []figures.CostPanel{{Floor: nan, Curves: make([]figures.CostCurve, 1)}}}, "floor"},
		{cost(figures.CostCurve{Name: "Euler"}), `panel 0 (moons), curve "Euler", Cost is empty`},
		{cost(figures.CostCurve{Cost: []float64{1, 2}, Values: [][]float64{{1}}}), "2 costs but values at 1"},
		{cost(figures.CostCurve{Cost: []float64{0}, Values: [][]float64{{1}}}), "must be positive"},
		{cost(figures.CostCurve{Cost: []float64{4}, Values: [][]float64{{1, nan}}}), "cost 4: 1 of 2 values are not finite"},
		{cost(figures.CostCurve{Cost: []float64{4}, Values: [][]float64{{}}}), "cost 4 is empty"},
		{figures.Schedule{}, "no panels"},
		{figures.Schedule{Panels: []figures.SchedulePanel{{Title: "a\nb"}}}, "panel 0 (a) has no schedules"},
		{sched(figures.ScheduleCurve{}), `panel 0 (2 evaluations), schedule "learned" has 0 times: give at least the two times`},
		{sched(figures.ScheduleCurve{Times: []float64{0}}), "has 1 times"},
		{sched(figures.ScheduleCurve{Times: []float64{0, nan, 1}}), "Times: 1 of 3 values are not finite, the first at index 1"},
		{sched(figures.ScheduleCurve{Times: []float64{0, 0.5}}), "runs from t = 0 to 0.5: its times must start at 0 and end at 1"},
		{sched(figures.ScheduleCurve{Times: []float64{-0.1, 1}}), "runs from t = -0.1 to 1"},
		{sched(figures.ScheduleCurve{Times: []float64{0, 0.7, 0.7, 1}}), "time 1 is 0.7 and the next 0.7: times must increase"},
		{sched(figures.ScheduleCurve{Times: two, Scale: []float64{1}}), "2 steps but 1 values of Scale: give one per step"},
		{sched(figures.ScheduleCurve{Times: two, Scale: []float64{}}), "2 steps but 0 values of Scale"},
		{sched(figures.ScheduleCurve{Times: two, Scale: []float64{1, inf}}), "Scale: 1 of 2 values are not finite, the first at index 1 (+Inf)"},
		{sched(figures.ScheduleCurve{Times: two, Gamma: [][]float64{{1, 2}, {1, 2, 3}}}), "2 steps but 3 values of Gamma[1]"},
		{sched(figures.ScheduleCurve{Times: two, Gamma: [][]float64{{nan, 2}}}), "Gamma[0]: 1 of 2 values"},
		{figures.Trajectories{}, "no panels: give one KDEColumn"},
		{paths(), "panel 0 (CFM) has 0 state(s): give at least the start and the end"},
		{paths(ok), "has 1 state(s)"},
		{paths(ok, bad), "panel 0 (CFM), state 1: 2 of 50 points are not finite, the first at index 17"},
		{paths(ok, ok[:9]), "state 1 has 9 points, state 0 has 50"},
		{paths(ok[:0], ok[:0]), "state 0 is empty"},
		{figures.Trajectories{Panels: col(ok, ok), Truth: bad}, "Truth: 2 of 50"},
		{figures.Trajectories{Panels: col(ok, ok), Truth: [][2]float64{}}, "Truth is empty"},
		{figures.Trajectories{Panels: col(ok, ok), Paths: -1}, "-1 paths: give a positive number"},
		{figures.Trajectories{Panels: col(ok, ok), Box: figures.Box{XMax: -1}}, "is empty"},
		{figures.Quiver{}, "no panels"},
		{figures.Quiver{Panels: []figures.QuiverPanel{{At: ok, Vectors: ok[:3]}}}, "50 places but 3 vectors"},
		{figures.Quiver{Panels: []figures.QuiverPanel{{At: ok, Vectors: bad}}}, "Vectors: 2 of 50"},
		{figures.Quiver{Panels: []figures.QuiverPanel{{At: ok, Vectors: ok}}, Length: -1}, "length -1"},
		{figures.DensityMap{}, "no panels given"},
		{figures.DensityMap{Panels: []figures.DensityPanel{{LogP: make([]float64, 4)}}}, "is empty"},
		{density(make([]float64, 5)), "panel 0 (CFM) has 5 values of LogP: give one at each of Box.Points(n)"},
		{density(nil), "has 0 values"},
		{density([]float64{0}), "has 1 values"},
		{density([]float64{0, 1, nan, 1}), "LogP[2] is NaN"},
		{density([]float64{0, 1, 2, inf}), "LogP[3] is +Inf"},
		{density([]float64{-inf, -inf, -inf, -inf}), "every density is 0"},
		{figures.DensityMap{Panels: density(make([]float64, 4)).Panels, Box: figures.Box{XMax: 1, YMax: 1}, Floor: -1}, "floor -1"},
		{figures.DensityMap{Panels: density(make([]float64, 4)).Panels, Box: figures.Box{XMax: 1, YMax: 1}, Top: nan}, "top NaN"},
		{figures.DensityMap{Panels: density(make([]float64, 4)).Panels, Box: figures.Box{XMax: 1, YMax: 1}, Mass: []float64{1.5}}, "share 1.5"},
		{figures.DensityMap{Panels: []figures.DensityPanel{{LogP: make([]float64, 4), Points: bad}}, Box: figures.Box{XMax: 1, YMax: 1}}, "Points: 2 of 50"},
		{figures.FlowGIF{}, "needs at least 2"},
		{figures.FlowGIF{Frames: [][][2]float64{ok, bad}}, "frame 1: 2 of 50"},
		{figures.FlowGIF{Frames: [][][2]float64{ok, ok}, Times: row}, "2 frames but 1 times"},
		{figures.FlowGIF{Frames: [][][2]float64{ok, ok}, Size: 9}, "size 9"},
		{figures.FlowGIF{Frames: [][][2]float64{ok, ok}, Rate: 99}, "rate 99"},
		{figures.FlowGIF{Frames: [][][2]float64{ok, ok}, Hold: -1}, "hold"},
		{figures.FlowGIF{Frames: [][][2]float64{ok, ok}, Strip: -1}, "strip"},
	} {
		fig, err := c.d.Draw()
		if err == nil {
			t.Errorf("%T: no error, want one with %q", c.d, c.want)
			continue
		}
		s := err.Error()
		if fig != nil || !strings.Contains(s, c.want) || strings.Contains(s, "\n") || !strings.HasPrefix(s, "figures: ") || strings.Count(s, "figures: ") != 1 {
			t.Errorf("%T: error %q, want one line with %q", c.d, s, c.want)
		}
	}
}

// TestOddInput draws what is unusual but right.
func TestOddInput(t *testing.T) {
	one := [][2]float64{{1, 1}}
	same := [][2]float64{{1, 1}, {1, 1}, {1, 1}}
	for name, d := range map[string]figures.Drawer{
		"one point":        figures.Samples{Clouds: []figures.Cloud{{Points: one}}},
		"equal points":     figures.KDEPanel{Samples: same},
		"equal, histogram": figures.Samples{Clouds: []figures.Cloud{{Points: same}}, Style: figures.Histogram},
		"constant loss":    figures.Loss{Curves: []figures.LossCurve{{Values: []float64{2, 2, 2}}}},
		"one loss":         figures.Loss{Curves: []figures.LossCurve{{Values: []float64{2}}}},
		"zero loss":        figures.Loss{Curves: []figures.LossCurve{{Values: []float64{1, 0}}}},
		"one cell":         figures.GammaHeatMap{Gamma1: []float64{0}, Gamma2: []float64{0}, Values: [][]float64{{0}}},
		"negative cells":   figures.GammaHeatMap{Gamma1: []float64{0, 1}, Gamma2: []float64{0}, Values: [][]float64{{-1}, {2}}, HighGood: true},
		"one cost": figures.CostQuality{Panels: []figures.CostPanel{{Curves: []figures.CostCurve{
			{Cost: []float64{4}, Values: [][]float64{{-1}}}}}}},
		"zero field":  figures.Quiver{Panels: []figures.QuiverPanel{{At: same, Vectors: make([][2]float64, 3)}}},
		"no momentum": figures.Momentum{Panels: []figures.MomentumPanel{{Samples: one, Paths: [][][2]float64{same}, Momenta: [][][2]float64{make([][2]float64, 2)}}}},
		"still film":  figures.FlowGIF{Frames: [][][2]float64{same, same}, Density: true},
		"one value":   figures.Lines{Series: []figures.Series{{Name: "a", X: []float64{1}, Y: []float64{1}}}, LogX: true, LogY: true},
		"one step":    figures.Schedule{Panels: []figures.SchedulePanel{{Curves: []figures.ScheduleCurve{{Times: []float64{0, 1}}}}}},
		"plain factors": figures.Schedule{Panels: []figures.SchedulePanel{{Curves: []figures.ScheduleCurve{
			{Times: []float64{1e-7, 0.5, 1 - 1e-7}, Gamma: [][]float64{nil, {0, 0}}}}}}},
		"no way":       figures.Trajectories{Panels: []figures.KDEColumn{{Trajectory: [][][2]float64{same, same}}}},
		"few samples":  figures.Trajectories{Panels: []figures.KDEColumn{{Trajectory: [][][2]float64{one, one, one}}}, Paths: 9, Truth: one},
		"flat density": figures.DensityMap{Panels: []figures.DensityPanel{{LogP: make([]float64, 4)}}, Box: figures.Box{XMax: 1, YMax: 1}, Log: true, Mass: []float64{.5}},
		"no paths":     figures.KDEGrid{Rows: []float64{1}, Columns: []figures.KDEColumn{{Trajectory: [][][2]float64{same}}}, Paths: -1},
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

// TestDeterminism: the same data give the same bytes.
func TestDeterminism(t *testing.T) {
	png := func(d figures.Drawer) string {
		fig := figures.Must(d)
		fig.DPI = 45
		data, err := fig.PNG()
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, d := range []figures.Drawer{kdeGrid(2), costQuality(2), heatMap(), schedule(3, 2, 4), trajectories()} {
		if first, second := png(d), png(d); first != second {
			t.Errorf("%T differs from one drawing to the next", d)
		}
	}
	a, _ := figures.Must(film()).GIF()
	b, _ := figures.Must(film()).GIF()
	if string(a) != string(b) {
		t.Error("the animation differs from one drawing to the next")
	}
}

func BenchmarkKDEGrid5x3(b *testing.B) {
	k := kdeGrid(5)
	for b.Loop() {
		if _, err := figures.Must(k).PNG(); err != nil {
			b.Fatal(err)
		}
	}
}
