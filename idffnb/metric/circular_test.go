package metric

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// scores holds what testdata/scores.py computes.
type scores struct {
	Ensemble struct {
		Members         int
		Truth, Forecast []float32
		Weights, CRPS   []float64
		FairCRPS        []float64 `json:"fair_crps"`
		Rank            []int     `json:"rank_without_last"`
		Spread, RMSE    float64
		WeightedSpread  float64 `json:"weighted_spread"`
		WeightedRMSE    float64 `json:"weighted_rmse"`
	}
	Wide, Narrow angleScores
	Histograms   struct {
		P, Q []float64
		JS   float64 `json:"js_bits"`
	}
	KDE struct {
		Data, Samples []float32
		One           float64 `json:"kl_1"`
		Third         float64 `json:"kl_0.3"`
		Thin          float64 `json:"kl_0.02"`
	}
}

type angleScores struct {
	Members         int
	Truth, Forecast []float32
	CRPS            []float64
	FairCRPS        []float64 `json:"fair_crps"`
	Spread, RMSE    float64
	Mean, CC, MAE   float64
	CircularCC      float64 `json:"circular_correlation"`
	CircularMAE     float64 `json:"circular_mae"`
	CircularRMSE    float64 `json:"circular_rmse"`
	RMSELinear      float64 `json:"rmse_linear"`
}

func reference(t *testing.T) scores {
	t.Helper()
	data, err := os.ReadFile("testdata/scores.json")
	if err != nil {
		t.Fatal(err)
	}
	var s scores
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	var angles struct {
		Wide   angleScores `json:"angles_wide"`
		Narrow angleScores `json:"angles_narrow"`
	}
	if err := json.Unmarshal(data, &angles); err != nil {
		t.Fatal(err)
	}
	s.Wide, s.Narrow = angles.Wide, angles.Narrow
	return s
}

// failing checks that the error has one line, starts with the package's name or says whose it is, and holds the words.
func failing(t *testing.T, what string, err error, words string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
	} else if s := err.Error(); !strings.Contains(s, "metric: ") || !strings.Contains(s, words) || strings.Contains(s, "\n") {
		t.Errorf("%s: error %q, want one line with %q", what, s, words)
	}
}

// uniform draws n angles in [-180, 180).
func uniform(n int, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 5))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.Float64()*360 - 180)
	}
	return x
}

func TestWrap(t *testing.T) {
	for _, c := range []struct{ a, b, want float64 }{
		{0, 0, 0}, {10, 350, 20}, {-179, 179, 2}, {179, -179, -2}, {180, -180, 0}, {90, -90, 180}, {-90, 90, -180}, {725, 0, 5}, {0, 725, -5},
	} {
		near(t, "difference", WrappedDifference(c.a, c.b), c.want, 0)
	}
	for i, got := range WrapDegrees([]float32{0, 180, -180, 181, -190, 540.5, 720, -36000 - 7}) {
		near(t, "wrapped", float64(got), []float64{0, 180, -180, -179, 170, -179.5, 0, -7}[i], 0)
	}
	if w := WrapDegrees([]float32{float32(math.Inf(1))}); w[0] == w[0] {
		t.Errorf("infinity wraps to %v, want NaN", w[0])
	}
}

func TestCircularReference(t *testing.T) {
	s := reference(t)
	for name, a := range map[string]angleScores{"wide": s.Wide, "narrow": s.Narrow} {
		first := a.Forecast[:len(a.Truth)]
		mean, _, err := CircularMean(a.Truth)
		near(t, name+": mean", value(t)(mean, err), a.Mean, 1e-9)
		near(t, name+": circular MAE", value(t)(CircularMAE(first, a.Truth)), a.CircularMAE, 1e-10)
		near(t, name+": circular RMSE", value(t)(CircularRMSE(first, a.Truth)), a.CircularRMSE, 1e-10)
		near(t, name+": circular correlation", value(t)(CircularCorrelation(first, a.Truth)), a.CircularCC, 1e-12)
		e, err := CircularErrors(first, a.Truth, 1)
		near(t, name+": circular CC of the table", value(t)(e.CC, err), a.CircularCC, 1e-12)
		e, err = LinearErrors(first, a.Truth, 1)
		near(t, name+": CC", value(t)(e.CC, err), a.CC, 1e-12)
		near(t, name+": MAE", e.MAE, a.MAE, 1e-10)
		near(t, name+": RMSE", e.RMSE, a.RMSELinear, 1e-10)
	}
	if s.Narrow.RMSELinear < 3*s.Narrow.CircularRMSE {
		t.Errorf("the narrow set does not cross +-180: plain RMSE %v", s.Narrow.RMSELinear)
	}
}

func TestCircularByHand(t *testing.T) {
	mean, length, err := CircularMean([]float32{170, -170})
	near(t, "mean across 180", math.Abs(value(t)(mean, err)), 180, 1e-9)
	near(t, "resultant", length, math.Cos(10*math.Pi/180), 1e-12)
	near(t, "MAE", value(t)(CircularMAE([]float32{-179, 10}, []float32{179, 40})), 16, 0)
	near(t, "RMSE", value(t)(CircularRMSE([]float32{-177, 10}, []float32{180, 14})), math.Sqrt((9+16)/2.), 1e-12)

	// Two members of two frames of two angles: CC by hand is +1, -1, +1, +1.
	truth := []float32{10, 170, 20, -170}
	forecast := []float32{11, -170, 23, 170 /**/, 10, 171, 20, -169}
	c, err := CircularErrors(forecast, truth, 2)
	near(t, "table MAE", value(t)(c.MAE, err), (2+20+0+1)/4., 1e-12)
	near(t, "table CC", c.CC, .5, 1e-12)
	near(t, "table CC std", c.CCStd, math.Sqrt(.75), 1e-12)
	near(t, "table RMSE", c.RMSE, (math.Sqrt(5)+20+0+1)/4, 1e-12)
	l, err := LinearErrors(forecast, truth, 2)
	near(t, "plain MAE", value(t)(l.MAE, err), (2+340+0+1)/4., 1e-12)
	near(t, "plain CC", l.CC, .5, 1e-12)
	if e, err := LinearErrors([]float32{5, 5}, []float32{1, 2}, 1); err != nil || !math.IsNaN(e.CC) || e.MAE != 3.5 {
		t.Errorf("a constant forecast has %v, %v, want CC NaN, MAE 3.5", e, err)
	}
	if e, err := LinearErrors([]float32{500, -400}, []float32{1, 2}, 1); err != nil || e.MAE != 450.5 {
		t.Errorf("a forecast that left +-180: %v, %v, want MAE 450.5", e, err)
	}
}

// Turning forecast and truth together, or both by whole turns before wrapping, changes no circular score; plain ones change.
func TestCircularInvariance(t *testing.T) {
	f, y := uniform(300, 1), uniform(300, 2)
	turn := func(x []float32) []float32 {
		out := make([]float32, len(x))
		for i := range x {
			out[i] = x[i] + 123
		}
		return WrapDegrees(out)
	}
	for name, score := range map[string]func(f, y []float32) (float64, error){"MAE": CircularMAE, "RMSE": CircularRMSE, "correlation": CircularCorrelation} {
		near(t, name, value(t)(score(turn(f), turn(y))), value(t)(score(f, y)), 1e-5)
		near(t, name+", symmetric", value(t)(score(y, f)), value(t)(score(f, y)), 1e-12)
	}
	// Uniform angles: |d| is uniform on [0, 180], so the mean of 20,000 has the standard error .37; within 4.5 of it, false-alarm rate 7e-6.
	near(t, "MAE of uniform angles", value(t)(CircularMAE(uniform(20000, 3), uniform(20000, 4))), 90, 4.5*180/math.Sqrt(12*20000))
	near(t, "RMSE of uniform angles", value(t)(CircularRMSE(uniform(20000, 3), uniform(20000, 4))), 180/math.Sqrt(3), 2)
}

func TestCircularErrors(t *testing.T) {
	nan := float32(math.NaN())
	radians := make([]float32, 46)
	for i := range radians {
		radians[i] = float32(math.Sin(float64(i)) * math.Pi)
	}
	ok := uniform(46, 1)
	one := func(_ float64, err error) error { return err }
	table := func(_ AngleErrors, err error) error { return err }
	_, _, empty := CircularMean(nil)
	_, _, cancel := CircularMean([]float32{0, 180})
	for what, c := range map[string]struct {
		err   error
		words string
	}{
		"no angles":            {empty, "no angles"},
		"angles that cancel":   {cancel, "cancel"},
		"unequal":              {one(CircularMAE(ok, ok[:4])), "46 forecast angles against 4"},
		"NaN":                  {one(CircularRMSE([]float32{0, nan}, []float32{0, 1})), "forecast angle 1 of 2 is NaN"},
		"true NaN":             {one(CircularRMSE([]float32{0, 1}, []float32{nan, 1})), "true angle 0 of 2 is NaN"},
		"beyond 180":           {one(CircularMAE([]float32{0, 190}, []float32{0, 1})), "forecast angle 1 of 2 is 190, beyond +-180"},
		"radians":              {one(CircularMAE(ok, radians)), "look like radians"},
		"no variation":         {one(CircularCorrelation([]float32{7, 7}, []float32{0, 1})), "do not vary"},
		"dim 0":                {table(CircularErrors(ok, ok, 0)), "dim = 0"},
		"dim that does not go": {table(LinearErrors(ok, ok, 5)), "46 values with dim = 5"},
		"members":              {table(LinearErrors(ok[:40], ok, 46)), "40 values for a truth of 46"},
		"table NaN":            {table(LinearErrors([]float32{nan}, []float32{1}, 1)), "forecast value 0 of 1 is NaN"},
		"table radians":        {table(CircularErrors(ok, radians, 2)), "look like radians"},
		"table beyond":         {table(CircularErrors([]float32{-200}, []float32{1}, 1)), "beyond +-180"},
	} {
		failing(t, what, c.err, c.words)
	}
	// An untrained network predicts angles near 0: that is a bad forecast, not a wrong unit.
	if _, err := CircularMAE(radians, ok); err != nil {
		t.Errorf("a forecast near 0: %v", err)
	}
}
