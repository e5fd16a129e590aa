package ot_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/idff-go/workbench/idffnb/ot"
)

func ExampleAssign() {
	x0 := []float32{0, 0, 1, 0, 2, 0} // three points of the plane
	x1 := []float32{2, 1, 0, 1, 1, 1}
	perm, err := ot.Assign(x0, x1, 2)
	fmt.Println(perm, err)
	// Output: [1 2 0] <nil>
}

// A training loop keeps one Solver.
func ExampleSolver() {
	var s ot.Solver
	for step := range 2 {
		x0, x1 := []float32{0, 1, 2}, []float32{float32(step), 2, 1}
		perm, err := s.Assign(x0, x1, 1)
		fmt.Println(perm, err)
	}
	// Output:
	// [0 2 1] <nil>
	// [0 2 1] <nil>
}

// Wasserstein-2 between clouds of different sizes.
func ExampleEMD() {
	cost, err := ot.SquaredDistances([]float32{0, 2}, []float32{0, 1, 2}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, err := ot.EMD(ot.Uniform(2), ot.Uniform(3), cost)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f\n", plan.Mass)
	fmt.Printf("W2 = %.4f\n", math.Sqrt(plan.Cost))
	// Output:
	// [0.3333 0.1667 0.0000 0.0000 0.1667 0.3333]
	// W2 = 0.5774
}

func ExampleSinkhorn() {
	cost := []float64{0, 1, 1, 0}
	plan, err := ot.Sinkhorn(ot.Uniform(2), ot.Uniform(2), cost, ot.Entropic{Reg: 0.5})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f converged %v\n", plan.Mass, plan.Converged)
	i, j, err := plan.Sample(rand.New(rand.NewPCG(1, 0)), 5)
	fmt.Println(len(i), len(j), err)
	// Output:
	// [0.4404 0.0596 0.0596 0.4404] converged true
	// 5 5 <nil>
}
