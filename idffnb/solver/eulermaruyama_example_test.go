package solver_test

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/solver"
)

// The Ornstein-Uhlenbeck process dx = -x dt + dW along one path, with 10, 100 and 1000 steps of the same noise.
func ExampleEulerMaruyama() {
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		fmt.Println(err)
		return
	}
	var ends []float64
	for _, n := range []int{10, 100, 1000} {
		s := solver.EulerMaruyama(n)
		dw, err := solver.Brownian{Seed: 1, Size: 1}.Increments(s.Grid())
		if err != nil {
			fmt.Println(err)
			return
		}
		end := graph.MustExecOnce(backend, func(x, dw *graph.Node) *graph.Node {
			increments := make([]solver.Increment, n)
			for k := range increments {
				increments[k].W = graph.Reshape(graph.SliceAxis(dw, 0, graph.AxisElem(k)))
			}
			drift := func(x *graph.Node, _ solver.Time) *graph.Node { return graph.Neg(x) }
			noise := func(*graph.Node, solver.Time) *graph.Node { return graph.ScalarOne(x.Graph(), x.DType()) }
			return s.IntegrateNoise(drift, noise, x, increments)[n]
		}, 1.0, dw)
		ends = append(ends, end.Value().(float64))
	}
	fmt.Println("10 steps are less than .1 away:", math.Abs(ends[0]-ends[2]) < .1)
	fmt.Println("100 steps are less than .01 away:", math.Abs(ends[1]-ends[2]) < .01)
	// Output:
	// 10 steps are less than .1 away: true
	// 100 steps are less than .01 away: true
}
