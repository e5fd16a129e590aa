package ot

import (
	"math"
	"strings"
	"testing"
)

func TestBadInputGetsOneClearLine(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	nan32, inf32 := float32(nan), float32(inf)
	u := []float64{.5, .5}
	c := []float64{1, 2, 3, 4}
	two := []float32{1, 2, 3, 4}
	plan := func(_ *Plan, err error) error { return err }
	perm := func(_ []int, err error) error { return err }
	matrix := func(_ []float64, err error) error { return err }
	sample := func(_, _ []int, err error) error { return err }
	good := &Plan{Rows: 1, Cols: 1, Mass: []float64{1}}
	for _, tc := range []struct {
		name, want string
		err        error
	}{
		{"dim 0", "dim = 0", perm(Assign(two, two, 0))},
		{"negative dim", "dim = -2", perm(Assign(two, two, -2))},
		{"empty x0", "x0 is empty", perm(Assign(nil, two, 2))},
		{"empty x1", "x1 is empty", perm(Assign(two, nil, 2))},
		{"ragged", "x0 has 3 numbers, not a multiple of dim = 2", perm(Assign(two[:3], two, 2))},
		{"unequal", "x0 has 1 points and x1 has 2", perm(Assign(two[:2], two, 2))},
		{"NaN", "x1 has NaN at point 1, coordinate 0", perm(Assign(two, []float32{1, 2, nan32, 4}, 2))},
		{"Inf", "x0 has +Inf at point 0, coordinate 1", perm(Assign([]float32{1, inf32, 3, 4}, two, 2))},
		{"no rows", "n = 0", perm(AssignCost(nil, 0))},
		{"cost length", "cost has 4 numbers, not 3 x 3 = 9", perm(AssignCost(c, 3))},
		{"cost NaN", "cost is NaN at row 1, column 0", perm(AssignCost([]float64{1, 2, nan, 4}, 2))},
		{"cost Inf", "cost is -Inf at row 0, column 1", perm(AssignCost([]float64{1, -inf, 3, 4}, 2))},
		{"cost huge", "at most 1e+150", perm(AssignCost([]float64{1, 1e200, 3, 4}, 2))},
		{"distances", "x1 has NaN", matrix(SquaredDistances(two, []float32{nan32}, 1))},
		{"distances empty", "x0 is empty", matrix(Distances(nil, two, 1))},
		{"EMD empty", "weights a are empty", plan(EMD(nil, u, nil))},
		{"EMD negative", "weight b[1] = -0.5", plan(EMD(u, []float64{1.5, -.5}, c))},
		{"EMD NaN", "weight a[0] = NaN", plan(EMD([]float64{nan, 1}, u, c))},
		{"EMD zero", "weights a are all 0", plan(EMD([]float64{0, 0}, u, c))},
		{"EMD sums", "weights a sum to 1 and b to 1.1", plan(EMD(u, []float64{.5, .6}, c))},
		{"EMD shape", "cost has 3 numbers, not 2 x 2 = 4", plan(EMD(u, u, c[:3]))},
		{"Sinkhorn reg 0", "Reg = 0", plan(Sinkhorn(u, u, c, Entropic{}))},
		{"Sinkhorn reg negative", "Reg = -1", plan(Sinkhorn(u, u, c, Entropic{Reg: -1}))},
		{"Sinkhorn reg NaN", "Reg = NaN", plan(Sinkhorn(u, u, c, Entropic{Reg: nan}))},
		{"Sinkhorn tol", "Tol = -1", plan(Sinkhorn(u, u, c, Entropic{Reg: 1, Tol: -1}))},
		{"Sinkhorn iterations", "MaxIter = -1", plan(Sinkhorn(u, u, c, Entropic{Reg: 1, MaxIter: -1}))},
		{"Sinkhorn sums", "a balanced plan needs equal sums", plan(Sinkhorn(u, []float64{1, 1}, c, Entropic{Reg: 1}))},
		{"Sinkhorn cost", "cost is NaN at row 0, column 0", plan(Sinkhorn(u, u, []float64{nan, 1, 1, 1}, Entropic{Reg: 1}))},
		{"normalise zero", "largest cost, which is 0", plan(Sinkhorn(u, u, make([]float64, 4), Entropic{Reg: 1, NormalizeCost: true}))},
		{"Unbalanced regM", "regM = 0", plan(Unbalanced(u, u, c, 0, Entropic{Reg: 1}))},
		{"Unbalanced reg", "Reg = 0", plan(Unbalanced(u, u, c, 1, Entropic{}))},
		{"Partial mass", "mass = 1.5", plan(Partial(u, u, c, 1.5, Entropic{Reg: 1}))},
		{"Partial negative", "mass = -1", plan(Partial(u, u, c, -1, Entropic{Reg: 1}))},
		{"Partial NaN", "mass = NaN", plan(Partial(u, u, c, nan, Entropic{Reg: 1}))},
		{"sample negative", "cannot draw -1 pairs", sample(good.Sample(newRand(1), -1))},
		{"sample nil rng", "needs a random source", sample(good.Sample(nil, 1))},
		{"sample empty", "total mass 0", sample((&Plan{Rows: 1, Cols: 2, Mass: make([]float64, 2)}).Sample(newRand(1), 1))},
		{"sample NaN", "total mass NaN", sample((&Plan{Rows: 1, Cols: 1, Mass: []float64{nan}}).Sample(newRand(1), 1))},
	} {
		if tc.err == nil {
			t.Errorf("%s: no error, want one with %q", tc.name, tc.want)
			continue
		}
		if msg := tc.err.Error(); !strings.Contains(msg, tc.want) || strings.Contains(msg, "\n") || !strings.HasPrefix(msg, "ot: ") {
			t.Errorf("%s: %q, want one line with %q", tc.name, msg, tc.want)
		}
	}
}
