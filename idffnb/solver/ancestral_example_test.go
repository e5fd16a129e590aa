package solver_test

import (
	"fmt"

	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/solver"
)

// A Brownian bridge of noise 1 from 0 to the end point 2, in three steps of the same noise: ancestral sampling ends there, Euler-Maruyama beside it.
func ExampleAncestral() {
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		fmt.Println(err)
		return
	}
	dw, err := solver.Brownian{Seed: 1, Size: 1}.Increments(solver.Grid(3))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range []solver.Stochastic{solver.Ancestral(3), solver.EulerMaruyama(3)} {
		end := graph.MustExecOnce(backend, func(x, dw *graph.Node) *graph.Node {
			one, increments := graph.ScalarOne(x.Graph(), x.DType()), make([]solver.Increment, s.Steps())
			for k := range increments {
				increments[k].W = graph.Reshape(graph.SliceAxis(dw, 0, graph.AxisElem(k)))
			}
			drift := func(x *graph.Node, t solver.Time) *graph.Node { return t.DivRest(graph.AddScalar(graph.Neg(x), 2)) }
			noise := func(*graph.Node, solver.Time) *graph.Node { return one }
			return s.IntegrateNoise(drift, noise, x, increments)[3]
		}, 0.0, dw)
		fmt.Printf("%v ends at the end point: %t\n", s, end.Value().(float64) == 2)
	}
	// Output:
	// ancestral x3 ends at the end point: true
	// euler-maruyama x3 ends at the end point: false
}
