package metric

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/idff-go/workbench/internal/errtext"
	"gonum.org/v1/gonum/stat/combin"
	"gonum.org/v1/gonum/stat/distuv"
)

// Summary describes values over seeds.
type Summary struct {
	Values    []float64 // in the order of the seeds
	Mean      float64
	Std       float64 // sample standard deviation, n-1 in the denominator; NaN for one value
	Low, High float64 // 95% interval of the mean, mean -+ t_{.975, n-1} Std/sqrt(n) (Student 1908); NaN for one value
}

// Short is the mean in three digits and the standard deviation in one, "3.34 ± 0.6"; the mean alone where there is one value, or all are alike.
func (s Summary) Short() string {
	if len(s.Values) == 1 || s.Std < 1e-12 {
		return digits(s.Mean, 3)
	}
	return digits(s.Mean, 3) + " ± " + digits(s.Std, 1)
}

// digits writes so many digits of a value, and large values without an exponent: 20 for 17.5 in one.
func digits(v float64, n int) string {
	text := strconv.FormatFloat(v, 'g', n, 64)
	if strings.Contains(text, "e+") {
		rounded, _ := strconv.ParseFloat(text, 64) // what was just written can be read
		text = strconv.FormatFloat(rounded, 'f', 0, 64)
	}
	return text
}

// Summarize returns the summary of at least one finite value.
func Summarize(values []float64) (Summary, error) {
	n := len(values)
	if n == 0 {
		return Summary{}, fmt.Errorf("metric: nothing to summarise: give one value per seed")
	}
	s := Summary{Values: append([]float64(nil), values...)}
	for k, v := range values {
		if v-v != 0 { // NaN or Inf
			return Summary{}, fmt.Errorf("metric: value %d of %d is %v: leave out or rerun the seed that gave it", k, n, v)
		}
		s.Mean += v / float64(n)
	}
	if n == 1 {
		s.Std, s.Low, s.High = math.NaN(), math.NaN(), math.NaN()
		return s, nil
	}
	sum := 0.0
	for _, v := range values {
		sum += (v - s.Mean) * (v - s.Mean)
	}
	s.Std = math.Sqrt(sum / float64(n-1))
	half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(.975) * s.Std / math.Sqrt(float64(n))
	s.Low, s.High = s.Mean-half, s.Mean+half
	return s, nil
}

// String returns the mean with the half width of its 95% interval.
func (s Summary) String() string {
	if len(s.Values) < 2 {
		return fmt.Sprintf("%.4g (n = %d)", s.Mean, len(s.Values))
	}
	return fmt.Sprintf("%.4g ± %.2g (95%% interval of the mean, n = %d)", s.Mean, (s.High-s.Low)/2, len(s.Values))
}

// Paired compares two methods seed by seed, where lower is better.
type Paired struct {
	Difference         Summary // of a - b: below 0 where a is better
	Wins, Ties, Losses int     // seeds on which a is lower, equal, higher
	SignP              float64 // two-sided p-value of the exact sign test; ties are left out
}

// Compare pairs the values of two methods on the same seeds, a[k] with b[k]. The paired interval is narrower than that of
// two independent means, since what a seed does to both cancels; the sign test (Dixon and Mood 1946) assumes no distribution:
//
//	p = min(1, 2 sum_{k <= min(wins, losses)} C(n, k) / 2^n),   n = wins + losses.
//
// It fails on lists of unequal length, empty ones, and values that are not finite.
func Compare(a, b []float64) (Paired, error) {
	if len(a) != len(b) {
		return Paired{}, fmt.Errorf("metric: %d values against %d: a paired comparison needs one of each for every seed", len(a), len(b))
	}
	var p Paired
	diff := make([]float64, len(a))
	for k := range a {
		diff[k] = a[k] - b[k]
		switch {
		case a[k] < b[k]:
			p.Wins++
		case a[k] > b[k]:
			p.Losses++
		case a[k] == b[k]:
			p.Ties++
		}
	}
	var err error
	if p.Difference, err = Summarize(diff); err != nil {
		return Paired{}, fmt.Errorf("metric: paired differences: %w", errtext.Inner("metric: ", err))
	}
	p.SignP = signTest(p.Wins, p.Losses)
	return p, nil
}

func signTest(wins, losses int) float64 {
	n := wins + losses
	tail := 0.0
	for k := range min(wins, losses) + 1 {
		tail += math.Exp(combin.LogGeneralizedBinomial(float64(n), float64(k)) - float64(n)*math.Ln2)
	}
	return min(1, 2*tail)
}

// String returns the mean difference, its interval, and the count of seeds.
func (p Paired) String() string {
	n := len(p.Difference.Values)
	if n < 2 {
		return fmt.Sprintf("difference %.4g (n = %d)", p.Difference.Mean, n)
	}
	return fmt.Sprintf("difference %.4g (95%% interval %.4g to %.4g), lower on %d of %d seeds, sign test p = %.2g",
		p.Difference.Mean, p.Difference.Low, p.Difference.High, p.Wins, n, p.SignP)
}
