package solver

import (
	"errors"
	"fmt"
	"math"
	"strings"
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
		if r.ratio != tc.ratio && !(math.IsNaN(r.ratio) && math.IsNaN(tc.ratio)) {
			t.Errorf("%s: the ratio %g is noted", what, r.ratio)
		}
		if !close(r.t, t1) || !close(r.dt, tc.want*factor) || r.Steps != made || r.Rejected != refused || r.Evaluations != 6 {
			t.Errorf("%s: then t = %g, a step of %g, %d made, %d rejected, %d evaluations; want %g, %g, %d, %d and 6", what, r.t, r.dt, r.Steps, r.Rejected, r.Evaluations, t1, tc.want*factor, made, refused)
		}
	}
}

// TestSmallestStep: below 4 spacings of the state's numbers at 1 the solver gives up, and says whether the last step tried was no number.
func TestSmallestStep(t *testing.T) {
	for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64} {
		least := map[dtypes.DType]float64{dtypes.Float32: 0x1p-21, dtypes.Float64: 0x1p-50}[dtype]
		for _, tc := range []struct {
			dt, ratio float64
			want      string // "": a step
		}{
			{least, 2, ""}, {least * 1.005, 2, ""}, {1, 2, ""},
			{least * .995, 2, "solution runs away or jumps"}, {0, 2, "solution runs away or jumps"},
			{least * .995, math.NaN(), "becomes NaN or infinite"}, {least * .995, math.Inf(1), "becomes NaN or infinite"},
		} {
			x := vector(dtype, []float64{1})
			r := integration{Adaptive: Dopri5(1e-3, 1e-4), method: pairs["dopri5"], program: &Program{step: &givenRatio{ratio: 1}}, dt: tc.dt, ratio: tc.ratio, x: x, slope: x, kept: map[*tensors.Tensor]bool{}}
			err := r.advance(newStepControl(5))
			if (err != nil) != (tc.want != "") || err != nil && (!errors.Is(err, ErrStopped) || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("%s, a step of %g after a ratio of %g: %v, want %q", dtype, tc.dt, tc.ratio, err, tc.want)
			}
		}
	}
}

// TestFirstFactor: what a step's ratio does to the next before there is a memory of others but the 1e-4 that it begins with, for each order of estimates; the ratio counts as 1e-10 at least.
func TestFirstFactor(t *testing.T) {
	memory := func(q float64) float64 { return math.Pow(1e-4, .2/q) }
	for _, tc := range []struct {
		q      int
		ratio  float64
		accept bool
		factor float64
	}{
		{2, 1, true, .9 * memory(2)}, {3, .5, true, .9 * math.Pow(.5, -.85/3) * memory(3)}, {8, 1, true, .9 * memory(8)},
		{8, 0, true, .9 * math.Pow(1e10, .85/8) * memory(8)}, {8, 1e-12, true, .9 * math.Pow(1e10, .85/8) * memory(8)}, {8, 1e-9, true, .9 * math.Pow(1e9, .85/8) * memory(8)},
		{5, 1.005, false, .9 * math.Pow(1.005, -.17)}, {8, 2, false, .9 * math.Pow(2, -.85/8)}, {2, 1e3, false, .2},
	} {
		accept, factor := newStepControl(tc.q).next(tc.ratio)
		if accept != tc.accept || math.Abs(factor-tc.factor) > 1e-12 {
			t.Errorf("q = %d, ratio %g: accept %v, factor %g, want %v, %g", tc.q, tc.ratio, accept, factor, tc.accept, tc.factor)
		}
	}
}

// TestFirstStepAtRest: where nothing moves, to 1e-15, the first step is a thousandth of the trial step and at least 1e-6.
func TestFirstStepAtRest(t *testing.T) {
	for _, tc := range []struct{ d1, d2, h0, want float64 }{
		{0, 0, .01, 1e-5}, {0, 0, .0025, 2.5e-6}, {0, 0, 1e-4, 1e-6}, {1e-15, 0, .01, 1e-5}, {0, 1e-15, .01, 1e-5}, {1.005e-15, 0, .01, 1}, {0, 1.005e-15, .01, 1},
	} {
		if got := firstStep(tc.d1, tc.d2, tc.h0, 5); math.Abs(got/tc.want-1) > 1e-12 {
			t.Errorf("firstStep(%g, %g, %g) = %g, want %g", tc.d1, tc.d2, tc.h0, got, tc.want)
		}
	}
}

// TestMostEvaluations: a step is made where all its evaluations are within the most that are allowed.
func TestMostEvaluations(t *testing.T) {
	for _, tc := range []struct {
		made, most int
		stops      bool
	}{{8, 14, false}, {9, 14, true}, {8, 13, true}, {2, 8, false}, {9_994, 0, false}, {9_995, 0, true}} {
		r := integration{Adaptive: Dopri5(1e-3, 1e-4), method: pairs["dopri5"], program: &Program{step: &givenRatio{ratio: 1}}, x: vector(dtypes.Float64, []float64{1})}
		r.MaxEvaluations, r.Evaluations = tc.most, tc.made
		if _, _, err := r.step(.5); errors.Is(err, ErrStopped) != tc.stops || !tc.stops && (err != nil || r.Evaluations != tc.made+6) {
			t.Errorf("%+v: %v, %d evaluations", tc, err, r.Evaluations)
		}
	}
}

// TestLine is x + dt k.
func TestLine(t *testing.T) {
	got, err := line(.25, vector(dtypes.Float64, []float64{1, 2}), vector(dtypes.Float64, []float64{3, -4}))
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := numbers(got); v[0] != 1.75 || v[1] != 1 {
		t.Errorf("%v, want 1.75 and 1", v)
	}
}
