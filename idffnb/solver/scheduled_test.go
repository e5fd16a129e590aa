package solver

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

// run integrates dx/dt = x + t from 1 in float64.
func run(t *testing.T, s Fixed) []float64 {
	t.Helper()
	nodes := graph.MustExecOnceN(testBackend(t), func(x *graph.Node) []*graph.Node {
		return s.Integrate(func(x *graph.Node, at Time) *graph.Node { return graph.Add(x, at.As(x)) }, x)
	}, 1.0)
	states := make([]float64, len(nodes))
	for i, n := range nodes {
		states[i] = n.Value().(float64)
	}
	return states
}

func TestScheduled(t *testing.T) {
	times := []float64{0, .2, .5, 1}
	weights := [][]float64{{1.1}, {-.3, 1.2}, {.1, -.4, .9}}
	// By hand.
	x, v := []float64{1}, []float64{}
	for k := range 3 {
		v = append(v, x[k]+times[k])
		sum := 0.
		for j, w := range weights[k] {
			sum += w * v[j]
		}
		x = append(x, x[k]+(times[k+1]-times[k])*sum)
	}
	for _, tc := range []struct {
		name string
		s    Scheduled
		want []float64
	}{
		{"multistep", Scheduled{Times: times, Weights: weights}, x},
		{"one weight a step", Scheduled{Times: []float64{0, .5, 1}, Weights: [][]float64{{2}, {3}}}, []float64{1, 2, 2 + .5*3*2.5}},
		{"euler", EulerOn(Grid(4)...), run(t, Euler(4))},
	} {
		got := run(t, tc.s)
		if len(got) != len(tc.want) {
			t.Fatalf("%s: %d states, want %d", tc.name, len(got), len(tc.want))
		}
		for i := range got {
			if math.Abs(got[i]-tc.want[i]) > 1e-14 {
				t.Errorf("%s: states %v, want %v", tc.name, got, tc.want)
				break
			}
		}
	}
}

// TestScheduledFactors: other times and weights of the same form are the same graph with other factors.
func TestScheduledFactors(t *testing.T) {
	a := Scheduled{Times: []float64{0, .3, 1}, Weights: [][]float64{{1}, {.2, .8}}}
	b := Scheduled{Times: []float64{0, .6, 1}, Weights: [][]float64{{2}, {-.1, .7}}}
	if GraphKey(a) != GraphKey(b) || GraphKey(a) == GraphKey(EulerOn(0, .3, 1)) {
		t.Errorf("graph keys %q, %q, %q", GraphKey(a), GraphKey(b), GraphKey(EulerOn(0, .3, 1)))
	}
	got := graph.MustExecOnce(testBackend(t), func(x, f *graph.Node) *graph.Node {
		factors := make([]*graph.Node, 4)
		for i := range factors {
			factors[i] = graph.Reshape(graph.SliceAxis(f, 0, graph.AxisElem(i)))
		}
		return a.IntegrateWith(factors, func(x *graph.Node, at Time) *graph.Node { return graph.Add(x, at.As(x)) }, x)[2]
	}, 1.0, b.Factors()).Value().(float64)
	if want := run(t, b)[2]; math.Abs(got-want) > 1e-14 {
		t.Errorf("with the factors of b: %g, want %g", got, want)
	}
}

func TestScheduledRefuses(t *testing.T) {
	nan := math.NaN()
	for _, tc := range []struct {
		s    Scheduled
		want string
	}{
		{Scheduled{}, "at least the two times 0 and 1"},
		{EulerOn(0, .5), "start at 0 and end at 1"},
		{EulerOn(.1, 1), "start at 0 and end at 1"},
		{EulerOn(0, .6, .6, 1), "must increase"},
		{EulerOn(0, nan, 1), "must increase"},
		{Scheduled{Times: []float64{0, 1}, Weights: [][]float64{{1}, {1}}}, "2 rows of weights for 1 steps"},
		{Scheduled{Times: []float64{0, 1}, Weights: [][]float64{{1, 2}}}, "has 2 weights"},
		{Scheduled{Label: "mine", Times: []float64{0, 1}, Weights: [][]float64{{nan}}}, "mine: step 0 has the weight NaN"},
	} {
		err := tc.s.Check()
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: error %v, want one line with %q", tc.s, err, tc.want)
		}
	}
}
