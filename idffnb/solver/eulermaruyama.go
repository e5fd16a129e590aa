package solver

import (
	"github.com/gomlx/gomlx/core/graph"
)

// Maruyama is the Euler-Maruyama method with N equal steps, or those between own Times, over [0, 1], in the sense of Itô:
//
//	x <- x + dt f(x, t) + g(x, t) (W(t + dt) - W(t))
//
// one evaluation a step, the last at t = 1 - dt. Its strong order is 1/2, and 1 for noise g(t) that does not depend on x: with the same W, a state is wrong by O(dt).
// Kloeden, Platen, Numerical Solution of Stochastic Differential Equations, section 10.2. Without noise it is Euler's method.
type Maruyama struct {
	N     int       // equal steps, at least 1; 0, or as many as there are, where Times are given
	Times []float64 // own grid, increasing from 0 to 1; nil: equal steps
}

// EulerMaruyama is the Euler-Maruyama method with n steps.
func EulerMaruyama(n int) Maruyama { return Maruyama{N: n} }

const maruyamaName = "euler-maruyama"

// Name implements Solver.
func (s Maruyama) Name() string { return maruyamaName }

// On is the method on own times from 0 to 1, such as EulerMaruyama(8).On(Powers(8, 1.5)...): one time more than it has steps.
func (s Maruyama) On(times ...float64) Maruyama {
	s.Times = append([]float64{}, times...)
	return s
}

func (s Maruyama) spacing() spacing { return spacing{s.N, s.Times} }

// Steps implements Fixed.
func (s Maruyama) Steps() int { return s.spacing().steps() }

// Grid implements Solver.
func (s Maruyama) Grid() []float64 { return s.spacing().grid() }

// Order is the order of convergence without noise, and the strong order with noise g(t): 1.
func (s Maruyama) Order() int { return 1 }

// String gives the method and its steps, e.g. "euler-maruyama x50".
func (s Maruyama) String() string { return s.Name() + s.spacing().String() }

// graphKey identifies the graph.
func (s Maruyama) graphKey() string { return s.Name() + s.spacing().key() }

// Check says in one line what is wrong with the solver, or nil.
func (s Maruyama) Check() error { return checkStochastic(s) }

// EvaluatedAt lists the times at which the field is evaluated: those of the grid but for 1.
func (s Maruyama) EvaluatedAt() []float64 { return s.Grid()[:s.Steps()] }

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
