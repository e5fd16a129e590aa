package ot

import "fmt"

// Solver solves assignment problems one after another and keeps its buffers, so that a training loop that calls it
// every step does not allocate n^2 numbers each time. The zero value is ready. One Solver serves one goroutine.
//
// The method has three stages, each exact about what it hands on:
//
//  1. auction.go: an auction with decreasing epsilon finds column duals v that are nearly optimal;
//  2. auction.go: augmenting row reduction from these v assigns most rows to a column of least reduced cost;
//  3. augment.go: a shortest augmenting path per row that is left makes the assignment optimal.
//
// Any v is a valid start of stages 2 and 3, so the auction changes the time and never the result.
type Solver struct {
	n    int
	cost []float64 // [n, n], filled by Assign
	u, v []float64 // duals of rows and columns

	colOf []int32 // column assigned to a row, -1 when free
	rowOf []int32 // row assigned to a column, -1 when free
	queue []int32 // rows that wait for a column
	left  []int32 // rows that reduceRows leaves free

	w, dist  []float64 // augment: v with settled columns at -Inf, and tentative distances
	pred     []int32   // augment: row from which a column was reached
	settled  []int32   // augment: columns whose distance is final
	settledD []float64 // augment: and these distances
}

// Assign returns the permutation that minimises
//
//	sum_i |x0_i - x1_perm(i)|^2
//
// for two clouds of equal size, shape [n, dim] row-major: the exact optimal-transport coupling of a batch (Tong et
// al., Improving and generalizing flow-based generative models with minibatch optimal transport, TMLR 2024, arXiv
// 2302.00482). Among several optimal permutations it returns always the same one. Time grows about as n^2 log n on
// clouds in the plane; memory is 8 n^2 bytes.
//
// It fails on clouds that are empty or of unequal size, a length that is no multiple of dim, and NaN or Inf.
func Assign(x0, x1 []float32, dim int) (perm []int, err error) {
	return new(Solver).Assign(x0, x1, dim)
}

// AssignCost returns the permutation that minimises sum_i cost[i, perm(i)] for the dense cost matrix [n, n] row-major.
// It fails on n < 1, a cost of another length, and entries that are not finite.
func AssignCost(cost []float64, n int) (perm []int, err error) {
	return new(Solver).AssignCost(cost, n)
}

// Assign is the function Assign with the buffers of s.
func (s *Solver) Assign(x0, x1 []float32, dim int) (perm []int, err error) {
	n, err := checkCloud("x0", x0, dim)
	if err != nil {
		return nil, err
	}
	m, err := checkCloud("x1", x1, dim)
	if err != nil {
		return nil, err
	}
	if n != m {
		return nil, fmt.Errorf("ot: x0 has %d points and x1 has %d: an assignment needs equal sizes (EMD takes any)", n, m)
	}
	s.cost = grow(s.cost, n*n)
	fillSquaredDistances(s.cost, x0, x1, dim)
	return s.solve(s.cost, n), nil
}

// AssignCost is the function AssignCost with the buffers of s. It does not change cost.
func (s *Solver) AssignCost(cost []float64, n int) (perm []int, err error) {
	if n < 1 {
		return nil, fmt.Errorf("ot: n = %d: an assignment needs at least one row", n)
	}
	if err := checkCost(cost, n, n); err != nil {
		return nil, err
	}
	return s.solve(cost, n), nil
}

// Duals returns copies of the dual variables of the last call: up to rounding u_i + v_j <= cost_ij everywhere, with
// equality on the assigned pairs, which proves the assignment optimal (complementary slackness).
func (s *Solver) Duals() (u, v []float64) {
	return append([]float64(nil), s.u...), append([]float64(nil), s.v...)
}

func (s *Solver) solve(cost []float64, n int) []int {
	s.resize(n)
	s.startDuals(cost)
	for _, i := range s.reduceRows(cost) {
		s.augment(cost, int(i))
	}
	perm := make([]int, n)
	for i, j := range s.colOf {
		perm[i] = int(j)
		s.u[i] = cost[i*n+int(j)] - s.v[j]
	}
	return perm
}

func (s *Solver) resize(n int) {
	s.n = n
	for _, b := range []*[]float64{&s.u, &s.v, &s.w, &s.dist, &s.settledD} {
		*b = grow(*b, n)
	}
	for _, b := range []*[]int32{&s.colOf, &s.rowOf, &s.queue, &s.left, &s.pred, &s.settled} {
		*b = grow(*b, n)
	}
}

// grow returns b with length n; its content is not kept.
func grow[T any](b []T, n int) []T {
	if cap(b) < n {
		return make([]T, n)
	}
	return b[:n]
}
