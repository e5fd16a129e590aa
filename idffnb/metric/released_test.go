package metric

import (
	"math"
	"testing"
)

func TestKLByKDEReference(t *testing.T) {
	k := reference(t).KDE
	for h, want := range map[float64]float64{1: k.One, .3: k.Third, .02: k.Thin} {
		near(t, "KL", value(t)(KLByKDE(k.Samples, k.Data, 2, h)), want, 1e-9*want)
	}
}

// On simulated polyalanine (two replicas of 200 frames of 46 angles) the released MMD and KL cannot tell forecasts from noise: uniform
// random angles, another replica, the last frame, and forecasts 20 degrees off all score 1/200 + 1/200 (plus what pairs of successive
// frames share, below 1e-4) and, up to rounding, 0. The scores beside them tell the same forecasts apart.
func TestReleasedColumnsDoNotMove(t *testing.T) {
	all := load(t, "polyala")
	data, other := all[:200*46], all[200*46:]
	noisy := normal(200*46, 1, 0, 20, 1)
	for i := range noisy {
		noisy[i] += data[i]
	}
	persistence := append(append([]float32{}, data[:46]...), data[:199*46]...)
	bound := 2 * math.Log1p(math.Pow(2*math.Pi, -23)/1e-10)
	if bound > 9e-9 {
		t.Errorf("bound %v", bound)
	}
	worst, best := 0.0, math.Inf(1)
	for name, x := range map[string][]float32{"uniform": uniform(200*46, 1), "another replica": other, "20 degrees off": noisy} {
		s, err := Released(x, data, 46)
		if err != nil {
			t.Fatal(name, err)
		}
		near(t, name+": MMD", s.MMD, .01, 1e-4)
		near(t, name+": KL", s.KL, 0, 1e-12)
		c, err := CircularErrors(WrapDegrees(x), data, 46)
		if err != nil {
			t.Fatal(name, err)
		}
		worst, best = max(worst, c.MAE), min(best, c.MAE)
	}
	if worst < 85 || best > 20 {
		t.Errorf("circular MAE between %v and %v: uniform angles should have 90, 20 degrees of noise 16", best, worst)
	}
	// Five uniform members: the table's order of magnitude, .0059.
	s, err := Released(uniform(5*200*46, 3), data, 46)
	near(t, "five members: MMD", value(t)(s.MMD, err), .006, 1e-4)
	// Only copies score otherwise.
	s, err = Released(data, data, 46)
	near(t, "data: MMD", value(t)(s.MMD, err), 0, 1e-12)
	near(t, "data: KL", s.KL, 0, 1e-12)
	near(t, "data: CC", s.CC, 1, 1e-12)
	s, err = Released(persistence, data, 46)
	near(t, "persistence: KL", value(t)(s.KL, err), 0, 1e-12)
	if s.MMD > .001 || s.CC < .2 || s.CC > .95 {
		t.Errorf("persistence, which is copies of data: %+v", s)
	}
	// No samples whatever can pass the bound; such as all at one point of the data.
	one := make([]float32, 0, 200*46)
	for range 200 {
		one = append(one, data[:46]...)
	}
	if kl := value(t)(KLByKDE(one, data, 46, 1)); math.Abs(kl) > bound {
		t.Errorf("KL %v, bound %v", kl, bound)
	}
}

func TestReleasedErrors(t *testing.T) {
	x := []float32{1, 2, 3, 4}
	one := func(_ float64, err error) error { return err }
	_, dim := Released(x, x, 3)
	_, size := Released(x, x[:3], 1)
	for what, c := range map[string]struct {
		err   error
		words string
	}{
		"dim":       {dim, "4 values with dim = 3"},
		"size":      {size, "4 values for a truth of 3"},
		"bandwidth": {one(KLByKDE(x, x, 2, 0)), "bandwidth 0"},
		"NaN":       {one(KLByKDE(x, x, 2, math.NaN())), "bandwidth NaN"},
		"thin":      {one(KLByKDE(x, x, 2, 1e-200)), "overflow"},
		"cloud":     {one(KLByKDE(x, nil, 2, 1)), "empty"},
	} {
		failing(t, what, c.err, c.words)
	}
}
