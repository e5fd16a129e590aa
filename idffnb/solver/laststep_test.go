package solver

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// givenRatio stands for the graph of a step: it notes the step's length and its stages' times, and says that its error is so large.
type givenRatio struct {
	ratio   float64
	control []float64
}

func (*givenRatio) Compile(...shapes.Shape) (*graph.Graph, error) { return nil, nil }

func (g *givenRatio) Exec(inputs ...any) ([]*tensors.Tensor, error) {
	var err error
	g.control, err = numbers(inputs[2].(*tensors.Tensor))
	one := func() *tensors.Tensor { return vector(dtypes.Float64, []float64{1}) }
	return []*tensors.Tensor{one(), one(), vector(dtypes.Float64, []float64{g.ratio}), one()}, err
}

// TestLastStep: a step that 1.01 times its length takes to the end ends there, any other is as long as was chosen; the next is chosen from the step that was made.
func TestLastStep(t *testing.T) {
	for _, tc := range []struct {
		until, t, dt, ratio float64
		want                float64 // length of the step
	}{
		{0, .5, .25, 1, .25}, {0, .5, .5, 1, .5}, {0, .5, .8, 1, .5}, // until 0 is 1
		{0, .5, .496, 1, .5}, {0, .5, .494, 1, .494}, // .50096 and .49894 with the stretch
		{0, .5, .4949, 1, .4949}, {0, .5, .4951, 1, .5},
		{.9, .5, .5, 1, .4}, {.9, .5, .397, 1, .4}, {.9, .5, .395, 1, .395}, {.9, 0, .895, 1, .9}, {.9, 0, .885, 1, .885},
		{0, .5, .496, 2, .5}, {0, .5, .25, 2, .25}, {0, .5, .25, math.NaN(), .25}, // rejected
	} {
		g := &givenRatio{ratio: tc.ratio}
		r := integration{Adaptive: Dopri5(1e-3, 1e-4), method: pairs["dopri5"], program: &Program{step: g}, t: tc.t, dt: tc.dt,
			x: vector(dtypes.Float64, []float64{1}), slope: vector(dtypes.Float64, []float64{1}), kept: map[*tensors.Tensor]bool{}}
		r.Until, r.Times = tc.until, []float64{1}
		accept, factor := newStepControl(5).next(tc.ratio)
		if err := r.advance(newStepControl(5)); err != nil {
			t.Fatal(err)
		}
		what, close := fmt.Sprintf("%+v", tc), func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }
		if !close(g.control[0], tc.want) || g.control[1] != 1e-3 || g.control[2] != 1e-4 {
			t.Errorf("%s: a step of %g with tolerances %g and %g, want %g, .001 and .0001", what, g.control[0], g.control[1], g.control[2], tc.want)
		}
		for i, c := range r.method.c[1:] {
			if at, rest := g.control[3+i], g.control[9+i]; !close(at, tc.t+c*tc.want) || !close(rest, 1-at) {
				t.Errorf("%s: stage %d at %g, %g before 1", what, i+1, at, rest)
			}
		}
		t1, made, refused := tc.t, 0, 1
		if accept {
			t1, made, refused = tc.t+tc.want, 1, 0
		}
		if !close(r.t, t1) || !close(r.dt, tc.want*factor) || r.Steps != made || r.Rejected != refused || r.Evaluations != 6 {
			t.Errorf("%s: then t = %g, a step of %g, %d made, %d rejected, %d evaluations; want %g, %g, %d, %d and 6", what, r.t, r.dt, r.Steps, r.Rejected, r.Evaluations, t1, tc.want*factor, made, refused)
		}
	}
}
