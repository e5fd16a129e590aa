package solver

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
)

func testBackend(t testing.TB) compute.Backend {
	t.Helper()
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	return backend
}

// TestOrder integrates dx/dt = 2t (1 + x^2), whose solution is tan(t^2 + atan x0), in float64.
func TestOrder(t *testing.T) {
	backend := testBackend(t)
	const start = -0.5
	exact := math.Tan(1 + math.Atan(start))
	for _, name := range Names() {
		var logErr, logStep []float64
		var order int
		for _, n := range []int{16, 32, 64} {
			s, err := ByName(name, n)
			if err != nil {
				t.Fatal(err)
			}
			order = s.(interface{ Order() int }).Order()
			got := graph.MustExecOnce(backend, func(x *graph.Node) *graph.Node {
				states := s.Integrate(func(x *graph.Node, at Time) *graph.Node {
					return graph.MulScalar(at.Mul(graph.OnePlus(graph.Square(x))), 2)
				}, x)
				if len(states) != n+1 {
					t.Fatalf("%s: %d states, want %d", name, len(states), n+1)
				}
				return states[n]
			}, start).Value().(float64)
			logErr = append(logErr, math.Log(math.Abs(got-exact)))
			logStep = append(logStep, math.Log(1/float64(n)))
		}
		slope := (logErr[2] - logErr[0]) / (logStep[2] - logStep[0])
		if math.Abs(slope-float64(order)) > 0.3 {
			t.Errorf("%s: error falls as dt^%.2f, want dt^%d within .3", name, slope, order)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, tc := range []struct {
		solver RungeKutta
		want   []float64
	}{
		{Euler(2), []float64{0, .5}},
		{Midpoint(2), []float64{0, .25, .5, .75}},
		{Heun(2), []float64{0, .5, .5, 1}},
		{RK4(1), []float64{0, 1. / 3, 2. / 3, 1}},
		{RK4Classic(1), []float64{0, .5, .5, 1}},
	} {
		got := tc.solver.Times()
		if len(got) != len(tc.want) {
			t.Fatalf("%v: times %v, want %v", tc.solver, got, tc.want)
		}
		for i := range got {
			if math.Abs(got[i]-tc.want[i]) > 1e-15 {
				t.Errorf("%v: times %v, want %v", tc.solver, got, tc.want)
			}
		}
	}
	for n := 1; n < 200; n++ { // the end is exactly 1 for every number of steps
		times := RK4(n).Times()
		if last := times[len(times)-1]; last != 1 {
			t.Fatalf("rk4 x%d ends at %v, want exactly 1", n, last)
		}
	}
}

func TestTableausAreConsistent(t *testing.T) {
	for name, m := range tableaus {
		sum := 0.
		for _, b := range m.b {
			sum += b
		}
		if math.Abs(sum-1) > 1e-15 {
			t.Errorf("%s: weights sum to %v, want 1", name, sum)
		}
		for i, row := range m.a {
			sum := 0.
			for _, a := range row {
				sum += a
			}
			if math.Abs(sum-m.c[i]) > 1e-15 {
				t.Errorf("%s: row %d sums to %v, want c = %v", name, i, sum, m.c[i])
			}
		}
	}
}

func TestByName(t *testing.T) {
	for _, name := range Names() {
		s, err := ByName(name, 3)
		if err != nil || s.Name() != name || s.Steps() != 3 {
			t.Errorf("ByName(%q, 3) = %v, %v", name, s, err)
		}
	}
	for _, tc := range []struct {
		name string
		n    int
		want string
	}{
		{"eulr", 2, "valid names: euler, midpoint, heun2, heun3, bosh3, rk4, rk4classic"},
		{"euler", 0, "at least 1"},
		{"rk4", -3, "at least 1"},
	} {
		_, err := ByName(tc.name, tc.n)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("ByName(%q, %d): error %v, want one line with %q", tc.name, tc.n, err, tc.want)
		}
	}
}

func TestRungeKuttaCheck(t *testing.T) {
	for _, tc := range []struct {
		s    RungeKutta
		want string // in the error; "": there is none
	}{
		{RK4(2), ""},
		{RungeKutta{"rk4", 0}, "at least 1"},
		{RungeKutta{"rk45", 2}, `unknown Runge-Kutta method "rk45"; valid names: euler, midpoint, heun2, heun3, bosh3, rk4, rk4classic`},
		{RungeKutta{"euler-maruyama", 2}, "valid names: euler, midpoint"}, // that one is Maruyama
		{RungeKutta{}, "valid names: euler, midpoint"},
	} {
		err := tc.s.Check()
		if tc.want == "" {
			if err != nil {
				t.Errorf("%v: %v", tc.s, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") || strings.HasSuffix(err.Error(), maruyamaName) {
			t.Errorf("%v: error %v, want one line with %q", tc.s, err, tc.want)
		}
	}
}

func TestMeter(t *testing.T) {
	var m Meter
	for _, backwards := range []int{0, 1, 2, 3} {
		m.Evaluation(backwards)
	}
	if m != (Meter{Forwards: 4, Backwards: 6, Equivalents: 15}) {
		t.Errorf("orders 0 to 3 cost %+v", m)
	}
}
