package solver

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// solved integrates from rows of numbers.
func solved[T [][]float64 | [][]float32 | [][][]float32](t testing.TB, a Adaptive, field Field, start T) *Solution {
	t.Helper()
	s, err := a.Solve(testBackend(t), field, tensors.FromValue(start))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAdaptiveAgainstTorchdiffeq solves the reference's problems. Errors are compared with the exact solution, at most 3 times torchdiffeq's or 30 tolerances; the
// evaluations are at most 1.2 times torchdiffeq's (adaptive_heun, which has two evaluations a step here and one there: 2.4), and at least .4 times.
func TestAdaptiveAgainstTorchdiffeq(t *testing.T) {
	ref := readReference(t)
	for name, problem := range ref.Problems {
		for _, want := range problem.Runs {
			a := Adaptive{Method: want.Method, RTol: want.Tolerance, ATol: want.Tolerance, At: ref.Times, MaxEvaluations: 100_000}
			if want.Method == "adaptive_heun" && want.Tolerance < 1e-6 {
				continue // thousands of evaluations
			}
			got := solved(t, a, problems[name], problem.Start)
			for i, state := range got.States {
				worst := 0.
				for k, v := range flatten(state.Value().([][]float64)) {
					worst = max(worst, math.Abs(v-problem.Exact[i][k]))
				}
				if !(worst <= max(3*want.Error, 30*want.Tolerance)) {
					t.Errorf("%s, %v: error %.2g at t = %g; torchdiffeq's at 1: %.2g", name, a, worst, got.Times[i], want.Error)
				}
			}
			m := pairs[a.Method].evaluations()
			made := float64(got.Evaluations - m*got.Extra)
			most := 1.2
			if want.Method == "adaptive_heun" {
				most = 2.4
			}
			if r := made / float64(want.Evaluations); r > most || r < .4 {
				t.Errorf("%s, %v: %g evaluations, torchdiffeq makes %d", name, a, made, want.Evaluations)
			}
			t.Logf("%s, %v: %g evaluations (%d rejected), torchdiffeq %d", name, a, made, got.Rejected, want.Evaluations)
		}
	}
}

// TestToleranceConverges: the error at t = 1 falls with the tolerance, and the evaluations rise with the power 1/order of it, about.
func TestToleranceConverges(t *testing.T) {
	for _, tc := range []struct {
		name         string
		loose, tight float64
	}{{"adaptive_heun", 1e-3, 1e-5}, {"bosh3", 1e-4, 1e-7}, {"dopri5", 1e-5, 1e-10}, {"dopri8", 1e-6, 1e-13}} {
		var evaluations, worst [2]float64
		for i, tol := range []float64{tc.loose, tc.tight} {
			s := solved(t, Adaptive{Method: tc.name, RTol: tol, ATol: tol}, pendulum, [][]float64{{1.5, .3}})
			exact := solved(t, Dopri8(2e-15, 1e-15), pendulum, [][]float64{{1.5, .3}})
			worst[i] = math.Abs(s.End().Value().([][]float64)[0][0] - exact.End().Value().([][]float64)[0][0])
			evaluations[i] = float64(s.Evaluations)
		}
		order := math.Log(worst[0]/worst[1]) / math.Log(evaluations[1]/evaluations[0])
		nominal := float64(pairs[tc.name].order)
		if math.Abs(order-nominal) > .2*nominal {
			t.Errorf("%s: error falls as evaluations^-%.2f, want %g within a fifth (%.2g, %.2g)", tc.name, order, nominal, worst[0], worst[1])
		}
	}
}

// TestEvaluationsAreCounted counts those that the graphs make, by the times that they were built with: two to begin, and those of the method a step.
func TestEvaluationsAreCounted(t *testing.T) {
	for name, each := range map[string]int{"adaptive_heun": 2, "bosh3": 3, "dopri5": 6, "dopri8": 13} {
		calls := 0
		s := solved(t, Adaptive{Method: name, RTol: 1e-4, ATol: 1e-4}, func(x *graph.Node, at Time) *graph.Node {
			calls++
			return tangent(x, at)
		}, [][]float64{{-1}, {.2}})
		if calls != 2+each {
			t.Errorf("%s: the graphs call the field %d times, want %d", name, calls, 2+each)
		}
		if want := 2 + each*(s.Steps+s.Rejected); s.Evaluations != want || s.Steps < 2 {
			t.Errorf("%s: %d evaluations in %d steps, %d rejected: want %d", name, s.Evaluations, s.Steps, s.Rejected, want)
		}
	}
}

// TestRejectedStepsAreCounted on a field that jumps: steps across the jump are rejected, and the result is right all the same.
func TestRejectedStepsAreCounted(t *testing.T) {
	jump := func(x *graph.Node, at Time) *graph.Node {
		late := graph.GreaterThan(at.As(x), graph.ConstAs(x, .6))
		return graph.Add(graph.ZerosLike(x), graph.Where(late, graph.ConstAs(x, 5), graph.ConstAs(x, 1)))
	}
	s := solved(t, Dopri5(1e-6, 1e-6), jump, [][]float64{{0}})
	if got := s.End().Value().([][]float64)[0][0]; math.Abs(got-2.6) > 1e-5 || s.Rejected < 3 {
		t.Errorf("x(1) = %g with %d rejected, want 2.6 with several", got, s.Rejected)
	}
}

// TestAdaptiveStops: the solver gives up with one line that says where and what to do.
func TestAdaptiveStops(t *testing.T) {
	square := func(x *graph.Node, _ Time) *graph.Node { return graph.Square(x) } // x = 1/(1/x0 - t)
	stiff := func(x *graph.Node, at Time) *graph.Node {
		return graph.MulScalar(graph.Sub(graph.Cos(at.As(x)), x), 1e6)
	}
	root := func(x *graph.Node, at Time) *graph.Node { // NaN from t = .5 on
		return graph.Mul(x, graph.Sqrt(graph.AddScalar(graph.Neg(at.As(x)), .5)))
	}
	for _, name := range AdaptiveNames() {
		a := Adaptive{Method: name, RTol: 1e-5, ATol: 1e-5}
		for _, tc := range []struct {
			what    string
			field   Field
			start   float64
			options func(*Adaptive)
			want    []string
		}{
			{"blow-up", square, 2, nil, []string{"cannot go on at t = 0.", "Float32 does not resolve", "Until"}},
			{"stiff", stiff, 1, func(a *Adaptive) { a.MaxEvaluations = 500 }, []string{"of at most 500 evaluations", "stiff", "MaxEvaluations"}},
			{"NaN on the way", root, 1, nil, []string{"at t = 0.", "NaN or infinite"}},
			{"NaN at the start", func(x *graph.Node, _ Time) *graph.Node { return graph.Sqrt(graph.Neg(x)) }, 1, nil, []string{"at t = 0:", "not finite"}},
			{"a NaN state", square, math.NaN(), nil, []string{"at t = 0:", "not finite"}},
			{"state 0 without atol", square, 0, func(a *Adaptive) { a.ATol = 0 }, []string{"atol above 0"}},
		} {
			a := a
			if tc.options != nil {
				tc.options(&a)
			}
			_, err := a.Solve(testBackend(t), tc.field, tensors.FromValue([][]float32{{float32(tc.start)}}))
			if err == nil || !errors.Is(err, ErrStopped) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s, %s: error %v, want one line that wraps ErrStopped", name, tc.what, err)
				continue
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%s, %s: error %q lacks %q", name, tc.what, err, want)
				}
			}
		}
	}
}

func TestAdaptiveCheck(t *testing.T) {
	for _, tc := range []struct {
		a    Adaptive
		want string // in the error; "": there is none
	}{
		{Dopri5(1e-5, 1e-5), ""},
		{AdaptiveHeun(1e-3, 0), ""},
		{AdaptiveBosh3(0, 1e-3), ""},
		{Adaptive{}, `unknown adaptive solver ""; valid names: adaptive_heun, bosh3, dopri5, dopri8`},
		{Adaptive{Method: "rk45", RTol: 1e-3}, "valid names: adaptive_heun, bosh3, dopri5, dopri8"},
		{Dopri5(-1e-5, 1e-5), "rtol -1e-05"},
		{Dopri5(1e-5, -1), "atol -1"},
		{Dopri8(math.NaN(), 1e-5), "rtol NaN"},
		{Dopri8(1e-5, math.Inf(1)), "atol +Inf"},
		{Dopri8(0, 0), "both 0"},
		{Adaptive{Method: "dopri5", RTol: 1e-3, MaxEvaluations: 7}, "the first step takes 8"},
		{Adaptive{Method: "dopri5", RTol: 1e-3, MaxEvaluations: -1}, "at most -1 evaluations"},
		{Adaptive{Method: "dopri5", RTol: 1e-3, MaxEvaluations: 8}, ""},
		{Adaptive{Method: "dopri5", RTol: 1e-3, At: []float64{.2, .2}}, "must increase"},
		{Adaptive{Method: "dopri5", RTol: 1e-3, At: []float64{.5, .2}}, "must increase"},
		{Adaptive{Method: "dopri5", RTol: 1e-3, At: []float64{.5, 1.2}}, "At[1] is 1.2"},
		{Adaptive{Method: "dopri5", RTol: 1e-3, At: []float64{-.1}}, "must lie in [0, 1]"},
		{Adaptive{Method: "dopri5", RTol: 1e-3, At: []float64{math.NaN()}}, "must lie in [0, 1]"},
		{Adaptive{Method: "dopri5", RTol: 1e-3, At: []float64{0, .5, 1}}, ""},
		{Adaptive{Method: "dopri5", RTol: 1e-3, Until: 1.5}, "until t = 1.5"},
		{Adaptive{Method: "dopri5", RTol: 1e-3, Until: math.NaN()}, "until t = NaN"},
	} {
		err := tc.a.Check()
		if tc.want == "" {
			if err != nil {
				t.Errorf("%v: %v", tc.a, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: error %v, want one line with %q", tc.a, err, tc.want)
		}
		if _, err := tc.a.Solve(testBackend(t), tangent, tensors.FromValue([][]float64{{1}})); err == nil {
			t.Errorf("%v was solved", tc.a)
		}
	}
	if _, err := AdaptiveByName("dopri4", 1e-3, 1e-3); err == nil || !strings.Contains(err.Error(), "valid names: adaptive_heun") {
		t.Errorf("AdaptiveByName: %v", err)
	}
	for _, tc := range []struct {
		a     Adaptive
		start any
		want  string
	}{
		{Dopri5(1e-7, 1e-9), [][]float32{{1}}, "rtol is below what Float32 resolves; take at least 5e-07"},
		{Dopri5(1e-16, 1e-9), [][]float64{{1}}, "rtol is below what Float64 resolves; take at least 9e-16"},
		{Dopri5(1e-5, 1e-5), 1., "the state is a scalar"},
		{Dopri5(1e-5, 1e-5), []int32{1}, "want float32 or float64"},
	} {
		_, err := tc.a.Solve(testBackend(t), tangent, tensors.MustFromAnyValue(tc.start))
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v from %v: error %v, want one line with %q", tc.a, tc.start, err, tc.want)
		}
	}
}

// TestWrongShapeOfSlope: a field that returns another shape than the state's gets one line.
func TestWrongShapeOfSlope(t *testing.T) {
	_, err := Dopri5(1e-3, 1e-3).Solve(testBackend(t), func(x *graph.Node, at Time) *graph.Node { return at.As(x) }, tensors.FromValue([][]float64{{1}, {2}}))
	if err == nil || !strings.Contains(err.Error(), "the field returned shape (Float64) for a state of shape (Float64)[2, 1]") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want one line", err)
	}
}

func TestAdaptiveByName(t *testing.T) {
	for _, name := range AdaptiveNames() {
		a, err := AdaptiveByName(name, 1e-3, 1e-4)
		if err != nil || a.Name() != name || a.String() != name+" rtol=0.001 atol=0.0001" || !IsBuiltIn(a) {
			t.Errorf("AdaptiveByName(%q) = %v, %v", name, a, err)
		}
		if b := (Adaptive{Method: name, RTol: 1e-5, At: []float64{.5}}); GraphKey(a) != GraphKey(b) {
			t.Errorf("%s: other tolerances give another graph", name)
		}
	}
	if GraphKey(AdaptiveBosh3(1e-3, 1e-3)) == GraphKey(Bosh3(3)) {
		t.Error("bosh3 with and without adaptive steps have the same graph")
	}
}

// TestAdaptiveIsDeterministic also in float32, for states of higher rank.
func TestAdaptiveIsDeterministic(t *testing.T) {
	start := [][][]float32{{{-1, .1}, {.2, -.3}}, {{0, 0}, {-2, .25}}}
	a := Dopri5(1e-4, 1e-4)
	first, second := solved(t, a, tangent, start), solved(t, a, tangent, start)
	if !first.End().Equal(second.End()) || first.Evaluations != second.Evaluations {
		t.Error("two runs differ")
	}
	end := first.End().Value().([][][]float32)
	for i := range start {
		for j := range start[i] {
			for k, x0 := range start[i][j] {
				if d := math.Abs(float64(end[i][j][k]) - tangentAt(1, float64(x0))); d > 2e-3 {
					t.Errorf("from %g: error %g", x0, d)
				}
			}
		}
	}
	if !first.States[0].Equal(tensors.FromValue(start)) {
		t.Error("the first state is not the start")
	}
}

// TestAdaptiveReversed integrates back: the field on the reversed clock, with its sign changed, leads from the end to the start.
func TestAdaptiveReversed(t *testing.T) {
	back := func(x *graph.Node, at Time) *graph.Node { return graph.Neg(tangent(x, at.Reversed())) }
	s := solved(t, Dopri5(1e-8, 1e-8), back, [][]float64{{tangentAt(1, -.7)}})
	if got := s.End().Value().([][]float64)[0][0]; math.Abs(got+.7) > 1e-6 {
		t.Errorf("back from t = 1: %g, want -.7", got)
	}
}

// TestTimesNearOne: what is left to t = 1 reaches the field in full precision. The solution of dx/dt = 1/(2 sqrt(1-t)) is 1 - sqrt(1-t); in float32 t is 1 long
// before 1 - t is 0.
func TestTimesNearOne(t *testing.T) {
	a := Adaptive{Method: "dopri5", RTol: 1e-4, ATol: 1e-4, Until: 1 - 1e-9}
	s := solved(t, a, func(x *graph.Node, at Time) *graph.Node {
		return graph.Add(graph.ZerosLike(x), graph.DivScalar(graph.Reciprocal(graph.Sqrt(at.Rest(x))), 2))
	}, [][]float32{{0}})
	if got := s.End().Value().([][]float32)[0][0]; math.Abs(float64(got)-1) > 1e-3 {
		t.Errorf("x(1) = %g, want 1", got)
	}
}

// TestUntil: the field is not evaluated beyond, and a straight line leads on.
func TestUntil(t *testing.T) {
	field := func(x *graph.Node, at Time) *graph.Node { // dx/dt = x/(1+t) with x = 1+t, and NaN from t = .75 on
		late := graph.GreaterThan(at.As(x), graph.ConstAs(x, .75))
		return graph.Where(late, graph.ConstAs(x, math.NaN()), graph.Div(x, graph.OnePlus(at.As(x))))
	}
	a := Dopri5(1e-8, 1e-8)
	a.Until, a.At = .75, []float64{.5, .75, .9}
	s := solved(t, a, func(x *graph.Node, at Time) *graph.Node { return graph.Add(graph.ZerosLike(x), field(x, at)) }, [][]float64{{1}})
	for i, want := range []float64{1, 1.5, 1.75, 1.9, 2} {
		if got := s.States[i].Value().([][]float64)[0][0]; math.Abs(got-want) > 1e-6 {
			t.Errorf("x(%g) = %g, want %g", s.Times[i], got, want)
		}
	}
	if text := a.String(); !strings.HasSuffix(text, "until=0.75") {
		t.Errorf("String() = %q", text)
	}
}
