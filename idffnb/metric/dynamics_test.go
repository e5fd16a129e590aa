package metric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func TestTransitionsByHand(t *testing.T) {
	a, b, p, n := AlphaR, Beta, PPII, NoBasin
	// Two residues in six frames, 2 ps apart. The first: n a a n b a, so a a a b a. The second: b p p n n p, so b p p p p p.
	tr, err := CountTransitions([]Basin{n, b, a, p, a, p, n, n, b, n, a, p}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from, to Basin
		count    int
		rate     float64
	}{{a, b, 1, 1. / 6}, {b, a, 1, 1. / 4}, {b, p, 1, 1. / 4}, {a, p, 0, 0}, {a, a, 2, math.NaN()}, {p, p, 4, math.NaN()}, {p, a, 0, 0}, {n, a, 0, math.NaN()}, {AlphaL, a, 0, math.NaN()}} {
		rate := tr.Rate(c.from, c.to)
		if tr.Counts[c.from][c.to] != c.count || !(math.Abs(rate-c.rate) < 1e-15 || math.IsNaN(rate) && math.IsNaN(c.rate)) {
			t.Errorf("%v to %v: %d, %v per ps, want %d, %v", c.from, c.to, tr.Counts[c.from][c.to], rate, c.count, c.rate)
		}
	}
	near(t, "all transitions", tr.Total(), 3./18, 1e-15)
	twice := tr
	twice.Add(tr)
	near(t, "twice the time, the same rates", twice.Rate(b, p), tr.Rate(b, p), 1e-15)
	if twice.Counts[a][b] != 2 || twice.Time[a] != 12 {
		t.Errorf("added: %+v", twice)
	}
	if !math.IsNaN(Transitions{}.Total()) {
		t.Error("no time: want NaN")
	}
}

// A chain of two basins with chances .02 and .05 a frame of .5 ps jumps at .04 and .1 per ps; excursions into no basin and back change nothing.
// Counts are binomial: within 4.5 standard errors, false-alarm rate 7e-6 a rate.
func TestTransitionRates(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const frames, ps = 40000, .5
	chance := map[Basin]float64{AlphaR: .02, Beta: .05}
	basins, state := make([]Basin, frames), AlphaR
	for i := range basins {
		if r.Float64() < chance[state] {
			state = AlphaR + Beta - state
		}
		if basins[i] = state; i%7 == 3 && i > 0 && basins[i-1] == state {
			basins[i] = NoBasin
		}
	}
	tr, err := CountTransitions(basins, 1, ps)
	if err != nil {
		t.Fatal(err)
	}
	for from, p := range chance {
		n := tr.Time[from] / ps
		near(t, fmt.Sprint("rate from ", from), tr.Rate(from, AlphaR+Beta-from), p/ps, 4.5*math.Sqrt(p/n)/ps)
	}
}

// jumps makes angles that stay, but with chance p a frame are drawn anew around 170 degrees (across +-180), so that
// rho(k) = (1-p)^k whatever is drawn.
func jumps(n int, p float64, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 8))
	x := make([]float32, n)
	a := 0.
	for i := range x {
		if i == 0 || r.Float64() < p {
			a = math.Remainder(170+50*r.NormFloat64(), 360)
		}
		x[i] = float32(a)
	}
	return x
}

func autoregressive(n int, a float64, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 8))
	x := make([]float64, n)
	v := r.NormFloat64() / math.Sqrt(1-a*a)
	for i := range x {
		x[i] = v
		v = a*v + r.NormFloat64()
	}
	return x
}

// The mean of 20 estimates from 20,000 frames each: within 4.5 of its standard errors (false-alarm rate 3e-4 with 19 degrees of freedom) and 2%, for
// the bias of a finite window, of the exact times: AR(1) ps (1+a)/(2 (1-a)); jumps ps (1/p - 1/2).
func TestAutocorrelationTimes(t *testing.T) {
	const n, reps, ps = 20000, 20, 2.
	check := func(name string, want float64, estimate func(seed uint64) AutocorrelationTime) {
		var times []float64
		for seed := range uint64(reps) {
			a := estimate(seed)
			times = append(times, a.PS)
			if !a.Reliable() {
				t.Errorf("%s: %+v is not reliable", name, a)
			}
		}
		mean, std := meanStd(times)
		near(t, name, mean, want, 4.5*std/math.Sqrt(reps-1)+.02*want)
	}
	for _, a := range []float64{0, .5, .9} {
		check(fmt.Sprint("AR ", a), ps*(1+a)/(2*(1-a)), func(seed uint64) AutocorrelationTime {
			s, err := SeriesTime(autoregressive(n, a, seed), n, ps)
			if err != nil {
				t.Fatal(err)
			}
			return s
		})
	}
	for _, p := range []float64{1, .3, .1} {
		check(fmt.Sprint("jumps ", p), ps*(1/p-.5), func(seed uint64) AutocorrelationTime {
			s, err := AngleTimes(jumps(n, p, seed), n/4, 1, ps) // four replicas
			if err != nil {
				t.Fatal(err)
			}
			return s[0]
		})
	}
	// The error of a mean: over 300 series of 1000 frames its variance is 2 time/n times that of a frame. A variance of 300 has a relative standard
	// error of .082, false-alarm rate at 4.5 of them 7e-6.
	var means []float64
	for seed := range uint64(300) {
		m, _ := meanStd(autoregressive(1000, .8, 1000+seed))
		means = append(means, m)
	}
	_, std := meanStd(means)
	near(t, "variance of means", std*std/(1/(1-.8*.8)*2*4.5/1000), 1, 4.5*.082)
}

func TestAutocorrelation(t *testing.T) {
	const n, p = 50000, .2
	x := make([]float32, 0, 2*n)
	for i, a := range jumps(n, p, 1) {
		x = append(x, a, uniform(1, uint64(i))[0])
	}
	rho, err := Autocorrelation(x, n, 2, 6)
	if err != nil || len(rho) != 14 {
		t.Fatal(len(rho), err)
	}
	for k := range 7 {
		// Bartlett's standard error of a sample correlation is at most sqrt((1+r^2)/(1-r^2)/n), r = .8: .0096. Two components halve the variance at best.
		near(t, fmt.Sprint("rho ", k), rho[2*k], math.Pow(1-p, float64(k)), 4.5*.0096)
		if k > 0 {
			near(t, fmt.Sprint("white ", k), rho[2*k+1], 0, 4.5/math.Sqrt(n))
		}
	}
	// By hand: 0, 90, 0, 90 degrees: cos and sin alternate, rho(1) = -3/4 and rho(2) = 1/2 with the sums over all frames; of two replicas alike.
	rho, err = Autocorrelation([]float32{0, 90, 0, 90, 90, 0, 90, 0}, 4, 1, 3)
	nearAll(t, "by hand", list(t)(rho, err), []float64{1, -.75, .5, -.25}, 1e-12)
	rho, err = Autocorrelation([]float32{0, 90, 0, 90}, 4, 1, 0)
	nearAll(t, "lag 0 alone", list(t)(rho, err), []float64{1}, 1e-12)
	for samples, want := range map[float64]bool{24.9: false, 25: true} {
		if (AutocorrelationTime{Samples: samples}).Reliable() != want {
			t.Errorf("%g samples are reliable: %v", samples, !want)
		}
	}
	// The zero of an angle does not matter.
	a, _ := AngleTimes(jumps(500, p, 3), 500, 1, 1)
	turned := jumps(500, p, 3)
	for i := range turned {
		turned[i] += 77
	}
	b, err := AngleTimes(WrapDegrees(turned), 500, 1, 1)
	near(t, "turned", value(t)(b[0].PS, err), a[0].PS, 1e-4)
	// Alternating series have the least time that is told, and a slow one is called unreliable.
	s, err := SeriesTime([]float64{1, -1, 1, -1, 1, -1}, 6, 1)
	near(t, "alternating", value(t)(s.PS, err), .25, 0)
	slow, err := SeriesTime(autoregressive(60, .99, 1), 60, 1)
	if err != nil || slow.Reliable() {
		t.Errorf("%+v, %v", slow, err)
	}
}

func TestDynamicsErrors(t *testing.T) {
	x := []float32{1, 2, 3, 4}
	tr := func(_ Transitions, err error) error { return err }
	of := func(_ []float64, err error) error { return err }
	s := func(_ AutocorrelationTime, err error) error { return err }
	_, spacing := AngleTimes(x, 4, 1, -1)
	_, rad := AngleTimes(make([]float32, 0), 4, 1, 1)
	for what, c := range map[string]struct {
		err   error
		words string
	}{
		"one frame":   {tr(CountTransitions([]Basin{AlphaR, Beta}, 2, 1)), "two frames or more"},
		"residues":    {tr(CountTransitions([]Basin{AlphaR, Beta}, 0, 1)), "of 0 residues"},
		"unknown":     {tr(CountTransitions([]Basin{AlphaR, 9}, 1, 1)), "frame 1, residue 0: unknown basin 9"},
		"spacing":     {tr(CountTransitions([]Basin{AlphaR, Beta}, 1, 0)), "0 ps between frames"},
		"lag":         {of(Autocorrelation(x, 4, 1, 4)), "lag 4 of series of 4"},
		"frames":      {of(Autocorrelation(x, 3, 1, 1)), "4 values with 3 frames"},
		"still":       {of(Autocorrelation([]float32{1, 2, 1, 3}, 2, 2, 1)), "angle 0 of 2 never moves"},
		"NaN":         {of(Autocorrelation([]float32{1, float32(math.NaN())}, 2, 1, 1)), "angle 1 of 2 is NaN"},
		"spacing < 0": {spacing, "-1 ps"},
		"nothing":     {rad, "0 values"},
		"series":      {s(SeriesTime([]float64{1, math.Inf(1)}, 2, 1)), "value 1 of 2 is +Inf"},
		"constant":    {s(SeriesTime([]float64{1, 1}, 2, 1)), "never moves"},
		"one value":   {s(SeriesTime([]float64{1}, 1, 1)), "two frames or more"},
		"series ps":   {s(SeriesTime([]float64{1, 2}, 2, math.Inf(1))), "+Inf ps"},
	} {
		failing(t, what, c.err, c.words)
	}
}
