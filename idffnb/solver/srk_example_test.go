package solver_test

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Geometric Brownian motion dx = x/2 dt + x dW, whose solution is exp(W), along one path. Noise that depends on the state is shaped as the state.
func ExampleSRK() {
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		fmt.Println(err)
		return
	}
	s, path := solver.SRK(50), solver.Brownian{Seed: 1, Size: 1}
	dw, areas, err := path.Areas(s.Grid())
	if err != nil {
		fmt.Println(err)
		return
	}
	w, _ := path.At([]float64{1})
	end := graph.MustExecOnce(backend, func(x, dw, areas *graph.Node) *graph.Node {
		noise := make([]solver.Increment, s.Steps())
		for k := range noise {
			noise[k].W = graph.Squeeze(graph.SliceAxis(dw, 0, graph.AxisElem(k)), 0)
			noise[k].Area = graph.Squeeze(graph.SliceAxis(areas, 0, graph.AxisElem(k)), 0)
		}
		drift := func(x *graph.Node, _ solver.Time) *graph.Node { return graph.MulScalar(x, .5) }
		diffusion := func(x *graph.Node, _ solver.Time) *graph.Node { return x }
		return s.IntegrateNoise(drift, diffusion, x, noise)[s.Steps()]
	}, []float64{1}, dw, areas).Value().([]float64)
	fmt.Printf("less than %.3f away: %t\n", .005, math.Abs(end[0]-math.Exp(w[0][0])) < .005)
	// Output: less than 0.005 away: true
}
