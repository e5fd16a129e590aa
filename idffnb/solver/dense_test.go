package solver

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

// TestDenseReproducesCubics: Hermite interpolation is exact for cubics, here x(t) = t^3 - 2t + 1 on [2, 4], in both precisions.
func TestDenseReproducesCubics(t *testing.T) {
	value := func(t float64) float64 { return t*t*t - 2*t + 1 }
	slope := func(t float64) float64 { return 3*t*t - 2 }
	for _, theta := range []float64{0, .25, .5, 1} {
		want := value(2 + 2*theta)
		at := func(v float64) *tensors.Tensor { return tensors.FromValue([][]float64{{v}}) }
		got, err := dense(theta, 2, at(value(2)), at(value(4)), at(slope(2)), at(slope(4)), nil)
		if err != nil || math.Abs(got.Value().([][]float64)[0][0]-want) > 1e-12 {
			t.Errorf("theta %g: %v, want %g, %v", theta, got, want, err)
		}
		at32 := func(v float64) *tensors.Tensor { return tensors.FromValue([]float32{float32(v)}) }
		got, err = dense(theta, 2, at32(value(2)), at32(value(4)), at32(slope(2)), at32(slope(4)), nil)
		if err != nil || got.Value().([]float32)[0] != float32(want) {
			t.Errorf("theta %g in float32: %v, want %g, %v", theta, got, want, err)
		}
	}
}

// TestDenseOutput asks for times on the way: they are as accurate as the end, change neither the steps nor the end, and cost evaluations for dopri8 alone.
func TestDenseOutput(t *testing.T) {
	times := []float64{0, .1, .25, .5, .51, .9, 1}
	start := [][]float64{{-.5}, {-1}}
	for _, name := range AdaptiveNames() {
		a, err := AdaptiveByName(name, 1e-6, 1e-6)
		if err != nil {
			t.Fatal(err)
		}
		plain := solved(t, a, tangent, start)
		a.At = times
		with := solved(t, a, tangent, start)
		if !slices.Equal(with.Times, times) || len(with.States) != len(times) || !slices.Equal(plain.Times, []float64{0, 1}) {
			t.Fatalf("%s: times %v, want %v", name, with.Times, times)
		}
		if !with.End().Equal(plain.End()) || with.Steps != plain.Steps || with.Rejected != plain.Rejected {
			t.Errorf("%s: the times asked for change the steps: %+v, %+v", name, with, plain)
		}
		extra := 0
		if name == "dopri8" {
			extra = 5
		}
		if with.Extra != extra || with.Evaluations != plain.Evaluations+13*extra {
			t.Errorf("%s: %d steps for dense output, want %d; %d evaluations after %d", name, with.Extra, extra, with.Evaluations, plain.Evaluations)
		}
		for i, at := range times {
			for row, x0 := range start {
				if d := math.Abs(with.States[i].Value().([][]float64)[row][0] - tangentAt(at, x0[0])); d > 2e-5 {
					t.Errorf("%s: error %.2g at t = %g, want at most 2e-5", name, d, at)
				}
			}
		}
	}
}
