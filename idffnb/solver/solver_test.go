package solver

import (
	"math"
	"slices"
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

// slopes is the least exponent p of error ~ dt^p between successive numbers of steps, and the greatest.
func slopes(errors []float64, steps []int) (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	for i := 1; i < len(errors); i++ {
		p := math.Log(errors[i-1]/errors[i]) / math.Log(float64(steps[i])/float64(steps[i-1]))
		least, most = min(least, p), max(most, p)
	}
	return least, most
}

// TestOrder integrates dx/dt = 2t (1 + x^2), whose solution is tan(t^2 + atan x0), in float64.
func TestOrder(t *testing.T) {
	backend := testBackend(t)
	const start = -0.5
	exact := math.Tan(1 + math.Atan(start))
	for _, known := range named() {
		var order int
		steps, errors := []int{32, 64, 128}, []float64{}
		switch s := known.with(64).(type) {
		case RungeKutta:
			order = s.Order()
		case Adams:
			order, steps = s.Order(), []int{64, 128, 256} // at order 4 the slope comes to 4 slowly
		default:
			continue // the exponential ones below, the stochastic ones by their strong order
		}
		for _, n := range steps {
			got := graph.MustExecOnce(backend, func(x *graph.Node) *graph.Node {
				states := known.with(n).Integrate(func(x *graph.Node, at Time) *graph.Node {
					return graph.MulScalar(at.Mul(graph.OnePlus(graph.Square(x))), 2)
				}, x)
				if len(states) != n+1 {
					t.Fatalf("%s: %d states, want %d", known.name, len(states), n+1)
				}
				return states[n]
			}, start).Value().(float64)
			errors = append(errors, math.Abs(got-exact))
		}
		if least, most := slopes(errors, steps); least < float64(order)-.3 || most > float64(order)+.3 {
			t.Errorf("%s: error falls as dt^%.2f to dt^%.2f, want dt^%d within .3", known.name, least, most, order)
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
		{Heun3(1), []float64{0, 1. / 3, 2. / 3}},
		{RungeKutta{Method: "bosh3", N: 2}, []float64{0, .25, .375, .5, .75, .875}},
		{RK4(1), []float64{0, 1. / 3, 2. / 3, 1}},
		{RK4Classic(1), []float64{0, .5, .5, 1}},
	} {
		got := tc.solver.EvaluatedAt()
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
		times := RK4(n).EvaluatedAt()
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
		s, err := ByName(name, 4)
		if err != nil || s.Name() != name || s.Steps() != 4 || !IsBuiltIn(s) {
			t.Errorf("ByName(%q, 4) = %v, %v", name, s, err)
		}
	}
	for _, tc := range []struct {
		name string
		n    int
		want string
	}{
		{"eulr", 2, "valid names: euler, midpoint, heun2, heun3, bosh3, rk4, rk4classic, adams2, adams3, adams4, ddim, dpmpp2m, dpmpp3m, expadams2, expadams3"},
		{"dopri5", 3, `use solver.AdaptiveByName("dopri5", 1e-5, 1e-5)`},
		{"euler", 0, "at least 1"},
		{"rk4", -3, "at least 1"},
		{"adams3", 2, "at least 3"},
		{"expadams2", 0, "at least 1"},
	} {
		_, err := ByName(tc.name, tc.n)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("ByName(%q, %d): error %v, want one line with %q", tc.name, tc.n, err, tc.want)
		}
	}
}

// TestEvaluations: how often and when a solver calls the field in 5 steps. The stochastic ones have a test of their own.
func TestEvaluations(t *testing.T) {
	const n = 5
	want := map[string]int{"euler": n, "midpoint": 2 * n, "heun2": 2 * n, "heun3": 3 * n, "bosh3": 3 * n, "rk4": 4 * n, "rk4classic": 4 * n,
		"adams2": n, "adams3": n + 1, "adams4": n + 4, "ddim": n, "dpmpp2m": n, "dpmpp3m": n, "expadams2": n, "expadams3": n}
	atEnd := map[string]bool{"heun2": true, "rk4": true, "rk4classic": true}
	for _, known := range named() {
		s := known.with(n)
		if _, ok := s.(Stochastic); ok {
			continue
		}
		var m Meter
		var times []float64
		graph.MustExecOnce(testBackend(t), func(x *graph.Node) *graph.Node {
			return s.Integrate(func(x *graph.Node, at Time) *graph.Node {
				m.Evaluation(0)
				times = append(times, at.Number())
				return graph.Neg(at.Mul(x))
			}, x)[n]
		}, 1.)
		if m.Forwards != want[known.name] || m.Equivalents != float64(m.Forwards) {
			t.Errorf("%s x%d: %d evaluations, want %d", known.name, n, m.Forwards, want[known.name])
		}
		if slices.Contains(times, 1) != atEnd[known.name] {
			t.Errorf("%s evaluates at %v: whether at t = 1 should be %v", known.name, times, atEnd[known.name])
		}
		if s, ok := s.(interface{ EvaluatedAt() []float64 }); ok && !slices.Equal(s.EvaluatedAt(), times) {
			t.Errorf("%s says that it evaluates at %v, and does at %v", known.name, s.EvaluatedAt(), times)
		}
	}
}

func TestRungeKuttaCheck(t *testing.T) {
	for _, tc := range []struct {
		s    RungeKutta
		want string // in the error; "": there is none
	}{
		{RK4(2), ""},
		{RungeKutta{Method: "rk4", N: 0}, "at least 1"},
		{RungeKutta{Method: "rk45", N: 2}, `unknown Runge-Kutta method "rk45"; valid names: euler, midpoint, heun2, heun3, bosh3, rk4, rk4classic`},
		{RungeKutta{Method: "euler-maruyama", N: 2}, "valid names: euler, midpoint"}, // that one is Maruyama
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

// TestFieldsMustReturnTheStatesShape: slopes of another shape are refused by every solver, where GoMLX would broadcast them, or make the state wider.
func TestFieldsMustReturnTheStatesShape(t *testing.T) {
	solvers := []Fixed{EulerOn(0, .5, 1), SDEInt(.5), SDEIntEuler(.5)}
	for _, known := range named() {
		solvers = append(solvers, known.with(4))
	}
	floats := [][]float64{{1}, {2}}
	for _, s := range solvers {
		for _, c := range []struct {
			name  string
			field Field
			x     any
			want  string
		}{
			{"scalar", func(x *graph.Node, _ Time) *graph.Node { return graph.ReduceAllSum(x) }, floats, "returned shape (Float64) for a state of shape (Float64)[2, 1]"},
			{"wider", func(x *graph.Node, _ Time) *graph.Node { return graph.Concatenate([]*graph.Node{x, x}, 1) }, floats, "returned shape (Float64)[2, 2]"},
			{"nothing", func(*graph.Node, Time) *graph.Node { return nil }, floats, "returned shape missing"},
			{"integers", func(x *graph.Node, _ Time) *graph.Node { return x }, [][]int32{{1}, {2}}, "the state is of type Int32"},
		} {
			exec, err := graph.NewExec(testBackend(t), func(x *graph.Node) []*graph.Node { return s.Integrate(c.field, x) })
			if err == nil {
				_, err = exec.Call(c.x)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, %s: %v, want %q in it", s, c.name, err, c.want)
			}
		}
	}
}
