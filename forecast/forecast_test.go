package forecast_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/forecast"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/baseline"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// walk is an autoregression x' = .9 x + sqrt(1 - .81) z of maps of 2 x 2, stationary with variance 1, one pixel land; the known law makes the scores known.
func walk(t testing.TB, series, frames int, seed uint64) *datasets.Maps {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	var values []float32
	for range series {
		var now [4]float64
		for i := range now {
			now[i] = rng.NormFloat64()
		}
		for range frames {
			for i := range now {
				now[i] = .9*now[i] + math.Sqrt(1-.81)*rng.NormFloat64()
				values = append(values, float32(now[i]))
			}
		}
	}
	m, err := datasets.NewMaps("walk", values, series, frames, 2, 2, []bool{false, false, true, false})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// law forecasts the autoregression by its own law, its spread times wide.
func law(name string, wide float64) forecast.Entry {
	return forecast.Entry{Name: name, Forecast: func(c forecast.Case) (*idffnb.Trajectories, error) {
		rng := rand.New(rand.NewPCG(c.Seed, 7))
		n := len(c.Starts) / c.History / c.Dim
		out := &idffnb.Trajectories{Members: c.Members, Starts: n, Frames: c.Frames, Dim: c.Dim}
		for range c.Members {
			for i := range n {
				start := c.Starts[((i+1)*c.History-1)*c.Dim : (i+1)*c.History*c.Dim]
				for h := 1; h <= c.Frames; h++ {
					phi := math.Pow(.9, float64(h))
					for _, v := range start {
						out.X = append(out.X, float32(phi*float64(v)+wide*math.Sqrt(1-phi*phi)*rng.NormFloat64()))
					}
				}
			}
		}
		return out, nil
	}}
}

// TestJudge: an entry that knows the law has CRPS std/sqrt(pi), spread-skill 1 and flat ranks; one that is too sure of itself has less spread and more CRPS; climatology scores 1/sqrt(pi), and damped
// persistence, whose residuals are of this very law, is the law. 16 x 198 starts x 3 pixels: the standard error of climatology's CRPS is 1.6 %, correlated starts included, of the law's .7 to .9 %, of
// its RMSE .9 % at most (4000 simulated trials of 2 series have 4.5, 2.5 and 2.5 %), and 8 % is asked for: false alarms below 1e-5.
func TestJudge(t *testing.T) {
	train, held := walk(t, 20, 400, 1), walk(t, 16, 400, 2)
	trial := forecast.Trial{Held: held, History: 1, Every: 2, Ahead: 4, Members: 20, Block: 20, Seeds: idffnb.Seeds(0, 1)}
	list := append(forecast.MustBaselines(train, trial), law("law", 1), law("sure", .3))
	r, err := trial.Judge(list...)
	if err != nil {
		t.Fatal(err)
	}
	std := func(h int) float64 { return math.Sqrt(1 - math.Pow(.9, float64(2*h))) }
	for h := 1; h <= 4; h++ {
		for i, want := range []float64{1 / math.Sqrt(math.Pi), 0, std(h) / math.Sqrt(math.Pi), std(h) / math.Sqrt(math.Pi)} {
			v, err := r.Interval(i, h-1)
			if err != nil || i != 1 && math.Abs(v.Value/want-1) > .08 || v.Low > v.Value || v.High < v.Value {
				t.Errorf("%s: CRPS %v at %d, want %g; %v", r.Scores[i].Name, v, h, want, err)
			}
		}
		if s := r.Scores[3]; math.Abs(s.RMSE(h-1)/std(h)/math.Sqrt(1+1./20)-1) > .08 || math.Abs(s.Ratio(h-1, 20)-1) > .08 {
			t.Errorf("RMSE %g and spread-skill %g at %d, want %g and 1", s.RMSE(h-1), s.Ratio(h-1, 20), h, std(h))
		}
		if s := r.Scores[4]; s.Ratio(h-1, 20) > .4 {
			t.Errorf("an ensemble of .3 of the spread has spread-skill %g", s.Ratio(h-1, 20))
		}
		if d, err := r.Difference(4, 3, h-1); err != nil || d.Low < 0 {
			t.Errorf("too sure against the law at %d: %v, %v", h, d, err)
		}
		if d, err := r.Difference(2, 3, h-1); err != nil || d.Low > .02 || d.High < -.02 {
			t.Errorf("damped persistence against the law at %d: %v, %v", h, d, err)
		}
	}
	if !r.Scores[1].Single || r.Scores[3].Single || r.Scores[1].Ratio(0, 20) != 0 {
		t.Error("persistence is the only single forecast")
	}
	sum, ends := 0, 0
	for k, n := range r.Scores[4].Ranks[0] {
		if sum += n; k == 0 || k == 20 {
			ends += n
		}
	}
	if sum != 2*16*198*3 || float64(ends) < .4*float64(sum) {
		t.Errorf("%d ranks, %d of them at the ends", sum, ends)
	}
}

// TestCases: starts and truth are the frames of the held-out maps, and pixels of land do not count.
func TestCases(t *testing.T) {
	held := walk(t, 2, 12, 3)
	trial := forecast.Trial{Held: held, History: 2, Every: 3, Ahead: 2, Members: 2}
	knows := forecast.Entry{Name: "knows", Forecast: func(c forecast.Case) (*idffnb.Trajectories, error) {
		if c.History != 2 || c.Dim != 4 || len(c.Starts) != 2*3*2*4 {
			t.Errorf("the case has %d numbers, history %d, size %d", len(c.Starts), c.History, c.Dim)
		}
		out := &idffnb.Trajectories{Members: 2, Starts: 6, Frames: 2, Dim: 4}
		for range 2 {
			for i := range 6 {
				for k := range 2 {
					frame := append([]float32(nil), held.Frame(i/3, i%3*3+2+k)...)
					frame[2] = 99 // land
					out.X = append(out.X, frame...)
				}
			}
		}
		return out, nil
	}}
	r, err := trial.Judge(knows)
	if err != nil {
		t.Fatal(err)
	}
	for h := range 2 {
		if v, err := r.Interval(0, h); err != nil || v.Value != 0 || r.Scores[0].RMSE(h) != 0 {
			t.Errorf("who knows the truth has CRPS %v, RMSE %g; %v", v, r.Scores[0].RMSE(h), err)
		}
	}
	panel, err := trial.Panel(4, law("law", 1))
	if err != nil || len(panel.Rows) != 2 || len(panel.Rows[0].Maps) != 2 || panel.Rows[0].Maps[1][3] != held.Frame(1, 6)[3] {
		t.Errorf("the panel of start 4 has other maps: %v", err)
	}
}

// TestFlowEntries: trained flows of each kind of Steps, and a learned schedule, are entries; tables and figures can be drawn of them.
func TestFlowEntries(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	t.Setenv("GOMLX_BACKEND", "go")
	train, held := walk(t, 3, 40, 1), walk(t, 1, 40, 2)
	trial := forecast.Trial{Held: held, History: 2, Every: 8, Ahead: 3, Members: 3, Step: .5, Unit: "day"}
	kind := func(opt datasets.StepOptions) func(uint64) idffnb.Experiment {
		data := datasets.MustSteps("walk", opt, train)
		return func(seed uint64) idffnb.Experiment {
			return idffnb.Experiment{Name: "walk", Data: data, Net: net.MLP{Width: 8, Layers: 1}, Objective: flow.Velocity(), Batch: 8, Steps: 3, Seed: seed}
		}
	}
	list := forecast.MustBaselines(train, trial)
	for _, opt := range []datasets.StepOptions{{FromNoise: true}, {History: 2}, {Lead: 3, FromNoise: true, Mask: true}} {
		list = append(list, forecast.Flow("flow", kind(opt), flow.CFM(), solver.Euler(2)))
	}
	list = append(list, forecast.Learned("learned", kind(datasets.StepOptions{FromNoise: true}), 2, idffnb.Learning{Steps: 2, Points: 4}, 0))
	r, err := trial.Judge(list...)
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Scores[3]; s.Cost != 2 || s.Seconds <= 0 || s.Single || !r.Scores[4].Single {
		t.Errorf("cost %g, %g s, single %v; from the last frame single %v", s.Cost, s.Seconds, s.Single, r.Scores[4].Single)
	}
	table := r.MustTable(1, 3)
	for _, want := range []string{"| walk, 5 starts, 3 members | cost | ms | CRPS, 0.5 days | CRPS, 1.5 days |", "\n| persistence | – | – | ", "\n| learned | 2 | "} {
		if !strings.Contains(table, want) {
			t.Errorf("the table has no %q:\n%s", want, table)
		}
	}
	if text := r.MustAgainst("persistence", 2); strings.Count(text, "\n") != 2+len(list)-1 || !strings.Contains(text, "| CRPS against persistence (%) | 1 day |") {
		t.Errorf("the comparison is\n%s", text)
	}
	draw := map[string]func() error{
		"horizon": func() error { _, err := r.MustHorizon().Draw(); return err },
		"ranks":   func() error { _, err := r.MustRanks(2).Draw(); return err },
		"spread":  func() error { _, err := r.SpreadError().Draw(); return err },
		"panel":   func() error { _, err := trial.MustPanel(1, list[3]).Draw(); return err },
		"film":    func() error { _, err := trial.MustFilm(1, 2, list[3]).Draw(); return err },
	}
	for name, f := range draw {
		if err := f(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMaskOfHeld: a flow of several parts sees the land of the held-out maps, not that of its first part.
func TestMaskOfHeld(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	t.Setenv("GOMLX_BACKEND", "go")
	on := func(name string, land ...bool) *datasets.Maps {
		m, err := datasets.NewMaps(name, walk(t, 1, 20, 1).Values, 1, 20, 1, 4, land)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	parts := datasets.MustSteps("parts", datasets.StepOptions{FromNoise: true, Mask: true}, on("a", true, false, false, false), on("b", false, true, false, false))
	e := forecast.Flow("flow", func(uint64) idffnb.Experiment {
		return idffnb.Experiment{Name: "parts", Data: parts, Net: net.MLP{Width: 8, Layers: 1}, Objective: flow.Velocity(), Batch: 8, Steps: 1}
	}, flow.CFM(), solver.Euler(1))
	for _, land := range [][]bool{{false, true, false, false}, nil} {
		var drawn *idffnb.Trajectories
		spy := forecast.Entry{Name: "spy", Forecast: func(c forecast.Case) (_ *idffnb.Trajectories, err error) {
			drawn, err = e.Forecast(c)
			return drawn, err
		}}
		if _, err := (forecast.Trial{Held: on("held", land...), Ahead: 2, Members: 2}).Judge(spy); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Forecast(forecast.Case{Starts: make([]float32, 4), History: 1, Dim: 4, Frames: 1, Members: 2, Land: []bool{true}}); err == nil || err.Error() != "the mask of land has 1 pixels, the trial's frames 4" {
			t.Errorf("a mask of another size: %v", err)
		}
		for i, v := range drawn.X {
			if isLand := land != nil && land[i%4]; (v == 0) != isLand {
				t.Fatalf("land %v: number %d is %g", land, i, v)
			}
		}
	}
}

func TestBad(t *testing.T) {
	held := walk(t, 1, 20, 1)
	trial := forecast.Trial{Held: held, History: 1, Ahead: 2, Members: 2}
	small, err := datasets.NewMaps("other", make([]float32, 30), 1, 10, 1, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	broken := forecast.Entry{Name: "broken", Forecast: func(forecast.Case) (*idffnb.Trajectories, error) { return nil, errors.New("no power") }}
	short := forecast.Entry{Name: "short", Forecast: func(c forecast.Case) (*idffnb.Trajectories, error) {
		return &idffnb.Trajectories{X: make([]float32, 4), Members: 1, Starts: 1, Frames: 1, Dim: 4}, nil
	}}
	nan := forecast.Entry{Name: "nan", Forecast: func(c forecast.Case) (*idffnb.Trajectories, error) {
		out, err := law("", 1).Forecast(c)
		out.X[5] = float32(math.NaN())
		return out, err
	}}
	judge := func(t forecast.Trial, e ...forecast.Entry) error { _, err := t.Judge(e...); return err }
	r, err := trial.Judge(law("law", 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what string
		err  error
		want string
	}{
		{"nothing held", judge(forecast.Trial{}, broken), "a trial needs Held"},
		{"no entries", judge(trial), "without entries"},
		{"too far", judge(forecast.Trial{Held: held, Ahead: 19}, broken), "19 frames after a history of 2: the series of walk have 20 in all"},
		{"one member", judge(forecast.Trial{Held: held, Members: 1}, broken), "want at least 1, 1, 1, 2, 1 and 1"},
		{"step", judge(forecast.Trial{Held: held, Step: -1, Unit: "day"}, broken), "-1 days between frames"},
		{"broken", judge(trial, broken), "forecast: broken: no power"},
		{"short", judge(trial, short), "short: drew 4 numbers as [1, 1, 1, 4], asked for 2 members"},
		{"another history", judge(forecast.Trial{Held: held}, forecast.Baseline(baseline.Persistence{Dim: held.Size()})), "is it made for a history of 2 frames, the trial's?"},
		{"NaN", judge(trial, nan), "forecast: nan: metric: "},
		{"no function", judge(trial, forecast.Entry{Name: "x"}), "x: the entry has no Forecast"},
		{"horizon", second(r.Table(3)), "horizon 3: forecasts are 1 to 2 frames long"},
		{"name", second(r.Against("nobody", 1)), `no entry "nobody" among ["law"]`},
		{"start", second(trial.Panel(50, law("law", 1))), "start 50: the trial has the starts 0 to 1"},
		{"members", second(trial.Film(0, 3, law("law", 1))), "3 members in the picture"},
		{"other maps", judge(trial, forecast.Flow("other", func(uint64) idffnb.Experiment {
			return idffnb.Experiment{Name: "other", Data: datasets.MustSteps("other", datasets.StepOptions{}, small), Net: net.MLP{Width: 4, Layers: 1}, Steps: 1, Batch: 2}
		}, flow.CFM(), solver.Euler(1))), "data other has frames of size 3, the trial's have 4"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) || strings.Contains(c.err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", c.what, c.err, c.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// The interval of a score is that of metric.Blocks: here it is wider for blocks than for single starts, since neighbouring starts are alike.
func TestIntervalsKnowTime(t *testing.T) {
	width := func(block int) float64 {
		r, err := forecast.Trial{Held: walk(t, 1, 600, 5), History: 1, Every: 1, Ahead: 1, Members: 5, Block: block}.Judge(forecast.Entry{Name: "zero", Forecast: func(c forecast.Case) (*idffnb.Trajectories, error) {
			n := len(c.Starts) / c.Dim
			return &idffnb.Trajectories{X: make([]float32, c.Members*n*4), Members: c.Members, Starts: n, Frames: 1, Dim: 4}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		v, err := r.Interval(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		return v.High - v.Low
	}
	if one, many := width(1), width(30); many < 1.5*one {
		t.Errorf("intervals %g wide with blocks of 30, %g with single starts", many, one)
	}
}

// One block of starts says nothing of how blocks differ: the table has the value by itself, the figure no band.
func TestTooFewStartsForAnInterval(t *testing.T) {
	for _, c := range []struct {
		starts int
		some   bool
	}{{1, false}, {3, false}, {4, true}} {
		trial := forecast.Trial{Held: walk(t, 1, 1+c.starts, 5), History: 1, Every: 1, Ahead: 1, Members: 5, Block: 2}
		r, err := trial.Judge(law("a", 1), law("b", .5))
		if err != nil {
			t.Fatal(err)
		}
		table, against := r.MustTable(1), r.MustAgainst("a", 1)
		if strings.Contains(table+against, "Inf") || strings.Contains(table, "(") != c.some || strings.Contains(against, " to ") != c.some {
			t.Errorf("%d starts:\n%s\n%s", c.starts, table, against)
		}
		r.Scores[0].Cost = 1 // a flow is drawn with its band, a baseline without
		horizon := r.MustHorizon()
		if curve := horizon.Panels[0].Curves[0]; (curve.Lower != nil) != c.some {
			t.Errorf("%d starts: band %v", c.starts, curve.Lower)
		}
		if _, err := horizon.Draw(); err != nil {
			t.Error(err)
		}
	}
}
