package solver

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// Scheduled is a fixed explicit linear multistep method with a time grid and weights of its own, the form of sampler that package idffnb learns:
//
//	v_k = f(x_k, t_k),   x_{k+1} = x_k + (t_{k+1} - t_k) sum_{j<=k} w_kj v_j,   k = 0 .. K-1
//
// Evaluations of earlier steps are used again at no cost. With w_kk = 1 and nothing else it is Euler's method on the grid. Times
// and weights are factors: other schedules of the same form need no compiling. Bespoke non-stationary solvers (arXiv 2403.01329) have
// the same form.
type Scheduled struct {
	Label   string      // names it in tables, e.g. "learned"; empty means "scheduled"
	Times   []float64   // t_0 = 0 < t_1 < ... < t_K = 1
	Weights [][]float64 // row k: w_kk alone, or w_k0 .. w_kk; nil: Euler
	Of      string      // the network it was learned for, which others refuse; empty: any
}

// EulerOn is Euler's method on the given times, 0 to 1.
func EulerOn(times ...float64) Scheduled { return Scheduled{Label: "euler on grid", Times: times} }

// Name implements Solver.
func (s Scheduled) Name() string {
	if s.Label == "" {
		return "scheduled"
	}
	return s.Label
}

// Steps implements Fixed.
func (s Scheduled) Steps() int { return len(s.Times) - 1 }

// Grid implements Solver.
func (s Scheduled) Grid() []float64 { return s.Times }

// String gives the label and the steps, e.g. "learned x3".
func (s Scheduled) String() string { return fmt.Sprintf("%s x%d", s.Name(), s.Steps()) }

// Check says in one line what is wrong with the schedule, or nil.
func (s Scheduled) Check() error {
	steps := s.Steps()
	if err := checkGrid(s.Name(), s.Times); err != nil {
		return err
	}
	if s.Weights != nil && len(s.Weights) != steps {
		return fmt.Errorf("solver: %s has %d rows of weights for %d steps", s.Name(), len(s.Weights), steps)
	}
	for k, row := range s.Weights {
		if len(row) != 1 && len(row) != k+1 {
			return fmt.Errorf("solver: %s: step %d has %d weights, want 1, or %d with those of earlier steps", s.Name(), k, len(row), k+1)
		}
		for _, w := range row {
			if math.IsNaN(w) || math.IsInf(w, 0) {
				return fmt.Errorf("solver: %s: step %d has the weight %g: it must be a finite number", s.Name(), k, w)
			}
		}
	}
	return nil
}

// rows is the number of weights of each step.
func (s Scheduled) rows() []int {
	rows := make([]int, s.Steps())
	for k := range rows {
		rows[k] = 1
		if s.Weights != nil {
			rows[k] = len(s.Weights[k])
		}
	}
	return rows
}

// graphKey identifies the graph without its factors.
func (s Scheduled) graphKey() string { return fmt.Sprintf("scheduled %v", s.rows()) }

// Factors implements Tunable: the times between 0 and 1, then the weights row by row.
func (s Scheduled) Factors() []float64 {
	factors := append([]float64{}, s.Times[1:s.Steps()]...)
	for k := range s.Steps() {
		if s.Weights == nil {
			factors = append(factors, 1)
		} else {
			factors = append(factors, s.Weights[k]...)
		}
	}
	return factors
}

// Integrate implements Fixed.
func (s Scheduled) Integrate(field Field, x *graph.Node) []*graph.Node {
	if err := s.Check(); err != nil {
		panic(err)
	}
	factors := make([]*graph.Node, 0, len(s.Times))
	for _, f := range s.Factors() {
		factors = append(factors, graph.Scalar(x.Graph(), x.DType(), f))
	}
	return s.IntegrateWith(factors, field, x)
}

// IntegrateWith implements Tunable.
func (s Scheduled) IntegrateWith(factors []*graph.Node, field Field, x *graph.Node) []*graph.Node {
	field = alike(field)
	steps := s.Steps()
	inner, weights := factors[:steps-1], factors[steps-1:]
	at := func(k int) Time {
		switch k {
		case 0:
			return At(0)
		case steps:
			return At(1)
		}
		return AtNode(inner[k-1])
	}
	states, slopes := []*graph.Node{x}, []*graph.Node{}
	for k, row := range s.rows() {
		now := at(k).InStep(k)
		if row == 1 { // else earlier evaluations have a part in the step
			now = now.Until(at(k + 1))
		}
		slopes = append(slopes, field(x, now))
		var sum *graph.Node
		for j, w := range weights[:row] {
			term := graph.Mul(w, slopes[k+1-row+j])
			if sum == nil {
				sum = term
			} else {
				sum = graph.Add(sum, term)
			}
		}
		weights = weights[row:]
		dt := graph.Sub(at(k+1).As(x), at(k).As(x))
		x = graph.Add(x, graph.Mul(dt, sum))
		states = append(states, x)
	}
	return states
}
