package solver_test

import (
	"fmt"

	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Two points follow dx/dt = -t x, with the state at t = 1/2 kept on the way.
func ExampleAdaptive() {
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		panic(err)
	}
	s := solver.Dopri5(1e-6, 1e-6)
	s.At = []float64{.5}
	out, err := s.Solve(backend, func(x *graph.Node, t solver.Time) *graph.Node { return graph.Neg(t.Mul(x)) }, tensors.FromValue([][]float64{{1}, {2}}))
	if err != nil {
		panic(err)
	}
	for i, t := range out.Times {
		fmt.Printf("t = %g: %.4f\n", t, out.States[i].Value())
	}
	fmt.Println(out.Evaluations, "evaluations =", "2 + 6 x", out.Steps+out.Rejected)
	// Output:
	// t = 0: [[1.0000] [2.0000]]
	// t = 0.5: [[0.8825] [1.7650]]
	// t = 1: [[0.6065] [1.2131]]
	// 56 evaluations = 2 + 6 x 9
}
