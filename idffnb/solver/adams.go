package solver

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// Adams is the explicit Adams (Adams-Bashforth) method of order K with N equal steps, or those between own Times: it extrapolates the last K evaluations of the field by a polynomial in
// t and integrates that, so that a step costs one evaluation whatever the order. With v_k = f(x_k, t_k),
//
//	adams2   x <- x + dt (3 v_k - v_{k-1})/2
//	adams3   x <- x + dt (23 v_k - 16 v_{k-1} + 5 v_{k-2})/12
//	adams4   x <- x + dt (55 v_k - 59 v_{k-1} + 37 v_{k-2} - 9 v_{k-3})/24
//
// Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, section III.1. The first K-1 steps have no K evaluations to look back on. They are made by
// the cheapest methods whose error over one step, dt^K, keeps the order:
//
//	adams2   one Euler step                     N evaluations in all
//	adams3   one midpoint step, one of adams2   N+1
//	adams4   two heun3 steps, one of adams3     N+4
//
// t = 1 is never evaluated. torchdiffeq's explicit_adams starts with two steps of its rk4 (N+6 evaluations at order 4) and then raises the order as far as the
// steps made allow, to 11 unless max_order says otherwise; its max_order = K+1 is order K.
//
// On own Times the weights are those of the same polynomial between these times: sum_j v_{k-j} int l_j dtau over the step, where l_j is the Lagrange polynomial of evaluation k-j.
type Adams struct {
	K     int       // order: 2, 3 or 4
	N     int       // equal steps, at least K; 0, or as many as there are, where Times are given
	Times []float64 // own grid, increasing from 0 to 1; nil: equal steps
}

// AdamsBashforth is the explicit Adams method of order k (2, 3 or 4) with n equal steps, at least k.
func AdamsBashforth(k, n int) Adams { return Adams{K: k, N: n} }

// bashforth has the weights of order k in row k, the latest evaluation's first.
var bashforth = [][]float64{
	1: {1},
	2: {3. / 2, -1. / 2},
	3: {23. / 12, -16. / 12, 5. / 12},
	4: {55. / 24, -59. / 24, 37. / 24, -9. / 24},
}

// adamsStart has the methods of the first steps for order k in row k: a Runge-Kutta method, or "" for Adams with the evaluations that there are.
var adamsStart = [][]string{2: {""}, 3: {"midpoint", ""}, 4: {"heun3", "heun3", ""}}

const adamsLeast, adamsMost = 2, 4

// Name implements Solver: adams2, adams3 or adams4.
func (s Adams) Name() string { return fmt.Sprintf("adams%d", s.K) }

// On is the method on own times from 0 to 1, such as AdamsBashforth(2, 4).On(Shifted(4, 2)...): one time more than it has steps.
func (s Adams) On(times ...float64) Adams {
	s.Times = append([]float64{}, times...)
	return s
}

func (s Adams) spacing() spacing { return spacing{s.N, s.Times} }

// Steps implements Fixed.
func (s Adams) Steps() int { return s.spacing().steps() }

// Grid implements Solver.
func (s Adams) Grid() []float64 { return s.spacing().grid() }

// Order is the order of convergence, K.
func (s Adams) Order() int { return s.K }

// String gives the method and its steps, e.g. "adams3 x6", and own times.
func (s Adams) String() string { return s.Name() + s.spacing().String() }

// graphKey identifies the graph.
func (s Adams) graphKey() string { return s.Name() + s.spacing().key() }

// Check says in one line what is wrong with the solver, or nil.
func (s Adams) Check() error {
	if s.K < adamsLeast || s.K > adamsMost {
		return fmt.Errorf("solver: explicit Adams method of order %d: valid orders: 2, 3, 4; order 1 is Euler's method", s.K)
	}
	if n := s.Steps(); n < s.K {
		return fmt.Errorf("solver: %s with %d steps: it looks back on %d evaluations, so the number of steps must be at least %d", s.Name(), n, s.K, s.K)
	}
	return s.spacing().check(s.Name())
}

// start is the Runge-Kutta method of step n, and false where the step is Adams'.
func (s Adams) start(n int) (tableau, bool) {
	if first := adamsStart[s.K]; n < len(first) && first[n] != "" {
		return tableaus[first[n]], true
	}
	return tableau{}, false
}

// weights are those of the last `look` evaluations in step n, the latest first; they sum to 1.
func (s Adams) weights(n, look int) []float64 {
	if s.Times == nil {
		return bashforth[look]
	}
	nodes := make([]float64, look)
	for j := range nodes {
		nodes[j] = s.Times[n-j]
	}
	weights := make([]float64, look)
	for j := range weights { // the mean over the step by Gauss's two points, which are exact for the polynomials of degree 3 at most
		for _, c := range []float64{.5 - math.Sqrt(3)/6, .5 + math.Sqrt(3)/6} {
			value, _ := lagrange(nodes, j, s.Times[n]+c*(s.Times[n+1]-s.Times[n]))
			weights[j] += value / 2
		}
	}
	return weights
}

// EvaluatedAt lists the times at which the field is evaluated, in order.
func (s Adams) EvaluatedAt() []float64 {
	var times []float64
	grid := s.Grid()
	for n := range s.Steps() {
		if method, ok := s.start(n); ok {
			times = append(times, method.times(grid[n], grid[n+1])...)
		} else {
			times = append(times, grid[n])
		}
	}
	return times
}

// Integrate implements Fixed.
func (s Adams) Integrate(field Field, x *graph.Node) []*graph.Node {
	if err := s.Check(); err != nil {
		panic(err)
	}
	field = alike(field)
	grid, states := s.Grid(), []*graph.Node{x}
	var latest []*graph.Node // evaluations at the starts of the steps, the latest first
	for n := range s.Steps() {
		if method, ok := s.start(n); ok {
			var slope *graph.Node
			x, slope = method.step(field, x, grid[n], grid[n+1], n)
			latest = append([]*graph.Node{slope}, latest...)
		} else {
			slope := field(x, At(grid[n]).InStep(n))
			latest = append([]*graph.Node{slope}, latest...)
			x = combine(x, grid[n+1]-grid[n], s.weights(n, min(s.K, len(latest))), latest)
		}
		states = append(states, x)
	}
	return states
}
