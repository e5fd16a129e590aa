package solver

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Diffusion is g(x, t), the factor of dW: a scalar, which stands for additive noise g(t), or shaped as x [batch, ...] for noise of each component by itself
// (diagonal noise), each component's g depending on that component of x alone.
type Diffusion func(x *graph.Node, t Time) *graph.Node

// Stochastic is a Solver of stochastic differential equations dx = f(x, t) dt + g(x, t) dW, in the sense of Itô or Stratonovich as it says. Where g does not depend on x
// the two are the same.
type Stochastic interface {
	Fixed
	// NeedsArea tells whether IntegrateNoise uses Increment.Area.
	NeedsArea() bool
	// IntegrateNoise is Integrate with noise: one Increment for each step of the solver's grid. Without a diffusion there is no noise.
	IntegrateNoise(drift Field, diffusion Diffusion, x *graph.Node, noise []Increment) []*graph.Node
}

// Increment is what a step of h sees of the Brownian motion, nodes shaped as x, e.g. from Brownian.
type Increment struct {
	W    *graph.Node // W(t_{k+1}) - W(t_k), as from Brownian.Increments
	Area *graph.Node // int (W(s) - W(t_k)) ds over the step, as from Brownian.Areas; nil where the solver does not need it
}

// checkStochastic says in one line what is wrong with the steps of a stochastic solver, or nil.
func checkStochastic(s Stochastic) error {
	if own, ok := s.(interface{ spacing() spacing }); ok {
		if err := own.spacing().check(s.Name()); err != nil {
			return err
		}
	}
	if most := 1 << BrownianDepth; s.Steps() > most {
		return fmt.Errorf("solver: %s with %d steps: its Brownian motion is resolved to %d steps", s.Name(), s.Steps(), most)
	}
	return nil
}

// stochasticSteps checks the noise and takes all the steps of a stochastic solver: k is the step.
func stochasticSteps(s Stochastic, diffusion Diffusion, x *graph.Node, noise []Increment, step func(x *graph.Node, k int) *graph.Node) []*graph.Node {
	if err := checkStochastic(s); err != nil {
		panic(err)
	}
	if diffusion != nil {
		checkNoise(s, x, noise)
	}
	states := []*graph.Node{x}
	for k := range s.Steps() {
		x = step(x, k)
		states = append(states, x)
	}
	return states
}

// checkNoise panics with one line if the noise does not fit the solver and the state.
func checkNoise(s Stochastic, x *graph.Node, noise []Increment) {
	if len(noise) != s.Steps() {
		panic(fmt.Errorf("solver: %v was given %d increments of Brownian motion, want %d", s, len(noise), s.Steps()))
	}
	for k, dw := range noise {
		switch {
		case dw.W == nil || !dw.W.Shape().Equal(x.Shape()):
			panic(fmt.Errorf("solver: %v: the increment of Brownian motion of step %d is %s: want it shaped as the state, %s", s, k, shapeOf(dw.W), shapeOf(x)))
		case s.NeedsArea() && dw.Area == nil:
			panic(fmt.Errorf("solver: %v needs the integrals of Brownian motion, and step %d has none: take them from solver.Brownian.Areas", s, k))
		case s.NeedsArea() && !dw.Area.Shape().Equal(x.Shape()):
			panic(fmt.Errorf("solver: %v: the integral of Brownian motion of step %d is %s: want it shaped as the state, %s", s, k, shapeOf(dw.Area), shapeOf(x)))
		}
	}
}

// at builds g(x, t), and panics with one line if it is neither a scalar nor shaped as x.
func (g Diffusion) at(s Stochastic, x *graph.Node, t Time) *graph.Node {
	out := g(x, t)
	if out == nil || out.DType() != x.DType() || !out.IsScalar() && !out.Shape().Equal(x.Shape()) {
		panic(fmt.Errorf("solver: %v: the diffusion is %s: want a scalar, or noise of each component by itself, shaped as the state, %s", s, shapeOf(out), shapeOf(x)))
	}
	return out
}

// shapeOf is a node's shape in words.
func shapeOf(x *graph.Node) string {
	if x == nil {
		return "missing"
	}
	return x.Shape().String()
}
