package idffnb

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/golden"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

var decaying = flow.Stochastic(flow.DecayingNoise(1))

func mustSample(t testing.TB, r *Run, n int, f flow.Field, s solver.Solver, options ...SampleOption) *Samples {
	t.Helper()
	out, err := r.Sample(n, f, s, options...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestNoiseIsDeterministic: a seed fixes start points and noise, which are the same on every backend.
func TestNoiseIsDeterministic(t *testing.T) {
	var clouds [][]float32
	for _, backend := range backends(t) {
		r := reference(t, "8gaussians")
		r.backend = backend
		a := mustSample(t, r, 200, decaying, solver.EulerMaruyama(5), WithSeed(3)).X
		if b := mustSample(t, r, 200, decaying, solver.EulerMaruyama(5), WithSeed(3)).X; !slices.Equal(a, b) {
			t.Error("the same seed gave other samples")
		}
		if b := mustSample(t, r, 200, decaying, solver.EulerMaruyama(5), WithSeed(4), WithStart(Noise(3, 200, 2))).X; slices.Equal(a, b) {
			t.Error("another seed gave the same noise")
		}
		clouds = append(clouds, a)
	}
	golden.Compare(t, "first and last backend", clouds[0], clouds[len(clouds)-1], 2e-4, nil)
}

// TestNoiseOfMoreSteps: with more steps the samples follow the same noise, so that they come closer to one another: from 16 to 32 steps they move
// less than from 4 to 8.
func TestNoiseOfMoreSteps(t *testing.T) {
	r := reference(t, "8gaussians")
	r.backend = pureGo(t)
	move := func(n int) float64 {
		a, b := mustSample(t, r, 300, decaying, solver.EulerMaruyama(n)).X, mustSample(t, r, 300, decaying, solver.EulerMaruyama(2*n)).X
		moves := make([]float64, len(a))
		for i := range a {
			moves[i] = math.Abs(float64(a[i] - b[i]))
		}
		slices.Sort(moves)
		return moves[len(moves)/2]
	}
	if a, b := move(4), move(16); !(b < a/2) {
		t.Errorf("samples move by %g from 4 to 8 steps and by %g from 16 to 32", a, b)
	}
}

// normals is data N(0, .36 I) in the plane, and exactNet the network that predicts them without error: xhat1 = .36 t/(.36 t^2 + (1-t)^2) x.
type normals struct{}

func (normals) Name() string { return "normals" }
func (normals) Dim() int     { return 2 }
func (normals) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	x1 = normal(rng, 2*n)
	for i := range x1 {
		x1[i] *= .6
	}
	return nil, x1, nil
}

type exactNet struct{}

func (exactNet) Predict(_ *model.Scope, x, t, _ *Node) *Node {
	t = ExpandAxes(t, -1)
	return Mul(Div(MulScalar(t, .36), Add(MulScalar(Square(t), .36), Square(OneMinus(t)))), x)
}

// exactVelocity predicts their velocity without error: v = (.36 t - (1-t))/(.36 t^2 + (1-t)^2) x.
type exactVelocity struct{}

func (exactVelocity) Predict(_ *model.Scope, x, t, _ *Node) *Node {
	t = ExpandAxes(t, -1)
	return Mul(Div(Sub(MulScalar(t, .36), OneMinus(t)), Add(MulScalar(Square(t), .36), Square(OneMinus(t)))), x)
}

// TestNoisySamples samples exact networks. The variance of 4096 components scatters by .022 of itself; 6.5 of that, and .06 for the steps, are allowed: a false alarm
// in 1e-9 or less. Without the score term it would come out twice as large or more, without the noise less than half as large.
func TestNoisySamples(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	point := mustOpen(t, Experiment{Name: "exact", Data: normals{}, Net: exactNet{}})
	velocity := mustOpen(t, Experiment{Name: "exact-v", Data: normals{}, Net: exactVelocity{}, Objective: flow.Velocity()})
	point.step, point.backend = 1, pureGo(t)
	velocity.step, velocity.backend = 1, point.backend
	decaying, bridge, constant := flow.Stochastic(flow.DecayingNoise(2)), flow.Stochastic(flow.BridgeNoise(2)), flow.Stochastic(flow.ConstantNoise(1))
	for _, tc := range []struct {
		run    *Run
		s      solver.Stochastic
		each   int // forwards a step
		fields []flow.Field
	}{
		{point, solver.EulerMaruyama(60), 1, []flow.Field{decaying, bridge, constant}},
		{point, solver.SRK(10), 2, []flow.Field{decaying, bridge, constant}},
		{velocity, solver.SRK(10), 2, []flow.Field{decaying, bridge, constant}},
		{velocity, solver.HeunStratonovich(10), 2, []flow.Field{decaying, bridge}},
	} {
		for _, f := range tc.fields {
			out, steps := mustSample(t, tc.run, 2048, f, tc.s), tc.s.Steps()
			if c := out.Cost; c.Steps != steps || c.Forwards != steps*tc.each || c.Backwards != 0 || c.Equivalents != float64(steps*tc.each) || len(out.States) != steps+1 {
				t.Errorf("%s, %v: %d states, cost %+v", f.Name(), tc.s, len(out.States), c)
			}
			square := 0.
			for _, x := range out.X {
				square += float64(x) * float64(x) / .36 / 4096
			}
			if !(math.Abs(square-1) < .06+6.5*.022) {
				t.Errorf("%s, %v, %s: samples have %.3f times the data's variance", tc.run.exp.Name, tc.s, f.Name(), square)
			}
		}
	}
}

// TestSolversFollowTheSameNoise: from the same seed Euler-Maruyama, Heun and SRK come to the same points, SRK with half the steps closest.
func TestSolversFollowTheSameNoise(t *testing.T) {
	r := reference(t, "8gaussians")
	r.backend = pureGo(t)
	fine := mustSample(t, r, 150, decaying, solver.SRK(40)).X
	away := func(s solver.Solver) float64 {
		moves := make([]float64, len(fine))
		for i, x := range mustSample(t, r, 150, decaying, s).X {
			moves[i] = math.Abs(float64(x - fine[i]))
		}
		slices.Sort(moves)
		return moves[len(moves)/2]
	}
	maruyama, heun, srk := away(solver.EulerMaruyama(20)), away(solver.HeunStratonovich(20)), away(solver.SRK(10))
	if !(srk < .8*maruyama && srk < .8*heun && maruyama < .2 && heun < .2) {
		t.Errorf("median distance from 40 steps of SRK: Euler-Maruyama x20 %.4f, Heun x20 %.4f, SRK x10 %.4f", maruyama, heun, srk)
	}
}

// TestWithoutNoise: a field without noise under Euler-Maruyama, and one with noise 0, are Euler's method.
func TestWithoutNoise(t *testing.T) {
	r := trained(t)
	want := mustSample(t, r, 50, flow.CFM(), solver.Euler(6)).X
	if got := mustSample(t, r, 50, flow.CFM(), solver.EulerMaruyama(6)).X; !slices.Equal(got, want) {
		t.Error("CFM under Euler-Maruyama is not CFM under Euler")
	}
	golden.Compare(t, "noise 0", mustSample(t, r, 50, flow.Stochastic(flow.Diffusion{}), solver.EulerMaruyama(6)).X, want, 1e-5, nil)
}

// TestScaleNeedsNoCompilation: another scale of the same noise uses the same compiled graph; another noise or a field without does not.
func TestScaleNeedsNoCompilation(t *testing.T) {
	r := trained(t)
	for graphs, fields := range [][]flow.Field{
		{decaying, flow.Stochastic(flow.DecayingNoise(2)), flow.Stochastic(flow.DecayingNoise(0))},
		{flow.Stochastic(flow.BridgeNoise(1))},
		{flow.CFM()},
	} {
		for _, f := range fields {
			mustSample(t, r, 20, f, solver.EulerMaruyama(3))
		}
		if len(r.samplers) != graphs+1 {
			t.Errorf("%d graphs compiled, want %d", len(r.samplers), graphs+1)
		}
	}
}

// TestNoisyEvaluationIsKept: by noise, its scale and the solver.
func TestNoisyEvaluationIsKept(t *testing.T) {
	r := trained(t)
	judge := Judge{N: 100, Seeds: Seeds(1, 2), Metrics: []string{"mmd2"}}
	keys := map[string]bool{}
	for _, f := range []flow.Field{decaying, flow.Stochastic(flow.DecayingNoise(1.0001)), flow.Stochastic(flow.BridgeNoise(1)), flow.Stochastic(flow.ConstantNoise(1)),
		flow.Stochastic(flow.MatchingNoise(1)), flow.IDFFNoisy(1), flow.IDFFWritten(1)} {
		for _, n := range []int{4, 5} {
			keys[r.evaluationKey(f, solver.EulerMaruyama(n), judge)] = true
		}
	}
	if len(keys) != 14 || keys[""] {
		t.Errorf("%d keys of 14 evaluations, empty: %t", len(keys), keys[""])
	}
	first, err := r.Evaluate(decaying, solver.EulerMaruyama(4), judge)
	if err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, r.exp)
	again.store = nil // nothing can be computed
	kept, err := again.Evaluate(decaying, solver.EulerMaruyama(4), judge)
	if err != nil || kept.Mean("mmd2") != first.Mean("mmd2") || kept.Field != "IDFF with noise g=1(1-t)" || kept.Solver != "euler-maruyama x4" {
		t.Errorf("kept %+v, %v; want %+v", kept, err, first)
	}
}

// TestNoisyVelocity: the velocity of a field with noise is its drift; without noise that of CFM.
func TestNoisyVelocity(t *testing.T) {
	r := trained(t)
	x := []float32{.5, -1, 2, .1}
	a, err := r.Velocity(x, .5, flow.Stochastic(flow.Diffusion{}))
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Velocity(x, .5, flow.CFM())
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "drift without noise", a, b, 1e-5, nil)
}

// TestNoiseByObjective: which networks give the score that noise needs; the others are told what to do, in one line.
func TestNoiseByObjective(t *testing.T) {
	for _, tc := range []struct {
		objective flow.Objective
		path      flow.Path
		coupling  flow.Coupling
		field     flow.Field
		want      string // in the error; "": it works
		still     string // what a solver without noise is to be given
	}{
		{flow.X1(), flow.Straight(), flow.Independent(), decaying, "", "flow.CFM()"},
		{flow.Velocity(), flow.Straight(), flow.Independent(), decaying, "", "flow.CFM()"},
		{flow.X1Score(), flow.Bridge(.2), flow.ExactOT(), flow.StochasticOnBridge(flow.ConstantNoise(.2), .2), "", "flow.ProbabilityFlow(0.2)"},
		{flow.X1Start(), flow.Bridge(.2), flow.ExactOT(), flow.StochasticOnBridge(flow.ConstantNoise(.2), .2), "", "flow.ProbabilityFlow(0.2)"},
		{flow.X1Score(), flow.Bridge(.2), flow.Independent(), flow.NoisyWrittenField{Gamma: 1, Bridge: .2}, "", "flow.ProbabilityFlow(0.2)"},
		{flow.X1Score(), flow.Bridge(.2), flow.Independent(), decaying, "use flow.StochasticOnBridge(g, 0.2)", "flow.ProbabilityFlow(0.2)"},
		{flow.X1(), flow.Straight(), flow.ExactOT(), decaying, "train with flow.X1Score() or flow.X1Start(), or on", "flow.CFM()"},
		{flow.Velocity(), flow.Bridge(.2), flow.Independent(), flow.StochasticOnBridge(flow.DecayingNoise(1), .2), "flow.X1Start() or flow.VelocityScore() on flow.Bridge(sigma0)", "flow.CFM()"},
		{flow.Velocity(), flow.ICFM(.1), flow.Independent(), decaying, "path icfm(0.1) does not give", "flow.CFM()"},
	} {
		e := small(t)
		e.Objective, e.Path, e.Coupling, e.Steps = tc.objective, tc.path, tc.coupling, 2
		e.Net = net.MLP{Width: 8, Layers: 1, Heads: tc.objective.Heads()}
		r := mustOpen(t, e)
		if err := r.Train(); err != nil {
			t.Fatal(err)
		}
		_, err := r.Sample(8, tc.field, solver.EulerMaruyama(3))
		if tc.want != "" {
			expectLine(t, tc.field.Name(), err, tc.want)
		} else if err != nil {
			t.Errorf("%v on %v: %v", tc.objective, tc.path, err)
		}
		_, err = r.Sample(8, tc.field, solver.Midpoint(2))
		expectLine(t, tc.field.Name(), err, "or without noise "+tc.still)
	}
}

func TestNoisyRefuses(t *testing.T) {
	r := trained(t)
	for _, tc := range []struct {
		field flow.Field
		s     solver.Solver
		want  string
	}{
		{decaying, solver.Midpoint(4), "use solver.EulerMaruyama(4) or solver.SRK(2), or without noise flow.CFM()"},
		{flow.Stochastic(flow.ConstantNoise(0)), solver.AdamsBashforth(2, 4), "without noise flow.CFM()"},
		{flow.Guided(decaying, 2), solver.Midpoint(4), "use solver.EulerMaruyama(4)"},
		{flow.IDFFNoisy(4), solver.EulerOn(0, .4, 1), "use solver.EulerMaruyama(2)"},
		{decaying, solver.EulerMaruyama(0), "at least 1"},
		{decaying, solver.EulerMaruyama(-3), "at least 1"},
		{decaying, solver.EulerMaruyama(5000), "resolved to 4096 steps"},
		{decaying, solver.HeunStratonovich(0), "at least 1"},
		{decaying, solver.SRK(-1), "at least 1"},
		{decaying, solver.SRK(4097), "resolved to 4096 steps"},
		{flow.Stochastic(flow.ConstantNoise(.5)), solver.HeunStratonovich(4), "such as solver.SRK(n)"},
		{flow.Stochastic(flow.DecayingNoise(-1)), solver.EulerMaruyama(4), "scale -1"},
		{flow.Stochastic(flow.Diffusion{Kind: "pink"}), solver.EulerMaruyama(4), "valid names: decaying"},
		{flow.IDFFNoisy(.2), solver.EulerMaruyama(4), "at least 1/2"},
	} {
		_, err := r.Sample(8, tc.field, tc.s)
		expectLine(t, tc.field.Name(), err, tc.want)
		_, err = r.Evaluate(tc.field, tc.s, Judge{N: 8})
		expectLine(t, tc.field.Name(), err, tc.want)
	}
}
