package solver

import (
	"github.com/gomlx/gomlx/core/graph"
)

// StratonovichHeun is Heun's method for equations in the sense of Stratonovich, dx = f dt + g o dW, with N equal steps, or those between own Times, over [0, 1]. torchsde knows it as "heun".
//
//	x' = x + dt f(x, t) + g(x, t) dW
//	x <- x + dt/2 (f(x, t) + f(x', t + dt)) + 1/2 (g(x, t) + g(x', t + dt)) dW,   dW = W(t + dt) - W(t)
//
// Two evaluations a step, strong order 1 for diagonal noise. Where g depends on x the equation of Itô with the same solution has the drift f + 1/2 g dg/dx; for noise g(t), as that
// of the fields of package flow, there is no difference. Burrage, Burrage, Tian, Proc. R. Soc. Lond. A 460 (2004) 373. Without noise it is the Runge-Kutta method heun2.
//
// The last evaluation is at t = 1, where the velocity of an x1-network is 0/0 (it divides by 0.01, see package flow): with such networks few steps of SRK, which ends before,
// are better than few steps of Heun. Networks of velocities are not affected.
type StratonovichHeun struct {
	N     int       // equal steps, at least 1; 0, or as many as there are, where Times are given
	Times []float64 // own grid, increasing from 0 to 1; nil: equal steps
}

// HeunStratonovich is Heun's method for Stratonovich equations with n steps.
func HeunStratonovich(n int) StratonovichHeun { return StratonovichHeun{N: n} }

// Name implements Solver. It tells the method from the Runge-Kutta method heun2.
func (s StratonovichHeun) Name() string { return "heun-stratonovich" }

// On is the method on own times from 0 to 1, such as HeunStratonovich(8).On(Powers(8, 1.5)...): one time more than it has steps.
func (s StratonovichHeun) On(times ...float64) StratonovichHeun {
	s.Times = append([]float64{}, times...)
	return s
}

func (s StratonovichHeun) spacing() spacing { return spacing{s.N, s.Times} }

// Steps implements Fixed.
func (s StratonovichHeun) Steps() int { return s.spacing().steps() }

// Grid implements Solver.
func (s StratonovichHeun) Grid() []float64 { return s.spacing().grid() }

// Order is the order of convergence without noise: 2.
func (s StratonovichHeun) Order() int { return 2 }

// String gives the method and its steps, e.g. "heun-stratonovich x25".
func (s StratonovichHeun) String() string { return s.Name() + s.spacing().String() }

// graphKey identifies the graph.
func (s StratonovichHeun) graphKey() string { return s.Name() + s.spacing().key() }

// Check says in one line what is wrong with the solver, or nil.
func (s StratonovichHeun) Check() error { return checkStochastic(s) }

// EvaluatedAt lists the times at which the field is evaluated, in order.
func (s StratonovichHeun) EvaluatedAt() []float64 {
	return RungeKutta{"heun2", s.N, s.Times}.EvaluatedAt()
}

// NeedsArea implements Stochastic: it does not.
func (s StratonovichHeun) NeedsArea() bool { return false }

// Integrate implements Fixed, without noise: heun2.
func (s StratonovichHeun) Integrate(field Field, x *graph.Node) []*graph.Node {
	return s.IntegrateNoise(field, nil, x, nil)
}

// IntegrateNoise implements Stochastic.
func (s StratonovichHeun) IntegrateNoise(drift Field, diffusion Diffusion, x *graph.Node, noise []Increment) []*graph.Node {
	drift = alike(drift)
	grid := s.Grid()
	return stochasticSteps(s, diffusion, x, noise, func(x *graph.Node, k int) *graph.Node {
		t, next, h := At(grid[k]).InStep(k), At(grid[k+1]).InStep(k), grid[k+1]-grid[k]
		f := drift(x, t)
		if diffusion == nil {
			return combine(x, h, []float64{.5, .5}, []*graph.Node{f, drift(combine(x, h, []float64{1}, []*graph.Node{f}), next)})
		}
		g, dw := diffusion.at(s, x, t), noise[k].W
		predicted := graph.Add(combine(x, h, []float64{1}, []*graph.Node{f}), graph.Mul(g, dw))
		x = combine(x, h, []float64{.5, .5}, []*graph.Node{f, drift(predicted, next)})
		return graph.Add(x, graph.Mul(graph.MulScalar(graph.Add(g, diffusion.at(s, predicted, next)), .5), dw))
	})
}
