package ot

import (
	"fmt"
	"math"
)

// Unbalanced returns the entropic plan whose marginals are only drawn towards a and b:
//
//	min <P, cost> + reg KL(P | a b^T) + regM KL(P 1 | a) + regM KL(P^T 1 | b),
//	KL(p | q) = sum p log(p/q) - p + q
//
// (Chizat et al., Scaling algorithms for unbalanced optimal transport problems, Math. Comp. 87, 2018, arXiv
// 1607.05816; POT's sinkhorn_knopp_unbalanced with reg_type "kl", which TorchCFM calls). Points far from the other
// cloud keep their mass at home, so Plan.Sum is below 1 as a rule; regM to infinity gives Sinkhorn. Entropic.Tol
// bounds the last change of the potentials in units of reg. Duals: P_ij = a_i b_j exp((U_i + V_j - cost_ij) / reg).
// The sums of a and b may differ. It fails on regM not above 0 and otherwise as Sinkhorn.
func Unbalanced(a, b, cost []float64, regM float64, o Entropic) (*Plan, error) {
	if !(regM > 0) || math.IsInf(regM, 1) {
		return nil, fmt.Errorf("ot: regM = %v: the weight of the marginals must be above 0 and finite (Sinkhorn is the limit)", regM)
	}
	s, rows, cols, wa, wb, o, unit, err := problem(a, b, cost, o, false)
	if err != nil {
		return nil, err
	}
	for i, x := range wa {
		for j, y := range wb {
			s.logK[i*s.m+j] += math.Log(x) + math.Log(y)
		}
	}
	s.refer()
	power := regM / (regM + o.Reg)
	it, change := 0, math.Inf(1)
	for it < o.MaxIter && change > o.Tol {
		it++
		dx := update(s.x, s.rowSums(), func(i int, l float64) float64 { return power * (math.Log(wa[i]) - l) })
		dy := update(s.y, s.colSums(), func(j int, l float64) float64 { return power * (math.Log(wb[j]) - l) })
		change = max(dx, dy)
	}
	p := s.plan(rows, cols, len(a), len(b), cost, 0, unit)
	p.Iterations, p.Residual, p.Converged = it, change, change <= o.Tol
	return p, nil
}
