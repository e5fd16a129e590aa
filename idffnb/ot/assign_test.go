package ot

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// costKinds are cost matrices that stress the solver in different ways.
var costKinds = map[string]func(n int, seed uint64) []float64{
	"normal": func(n int, seed uint64) []float64 {
		r := newRand(seed)
		c := make([]float64, n*n)
		for k := range c {
			c[k] = r.NormFloat64()
		}
		return c
	},
	"ties": func(n int, seed uint64) []float64 { // integers 0..2
		r := newRand(seed)
		c := make([]float64, n*n)
		for k := range c {
			c[k] = float64(r.IntN(3))
		}
		return c
	},
	"duplicates": func(n int, seed uint64) []float64 { // points drawn with replacement from three places
		r := newRand(seed)
		p := toy("normal", 3, r)
		x, y := make([]float32, 0, 2*n), make([]float32, 0, 2*n)
		for range n {
			k, l := 2*r.IntN(3), 2*r.IntN(3)
			x, y = append(x, p[k:k+2]...), append(y, p[l:l+2]...)
		}
		c, _ := SquaredDistances(x, y, 2)
		return c
	},
	"product": func(n int, seed uint64) []float64 { // the worst case of many solvers: i*j
		c := make([]float64, n*n)
		for k := range c {
			c[k] = float64((k/n + 1) * (k%n + 1))
		}
		return c
	},
	"constant": func(n int, seed uint64) []float64 {
		c := make([]float64, n*n)
		for k := range c {
			c[k] = float64(seed) - 3
		}
		return c
	},
	"magnitudes": func(n int, seed uint64) []float64 { // 1e-8 to 1e8, both signs
		r := newRand(seed)
		c := make([]float64, n*n)
		for k := range c {
			c[k] = math.Pow(10, 16*r.Float64()-8) * float64(1-2*r.IntN(2))
		}
		return c
	},
	"offset": func(n int, seed uint64) []float64 { // small differences on a large number
		r := newRand(seed)
		c := make([]float64, n*n)
		for k := range c {
			c[k] = 1e9 + float64(r.IntN(64))/64
		}
		return c
	},
}

func TestAssignCostEqualsBruteForce(t *testing.T) {
	for kind, make := range costKinds {
		var s Solver // one for all sizes: buffers are used again
		for n := 1; n <= 7; n++ {
			seeds := uint64(60)
			if n == 7 {
				seeds = 12
			}
			for seed := range seeds {
				cost := make(n, seed)
				perm, err := s.AssignCost(cost, n)
				if err != nil {
					t.Fatal(err)
				}
				near(t, fmt.Sprintf("%s n=%d seed %d: cost", kind, n, seed), permCost(t, perm, cost), bruteForce(cost, n), 1e-13*float64(n)*(1+largest(cost)))
			}
		}
	}
}

// checkCertificate verifies that the duals prove perm optimal: u + v <= cost, equal on the pairs.
func checkCertificate(t *testing.T, what string, s *Solver, perm []int, cost []float64) {
	t.Helper()
	n := len(perm)
	u, v := s.Duals()
	tol := 1e-12 * float64(n) * (largest(cost) + 1e-300)
	sum := 0.0
	for i := range n {
		for j := range n {
			if slack := cost[i*n+j] - u[i] - v[j]; slack < -tol {
				t.Fatalf("%s: pair (%d, %d) has reduced cost %g", what, i, j, slack)
			}
		}
		sum += u[i] + v[i]
	}
	near(t, what+": dual value", sum, permCost(t, perm, cost), tol)
}

func TestAssignIsCertifiedOptimal(t *testing.T) {
	for kind, make := range costKinds {
		for _, n := range []int{8, 33, 100, 300} {
			var s Solver
			cost := make(n, uint64(n))
			perm, err := s.AssignCost(cost, n)
			if err != nil {
				t.Fatal(err)
			}
			checkCertificate(t, fmt.Sprintf("%s n=%d", kind, n), &s, perm, cost)
		}
	}
	for _, kind := range []string{"normal", "8gaussians", "checkerboard"} {
		for _, n := range []int{64, 256, 700} {
			for seed := range uint64(3) {
				r := newRand(seed)
				x0, x1 := toy("normal", n, r), toy(kind, n, r)
				var s Solver
				perm, err := s.Assign(x0, x1, 2)
				if err != nil {
					t.Fatal(err)
				}
				cost, _ := SquaredDistances(x0, x1, 2)
				checkCertificate(t, fmt.Sprintf("%s n=%d seed %d", kind, n, seed), &s, perm, cost)
			}
		}
	}
}

func TestAssignInOneDimensionSorts(t *testing.T) {
	r := newRand(1)
	const n = 200
	x, y := make([]float32, n), make([]float32, n)
	for i := range n {
		x[i], y[i] = float32(r.NormFloat64()), float32(3*r.Float64())
	}
	perm := must[[]int](t)(Assign(x, y, 1))
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(math.Copysign(1, float64(x[a]-x[b]))) })
	for k := 1; k < n; k++ {
		if y[perm[order[k-1]]] > y[perm[order[k]]] {
			t.Fatalf("rank %d and %d of x cross in y", k-1, k)
		}
	}
}

func TestAssignInHighDimension(t *testing.T) {
	r := newRand(2)
	const n, dim = 40, 13
	x, y := make([]float32, n*dim), make([]float32, n*dim)
	for k := range x {
		x[k], y[k] = float32(r.NormFloat64()), float32(r.NormFloat64())
	}
	cost := must[[]float64](t)(SquaredDistances(x, y, dim))
	for i := range n {
		for j := range n {
			want := 0.0
			for k := range dim {
				want += math.Pow(float64(x[i*dim+k])-float64(y[j*dim+k]), 2)
			}
			near(t, "squared distance", cost[i*n+j], want, 1e-12)
		}
	}
	if a, b := must[[]int](t)(Assign(x, y, dim)), must[[]int](t)(AssignCost(cost, n)); !slices.Equal(a, b) {
		t.Errorf("Assign and AssignCost differ: %v, %v", a, b)
	}
}

func TestSolverRepeats(t *testing.T) {
	var s Solver
	r := newRand(3)
	a, b := toy("normal", 150, r), toy("8gaussians", 150, r)
	first := must[[]int](t)(s.Assign(a, b, 2))
	kept := slices.Clone(first)
	if _, err := s.Assign(a[:40], b[:40], 2); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(first, kept) {
		t.Error("a later call changed the permutation that an earlier one returned")
	}
	if again := must[[]int](t)(s.Assign(a, b, 2)); !slices.Equal(first, again) {
		t.Error("used buffers change the result")
	}
}

// FuzzAssign compares with brute force on up to 7 points whose coordinates are small integers, so that ties abound.
func FuzzAssign(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte("the quick brown fox jumps ov"))
	f.Fuzz(func(t *testing.T, data []byte) {
		n := min(7, len(data)/4)
		if n == 0 {
			return
		}
		x := make([]float32, 4*n)
		for k := range x {
			x[k] = float32(int8(data[k])) / 4
		}
		var s Solver
		perm, err := s.Assign(x[:2*n], x[2*n:], 2)
		if err != nil {
			t.Fatal(err)
		}
		cost, _ := SquaredDistances(x[:2*n], x[2*n:], 2)
		near(t, "cost", permCost(t, perm, cost), bruteForce(cost, n), 1e-9)
	})
}
