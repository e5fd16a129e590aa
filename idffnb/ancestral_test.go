package idffnb

import (
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// exactBridge predicts velocity and score head of normals on Bridge(bridgeNoise) without error: x_t ~ N(0, V I), V = (1-t)^2 + .36 t^2 + sigma^2 t(1-t), v = V'/(2V) x, h = -sigma^2/(2V) x.
type exactBridge struct{}

const bridgeNoise = .7

func (exactBridge) Predict(_ *model.Scope, x, t, _ *Node) *Node {
	const square = bridgeNoise * bridgeNoise
	t = ExpandAxes(t, -1)
	variance := Add(AddScalar(MulScalar(t, square-2), 1), MulScalar(Square(t), 1.36-square)) // V, in powers of t
	slope := AddScalar(MulScalar(t, 2*(1.36-square)), square-2)
	half := MulScalar(Div(x, variance), .5)
	return Concatenate([]*Node{Mul(slope, half), MulScalar(half, -square)}, -1)
}

// TestAncestralSamples samples an exact network: at each of 41 times the variance of 4096 components is that of the bridge. It scatters by .022 of itself; 6.5 of that, and .06 for the steps (.044 at the end), are
// allowed: a false alarm in 1e-8 or less, all times together. The noise is that of the seed, the cost that of Euler-Maruyama; in three steps its end has sigma^2/3 more.
func TestAncestralSamples(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	r := mustOpen(t, Experiment{Name: "exact-bridge", Data: normals{}, Net: exactBridge{}, Objective: flow.VelocityScore(), Path: flow.Bridge(bridgeNoise)})
	r.step, r.backend = 1, pureGo(t)
	f := flow.Stochastic(flow.ConstantNoise(bridgeNoise))
	variance := func(x []float32) float64 {
		sum := 0.
		for _, v := range x {
			sum += float64(v) * float64(v)
		}
		return sum / float64(len(x))
	}
	out := mustSample(t, r, 2048, f, solver.Ancestral(40))
	for k, x := range out.States {
		at := out.Times[k]
		want := (1-at)*(1-at) + .36*at*at + bridgeNoise*bridgeNoise*at*(1-at)
		if got := variance(x); math.Abs(got/want-1) > 6.5*.022+.06 {
			t.Errorf("t=%g: variance %g, want %g", at, got, want)
		}
	}
	three, again, maruyama := mustSample(t, r, 2048, f, solver.Ancestral(3), WithSeed(5)), mustSample(t, r, 2048, f, solver.Ancestral(3), WithSeed(5)), mustSample(t, r, 2048, f, solver.EulerMaruyama(3), WithSeed(5))
	if !slices.Equal(three.X, again.X) {
		t.Error("the same seed gave other samples")
	}
	if a, b := three.Cost, maruyama.Cost; a.Steps != b.Steps || a.Forwards != b.Forwards || a.Forwards != 3 || a.Equivalents != b.Equivalents || a.Backwards != 0 {
		t.Errorf("cost %+v, of Euler-Maruyama %+v", a, b)
	}
	extra := make([]float32, len(three.X))
	for i := range extra {
		extra[i] = maruyama.X[i] - three.X[i]
	}
	if got := variance(extra); got < bridgeNoise*bridgeNoise/3*(1-6.5*.022) { // the last increment, and what the first ones moved
		t.Errorf("Euler-Maruyama's end differs by noise of variance %g, want %g or more", got, bridgeNoise*bridgeNoise/3)
	}
}

func TestAncestralRefuses(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	r := mustOpen(t, Experiment{Name: "exact-bridge", Data: normals{}, Net: exactBridge{}, Objective: flow.VelocityScore(), Path: flow.Bridge(bridgeNoise)})
	r.step, r.backend = 1, pureGo(t)
	straight := trained(t)
	for _, tc := range []struct {
		run   *Run
		field flow.Field
		want  string
	}{
		{r, flow.Stochastic(flow.ConstantNoise(.5)), "use flow.ConstantNoise(0.7), or solver.EulerMaruyama(4)"},
		{r, flow.Stochastic(flow.DecayingNoise(.7)), "use flow.ConstantNoise(0.7), or solver.EulerMaruyama(4)"},
		{r, flow.StochasticOnBridge(flow.ConstantNoise(bridgeNoise), bridgeNoise), "use flow.Stochastic(g)"},
		{r, flow.CFM(), "use solver.Euler(4)"},
		{straight, flow.Stochastic(flow.ConstantNoise(.5)), "trained on path straight"},
		{straight, flow.IDFFNoisy(1), "use solver.EulerMaruyama(4)"},
	} {
		_, err := tc.run.Sample(8, tc.field, solver.Ancestral(4))
		expectLine(t, tc.field.Name(), err, tc.want)
		_, err = tc.run.Evaluate(tc.field, solver.Ancestral(4), Judge{N: 8})
		expectLine(t, tc.field.Name(), err, tc.want)
	}
}

// TestNoiseZeroIsCFM: noise 0 leaves the velocity of [SF]²M, which is the probability flow.
func TestNoiseZeroIsCFM(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	r := mustOpen(t, Experiment{Name: "exact-bridge", Data: normals{}, Net: exactBridge{}, Objective: flow.VelocityScore(), Path: flow.Bridge(bridgeNoise)})
	r.step, r.backend = 1, pureGo(t)
	got, want := mustSample(t, r, 20, flow.Stochastic(flow.ConstantNoise(0)), solver.EulerMaruyama(4)), mustSample(t, r, 20, flow.CFM(), solver.Euler(4))
	for i := range got.X {
		if math.Abs(float64(got.X[i]-want.X[i])) > 1e-5 || got.Cost.Forwards != want.Cost.Forwards {
			t.Fatalf("component %d is %g at cost %v, of CFM %g at %v", i, got.X[i], got.Cost, want.X[i], want.Cost)
		}
	}
}
