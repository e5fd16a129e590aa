package solver

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

// TestAdamsByHand steps the formulas of the textbook by hand on dx/dt = x + t, from the states that the start gives.
func TestAdamsByHand(t *testing.T) {
	f := func(x, t float64) float64 { return x + t }
	for k, first := range map[int]int{2: 1, 3: 2, 4: 3} { // steps of the start
		const n = 7
		got := run(t, AdamsBashforth(k, n))
		x := append([]float64{}, got[:first+1]...)
		for i := first; i < n; i++ {
			v := func(back int) float64 { return f(x[i-back], float64(i-back)/n) }
			var sum float64
			switch k {
			case 2:
				sum = (3*v(0) - v(1)) / 2
			case 3:
				sum = (23*v(0) - 16*v(1) + 5*v(2)) / 12
			case 4:
				sum = (55*v(0) - 59*v(1) + 37*v(2) - 9*v(3)) / 24
			}
			x = append(x, x[i]+sum/n)
		}
		for i := range x {
			if math.Abs(x[i]-got[i]) > 1e-14 {
				t.Errorf("adams%d: states %v, by hand %v", k, got, x)
				break
			}
		}
	}
}

// TestAdamsStart compares the first states with those of the methods that make them.
func TestAdamsStart(t *testing.T) {
	const n = 6
	if got, want := run(t, AdamsBashforth(2, n)), run(t, Euler(n)); got[1] != want[1] {
		t.Errorf("adams2 starts with %v, want Euler's %v", got[1], want[1])
	}
	if got, want := run(t, AdamsBashforth(3, n)), run(t, Midpoint(n)); got[1] != want[1] || got[2] == want[2] {
		t.Errorf("adams3 starts with %v, want midpoint's %v for one step", got[1:3], want[1:3])
	}
	if got, want := run(t, AdamsBashforth(4, n)), run(t, Heun3(n)); got[1] != want[1] || got[2] != want[2] || got[3] == want[3] {
		t.Errorf("adams4 starts with %v, want heun3's %v for two steps", got[1:4], want[1:4])
	}
}

// TestAdamsIsExactForPolynomials: after its start, order k integrates polynomials in t of degree k-1 without error, and not those of degree k.
func TestAdamsIsExactForPolynomials(t *testing.T) {
	const n = 6
	for k := 2; k <= 4; k++ {
		for degree := range k + 1 {
			p := float64(degree)
			nodes := graph.MustExecOnceN(testBackend(t), func(x *graph.Node) []*graph.Node {
				return AdamsBashforth(k, n).Integrate(func(x *graph.Node, at Time) *graph.Node {
					return graph.Scalar(x.Graph(), x.DType(), math.Pow(at.Number(), p))
				}, x)
			}, 0.)
			state := func(i int) float64 { return nodes[i].Value().(float64) }
			from := float64(k-1) / n
			wrong := math.Abs(state(n) - state(k-1) - (1-math.Pow(from, p+1))/(p+1))
			if degree < k && wrong > 1e-15 || degree == k && wrong < 1e-6 {
				t.Errorf("adams%d integrates t^%d with error %g", k, degree, wrong)
			}
		}
	}
}

func TestAdamsRefuses(t *testing.T) {
	for _, tc := range []struct {
		s    Adams
		want string
	}{
		{Adams{}, "order 0: valid orders: 2, 3, 4"},
		{AdamsBashforth(5, 9), "order 5: valid orders: 2, 3, 4"},
		{AdamsBashforth(1, 9), "order 1 is Euler's method"},
		{AdamsBashforth(2, 1), "at least 2"},
		{AdamsBashforth(3, 2), "adams3 with 2 steps: it looks back on 3 evaluations, so the number of steps must be at least 3"},
		{AdamsBashforth(4, 3), "at least 4"},
		{AdamsBashforth(4, -1), "at least 4"},
	} {
		err := tc.s.Check()
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: error %v, want one line with %q", tc.s, err, tc.want)
		}
	}
	if err := AdamsBashforth(4, 4).Check(); err != nil {
		t.Error(err)
	}
}
