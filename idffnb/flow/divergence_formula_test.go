package flow_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/idff-go/workbench/idffnb/flow"
)

// TestDivergenceSizes: passes and columns of each kind, and its probes, of which there are none for the exact one and signs for Hutchinson's.
func TestDivergenceSizes(t *testing.T) {
	const n, dim = 7, 5
	for _, tc := range []struct {
		d                       flow.Divergence
		passes, columns, probes int
		exact, signs            bool
	}{
		{flow.Divergence{}, dim, 1, 0, true, false},
		{flow.ExactDivergence(), dim, 1, 0, true, false},
		{flow.Hutchinson(3), 3, 3, n * 3 * dim, false, true},
		{flow.GaussianHutchinson(2), 2, 2, n * 2 * dim, false, false},
	} {
		probes := tc.d.Draw(rand.New(rand.NewPCG(1, 2)), n, dim)
		if tc.d.Passes(dim) != tc.passes || tc.d.Columns() != tc.columns || len(probes) != tc.probes || tc.d.IsExact() != tc.exact || tc.exact != (probes == nil) {
			t.Errorf("%v: %d passes, %d columns, %d probes, exact %t", tc.d, tc.d.Passes(dim), tc.d.Columns(), len(probes), tc.d.IsExact())
		}
		signs := len(probes) > 0
		for _, v := range probes {
			signs = signs && math.Abs(float64(v)) == 1
		}
		if signs != tc.signs {
			t.Errorf("%v: all of its probes are signs: %t", tc.d, signs)
		}
	}
}

// TestLogitNormalEnds: times end 2^-24 before 0 and 1, float32's last number below 1.
func TestLogitNormalEnds(t *testing.T) {
	for mean, want := range map[float64]float32{1000: 1 - 0x1p-24, -1000: 0x1p-24} {
		for _, v := range flow.LogitNormal(mean, 1).Draw(rand.New(rand.NewPCG(1, 2)), 9) {
			if v != want {
				t.Fatalf("a logit of %g gives t = %g, want %g", mean, v, want)
			}
		}
	}
}
