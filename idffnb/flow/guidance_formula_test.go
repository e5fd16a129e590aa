package flow_test

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestGuidedDuring: at each time the field that it is there, guided at both ends of its interval too.
func TestGuidedDuring(t *testing.T) {
	plain, all := flow.CFM(), flow.Guided(flow.CFM(), 2)
	for _, tc := range []struct {
		from, to, at float64
		want         flow.Field
	}{
		{.25, .75, 0, plain}, {.25, .75, .249, plain}, {.25, .75, .25, all}, {.25, .75, .5, all}, {.25, .75, .75, all}, {.25, .75, .751, plain}, {.25, .75, 1, plain},
		{0, .5, 0, all}, {0, .5, .6, plain}, {.5, 1, 1, all}, {.5, 1, .4, plain}, {0, 1, 0, all}, {0, 1, 1, all},
	} {
		f := flow.GuidedWithin(plain, 2, tc.from, tc.to).(interface{ During(t float64) flow.Field })
		if got := f.During(tc.at); got != tc.want {
			t.Errorf("within [%g, %g] at %g it is %s, want %s", tc.from, tc.to, tc.at, got.Name(), tc.want.Name())
		}
	}
}

// tripled predicts the velocity 3x, and without its condition x.
func tripled() *flow.Model {
	times := func(k float64) *flow.Model {
		return flow.NewModel(func(x, _ *Node, _ solver.Time) flow.Prediction { return flow.Prediction{Velocity: MulScalar(x, k)} })
	}
	return times(3).WithNull(times(1))
}

// TestGuidedAtComputedTimes: w = w(x) + s (w(x | c) - w(x)) at times that the graph computes, too, inside the interval, and w(x | c) outside; at s = 0 and 1 without an interval it costs one evaluation.
func TestGuidedAtComputedTimes(t *testing.T) {
	for _, tc := range []struct {
		f        flow.Field
		at, want float64 // velocity in units of x
		cost     int
	}{
		{flow.Guided(flow.CFM(), 2), .3, 5, 2}, {flow.Guided(flow.CFM(), 0), .3, 1, 1}, {flow.Guided(flow.CFM(), 1), .3, 3, 1},
		{flow.GuidedWithin(flow.CFM(), 2, .2, .4), .3, 5, 2}, {flow.GuidedWithin(flow.CFM(), 2, .2, .4), .7, 3, 2}, {flow.GuidedWithin(flow.CFM(), 2, .2, .4), .1, 3, 2},
		{flow.GuidedWithin(flow.CFM(), 0, .2, .4), .3, 1, 2}, {flow.GuidedWithin(flow.CFM(), 0, .2, .4), .7, 3, 2},
	} {
		x := []float64{.7, -1.2}
		for _, both := range []bool{true, false} {
			if _, interval := tc.f.(interface{ During(float64) flow.Field }).During(0).(flow.CFMField); interval && !both {
				continue // learned schedules have no interval
			}
			m := tripled()
			got := MustExecOnce(backend(t), func(x, at *Node) *Node {
				when := solver.AtNode(at)
				if both {
					when = solver.AtNodes(at, OneMinus(at))
				}
				return tc.f.Velocity(m, flow.Point{X: x, Start: x, T: when}, factorNodes(tc.f, x))
			}, [][]float64{x}, tc.at).Value().([][]float64)[0]
			near(t, tc.f.Name(), got, []float64{tc.want * x[0], tc.want * x[1]})
			if m.Meter != (solver.Meter{Forwards: tc.cost, Equivalents: float64(tc.cost)}) {
				t.Errorf("%s at a computed t = %g costs %+v, want %d", tc.f.Name(), tc.at, m.Meter, tc.cost)
			}
		}
	}
}

// TestNullMeter: what the network without its condition has cost elsewhere is not counted again.
func TestNullMeter(t *testing.T) {
	null := tripled()
	null.Meter = solver.Meter{Forwards: 7, Backwards: 3, Equivalents: 13}
	m := tripled().WithNull(null)
	if m.Null().Meter != (solver.Meter{}) {
		t.Errorf("it begins at %+v", m.Null().Meter)
	}
	at64(t, flow.Guided(flow.CFM(), 2), m, []float64{1, 2}, .5)
	if m.Meter != (solver.Meter{Forwards: 2, Equivalents: 2}) || null.Meter.Forwards != 7 {
		t.Errorf("guidance costs %+v, and the network without its condition %+v", m.Meter, null.Meter)
	}
}

// lastFactor has its last factor for noise.
type lastFactor struct{ flow.CFMField }

func (lastFactor) Factors() []float64 { return []float64{.3, .6} }
func (lastFactor) Diffusion(_ solver.Time, factors []*Node) *Node {
	return factors[len(factors)-1]
}

// TestGuidedNoise: the noise of a guided field is the field's own, made of the field's own factors.
func TestGuidedNoise(t *testing.T) {
	for _, f := range []flow.Noisy{flow.Stochastic(flow.DecayingNoise(.8)), flow.NoisyWrittenField{Gamma: 1.3, Sigma0: .4, Bridge: .7}, lastFactor{}} {
		noise := func(f flow.Noisy) []float64 {
			return []float64{MustExecOnce(backend(t), func(x *Node) *Node { return f.Diffusion(solver.At(.3), factorNodes(f, x)) }, [][]float64{{1, 2}}).Value().(float64)}
		}
		near(t, f.Name(), noise(flow.Guided(f, 2).(flow.Noisy)), noise(f))
	}
}
