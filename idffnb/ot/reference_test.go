package ot

import (
	"fmt"
	"math"
	"testing"
)

func TestReferenceAssignments(t *testing.T) {
	for _, c := range []struct {
		n    int
		mean float64 // ot.emd2 of uniform weights and squared distances, float64
	}{{64, 15.789016973419411}, {256, 14.757954411762169}} {
		a, b := load[float32](t, fmt.Sprint("a", c.n)), load[float32](t, fmt.Sprint("b", c.n))
		want, pairs := load[int32](t, fmt.Sprint("perm", c.n)), load[float32](t, fmt.Sprint("paircost", c.n))
		cost := must[[]float64](t)(SquaredDistances(a, b, 2))
		perm := must[[]int](t)(Assign(a, b, 2))
		for i, j := range perm {
			if j != int(want[i]) {
				t.Errorf("n=%d: point %d pairs with %d, want %d", c.n, i, j, want[i])
			}
			near(t, "pair cost", cost[i*c.n+j], float64(pairs[i]), 5e-7*(1+cost[i*c.n+j]))
		}
		near(t, fmt.Sprintf("n=%d: mean cost", c.n), permCost(t, perm, cost)/float64(c.n), c.mean, 1e-12*c.mean)
	}
}

func TestReferencePlans(t *testing.T) {
	a, b := load[float32](t, "s_a"), load[float32](t, "s_b")
	cost := must[[]float64](t)(SquaredDistances(a, b, 2))
	u := Uniform(32)
	rect := must[[]float64](t)(SquaredDistances(load[float32](t, "rect_a"), load[float32](t, "rect_b"), 2))
	for _, c := range []struct {
		name      string
		sum, cost float64 // of the reference plan in float64
		solve     func() (*Plan, error)
	}{
		{"rect_plan", 1, 0.9607174380127668, func() (*Plan, error) {
			return EMD(load[float64](t, "rect_wa"), load[float64](t, "rect_wb"), rect)
		}},
		{"s_plan_exact", 1, 1.2186335613951087, func() (*Plan, error) { return EMD(u, u, cost) }},
		{"s_plan_sinkhorn_reg2", 1, 2.433470568415798, func() (*Plan, error) { return Sinkhorn(u, u, cost, Entropic{Reg: 2}) }},
		{"s_plan_sinkhorn_reg0.5", 1, 1.484777818368663, func() (*Plan, error) { return Sinkhorn(u, u, cost, Entropic{Reg: .5}) }},
		{"s_plan_sinkhorn_norm_reg0.05", 1, 2.117757453667582, func() (*Plan, error) {
			return Sinkhorn(u, u, cost, Entropic{Reg: .05, NormalizeCost: true})
		}},
		{"s_plan_unbalanced_reg0.5_regm1", 0.5423346732402274, 0.34019880953376047, func() (*Plan, error) {
			return Unbalanced(u, u, cost, 1, Entropic{Reg: .5})
		}},
		{"s_plan_partial_reg0.5", 1, 1.4847264200797698, func() (*Plan, error) { return Partial(u, u, cost, 0, Entropic{Reg: .5}) }},
	} {
		p := must[*Plan](t)(c.solve())
		want := load[float32](t, c.name)
		// The reference stopped at marginal errors of 1e-9 and is stored in float32: 5 eps of the largest entry, 1/32.
		worst := 0.0
		for k, m := range p.Mass {
			worst = max(worst, math.Abs(m-float64(want[k])))
		}
		t.Logf("%s: largest difference %.2g, cost %.12g, sum %.12g, %d iterations", c.name, worst, p.Cost, p.Sum(), p.Iterations)
		if len(want) != len(p.Mass) || worst > 5*1.2e-7/32 {
			t.Errorf("%s: %d entries of %d, largest difference %g", c.name, len(p.Mass), len(want), worst)
		}
		near(t, c.name+" cost", p.Cost, c.cost, 1e-6*c.cost)
		near(t, c.name+" sum", p.Sum(), c.sum, 1e-6)
	}
}
