package flow_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// guidedModel is a hand-made network: xhat1 = a x^2 with its condition, a = 3, and b x^2 without, b = .5, so that derivatives in x tell the two apart as well.
func guidedModel() *flow.Model {
	square := func(gain float64) *flow.Model {
		return flow.NewModel(func(x, _ *Node, at solver.Time) flow.Prediction {
			return flow.X1().Prediction(flow.Straight(), x, MulScalar(Square(x), gain), at)
		})
	}
	return square(3).WithNull(square(.5))
}

// plain is guidedModel's network with a gain of its own and no condition.
func plain(gain float64) *flow.Model {
	return flow.NewModel(func(x, _ *Node, at solver.Time) flow.Prediction {
		return flow.X1().Prediction(flow.Straight(), x, MulScalar(Square(x), gain), at)
	})
}

// TestGuided compares with the formula on numbers, and with the same field made from a guided prediction: the fields are linear in it, so both are the same.
// The network's gain is linear too: scale s is the gain .5 + 2.5 s.
func TestGuided(t *testing.T) {
	x, at := []float64{.7, -1.9}, .4
	want := make([]float64, 2)
	for i, v := range x {
		with, without := (3*v*v-v)/.6, (.5*v*v-v)/.6
		want[i] = without + 2.5*(with-without)
	}
	near(t, "CFM guided", at64(t, flow.Guided(flow.CFM(), 2.5), guidedModel(), x, at), want)
	for _, field := range []flow.Field{
		flow.CFM(), flow.ReleasedCFM(), flow.IDFF(.3), flow.IDFF(.3, -.2), flow.IDFFWritten(1.5, -.4),
		flow.Momentum(flow.IDFF(.8)), flow.ScheduledField{Gamma: [][]float64{{.5}, {.2}}}, flow.Stochastic(flow.ConstantNoise(.7)), flow.IDFFNoisy(4),
	} {
		for _, scale := range []float64{-1, 0, .5, 1, 2.5} {
			for _, at := range []float64{0, .4, 1} {
				got := at64(t, flow.Guided(field, scale), guidedModel(), x, at)
				near(t, flow.Guided(field, scale).Name(), got, at64(t, field, plain(.5+2.5*scale), x, at))
			}
		}
	}
}

// TestGuidedEnds: at scales 1 and 0 guidance is the field with and without the condition, to the bit and at its cost; at others it costs two.
func TestGuidedEnds(t *testing.T) {
	x := []float64{.7, -1.9}
	for _, tc := range []struct {
		field       flow.Field
		scale       float64
		same        *flow.Model // nil for scales in between
		forwards    int
		equivalents float64
	}{
		{flow.CFM(), 1, plain(3), 1, 1}, {flow.CFM(), 0, plain(.5), 1, 1}, {flow.CFM(), 2, nil, 2, 2},
		{flow.IDFF(.3, .1), 1, plain(3), 1, 4}, {flow.IDFF(.3, .1), 0, plain(.5), 1, 4}, {flow.IDFF(.3, .1), 2, nil, 2, 8},
		{flow.GuidedWithin(flow.CFM(), 2, 0, .3), 1, plain(3), 1, 1}, // outside: with the condition
		{flow.GuidedWithin(flow.CFM(), 2, .4, .5), 2, nil, 2, 2},     // the ends belong to it
		{flow.GuidedWithin(flow.CFM(), 2, .2, .4), 2, nil, 2, 2},
	} {
		field := tc.field
		if !strings.Contains(field.Name(), "guided") {
			field = flow.Guided(tc.field, tc.scale)
		}
		m := guidedModel()
		got := at64(t, field, m, x, .4)
		if tc.same != nil {
			of := tc.field
			if of == field {
				of = flow.CFM()
			}
			if want := at64(t, of, tc.same, x, .4); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", field.Name(), got, want)
			}
		}
		if c := m.Meter; c.Forwards != tc.forwards || c.Equivalents != tc.equivalents || c.Backwards != int(math.Log2(tc.equivalents/float64(tc.forwards)))*tc.forwards {
			t.Errorf("%s: cost %+v, want %d forwards, %g equivalents", field.Name(), c, tc.forwards, tc.equivalents)
		}
	}
	// A time that the graph computes: guidance holds between from and to all the same.
	for _, at := range []float64{.1, .4, .9} {
		for _, scale := range []float64{0, 2} {
			f := flow.GuidedWithin(flow.CFM(), scale, .2, .7)
			m := guidedModel()
			got := MustExecOnce(backend(t), func(x, t *Node) *Node {
				return f.Velocity(m, flow.Point{X: x, Start: x, T: solver.AtNodes(t, OneMinus(t))}, []*Node{ConstAs(t, scale)})
			}, [][]float64{x}, at).Value().([][]float64)[0]
			near(t, f.Name(), got, at64(t, f, guidedModel(), x, at))
			if m.Meter.Forwards != 2 {
				t.Errorf("%s at a computed time: %+v, want 2 forwards", f.Name(), m.Meter)
			}
		}
	}
	// Scale 1 asks for no network without condition.
	near(t, "scale 1", at64(t, flow.Guided(flow.CFM(), 1), plain(3), x, .4), at64(t, flow.CFM(), plain(3), x, .4))
}

// TestGuidedNames: names, and the keys that caches rest on.
func TestGuidedNames(t *testing.T) {
	for want, f := range map[string]flow.Field{
		"CFM guided ×2": flow.Guided(flow.CFM(), 2),
		"IDFF γ=0.5 guided ×1.5 for t in [0.2, 1]": flow.GuidedWithin(flow.IDFF(.5), 1.5, .2, 1),
	} {
		if f.Name() != want {
			t.Errorf("name %q, want %q", f.Name(), want)
		}
	}
	key := func(f flow.Field) string { return flow.GraphKey(f) }
	base := flow.Guided(flow.IDFF(.5), 2)
	if key(base) != key(flow.Guided(flow.IDFF(.7), 3)) {
		t.Error("another scale or gamma needs another graph")
	}
	seen := map[string]string{}
	for _, f := range []flow.Field{base, flow.Guided(flow.IDFF(.5), 1), flow.Guided(flow.IDFF(.5), 0), flow.GuidedWithin(flow.IDFF(.5), 2, 0, .5), flow.Guided(flow.CFM(), 2),
		flow.Guided(flow.ReleasedCFM(), 2), flow.IDFF(.5)} {
		if other, ok := seen[key(f)]; ok {
			t.Errorf("%s and %s have the same key", f.Name(), other)
		}
		seen[key(f)] = f.Name()
	}
	if !slices.Equal(base.Factors(), []float64{.5, .2, 2}) {
		t.Errorf("factors %v", base.Factors())
	}
	if !flow.IsBuiltIn(base) || flow.IsBuiltIn(flow.Guided(own{flow.CFM()}, 2)) {
		t.Error("a guided field is built in where its field is")
	}
	if _, ok := base.(flow.Noisy); ok {
		t.Error("guidance made a field noisy")
	}
	noise := func(f flow.Field) any {
		noisy, ok := f.(flow.Noisy)
		if !ok {
			t.Fatalf("%s has lost its noise", f.Name())
		}
		return MustExecOnce(backend(t), func(x *Node) *Node {
			factors := make([]*Node, len(f.Factors()))
			for i, v := range f.Factors() {
				factors[i] = ConstAs(x, v)
			}
			return Add(noisy.Diffusion(solver.At(.3), factors), ScalarZero(x.Graph(), x.DType()))
		}, 1.).Value()
	}
	if g := flow.Stochastic(flow.DecayingNoise(.8)); noise(flow.Guided(g, 3)) != noise(g) {
		t.Error("guidance changed the noise")
	}
}

func ExampleGuided() {
	field := flow.Guided(flow.CFM(), 2)
	fmt.Println(field.Name(), field.Factors())
	fmt.Println(flow.GuidedWithin(flow.IDFF(.5), 3, .2, .8).Name())
	// Output:
	// CFM guided ×2 [2]
	// IDFF γ=0.5 guided ×3 for t in [0.2, 0.8]
}

// own is a user's field.
type own struct{ flow.Field }

func TestGuidedRefuses(t *testing.T) {
	for want, f := range map[string]flow.Field{
		"guidance of no field": flow.Guided(nil, 2),
		"scale NaN":            flow.Guided(flow.CFM(), math.NaN()),
		"scale +Inf":           flow.Guided(flow.CFM(), math.Inf(1)),
		"t in [0.5, 0.5]":      flow.GuidedWithin(flow.CFM(), 2, .5, .5),
		"t in [0.2, 1.1]":      flow.GuidedWithin(flow.CFM(), 2, .2, 1.1),
		"t in [-0.1, 1]":       flow.GuidedWithin(flow.CFM(), 2, -.1, 1),
		"t in [NaN, 1]":        flow.GuidedWithin(flow.CFM(), 2, math.NaN(), 1),
		"guided already":       flow.Guided(flow.Guided(flow.CFM(), 2), 2),
		"without gamma":        flow.Guided(flow.IDFF(), 2),
		"average velocities":   flow.Guided(flow.MeanFlow(), 2),
	} {
		if err := flow.CheckField(f, []float64{.5}, flow.X1(), flow.Straight()); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want one line with %q", err, want)
		}
	}
	err := exceptions.TryCatch[error](func() { at64(t, flow.Guided(flow.CFM(), 2), plain(3), []float64{1, 2}, .5) })
	if err == nil || !strings.Contains(err.Error(), "set DropCond") {
		t.Errorf("without a network for no condition: %v", err)
	}
	if err := flow.CheckField(flow.Guided(flow.IDFF(.5), 2), []float64{.5}, flow.X1(), flow.Straight()); err != nil {
		t.Error(err)
	}
}
