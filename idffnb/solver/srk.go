package solver

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// Roessler is the stochastic Runge-Kutta method of strong order 1.5 that torchsde knows as "srk", with N steps over [0, 1], in the sense of Itô. With h the step, dW the increment of W and
// I10 = int (W(s) - W(t)) ds over it (Brownian.Areas), it is SRA1 where g is a scalar, which stands for additive noise g(t),
//
//	H  = x + 3/4 h f(x, t) + 3/2 g(t + h) I10/h
//	x <- x + h/3 f(x, t) + 2h/3 f(H, t + 3/4 h) + g(t + h) (dW - I10/h) + g(t) I10/h
//
// and SRID2 where g is shaped as x, noise of each component by itself (a state of rank 0 always takes SRID2, which is right for both),
//
//	H  = x + 3/4 h f(x, t) + 3/2 g_1 I10/h
//	g_1 = g(x, t)                          g_3 = g(x + h f(x, t) - sqrt(h) g_1, t + h)
//	g_2 = g(x + h/4 f(x, t) + sqrt(h)/2 g_1, t + h/4)
//	g_4 = g(x + h/4 f(x, t) + sqrt(h) (-5 g_1 + 3 g_2 + g_3/2), t + h/4)
//	x <- x + h/3 f(x, t) + 2h/3 f(H, t + 3/4 h) + sum_i g_i (b1_i dW + b2_i I11/sqrt(h) + b3_i I10/h + b4_i I111/h)
//
// with I11 = (dW^2 - h)/2, I111 = (dW^3 - 3 h dW)/6 and the tableau's weights b. Rößler, Runge-Kutta methods for the strong approximation of solutions of stochastic differential
// equations, SIAM J. Numer. Anal. 48 (2010) 922, tables 1 to 3.
//
// Two evaluations of the drift a step, the last at t = 1 - h/4. Written stage by stage, as in torchsde 0.2.6, the same step costs three for additive and ten for diagonal noise, because stages are
// evaluated where their weight is 0 and again for every stage that uses them. Without noise it is the Runge-Kutta method of order 2 with nodes 0, 3/4 and weights 1/3, 2/3.
//
// The steps end at times of Brownian's tree, where it gives integrals exactly: at k/N moved by 1/8192 at most.
type Roessler struct {
	N int // steps, at least 1
}

// SRK is Rößler's stochastic Runge-Kutta method with n steps.
func SRK(n int) Roessler { return Roessler{n} }

// Name implements Solver.
func (s Roessler) Name() string { return "srk" }

// Steps implements Solver.
func (s Roessler) Steps() int { return s.N }

// Grid implements Solver: multiples of 1/4096.
func (s Roessler) Grid() []float64 { return treeGrid(s.N) }

// Order is the order of convergence without noise: 2.
func (s Roessler) Order() int { return 2 }

// String gives the method and its steps, e.g. "srk x25".
func (s Roessler) String() string { return fmt.Sprintf("%s x%d", s.Name(), s.N) }

// graphKey identifies the graph.
func (s Roessler) graphKey() string { return s.String() }

// Check says in one line what is wrong with the solver, or nil.
func (s Roessler) Check() error { return checkStochastic(s) }

// Times lists the times at which the drift is evaluated, in order. They end before 1.
func (s Roessler) Times() []float64 {
	var times []float64
	grid := s.Grid()
	for k := range s.N {
		times = append(times, grid[k], stageTime(grid[k], grid[k+1], .75))
	}
	return times
}

// NeedsArea implements Stochastic: it does.
func (s Roessler) NeedsArea() bool { return true }

// Integrate implements Solver, without noise.
func (s Roessler) Integrate(field Field, x *graph.Node) []*graph.Node {
	return s.IntegrateNoise(field, nil, x, nil)
}

// IntegrateNoise implements Stochastic.
func (s Roessler) IntegrateNoise(drift Field, diffusion Diffusion, x *graph.Node, noise []Increment) []*graph.Node {
	grid := s.Grid()
	return stochasticSteps(s, diffusion, x, noise, func(x *graph.Node, k int) *graph.Node {
		h := grid[k+1] - grid[k]
		at := func(c float64) Time { return At(stageTime(grid[k], grid[k+1], c)).InStep(k) }
		f := drift(x, at(0))
		inner := combine(x, h, []float64{.75}, []*graph.Node{f})
		var total *graph.Node // what the noise adds
		if diffusion != nil {
			g, dw, mean := diffusion.at(s, x, at(0)), noise[k].W, graph.DivScalar(noise[k].Area, h)
			if g.IsScalar() && !x.IsScalar() {
				end := diffusion.at(s, x, at(1))
				inner = graph.Add(inner, graph.MulScalar(graph.Mul(end, mean), 1.5))
				total = graph.Add(graph.Mul(end, graph.Sub(dw, mean)), graph.Mul(g, mean))
			} else {
				inner = graph.Add(inner, graph.MulScalar(graph.Mul(g, mean), 1.5))
				total = s.diagonal(diffusion, x, f, g, h, dw, mean, at)
			}
		}
		x = combine(x, h, []float64{1. / 3, 2. / 3}, []*graph.Node{f, drift(inner, at(.75))})
		if total != nil {
			x = graph.Add(x, total)
		}
		return x
	})
}

// srid2 is what the tableau SRI2 of Rößler adds for the noise: for each stage i its time, what its state takes of h f(x, t) and of sqrt(h) g_j, and the weights of
// dW, I11/sqrt(h), I10/h and I111/h.
var srid2 = [4]struct {
	c, a float64
	b    []float64
	beta [4]float64
}{
	{0, 0, nil, [4]float64{-1, -1, 2, -2}},
	{1. / 4, 1. / 4, []float64{1. / 2}, [4]float64{4. / 3, 4. / 3, -4. / 3, 5. / 3}},
	{1, 1, []float64{-1, 0}, [4]float64{2. / 3, -1. / 3, -2. / 3, -2. / 3}},
	{1. / 4, 1. / 4, []float64{-5, 3, 1. / 2}, [4]float64{0, 0, 0, 1}},
}

// diagonal is what diagonal noise adds to a step: f and g are drift and diffusion where it starts, mean is I10/h.
func (s Roessler) diagonal(diffusion Diffusion, x, f, g *graph.Node, h float64, dw, mean *graph.Node, at func(c float64) Time) *graph.Node {
	square := graph.Square(dw)
	integrals := []*graph.Node{
		dw,
		graph.MulScalar(graph.AddScalar(square, -h), .5/math.Sqrt(h)),
		mean,
		graph.MulScalar(graph.Mul(dw, graph.AddScalar(square, -3*h)), 1/(6*h)),
	}
	slopes := []*graph.Node{g}
	for _, stage := range srid2[1:] {
		state := combine(x, h, []float64{stage.a}, []*graph.Node{f})
		slopes = append(slopes, diffusion.at(s, combine(state, math.Sqrt(h), stage.b, slopes), at(stage.c)))
	}
	total := graph.ZerosLike(x)
	for i, stage := range srid2 {
		total = graph.Add(total, graph.Mul(slopes[i], combine(graph.ZerosLike(x), 1, stage.beta[:], integrals)))
	}
	return total
}
