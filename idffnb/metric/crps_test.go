package metric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func list(t *testing.T) func(v []float64, err error) []float64 {
	return func(v []float64, err error) []float64 {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func nearAll(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		near(t, fmt.Sprintf("%s[%d]", what, i), got[i], want[i], tol)
	}
}

func TestEnsembleReference(t *testing.T) {
	s := reference(t)
	e := s.Ensemble
	nearAll(t, "CRPS", list(t)(CRPS(e.Forecast, e.Truth)), e.CRPS, 1e-13)
	nearAll(t, "fair CRPS", list(t)(FairCRPS(e.Forecast, e.Truth)), e.FairCRPS, 1e-13)
	for name, c := range map[string]struct {
		w            []float64
		spread, rmse float64
	}{"": {nil, e.Spread, e.RMSE}, "weighted ": {e.Weights, e.WeightedSpread, e.WeightedRMSE}} {
		got, err := NewSpreadSkill(e.Forecast, e.Truth, c.w)
		near(t, name+"spread", value(t)(got.Spread, err), c.spread, 1e-13)
		near(t, name+"RMSE", got.RMSE, c.rmse, 1e-13)
		near(t, name+"ratio", got.Ratio, math.Sqrt(8./7)*c.spread/c.rmse, 1e-13)
	}
	n := len(e.Truth)
	var without []float32 // the last point has ties
	for k := range e.Members {
		without = append(without, e.Forecast[k*n:(k+1)*n-1]...)
	}
	rank, err := RankHistogram(without, e.Truth[:n-1], 0)
	if err != nil || !slices.Equal(rank, e.Rank) {
		t.Errorf("ranks %v, %v, want %v", rank, err, e.Rank)
	}
	for name, a := range map[string]angleScores{"wide": s.Wide, "narrow": s.Narrow} {
		nearAll(t, name+": circular CRPS", list(t)(CircularCRPS(a.Forecast, a.Truth)), a.CRPS, 1e-11)
		nearAll(t, name+": fair circular CRPS", list(t)(FairCircularCRPS(a.Forecast, a.Truth)), a.FairCRPS, 1e-11)
		got, err := NewCircularSpreadSkill(a.Forecast, a.Truth, nil)
		near(t, name+": spread", value(t)(got.Spread, err), a.Spread, 1e-11)
		near(t, name+": RMSE", got.RMSE, a.RMSE, 1e-11)
	}
}

func TestCRPSByHand(t *testing.T) {
	for _, c := range []struct {
		members              []float32
		truth                float32
		plain, fair          float64
		circular, fairCircle float64
	}{
		{[]float32{1, 3}, 2, .5, 0, .5, 0},
		{[]float32{4, 4}, 1, 3, 3, 3, 3},
		{[]float32{0, 1, 2}, 0, 1 - 4./9, 1 - 4./6, 1 - 4./9, 1 - 4./6},
		{[]float32{-170, 170}, 180, 180 - 170./2, 180 - 170, 5, 0},                       // plain: |-350|, |-10|
		{[]float32{0, 120, -120}, 0, 80 - 480./9, 80 - 480./6, 80 - 360./9, 80 - 360./6}, // all 120 apart on the circle
	} {
		y := []float32{c.truth}
		near(t, "CRPS", list(t)(CRPS(c.members, y))[0], c.plain, 1e-12)
		near(t, "fair", list(t)(FairCRPS(c.members, y))[0], c.fair, 1e-12)
		near(t, "circular", list(t)(CircularCRPS(c.members, y))[0], c.circular, 1e-12)
		near(t, "fair circular", list(t)(FairCircularCRPS(c.members, y))[0], c.fairCircle, 1e-12)
	}
	near(t, "one member", list(t)(CRPS([]float32{5}, []float32{2}))[0], 3, 0)
	near(t, "one angle", list(t)(CircularCRPS([]float32{175}, []float32{-175}))[0], 10, 0)
}

// The sums over sorted members equal those over all pairs, for any number of members, ties and opposite angles among them.
func TestSpreadOfPairs(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for n := 1; n < 40; n++ {
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(r.IntN(25)-12) * 15
		}
		slices.Sort(x)
		plain, circle := 0.0, 0.0
		for i := range x {
			for j := range i {
				plain += math.Abs(x[i] - x[j])
				circle += math.Abs(WrappedDifference(x[i], x[j]))
			}
		}
		near(t, "plain", spread(x), plain, 1e-9)
		near(t, "circular", circularSpread(x), circle, 1e-9)
	}
}

// The mean of the fair score does not depend on the number of members: it is E|X - y| - E|X - X'|/2. For standard normal members and truth that
// is 2/sqrt(pi) - 1/sqrt(pi); for uniform angles 90 - 45. The standard one exceeds it by E|X - X'|/(2 M).
// Each mean is over 20,000 cases and must lie within 4.5 standard errors: false-alarm rate 7e-6 a mean, 12 means.
func TestFairCRPSIsUnbiased(t *testing.T) {
	const n = 20000
	draw := func(k int, angles bool, seed uint64) []float32 {
		if angles {
			return uniform(k, seed)
		}
		return normal(k, 1, 0, 1, seed)
	}
	for _, c := range []struct {
		name        string
		angles      bool
		mean, pairs float64 // the CRPS of the distribution; E|X - X'|
		plain, fair func(e, y []float32) ([]float64, error)
	}{
		{"normal", false, 1 / math.Sqrt(math.Pi), 2 / math.Sqrt(math.Pi), CRPS, FairCRPS},
		{"angles", true, 45, 90, CircularCRPS, FairCircularCRPS},
	} {
		for _, members := range []int{2, 3, 10} {
			e, y := draw(n*members, c.angles, uint64(members)), draw(n, c.angles, 77)
			for kind, score := range map[string][]float64{"fair": list(t)(c.fair(e, y)), "standard": list(t)(c.plain(e, y))} {
				want := c.mean
				if kind == "standard" {
					want += c.pairs / 2 / float64(members)
				}
				mean, std := meanStd(score)
				near(t, fmt.Sprintf("%s, %s, %d members", c.name, kind, members), mean, want, 4.5*std/math.Sqrt(n))
			}
		}
	}
}

// Proper: the truth's own distribution scores below ones that are shifted, too narrow or too wide. The differences exceed 8
// standard errors, so that a false alarm is out of the question.
func TestCRPSIsProper(t *testing.T) {
	const n, members = 4000, 8
	y := normal(n, 1, 0, 20, 1)
	own := list(t)(FairCircularCRPS(normal(n*members, 1, 0, 20, 2), y))
	for name, e := range map[string][]float32{"shifted": normal(n*members, 1, 12, 20, 3), "narrow": normal(n*members, 1, 0, 4, 4), "wide": normal(n*members, 1, 0, 45, 5)} {
		other := list(t)(FairCircularCRPS(WrapDegrees(e), y))
		diff := make([]float64, n)
		for i := range diff {
			diff[i] = other[i] - own[i]
		}
		if mean, std := meanStd(diff); mean < 8*std/math.Sqrt(n) {
			t.Errorf("%s: worse by %v only (standard error %v)", name, mean, std/math.Sqrt(n))
		}
	}
}

// A reliable ensemble has ratio 1 at any number of members, one with half the spread about .5 sqrt(...). 20,000 points: the ratio's
// standard error is below .01; bounds of .045 have a false-alarm rate below 1e-5.
func TestSpreadSkillOfReliableEnsembles(t *testing.T) {
	const n = 20000
	for _, members := range []int{2, 5, 20} {
		y := normal(n, 1, 0, 30, 1)
		for name, f := range map[string]func(e, y []float32, w []float64) (SpreadSkill, error){"plain": NewSpreadSkill, "circular": NewCircularSpreadSkill} {
			s, err := f(WrapDegrees(normal(n*members, 1, 0, 30, 2)), WrapDegrees(y), nil)
			near(t, fmt.Sprintf("%s, %d members", name, members), value(t)(s.Ratio, err), 1, .045)
			half, err := f(normal(n*members, 1, 0, 15, 2), WrapDegrees(y), nil)
			m := float64(members)
			if want := math.Sqrt((m + 1) / m * .25 / (1 + .25/m)); name == "plain" {
				near(t, fmt.Sprintf("half the spread, %d members", members), value(t)(half.Ratio, err), want, .045)
			} else if !(half.Ratio < .75) {
				t.Errorf("half the spread on the circle: ratio %v", half.Ratio)
			}
		}
	}
	// Small angles: chords are differences.
	e, y := normal(50, 1, 90, .1, 1), normal(10, 1, 90, .1, 2)
	a, _ := NewSpreadSkill(e, y, nil)
	b, err := NewCircularSpreadSkill(e, y, nil)
	near(t, "small angles", value(t)(b.Ratio, err), a.Ratio, 1e-5)
	near(t, "small spread", b.Spread, a.Spread, 1e-5)
}

// Ranks of a reliable ensemble are uniform: chi-square with 10 degrees of freedom below its .999 quantile 29.6 (false-alarm
// rate .001); of a narrow one the ends stand out.
func TestRankHistogram(t *testing.T) {
	const n, members = 4400, 10
	y := normal(n, 1, 0, 1, 1)
	chi := func(counts []int) float64 {
		x := 0.0
		for _, c := range counts {
			d := float64(c) - n/(members+1.)
			x += d * d / (n / (members + 1.))
		}
		return x
	}
	flat, err := RankHistogram(normal(n*members, 1, 0, 1, 2), y, 0)
	if err != nil || chi(flat) > 29.6 {
		t.Errorf("reliable: %v, %v: chi-square %.1f", flat, err, chi(flat))
	}
	u, err := RankHistogram(normal(n*members, 1, 0, .3, 2), y, 0)
	if err != nil || u[0] < 3*u[5] || u[10] < 3*u[5] {
		t.Errorf("narrow: %v, %v", u, err)
	}
	// All equal: the ranks are drawn, uniformly and by the seed.
	zero := make([]float32, n*members)
	a, _ := RankHistogram(zero, zero[:n], 1)
	b, _ := RankHistogram(zero, zero[:n], 1)
	c, err := RankHistogram(zero, zero[:n], 2)
	if err != nil || !slices.Equal(a, b) || slices.Equal(a, c) || chi(a) > 29.6 {
		t.Errorf("ties: %v, %v, %v, %v", a, b, c, err)
	}
	if r, err := RankHistogram([]float32{1, 3, 2}, []float32{2.5}, 0); err != nil || !slices.Equal(r, []int{0, 0, 1, 0}) {
		t.Errorf("by hand: %v, %v", r, err)
	}
}

func TestRowMeans(t *testing.T) {
	v := []float64{1, 2, 3, 4, 5, 9}
	nearAll(t, "equal", list(t)(RowMeans(v, 3, nil)), []float64{2, 6}, 1e-15)
	nearAll(t, "weighted", list(t)(RowMeans(v, 2, []float64{3, 1})), []float64{1.25, 3.25, 6}, 1e-15)
}

func TestEnsembleErrors(t *testing.T) {
	nan := float32(math.NaN())
	x := []float32{1, 2, 3, 4}
	of := func(_ []float64, err error) error { return err }
	sk := func(_ SpreadSkill, err error) error { return err }
	_, rank := RankHistogram(nil, x, 0)
	for what, c := range map[string]struct {
		err   error
		words string
	}{
		"no truth":        {of(CRPS(x, nil)), "no true values"},
		"no ensemble":     {rank, "forecasts of 0 values"},
		"sizes":           {of(CRPS(x, x[:3])), "4 values for a truth of 3"},
		"NaN":             {of(CRPS([]float32{1, nan}, x[:1])), "forecast value 1 of 2 is NaN"},
		"fair of one":     {of(FairCRPS(x, x)), "needs 2 members"},
		"circle of one":   {of(FairCircularCRPS(x, x)), "needs 2 members"},
		"beyond":          {of(CircularCRPS([]float32{200}, x[:1])), "beyond +-180"},
		"spread of one":   {sk(NewSpreadSkill(x, x, nil)), "needs 2 members"},
		"weights":         {sk(NewSpreadSkill(x, x[:2], []float64{1, 2, 3})), "3 weights for 2"},
		"no weights":      {sk(NewSpreadSkill(x, x[:2], []float64{})), "0 weights for 2"},
		"negative weight": {sk(NewSpreadSkill(x, x[:2], []float64{1, -1})), "weight 1 is -1"},
		"zero weights":    {of(RowMeans([]float64{1, 2}, 2, []float64{0, 0})), "all 2 weights are 0"},
		"rows":            {of(RowMeans([]float64{1, 2, 3}, 2, nil)), "3 values with dim = 2"},
		"row NaN":         {of(RowMeans([]float64{1, math.NaN()}, 1, nil)), "value 0 of row 1 is NaN"},
		"circle beyond":   {sk(NewCircularSpreadSkill([]float32{-300, 2}, x[:1], nil)), "beyond +-180"},
	} {
		failing(t, what, c.err, c.words)
	}
}
