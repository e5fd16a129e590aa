package flow_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/idff-go/workbench/idffnb/flow"
)

func clouds(n int) (rng *rand.Rand, x0, x1 []float32) {
	rng = rand.New(rand.NewPCG(1, 2))
	x0, x1 = make([]float32, 2*n), make([]float32, 2*n)
	for i := range x0 {
		x0[i], x1[i] = float32(rng.NormFloat64()), float32(3+rng.NormFloat64())
	}
	return rng, x0, x1
}

func pairCost(x0, x1 []float32, i, j []int) float64 {
	sum := 0.
	for k := range i {
		for d := range 2 {
			sum += math.Pow(float64(x0[2*i[k]+d]-x1[2*j[k]+d]), 2)
		}
	}
	return sum / float64(len(i))
}

// TestCouplings orders the couplings by what they cost: exact OT is the least, a weakly regularised Sinkhorn plan is near it,
// and the independent coupling the most. A draw of 200 pairs from the plan scatters by about 7 %, far inside the bounds.
func TestCouplings(t *testing.T) {
	const n = 200
	costs := map[string]float64{}
	for _, c := range []flow.Coupling{flow.Independent(), flow.ExactOT(), flow.Sinkhorn(.1)} {
		rng, x0, x1 := clouds(n)
		i, j, err := c.Pairs(rng, x0, x1, 2)
		if err != nil || len(i) != n || len(j) != n {
			t.Fatalf("%s: %d and %d rows, %v", c.Name(), len(i), len(j), err)
		}
		costs[c.Name()] = pairCost(x0, x1, i, j)
		rng, x0, x1 = clouds(n)
		i2, j2, _ := c.Pairs(rng, x0, x1, 2)
		if !slices.Equal(i, i2) || !slices.Equal(j, j2) {
			t.Errorf("%s: the same seed gave other pairs", c.Name())
		}
	}
	exact := costs["exact OT"]
	if s := costs["Sinkhorn 0.1"]; s < exact*.8 || s > exact*1.25 {
		t.Errorf("Sinkhorn pairs cost %g, exact OT %g: want them near each other", s, exact)
	}
	if costs["independent"] < exact+2 {
		t.Errorf("independent pairs cost %g, exact OT %g: want much more", costs["independent"], exact)
	}
}

func TestExactOTUsesEachPointOnce(t *testing.T) {
	rng, x0, x1 := clouds(64)
	i, j, err := flow.ExactOT().Pairs(rng, x0, x1, 2)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(j)
	if !slices.Equal(i, j) {
		t.Errorf("the assignment is not a permutation")
	}
}

func TestCouplingErrors(t *testing.T) {
	rng, x0, x1 := clouds(8)
	_, err := flow.CouplingByName("exat", 0)
	expectError(t, "unknown name", err, "valid names: independent, exact-ot, sinkhorn")
	_, err = flow.CouplingByName("sinkhorn", 0)
	expectError(t, "no regularisation", err, "positive")
	for _, name := range flow.CouplingNames() {
		if _, err := flow.CouplingByName(name, .5); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	x1[5] = float32(math.NaN())
	for _, c := range []flow.Coupling{flow.ExactOT(), flow.Sinkhorn(.5)} {
		_, _, err := c.Pairs(rng, x0, x1, 2)
		expectError(t, c.Name()+" with NaN", err, "NaN")
		_, _, err = c.Pairs(rng, x0[:4], x1, 2)
		expectError(t, c.Name()+" with unequal clouds", err, "flow: ")
	}
	_, x0, x1 = clouds(50)
	for i := range x1 {
		x1[i] *= 40
	}
	_, _, err = flow.Sinkhorn(1e-4).Pairs(rng, x0, x1, 2)
	expectError(t, "too small a regularisation", err, "larger regularisation")
}
