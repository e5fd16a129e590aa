package baseline_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/idff-go/workbench/idffnb/baseline"
)

// autoregressive are series of numbers that decay by their own factors and vary with variance 1: phi(h) = factor^h.
func autoregressive(series, frames int, factors []float64, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 1))
	var x []float32
	for range series {
		now := make([]float64, len(factors))
		for i := range now {
			now[i] = rng.NormFloat64()
		}
		for range frames {
			for i, f := range factors {
				x = append(x, float32(now[i]))
				now[i] = f*now[i] + math.Sqrt(1-f*f)*rng.NormFloat64()
			}
		}
	}
	return x
}

// TestDamped: the coefficients are those of the process (their standard error is .017 at most), a single forecast is the conditional mean, and an ensemble has its spread (standard error
// of its variance .039 at most, of its mean .027). False-alarm rate 2e-4, nearly all of it from the variances (standard errors measured over 400 series).
func TestDamped(t *testing.T) {
	factors := []float64{.9, .5, 0}
	train := autoregressive(4, 2000, factors, 1)
	d, err := baseline.FitDamped(train, 4, 2000, 3, 5, 2)
	if err != nil {
		t.Fatal(err)
	}
	for h := 1; h <= 5; h++ {
		for i, phi := range d.Coefficients(h) {
			if want := math.Pow(factors[i], float64(h)); math.Abs(phi-want) > .1 {
				t.Errorf("lead %d, number %d: %g, want %g", h, i, phi, want)
			}
		}
	}
	start := []float32{9, 9, 9, 2, -1, 1} // two frames, of which the last counts
	one := forecast(t, d, start, 3, 1, 1)
	for h := 1; h <= 3; h++ {
		for i, phi := range d.Coefficients(h) {
			if want := phi * float64(start[3+i]); math.Abs(float64(one[(h-1)*3+i])-want) > 1e-6 {
				t.Errorf("lead %d, number %d: %g, want %g", h, i, one[(h-1)*3+i], want)
			}
		}
	}
	const members = 2000
	all := forecast(t, d, start, 3, members, 1)
	for h := 1; h <= 3; h++ {
		for i := range 3 {
			var mean, square float64
			for m := range members {
				v := float64(all[(m*3+h-1)*3+i])
				mean, square = mean+v/members, square+v*v/members
			}
			wantMean, wantVariance := d.Coefficients(h)[i]*float64(start[3+i]), 1-math.Pow(factors[i], 2*float64(h))
			if math.Abs(mean-wantMean) > .15 || math.Abs(square-mean*mean-wantVariance) > .15 {
				t.Errorf("lead %d, number %d: mean %g and variance %g, want %g and %g", h, i, mean, square-mean*mean, wantMean, wantVariance)
			}
		}
	}
	shorter := forecast(t, d, start, 2, members, 1)
	for m := range members {
		if !slices.Equal(shorter[m*6:(m+1)*6], all[m*9:m*9+6]) {
			t.Fatal("a longer forecast does not begin as a shorter one")
		}
	}
}

func TestBadDamped(t *testing.T) {
	x := autoregressive(1, 10, []float64{.5, .5}, 1)
	d, err := baseline.FitDamped(x, 1, 10, 2, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	bad := slices.Clone(x)
	bad[7] = float32(math.NaN())
	fit := func(x []float32, series, frames, dim, leads, history int) func() error {
		return func() error { _, err := baseline.FitDamped(x, series, frames, dim, leads, history); return err }
	}
	for _, c := range []struct {
		what string
		f    func() error
		want string
	}{
		{"shape", fit(x, 1, 9, 2, 3, 1), "20 values are no 1 series of 9 frames of size 2"},
		{"leads", fit(x, 1, 10, 2, 9, 1), "over 9 frames: want 1 to 8"},
		{"history", fit(x, 1, 10, 2, 3, 0), "a history of 0 frames"},
		{"NaN", fit(bad, 1, 10, 2, 3, 1), "value 1 of frame 3 is NaN"},
		{"too far", func() error { _, err := d.Forecast(x[:2], 4, 1, 1); return err }, "over 4 frames, of which 3 are fitted"},
		{"starts", func() error { _, err := d.Forecast(x[:3], 2, 1, 1); return err }, "3 values of starts"},
	} {
		if err := c.f(); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "baseline: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

func ExampleFitDamped() {
	halves := []float32{8, 4, 2, 1, .5, .25}
	d, err := baseline.FitDamped(halves, 1, 6, 1, 2, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := d.Forecast([]float32{10}, 2, 1, 0)
	fmt.Println(x, err)
	// Output: [5 2.5] <nil>
}
