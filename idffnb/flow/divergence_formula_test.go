package flow_test

import (
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
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

// TestDivergenceOfMap: for the linear map x -> x A^T the divergence is the trace of A, and e J e is e A e, for each point and probe apart.
func TestDivergenceOfMap(t *testing.T) {
	a := [3][3]float64{{2, -1, .5}, {.3, -7, 4}, {1.5, .2, 11}}
	x := [][]float64{{1, 2, 3}, {-1, .5, 0}}
	probes := [][]float64{{1, -1, 1, .5, 2, -3}, {-1, -1, 1, 3, 0, 1}}
	out := MustExecOnceN(backend(t), func(x, e *Node) []*Node {
		v := DotGeneral(x, []int{1}, nil, ConstAs(x, [][]float64{a[0][:], a[1][:], a[2][:]}), []int{1}, nil)
		return []*Node{flow.ExactDivergence().Of(v, x, nil), flow.GaussianHutchinson(2).Of(v, x, e)}
	}, x, probes)
	exact, estimated := out[0].Value().([][]float64), out[1].Value().([][]float64)
	for n, row := range probes {
		near(t, "trace", exact[n], []float64{2 - 7 + 11})
		want := make([]float64, 2)
		for k := range want {
			for i := range 3 {
				for j := range 3 {
					want[k] += row[3*k+i] * a[i][j] * row[3*k+j]
				}
			}
		}
		if len(estimated) != 2 || len(estimated[n]) != 2 {
			t.Fatalf("estimates are %v, want two for each of two points", estimated)
		}
		near(t, "estimates", estimated[n], want)
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
