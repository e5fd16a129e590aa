package ot

import (
	"fmt"
	"math"
)

// Partial returns the entropic plan that moves only the given mass:
//
//	min <P, cost> + reg sum_ij P_ij (log P_ij - 1)   with   P 1 <= a,  P^T 1 <= b,  sum_ij P_ij = mass
//
// (Benamou et al., Iterative Bregman projections for regularized transportation problems, SIAM J. Sci. Comput. 37,
// 2015, arXiv 1412.5154, section 5; POT's entropic_partial_wasserstein, which TorchCFM calls with all of the mass).
// Dykstra's projections in the log domain: the row and column potentials stay at most 0 and one scalar carries the
// mass, P_ij = exp((U_i + V_j - cost_ij) / reg + z). Entropic.Tol bounds the last change of the potentials in units of reg.
// mass = 0 takes all of it, min(sum a, sum b): convergence is then slower than any power of e, POT stops after its
// 1000 iterations, and so does this with Converged false; Sinkhorn is the better choice there. It fails on a mass that is
// negative or above min(sum a, sum b), and otherwise as Sinkhorn; the sums of a and b may differ.
func Partial(a, b, cost []float64, mass float64, o Entropic) (*Plan, error) {
	s, rows, cols, wa, wb, o, unit, err := problem(a, b, cost, o, false)
	if err != nil {
		return nil, err
	}
	sumA, _ := checkWeights("a", wa)
	sumB, _ := checkWeights("b", wb)
	most := min(sumA, sumB)
	if !(mass >= 0 && mass <= most*(1+1e-12)) {
		return nil, fmt.Errorf("ot: mass = %v: a partial plan moves between 0 and min(sum a, sum b) = %g (0 takes all)", mass, most)
	}
	if mass == 0 {
		mass = most
	}
	// total returns z with sum exp(logK + x + y + z) = mass, from the row sums at the current y.
	total := func() float64 {
		peak, sum := math.Inf(-1), 0.0
		sums := s.rowSums()
		for i, l := range sums {
			peak = max(peak, l+s.x[i])
		}
		for i, l := range sums {
			sum += math.Exp(l + s.x[i] - peak)
		}
		return math.Log(mass) - peak - math.Log(sum)
	}
	z := total()
	it, change := 0, math.Inf(1)
	for it < o.MaxIter && change > o.Tol {
		it++
		dx := update(s.x, s.rowSums(), func(i int, l float64) float64 { return min(0, math.Log(wa[i])-l-z) })
		dy := update(s.y, s.colSums(), func(j int, l float64) float64 { return min(0, math.Log(wb[j])-l-z) })
		last := z
		z = total()
		change = max(dx, dy, math.Abs(z-last))
	}
	p := s.plan(rows, cols, len(a), len(b), cost, z, unit)
	p.Iterations, p.Residual, p.Converged = it, change, change <= o.Tol
	return p, nil
}
