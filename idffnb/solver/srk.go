package solver

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// Roessler is the stochastic Runge-Kutta method of strong order 1.5 that torchsde knows as "srk", with N equal steps, or those between own Times, over [0, 1], in the sense of Itô. With h the step, dW the increment of W and
// I10 = int (W(s) - W(t)) ds over it (Brownian.Areas), it is SRA1 where g is a scalar, which stands for additive noise g(t),
//
//	f_1 = f(x, t),   f_2 = f(x + 3/4 h f_1 + 3/2 g(t + h) I10/h, t + 3/4 h)
//	x <- x + h (f_1 + 2 f_2)/3 + g(t + h) (dW - I10/h) + g(t) I10/h
//
// and SRID2 where g is shaped as x, noise of each component by itself (a state of rank 0 always takes SRID2, which is right for both),
//
//	f_1 = f(x, t)                                                  g_1 = g(x, t)
//	f_2 = f(x + h f_1, t + h)                                      g_2 = g(x + h/4 f_1 - sqrt(h)/2 g_1, t + h/4)
//	f_3 = f(x + h/4 (f_1 + f_2) + (g_1 + g_2/2) I10/h, t + h/2)    g_3 = g(x + h f_1 + sqrt(h) g_1, t + h)
//	                                                               g_4 = g(x + h/4 f_3 + sqrt(h) (2 g_1 - g_2 + g_3/2), t + h/4)
//	x <- x + h (f_1 + f_2 + 4 f_3)/6 + sum_i g_i (b1_i dW + b2_i I11/sqrt(h) + b3_i I10/h + b4_i I111/h)
//
// with I11 = (dW^2 - h)/2, I111 = (dW^3 - 3 h dW)/6 and the weights b below. Rößler, Runge-Kutta methods for the strong approximation of solutions of stochastic differential
// equations, SIAM J. Numer. Anal. 48 (2010) 922.
//
// SRA1 evaluates the drift twice a step, the last time at t = 1 - h/4; so does a step without noise, the Runge-Kutta method of order 2 with nodes 0, 3/4 and weights 1/3, 2/3. SRID2 evaluates it three
// times, in the last step also at t = 1; without noise it has order 3. torchsde 0.2.6 takes the same steps with three evaluations and ten: it evaluates a stage again for each later one.
//
// The steps end at times of Brownian's tree, where it gives integrals exactly: at those asked for moved by 1/8192 at most.
type Roessler struct {
	N     int       // equal steps, at least 1; 0, or as many as there are, where Times are given
	Times []float64 // own grid, increasing from 0 to 1; nil: equal steps
}

// SRK is Rößler's stochastic Runge-Kutta method with n steps.
func SRK(n int) Roessler { return Roessler{N: n} }

// Name implements Solver.
func (s Roessler) Name() string { return "srk" }

// On is the method on own times from 0 to 1, such as SRK(8).On(Powers(8, 1.5)...): one time more than it has steps.
func (s Roessler) On(times ...float64) Roessler {
	s.Times = append([]float64{}, times...)
	return s
}

func (s Roessler) spacing() spacing { return spacing{s.N, s.Times} }

// Steps implements Fixed.
func (s Roessler) Steps() int { return s.spacing().steps() }

// Grid implements Solver: multiples of 1/4096.
func (s Roessler) Grid() []float64 { return treeGrid(s.spacing().grid()) }

// Order is the order of convergence without noise, by Integrate: 2.
func (s Roessler) Order() int { return 2 }

// String gives the method and its steps, e.g. "srk x25".
func (s Roessler) String() string { return s.Name() + s.spacing().String() }

// graphKey identifies the graph.
func (s Roessler) graphKey() string { return s.Name() + s.spacing().key() }

// Check says in one line what is wrong with the solver, or nil.
func (s Roessler) Check() error {
	if err := checkStochastic(s); err != nil {
		return err
	}
	return checkGrid(fmt.Sprintf("%s, whose steps end at multiples of 1/%d", s.Name(), 1<<BrownianDepth), s.Grid())
}

// EvaluatedAt lists the times at which the drift is evaluated, in order, for noise g(t) and for none. They end before 1.
func (s Roessler) EvaluatedAt() []float64 {
	var times []float64
	grid := s.Grid()
	for k := range s.Steps() {
		times = append(times, grid[k], stageTime(grid[k], grid[k+1], .75))
	}
	return times
}

// NeedsArea implements Stochastic: it does.
func (s Roessler) NeedsArea() bool { return true }

// Integrate implements Fixed, without noise.
func (s Roessler) Integrate(field Field, x *graph.Node) []*graph.Node {
	return s.IntegrateNoise(field, nil, x, nil)
}

// IntegrateNoise implements Stochastic.
func (s Roessler) IntegrateNoise(drift Field, diffusion Diffusion, x *graph.Node, noise []Increment) []*graph.Node {
	drift = alike(drift)
	grid := s.Grid()
	return stochasticSteps(s, diffusion, x, noise, func(x *graph.Node, k int) *graph.Node {
		step := srkStep{h: grid[k+1] - grid[k], x: x}
		at := func(c float64) Time { return At(stageTime(grid[k], grid[k+1], c)).InStep(k) }
		step.f = func(x *graph.Node, c float64) *graph.Node { return drift(x, at(c)) }
		if diffusion == nil {
			return step.without()
		}
		step.g = func(x *graph.Node, c float64) *graph.Node { return diffusion.at(s, x, at(c)) }
		step.dw, step.mean = noise[k].W, graph.DivScalar(noise[k].Area, step.h)
		g := step.g(x, 0)
		if g.IsScalar() && !x.IsScalar() {
			return step.additive(g)
		}
		return step.diagonal(g)
	})
}

// srkStep is a step of h from x, with the drift and the diffusion at a fraction c of it, and the increment dW and I10/h.
type srkStep struct {
	h        float64
	x        *graph.Node
	f, g     func(x *graph.Node, c float64) *graph.Node
	dw, mean *graph.Node
}

// without is the step without noise.
func (s srkStep) without() *graph.Node {
	f := []*graph.Node{s.f(s.x, 0)}
	f = append(f, s.f(combine(s.x, s.h, []float64{3. / 4}, f), 3./4))
	return combine(s.x, s.h, []float64{1. / 3, 2. / 3}, f)
}

// additive is SRA1, given g(t).
func (s srkStep) additive(g *graph.Node) *graph.Node {
	end := s.g(s.x, 1)
	f := []*graph.Node{s.f(s.x, 0)}
	f = append(f, s.f(graph.Add(combine(s.x, s.h, []float64{3. / 4}, f), graph.MulScalar(graph.Mul(end, s.mean), 3./2)), 3./4))
	noise := graph.Add(graph.Mul(end, graph.Sub(s.dw, s.mean)), graph.Mul(g, s.mean))
	return graph.Add(combine(s.x, s.h, []float64{1. / 3, 2. / 3}, f), noise)
}

// srid2 is the weights of g_1 to g_4 in SRID2, for dW, I11/sqrt(h), I10/h and I111/h.
var srid2 = [4][]float64{
	{-1, 1, 2, -2},
	{4. / 3, -4. / 3, -4. / 3, 5. / 3},
	{2. / 3, 1. / 3, -2. / 3, -2. / 3},
	{0, 0, 0, 1},
}

// diagonal is SRID2, given g(x, t).
func (s srkStep) diagonal(g1 *graph.Node) *graph.Node {
	root := math.Sqrt(s.h)
	f, g := []*graph.Node{s.f(s.x, 0)}, []*graph.Node{g1}
	stage := func(c float64, drifts, noises []float64) {
		g = append(g, s.g(combine(combine(s.x, s.h, drifts, f), root, noises, g), c))
	}
	stage(1./4, []float64{1. / 4}, []float64{-1. / 2})
	stage(1, []float64{1}, []float64{1})
	f = append(f, s.f(combine(s.x, s.h, []float64{1}, f), 1))
	f = append(f, s.f(graph.Add(combine(s.x, s.h, []float64{1. / 4, 1. / 4}, f), graph.Mul(graph.Add(g[0], graph.MulScalar(g[1], 1./2)), s.mean)), 1./2))
	stage(1./4, []float64{0, 0, 1. / 4}, []float64{2, -1, 1. / 2})

	square := graph.Square(s.dw)
	integrals := []*graph.Node{
		s.dw,
		graph.MulScalar(graph.AddScalar(square, -s.h), .5/root),
		s.mean,
		graph.MulScalar(graph.Mul(s.dw, graph.AddScalar(square, -3*s.h)), 1/(6*s.h)),
	}
	x := combine(s.x, s.h, []float64{1. / 6, 1. / 6, 2. / 3}, f)
	for i, weights := range srid2 {
		x = graph.Add(x, graph.Mul(g[i], combine(graph.ZerosLike(x), 1, weights, integrals)))
	}
	return x
}
