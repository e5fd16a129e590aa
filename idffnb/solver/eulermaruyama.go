package solver

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Maruyama is the Euler-Maruyama method with N equal steps over [0, 1], in the sense of Itô:
//
//	x <- x + dt f(x, t) + g(x, t) (W(t + dt) - W(t))
//
// one evaluation a step, the last at t = 1 - dt. Its strong order is 1/2, and 1 for noise g(t) that does not depend on x: with the same W, a state is wrong by O(dt).
// Kloeden, Platen, Numerical Solution of Stochastic Differential Equations, section 10.2. Without noise it is Euler's method.
type Maruyama struct {
	N int // steps, at least 1
}

// EulerMaruyama is the Euler-Maruyama method with n steps.
func EulerMaruyama(n int) Maruyama { return Maruyama{n} }

const maruyamaName = "euler-maruyama"

// Name implements Solver.
func (s Maruyama) Name() string { return maruyamaName }

// Steps implements Fixed.
func (s Maruyama) Steps() int { return s.N }

// Grid implements Solver.
func (s Maruyama) Grid() []float64 { return Grid(s.N) }

// Order is the order of convergence without noise, and the strong order with noise g(t): 1.
func (s Maruyama) Order() int { return 1 }

// String gives the method and its steps, e.g. "euler-maruyama x50".
func (s Maruyama) String() string { return fmt.Sprintf("%s x%d", s.Name(), s.N) }

// graphKey identifies the graph.
func (s Maruyama) graphKey() string { return s.String() }

// Check says in one line what is wrong with the solver, or nil.
func (s Maruyama) Check() error { return checkStochastic(s) }

// Times lists the times at which the field is evaluated: those of the grid but for 1.
func (s Maruyama) Times() []float64 { return Grid(s.N)[:s.N] }

// NeedsArea implements Stochastic: it does not.
func (s Maruyama) NeedsArea() bool { return false }

// Integrate implements Fixed, without noise: Euler's method.
func (s Maruyama) Integrate(field Field, x *graph.Node) []*graph.Node {
	return s.IntegrateNoise(field, nil, x, nil)
}

// IntegrateNoise implements Stochastic.
func (s Maruyama) IntegrateNoise(drift Field, diffusion Diffusion, x *graph.Node, noise []Increment) []*graph.Node {
	drift = alike(drift)
	grid := s.Grid()
	return stochasticSteps(s, diffusion, x, noise, func(x *graph.Node, k int) *graph.Node {
		t := At(grid[k]).InStep(k).Until(At(grid[k+1]))
		next := graph.Add(x, graph.MulScalar(drift(x, t), grid[k+1]-grid[k]))
		if diffusion != nil {
			next = graph.Add(next, graph.Mul(diffusion.at(s, x, t), noise[k].W))
		}
		return next
	})
}
