package idffnb

import (
	"errors"
	"math"
	"path/filepath"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/golden"
	"github.com/idff-go/workbench/idffnb/solver"
)

func adaptive(t testing.TB, name string, tolerance float64, at ...float64) solver.Adaptive {
	t.Helper()
	a, err := solver.AdaptiveByName(name, tolerance, tolerance)
	if err != nil {
		t.Fatal(err)
	}
	a.At = at
	return a
}

// trainedTo is a run of the small experiment whose network predicts x1 or the velocity, trained on pure Go, which compiles in no time.
func trainedTo(t testing.TB, objective flow.Objective, path flow.Path) *Run {
	t.Helper()
	e := small(t)
	e.Objective, e.Path = objective, path
	r := mustOpen(t, e)
	r.backend = pureGo(t)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	return r
}

func trainedVelocity(t testing.TB) *Run { return trainedTo(t, flow.Velocity(), flow.ICFM(.1)) }

func trainedX1(t testing.TB) *Run { return trainedTo(t, flow.X1(), flow.Straight()) }

// TestSampleAdaptive samples with each method, and compares the states at the times asked for with those of 20 steps of RK4; a graph serves every tolerance.
func TestSampleAdaptive(t *testing.T) {
	r := trainedVelocity(t)
	fine := mustSample(t, r, 40, flow.CFM(), solver.RK4(20))
	for _, name := range solver.AdaptiveNames() {
		r.samplers = map[string]sampler{}
		var forwards []int
		for _, tolerance := range []float64{1e-2, 1e-3} {
			out := mustSample(t, r, 40, flow.CFM(), adaptive(t, name, tolerance, .25, .5, .9))
			if !slices.Equal(out.Times, []float64{0, .25, .5, .9, 1}) || len(out.States) != 5 || !slices.Equal(out.States[4], out.X) {
				t.Fatalf("%s: %d states at %v", name, len(out.States), out.Times)
			}
			for i, at := range out.Times {
				golden.Compare(t, name, out.States[i], fine.States[int(math.Round(20*at))], 50*tolerance, nil)
			}
			each := map[string]int{"adaptive_heun": 2, "bosh3": 3, "dopri5": 6, "dopri8": 13}[name]
			want := 2 + each*(out.Cost.Steps+out.Cost.Rejected)
			if name == "dopri8" {
				want += 3 * each
			}
			c := out.Cost
			if c.Forwards != want || c.Backwards != 0 || c.Equivalents != float64(want) || !(c.Seconds > 0) {
				t.Errorf("%s at %g: cost %v, want %d forwards", name, tolerance, c, want)
			}
			forwards = append(forwards, c.Forwards)
		}
		if len(r.samplers) != 1 || forwards[0] > forwards[1] {
			t.Errorf("%s: %d graphs compiled for two tolerances, want 1; %v forwards", name, len(r.samplers), forwards)
		}
	}
	for _, file := range []string{"CFM-dopri5_rtol_0.01_atol_0.01-shrink1-seed0-n40.safetensors", "CFM-dopri5_rtol_0.001_atol_0.001-shrink1-seed0-n40.safetensors"} {
		if found, _ := filepath.Glob(filepath.Join(r.Dir, "samples", file)); len(found) != 1 {
			t.Errorf("samples are not kept as %s", file)
		}
	}
	again := mustSample(t, r, 40, flow.CFM(), adaptive(t, "dopri5", 1e-4), Unkept())
	before := mustSample(t, r, 40, flow.CFM(), adaptive(t, "dopri5", 1e-4, .3), Unkept())
	if !slices.Equal(again.X, before.X) {
		t.Error("times asked for change the samples, or samples are not deterministic")
	}
}

// TestAdaptiveCost: evaluations of IDFF of order K cost 2^K forward-equivalents, but for the one at t = 0.
func TestAdaptiveCost(t *testing.T) {
	r := trainedX1(t)
	for _, tc := range []struct {
		field         flow.Field
		first, second solver.Cost // of the evaluation at t = 0, and of any other
	}{
		{flow.CFM(), solver.Cost{Equivalents: 1}, solver.Cost{Equivalents: 1}},
		{flow.ReleasedCFM(), solver.Cost{Equivalents: 1}, solver.Cost{Equivalents: 1}},
		{flow.IDFF(.5), solver.Cost{Equivalents: 1}, solver.Cost{Backwards: 1, Equivalents: 2}},
		{flow.IDFF(.4, -.1), solver.Cost{Equivalents: 1}, solver.Cost{Backwards: 2, Equivalents: 4}},
		{flow.IDFF(.4, -.1, .01), solver.Cost{Equivalents: 1}, solver.Cost{Backwards: 3, Equivalents: 8}},
		{flow.IDFFWritten(.6, .01), solver.Cost{Equivalents: 1}, solver.Cost{Backwards: 1, Equivalents: 2}},
	} {
		out := mustSample(t, r, 20, tc.field, adaptive(t, "bosh3", 3e-2), Unkept())
		c := out.Cost
		others := 1 + 3*(c.Steps+c.Rejected)
		if c.Forwards != 1+others || c.Backwards != tc.first.Backwards+others*tc.second.Backwards || c.Equivalents != tc.first.Equivalents+float64(others)*tc.second.Equivalents {
			t.Errorf("%s: %v, want %d evaluations of %v after one of %v", tc.field.Name(), c, others, tc.second, tc.first)
		}
	}
}

// TestAdaptiveEndsWithALine: on a network that predicts the end point the last state is xhat1 at t = .99, and nothing is evaluated later.
func TestAdaptiveEndsWithALine(t *testing.T) {
	for name, backend := range backends(t) {
		r := reference(t, "8gaussians")
		r.backend = backend
		a := adaptive(t, "dopri5", 1e-4, .99, .995)
		out := mustSample(t, r, 64, flow.CFM(), a, Unkept())
		if out.Cost.Forwards > 80 {
			t.Errorf("%s: %v, want at most 80 forwards", name, out.Cost)
		}
		n := len(out.States)
		v, err := r.Velocity(out.States[n-3], .99, flow.CFM())
		if err != nil {
			t.Fatal(err)
		}
		want, middle := make([]float32, len(v)), make([]float32, len(v))
		for i := range v {
			want[i] = out.States[n-3][i] + .01*v[i]
			middle[i] = out.States[n-3][i] + .005*v[i]
		}
		golden.Compare(t, name+" at 1", out.X, want, 1e-4, nil)
		golden.Compare(t, name+" at .995", out.States[n-2], middle, 1e-4, nil)
		a.Until = .9
		sooner := mustSample(t, r, 64, flow.CFM(), a, Unkept())
		if sooner.Cost.Forwards > out.Cost.Forwards || slices.Equal(sooner.X, out.X) || sooner.Solver != "dopri5 rtol=0.0001 atol=0.0001 until=0.9" {
			t.Errorf("%s: %s: %v after %v", name, sooner.Solver, sooner.Cost, out.Cost)
		}
	}
}

// TestAdaptiveMethodsAgree: methods of three orders find the same samples of the reference network at a tight tolerance.
func TestAdaptiveMethodsAgree(t *testing.T) {
	r := reference(t, "checkerboard")
	r.backend = pureGo(t)
	want := mustSample(t, r, 16, flow.IDFF(.5), adaptive(t, "dopri5", 1e-5), Unkept())
	for _, name := range []string{"bosh3", "dopri8"} {
		out := mustSample(t, r, 16, flow.IDFF(.5), adaptive(t, name, 1e-4), Unkept())
		golden.Compare(t, name, out.X, want.X, 1e-2, nil)
	}
}

func TestEvaluateAdaptive(t *testing.T) {
	r := trainedVelocity(t)
	judge := Judge{N: 32, Seeds: Seeds(0, 1), Metrics: []string{"mmd2"}}
	evaluate := func(s solver.Solver) *Report {
		report, err := r.Evaluate(flow.CFM(), s, judge)
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	loose, tight := evaluate(adaptive(t, "dopri5", 1e-1)), evaluate(adaptive(t, "dopri5", 1e-4))
	if loose.Cost.Forwards >= tight.Cost.Forwards {
		t.Errorf("two tolerances have the same evaluation: %v, %v", loose.Cost, tight.Cost)
	}
	if again := evaluate(adaptive(t, "dopri5", 1e-1)); again.Cost != loose.Cost { // with the seconds measured then
		t.Error("the evaluation is made again")
	}
	if asked := evaluate(adaptive(t, "dopri5", 1e-1, .5)); asked.Cost == loose.Cost || asked.Mean("mmd2") != loose.Mean("mmd2") {
		t.Error("an evaluation with times asked for is taken for one without, or differs")
	}
	backend := r.backend
	r = mustOpen(t, r.exp)
	r.backend = backend
	if again := evaluate(adaptive(t, "dopri5", 1e-4)); again.Cost != tight.Cost || again.Solver != "dopri5 rtol=0.0001 atol=0.0001" {
		t.Errorf("after reopening: %+v, want %+v", again, tight)
	}
}

func TestSampleAdaptiveRefuses(t *testing.T) {
	r := trainedX1(t)
	limited := adaptive(t, "dopri5", 1e-6)
	limited.MaxEvaluations = 20
	ended := adaptive(t, "dopri5", 1e-5)
	ended.Until = 2
	for _, tc := range []struct {
		what  string
		field flow.Field
		s     solver.Solver
		want  string
	}{
		{"unknown method", flow.CFM(), solver.Adaptive{Method: "rk45", RTol: 1e-3}, "valid names: adaptive_heun, bosh3, dopri5, dopri8"},
		{"no tolerance", flow.CFM(), solver.Dopri5(0, 0), "both 0"},
		{"torchdiffeq's default", flow.CFM(), solver.Dopri5(1e-7, 1e-9), "rtol is below what Float32 resolves"},
		{"times", flow.CFM(), adaptive(t, "bosh3", 1e-3, .5, .1), "must increase"},
		{"until", flow.CFM(), ended, "until t = 2"},
		{"noise", flow.Stochastic(flow.DecayingNoise(1)), solver.Dopri5(1e-3, 1e-3), "use solver.EulerMaruyama(50)"},
		{"gamma", flow.IDFF(300), solver.Dopri5(1e-3, 1e-3), "negative at t"},
		{"limit", flow.CFM(), limited, "evaluations are made"},
	} {
		_, err := r.Sample(8, tc.field, tc.s)
		expectLine(t, tc.what, err, tc.want)
		if tc.what == "limit" && !errors.Is(err, solver.ErrStopped) {
			t.Errorf("%v does not wrap ErrStopped", err)
		}
	}
	_, err := r.Evaluate(flow.CFM(), limited, Judge{N: 8, Metrics: []string{"mmd2"}})
	expectLine(t, "evaluation beyond the limit", err, "cannot go on at t = ")
	if files, _ := filepath.Glob(filepath.Join(r.Dir, "samples", "*")); len(files) > 0 {
		t.Errorf("refused samples are kept: %v", files)
	}
}

// atNode evaluates the field once, at a time that the graph does not know to be 0 or 1.
type atNode struct{ At float64 }

func (s atNode) Name() string     { return "velocity at a node" }
func (s atNode) Steps() int       { return 1 }
func (s atNode) Times() []float64 { return []float64{s.At} }
func (s atNode) Grid() []float64  { return []float64{0, 1} }
func (s atNode) Integrate(field solver.Field, x *Node) []*Node {
	zero := ReduceAllSum(MulScalar(x, 0))
	return []*Node{x, field(x, solver.AtNodes(AddScalar(zero, s.At), AddScalar(zero, 1-s.At)))}
}

// TestFieldsAtNodes: fields are finite at the ends of time also where the graph does not know that it is there, and the same as at a known time. At t = 1 the terms that
// vanish there may leave a rest of 0 x something.
func TestFieldsAtNodes(t *testing.T) {
	for name, r := range map[string]*Run{"x1": trainedX1(t), "velocity": trainedVelocity(t)} {
		fields := []flow.Field{flow.CFM()}
		if name == "x1" {
			fields = append(fields, flow.ReleasedCFM(), flow.IDFF(.5), flow.IDFF(.4, -.2), flow.IDFF(.4, -.2, .1), flow.IDFFWritten(1), flow.IDFFWritten(1, .1),
				flow.Momentum(flow.IDFF(.5, .1)))
		}
		for _, field := range fields {
			for _, at := range []float64{0, 1} {
				x := Noise(1, 16, 2)
				known, err := r.Velocity(x, at, field)
				if err != nil {
					t.Fatal(err)
				}
				node := mustSample(t, r, 16, field, atNode{at}, WithStart(x), Unkept()).X
				golden.Compare(t, name+" "+field.Name(), node, known, 1e-3, nil)
			}
		}
	}
}

// TestEvaluateReportsTheGreatestCost: the steps of an adaptive solver depend on what is drawn, so the seeds differ in cost.
func TestEvaluateReportsTheGreatestCost(t *testing.T) {
	r := reference(t, "8gaussians")
	s, seeds := adaptive(t, "bosh3", 1e-5), Seeds(0, 7)
	var costs []int
	for _, seed := range seeds {
		costs = append(costs, mustSample(t, r, 4, flow.CFM(), s, WithSeed(seed), Unkept()).Cost.Forwards)
	}
	if most := slices.Max(costs); costs[0] == most || costs[len(costs)-1] == most {
		t.Fatalf("costs %v: the test wants the greatest between others: change its seeds", costs)
	}
	report, err := r.Evaluate(flow.CFM(), s, Judge{N: 4, Seeds: seeds, Metrics: []string{"mmd2"}})
	if err != nil {
		t.Fatal(err)
	}
	if report.Cost.Forwards != slices.Max(costs) {
		t.Errorf("cost %d, want the greatest of %v", report.Cost.Forwards, costs)
	}
}
