package ot

import (
	"fmt"
	"math"
	"testing"
)

// checkPlan verifies marginals and the optimality certificate of an exact plan.
func checkPlan(t *testing.T, what string, p *Plan, a, b, cost []float64) {
	t.Helper()
	sum := 0.0
	for _, x := range a {
		sum += x
	}
	rows, cols := p.Marginals()
	for i := range a {
		near(t, fmt.Sprintf("%s: row sum %d", what, i), rows[i], a[i], 1e-13*sum)
	}
	for j := range b {
		near(t, fmt.Sprintf("%s: column sum %d", what, j), cols[j], b[j], 1e-13*sum)
	}
	tol := 1e-10 * (largest(cost) + 1e-5)
	positive, dual := 0, 0.0
	for i := range a {
		if a[i] > 0 {
			dual += a[i] * p.U[i]
		}
		for j := range b {
			m := p.Mass[i*len(b)+j]
			slack := cost[i*len(b)+j] - p.U[i] - p.V[j]
			if m < 0 || slack < -tol || m > 0 && slack > tol {
				t.Fatalf("%s: pair (%d, %d) has mass %g and reduced cost %g", what, i, j, m, slack)
			}
			if m > 0 {
				positive++
			}
		}
	}
	for j := range b {
		if b[j] > 0 {
			dual += b[j] * p.V[j]
		}
	}
	if positive > len(a)+len(b)-1 {
		t.Errorf("%s: %d positive entries, more than a basic solution has", what, positive)
	}
	near(t, what+": dual value", dual, p.Cost, tol*sum*10)
}

func TestEMDEqualsAssignment(t *testing.T) {
	for kind, make := range costKinds {
		for _, n := range []int{1, 2, 3, 5, 7, 40, 90} {
			for seed := range uint64(4) {
				cost := make(n, seed)
				p := must[*Plan](t)(EMD(Uniform(n), Uniform(n), cost))
				what := fmt.Sprintf("%s n=%d seed %d", kind, n, seed)
				checkPlan(t, what, p, Uniform(n), Uniform(n), cost)
				perm := must[[]int](t)(AssignCost(cost, n))
				near(t, what, p.Cost, permCost(t, perm, cost)/float64(n), 1e-10*(1+largest(cost)))
			}
		}
	}
}

// Splitting each point into copies turns rational weights into an assignment problem.
func TestEMDEqualsAssignmentOfCopies(t *testing.T) {
	for seed := range uint64(40) {
		r := newRand(seed)
		n, m := 1+r.IntN(5), 1+r.IntN(5)
		const units = 12
		share := func(k int) (w []float64, owner []int) {
			w = make([]float64, k)
			for u := range units {
				i := r.IntN(k)
				if u < k && seed%2 == 0 { // odd seeds may leave points without weight
					i = u
				}
				w[i]++
				owner = append(owner, i)
			}
			return
		}
		a, fromA := share(n)
		b, fromB := share(m)
		cost := make([]float64, n*m)
		for k := range cost {
			cost[k] = float64(r.IntN(7)) - 2
		}
		copies := make([]float64, units*units)
		for i := range units {
			for j := range units {
				copies[i*units+j] = cost[fromA[i]*m+fromB[j]]
			}
		}
		perm := must[[]int](t)(AssignCost(copies, units))
		p := must[*Plan](t)(EMD(a, b, cost))
		near(t, fmt.Sprintf("seed %d", seed), p.Cost, permCost(t, perm, copies), 1e-9)
		checkPlan(t, fmt.Sprintf("seed %d", seed), p, a, b, cost)
	}
}

func TestEMDIsCertifiedOptimal(t *testing.T) {
	for _, c := range []struct{ n, m int }{{512, 384}, {1, 50}, {50, 1}, {37, 111}, {200, 201}} {
		r := newRand(uint64(c.n))
		cost, _ := SquaredDistances(toy("normal", c.n, r), toy("8gaussians", c.m, r), 2)
		checkPlan(t, fmt.Sprintf("uniform %dx%d", c.n, c.m), must[*Plan](t)(EMD(Uniform(c.n), Uniform(c.m), cost)), Uniform(c.n), Uniform(c.m), cost)
		weights := func(k int) []float64 {
			w, sum := make([]float64, k), 0.0
			for i := range w {
				w[i] = math.Exp(4 * r.NormFloat64()) // over many magnitudes
				sum += w[i]
			}
			for i := range w {
				w[i] /= sum
			}
			return w
		}
		a, b := weights(c.n), weights(c.m)
		checkPlan(t, fmt.Sprintf("weighted %dx%d", c.n, c.m), must[*Plan](t)(EMD(a, b, cost)), a, b, cost)
	}
}

func TestEMDAllZeroCost(t *testing.T) {
	p := must[*Plan](t)(EMD([]float64{1, 2}, []float64{1, 1, 1}, make([]float64, 6)))
	checkPlan(t, "zero cost", p, []float64{1, 2}, []float64{1, 1, 1}, make([]float64, 6))
}
