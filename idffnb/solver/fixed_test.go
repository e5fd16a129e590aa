package solver

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

// TestFixedAgainstReference compares all states with those of torchdiffeq and diffusers, see testdata/README.md.
func TestFixedAgainstReference(t *testing.T) {
	var want struct {
		Start       [][]float64
		Torchdiffeq []struct {
			Method string
			Steps  int
			States []float64
		}
		Bashforth map[string][]float64
		Diffusers []struct {
			Order  int
			Times  []float64
			States []float64
		}
	}
	text, err := os.ReadFile("testdata/fixed.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	compare := func(s Fixed, states []float64, tolerance float64) {
		t.Helper()
		nodes := graph.MustExecOnceN(testBackend(t), func(x *graph.Node) []*graph.Node {
			return s.Integrate(func(x *graph.Node, at Time) *graph.Node { // sin(3 t + 2 x reversed) - x/2
				return graph.Sub(graph.Sin(graph.AddScalar(graph.MulScalar(graph.Reverse(x, -1), 2), 3*at.Number())), graph.MulScalar(x, .5))
			}, x)
		}, want.Start)
		if len(states) != len(nodes)*6 {
			t.Fatalf("%v: %d values of reference for %d states", s, len(states), len(nodes))
		}
		for i, n := range nodes {
			for row, values := range n.Value().([][]float64) {
				for col, got := range values {
					if w := states[i*6+row*2+col]; !(math.Abs(got-w) <= tolerance) {
						t.Errorf("%v: state %d of point %d is %v, want %v", s, i, row, values, w)
					}
				}
			}
		}
	}
	if len(want.Torchdiffeq) != 12 || len(want.Diffusers) != 6 || len(want.Bashforth) != 3 {
		t.Fatal("the reference is not complete")
	}
	for _, ref := range want.Torchdiffeq {
		s, err := ByName(ref.Method, ref.Steps)
		if err != nil {
			t.Fatal(err)
		}
		compare(s, ref.States, 3e-14) // torchdiffeq interpolates bosh3's states, even at the ends of steps
	}
	for k, weights := range want.Bashforth {
		order, err := strconv.Atoi(k)
		if err != nil {
			t.Fatal(err)
		}
		for j, w := range weights {
			if math.Abs(bashforth[order][j]-w) > 1e-15 {
				t.Errorf("adams%s: weights %v, torchdiffeq's %v", k, bashforth[order], weights)
			}
		}
	}
	for _, ref := range want.Diffusers { // computed in float32
		s := Exponential{Method: []string{1: "ddim", 2: "dpmpp2m", 3: "dpmpp3m"}[ref.Order], Times: ref.Times}
		compare(s, ref.States, 2e-6)
	}
}
