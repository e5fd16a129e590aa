package solver

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestBeginByHand: the norms of the first slope and of the second derivative, and the trial step, for dx/dt = c x + t + 10 (1-t), the two times told apart.
func TestBeginByHand(t *testing.T) {
	for _, tc := range []struct{ x, c, span, rtol, atol float64 }{
		{2, -1, 1, 1e-3, 1e-4}, {2, -1, 5e-4, 1e-3, 1e-4}, {-3, .5, .8, 0, 1e-2},
		{2, -5, 1, 1e-3, 1e-4}, {2, -5, 1e-7, 1e-3, 1e-4}, // no slope
		{.995e-5, 1, 1, 0, 1}, {1.005e-5, 1, 1, 0, 1}, // a norm of 1e-5
	} {
		out := graph.MustExecOnceN(testBackend(t), func(x, control *graph.Node) []*graph.Node {
			return pairs["dopri5"].begin(func(x *graph.Node, at Time) *graph.Node {
				return graph.Add(graph.MulScalar(x, tc.c), graph.Add(at.As(x), graph.MulScalar(at.Rest(x), 10)))
			}, x, control)
		}, [][]float64{{tc.x}}, []float64{tc.span, tc.rtol, tc.atol})
		scale := tc.atol + tc.rtol*math.Abs(tc.x)
		f0 := tc.c*tc.x + 10
		d0, d1, h0 := math.Abs(tc.x)/scale, math.Abs(f0)/scale, 1e-6
		if min(d0, d1) >= 1e-5 {
			h0 = .01 * d0 / d1
		}
		h0 = min(h0, tc.span)
		want := []float64{f0, d1, math.Abs(tc.c*f0-9) / scale, h0} // f1 - f0 = h0 (c f0 + 1 - 10)
		got := append([]float64{out[0].Value().([][]float64)[0][0]}, out[1].Value().([]float64)...)
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-6*(1e-12+math.Abs(want[i])) {
				t.Errorf("%+v: slope, norms and trial step %v, want %v", tc, got, want)
			}
		}
	}
}

// TestErrorRatio: the error of a step of Heun's method, dt/2 |k2 - k1|, over the tolerance of the larger of both states, whatever their signs.
func TestErrorRatio(t *testing.T) {
	const rtol, atol = .1, 1e-3
	m := pairs["adaptive_heun"]
	for _, tc := range []struct{ x, c, dt float64 }{{-1, 1, .5}, {1, 1, .5}, {-1, -1, .5}, {1, -1, .5}, {1, -3, 1}} { // growing, shrinking, jumping over 0
		out := graph.MustExecOnceN(testBackend(t), func(x, control *graph.Node) []*graph.Node {
			return m.step(func(x *graph.Node, _ Time) *graph.Node { return graph.MulScalar(x, tc.c) }, x, graph.MulScalar(x, tc.c), control)
		}, [][]float64{{tc.x}}, m.control(dtypes.Float64, 0, tc.dt, rtol, atol))
		k1 := tc.c * tc.x
		k2 := tc.c * (tc.x + tc.dt*k1)
		state := tc.x + tc.dt*(k1+k2)/2
		want := tc.dt / 2 * math.Abs(k2-k1) / (atol + rtol*max(math.Abs(tc.x), math.Abs(state)))
		if got := out[2].Value().(float64); math.Abs(got-want) > 1e-12*want {
			t.Errorf("%+v: ratio %g, want %g", tc, got, want)
		}
	}
}

// givenNorms stands for the graph that begins.
type givenNorms []float64

func (givenNorms) Compile(...shapes.Shape) (*graph.Graph, error) { return nil, nil }

func (g givenNorms) Exec(...any) ([]*tensors.Tensor, error) {
	return []*tensors.Tensor{vector(dtypes.Float64, []float64{1}), vector(dtypes.Float64, g)}, nil
}

// TestBeginStops: norms that are not finite, or no trial step, end it, with what to do where there is no absolute tolerance.
func TestBeginStops(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, tc := range []struct {
		norms givenNorms
		stops bool
	}{
		{givenNorms{1, 2, .01}, false}, {givenNorms{0, 0, 1e-6}, false},
		{givenNorms{nan, 2, .01}, true}, {givenNorms{1, nan, .01}, true}, {givenNorms{inf, 2, .01}, true}, {givenNorms{1, inf, .01}, true},
		{givenNorms{1, 2, 0}, true}, {givenNorms{1, 2, nan}, true},
	} {
		for atol, want := range map[float64]string{0: "needs atol above 0", .01: "or too large for this atol"} {
			r := integration{Adaptive: Dopri5(1e-3, atol), method: pairs["dopri5"], program: &Program{begin: tc.norms}, x: vector(dtypes.Float64, []float64{1})}
			err := r.begin()
			if (err != nil) != tc.stops || err != nil && (!errors.Is(err, ErrStopped) || !strings.Contains(err.Error(), want)) {
				t.Errorf("%v, atol %g: %v, want it to stop: %t, with %q", tc.norms, atol, err, tc.stops, want)
			}
			if want := firstStep(tc.norms[0], tc.norms[1], tc.norms[2], 5); err == nil && (r.dt != want || r.Evaluations != 2) {
				t.Errorf("%v: a first step of %g after %d evaluations, want %g after 2", tc.norms, r.dt, r.Evaluations, want)
			}
		}
	}
}
