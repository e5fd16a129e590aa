package ot

import (
	"fmt"
	"math/rand/v2"
	"sort"
)

// Plan is a transport plan: Mass[i*Cols+j] is what row point i sends to column point j.
type Plan struct {
	Rows, Cols int
	Mass       []float64 // [Rows, Cols] row-major, at least 0
	Cost       float64   // sum of Mass times the cost matrix given (not the normalised one)
	U, V       []float64 // dual potentials of rows and columns, in units of the cost (-Inf where the weight is 0)
	Iterations int       // pivots of EMD, or iterations of the entropic solvers
	Residual   float64   // entropic solvers: the last value of what Entropic.Tol bounds; 0 for EMD
	Converged  bool      // false: MaxIter came first, and Residual says how far off the plan is
}

// Uniform returns n weights of 1/n, or nil for n < 1 (which the solvers report as empty weights).
func Uniform(n int) []float64 {
	if n < 1 {
		return nil
	}
	w := make([]float64, n)
	for i := range w {
		w[i] = 1 / float64(n)
	}
	return w
}

// Sum returns the transported mass: 1 for a balanced plan between probability weights.
func (p *Plan) Sum() float64 {
	sum := 0.0
	for _, x := range p.Mass {
		sum += x
	}
	return sum
}

// Marginals returns the row sums and the column sums of the plan.
func (p *Plan) Marginals() (rows, cols []float64) {
	rows, cols = make([]float64, p.Rows), make([]float64, p.Cols)
	for i := range rows {
		for j, x := range p.Mass[i*p.Cols : (i+1)*p.Cols] {
			rows[i] += x
			cols[j] += x
		}
	}
	return
}

// Sample draws k pairs (i, j) independently with probability Mass[i, j] / Sum, as the mini-batch couplings of Tong et
// al. (arXiv 2302.00482) do. It fails on k < 0, a nil rng, and a plan without mass.
func (p *Plan) Sample(rng *rand.Rand, k int) (i, j []int, err error) {
	if k < 0 {
		return nil, nil, fmt.Errorf("ot: cannot draw %d pairs: ask for 0 or more", k)
	}
	if rng == nil {
		return nil, nil, fmt.Errorf("ot: Sample needs a random source: rand.New(rand.NewPCG(seed, stream))")
	}
	upTo := make([]float64, len(p.Mass)) // cumulated mass
	sum, last := 0.0, -1
	for n, x := range p.Mass {
		sum += x
		upTo[n] = sum
		if x > 0 {
			last = n
		}
	}
	if !(sum > 0) || sum-sum != 0 {
		return nil, nil, fmt.Errorf("ot: cannot draw pairs from a plan of total mass %g", sum)
	}
	i, j = make([]int, k), make([]int, k)
	for n := range k {
		x := rng.Float64() * sum
		at := min(last, sort.Search(len(upTo), func(m int) bool { return upTo[m] > x }))
		i[n], j[n] = at/p.Cols, at%p.Cols
	}
	return i, j, nil
}
