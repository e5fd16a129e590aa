package solver

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/integrate/quad"
)

// Exponential integrates a flow in its x1 (data prediction) form: the part of the velocity that is linear in x exactly, what is left, the data end point
// xhat1, by extrapolating earlier evaluations. On a path x_t = alpha(t) x1 + sigma(t) x0, a velocity v at x stands for the end point
//
//	xhat1 = (sigma v - sigma' x)/(alpha' sigma - alpha sigma')          on the straight path x + (1-t) v
//
// and with r = alpha/sigma the flow from s to t is exactly
//
//	x_t = sigma_t/sigma_s x_s + sigma_t int_s^t xhat1(tau) r'(tau) dtau
//
// The methods differ in what they put for xhat1(tau), and all cost one evaluation a step and never evaluate t = 1:
//
//	ddim        xhat1 at s: DDIM, arXiv 2010.02502, which is DPM-Solver++(1); on the straight path it is Euler's method
//	dpmpp2m     linear in lambda = log r: DPM-Solver++(2M), arXiv 2211.01095, algorithm 2
//	dpmpp3m     quadratic in lambda, as in the authors' code, k-diffusion and diffusers
//	expadams2   linear in t, integrated exactly: an exponential Adams-Bashforth method, as DEIS (arXiv 2204.13902) is, but for xhat1
//	expadams3   quadratic in t, likewise
//
// lambda is -inf at t = 0 and +inf where sigma is 0, at t = 1; on a path that starts with a little of the data, as DDPM's does, it is finite at t = 0. In lambda an evaluation at t = 0 is infinitely far, so that dpmpp methods cannot use it, and
// their last step, infinitely long, is of first order, as it is in diffusers: of N steps they extrapolate in N-3 at most, and up to three they are ddim.
// A polynomial in t is finite at both ends and extrapolates in all steps but the first. Which is better depends on the field and the grid: on the exact velocity
// of eight Gaussians, dpmpp2m was better at up to 4 evaluations and expadams2 from 6 on with equal steps; times that crowd at t = 0, such as (k/N)^1.5, helped
// the first and harmed the second. The package's table has more.
//
// dpmpp3m weighs the second difference as the codes do, by half of what exact integration of the parabola gives, so that its order is 2 and not 3.
type Exponential struct {
	Method string       // ddim, dpmpp2m, dpmpp3m, expadams2 or expadams3
	N      int          // equal steps, at least 1; 0, or as many as there are, where Times are given
	Times  []float64    // own grid, increasing from 0 to 1; nil: equal steps
	Path   PathSchedule // the path the field was trained on, such as flow.VariancePreserving(0) or a flow.OwnPath; nil: straight
}

// PathSchedule is a path x_t = alpha(t) x1 + sigma(t) x0. Those of package flow that have this form are ones.
type PathSchedule interface {
	// Schedule is alpha, sigma and their derivatives at t in [0, 1], with alpha(0) near 0, alpha(1) near 1, sigma > 0 before t = 1 and alpha' sigma > alpha sigma'. At t = 1 the derivatives do not count.
	Schedule(t float64) (alpha, sigma, dAlpha, dSigma float64)
	// CheckSchedule says in one line why the path has not this form, or nil.
	CheckSchedule() error
	// String names the path, e.g. "vp(0)".
	String() string
}

// DDIM is the exponential integrator of first order with n equal steps on the straight path, where it is Euler's method.
func DDIM(n int) Exponential { return Exponential{Method: "ddim", N: n} }

// DPMSolverPP is DPM-Solver++ multistep with n equal steps on the straight path: 2M or 3M for order 2 or 3, and for order 1 DDIM, which DPM-Solver++(1) is.
func DPMSolverPP(order, n int) Exponential {
	if order == 1 {
		return DDIM(n)
	}
	return Exponential{Method: fmt.Sprintf("dpmpp%dm", order), N: n}
}

// ExpAdams is the exponential Adams-Bashforth method of order 2 or 3 with n equal steps on the straight path.
func ExpAdams(order, n int) Exponential {
	return Exponential{Method: fmt.Sprintf("expadams%d", order), N: n}
}

// extrapolation is how a method fits xhat1: its weights for the differences xhat1_{k-j} - xhat1_k, j = 1 .., in the step from times[k] to times[k+1]; look is
// the number of evaluations it uses.
type extrapolation struct {
	look, order int
	weights     func(p PathSchedule, times []float64, k int) []float64
}

var exponentials = map[string]extrapolation{
	"ddim":      {1, 1, func(PathSchedule, []float64, int) []float64 { return nil }},
	"dpmpp2m":   {2, 2, func(p PathSchedule, times []float64, k int) []float64 { return inLambda(p, times, k, 2) }},
	"dpmpp3m":   {3, 2, func(p PathSchedule, times []float64, k int) []float64 { return inLambda(p, times, k, 3) }},
	"expadams2": {2, 2, func(p PathSchedule, times []float64, k int) []float64 { return inTime(p, times, k, 2) }},
	"expadams3": {3, 3, func(p PathSchedule, times []float64, k int) []float64 { return inTime(p, times, k, 3) }},
}

// exponentialNames lists the methods, in the order of Names.
var exponentialNames = []string{"ddim", "dpmpp2m", "dpmpp3m", "expadams2", "expadams3"}

// straightLine is the default path.
type straightLine struct{}

func (straightLine) Schedule(t float64) (alpha, sigma, dAlpha, dSigma float64) {
	return t, 1 - t, 1, -1
}
func (straightLine) CheckSchedule() error { return nil }
func (straightLine) String() string       { return "straight" }

// Schedule is the path, straight unless another is given.
func (s Exponential) Schedule() PathSchedule {
	if s.Path == nil {
		return straightLine{}
	}
	return s.Path
}

// Name implements Solver.
func (s Exponential) Name() string { return s.Method }

// On is the method on own times from 0 to 1, such as DPMSolverPP(2, 8).On(Karras(8, .002, 80, 7)...): one time more than it has steps.
func (s Exponential) On(times ...float64) Exponential {
	s.Times = append([]float64{}, times...)
	return s
}

func (s Exponential) spacing() spacing { return spacing{s.N, s.Times} }

// Steps implements Fixed.
func (s Exponential) Steps() int { return s.spacing().steps() }

// Grid implements Solver.
func (s Exponential) Grid() []float64 { return s.spacing().grid() }

// Order is the order of convergence, on grids whose first steps shrink faster than the others: on equal steps the first, of first order, leaves an error of dt^2.
func (s Exponential) Order() int { return exponentials[s.Method].order }

// String gives the method, its steps, and the grid and path where they are not equal steps on the straight path, e.g. "expadams2 x4 on vp(0)".
func (s Exponential) String() string {
	text := s.Method + s.spacing().String()
	if name := s.Schedule().String(); name != "straight" {
		text += " on " + name
	}
	return text
}

// graphKey identifies the graph.
func (s Exponential) graphKey() string { return fmt.Sprintf("%v %v", s, s.Times) }

// Check says in one line what is wrong with the solver, or nil.
func (s Exponential) Check() error {
	if _, ok := exponentials[s.Method]; !ok {
		return fmt.Errorf("solver: unknown exponential method %q; valid names: %s", s.Method, strings.Join(exponentialNames, ", "))
	}
	if err := s.spacing().check(s.Method); err != nil {
		return err
	}
	path := s.Schedule()
	if err := path.CheckSchedule(); err != nil {
		return fmt.Errorf("solver: %s: %w", s.Method, err)
	}
	for _, t := range s.Grid() {
		a, sigma, da, ds := path.Schedule(t)
		if t == 1 { // never evaluated: slopes may be infinite, as that of sqrt(1 - t)
			da, ds = 1, 0
		}
		if !(sigma > 0 || t == 1 && sigma == 0) || !(da*sigma-a*ds > 0 || t == 1) || math.IsInf(a+sigma+da-ds, 0) {
			return fmt.Errorf("solver: %s: path %s at t = %g is %g x1 + %g x0 with derivatives %g, %g: want sigma > 0 and alpha' sigma > alpha sigma'", s.Method, path, t, a, sigma, da, ds)
		}
	}
	return nil
}

// Integrate implements Fixed.
func (s Exponential) Integrate(field Field, x *graph.Node) []*graph.Node {
	if err := s.Check(); err != nil {
		panic(err)
	}
	field = alike(field)
	method, path, times := exponentials[s.Method], s.Schedule(), s.Grid()
	states := []*graph.Node{x}
	var ends []*graph.Node // xhat1 of the evaluations, the latest first
	for k := range s.Steps() {
		now := At(times[k]).InStep(k)
		if s.isEuler() {
			now = now.Until(At(times[k+1]))
		}
		v := field(x, now)
		a, sigma, da, ds := path.Schedule(times[k])
		wronskian := da*sigma - a*ds
		next := combineTwo(x, -ds/wronskian, v, sigma/wronskian) // xhat1
		ends = slices.Insert(ends, 0, next)[:min(len(ends)+1, method.look)]

		// sigma_t/sigma_s x + c xhat1, in terms of x and v: on the straight path exactly x + dt v.
		aNext, sigmaNext, _, _ := path.Schedule(times[k+1])
		c := aNext - sigmaNext*a/sigma
		x = combineTwo(x, sigmaNext/sigma-c*ds/wronskian, v, c*sigma/wronskian)
		for j, w := range method.weights(path, times, k) {
			if w != 0 {
				x = graph.Add(x, graph.MulScalar(graph.Sub(ends[1+j], ends[0]), w))
			}
		}
		states = append(states, x)
	}
	return states
}

// isEuler tells whether the steps are x + dt v.
func (s Exponential) isEuler() bool {
	return s.Method == "ddim" && s.Schedule().String() == "straight"
}

// combineTwo is a x + b y.
func combineTwo(x *graph.Node, a float64, y *graph.Node, b float64) *graph.Node {
	return graph.Add(graph.MulScalar(x, a), graph.MulScalar(y, b))
}

// inLambda weighs the differences of step k as DPM-Solver++ does, with xhat1 a polynomial in lambda through the last `look` evaluations or as many as there are.
func inLambda(p PathSchedule, times []float64, k, look int) []float64 {
	lambda := func(i int) float64 {
		alpha, sigma, _, _ := p.Schedule(times[i])
		return math.Log(alpha / sigma)
	}
	look = min(look, k+1)
	h := lambda(k+1) - lambda(k)
	if look < 2 || math.IsInf(h, 1) {
		return nil
	}
	a, sigma, _, _ := p.Schedule(times[k])
	alpha, sigmaNext, _, _ := p.Schedule(times[k+1])
	r0 := (lambda(k) - lambda(k-1)) / h // +inf where that evaluation was at t = 0, which then weighs nothing
	if look == 2 {
		return []float64{-(alpha - sigmaNext*a/sigma) / (2 * r0)}
	}
	r1 := (lambda(k-1) - lambda(k-2)) / h
	phi2 := alpha * (math.Expm1(-h)/h + 1)
	phi3 := alpha * ((math.Expm1(-h)+h)/(h*h) - .5)
	// The differences D1_0 = (m0 - m1)/r0 and D1_1 = (m1 - m2)/r1 in terms of m1 - m0 and m2 - m0.
	d10, d11 := [2]float64{-1 / r0, 0}, [2]float64{1 / r1, -1 / r1}
	weights := make([]float64, 2)
	for j := range weights {
		bend := d10[j] - d11[j]
		weights[j] = phi2*(d10[j]+r0/(r0+r1)*bend) - phi3*bend/(r0+r1)
	}
	return weights
}

// inTime weighs the differences of step k by sigma_t int l_j r' dtau, where l_j is the Lagrange polynomial in t of evaluation k-j among the last `look`, or as
// many as there are. By parts, as l_j is 0 at the start of the step, that is
//
//	alpha_t l_j(t) - sigma_t int l_j' alpha/sigma dtau
//
// whose second term vanishes with sigma_t, while int r' would be infinite.
func inTime(p PathSchedule, times []float64, k, look int) []float64 {
	nodes := make([]float64, 0, look)
	for j := range min(look, k+1) {
		nodes = append(nodes, times[k-j])
	}
	start, end := times[k], times[k+1]
	alpha, sigma, _, dSigma := p.Schedule(end)
	weights := make([]float64, len(nodes)-1)
	for j := range weights {
		value, _ := lagrange(nodes, j+1, end)
		weights[j] = alpha * value
		if sigma == 0 {
			continue
		}
		// alpha/sigma grows towards the time where sigma would be 0, from which tau is measured in powers.
		zero := end + min(sigma/max(-dSigma, 1e-300), 1)
		span := math.Log((zero - start) / (zero - end))
		weights[j] -= sigma * quad.Fixed(func(q float64) float64 {
			gap := (zero - start) * math.Exp(-span*q)
			tau := zero - gap
			a, s, _, _ := p.Schedule(tau)
			_, slope := lagrange(nodes, j+1, tau)
			return slope * a / s * gap * span
		}, 0, 1, 40, quad.Legendre{}, 0)
	}
	return weights
}

// lagrange is the polynomial that is 1 at node j and 0 at the others, and its derivative, at t.
func lagrange(nodes []float64, j int, t float64) (value, slope float64) {
	value = 1
	for i, node := range nodes {
		if i == j {
			continue
		}
		width := nodes[j] - node
		value, slope = value*(t-node)/width, slope*(t-node)/width+value/width
	}
	return value, slope
}
