package solver

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

func near(a, b []float64, by float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !(math.Abs(a[i]-b[i]) <= by) {
			return false
		}
	}
	return true
}

func TestGrids(t *testing.T) {
	for _, tc := range []struct {
		name      string
		got, want []float64
	}{
		{"equal", Grid(4), []float64{0, .25, .5, .75, 1}},
		{"powers", Powers(2, 2), []float64{0, .25, 1}},
		{"shifted", Shifted(4, 3), []float64{0, 1. / 10, 1. / 4, 1. / 2, 1}}, // diffusers: sigma = 3 s/(1 + 2 s) of 1, .75, .5, .25, 0
		{"shifted by 1", Shifted(4, 1), Grid(4)},
		{"Karras, rho = 1: sigma = 3, 2, 1, 0", Karras(3, 1, 3, 1), []float64{0, 1. / 3, 1. / 2, 1}},
		// k-diffusion's get_sigmas_karras(5, .002, 80) in float64: 80, 17.527823, 2.515212, 0.169752, 0.002, 0
		{"Karras", Karras(5, .002, 80, 7), []float64{0, 1 / 18.527823, 1 / 3.515212, 1 / 1.169752, 1 / 1.002, 1}},
		{"one step", Karras(1, .002, 80, 7), []float64{0, 1}},
		{"none", Powers(-3, 2), []float64{0}},
	} {
		if !near(tc.got, tc.want, 1e-6) {
			t.Errorf("%s: %v, want %v", tc.name, tc.got, tc.want)
		}
	}
	// Shifting twice is shifting by the product: s -> 1-t is a group.
	for k, s := range Shifted(8, 2) {
		if got, want := s/(5-4*s), Shifted(8, 10)[k]; math.Abs(got-want) > 1e-15 {
			t.Errorf("shifted by 2 and by 5, time %d is %g, by 10 %g", k, got, want)
		}
	}
}

// spaced is every solver that takes own times, with n of them.
func spaced(times []float64) map[string]Fixed {
	all := map[string]Fixed{}
	for _, known := range named() {
		s, err := WithTimes(known.with(len(times)-1), times...)
		if err != nil {
			panic(err)
		}
		all[known.name] = s
	}
	return all
}

// TestOwnEqualTimes: equal steps given as times are the equal steps, for every solver, and so is where they evaluate.
func TestOwnEqualTimes(t *testing.T) {
	const n = 6
	for name, s := range spaced(Grid(n)) {
		equal, err := ByName(name, n)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := run(t, s), run(t, equal); !near(got, want, 1e-14) {
			t.Errorf("%s on equal times: %v, want %v", name, got, want)
		}
		type evaluated interface{ EvaluatedAt() []float64 }
		if s, ok := s.(evaluated); ok && !near(s.EvaluatedAt(), equal.(evaluated).EvaluatedAt(), 0) {
			t.Errorf("%s on equal times evaluates at %v, want %v", name, s.EvaluatedAt(), equal.(evaluated).EvaluatedAt())
		}
	}
}

// TestOwnTimes: the states are those at the times of the grid, and the order is that of equal steps, since the grid is smooth; but for dpmpp methods, which have theirs in lambda (TestExponentialOrder).
func TestOwnTimes(t *testing.T) {
	backend := testBackend(t)
	const start = -.5
	exact := func(at float64) float64 { return math.Tan(at*at + math.Atan(start)) }
	counts := []int{64, 128, 256}
	errors := map[string][]float64{}
	for _, n := range counts {
		times := Shifted(n, 2)
		for name, s := range spaced(times) {
			if s, ok := s.(interface{ EvaluatedAt() []float64 }); ok {
				at := s.EvaluatedAt()
				if last := at[len(at)-1]; at[0] != 0 || last < times[n-1] {
					t.Errorf("%s evaluates at %g to %g", name, at[0], last)
				}
			}
			var at []float64
			nodes := graph.MustExecOnceN(backend, func(x *graph.Node) []*graph.Node {
				return s.Integrate(func(x *graph.Node, now Time) *graph.Node {
					at = append(at, now.Number())
					return graph.MulScalar(now.Mul(graph.OnePlus(graph.Square(x))), 2)
				}, x)
			}, start)
			if s, ok := s.(interface{ EvaluatedAt() []float64 }); ok && !near(s.EvaluatedAt(), at, 0) {
				t.Errorf("%s says that it evaluates at %v, and does at %v", name, s.EvaluatedAt(), at)
			}
			errors[name] = append(errors[name], math.Abs(nodes[n].Value().(float64)-exact(1)))
			middle := nodes[n/2].Value().(float64)
			if wrong := math.Abs(middle - exact(times[n/2])); wrong > .01 {
				t.Errorf("%s: state %d is %g, want that at t = %g, %g", name, n/2, middle, times[n/2], exact(times[n/2]))
			}
		}
	}
	for name, wrong := range errors {
		s, _ := ByName(name, 8)
		if _, ok := s.(Exponential); ok {
			continue
		}
		order := float64(s.(interface{ Order() int }).Order())
		if name == "srk" {
			continue // its times move to the tree's, which disturbs the slope
		}
		if least, most := slopes(wrong, counts); least < order-.45 || most > order+.45 {
			t.Errorf("%s on shifted times: error falls as dt^%.2f to dt^%.2f, want dt^%g", name, least, most, order)
		}
	}
}

// TestAdamsOnOwnTimesIsExactForPolynomials: after its start, order k integrates polynomials in t of degree k-1 without error, and not those of degree k.
func TestAdamsOnOwnTimesIsExactForPolynomials(t *testing.T) {
	times := []float64{0, .1, .17, .4, .55, .8, 1}
	n := len(times) - 1
	for k := 2; k <= 4; k++ {
		for degree := range k + 1 {
			p := float64(degree)
			nodes := graph.MustExecOnceN(testBackend(t), func(x *graph.Node) []*graph.Node {
				return AdamsBashforth(k, n).On(times...).Integrate(func(x *graph.Node, at Time) *graph.Node {
					return graph.Scalar(x.Graph(), x.DType(), math.Pow(at.Number(), p))
				}, x)
			}, 0.)
			state := func(i int) float64 { return nodes[i].Value().(float64) }
			wrong := math.Abs(state(n) - state(k-1) - (1-math.Pow(times[k-1], p+1))/(p+1))
			if degree < k && wrong > 1e-14 || degree == k && wrong < 1e-5 {
				t.Errorf("adams%d on own times integrates t^%d with error %g", k, degree, wrong)
			}
		}
	}
}

// TestNoiseOnOwnTimes: on own times the noise is that of the same Brownian motion. Geometric Brownian motion has the solution e^W, and the error of many short steps is small against its
// deviation of 1.3; with another motion's increments, or those of other times, it would be of that size.
func TestNoiseOnOwnTimes(t *testing.T) {
	const n = 256
	brownian := Brownian{Seed: 3, Size: 500}
	last, err := brownian.Increments([]float64{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		s     Stochastic
		drift float64
		most  float64 // the mean error; .045, .007, .0006 on equal steps
	}{
		{EulerMaruyama(n).On(Powers(n, 1.5)...), .5, .07},
		{HeunStratonovich(n).On(Powers(n, 1.5)...), 0, .02},
		{SRK(n).On(Powers(n, 1.5)...), .5, .002},
	} {
		w, areas, err := brownian.Areas(SRK(n).On(tc.s.Grid()...).Grid())
		if err != nil {
			t.Fatal(err)
		}
		if !tc.s.NeedsArea() {
			if w, err = brownian.Increments(tc.s.Grid()); err != nil {
				t.Fatal(err)
			}
		}
		end := graph.MustExecOnce(testBackend(t), func(w, areas *graph.Node) *graph.Node {
			noise, row := make([]Increment, n), func(x *graph.Node, k int) *graph.Node {
				return graph.Squeeze(graph.SliceAxis(x, 0, graph.AxisElem(k)), 0)
			}
			for k := range noise {
				noise[k] = Increment{W: row(w, k), Area: row(areas, k)}
			}
			f := func(x *graph.Node, _ Time) *graph.Node { return graph.MulScalar(x, tc.drift) }
			g := func(x *graph.Node, _ Time) *graph.Node { return x }
			return tc.s.IntegrateNoise(f, g, graph.OnesLike(row(w, 0)), noise)[n]
		}, w, areas).Value().([]float64)
		wrong := 0.
		for i, x := range end {
			wrong += math.Abs(x-math.Exp(last[0][i])) / float64(len(end))
		}
		if wrong > tc.most {
			t.Errorf("%v: mean error %.4f, want at most %g", tc.s, wrong, tc.most)
		}
	}
}

func TestOwnTimesRefused(t *testing.T) {
	nan := math.NaN()
	for _, tc := range []struct {
		times []float64
		want  string
	}{
		{nil, "with 0 times: a grid needs at least the two times 0 and 1"},
		{[]float64{0, .3, .9}, "must start at 0 and end at 1"},
		{[]float64{0, .6, .4, .8, .9, 1}, "time 1 is 0.6 and the next 0.4: times must increase"},
		{[]float64{0, .2, nan, .8, .9, 1}, "times must increase"},
		{Shifted(5, -1), "times must increase"},
		{Powers(5, 0), "times must increase"},
		{Karras(5, 80, .002, 7), "times must increase"},
	} {
		for _, s := range []Fixed{RK4(0), AdamsBashforth(2, 0), DDIM(0), EulerMaruyama(0), Ancestral(0), HeunStratonovich(0), SRK(0)} {
			s, err := WithTimes(s, tc.times...)
			if s.Name() == "adams2" && len(tc.times) < 3 {
				if err == nil || !strings.Contains(err.Error(), "must be at least 2") {
					t.Errorf("%v: error %v", s, err)
				}
				continue
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v on %v: error %v, want one line with %q", s, tc.times, err, tc.want)
			}
		}
	}
	for _, s := range []Fixed{EulerOn(0, .5, 1), SDEInt(.5)} {
		if _, err := WithTimes(s, 0, .4, 1); err == nil || !strings.Contains(err.Error(), "takes no times by solver.WithTimes") {
			t.Errorf("%v: error %v", s, err)
		}
	}
	for _, tc := range []struct {
		s    Fixed
		want string
	}{
		{Midpoint(4).On(0, .5, 1), "midpoint with N = 4 and 3 times"},
		{AdamsBashforth(3, 0).On(0, .5, 1), "adams3 with 2 steps: it looks back on 3 evaluations"},
		{SRK(3).On(0, .2, .20001, 1), "srk, whose steps end at multiples of 1/4096: time 1 is"},
		{Midpoint(0).On(0, .5, 1), ""},
		{EulerMaruyama(3).On(0, .2, .20001, 1), ""},
	} {
		err := tc.s.(interface{ Check() error }).Check()
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%v: error %v, want %q", tc.s, err, tc.want)
		}
	}
}

// TestOwnTimesAreToldApart: in names, and in keys of compiled graphs.
func TestOwnTimesAreToldApart(t *testing.T) {
	names, keys := map[string]bool{}, map[string]bool{}
	count := 0
	for _, times := range [][]float64{Grid(5), Powers(5, 2), Powers(5, 2.0001)} {
		for _, s := range spaced(times) {
			names[fmt.Sprint(s)], keys[GraphKey(s)] = true, true
			count++
		}
	}
	for _, known := range named() {
		names[fmt.Sprint(known.with(5))], keys[GraphKey(known.with(5))] = true, true
		count++
	}
	if len(names) != count || len(keys) != count {
		t.Errorf("%d solvers have %d names and %d keys", count, len(names), len(keys))
	}
	if got, want := fmt.Sprint(Midpoint(2).On(Powers(2, 1.5)...)), "midpoint x2 on 0 0.354 1"; got != want {
		t.Errorf("few times are named %q, want %q", got, want)
	}
	if a, b := Midpoint(2).On(0, .3, 1), Midpoint(2).On(0, .30001, 1); GraphKey(a) == GraphKey(b) {
		t.Errorf("%v and %v on times that differ in the fifth digit share a graph", a, b)
	}
}
