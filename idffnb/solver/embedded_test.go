package solver

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestPairsAreConsistent checks the pairs' layout and the conditions of orders 1 to 3 (Hairer, Norsett, Wanner I, table II.2.1), and the pure quadrature ones up
// to each method's order, for both methods of a pair.
func TestPairsAreConsistent(t *testing.T) {
	for _, name := range AdaptiveNames() {
		m := pairs[name]
		s := len(m.c)
		if len(m.a) != s || len(m.b) != s || len(m.e) != s || (m.dense != nil && len(m.dense) != s) {
			t.Fatalf("%s: sizes of c %d, a %d, b %d, e %d, dense %d", name, s, len(m.a), len(m.b), len(m.e), len(m.dense))
		}
		for i, row := range m.a {
			sum := 0.
			for _, a := range row {
				sum += a
			}
			if len(row) != i || math.Abs(sum-m.c[i]) > 1e-13 {
				t.Errorf("%s: row %d has %d entries of sum %v, want %d of sum c = %v", name, i, len(row), sum, i, m.c[i])
			}
		}
		for i, b := range m.b[:s-1] {
			if m.c[s-1] != 1 || m.a[s-1][i] != b || m.b[s-1] != 0 {
				t.Fatalf("%s: the last stage is not at the new state", name)
			}
		}
		embeddedWeights := make([]float64, s)
		for i, b := range m.b {
			embeddedWeights[i] = b - m.e[i]
		}
		for _, method := range []struct {
			weights []float64
			order   int
		}{{m.b, m.order}, {embeddedWeights, m.estimates - 1}} {
			for k := 1; k <= method.order; k++ {
				sum := 0.
				for i, b := range method.weights {
					sum += b * math.Pow(m.c[i], float64(k-1))
				}
				if math.Abs(sum-1/float64(k)) > 1e-13 {
					t.Errorf("%s of order %d: sum b c^%d is %v, want 1/%d", name, method.order, k-1, sum, k)
				}
			}
			sum := 0.
			for i, b := range method.weights {
				for j, a := range m.a[i] {
					sum += b * a * m.c[j]
				}
			}
			if method.order >= 3 && math.Abs(sum-1./6) > 1e-13 {
				t.Errorf("%s of order %d: sum b a c is %v, want 1/6", name, method.order, sum)
			}
		}
	}
}

// tangent is dx/dt = 2t (1 + x^2), whose solution is tan(t^2 + atan x0).
func tangent(x *graph.Node, at Time) *graph.Node {
	return graph.MulScalar(at.Mul(graph.OnePlus(graph.Square(x))), 2)
}

func tangentAt(t, start float64) float64 { return math.Tan(t*t + math.Atan(start)) }

// pendulum is d(x, y)/dt = (12 y, -12 sin x) for rows (x, y).
func pendulum(x *graph.Node, _ Time) *graph.Node {
	angle, speed := graph.SliceAxis(x, 1, graph.AxisElem(0)), graph.SliceAxis(x, 1, graph.AxisElem(1))
	return graph.Concatenate([]*graph.Node{graph.MulScalar(speed, 12), graph.MulScalar(graph.Sin(angle), -12)}, 1)
}

// stepped is the program of a method for a float64 state [rows, columns].
func stepped(t testing.TB, a Adaptive, field Field, rows, columns int) *Program {
	t.Helper()
	backend := testBackend(t)
	begin, step := a.Graphs(func([]*graph.Node) Field { return field })
	p, err := a.Prepare(graph.MustNewExec(backend, begin), graph.MustNewExec(backend, step), shapes.Make(dtypes.Float64, rows, columns))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// equalSteps integrates with n equal steps, and returns the end and the largest error of dense output against exact(t) at nine times of each step.
func equalSteps(t testing.TB, a Adaptive, p *Program, x *tensors.Tensor, n int, exact func(at float64) float64) (end, worst float64) {
	t.Helper()
	r := &integration{Adaptive: a, method: pairs[a.Method], program: p, x: x, kept: map[*tensors.Tensor]bool{x: true}}
	if err := r.begin(); err != nil {
		t.Fatal(err)
	}
	grid := Grid(n)
	for i := range n {
		out, _, err := r.step(grid[i+1])
		if err != nil {
			t.Fatal(err)
		}
		r.Times, r.States = nil, nil
		for k := 1; k < 10; k++ {
			r.Times = append(r.Times, grid[i]+(grid[i+1]-grid[i])*float64(k)/10)
		}
		times := r.Times
		if err := r.accept(grid[i+1], out); err != nil {
			t.Fatal(err)
		}
		for k, state := range r.States {
			worst = max(worst, math.Abs(state.Value().([][]float64)[0][0]-exact(times[k])))
		}
	}
	return r.x.Value().([][]float64)[0][0], worst
}

// TestPairsOrder checks the order of the methods and of their dense output with steps of equal length.
func TestPairsOrder(t *testing.T) {
	for _, tc := range []struct {
		name         string
		start        float64
		steps        [2]int
		order, dense float64 // the slopes of the error at t = 1 and of the largest between
	}{
		{"adaptive_heun", -.5, [2]int{64, 256}, 2, 2},
		{"bosh3", -.5, [2]int{32, 128}, 3, 3},
		{"dopri5", -.5, [2]int{16, 64}, 5, 5}, // an error O(dt^5) of dense output belongs to order 4
		{"dopri8", -1, [2]int{6, 14}, 8, 8},
	} {
		a := Adaptive{Method: tc.name, RTol: 1e-3}
		p := stepped(t, a, tangent, 1, 1)
		var ends, between [2]float64
		for i, n := range tc.steps {
			end, worst := equalSteps(t, a, p, tensors.FromValue([][]float64{{tc.start}}), n, func(at float64) float64 { return tangentAt(at, tc.start) })
			ends[i], between[i] = math.Abs(end-tangentAt(1, tc.start)), worst
		}
		doublings := math.Log(float64(tc.steps[1]) / float64(tc.steps[0]))
		if slope := math.Log(ends[0]/ends[1]) / doublings; math.Abs(slope-tc.order) > .3 {
			t.Errorf("%s: error falls as dt^%.2f, want dt^%g within .3 (%.2g, %.2g)", tc.name, slope, tc.order, ends[0], ends[1])
		}
		if slope := math.Log(between[0]/between[1]) / doublings; math.Abs(slope-tc.dense) > .3 {
			t.Errorf("%s: error of dense output falls as dt^%.2f, want dt^%g within .3 (%.2g, %.2g)", tc.name, slope, tc.dense, between[0], between[1])
		}
		if a.Order() != int(tc.order) {
			t.Errorf("%s: Order() is %d", tc.name, a.Order())
		}
	}
}

// reference is testdata/adaptive.json.
type reference struct {
	Times    []float64
	Problems map[string]struct {
		Start [][]float64
		Exact [][]float64
		Runs  []struct {
			Method      string
			Tolerance   float64
			Evaluations int
			Error       float64
		}
		Steps []struct {
			Method           string
			T, Dt, Tolerance float64
			X, Slope         []float64
			Ratio, First     float64
		}
	}
}

func readReference(t testing.TB) reference {
	t.Helper()
	data, err := os.ReadFile("testdata/adaptive.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(data, &r); err != nil || len(r.Problems) != 2 {
		t.Fatalf("%d problems, %v", len(r.Problems), err)
	}
	return r
}

var problems = map[string]Field{"tan": tangent, "pendulum": pendulum}

func flatten(rows [][]float64) []float64 {
	var out []float64
	for _, row := range rows {
		out = append(out, row...)
	}
	return out
}

// TestStepAgainstTorchdiffeq compares a single step, its error ratio and the choice of the first step with torchdiffeq's.
func TestStepAgainstTorchdiffeq(t *testing.T) {
	for name, problem := range readReference(t).Problems {
		rows, columns := len(problem.Start), len(problem.Start[0])
		for _, want := range problem.Steps {
			a := Adaptive{Method: want.Method, RTol: want.Tolerance, ATol: want.Tolerance}
			p := stepped(t, a, problems[name], rows, columns)
			x := tensors.FromValue(problem.Start)
			slope := graph.MustExecOnce(testBackend(t), func(x *graph.Node) *graph.Node { return problems[name](x, At(want.T)) }, problem.Start).Value()
			begun := &integration{Adaptive: a, method: pairs[a.Method], program: p, x: x}
			if err := begun.begin(); err != nil {
				t.Fatal(err)
			}
			if d := math.Abs(begun.dt/want.First - 1); d > 1e-9 {
				t.Errorf("%s, %v: first step %v, want %v", name, a, begun.dt, want.First)
			}
			out, err := p.step.Exec(x, slope, pairs[a.Method].control(dtypes.Float64, want.T, want.T+want.Dt, a.RTol, a.ATol))
			if err != nil {
				t.Fatal(err)
			}
			close := func(what string, got, want []float64) {
				for i := range want {
					if !(math.Abs(got[i]-want[i]) <= 1e-12*(1+math.Abs(want[i]))) {
						t.Errorf("%s, %v: %s %v, want %v", name, a, what, got, want)
						return
					}
				}
			}
			close("state", flatten(out[0].Value().([][]float64)), want.X)
			if want.Method != "adaptive_heun" { // there torchdiffeq has the slope at the predicted state
				close("slope", flatten(out[1].Value().([][]float64)), want.Slope)
			}
			if got := out[2].Value().(float64); !(math.Abs(got-want.Ratio) <= 1e-7*want.Ratio+1e-12) {
				t.Errorf("%s, %v: error ratio %v, want %v", name, a, got, want.Ratio)
			}
		}
	}
}
