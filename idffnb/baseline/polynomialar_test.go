package baseline_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/idff-go/workbench/idffnb/baseline"
)

// henon are frames of Hénon's map x' = 1 - 1.4 x^2 + y, y' = .3 x, from a start near the origin.
func henon(frames int, x, y float64) []float32 {
	var out []float32
	for range frames {
		out = append(out, float32(x), float32(y))
		x, y = 1-1.4*x*x+y, .3*x
	}
	return out
}

// TestPolynomialAR: a quadratic map of the last frame is found to rounding (float32: each frame is off by 6e-8, and the map stretches by 1.5 a frame), and so is one of two frames back; degree 1 cannot have it.
func TestPolynomialAR(t *testing.T) {
	train, later := henon(500, .1, .1), henon(12, -.2, .05)
	both := func(h, degree int) []float32 {
		ar, err := baseline.FitPolynomialAR(train, 1, 500, 2, baseline.PolynomialAR{Order: h, Degree: degree})
		if err != nil {
			t.Fatal(err)
		}
		x := forecast(t, ar, later[:2*h], 12-h, 1, 1)
		ar, err = baseline.FitPolynomialAR(train, 1, 500, 2, baseline.PolynomialAR{Order: h, Degree: degree, History: h + 1})
		if err != nil {
			t.Fatal(err)
		}
		if longer := forecast(t, ar, append([]float32{9, 9}, later[:2*h]...), 12-h, 1, 1); !slices.Equal(longer, x) {
			t.Errorf("with starts of %d frames: %v, want %v", h+1, longer, x)
		}
		return x
	}
	for h := 1; h <= 2; h++ {
		for i, v := range both(h, 2) {
			if d := math.Abs(float64(v - later[2*h+i])); d > 1e-4 {
				t.Errorf("order %d: number %d of frame %d is %g off", h, i%2, i/2, d)
			}
		}
	}
	if v := both(1, 1); math.Abs(float64(v[0]-later[2])) < .05 {
		t.Errorf("degree 1 knows a quadratic map: %g, %g", v[0], later[2])
	}
	quadratic, err := baseline.FitPolynomialAR(train, 1, 500, 2, baseline.PolynomialAR{})
	if err != nil {
		t.Fatal(err)
	}
	if quadratic.Weights() != 12 || quadratic.Name() != "quadratic AR" {
		t.Error(quadratic.Weights(), quadratic.Name())
	}
	// Far from the data the map runs away: to the bound, not to infinity.
	for i, v := range forecast(t, quadratic, []float32{50, 50}, 30, 1, 1) {
		if v-v != 0 || math.Abs(float64(v)) > 2e6 {
			t.Fatalf("number %d of a forecast that runs away is %g", i, v)
		}
	}
}

// TestPolynomialARResiduals: an ensemble has the spread of the process's noise; a single forecast is its mean; a longer forecast begins as a shorter one. Bounds are 5.2 standard deviations or more, false
// alarms below 3e-7: .0116 for the standard deviation of 2000 draws from 4000 residuals, .021 for the mean after 2, of which the coefficient and the constant have each a part (measured over 20,000 series).
func TestPolynomialARResiduals(t *testing.T) {
	train := autoregressive(2, 2000, []float64{.8}, 1)
	ar, err := baseline.FitPolynomialAR(train, 2, 2000, 1, baseline.PolynomialAR{Degree: 1})
	if err != nil {
		t.Fatal(err)
	}
	if one := forecast(t, ar, []float32{2}, 1, 1, 1); math.Abs(float64(one[0])-1.6) > .12 {
		t.Errorf("the mean after 2 is %g, want 1.6", one[0])
	}
	const members = 2000
	all := forecast(t, ar, []float32{2}, 3, members, 1)
	var mean, square float64
	for m := range members {
		v := float64(all[m*3])
		mean, square = mean+v/members, square+v*v/members
	}
	if sd := math.Sqrt(square - mean*mean); math.Abs(sd-.6) > .06 || math.Abs(mean-1.6) > .15 {
		t.Errorf("mean %g and standard deviation %g, want 1.6 and .6", mean, sd)
	}
	short := forecast(t, ar, []float32{2}, 2, members, 1)
	for m := range members {
		if !slices.Equal(short[m*2:m*2+2], all[m*3:m*3+2]) {
			t.Fatal("a longer forecast does not begin as a shorter one")
		}
	}
}

func TestBadPolynomialAR(t *testing.T) {
	x := henon(20, .1, .1)
	bad := slices.Clone(x)
	bad[7] = float32(math.Inf(1))
	fit := func(x []float32, series, frames, dim int, settings baseline.PolynomialAR) func() error {
		return func() error { _, err := baseline.FitPolynomialAR(x, series, frames, dim, settings); return err }
	}
	for _, c := range []struct {
		what string
		f    func() error
		want string
	}{
		{"shape", fit(x, 1, 19, 2, baseline.PolynomialAR{}), "40 values are no 1 series of 19 frames of size 2"},
		{"order", fit(x, 1, 20, 2, baseline.PolynomialAR{Order: -1}), "order -1"},
		{"history", fit(x, 1, 20, 2, baseline.PolynomialAR{Order: 3, History: 2}), "order 3 of starts of 2 frames"},
		{"degree", fit(x, 1, 20, 2, baseline.PolynomialAR{Degree: -2}), "degree -2"},
		{"ridge", fit(x, 1, 20, 2, baseline.PolynomialAR{Ridge: math.NaN()}), "ridge NaN"},
		{"infinite", fit(bad, 1, 20, 2, baseline.PolynomialAR{}), "value 1 of frame 3 of series 0 is +Inf"},
		{"many", fit(x, 1, 20, 2, baseline.PolynomialAR{Order: 5, Degree: 5}), "more than 1000 monomials"},
		{"few", fit(x, 2, 10, 2, baseline.PolynomialAR{Order: 2, Degree: 3}), "16 frames after the first 2 are too few for 35 weights"},
		{"long order", fit(x, 2, 10, 2, baseline.PolynomialAR{Order: 11, Degree: 1}), "0 frames after the first 11"},
	} {
		if err := c.f(); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "baseline: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

// Hénon's map is quadratic: 500 frames tell it whole.
func ExampleFitPolynomialAR() {
	ar, err := baseline.FitPolynomialAR(henon(500, .1, .1), 1, 500, 2, baseline.PolynomialAR{Degree: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := ar.Forecast([]float32{.5, 0}, 2, 1, 0)
	fmt.Printf("%s with %d weights: %.3f %v\n", ar.Name(), ar.Weights(), x, err)
	// Output: quadratic AR with 12 weights: [0.650 0.150 0.559 0.195] <nil>
}
