package metric

import (
	"fmt"
	"math"

	"github.com/idff-go/workbench/idffnb/ot"
)

// W2 returns the exact Wasserstein-2 distance between the clouds x [n, dim] and y [m, dim] with equal weights,
//
//	W2 = sqrt( min_P sum_ij P_ij |x_i - y_j|^2 ),   P >= 0 with row sums 1/n and column sums 1/m
//
// (Peyre and Cuturi, Computational Optimal Transport, 2019, section 2.4), in the unit of the data. Equal sizes are an
// assignment (ot.Assign), others a transport problem (ot.EMD). For equal distributions it is not 0 but falls slowly with n: compare
// with the Floor. Memory is 8 n m bytes; more than 1 GiB is refused, SlicedW2 goes further.
//
// It fails on clouds that are empty, a length that is no multiple of dim, and NaN or Inf.
func W2(x, y []float32, dim int) (float64, error) {
	cost, err := transportCost(x, y, dim, ot.SquaredDistances)
	return math.Sqrt(cost), err
}

// W1 returns the exact Wasserstein-1 distance, min_P sum_ij P_ij |x_i - y_j|. Otherwise as W2.
func W1(x, y []float32, dim int) (float64, error) {
	return transportCost(x, y, dim, ot.Distances)
}

const maxPairs = 1 << 27 // entries of a cost matrix: 1 GiB

func transportCost(x, y []float32, dim int, costs func(x, y []float32, dim int) ([]float64, error)) (float64, error) {
	n, m, err := checkClouds(x, y, dim)
	if err != nil {
		return 0, err
	}
	if n > maxPairs/m {
		return 0, fmt.Errorf("metric: exact transport of %d to %d points takes more than 1 GiB: take fewer points, or SlicedW2", n, m)
	}
	cost, err := costs(x, y, dim)
	if err != nil {
		return 0, fmt.Errorf("metric: %w", err)
	}
	if n != m {
		plan, err := ot.EMD(ot.Uniform(n), ot.Uniform(m), cost)
		if err != nil {
			return 0, fmt.Errorf("metric: %w", err)
		}
		return max(0, plan.Cost), nil
	}
	perm, err := ot.AssignCost(cost, n)
	if err != nil {
		return 0, fmt.Errorf("metric: %w", err)
	}
	sum := 0.0
	for i, j := range perm {
		sum += cost[i*n+j]
	}
	return sum / float64(n), nil
}
