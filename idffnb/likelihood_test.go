package idffnb

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// bell is data N(m, Q diag(s^2) Q^T) in the plane, Q the rotation by an angle.
type bell struct {
	Mean, Std [2]float64
	Angle     float64
}

var tilted = bell{Mean: [2]float64{.7, -.4}, Std: [2]float64{1.5, .5}, Angle: .6}

func (bell) Name() string { return "bell" }
func (bell) Dim() int     { return 2 }

// turn is Q x, or Q^T x for sign -1.
func (b bell) turn(x [2]float64, sign float64) [2]float64 {
	s, c := math.Sincos(b.Angle * sign)
	return [2]float64{c*x[0] - s*x[1], s*x[0] + c*x[1]}
}

func (b bell) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	for range n {
		x := b.turn([2]float64{b.Std[0] * rng.NormFloat64(), b.Std[1] * rng.NormFloat64()}, 1)
		x1 = append(x1, float32(x[0]+b.Mean[0]), float32(x[1]+b.Mean[1]))
	}
	return nil, x1, nil
}

// logP is the true log-density.
func (b bell) logP(x []float32) float64 {
	y := b.turn([2]float64{float64(x[0]) - b.Mean[0], float64(x[1]) - b.Mean[1]}, -1)
	sum := -math.Log(2 * math.Pi)
	for i, v := range y {
		sum -= math.Log(b.Std[i]) + v*v/(2*b.Std[i]*b.Std[i])
	}
	return sum
}

// bellNet predicts the bell without error. With V = t^2 s^2 + (1-t)^2 along each axis of the bell, E[x1 | x] = m + t s^2/V (x - t m), and
// the velocity is m + (t s^2 - (1-t))/V (x - t m).
type bellNet struct {
	Of       bell
	Velocity bool
}

func (b bellNet) Predict(_ *model.Scope, x, t, _ *Node) *Node {
	t = ExpandAxes(t, -1)
	g := x.Graph()
	mean := Const(g, [][]float32{{float32(b.Of.Mean[0]), float32(b.Of.Mean[1])}})
	square := Const(g, [][]float32{{float32(b.Of.Std[0] * b.Of.Std[0]), float32(b.Of.Std[1] * b.Of.Std[1])}})
	s, c := math.Sincos(b.Of.Angle)
	turn := Const(g, [][]float32{{float32(c), float32(-s)}, {float32(s), float32(c)}})
	gain := Mul(t, square)
	variance := Add(Mul(gain, t), Square(OneMinus(t)))
	if b.Velocity {
		gain = Sub(gain, OneMinus(t))
	}
	y := Mul(Div(gain, variance), Einsum("nd,de->ne", Sub(x, Mul(t, mean)), turn))
	return Add(mean, Einsum("ne,de->nd", y, turn))
}

// bellRun is a run whose network is exact.
func bellRun(t testing.TB, data bell, objective flow.Objective) *Run {
	t.Helper()
	t.Setenv("IDFF_RUNS", t.TempDir())
	r := mustOpen(t, Experiment{Name: "bell", Data: data, Net: bellNet{data, objective == flow.Velocity()}, Objective: objective})
	r.step, r.backend = 1, pureGo(t)
	return r
}

func mustLogLikelihood(t testing.TB, r *Run, x []float32, s solver.Solver, options ...LikelihoodOption) *Likelihood {
	t.Helper()
	out, err := r.LogLikelihood(x, flow.CFM(), s, options...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLikelihoodOfGaussian compares with the closed form at points drawn from it: 1e-3 nats at the worst point with sensible numbers of steps, for networks
// that predict the velocity and for those that predict the end point; and the start points with x_0 = (x - m)/s along each axis.
func TestLikelihoodOfGaussian(t *testing.T) {
	_, x, _ := tilted.Batch(generator(1, 2, 3), 200)
	for _, objective := range []flow.Objective{flow.Velocity(), flow.X1(), flow.X1Copies()} {
		r := bellRun(t, tilted, objective)
		for _, c := range []struct {
			s                 solver.Solver
			ofVelocity, ofEnd float64 // nats
		}{
			{solver.Midpoint(25), 1e-3, 1e-3},
			{solver.RK4(12), 1e-4, 3e-3}, // the still end, at steps much longer than it
			{solver.RK4(30), 1e-4, 1e-3},
			{solver.AdamsBashforth(3, 50), 1e-3, 1e-3},
			{solver.EulerOn(0, .1, .2, .3, .4, .5, .6, .7, .8, .9, .95, 1), 2, 2}, // order 1
			{solver.Dopri5(1e-5, 1e-5), 1e-3, 1e-3},
		} {
			s, tolerance := c.s, c.ofEnd
			if objective == flow.Velocity() {
				tolerance = c.ofVelocity
			}
			out := mustLogLikelihood(t, r, x, s)
			worst := 0.
			for i, got := range out.LogP {
				worst = max(worst, math.Abs(got-tilted.logP(x[2*i:])))
				y := tilted.turn([2]float64{float64(x[2*i]) - tilted.Mean[0], float64(x[2*i+1]) - tilted.Mean[1]}, -1)
				z := tilted.turn([2]float64{y[0] / tilted.Std[0], y[1] / tilted.Std[1]}, 1)
				for d := range z {
					if !(math.Abs(float64(out.Z[2*i+d])-z[d]) < tolerance) {
						t.Fatalf("%v, %v: point %d comes from %v, want %v", objective, s, i, out.Z[2*i:][:2], z)
					}
				}
			}
			if !(worst < tolerance) {
				t.Errorf("%v, %v: off by %.5f nats, want at most %g", objective, s, worst, tolerance)
			}
		}
	}
}

// TestStillEnd: without it an end-point network is off by the field's convention at t = 1, far more than with it; the end is part of the result.
func TestStillEnd(t *testing.T) {
	_, x, _ := tilted.Batch(generator(1, 2, 3), 100)
	r := bellRun(t, tilted, flow.X1())
	off := func(options ...LikelihoodOption) float64 {
		out, worst := mustLogLikelihood(t, r, x, solver.RK4(12), options...), 0.
		for i, got := range out.LogP {
			worst = max(worst, math.Abs(got-tilted.logP(x[2*i:])))
		}
		return worst
	}
	if a, b, c := off(WithEnd(0)), off(), off(WithEnd(.001)); !(a > .05 && b < .003 && c < b/2) {
		t.Errorf("off by %.5f without a still end, %.5f with .005, %.5f with .001", a, b, c)
	}
	if end := mustLogLikelihood(t, r, x, solver.RK4(1)).End; end != .005 {
		t.Errorf("the end is %g", end)
	}
	if end := mustLogLikelihood(t, bellRun(t, tilted, flow.Velocity()), x, solver.RK4(1)).End; end != 0 {
		t.Errorf("the end of a velocity network is %g", end)
	}
}

// TestHutchinsonLikelihood: estimates with probes have the exact value as their mean and the standard errors that they state. The mean over 400 points of (estimate - exact)/error
// of 16 probes has a standard error of about 1.07/20 (Student's t with 15 degrees of freedom): 6 of that is a false alarm in 1e-9.
// The mean of its square is 15/13, with a standard error of .1: bounds at 6 of that.
func TestHutchinsonLikelihood(t *testing.T) {
	_, x, _ := tilted.Batch(generator(1, 2, 3), 400)
	r := bellRun(t, tilted, flow.Velocity())
	exact := mustLogLikelihood(t, r, x, solver.Midpoint(12))
	if exact.StdErr != nil {
		t.Error("the exact divergence has standard errors")
	}
	for _, d := range []flow.Divergence{flow.Hutchinson(16), flow.GaussianHutchinson(16)} {
		out := mustLogLikelihood(t, r, x, solver.Midpoint(12), WithDivergence(d), WithSeed(3))
		mean, square, used := 0., 0., 0.
		for i, got := range out.LogP {
			if out.StdErr[i] < 1e-6 { // Rademacher probes that agree all 16: the estimate has two values in the plane
				continue
			}
			score := (got - exact.LogP[i]) / out.StdErr[i]
			mean, square, used = mean+score, square+score*score, used+1
		}
		if used < 390 || !(math.Abs(mean/used) < 6*1.07/20) || !(math.Abs(square/used-15./13) < .6) {
			t.Errorf("%v: (estimate - exact)/error has mean %.3f and mean square %.3f at %g points, want about 0 and 1.15", d, mean/used, square/used, used)
		}
		if again := mustLogLikelihood(t, r, x, solver.Midpoint(12), WithDivergence(d), WithSeed(3)); !slices.Equal(again.LogP, out.LogP) {
			t.Errorf("%v: the same seed gave other values", d)
		}
		if other := mustLogLikelihood(t, r, x, solver.Midpoint(12), WithDivergence(d), WithSeed(4)); slices.Equal(other.LogP, out.LogP) {
			t.Errorf("%v: another seed gave the same values", d)
		}
	}
	one := mustLogLikelihood(t, r, x, solver.Midpoint(12), WithDivergence(flow.Hutchinson(1)))
	if !math.IsNaN(one.StdErr[0]) {
		t.Errorf("one probe states the error %g", one.StdErr[0])
	}
	// Where the axes of the bell are those of the plane the Jacobian is diagonal, and a single Rademacher probe is exact.
	r = bellRun(t, bell{Std: tilted.Std}, flow.Velocity())
	exact = mustLogLikelihood(t, r, x, solver.Midpoint(12))
	one = mustLogLikelihood(t, r, x, solver.Midpoint(12), WithDivergence(flow.Hutchinson(1)))
	for i, got := range one.LogP {
		if !(math.Abs(got-exact.LogP[i]) < 1e-5*(1+math.Abs(got))) {
			t.Fatalf("one probe of a diagonal Jacobian gave %g, the trace %g", got, exact.LogP[i])
		}
	}
}

// TestLikelihoodIntegratesToOne: the density of a trained network, summed over a grid. It is smooth, and the grid holds all but 1e-3 of it.
func TestLikelihoodIntegratesToOne(t *testing.T) {
	e := small(t)
	e.Objective, e.Steps = flow.Velocity(), 150
	r := mustOpen(t, e)
	r.backend = pureGo(t)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	const n, side = 50, 14.
	var x []float32
	for i := range n * n {
		x = append(x, float32((float64(i%n)+.5)/n*side-side/2), float32((float64(i/n)+.5)/n*side-side/2))
	}
	sum := 0.
	for _, l := range mustLogLikelihood(t, r, x, solver.Midpoint(15)).LogP {
		sum += math.Exp(l) * side * side / (n * n)
	}
	if !(math.Abs(sum-1) < .01) {
		t.Errorf("the density sums to %.4f", sum)
	}
}

// TestLikelihoodRowsAreIndependent: a point's value does not depend on the points beside it, nor on how many executions they are cut into.
func TestLikelihoodRowsAreIndependent(t *testing.T) {
	r := bellRun(t, tilted, flow.Velocity())
	_, x, _ := tilted.Batch(generator(1, 2, 3), likelihoodPoints+100)
	all := mustLogLikelihood(t, r, x, solver.Midpoint(2))
	if len(all.LogP) != likelihoodPoints+100 || len(all.Z) != len(x) {
		t.Fatalf("%d values and %d start values of %d points", len(all.LogP), len(all.Z), len(x)/2)
	}
	for _, i := range []int{0, 7, likelihoodPoints - 1, likelihoodPoints, likelihoodPoints + 99} {
		one := mustLogLikelihood(t, r, x[2*i:2*i+2], solver.Midpoint(2))
		if math.Abs(one.LogP[0]-all.LogP[i]) > 1e-5 || math.Abs(float64(one.Z[0]-all.Z[2*i])) > 1e-5 {
			t.Errorf("point %d: %g alone, %g among others", i, one.LogP[0], all.LogP[i])
		}
	}
}

func TestLikelihoodSummaries(t *testing.T) {
	l := &Likelihood{LogP: []float64{-1, -2, -6}, N: 3, Dim: 2}
	if l.Mean() != -3 || math.Abs(l.BitsPerDim()-3/(2*math.Ln2)) > 1e-15 || math.Abs(l.MeanErr()-math.Sqrt(14./2/3)) > 1e-15 {
		t.Errorf("mean %g ± %g, %g bits", l.Mean(), l.MeanErr(), l.BitsPerDim())
	}
}

// TestLikelihoodOptions: shrunk start points are those of Sample, and a condition reaches the network.
func TestLikelihoodOptions(t *testing.T) {
	// The exact velocity of a bell takes N(0, I)/1.5 to a bell of 1/1.5 the width.
	data := bell{Std: tilted.Std, Angle: tilted.Angle}
	thin := bell{Std: [2]float64{data.Std[0] / 1.5, data.Std[1] / 1.5}, Angle: data.Angle}
	x := []float32{.3, .5, -.8, .1}
	out := mustLogLikelihood(t, bellRun(t, data, flow.Velocity()), x, solver.Midpoint(25), WithShrink(1.5))
	for i, got := range out.LogP {
		if want := thin.logP(x[2*i:]); math.Abs(got-want) > 1e-3 {
			t.Errorf("shrunk: point %d has %g, want %g", i, got, want)
		}
	}
	e := small(t)
	e.Data, e.Net = datasets.MustLabelled(datasets.EightGaussians()), net.IndexedMLP{MLP: net.MLP{Width: 16, Layers: 2}, Indices: 8}
	e.Objective, e.Steps = flow.Velocity(), 2
	r := mustOpen(t, e)
	r.backend = pureGo(t)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	a, b := mustLogLikelihood(t, r, x, solver.Euler(3), WithLabels([]int{1, 5})), mustLogLikelihood(t, r, x, solver.Euler(3), WithCond([]float32{1, 6}))
	if a.LogP[0] != b.LogP[0] || a.LogP[1] == b.LogP[1] {
		t.Errorf("labels 1, 5 gave %v; 1, 6 gave %v", a.LogP, b.LogP)
	}
	if d := mustLogLikelihood(t, r, x, solver.Dopri5(1e-3, 1e-3), WithLabels([]int{1, 5}), WithDivergence(flow.Hutchinson(3))); len(d.StdErr) != 2 {
		t.Errorf("%d standard errors of two points", len(d.StdErr))
	}
	_, err := r.LogLikelihood(x, flow.CFM(), solver.Euler(3))
	expectLine(t, "no condition", err, "give the condition of each point with WithCond")
	_, err = r.LogLikelihood(x, flow.CFM(), solver.Euler(3), WithCond([]float32{1, 2, 3}))
	expectLine(t, "condition of another size", err, "3 values of cond")
}

// wide is data of more dimensions than an exact divergence is for; started gives its own start points.
type wide struct{ bell }

func (wide) Dim() int { return 100 }

type started struct{ bell }

func (s started) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	_, x1, _ = s.bell.Batch(rng, n)
	return x1, x1, nil
}

// stepless is no solver that can be integrated.
type stepless struct{}

func (stepless) Name() string    { return "stepless" }
func (stepless) Grid() []float64 { return []float64{0, 1} }

func TestLikelihoodRefuses(t *testing.T) {
	r := bellRun(t, tilted, flow.X1())
	nan := float32(math.NaN())
	two := []float32{1, 2}
	with := func(o ...LikelihoodOption) []LikelihoodOption { return o }
	for _, c := range []struct {
		what    string
		x       []float32
		field   flow.Field
		s       solver.Solver
		options []LikelihoodOption
		want    string
	}{
		{"no points", nil, flow.CFM(), solver.Euler(2), nil, "0 values given, want points of size 2"},
		{"half a point", []float32{1, 2, 3}, flow.CFM(), solver.Euler(2), nil, "3 values given"},
		{"NaN", []float32{1, 2, 3, nan}, flow.CFM(), solver.Euler(2), nil, "point 1 is NaN"},
		{"infinite", []float32{float32(math.Inf(1)), 2}, flow.CFM(), solver.Euler(2), nil, "point 0 is +Inf"},
		{"no field", two, nil, solver.Euler(2), nil, "a field, e.g. flow.CFM(), and a solver"},
		{"no solver", two, flow.CFM(), nil, nil, "and a solver"},
		{"probes", two, flow.CFM(), solver.Euler(2), with(WithDivergence(flow.Hutchinson(math.MaxInt))), "probes of 1 points of size 2: want at most"},
		{"no steps", two, flow.CFM(), solver.Midpoint(0), nil, "at least 1"},
		{"noise", two, decaying, solver.EulerMaruyama(4), nil, "adds noise on the way"},
		{"looks back", two, flow.ReleasedCFM(), solver.Euler(2), nil, "looks back at the start"},
		{"average", two, flow.MeanFlow(), solver.Euler(2), nil, "average velocity"},
		{"by step", two, flow.ScheduledField{Gamma: [][]float64{{.5}, {.5}}}, solver.Euler(2), nil, "factors by step"},
		{"gamma", two, flow.IDFF(300), solver.RK4(2), nil, "negative at t"},
		{"weights", two, flow.CFM(), solver.Scheduled{Times: []float64{0, .5, 1}, Weights: [][]float64{{1}, {-.2, 1.2}}}, nil, "do not integrate the velocity"},
		{"exponential", two, flow.CFM(), solver.DDIM(4), nil, "and not back"},
		{"until", two, flow.CFM(), solver.Adaptive{Method: "dopri5", RTol: 1e-3, Until: .9}, nil, "use WithEnd(0.1)"},
		{"too few evaluations", two, flow.CFM(), solver.Adaptive{Method: "dopri5", ATol: 1e-6, MaxEvaluations: 9}, nil, "9 evaluations"},
		{"no integrator", two, flow.CFM(), stepless{}, nil, "no solver.Fixed"},
		{"no probes", two, flow.CFM(), solver.Euler(2), with(WithDivergence(flow.Hutchinson(0))), "0 probes"},
		{"fewer probes", two, flow.CFM(), solver.Euler(2), with(WithDivergence(flow.GaussianHutchinson(-3))), "-3 probes"},
		{"unknown divergence", two, flow.CFM(), solver.Euler(2), with(WithDivergence(flow.Divergence{Kind: "skilling"})), "valid names: exact, rademacher, gaussian"},
		{"probes for the trace", two, flow.CFM(), solver.Euler(2), with(WithDivergence(flow.Divergence{Probes: 2})), "takes no probes"},
		{"start", two, flow.CFM(), solver.Euler(2), with(WithStart(two)), "WithStart is for Sample"},
		{"shrink", two, flow.CFM(), solver.Euler(2), with(WithShrink(-1)), "shrunk by -1"},
		{"end", two, flow.CFM(), solver.Euler(2), with(WithEnd(1)), "over the last 1 of time"},
		{"condition", two, flow.CFM(), solver.Euler(2), with(WithCond(two)), "has no condition"},
	} {
		_, err := r.LogLikelihood(c.x, c.field, c.s, c.options...)
		expectLine(t, c.what, err, c.want)
	}
	for _, c := range []struct {
		data Data
		n    int
		want string
	}{
		{wide{tilted}, 100, "use WithDivergence(flow.Hutchinson(8))"},
		{started{tilted}, 2, "gives its own start points"},
	} {
		r.exp.Data = c.data
		_, err := r.LogLikelihood(make([]float32, c.n), flow.CFM(), solver.Euler(2))
		expectLine(t, c.want, err, c.want)
	}
	e := small(t)
	_, err := mustOpen(t, e).LogLikelihood(two, flow.CFM(), solver.Euler(2))
	expectLine(t, "untrained", err, "call Train first")
}

// TestLikelihoodBackendsAgree compares XLA with pure Go; without a plugin it compares pure Go with itself.
func TestLikelihoodBackendsAgree(t *testing.T) {
	var values [][]float64
	_, x, _ := datasets.EightGaussians().Batch(generator(1, 2, 3), 50)
	for _, backend := range backends(t) {
		r := reference(t, "8gaussians")
		r.backend = backend
		values = append(values, mustLogLikelihood(t, r, x, solver.Midpoint(3), WithDivergence(flow.Hutchinson(2))).LogP)
	}
	for i, v := range values[0] {
		if last := values[len(values)-1][i]; !(math.Abs(v-last) < 1e-3*(1+math.Abs(v))) {
			t.Errorf("point %d: %g and %g", i, v, last)
		}
	}
}
