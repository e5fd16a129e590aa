package flow_test

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
)

// TestJVP compares with derivatives by hand: of products and functions of the inputs, in both inputs and one, and where an input is computed from another one.
func TestJVP(t *testing.T) {
	x, at := [][]float64{{.3, -1.2}, {2, .7}}, []float64{.25, .8}
	dx, dt := [][]float64{{1, -2}, {.5, 3}}, []float64{2, -1}
	column := func(t *Node) *Node { return ExpandAxes(t, -1) }
	for _, tc := range []struct {
		name string
		f    func(x, t *Node) *Node
		want func(x, t, dx, dt float64) float64 // of one component
	}{
		{"sin(x) t^2", func(x, t *Node) *Node { return Mul(Sin(x), Square(column(t))) },
			func(x, t, dx, dt float64) float64 { return math.Cos(x)*t*t*dx + 2*t*math.Sin(x)*dt }},
		{"exp(x t)", func(x, t *Node) *Node { return Exp(Mul(x, column(t))) },
			func(x, t, dx, dt float64) float64 { return math.Exp(x*t) * (t*dx + x*dt) }},
		{"x alone", func(x, _ *Node) *Node { return Square(x) }, func(x, _, dx, _ float64) float64 { return 2 * x * dx }},
		{"a constant", func(x, _ *Node) *Node { return OnesLike(x) }, func(_, _, _, _ float64) float64 { return 0 }},
	} {
		out := MustExecOnceN(backend(t), func(x, at, dx, dt *Node) []*Node {
			y, dy := flow.JVP(func(in []*Node) *Node { return tc.f(in[0], in[1]) }, []*Node{x, at}, []*Node{dx, dt})
			return []*Node{y, dy, tc.f(x, at)}
		}, x, at, dx, dt)
		y, dy, same := out[0].Value().([][]float64), out[1].Value().([][]float64), out[2].Value().([][]float64)
		for i := range x {
			near(t, tc.name+", value", y[i], same[i])
			for k := range x[i] {
				near(t, tc.name, dy[i][k:k+1], []float64{tc.want(x[i][k], at[i], dx[i][k], dt[i])})
			}
		}
	}
	// x is computed from t, and its derivative along t must not be counted twice: d(x t) = x dt + t dx, whatever made x.
	got := MustExecOnce(backend(t), func(at *Node) *Node {
		x := Square(at)
		_, dy := flow.JVP(func(in []*Node) *Node { return Mul(in[0], in[1]) }, []*Node{x, at}, []*Node{OnesLike(x), OnesLike(at)})
		return dy
	}, at).Value().([]float64)
	near(t, "x computed from t", got, []float64{.25*.25 + .25, .8*.8 + .8})
}

// TestJVPAgainstDifferences compares the JVP of a whole network, in state, time and interval, with central differences. The network computes in float32 with values of order 1:
// its rounding, some 2e-7, over the distance 2h allows 1e-4; 1e-3 decides. SELU's slope jumps at 0, and no hidden unit passes 0 within h here.
func TestJVPAgainstDifferences(t *testing.T) {
	const h = 1e-3
	x, at, interval := [][]float32{{.3, -1.2}, {2, .7}, {-.5, .1}}, []float32{.25, .8, .5}, []float32{.5, .1, 0}
	v := [][]float32{{1, -2}, {.5, 3}, {-1, .3}}
	store := model.NewStore()
	store.SetParam("/"+net.SeedParam, int64(3))
	out := model.MustCallOnceN(backend(t), store, func(scope *model.Scope, in []*Node) []*Node {
		x, at, interval, v := in[0], in[1], in[2], in[3]
		f := func(in []*Node) *Node {
			return net.MLP{Width: 32, Layers: 2}.Predict(scope, in[0], in[1], ExpandAxes(in[2], -1))
		}
		one := OnesLike(at)
		_, dy := flow.JVP(f, []*Node{x, at, interval}, []*Node{v, one, Neg(one)})
		shift := func(h float64) *Node {
			return f([]*Node{Add(x, MulScalar(v, h)), AddScalar(at, h), AddScalar(interval, -h)})
		}
		return []*Node{dy, DivScalar(Sub(shift(h), shift(-h)), 2*h)}
	}, x, at, interval, v)
	got, want := flat(t, out[0]), flat(t, out[1])
	large := 0.
	for i := range got {
		large = max(large, math.Abs(float64(want[i])))
		if math.Abs(float64(got[i]-want[i])) > 1e-3 {
			t.Errorf("component %d: JVP %g, differences %g", i, got[i], want[i])
		}
	}
	if large < .05 {
		t.Fatalf("derivatives of at most %g: the test sees nothing", large)
	}
}
