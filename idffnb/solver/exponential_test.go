package solver

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

// lipman is x_t = t x1 + (1-(1-s) t) x0, as flow.Target.
type lipman float64

func (s lipman) Schedule(t float64) (alpha, sigma, dAlpha, dSigma float64) {
	return t, 1 - t + float64(s)*t, 1, float64(s) - 1
}
func (lipman) CheckSchedule() error { return nil }
func (lipman) String() string       { return "lipman" }

// TestDDIMIsEuler: on the straight path order 1 is Euler's method, state by state, but for the last bit.
func TestDDIMIsEuler(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 50} {
		got, want := run(t, DDIM(n)), run(t, Euler(n))
		for i := range want {
			if math.Abs(got[i]-want[i]) > 2e-15*want[i] {
				t.Errorf("%d steps: state %d is %.17g, Euler's %.17g", n, i, got[i], want[i])
			}
		}
	}
}

// endPoint is the flow on a path whose xhat1 is known: its velocity.
func endPoint(p PathSchedule, x1 func(x *graph.Node, t float64) *graph.Node) Field {
	return func(x *graph.Node, at Time) *graph.Node {
		a, sigma, da, ds := p.Schedule(at.Number())
		return combineTwo(x, ds/sigma, x1(x, at.Number()), da-a*ds/sigma)
	}
}

// TestExponentialIsExact: where xhat1 is a polynomial in t alone of degree less than the order, the states after the first steps are exact on any path and grid;
// where it is constant, all are, for every method. The exact flow is integrated independently, by many steps of the classic rule.
func TestExponentialIsExact(t *testing.T) {
	times := []float64{0, .07, .2, .45, .6, .85, .95, 1}
	for _, p := range []PathSchedule{straightLine{}, trigonometric{}, lipman(.1), lipman(1), lipman(1e-4)} {
		for _, name := range exponentialNames {
			degrees := 0
			if strings.HasPrefix(name, "exp") {
				degrees = exponentials[name].look - 1
			}
			for degree := range degrees + 1 {
				x1 := func(_, t float64) float64 { return 1 + 2*math.Pow(t, float64(degree)) }
				s := Exponential{Method: name, Times: times, Path: p}
				nodes := graph.MustExecOnceN(testBackend(t), func(x *graph.Node) []*graph.Node {
					return s.Integrate(endPoint(p, func(x *graph.Node, t float64) *graph.Node {
						return graph.Scalar(x.Graph(), x.DType(), x1(0, t))
					}), x)
				}, -.7)
				for k := degree; k < len(times)-1; k++ { // the first steps look back on too few evaluations
					x := nodes[k].Value().(float64)
					if degree == 0 && k == 0 {
						x = -.7
					}
					want := classic(p, x1, x, times[k], times[k+1])
					tolerance := 1e-9
					if times[k+1] == 1 {
						tolerance = 2e-8 // what classic leaves out
					}
					if got := nodes[k+1].Value().(float64); math.Abs(got-want) > tolerance {
						t.Errorf("%v on %v, xhat1 of degree %d: state at %g is %.12g, want %.12g", s, p, degree, times[k+1], got, want)
					}
				}
			}
		}
	}
}

// classic is the flow from t to end with xhat1(x, t) by steps of the classic rule that shorten towards the end, of which the last 1e-10 are left out at t = 1.
func classic(p PathSchedule, x1 func(x, t float64) float64, x, t, end float64) float64 {
	f := func(x, t float64) float64 {
		a, sigma, da, ds := p.Schedule(t)
		return ds/sigma*x + (da-a*ds/sigma)*x1(x, t)
	}
	const steps = 4000
	zero := end + 1e-3 // steps shrink geometrically towards just behind the end
	if end == 1 {
		zero, end = 1+1e-12, 1-1e-10
	}
	from := t
	for i := range steps {
		next := zero - (zero-from)*math.Pow((zero-end)/(zero-from), float64(i+1)/steps)
		h := next - t
		k1 := f(x, t)
		k2 := f(x+h/2*k1, t+h/2)
		k3 := f(x+h/2*k2, t+h/2)
		k4 := f(x+h*k3, t+h)
		x, t = x+h/6*(k1+2*k2+2*k3+k4), next
	}
	return x
}

// TestDPMSolverPPByHand steps the formulas of k-diffusion's sample_dpmpp_2m, which work with sigma/alpha and x/alpha, on times inside (0, 1).
func TestDPMSolverPPByHand(t *testing.T) {
	times := []float64{0, .1, .3, .5, .8, .9, 1}
	denoise := func(x, t float64) float64 { return math.Sin(3*x) + t }
	s := Exponential{Method: "dpmpp2m", Times: times}
	nodes := graph.MustExecOnceN(testBackend(t), func(x *graph.Node) []*graph.Node {
		return s.Integrate(endPoint(straightLine{}, func(x *graph.Node, t float64) *graph.Node {
			return graph.AddScalar(graph.Sin(graph.MulScalar(x, 3)), t)
		}), x)
	}, .4)
	x, old := nodes[1].Value().(float64)/times[1], denoise(.4, 0) // in k-diffusion's scaling, from the state after the first step, where sigma is finite
	for i := 1; i < len(times)-1; i++ {
		sigma := func(i int) float64 { return (1 - times[i]) / times[i] }
		minusLog := func(i int) float64 { return -math.Log(sigma(i)) }
		h := minusLog(i+1) - minusLog(i)
		denoised := denoise(x*times[i], times[i])
		use := denoised
		if i > 1 && sigma(i+1) > 0 {
			r := (minusLog(i) - minusLog(i-1)) / h
			use = (1+1/(2*r))*denoised - 1/(2*r)*old
		}
		x = sigma(i+1)/sigma(i)*x - math.Expm1(-h)*use
		old = denoised
		if got := nodes[i+1].Value().(float64); math.Abs(got-x*times[i+1]) > 1e-14 {
			t.Errorf("state %d is %.15g, by hand %.15g", i+1, got, x*times[i+1])
		}
	}
}

// TestExpAdamsByHand: on the straight path the weight of expadams2 has a closed form, and at t = 1 extrapolation is all there is:
// int_s^t (tau-s)/(1-tau)^2 dtau = (t-s)/(1-t) - log((1-s)/(1-t)).
func TestExpAdamsByHand(t *testing.T) {
	for _, times := range [][]float64{{0, .2, .5, 1}, {0, .1, .11, 1}, {0, .9, .9999, 1}, {.3, .4, .99999999, 1}} {
		s, end := times[1], times[2]
		want := (1 - end) * ((end-s)/(1-end) + math.Log((1-end)/(1-s))) / (times[0] - s)
		if got := inTime(straightLine{}, times, 1, 2); len(got) != 1 || math.Abs(got[0]-want) > 1e-12*math.Abs(want) {
			t.Errorf("%v: weight %v, want %v", times, got, want)
		}
		want = -(1 - end) / (end - s)
		if got := inTime(straightLine{}, times, 2, 2); math.Abs(got[0]-want) > 1e-14 {
			t.Errorf("%v: weight at t = 1 %v, want %v", times, got, want)
		}
	}
}

// TestExponentialEnds: what of lambda is infinite weighs nothing, and nothing becomes NaN. Up to three steps dpmpp methods are ddim.
func TestExponentialEnds(t *testing.T) {
	for _, p := range []PathSchedule{straightLine{}, trigonometric{}, lipman(.1)} {
		for _, name := range exponentialNames {
			for n := 1; n <= 6; n++ {
				states := run(t, Exponential{Method: name, N: n, Path: p})
				ddim := run(t, Exponential{Method: "ddim", N: n, Path: p})
				same := true
				for i := range states {
					if math.IsNaN(states[i]) || math.IsInf(states[i], 0) {
						t.Fatalf("%s x%d on %v: states %v", name, n, p, states)
					}
					same = same && states[i] == ddim[i]
				}
				_, sigma, _, _ := p.Schedule(1)
				first := n == 1
				if strings.HasPrefix(name, "dpmpp") {
					first = n <= 3 && sigma == 0 || n <= 2
				}
				if same != (first || name == "ddim") {
					t.Errorf("%s x%d on %v: equal to ddim: %v", name, n, p, same)
				}
			}
		}
	}
}

// TestExponentialOrder: xhat1 = 1 + b(t) sin 3x with b a bump inside (.1, .9), so that neither the first steps, of lower order, nor the last, infinitely long in
// lambda, has an error. Steps are equal in t for expadams and in lambda for the others between .1 and .9. The error is the root mean square over eight starts.
func TestExponentialOrder(t *testing.T) {
	bump := func(t float64) float64 {
		u := (t - .5) / .4
		return 3 * math.Pow(max(1-u*u, 0), 5)
	}
	field := endPoint(straightLine{}, func(x *graph.Node, t float64) *graph.Node {
		return graph.OnePlus(graph.MulScalar(graph.Sin(graph.MulScalar(x, 3)), bump(t)))
	})
	starts := []float64{-2, -1.4, -.8, -.5, .1, .6, 1.3, 1.9}
	end := func(s Fixed, at int) []float64 {
		return graph.MustExecOnce(testBackend(t), func(x *graph.Node) *graph.Node { return s.Integrate(field, x)[at] }, starts).Value().([]float64)
	}
	grid := func(inLambda bool, n int) []float64 {
		times := []float64{0}
		for i := range n + 1 {
			u := float64(i) / float64(n)
			if inLambda {
				times = append(times, 1/(1+math.Exp(-(2*u-1)*math.Log(9))))
			} else {
				times = append(times, .1+.8*u)
			}
		}
		return append(times, 1)
	}
	exact := make([]float64, len(starts))
	for i, x := range starts {
		exact[i] = classic(straightLine{}, func(x, t float64) float64 { return 1 + bump(t)*math.Sin(3*x) }, x, 0, .9)
	}
	for name, tc := range map[string]struct{ steps []int }{
		"ddim": {[]int{64, 128, 256}}, "dpmpp2m": {[]int{64, 128, 256}}, "dpmpp3m": {[]int{64, 128, 256}},
		"expadams2": {[]int{64, 128, 256}}, "expadams3": {[]int{48, 96, 192}},
	} {
		var errors []float64
		for _, n := range tc.steps {
			got, sum := end(Exponential{Method: name, Times: grid(!strings.HasPrefix(name, "exp"), n)}, n+1), 0.
			for i := range got {
				sum += (got[i] - exact[i]) * (got[i] - exact[i])
			}
			errors = append(errors, math.Sqrt(sum))
		}
		least, most := slopes(errors, tc.steps)
		if order := float64(exponentials[name].order); least < order-.3 || most > order+.3 {
			t.Errorf("%s: errors %.3g fall as dt^%.2f to dt^%.2f, want dt^%g within .3", name, errors, least, most, order)
		}
	}
}

func TestExponentialRefuses(t *testing.T) {
	nan := math.NaN()
	for _, tc := range []struct {
		s    Exponential
		want string
	}{
		{Exponential{Method: "dpm", N: 2}, `unknown exponential method "dpm"; valid names: ddim, dpmpp2m, dpmpp3m, expadams2, expadams3`},
		{DPMSolverPP(4, 9), `unknown exponential method "dpmpp4m"`},
		{DPMSolverPP(0, 9), `unknown exponential method "dpmpp0m"`},
		{ExpAdams(1, 9), `unknown exponential method "expadams1"`},
		{DDIM(0), "at least 1"},
		{DDIM(-2), "at least 1"},
		{Exponential{Method: "ddim", N: 3, Times: []float64{0, 1}}, "N = 3 and 2 times"},
		{Exponential{Method: "ddim", Times: []float64{}}, "at least the two times 0 and 1"},
		{Exponential{Method: "ddim", Times: []float64{0, .5}}, "start at 0 and end at 1"},
		{Exponential{Method: "ddim", Times: []float64{.1, 1}}, "start at 0 and end at 1"},
		{Exponential{Method: "ddim", Times: []float64{0, .6, .6, 1}}, "time 1 is 0.6 and the next 0.6: times must increase"},
		{Exponential{Method: "ddim", Times: []float64{0, .6, .4, 1}}, "must increase"},
		{Exponential{Method: "ddim", Times: []float64{0, nan, 1}}, "must increase"},
		{Exponential{Method: "ddim", N: 2, Path: lipman(-1)}, "path lipman at t = 0.5 is 0.5 x1 + 0 x0"},
		{Exponential{Method: "ddim", N: 2, Path: lipman(nan)}, "want sigma > 0"},
	} {
		err := tc.s.Check()
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: error %v, want one line with %q", tc.s, err, tc.want)
		}
	}
}

// TestDPMSolverPP: the orders by their published names.
func TestDPMSolverPP(t *testing.T) {
	for order, want := range map[int]string{1: "ddim x7", 2: "dpmpp2m x7", 3: "dpmpp3m x7"} {
		if s := DPMSolverPP(order, 7); s.String() != want || s.Check() != nil {
			t.Errorf("order %d is %v, want %s", order, s, want)
		}
	}
}

// TestExponentialKeys: different graphs have different keys and names.
func TestExponentialKeys(t *testing.T) {
	list := []Exponential{DDIM(3), DDIM(4), DPMSolverPP(2, 3), {Method: "ddim", Times: []float64{0, .2, .4, 1}}, {Method: "ddim", Times: []float64{0, .2, .5, 1}},
		{Method: "ddim", N: 3, Path: trigonometric{}}}
	var keys, names []string
	for _, s := range list {
		keys, names = append(keys, GraphKey(s)), append(names, s.String())
	}
	slices.Sort(keys)
	slices.Sort(names)
	if len(slices.Compact(keys)) != len(list) || len(slices.Compact(names)) != len(list) {
		t.Errorf("keys %q, names %q", keys, names)
	}
	if got := (Exponential{Method: "expadams2", N: 4, Path: trigonometric{}}).String(); got != "expadams2 x4 on trigonometric" {
		t.Errorf("name %q", got)
	}
}
