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

// linear is a series of two replicas whose changes are linear in the features of a CircularAR with history 2 and reach 1: the first angle of a residue follows the second of the residue before, the
// second its own last change, with noise of the given size in degrees.
func linear(frames, sites int, noise float64) (degrees []float32) {
	rng := rand.New(rand.NewPCG(7, 7))
	dim := 2 * sites
	for range 2 {
		series := make([]float64, 0, frames*dim)
		for k := range frames {
			for j := range dim {
				if k < 2 {
					series = append(series, 360*rng.Float64()-180)
					continue
				}
				now, before := series[(k-1)*dim+j], series[(k-2)*dim+j]
				change := -.4 * math.Remainder(now-before, 360)
				if j%2 == 0 {
					change = 5
					if j > 0 {
						change += 20 * math.Sin(series[(k-1)*dim+j-1]*math.Pi/180)
					}
				}
				series = append(series, math.Remainder(now+change+noise*rng.NormFloat64(), 360))
			}
		}
		for _, v := range series {
			degrees = append(degrees, float32(v))
		}
	}
	return degrees
}

func fit(t testing.TB, degrees []float32, frames, dim int, s baseline.CircularAR) *baseline.CircularAR {
	t.Helper()
	ar, err := baseline.FitCircularAR(degrees, 2, frames, dim, s)
	if err != nil {
		t.Fatal(err)
	}
	return ar
}

func forecast(t testing.TB, f baseline.Forecaster, starts []float32, frames, members int, seed uint64) []float32 {
	t.Helper()
	x, err := f.Forecast(starts, frames, members, seed)
	if err != nil {
		t.Fatalf("%s: %v", f.Name(), err)
	}
	return x
}

// TestCircularARFindsTheRule: without noise the regression finds the rule that made the series, over the seam at 180 degrees too, and forecasts follow it; with too little history or reach it cannot.
func TestCircularARFindsTheRule(t *testing.T) {
	const frames, dim = 120, 8
	degrees := linear(frames, dim/2, 0)
	worst := func(ar *baseline.CircularAR, history int) (worst float64) {
		for k := 50; k < 60; k++ {
			x := forecast(t, ar, degrees[(k-history)*dim:k*dim], 3, 1, 1)
			for i, v := range x {
				worst = max(worst, math.Abs(math.Remainder(float64(v-degrees[k*dim+i]), 360)))
			}
		}
		return worst
	}
	if got := worst(fit(t, degrees, frames, dim, baseline.CircularAR{History: 2, Reach: 1}), 2); got > .1 {
		t.Errorf("three frames of a linear rule are %g degrees off", got)
	}
	for _, s := range []baseline.CircularAR{{History: 1, Reach: 1}, {History: 2}} {
		if got := worst(fit(t, degrees, frames, dim, s), s.History); got < 1 {
			t.Errorf("%+v is only %g degrees off a rule that it cannot express", s, got)
		}
	}
}

// TestCircularARResiduals: the spread of one-step forecasts is the noise of the series, 4 degrees. An angle has 600 residuals, of which 2000 are drawn: their standard deviation is within 20 %, which is 6 standard errors (false alarm below 1e-7).
func TestCircularARResiduals(t *testing.T) {
	const frames, dim = 302, 8
	degrees := linear(frames, dim/2, 4)
	ar := fit(t, degrees, frames, dim, baseline.CircularAR{History: 2, Reach: 1})
	x := forecast(t, ar, degrees[:2*dim], 1, 2000, 3)
	for j := range dim {
		var mean, square float64
		for m := range 2000 {
			d := math.Remainder(float64(x[m*dim+j]-x[j]), 360)
			mean, square = mean+d/2000, square+d*d/2000
		}
		if sd := math.Sqrt(square - mean*mean); math.Abs(sd-4) > .8 {
			t.Errorf("angle %d: spread %g degrees, want 4", j, sd)
		}
	}
}

// TestForecasters: shapes, seeds, members, and that a longer forecast begins as a shorter one.
func TestForecasters(t *testing.T) {
	const frames, dim = 60, 4
	degrees := linear(frames, dim/2, 5)
	climatology, err := baseline.NewClimatology(degrees, dim, 2)
	if err != nil {
		t.Fatal(err)
	}
	starts := degrees[:6*dim] // three starts of two frames
	for _, f := range []baseline.Forecaster{baseline.Persistence{Dim: dim, History: 2}, climatology, fit(t, degrees, frames, dim, baseline.CircularAR{History: 2})} {
		long, short := forecast(t, f, starts, 5, 2, 1), forecast(t, f, starts, 2, 2, 1)
		if len(long) != 2*3*5*dim {
			t.Fatalf("%s: %d values", f.Name(), len(long))
		}
		for i := range 6 {
			if !slices.Equal(long[i*5*dim:i*5*dim+2*dim], short[i*2*dim:(i+1)*2*dim]) {
				t.Errorf("%s: a shorter forecast is another", f.Name())
			}
		}
		random := f.Name() != "persistence"
		if members := slices.Equal(long[:3*5*dim], long[3*5*dim:]); members == random {
			t.Errorf("%s: members alike: %v", f.Name(), members)
		}
		if other := slices.Equal(long, forecast(t, f, starts, 5, 2, 2)); other == random {
			t.Errorf("%s: another seed gives the same: %v", f.Name(), other)
		}
		for _, v := range long {
			if !(v >= -180 && v <= 180) {
				t.Fatalf("%s: angle %g", f.Name(), v)
			}
		}
	}
	x := forecast(t, baseline.Persistence{Dim: dim, History: 2}, starts, 2, 1, 0)
	for i := range 3 {
		for k := range 2 {
			if !slices.Equal(x[(2*i+k)*dim:(2*i+k+1)*dim], starts[(2*i+1)*dim:(2*i+2)*dim]) {
				t.Errorf("persistence of start %d: %v", i, x)
			}
		}
	}
	known := map[string]bool{}
	for i := 0; i < len(degrees); i += dim {
		known[fmt.Sprint(degrees[i:i+dim])] = true
	}
	for i, x := 0, forecast(t, climatology, starts, 4, 3, 1); i < len(x); i += dim {
		if !known[fmt.Sprint(x[i:i+dim])] {
			t.Fatalf("climatology drew a frame that is not in the data: %v", x[i:i+dim])
		}
	}
}

func TestErrors(t *testing.T) {
	const frames, dim = 30, 4
	degrees := linear(frames, dim/2, 5)
	bad := slices.Clone(degrees)
	bad[frames*dim+dim+1] = float32(math.NaN())
	ar := fit(t, degrees, frames, dim, baseline.CircularAR{})
	fitted := func(degrees []float32, replicas, frames, dim int, s baseline.CircularAR) error {
		_, err := baseline.FitCircularAR(degrees, replicas, frames, dim, s)
		return err
	}
	asked := func(f baseline.Forecaster, starts []float32, frames, members int) error {
		_, err := f.Forecast(starts, frames, members, 0)
		return err
	}
	_, climatology := baseline.NewClimatology(degrees[:5], 4, 1)
	for want, err := range map[string]error{
		"history -1":                             fitted(degrees, 2, frames, dim, baseline.CircularAR{History: -1}),
		"239 values are no 2 replicas":           fitted(degrees[1:], 2, frames, dim, baseline.CircularAR{}),
		"of 3 angles in pairs":                   fitted(degrees[:180], 2, frames, 3, baseline.CircularAR{}),
		"angle 1 of frame 1 of replica 1 is NaN": fitted(bad, 2, frames, dim, baseline.CircularAR{}),
		"too few for 5 weights":                  fitted(degrees[:16], 2, 2, dim, baseline.CircularAR{History: 1}),
		"5 values of starts":                     asked(ar, degrees[:5], 1, 1),
		"0 frames for 1 members":                 asked(ar, degrees[:4], 0, 1),
		"start 1 has the value NaN":              asked(ar, bad[frames*dim:frames*dim+8], 1, 1),
		"of 1 frames of size 0":                  asked(baseline.Persistence{}, degrees[:4], 1, 1),
		"5 values are no frames of size":         climatology,
	} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want one line with %q", err, want)
		}
	}
}

// A peptide of four residues: what a linear regression says of its next two frames, in an ensemble of three.
func ExampleFitCircularAR() {
	degrees := linear(100, 4, 3) // two replicas of 100 frames of 8 angles
	ar, err := baseline.FitCircularAR(degrees, 2, 100, 8, baseline.CircularAR{History: 2, Reach: 1})
	if err != nil {
		panic(err)
	}
	x, err := ar.Forecast(degrees[:2*8], 2, 3, 1)
	fmt.Println(ar.Name(), len(x), err)
	// Output: linear AR 48 <nil>
}
