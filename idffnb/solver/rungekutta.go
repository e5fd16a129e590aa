package solver

import (
	"fmt"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
)

// RungeKutta is an explicit Runge-Kutta method with N equal steps over [0, 1], or those between own Times. With the method's Butcher tableau (c, A, b),
//
//	k_i = f(x + dt sum_j A_ij k_j, t + c_i dt),   x <- x + dt sum_i b_i k_i
type RungeKutta struct {
	Method string    // euler, midpoint, heun2, heun3, bosh3, rk4 or rk4classic
	N      int       // equal steps, at least 1; 0, or as many as there are, where Times are given
	Times  []float64 // own grid, increasing from 0 to 1; nil: equal steps
}

// tableau is a Butcher tableau: row i of a has i entries; c_i is the sum of row i.
type tableau struct {
	order int
	c     []float64
	a     [][]float64
	b     []float64
}

// Euler is x <- x + dt f(x, t): order 1, one evaluation a step. It never evaluates t = 1.
func Euler(n int) RungeKutta { return RungeKutta{Method: "euler", N: n} }

// Midpoint evaluates at t and t + dt/2: order 2, two evaluations a step. It never evaluates t = 1.
func Midpoint(n int) RungeKutta { return RungeKutta{Method: "midpoint", N: n} }

// Heun is the trapezoidal predictor-corrector, torchdiffeq's "heun2": order 2, two evaluations a step, the last at t = 1.
func Heun(n int) RungeKutta { return RungeKutta{Method: "heun2", N: n} }

// Heun3 is Heun's third-order rule, torchdiffeq's "heun3": order 3, three evaluations a step. It never evaluates t = 1.
func Heun3(n int) RungeKutta { return RungeKutta{Method: "heun3", N: n} }

// Bosh3 is the third-order solution of Bogacki and Shampine's pair with equal steps and no error estimate; AdaptiveBosh3 is torchdiffeq's "bosh3". Order 3, three
// evaluations a step, none of them at t = 1.
func Bosh3(n int) RungeKutta { return RungeKutta{Method: "bosh3", N: n} }

// RK4 is Kutta's 3/8 rule, which torchdiffeq calls "rk4": order 4, four evaluations a step, the last at t = 1.
func RK4(n int) RungeKutta { return RungeKutta{Method: "rk4", N: n} }

// RK4Classic is the classic fourth-order rule: order 4, four evaluations a step, the last at t = 1.
func RK4Classic(n int) RungeKutta { return RungeKutta{Method: "rk4classic", N: n} }

// The tableaus are those of Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, section II.1; bosh3's is that of the third-order
// solution of Bogacki and Shampine, A 3(2) pair of Runge-Kutta formulas, Appl. Math. Lett. 2 (1989).
var tableaus = map[string]tableau{
	"euler":    {order: 1, c: []float64{0}, a: [][]float64{{}}, b: []float64{1}},
	"midpoint": {order: 2, c: []float64{0, .5}, a: [][]float64{{}, {.5}}, b: []float64{0, 1}},
	"heun2":    {order: 2, c: []float64{0, 1}, a: [][]float64{{}, {1}}, b: []float64{.5, .5}},
	"heun3": {order: 3, c: []float64{0, 1. / 3, 2. / 3},
		a: [][]float64{{}, {1. / 3}, {0, 2. / 3}}, b: []float64{1. / 4, 0, 3. / 4}},
	"bosh3": {order: 3, c: []float64{0, .5, .75},
		a: [][]float64{{}, {.5}, {0, .75}}, b: []float64{2. / 9, 1. / 3, 4. / 9}},
	"rk4": {order: 4, c: []float64{0, 1. / 3, 2. / 3, 1},
		a: [][]float64{{}, {1. / 3}, {-1. / 3, 1}, {1, -1, 1}}, b: []float64{1. / 8, 3. / 8, 3. / 8, 1. / 8}},
	"rk4classic": {order: 4, c: []float64{0, .5, .5, 1},
		a: [][]float64{{}, {.5}, {0, .5}, {0, 0, 1}}, b: []float64{1. / 6, 1. / 3, 1. / 3, 1. / 6}},
}

// rungeKuttas lists the methods, in the order of Names.
var rungeKuttas = []string{"euler", "midpoint", "heun2", "heun3", "bosh3", "rk4", "rk4classic"}

// Name implements Solver.
func (s RungeKutta) Name() string { return s.Method }

// On is the method on own times from 0 to 1, such as Midpoint(4).On(Shifted(4, 2)...): one time more than it has steps.
func (s RungeKutta) On(times ...float64) RungeKutta {
	s.Times = append([]float64{}, times...)
	return s
}

func (s RungeKutta) spacing() spacing { return spacing{s.N, s.Times} }

// Steps implements Fixed.
func (s RungeKutta) Steps() int { return s.spacing().steps() }

// Grid implements Solver.
func (s RungeKutta) Grid() []float64 { return s.spacing().grid() }

// Order is the method's order of convergence: the error at t = 1 falls as dt^Order. It is 0 for an unknown method.
func (s RungeKutta) Order() int { return tableaus[s.Method].order }

// Check says in one line what is wrong with the solver, or nil.
func (s RungeKutta) Check() error {
	if _, ok := tableaus[s.Method]; !ok {
		return fmt.Errorf("solver: unknown Runge-Kutta method %q; valid names: %s", s.Method, strings.Join(rungeKuttas, ", "))
	}
	return s.spacing().check(s.Method)
}

// String gives the method and its steps, e.g. "rk4 x2", and own times, e.g. "midpoint x2 on 0 0.354 1".
func (s RungeKutta) String() string { return s.Method + s.spacing().String() }

// graphKey identifies the graph.
func (s RungeKutta) graphKey() string { return s.Method + s.spacing().key() }

// EvaluatedAt lists the times at which the field is evaluated, in order.
func (s RungeKutta) EvaluatedAt() []float64 {
	var times []float64
	grid := s.Grid()
	for n := range s.Steps() {
		times = append(times, tableaus[s.Method].times(grid[n], grid[n+1])...)
	}
	return times
}

// stageTime is t + c dt; for c = 1 it is the grid's own next time, so that the last stage is exactly at t = 1.
func stageTime(t, next, c float64) float64 {
	if c == 1 {
		return next
	}
	return t + c*(next-t)
}

// Integrate implements Fixed.
func (s RungeKutta) Integrate(field Field, x *graph.Node) []*graph.Node {
	if err := s.Check(); err != nil {
		panic(err)
	}
	field = alike(field)
	method, grid := tableaus[s.Method], s.Grid()
	states := []*graph.Node{x}
	for n := range s.Steps() {
		x, _ = method.step(field, x, grid[n], grid[n+1], n)
		states = append(states, x)
	}
	return states
}

// step is one step of the method, the n-th of a solver, and the slope at its start.
func (m tableau) step(field Field, x *graph.Node, t, next float64, n int) (end, slope *graph.Node) {
	slopes := make([]*graph.Node, len(m.c))
	for i, c := range m.c {
		at := At(stageTime(t, next, c)).InStep(n)
		if len(m.c) == 1 {
			at = at.Until(At(next))
		}
		slopes[i] = field(combine(x, next-t, m.a[i], slopes), at)
	}
	return combine(x, next-t, m.b, slopes), slopes[0]
}

// times are those at which a step evaluates the field.
func (m tableau) times(t, next float64) []float64 {
	times := make([]float64, len(m.c))
	for i, c := range m.c {
		times[i] = stageTime(t, next, c)
	}
	return times
}

// combine returns x + dt sum_j weights_j slopes_j.
func combine(x *graph.Node, dt float64, weights []float64, slopes []*graph.Node) *graph.Node {
	for j, w := range weights {
		if w != 0 {
			x = graph.Add(x, graph.MulScalar(slopes[j], dt*w))
		}
	}
	return x
}
