package idffnb

import (
	"encoding/json"
	"testing"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// halved embeds a field of the workbench, and has a velocity of its own.
type halved struct{ flow.CFMField }

func (h halved) Velocity(m *flow.Model, at flow.Point, factors []*Node) *Node {
	return MulScalar(h.CFMField.Velocity(m, at, factors), .5)
}

// slow embeds a solver of the workbench, and has steps of its own.
type slow struct{ solver.RungeKutta }

func (s slow) Integrate(field solver.Field, x *Node) []*Node {
	return s.RungeKutta.Integrate(func(x *Node, t solver.Time) *Node { return MulScalar(field(x, t), .5) }, x)
}

// named is a solver whose String does not tell its numbers.
type named struct{ Scale float64 }

func (named) Name() string    { return "named" }
func (named) String() string  { return "named" }
func (named) Steps() int      { return 1 }
func (named) Grid() []float64 { return []float64{0, 1} }
func (n named) Integrate(field solver.Field, x *Node) []*Node {
	return []*Node{x, Add(x, MulScalar(field(x, solver.At(0)), n.Scale))}
}

// called is a field with a function in it.
type called struct{ F func(v *Node) *Node }

func (called) Name() string       { return "called" }
func (called) Factors() []float64 { return nil }
func (c called) Velocity(m *flow.Model, at flow.Point, _ []*Node) *Node {
	return c.F(m.Predict(at, 0).Velocity)
}

// behind is a field whose number is behind a pointer.
type behind struct{ Scale *struct{ Of float64 } }

func (behind) Name() string       { return "behind" }
func (behind) Factors() []float64 { return nil }
func (b behind) Velocity(m *flow.Model, at flow.Point, _ []*Node) *Node {
	return MulScalar(m.Predict(at, 0).Velocity, b.Scale.Of)
}

// TestProgramsOfOwnParts: own fields and solvers that differ in anything do not share a compiled sampling, neither with each other nor with what they embed.
func TestProgramsOfOwnParts(t *testing.T) {
	e := small(t)
	e.Objective = flow.Velocity()
	r := trainedBriefly(t, e)
	scaled := func(by float64) flow.Field {
		return called{func(v *Node) *Node { return MulScalar(v, by) }}
	}
	scale := &struct{ Of float64 }{1}
	type local struct{ halved }
	another := func() flow.Field {
		type local struct{ flow.CFMField }
		return local{}
	}
	x := []float32{1, 2}
	for _, c := range []struct {
		what   string
		f      flow.Field
		s      solver.Solver
		halves bool
	}{
		{"CFM", flow.CFM(), solver.Euler(1), false},
		{"a field that embeds CFM", halved{}, solver.Euler(1), true},
		{"a pointer to it", &halved{}, solver.Euler(1), true},
		{"a solver that embeds Euler", flow.CFM(), slow{solver.Euler(1)}, true},
		{"a solver with a String", flow.CFM(), named{1}, false},
		{"another with the same String", flow.CFM(), named{.5}, true},
		{"a type in a function", local{}, solver.Euler(1), true},
		{"another type of that name", another(), solver.Euler(1), false},
		{"a function", scaled(1), solver.Euler(1), false},
		{"the same function with another number", scaled(.5), solver.Euler(1), true},
		{"that function, guided", flow.Guided(scaled(1), 1), solver.Euler(1), false},
		{"the other, guided", flow.Guided(scaled(.5), 1), solver.Euler(1), true},
		{"a number behind a pointer", behind{scale}, solver.Euler(1), false},
		{"another number there", behind{scale}, solver.Euler(1), true},
	} {
		if c.what == "another number there" {
			scale.Of = .5
		}
		out, err := r.Sample(1, c.f, c.s, WithStart(x), Unkept())
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		v := r.MustVelocity(x, 0, flow.CFM())
		want := x[0] + v[0]
		if c.halves {
			want = x[0] + v[0]/2
		}
		if d := out.X[0] - want; d > 1e-5 || d < -1e-5 {
			t.Errorf("%s goes to %g, want %g", c.what, out.X[0], want)
		}
		back, err := r.LogLikelihood(x, c.f, c.s)
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if again, err := r.LogLikelihood(x, c.f, c.s); err != nil || again.LogP[0] != back.LogP[0] {
			t.Errorf("%s: log-likelihoods %g and %g: %v", c.what, back.LogP[0], again.LogP[0], err)
		}
	}
	if flow.IsBuiltIn(halved{}) || solver.IsBuiltIn(slow{}) || !flow.IsBuiltIn(&flow.CFMField{}) || !solver.IsBuiltIn(solver.Euler(1)) {
		t.Error("own parts are taken for the workbench's, or the other way round")
	}
	_, err := r.Reflow(4, holding{named{1}, func() {}}, 1)
	expectLine(t, "reflow", err, "holds a function or a channel")
}

// holding is a solver that holds a function.
type holding struct {
	named
	F func()
}

// stretched embeds data of the workbench, which does not know its Factor.
type stretched struct {
	datasets.Toy
	Factor float64
}

// restretched says itself what it depends on.
type restretched struct{ stretched }

func (r restretched) ID() string { return r.Toy.ID() + " stretched" }

// reflected embeds data of the workbench, and has nothing else.
type reflected struct{ datasets.Toy }

// TestIdentityOfEmbeddedData: data whose ID is that of the data it embeds is refused where it has more than that.
func TestIdentityOfEmbeddedData(t *testing.T) {
	for want, data := range map[string]Data{
		"data idffnb.stretched has its ID from the field Toy, which does not know its field Factor": stretched{datasets.Moons(), 2},
		"data *idffnb.stretched has its ID": &stretched{datasets.Moons(), 2},
		"":                                  restretched{stretched{datasets.Moons(), 2}},
	} {
		e := small(t)
		e.Data = data
		_, err := Open(e)
		if want != "" {
			expectLine(t, want, err, want)
		} else if err != nil {
			t.Error(err)
		}
	}
	plain, wrapped := small(t), small(t)
	plain.Data, wrapped.Data = datasets.Moons(), reflected{datasets.Moons()}
	a, err := Open(plain)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if a.Dir[len(a.Dir)-10:] == b.Dir[len(b.Dir)-10:] {
		t.Error("data and a type that embeds it have the same identity")
	}
}

// wrapping is data that holds other data.
type wrapping struct {
	Data
	By  map[string]any
	Off Data `json:"-"`
}

// twice is ownData under another name.
type twice struct{ ownData }

// TestIdentityOfWhatIsHeld: what is behind an interface counts with its type, and hidden fields are found there and in maps.
func TestIdentityOfWhatIsHeld(t *testing.T) {
	seen := map[string]string{}
	for what, data := range map[string]Data{
		"the data":       wrapping{Data: ownData{Radius: 1}},
		"other data":     wrapping{Data: twice{ownData{Radius: 1}}},
		"in a map":       wrapping{Data: ownData{}, By: map[string]any{"a": ownData{}, "b": 1}},
		"other in a map": wrapping{Data: ownData{}, By: map[string]any{"a": twice{}, "b": 1}},
	} {
		described, err := describe("data", data)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(described)
		if err != nil {
			t.Fatal(err)
		}
		if other, before := seen[string(text)]; before {
			t.Errorf("%s and %s have the same identity %s", what, other, text)
		}
		seen[string(text)] = what
	}
	if p, err := describe("data", wrapping{Data: ownData{}, Off: twice{}}); err != nil || len(p.Holds) != 1 {
		t.Errorf("%v, %v", p, err)
	}
	if p, err := describe("data", ownData{}); err != nil || p.Holds != nil {
		t.Errorf("data without interfaces holds %v: %v", p.Holds, err)
	}
	_, err := describe("data", wrapping{Data: ownData{}, By: map[string]any{"a": hidden{}}})
	expectLine(t, "map", err, "the field radius is not exported")
}
