package ot

import (
	"fmt"
	"math"
)

// checkCloud returns the number of points of x [n, dim].
func checkCloud(name string, x []float32, dim int) (int, error) {
	if dim <= 0 {
		return 0, fmt.Errorf("ot: dim = %d: points need at least one coordinate", dim)
	}
	if len(x) == 0 {
		return 0, fmt.Errorf("ot: %s is empty: give at least one point", name)
	}
	if len(x)%dim != 0 {
		return 0, fmt.Errorf("ot: %s has %d numbers, not a multiple of dim = %d: it must be [n, dim] row-major", name, len(x), dim)
	}
	for k, f := range x {
		if f-f != 0 { // NaN or Inf
			return 0, fmt.Errorf("ot: %s has %v at point %d, coordinate %d: remove it or stop the run that made it", name, f, k/dim, k%dim)
		}
	}
	return len(x) / dim, nil
}

// maxCost bounds |cost|, so that sums over a matrix stay finite.
const maxCost = 1e150

// checkCost verifies the cost matrix [n, m].
func checkCost(cost []float64, n, m int) error {
	if len(cost) != n*m {
		return fmt.Errorf("ot: cost has %d numbers, not %d x %d = %d: it must be [n, m] row-major", len(cost), n, m, n*m)
	}
	for k, c := range cost {
		if !(math.Abs(c) <= maxCost) {
			return fmt.Errorf("ot: cost is %v at row %d, column %d: it must be finite and at most %g in size", c, k/m, k%m, maxCost)
		}
	}
	return nil
}

// checkWeights verifies the weights of one side and returns their sum.
func checkWeights(name string, w []float64) (float64, error) {
	if len(w) == 0 {
		return 0, fmt.Errorf("ot: weights %s are empty: give one per point (Uniform(n) makes equal ones)", name)
	}
	sum := 0.0
	for k, x := range w {
		if !(x >= 0 && x <= maxCost) {
			return 0, fmt.Errorf("ot: weight %s[%d] = %v: weights must be finite and at least 0", name, k, x)
		}
		sum += x
	}
	if sum == 0 {
		return 0, fmt.Errorf("ot: weights %s are all 0: there is no mass to transport", name)
	}
	return sum, nil
}

// checkProblem verifies weights and cost; sameMass asks for equal sums.
func checkProblem(a, b, cost []float64, sameMass bool) (sumA, sumB float64, err error) {
	if sumA, err = checkWeights("a", a); err != nil {
		return
	}
	if sumB, err = checkWeights("b", b); err != nil {
		return
	}
	if sameMass && math.Abs(sumA-sumB) > 1e-6*math.Max(sumA, sumB) {
		err = fmt.Errorf("ot: weights a sum to %g and b to %g: a balanced plan needs equal sums (divide each by its sum)", sumA, sumB)
		return
	}
	err = checkCost(cost, len(a), len(b))
	return
}

// support drops the rows and columns without weight: it returns the kept indices, weights and costs.
func support(a, b, cost []float64) (rows, cols []int, wa, wb, c []float64) {
	keep := func(w []float64) (idx []int, kept []float64) {
		for i, x := range w {
			if x > 0 {
				idx, kept = append(idx, i), append(kept, x)
			}
		}
		return
	}
	rows, wa = keep(a)
	cols, wb = keep(b)
	if len(rows) == len(a) && len(cols) == len(b) {
		return rows, cols, wa, wb, cost
	}
	c = make([]float64, 0, len(rows)*len(cols))
	for _, i := range rows {
		for _, j := range cols {
			c = append(c, cost[i*len(b)+j])
		}
	}
	return
}
