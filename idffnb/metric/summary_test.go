package metric

import (
	"math"
	"strings"
	"testing"
)

func TestSummarize(t *testing.T) {
	s, err := Summarize([]float64{2, 4, 4, 4, 5, 5, 7, 9})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean", s.Mean, 5, 1e-15)
	near(t, "std", s.Std, math.Sqrt(32./7), 1e-15)
	// t_{.975, 7} = 2.364624 (any table)
	near(t, "half width", (s.High-s.Low)/2, 2.364624*math.Sqrt(32./7/8), 1e-5)
	if got, want := s.String(), "5 ± 1.8 (95% interval of the mean, n = 8)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	one, err := Summarize([]float64{3})
	if err != nil || one.Mean != 3 || !math.IsNaN(one.Std) || !math.IsNaN(one.Low) || !math.IsNaN(one.High) {
		t.Errorf("one value: %+v, %v", one, err)
	}
	if got, want := one.String(), "3 (n = 1)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestShort(t *testing.T) {
	for want, values := range map[string][]float64{
		"3.34 ± 0.6": {2.74, 3.34, 3.94}, "17.5 ± 20": {0, 17.5, 35}, "1230": {1234}, "2": {2, 2}, "0.00012": {1.2e-4}, "1.2e-06 ± 1e-06": {2e-7, 2.2e-6}, "-120 ± 300": {-330, 90},
	} {
		s, err := Summarize(values)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Short(); got != want {
			t.Errorf("%v: %q, want %q", values, got, want)
		}
	}
}

func TestCompare(t *testing.T) {
	p, err := Compare([]float64{1, 2, 3, 4, 5}, []float64{2, 3, 3, 5, 4})
	if err != nil {
		t.Fatal(err)
	}
	if p.Wins != 3 || p.Ties != 1 || p.Losses != 1 {
		t.Errorf("%d wins, %d ties, %d losses", p.Wins, p.Ties, p.Losses)
	}
	near(t, "mean difference", p.Difference.Mean, -.4, 1e-15)
	near(t, "sign test", p.SignP, 2*(1+4)/16., 1e-12)
}

func TestSignTest(t *testing.T) {
	for _, c := range []struct {
		wins, losses int
		p            float64
	}{{0, 0, 1}, {1, 0, 1}, {3, 3, 1}, {10, 0, 2. / 1024}, {0, 10, 2. / 1024}, {20, 0, math.Exp2(-19)},
		{8, 2, 2 * (1 + 10 + 45) / 1024.}, {2000, 2000, 1}, {2100, 1900, .0016449}} { // the last from the normal approximation with continuity, .00164
		tol := 1e-10 + c.p*1e-10
		if c.wins == 2100 {
			tol = 2e-5
		}
		near(t, "sign test", signTest(c.wins, c.losses), c.p, tol)
	}
}

// The interval covers the true mean in 95% of samples: 2000 samples of 5, 4 standard errors, false-alarm rate 6e-5.
func TestIntervalCovers(t *testing.T) {
	const n = 2000
	covered := 0
	x := normal(5*n, 1, 1, 2, 12)
	for k := range n {
		var v []float64
		for _, f := range x[5*k : 5*k+5] {
			v = append(v, float64(f))
		}
		s, err := Summarize(v)
		if err != nil {
			t.Fatal(err)
		}
		if s.Low <= 1 && 1 <= s.High {
			covered++
		}
	}
	near(t, "coverage", float64(covered)/n, .95, 4*math.Sqrt(.95*.05/n))
}

func TestFloor(t *testing.T) {
	draw := func(seed uint64) []float32 { return normal(100, 2, 0, 1, seed) }
	m, err := ByName("mmd2")
	if err != nil {
		t.Fatal(err)
	}
	seeds := make([]uint64, 30)
	for k := range seeds {
		seeds[k] = uint64(k)
	}
	f, err := Floor(m, draw, 2, seeds)
	if err != nil {
		t.Fatal(err)
	}
	// In the mean (1 - E k)(1/n + 1/m); 6 standard errors, false-alarm rate 1e-4, not Student's 2e-6, since values are skewed (1.4; 400,000 means from 60,000 simulated values).
	near(t, "floor", f.Mean, (1-gaussianKernel(1, 1, 1, 0, 2))*2/100, 6*f.Std/math.Sqrt(30))
	near(t, "first value", f.Values[0], value(t)(MMD2(draw(0), draw(1), 2, 1)), 0)
	near(t, "last value", f.Values[29], value(t)(MMD2(draw(58), draw(59), 2, 1)), 0)
}

// TestCompareErrors: one line each, with the package's prefix once.
func TestCompareErrors(t *testing.T) {
	for want, err := range map[string]error{
		"1 values against 2":  second(Compare([]float64{1}, []float64{1, 2})),
		"paired differences:": second(Compare([]float64{1, math.Inf(1)}, []float64{1, 2})),
	} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "metric: ") != 1 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want one line with %q and one prefix", err, want)
		}
	}
}

func second(_ Paired, err error) error { return err }
