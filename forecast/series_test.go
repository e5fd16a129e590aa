package forecast_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/figures"
	"github.com/idff-go/workbench/forecast"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/baseline"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// henonLyapunov is the largest exponent of Hénon's map a frame (Sprott, Chaos and Time-Series Analysis, 2003, appendix A).
const henonLyapunov = .41922

// henon are series of Hénon's map x' = 1 - 1.4 x^2 + y, y' = .3 x, on its attractor.
func henon(series, frames int, seed uint64) *datasets.Maps {
	rng := rand.New(rand.NewPCG(seed, 1))
	var values []float32
	for range series {
		x, y := .1*rng.Float64(), .1*rng.Float64()
		for k := range 100 + frames {
			if k >= 100 {
				values = append(values, float32(x), float32(y))
			}
			x, y = 1-1.4*x*x+y, .3*x
		}
	}
	m, err := datasets.NewMaps(fmt.Sprint("henon", seed), values, series, frames, 1, 2, nil)
	idffnb.Must(err)
	return m
}

// henonTrial is a trial of 4 x 3 starts, and the world that its held-out frames are the beginning of.
func henonTrial(t testing.TB) (trial forecast.SeriesTrial, world *datasets.Maps) {
	t.Helper()
	world = henon(4, 400, 2)
	held, err := world.Window(0, 200)
	if err != nil {
		t.Fatal(err)
	}
	return forecast.SeriesTrial{Held: held, Other: henon(4, 1000, 3), Lyapunov: henonLyapunov, History: 2, Ahead: 60, Free: 100, Bins: 8, Segment: 32, Seeds: idffnb.Seeds(0, 1)}, world
}

// seer is an entry that finds its starts in the world and says what came then, changed frame by frame (counted from 0) where change is given.
func seer(world *datasets.Maps, change func(frame []float32, k int)) forecast.Entry {
	return forecast.Entry{Name: "seer", Forecast: func(c forecast.Case) (*idffnb.Trajectories, error) {
		size := c.History * c.Dim
		out := &idffnb.Trajectories{Members: c.Members, Starts: len(c.Starts) / size, Frames: c.Frames, Dim: c.Dim}
		for start := range slices.Chunk(c.Starts, size) {
			at := 0
			for ; !slices.Equal(world.Values[at:at+size], start); at += c.Dim {
			}
			run := slices.Clone(world.Values[at+size : at+size+c.Frames*c.Dim])
			for k := range c.Frames {
				if change != nil {
					change(run[k*c.Dim:(k+1)*c.Dim], k)
				}
			}
			out.X = append(out.X, run...)
		}
		return out, nil
	}}
}

// TestSeriesSeer: who knows the truth holds to the end and lives as the data do; who errs from frame 7 on holds for 7 frames; who is lost there has left, who stops there is stuck.
func TestSeriesSeer(t *testing.T) {
	trial, world := henonTrial(t)
	late := func(f func(frame []float32)) func([]float32, int) {
		return func(frame []float32, k int) {
			if k >= 7 {
				f(frame)
			}
		}
	}
	longest, seven := 60*henonLyapunov, 7*henonLyapunov
	for _, c := range []struct {
		what        string
		change      func([]float32, int)
		valid       float64
		left, stuck float64
	}{
		{"the truth", nil, longest, 0, 0},
		{"off by a little", late(func(f []float32) { f[0] += .1 }), longest, 0, 0},
		{"off by one standard deviation", late(func(f []float32) { f[0] += .75; f[1] += .22 }), seven, 0, 0},
		{"lost", late(func(f []float32) { f[1] = float32(math.NaN()) }), seven, 1, 0},
		{"far away", late(func(f []float32) { f[1] = 1e30 }), seven, 1, 0},
		{"stopped", late(func(f []float32) { f[0], f[1] = .6, .19 }), 0, 0, 1}, // it may pass near there for longer
	} {
		r := trial.MustJudge(seer(world, c.change))
		s := r.Scores[0]
		if len(s.Valid) != 2 || len(s.Valid[0].Times) != 12 || s.Cost != 0 {
			t.Fatalf("%s: %d seeds, %+v", c.what, len(s.Valid), s.Valid[0])
		}
		for i, v := range s.Valid[0].Times {
			if c.stuck == 1 && v < seven-1e-9 || c.stuck == 0 && math.Abs(v-c.valid) > 1e-9 {
				t.Errorf("%s: start %d holds for %g Lyapunov times, want %g", c.what, i, v, c.valid)
			}
		}
		got := s.Climate[1]
		if got.Left != c.left || got.Stuck != c.stuck {
			t.Errorf("%s: %+v", c.what, got)
		}
		switch {
		case c.change == nil && (got.Histogram > 2*r.Floor[0].Histogram || got.Spectrum > 2*r.Floor[0].Spectrum || got.Histogram == 0):
			t.Errorf("%s: %+v, the floor is %+v", c.what, got, r.Floor)
		case c.left == 1 && (got.Histogram < 1-1e-12 || !math.IsNaN(got.Spectrum)), c.stuck == 1 && (got.Histogram < .5 || !math.IsNaN(got.Spectrum)):
			t.Errorf("%s: %+v", c.what, got)
		}
	}
	r := trial.MustJudge(seer(world, nil))
	if len(r.Floor) != 3 { // 4 x 10 pieces of 100 frames, for 12 runs
		t.Errorf("%d pieces of the floor", len(r.Floor))
	}
	if v, err := r.Median(0); err != nil || v.Value != v.Low || math.Abs(v.Value-longest) > 1e-9 {
		t.Errorf("median %+v, %v", v, err)
	}
}

// TestSeriesBaselines: climatology visits the right places in no order (it draws from 600 frames, so that its histogram is that far off), persistence stands still, a quadratic regression knows the map.
func TestSeriesBaselines(t *testing.T) {
	trial, _ := henonTrial(t)
	train := henon(2, 300, 1)
	climatology, err := baseline.NewClimatology(train.Values, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	ar, err := baseline.FitPolynomialAR(train.Values, 2, 300, 2, baseline.PolynomialAR{Order: 1, History: 2})
	if err != nil {
		t.Fatal(err)
	}
	r := trial.MustJudge(forecast.Baseline(climatology), forecast.Baseline(baseline.Persistence{Dim: 2, History: 2}), forecast.Baseline(ar))
	random, still, known := r.Scores[0].Climate[0], r.Scores[1].Climate[0], r.Scores[2].Climate[0]
	floor := r.Floor[0]
	if random.Histogram > .04 || random.Spectrum < 3*floor.Spectrum || random.Stuck != 0 {
		t.Errorf("climatology: %+v, floor %+v", random, floor)
	}
	if still.Stuck != 1 || still.Histogram < .3 || !math.IsNaN(still.Spectrum) {
		t.Errorf("persistence: %+v", still)
	}
	if known.Histogram > 2*floor.Histogram || known.Spectrum > 2*floor.Spectrum || known.Left != 0 {
		t.Errorf("quadratic AR: %+v, floor %+v", known, floor)
	}
	// float32 rounds to 6e-8: ln(.5/6e-8) = 16 Lyapunov times at most, and the stretching varies.
	if v, err := r.Median(2); err != nil || v.Value < 10 || v.Value > 18 || !(v.Low < v.Value && v.Value < v.High) {
		t.Errorf("quadratic AR: %+v, %v", v, err)
	}
	text := r.MustTable()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 2+3+1 || !strings.Contains(lines[0], "henon2-frames0-199, 12 starts, 2 seeds") || !strings.Contains(lines[0], "Lyapunov times") || !strings.HasPrefix(lines[3], "| persistence | – | – | 0 |") {
		t.Errorf("table:\n%s", text)
	}
	for _, line := range lines {
		if strings.Count(line, "|") != strings.Count(lines[0], "|") {
			t.Errorf("a row with other columns: %s", line)
		}
	}
	if again := trial.MustJudge(forecast.Baseline(climatology)).MustTable(); !strings.Contains(text, strings.Split(again, "\n")[2]) {
		t.Errorf("the same seeds gave another row:\n%s", again)
	}
}

// exploding is a network whose frames grow a thousandfold.
type exploding struct{ net.MLP }

func (e exploding) Predict(scope *model.Scope, x, t, cond *Node) *Node {
	return Add(MulScalar(x, 1000), e.MLP.Predict(scope, x, t, cond))
}

// TestSeriesFlow: a flow that leaves the finite numbers has left, and is no error; its cost is that of a frame.
func TestSeriesFlow(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	t.Setenv("GOMLX_BACKEND", "go")
	trial, world := henonTrial(t)
	data := datasets.MustSteps("henon", datasets.StepOptions{}, henon(2, 100, 1))
	experiment := func(seed uint64) idffnb.Experiment {
		return idffnb.Experiment{Name: "exploding", Data: data, Net: exploding{net.MLP{Width: 4, Layers: 1}}, Objective: flow.X1Plain(), Batch: 4, Steps: 1, Seed: seed}
	}
	r := trial.MustJudge(forecast.Flow("exploding, 2", experiment, flow.CFM(), solver.Euler(2)), forecast.Flow("exploding, 1", experiment, flow.CFM(), solver.Euler(1)), seer(world, nil))
	for i, cost := range []float64{2, 1} {
		if s := r.Scores[i]; s.Climate[0].Left != 1 || s.Climate[0].Histogram < 1-1e-12 || s.Cost != cost || slices.Max(s.Valid[0].Times) > henonLyapunov {
			t.Errorf("%s: cost %g, %+v, %+v", s.Name, s.Cost, s.Climate[0], s.Valid[0])
		}
	}
	lines := r.MustValidCost()
	if len(lines.Series) != 1 || lines.Series[0].Name != "exploding" || !slices.Equal(lines.Series[0].X, []float64{2, 1}) || math.Abs(lines.Level-60*henonLyapunov) > 1e-9 || lines.LevelName != "seer" {
		t.Errorf("valid time against cost: %+v", lines)
	}
	if text := r.MustTable(); !strings.Contains(text, "| exploding, 2 | 2 | ") || !strings.Contains(text, ">25.2") {
		t.Errorf("table:\n%s", text)
	}
}

// TestSeriesPictures: what is drawn is what was judged, in the data's unit.
func TestSeriesPictures(t *testing.T) {
	trial, world := henonTrial(t)
	trial.Standard = datasets.MustStandard(henon(2, 300, 1), datasets.NoSeason)
	lost := seer(world, func(frame []float32, k int) {
		if k >= 9 {
			frame[0] = 1e20
		}
	})
	lost.Name = "lost"
	r := trial.MustJudge(seer(world, nil), lost)
	f := r.MustTimeSeries(4, 1, "y", "lost", "seer")
	want := trial.Held.Frame(1, 60+2+5)[1]*trial.Standard.Std[1] + mean1(t, trial)
	if len(f.Rows) != 2 || f.Rows[0].Title != "lost" || len(f.Rows[0].Forecast) != 9 || len(f.Rows[1].Forecast) != 60 || math.Abs(f.Rows[1].Truth[5]-float64(want)) > 1e-6 ||
		math.Abs(f.Rows[0].Mark-9*henonLyapunov) > 1e-9 || math.Abs(f.Times[59]-60*henonLyapunov) > 1e-9 {
		t.Errorf("time series: %+v, want %g at frame 5", f, want)
	}
	space := r.MustAttractor(2)
	if len(space.Panels) != 3 || len(space.Panels[0].Curves) != 2 || len(space.Panels[1].Curves[0].Points) != 161 || len(space.Panels[2].Curves[0].Points) != 10 {
		t.Errorf("attractor: %d panels", len(space.Panels))
	}
	for what, d := range map[string]figures.Drawer{"time series": f, "attractor": space} {
		if _, err := d.Draw(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, unknown := r.Attractor(1, "nobody")
	_, many := r.Attractor(5)
	_, start := r.TimeSeries(12, 0, "x")
	_, number := r.TimeSeries(0, 2, "x")
	_, costs := r.ValidCost()
	for want, err := range map[string]error{`no entry "nobody" among ["seer" "lost"]`: unknown, "5 runs in the picture": many, "number 0 after start 12": start, "number 2 after start 0": number, "no entry has a cost": costs} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want one line with %q", err, want)
		}
	}
}

func TestSeriesErrors(t *testing.T) {
	good, world := henonTrial(t)
	with := func(change func(*forecast.SeriesTrial)) error {
		trial := good
		change(&trial)
		_, err := trial.Judge(seer(world, nil))
		return err
	}
	broken := forecast.Entry{Name: "broken", Forecast: func(forecast.Case) (*idffnb.Trajectories, error) { return nil, errors.New("no power") }}
	short := forecast.Entry{Name: "short", Forecast: func(c forecast.Case) (*idffnb.Trajectories, error) {
		c.Frames = 3
		return seer(world, nil).Forecast(c)
	}}
	_, none := good.Judge()
	_, fails := good.Judge(broken)
	_, few := good.Judge(short)
	for want, err := range map[string]error{
		"needs Held and Other": with(func(t *forecast.SeriesTrial) { t.Other = nil }),
		"history -1":           with(func(t *forecast.SeriesTrial) { t.History = -1 }),
		"segments of 101":      with(func(t *forecast.SeriesTrial) { t.Segment = 101 }),
		"have 200 in all":      with(func(t *forecast.SeriesTrial) { t.Ahead = 199 }),
		"no 12 pieces of 999":  with(func(t *forecast.SeriesTrial) { t.Free = 999 }),
		"not of one system": with(func(t *forecast.SeriesTrial) {
			t.Other, _ = datasets.NewMaps("one", make([]float32, 9000), 1, 9000, 1, 1, nil)
		}),
		"step":             with(func(t *forecast.SeriesTrial) { t.Step = -1 }),
		"without entries":  none,
		"broken: no power": fails,
		"short: drew":      few,
		"a million cells":  with(func(t *forecast.SeriesTrial) { t.Bins = 2000 }),
	} {
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "forecast: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want one line with %q", err, want)
		}
	}
}

// How long a regression's forecasts of Hénon's map hold, in Lyapunov times.
func ExampleSeriesTrial() {
	train, held, other := henon(2, 300, 1), henon(4, 200, 2), henon(4, 1000, 3)
	trial := forecast.SeriesTrial{Held: held, Other: other, Lyapunov: henonLyapunov, Ahead: 60, Free: 100}
	for _, degree := range []int{1, 2} {
		ar, err := baseline.FitPolynomialAR(train.Values, train.Series, train.Frames, 2, baseline.PolynomialAR{Degree: degree})
		idffnb.Must(err)
		r := trial.MustJudge(forecast.Baseline(ar))
		v, err := r.Median(0)
		idffnb.Must(err)
		fmt.Printf("%s: more than 10 Lyapunov times: %v, left or stuck: %.0f%%\n", r.Scores[0].Name, v.Value > 10, 100*(r.Scores[0].Climate[0].Left+r.Scores[0].Climate[0].Stuck))
	}
	// Output:
	// linear AR: more than 10 Lyapunov times: false, left or stuck: 100%
	// quadratic AR: more than 10 Lyapunov times: true, left or stuck: 0%
}

// mean1 is the climatology of the second number.
func mean1(t testing.TB, trial forecast.SeriesTrial) float32 {
	t.Helper()
	zero, err := trial.Standard.Undo(make([]float32, 2))
	if err != nil {
		t.Fatal(err)
	}
	return zero[1]
}
