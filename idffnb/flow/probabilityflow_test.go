package flow_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/idff-go/workbench/idffnb/flow"
)

// TestProbabilityFlow: for Gaussian data, where the field is dx = a x dt, it keeps the marginals (dV/dt = 2 a V), and it is the field with noise g = 0; the drift by itself loses variance.
func TestProbabilityFlow(t *testing.T) {
	const s = .6
	times := []float64{.1, .37, .5, .9, .99}
	for _, way := range ways[2:] {
		a, g := coefficients(t, flow.ProbabilityFlow(way.path.Noise), way.gaussian(s), times)
		none, _ := coefficients(t, way.field(flow.ConstantNoise(0)), way.gaussian(s), times)
		drift, _ := coefficients(t, flow.CFM(), way.gaussian(s), times)
		for i, at := range times {
			variance := at*at*s*s + way.spread(at)
			want := 2*at*s*s - 2*(1-at) + way.path.Noise*way.path.Noise*(1-2*at)
			near(t, fmt.Sprintf("%v, t=%g", way, at), []float64{2 * a[i] * variance, a[i], g[i]}, []float64{want, none[i], 0})
			if lost := way.path.Noise * way.path.Noise; math.Abs(2*drift[i]*variance-(want-lost)) > 1e-9 {
				t.Errorf("%v, t=%g: the drift changes the variance by %.4g a unit of time, want %.4g, less than the marginals' by the noise it leaves out", way, at, 2*drift[i]*variance, want-lost)
			}
		}
	}
}

// TestProbabilityFlowSpread: where Gaussian data has standard deviation .6 and the bridge noise .5, the drift without noise ends at .449 and the probability flow at .6.
func TestProbabilityFlowSpread(t *testing.T) {
	const s, steps = .6, 60
	way := ways[2]
	times := make([]float64, steps)
	for k := range times {
		times[k] = (float64(k) + .5) / steps
	}
	for f, want := range map[flow.Field]float64{flow.ProbabilityFlow(.5): s, flow.CFM(): .449} {
		a, _ := coefficients(t, f, way.gaussian(s), times)
		log := 0.
		for _, v := range a {
			log += v / steps
		}
		if got := math.Exp(log); math.Abs(got-want) > .002 {
			t.Errorf("%s ends with a standard deviation of %.4f, want %.3f", f.Name(), got, want)
		}
	}
}

func TestProbabilityFlowChecks(t *testing.T) {
	for _, test := range []struct {
		f    flow.Field
		o    flow.Objective
		path flow.Path
		want string
	}{
		{flow.ProbabilityFlow(.2), flow.X1Score(), flow.Bridge(.2), ""},
		{flow.ProbabilityFlow(.2), flow.X1Score(), flow.Bridge(.5), "flow.ProbabilityFlow(0.5)"},
		{flow.ProbabilityFlow(.2), flow.VelocityScore(), flow.Bridge(.2), "flow.CFM()"},
		{flow.ProbabilityFlow(.2), flow.Velocity(), flow.Straight(), "flow.CFM()"},
		{flow.ProbabilityFlow(.2), flow.X1(), flow.Bridge(.2), "flow.X1Score()"},
		{flow.ProbabilityFlow(-1), flow.X1Score(), flow.Bridge(.2), "at least 0"},
	} {
		expectError(t, fmt.Sprintf("%+v with %v on %v", test.f, test.o, test.path), flow.CheckField(test.f, []float64{.5}, test.o, test.path), test.want)
	}
	if !flow.ByItself(flow.ProbabilityFlow(.2)) {
		t.Error("the probability flow can be evaluated at any time by itself")
	}
}
