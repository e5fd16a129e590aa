package solver

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

// TestStochasticCost counts evaluations of the drift, and looks at their times.
func TestStochasticCost(t *testing.T) {
	for _, tc := range []struct {
		s    Stochastic
		each map[string]int
		last float64
	}{
		{EulerMaruyama(5), map[string]int{"none": 1, "additive": 1, "diagonal": 1}, .8},
		{HeunStratonovich(5), map[string]int{"none": 2, "additive": 2, "diagonal": 2}, 1},
		{SRK(5), map[string]int{"none": 2, "additive": 2, "diagonal": 3}, .75 + .25*3277/4096},
	} {
		for noise, each := range tc.each {
			var m Meter
			var times []float64
			drift := func(x *graph.Node, at Time) *graph.Node {
				m.Evaluation(0)
				times = append(times, at.Number())
				return graph.Neg(x)
			}
			g := map[string]Diffusion{
				"additive": func(x *graph.Node, _ Time) *graph.Node { return constant(x, 1) },
				"diagonal": func(x *graph.Node, _ Time) *graph.Node { return x },
			}[noise]
			w, areas := noiseFor(t, tc.s, Brownian{Seed: 1, Size: 2})
			m, times = Meter{}, nil
			end(t, tc.s, equation{drift, g}, ones(2), w, areas)
			if m != (Meter{Forwards: 5 * each, Equivalents: float64(5 * each)}) {
				t.Errorf("%v, noise %s: 5 steps cost %+v", tc.s, noise, m)
			}
			want, last := tc.s.(interface{ EvaluatedAt() []float64 }).EvaluatedAt(), tc.last
			if each == 3 { // SRID2
				grid := tc.s.Grid()
				want = nil
				for k := range 5 {
					want = append(want, grid[k], grid[k+1], (grid[k]+grid[k+1])/2)
				}
				last = want[14]
			}
			if fmt.Sprint(times) != fmt.Sprint(want) || math.Abs(times[len(times)-1]-last) > 1e-15 {
				t.Errorf("%v, noise %s: evaluated at %v, want %v, the last at %g", tc.s, noise, times, want, last)
			}
		}
	}
}

// TestSRKGrid: times of the tree, distinct, close to equal, nested, and 0 and 1 at the ends.
func TestSRKGrid(t *testing.T) {
	for _, n := range []int{1, 2, 3, 10, 100, 999, 4093, 4095, 4096} {
		grid := SRK(n).Grid()
		if len(grid) != n+1 || grid[0] != 0 || grid[n] != 1 {
			t.Fatalf("%d steps: %d times from %g to %g", n, len(grid), grid[0], grid[len(grid)-1])
		}
		for k := range n {
			at := grid[k] * 4096
			if at != math.Floor(at) || !(grid[k] < grid[k+1]) || math.Abs(grid[k]-float64(k)/float64(n)) > 1./8192 {
				t.Fatalf("%d steps: time %d is %g, and the next %g", n, k, grid[k], grid[k+1])
			}
		}
		if n <= 1000 {
			for k, at := range SRK(4 * n).Grid() {
				if k%4 == 0 && at != grid[k/4] {
					t.Fatalf("time %d of %d steps is %g, of %d steps %g", k/4, n, grid[k/4], 4*n, at)
				}
			}
		}
	}
}

func TestStochasticByName(t *testing.T) {
	for name, want := range map[string]Stochastic{"euler-maruyama": EulerMaruyama(20), "ancestral": Ancestral(20), "heun-stratonovich": HeunStratonovich(20), "srk": SRK(20)} {
		s, err := ByName(name, 20)
		if err != nil || fmt.Sprintf("%T", s) != fmt.Sprintf("%T", want) || GraphKey(s) != name+" x20" || !IsBuiltIn(s) || s.Steps() != 20 {
			t.Errorf("%v, %v, key %q", s, err, GraphKey(s))
		}
		for n, want := range map[int]string{0: "at least 1", -1: "at least 1", 4097: "resolved to 4096 steps"} {
			_, err := ByName(name, n)
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s, %d steps: error %v, want one line with %q", name, n, err, want)
			}
		}
		if _, err := ByName(name, 4096); err != nil {
			t.Error(err)
		}
	}
}

// TestStochasticRefuses: noise and diffusions that do not fit are told in one line.
func TestStochasticRefuses(t *testing.T) {
	still := func(x *graph.Node, _ Time) *graph.Node { return graph.ZerosLike(x) }
	one := func(x *graph.Node, _ Time) *graph.Node { return constant(x, 1) }
	for _, tc := range []struct {
		s         Stochastic
		diffusion Diffusion
		noise     func(x *graph.Node) []Increment
		want      string
	}{
		{EulerMaruyama(2), one, func(x *graph.Node) []Increment { return []Increment{{W: x}} }, "1 increments of Brownian motion, want 2"},
		{SRK(1), one, func(*graph.Node) []Increment { return nil }, "0 increments of Brownian motion, want 1"},
		{SRK(1), one, func(x *graph.Node) []Increment { return []Increment{{W: x}} }, "step 0 has none: take them from solver.Brownian.Areas"},
		{SRK(1), one, func(x *graph.Node) []Increment { return []Increment{{W: x, Area: graph.ReduceAllSum(x)}} }, "the integral of Brownian motion of step 0 is (Float64)"},
		{HeunStratonovich(1), one, func(*graph.Node) []Increment { return make([]Increment, 1) }, "the increment of Brownian motion of step 0 is missing"},
		{EulerMaruyama(1), one, func(x *graph.Node) []Increment { return []Increment{{W: graph.ReduceAllSum(x)}} }, "want it shaped as the state, (Float64)[3, 2]"},
		{HeunStratonovich(0), one, func(*graph.Node) []Increment { return nil }, "at least 1"},
		{SRK(5000), one, func(*graph.Node) []Increment { return nil }, "resolved to 4096 steps"},
		{HeunStratonovich(1), func(x *graph.Node, _ Time) *graph.Node { return graph.ReduceSum(x, 0) },
			func(x *graph.Node) []Increment { return []Increment{{W: x}} }, "the diffusion is (Float64)[2]: want a scalar"},
		{SRK(1), func(x *graph.Node, _ Time) *graph.Node { return graph.InsertAxes(x, -1) },
			func(x *graph.Node) []Increment { return []Increment{{x, x}} }, "the diffusion is (Float64)[3, 2, 1]"},
		{SRK(1), func(x *graph.Node, _ Time) *graph.Node { return graph.ConvertDType(x, dtypes.Float32) },
			func(x *graph.Node) []Increment { return []Increment{{x, x}} }, "the diffusion is (Float32)[3, 2]"},
		{EulerMaruyama(1), func(*graph.Node, Time) *graph.Node { return nil },
			func(x *graph.Node) []Increment { return []Increment{{W: x}} }, "the diffusion is missing"},
	} {
		_, err := graph.CallOnce(testBackend(t), func(x *graph.Node) *graph.Node {
			return lastOf(tc.s.IntegrateNoise(still, tc.diffusion, x, tc.noise(x)))
		}, [][]float64{{1, 2}, {3, 4}, {5, 6}})
		if err == nil {
			t.Errorf("%v: no error, want %q", tc.s, tc.want)
			continue
		}
		line, _, _ := strings.Cut(err.Error(), "\n") // GoMLX appends the stack
		if !strings.Contains(line, tc.want) {
			t.Errorf("%v: error %q, want %q", tc.s, line, tc.want)
		}
	}
}

// lastOf is the last state.
