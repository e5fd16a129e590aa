package ot

import "math"

// Sinkhorn returns the entropic plan between the weights a [n] and b [m] for the cost [n, m]:
//
//	min <P, cost> + reg sum_ij P_ij (log P_ij - 1)   with   P 1 = a,  P^T 1 = b
//
// in the log domain (Cuturi, Sinkhorn distances, NeurIPS 2013, arXiv 1306.0895; Peyre and Cuturi 2019, section 4.4),
// P_ij = exp((U_i + V_j - cost_ij) / reg). Columns are scaled first and rows last, as in POT, so the row sums are
// exact and Entropic.Tol bounds sum_j |(P^T 1)_j - b_j| / sum(b). After MaxIter the plan comes back with Converged
// false. It fails on the input that EMD refuses, and on a Reg that is not above 0.
func Sinkhorn(a, b, cost []float64, o Entropic) (*Plan, error) {
	s, rows, cols, wa, wb, o, unit, err := problem(a, b, cost, o, true)
	if err != nil {
		return nil, err
	}
	sumA, sumB := 0.0, 0.0
	for _, x := range wa {
		sumA += x
	}
	for _, x := range wb {
		sumB += x
	}
	it, residual := 0, math.Inf(1)
	for ; it <= o.MaxIter; it++ {
		sums := s.colSums()
		if it > 0 {
			residual = 0
			for j, l := range sums {
				residual += math.Abs(math.Exp(l+s.y[j])/sumA - wb[j]/sumB)
			}
			if residual <= o.Tol || it == o.MaxIter {
				break
			}
		}
		update(s.y, sums, func(j int, l float64) float64 { return math.Log(wb[j]) - l })
		update(s.x, s.rowSums(), func(i int, l float64) float64 { return math.Log(wa[i]) - l })
	}
	p := s.plan(rows, cols, len(a), len(b), cost, 0, unit)
	p.Iterations, p.Residual, p.Converged = it, residual, residual <= o.Tol
	return p, nil
}
