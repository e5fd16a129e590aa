package idffnb

import (
	"fmt"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// form lays out the learned numbers theta: the logits of the step sizes, the weights, and the gammas of all steps but the first.
type form struct {
	Learning
	steps int
}

// sizes are the numbers of each kind in theta.
func (f form) sizes() (times, weights, gammas int) {
	if f.Only != "scales" && f.steps > 1 {
		times = f.steps
	}
	for k := range f.steps {
		weights += f.free(k)
	}
	return times, weights, (f.steps - 1) * f.Order
}

// row is the number of weights of step k.
func (f form) row(k int) int {
	if f.Euler {
		return 1
	}
	return k + 1
}

// free is how many of them are learned: none where only the times are, and all but the last, which makes their sum 1, where they are consistent.
func (f form) free(k int) int {
	switch {
	case f.Only == "times":
		return 0
	case f.Weights == WeightsConsistent:
		return f.row(k) - 1
	}
	return f.row(k)
}

// gammaUnit is what one unit of theta is in gamma: 1/sigma0^2 for terms that the field multiplies by sigma0^2, so that all theta move alike.
func (f form) gammaUnit() float64 {
	if f.Written {
		return 1 / (flow.DefaultSigma0 * flow.DefaultSigma0)
	}
	return 1
}

// load is that of a step of learning.
func (f form) load() load {
	return load{Of: fmt.Sprintf("a lesson of %d points", f.Points), Less: "take fewer Points in Learning"}
}

// start is theta for Euler steps on the uniform grid without momentum.
func (f form) start() []float64 {
	at, weights, gammas := f.sizes()
	theta := make([]float64, at+weights+gammas)
	for k := range f.steps {
		if at += f.free(k); f.free(k) == f.row(k) {
			theta[at-1] = 1
		}
	}
	return theta
}

// schedule is what theta stands for.
func (f form) schedule(theta []float64) (times []float64, weights, gamma [][]float64) {
	nTimes, _, _ := f.sizes()
	times = solver.Grid(f.steps)
	if nTimes > 0 {
		sum := 0.
		for _, l := range theta[:nTimes] {
			sum += math.Exp(l)
		}
		for k := range f.steps - 1 {
			times[k+1] = times[k] + math.Exp(theta[k])/sum
		}
	}
	rest := theta[nTimes:]
	for k := range f.steps {
		row, free := make([]float64, f.row(k)), f.free(k)
		row[len(row)-1] = 1
		copy(row, rest[:free])
		for _, w := range row[:free] {
			if free < len(row) {
				row[len(row)-1] -= w
			}
		}
		weights, rest = append(weights, row), rest[free:]
	}
	if f.Order > 0 {
		none := make([]float64, f.Order)
		none[0] = .5
		gamma = append(gamma, none)
		for range f.steps - 1 {
			row := slices.Clone(none)
			for i := range row {
				row[i] += f.gammaUnit() * rest[i]
			}
			gamma, rest = append(gamma, row), rest[f.Order:]
		}
	}
	return times, weights, gamma
}

// factors are the numbers of schedule as nodes, in the order in which the sampler takes them: those of the field, then those of the solver.
func (f form) factors(theta *Node) []*Node {
	nTimes, nWeights, nGammas := f.sizes()
	number := func(v float64) *Node { return Scalar(theta.Graph(), theta.DType(), v) }
	element := func(i int) *Node { return Reshape(SliceAxis(theta, 0, AxisElem(i))) }
	var field, times, weights []*Node
	for k := range f.steps {
		for i := range f.Order {
			none := 0.
			if i == 0 {
				none = .5
			}
			g := number(none)
			if k > 0 {
				g = AddScalar(MulScalar(element(nTimes+nWeights+(k-1)*f.Order+i), f.gammaUnit()), none)
			}
			field = append(field, g)
		}
	}
	if nGammas == 0 {
		field = nil
	}
	grid := solver.Grid(f.steps)
	var shares, t *Node
	if nTimes > 0 {
		shares = Softmax(SliceAxis(theta, 0, AxisRange(0, nTimes)))
		t = number(0)
	}
	for k := 1; k < f.steps; k++ {
		if nTimes == 0 {
			times = append(times, number(grid[k]))
			continue
		}
		t = Add(t, Reshape(SliceAxis(shares, 0, AxisElem(k-1))))
		times = append(times, t)
	}
	for k, i := 0, nTimes; k < f.steps; k++ {
		left := number(1)
		for j := range f.row(k) {
			switch {
			case j < f.free(k):
				weights = append(weights, element(i))
				left = Sub(left, element(i))
				i++
			case j == f.row(k)-1:
				weights = append(weights, left)
			default:
				weights = append(weights, number(0))
			}
		}
	}
	return append(append(field, times...), weights...)
}
