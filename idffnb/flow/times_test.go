package flow_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/idff-go/workbench/idffnb/flow"
)

// TestTimes compares the distribution of drawn times with the law that each says. Kolmogorov and Smirnov's distance of n draws exceeds sqrt(log(2/p)/(2n)) with a probability of p at most
// (Massart); p = 1e-6 for each of the four.
func TestTimes(t *testing.T) {
	normal := func(z float64) float64 { return .5 * math.Erfc(-z/math.Sqrt2) }
	for _, tc := range []struct {
		times flow.Times
		law   func(t float64) float64 // probability of less than t
	}{
		{flow.Uniform(), func(t float64) float64 { return t }},
		{flow.LogitNormal(0, 1), func(t float64) float64 { return normal(math.Log(t / (1 - t))) }},
		{flow.LogitNormal(-1.2, 1.2), func(t float64) float64 { return normal((math.Log(t/(1-t)) + 1.2) / 1.2) }},
		{flow.LogitNormal(3, .1), func(t float64) float64 { return normal((math.Log(t/(1-t)) - 3) / .1) }},
	} {
		const n = 20_000
		draws := tc.times.Draw(rand.New(rand.NewPCG(1, 2)), n)
		slices.Sort(draws)
		worst := 0.
		for k, v := range draws {
			p := tc.law(float64(v))
			worst = max(worst, math.Abs(p-float64(k)/n), math.Abs(p-float64(k+1)/n))
		}
		if most := math.Sqrt(math.Log(2/1e-6) / (2 * n)); len(draws) != n || worst > most {
			t.Errorf("%s: %d times, their distribution is off by %.4f, want at most %.4f", tc.times.Name(), len(draws), worst, most)
		}
	}
	for _, v := range flow.LogitNormal(0, 100).Draw(rand.New(rand.NewPCG(1, 2)), 1000) { // most of it beyond float32's last number below 1
		if !(v > 0 && v < 1) {
			t.Fatalf("logit-normal time %g, want it between 0 and 1", v)
		}
	}
}

func TestTimesRefused(t *testing.T) {
	for _, times := range []flow.LogitNormalTimes{flow.LogitNormal(0, 0), flow.LogitNormal(0, -1), flow.LogitNormal(math.NaN(), 1), flow.LogitNormal(0, math.Inf(1)), {}} {
		if err := times.Check(); err == nil || !strings.Contains(err.Error(), "want finite numbers, the second above 0") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v", times.Name(), err)
		}
	}
	if err := flow.LogitNormal(-1.2, 1.2).Check(); err != nil {
		t.Error(err)
	}
}
