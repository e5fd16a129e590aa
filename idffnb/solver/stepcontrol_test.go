package solver

import (
	"math"
	"testing"
)

func TestStepControl(t *testing.T) {
	c := newStepControl(5)
	for _, tc := range []struct {
		ratio  float64
		accept bool
		factor float64
	}{
		{0, true, 10},                        // no error: the most growth
		{1, true, .9 * math.Pow(1e-4, .04)},  // the memory of the step before
		{1, true, .9},                        // constant error: the safety factor
		{.5, true, .9 * math.Pow(.5, -.17)},  // less error
		{32, false, .9 * math.Pow(32, -.17)}, // rejected: no memory
		{1e9, false, .2},                     // the most shrinking
		{math.NaN(), false, .2},              // and where it is no number
		{math.Inf(1), false, .2},             //
		{.01, true, 1},                       // no growth just after
		{.01, true, .9 * math.Pow(.01, -.17) * math.Pow(.01, .04)}, // then again
	} {
		accept, factor := c.next(tc.ratio)
		if accept != tc.accept || math.Abs(factor-tc.factor) > 1e-12 {
			t.Errorf("ratio %g: accept %v, factor %g, want %v, %g", tc.ratio, accept, factor, tc.accept, tc.factor)
		}
	}
}

func TestFirstStep(t *testing.T) {
	for _, tc := range []struct{ d1, d2, h0, want float64 }{
		{1, 2, .01, math.Pow(.005, .2)}, // h1
		{1, 2, .0001, .01},              // 100 h0
		{0, 0, 1e-6, 1e-6},              // nothing moves
		{1e5, 0, 1e-6, 1e-4},
	} {
		if got := firstStep(tc.d1, tc.d2, tc.h0, 5); math.Abs(got-tc.want) > 1e-15 {
			t.Errorf("firstStep(%g, %g, %g) = %g, want %g", tc.d1, tc.d2, tc.h0, got, tc.want)
		}
	}
}
