package solver_test

import (
	"fmt"

	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/solver"
)

func ExampleRungeKutta_Integrate() {
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		fmt.Println(err)
		return
	}
	s := solver.RK4(10)
	end := graph.MustExecOnce(backend, func(x *graph.Node) *graph.Node {
		states := s.Integrate(func(x *graph.Node, _ solver.Time) *graph.Node { return x }, x) // dx/dt = x
		return states[s.Steps()]
	}, 1.0)
	fmt.Printf("%v: e = %.5f\n", s, end.Value())
	// Output: rk4 x10: e = 2.71828
}
