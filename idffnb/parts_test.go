package idffnb

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// tripled is a field of a user's own, which may look at all points.
type tripled struct{}

func (tripled) Name() string       { return "tripled" }
func (tripled) Factors() []float64 { return nil }
func (tripled) Velocity(m *flow.Model, at flow.Point, _ []*Node) *Node {
	return MulScalar(m.Predict(at, 0).Velocity, 3)
}

// Samplings of a U-Net that need one graph are made in parts, which give the points, states and cost of all at once; those of a user's own fields, which may mix points, are not.
func TestPartsAreTheWhole(t *testing.T) {
	e := unetExperiment(t)
	u := smallUNet(t).exp.Net
	e.Net, e.Objective, e.Path, e.Steps = u, flow.VelocityScore(), flow.Bridge(.3), 3
	r := mustOpen(t, e)
	r.backend = pureGo(t)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	for _, s := range []solver.Solver{solver.EulerMaruyama(3), solver.SRK(2), solver.Ancestral(2)} {
		field := flow.Stochastic(flow.ConstantNoise(.3))
		sampler, err := r.sampler(70, 70, field, s)
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := sampler.(*partsSampler); !ok || p.of.n != 40 {
			t.Fatalf("%v: a sampler %T, want one in parts of 40", s, sampler)
		}
		got := r.MustSample(70, field, s, WithSeed(5), Unkept())
		r.unrolled = true
		clear(r.samplers)
		want := r.MustSample(70, field, s, WithSeed(5), Unkept())
		r.unrolled = false
		clear(r.samplers)
		got.Cost.Seconds, want.Cost.Seconds = 0, 0
		if got.Cost != want.Cost || len(got.States) != len(want.States) {
			t.Errorf("%v: %v and %d states, want %v and %d", s, got.Cost, len(got.States), want.Cost, len(want.States))
			continue
		}
		for k := range got.States {
			if d := farthest(got.States[k], want.States[k]); !(d < 1e-5) {
				t.Errorf("%v: state %d differs by %g", s, k, d)
			}
		}
	}
	sampler, err := r.sampler(70, 70, tripled{}, solver.Euler(1))
	if _, ok := sampler.(*fixedSampler); err != nil || !ok {
		t.Errorf("a field of a user's own has a sampler %T, error %v", sampler, err)
	}
}

// Who looks at end points alone has no room taken for the states between, and the same end points.
func TestEndsOnly(t *testing.T) {
	r := smallUNet(t)
	all, err := r.sample(70, flow.CFM(), solver.Heun(3))
	if err != nil {
		t.Fatal(err)
	}
	ends, err := r.sample(70, flow.CFM(), solver.Heun(3), endsOnly())
	if err != nil {
		t.Fatal(err)
	}
	if ends.States[1] != nil || ends.States[2] != nil || farthest(ends.States[0], all.States[0]) != 0 || farthest(ends.X, all.X) != 0 {
		t.Errorf("%d and %d values between, %g from the start and %g from the end", len(ends.States[1]), len(ends.States[2]), farthest(ends.States[0], all.States[0]), farthest(ends.X, all.X))
	}
	if again, err := r.sample(70, flow.CFM(), solver.Heun(3)); err != nil || len(again.States[1]) != len(all.X) {
		t.Errorf("%d values between afterwards, error %v", len(again.States[1]), err)
	}
}
