package solver

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Diffusion is g(x, t), the factor of dW: a scalar, or shaped as x [batch, ...] for noise of each component by itself (diagonal noise).
type Diffusion func(x *graph.Node, t Time) *graph.Node

// Stochastic is a Solver of stochastic differential equations dx = f(x, t) dt + g(x, t) dW.
type Stochastic interface {
	Fixed
	// IntegrateNoise is Integrate with noise: increments are W(t_{k+1}) - W(t_k) on the solver's grid, Steps() nodes
	// shaped as x, e.g. from Brownian.
	IntegrateNoise(drift Field, diffusion Diffusion, x *graph.Node, increments []*graph.Node) []*graph.Node
}

// Maruyama is the Euler-Maruyama method with N equal steps over [0, 1],
//
//	x <- x + dt f(x, t) + g(t) (W(t + dt) - W(t))
//
// one evaluation a step, the last at t = 1 - dt. Noise that does not depend on x, as here, gives it strong order 1: with the same W, a state is wrong by O(dt).
// Kloeden, Platen, Numerical Solution of Stochastic Differential Equations, section 10.2. Without noise it is Euler's method.
type Maruyama struct {
	N int // steps, at least 1
}

// EulerMaruyama is the Euler-Maruyama method with n steps.
func EulerMaruyama(n int) Maruyama { return Maruyama{n} }

const maruyamaName = "euler-maruyama"

// Name implements Solver.
func (s Maruyama) Name() string { return maruyamaName }

// Steps implements Solver.
func (s Maruyama) Steps() int { return s.N }

// Grid implements Solver.
func (s Maruyama) Grid() []float64 { return Grid(s.N) }

// Order is the strong order of convergence: 1.
func (s Maruyama) Order() int { return 1 }

// String gives the method and its steps, e.g. "euler-maruyama x50".
func (s Maruyama) String() string { return fmt.Sprintf("%s x%d", s.Name(), s.N) }

// graphKey identifies the graph.
func (s Maruyama) graphKey() string { return s.String() }

// Check says in one line what is wrong with the solver, or nil.
func (s Maruyama) Check() error {
	if s.N < 1 {
		return fmt.Errorf("solver: %s with %d steps: the number of steps must be at least 1", s.Name(), s.N)
	}
	if most := 1 << BrownianDepth; s.N > most {
		return fmt.Errorf("solver: %s with %d steps: its Brownian motion is resolved to %d steps", s.Name(), s.N, most)
	}
	return nil
}

// Times lists the times at which the field is evaluated: those of the grid but for 1.
func (s Maruyama) Times() []float64 { return Grid(s.N)[:s.N] }

// Integrate implements Solver, without noise: Euler's method.
func (s Maruyama) Integrate(field Field, x *graph.Node) []*graph.Node {
	return s.IntegrateNoise(field, nil, x, nil)
}

// IntegrateNoise implements Stochastic. Without a diffusion there is no noise.
func (s Maruyama) IntegrateNoise(drift Field, diffusion Diffusion, x *graph.Node, increments []*graph.Node) []*graph.Node {
	if err := s.Check(); err != nil {
		panic(err)
	}
	if diffusion != nil && len(increments) != s.N {
		panic(fmt.Errorf("solver: %v was given %d increments of Brownian motion, want %d", s, len(increments), s.N))
	}
	grid, states := s.Grid(), []*graph.Node{x}
	for k := range s.N {
		t := At(grid[k]).InStep(k)
		next := graph.Add(x, graph.MulScalar(drift(x, t), grid[k+1]-grid[k]))
		if diffusion != nil {
			next = graph.Add(next, graph.Mul(diffusion(x, t), increments[k]))
		}
		x = next
		states = append(states, x)
	}
	return states
}
