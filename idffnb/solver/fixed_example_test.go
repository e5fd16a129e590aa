package solver_test

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// On the curved path x_t = sin(pi t/2) x1 + cos(pi t/2) x0 the flow to a single point, x1 = 2, is no straight line: Euler's steps miss it, exponential ones do not.
func ExampleExponential() {
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		fmt.Println(err)
		return
	}
	path := flow.VariancePreserving(0)
	velocity := func(x *graph.Node, t solver.Time) *graph.Node {
		a, sigma, da, ds := path.Schedule(t.Number())
		x0 := graph.MulScalar(graph.AddScalar(x, -2*a), 1/sigma)
		return graph.AddScalar(graph.MulScalar(x0, ds), 2*da)
	}
	for _, s := range []solver.Fixed{
		solver.Euler(3),
		solver.Exponential{Method: "ddim", N: 3, Path: path},
		solver.Exponential{Method: "expadams2", Times: []float64{0, .2, .6, 1}, Path: path}, // a grid of one's own
	} {
		end := graph.MustExecOnce(backend, func(x *graph.Node) *graph.Node { return s.Integrate(velocity, x)[s.Steps()] }, 0.5)
		fmt.Printf("%s: %.3f\n", s.Name(), end.Value())
	}
	// Output:
	// euler: 2.307
	// ddim: 2.000
	// expadams2: 2.000
}

// Eight evaluations of dx/dt = t x, spent in three ways. The end is exp(1/2) = 1.6487.
func ExampleAdams() {
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range []solver.Fixed{solver.Euler(8), solver.Midpoint(4), solver.AdamsBashforth(3, 7)} {
		evaluations := 0
		end := graph.MustExecOnce(backend, func(x *graph.Node) *graph.Node {
			return s.Integrate(func(x *graph.Node, t solver.Time) *graph.Node {
				evaluations++
				return t.Mul(x)
			}, x)[s.Steps()]
		}, 1.0)
		fmt.Printf("%v, %d evaluations: off by %.4f\n", s, evaluations, math.Abs(end.Value().(float64)-math.Exp(.5)))
	}
	// Output:
	// euler x8, 8 evaluations: off by 0.1247
	// midpoint x4, 8 evaluations: off by 0.0145
	// adams3 x7, 8 evaluations: off by 0.0065
}

// Four evaluations of dx/dt = -x/(t + 1/2), which changes fastest at t = 0: on equal steps, and on a short one and a long one. The end is 1/3.
func ExampleRungeKutta_On() {
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range []solver.Fixed{solver.Midpoint(2), solver.Midpoint(2).On(0, .35, 1), solver.Midpoint(2).On(solver.Shifted(2, 2)...)} {
		end := graph.MustExecOnce(backend, func(x *graph.Node) *graph.Node {
			return s.Integrate(func(x *graph.Node, t solver.Time) *graph.Node { return graph.DivScalar(graph.Neg(x), t.Number()+.5) }, x)[s.Steps()]
		}, 1.0)
		fmt.Printf("%v: %.3f\n", s, end.Value())
	}
	// Output:
	// midpoint x2: 0.467
	// midpoint x2 on 0 0.35 1: 0.436
	// midpoint x2 on 0 0.333 1: 0.438
}
