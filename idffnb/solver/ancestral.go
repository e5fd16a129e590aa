package solver

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// BridgeTransition is ancestral sampling of a Brownian bridge with N equal steps, or those between own Times, over [0, 1]: the step of Euler-Maruyama, with the noise of the bridge's own transition,
//
//	x <- x + dt f(x, t) + g sqrt((1-t-dt)/(1-t)) (W(t + dt) - W(t)),   f = (xhat1 - x)/(1-t)
//
// one evaluation a step, the last at t = 1 - dt. Given its end point x1 the bridge dx = (x1 - x)/(1-t) dt + g dW leads from x at t to N(x + dt (x1-x)/(1-t), g^2 dt (1-t-dt)/(1-t)) at t + dt:
// this is that law, with the predicted end point for x1. On a bridge to one known point, from x0, the states are those of the bridge, N((1-t) x0 + t x1, g^2 t(1-t) I), in however few steps. The last step
// has no noise and ends on xhat1, where Euler-Maruyama, whose drift leads there too, adds g dW: its samples end with noise of deviation g/sqrt(N) that the bridge does not have.
// The mean xhat1 stands for all x1 that x may lead to, so that what is left out is their spread: where x1 is not known from x, samples of few steps vary less than the data.
// On Gaussian data of deviation s, from N(0, 1) and with the exact drift, the deviation of samples over s is, of this and of Euler-Maruyama,
//
//	s     g    8 steps        50 steps
//	.5    1    .70 and 1.09   .91 and 1.01
//	.5    .2   .82 and .85    .97 and .98
//	.05   1    .12 and 7.07   .32 and 2.86
//
// so that it is for data that are thin against g/sqrt(N), where Euler-Maruyama's last noise shows; elsewhere Euler-Maruyama is nearer.
//
// With the velocity (xhat1 - x)/(1-t) and no other: of flow.Stochastic(flow.ConstantNoise(sigma)) for objective sf2m on flow.Bridge(sigma), and of flow.StochasticOnBridge(flow.ConstantNoise(sigma), sigma)
// for x1score and x1start. Runs refuse all others (flow.CheckAncestral); a solver by itself does not know the drift and refuses noise that is not constant. Liu et al., I2SB, arXiv 2302.05872, sample
// their bridges so; for diffusion models it is the ancestral sampling of DDPM, arXiv 2006.11239.
type BridgeTransition struct {
	N     int       // equal steps, at least 1; 0, or as many as there are, where Times are given
	Times []float64 // own grid, increasing from 0 to 1; nil: equal steps
}

// Ancestral is ancestral sampling of a Brownian bridge with n steps.
func Ancestral(n int) BridgeTransition { return BridgeTransition{N: n} }

const ancestralName = "ancestral"

// Name implements Solver.
func (s BridgeTransition) Name() string { return ancestralName }

// On is the method on own times from 0 to 1, such as Ancestral(8).On(Powers(8, 1.5)...): one time more than it has steps.
func (s BridgeTransition) On(times ...float64) BridgeTransition {
	s.Times = append([]float64{}, times...)
	return s
}

func (s BridgeTransition) spacing() spacing { return spacing{s.N, s.Times} }

// Steps implements Fixed.
func (s BridgeTransition) Steps() int { return s.spacing().steps() }

// Grid implements Solver. It ends at t = 1, as the bridge does.
func (s BridgeTransition) Grid() []float64 { return s.spacing().grid() }

// Order is the order of convergence without noise: 1.
func (s BridgeTransition) Order() int { return 1 }

// String gives the method and its steps, e.g. "ancestral x5".
func (s BridgeTransition) String() string { return s.Name() + s.spacing().String() }

// graphKey identifies the graph.
func (s BridgeTransition) graphKey() string { return s.Name() + s.spacing().key() }

// Check says in one line what is wrong with the solver, or nil.
func (s BridgeTransition) Check() error { return checkStochastic(s) }

// EvaluatedAt lists the times at which the field is evaluated: those of the grid but for 1.
func (s BridgeTransition) EvaluatedAt() []float64 { return s.Grid()[:s.Steps()] }

// NeedsArea implements Stochastic: it does not.
func (s BridgeTransition) NeedsArea() bool { return false }

// Integrate implements Fixed, without noise: Euler's method.
func (s BridgeTransition) Integrate(field Field, x *graph.Node) []*graph.Node {
	return s.IntegrateNoise(field, nil, x, nil)
}

// IntegrateNoise implements Stochastic. The diffusion must be the same scalar node at all times.
func (s BridgeTransition) IntegrateNoise(drift Field, diffusion Diffusion, x *graph.Node, noise []Increment) []*graph.Node {
	drift = alike(drift)
	grid := s.Grid()
	var g *graph.Node
	return stochasticSteps(s, diffusion, x, noise, func(x *graph.Node, k int) *graph.Node {
		t := At(grid[k]).InStep(k).Until(At(grid[k+1]))
		next := graph.Add(x, graph.MulScalar(drift(x, t), grid[k+1]-grid[k]))
		if diffusion == nil {
			return next
		}
		now := diffusion.at(s, x, t)
		if g == nil {
			g = now
		}
		if now != g || !g.IsScalar() {
			panic(fmt.Errorf("solver: %v: the diffusion is not one scalar node at t = %.3g and at 0: the bridge's transition has constant noise; take solver.EulerMaruyama(%d) for noise that changes", s, grid[k], s.Steps()))
		}
		if k == s.Steps()-1 {
			return next
		}
		return graph.Add(next, graph.Mul(g, graph.MulScalar(noise[k].W, math.Sqrt((1-grid[k+1])/(1-grid[k])))))
	})
}
