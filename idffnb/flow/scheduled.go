package flow

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/solver"
)

// ScheduledField is IDFF with factors of its own at each step k of a solver.Scheduled, the form of field that package idffnb learns:
//
//	w_k = v + s^2 t(1-t) ( (2 gamma_k1 - 1)/2 D1 + sum_{i>=2} gamma_ki D_i )
//
// with D_i the nested gradients of xhat1 and s = 1 as in ReleasedField, or, Written, D1 the true score, D_i its derivatives and
// s = sigma0 as in WrittenField. Their common factor sqrt(1 - sum gamma sigma_t^2) is left out: the solver's weights scale each step.
// gamma_k1 = 1/2 and zeros leave CFM.
//
// An evaluation costs 2^K forward-equivalents for K = order, 2^(K-1) if Written, and one at t = 0, where the terms vanish.
type ScheduledField struct {
	Written bool
	Gamma   [][]float64 // row k: gamma_1 .. gamma_K at step k; the first row, where the terms vanish, counts for nothing
}

// Name implements Field, e.g. "IDFF order 1, γ by step".
func (f ScheduledField) Name() string {
	kind := "IDFF"
	if f.Written {
		kind = "IDFF as written"
	}
	return fmt.Sprintf("%s order %d, γ by step", kind, f.order())
}

func (f ScheduledField) order() int {
	if len(f.Gamma) == 0 {
		return 0
	}
	return len(f.Gamma[0])
}

// Factors implements Field: the gammas, row by row.
func (f ScheduledField) Factors() []float64 {
	var all []float64
	for _, row := range f.Gamma {
		all = append(all, row...)
	}
	return all
}

// graphKey identifies the graph without its factors.
func (f ScheduledField) graphKey() string {
	return fmt.Sprintf("scheduled order %d, %d steps, written %t", f.order(), len(f.Gamma), f.Written)
}

// Check implements Checker.
func (f ScheduledField) Check(_ []float64, path Path) error {
	if f.order() == 0 {
		return fmt.Errorf("flow: a scheduled field without gamma: give a row of factors for each step; without momentum use flow.CFM()")
	}
	for k, row := range f.Gamma {
		if len(row) != f.order() {
			return fmt.Errorf("flow: step %d has %d gammas, and step 0 has %d: want as many at each step", k, len(row), f.order())
		}
		for i, g := range row {
			if math.IsNaN(g) || math.IsInf(g, 0) {
				return fmt.Errorf("flow: gamma_%d of step %d is %g: it must be a finite number", i+1, k, g)
			}
		}
	}
	return checkLine(path, f.Name())
}

// CheckSteps says in one line why the field cannot be sampled in that many steps, or nil; 0 stands for steps that are not known beforehand.
func (f ScheduledField) CheckSteps(steps int) error {
	switch steps {
	case len(f.Gamma):
		return nil
	case 0:
		return fmt.Errorf("flow: %s has factors for each of %d steps, and here is no such step: sample it with the solver.Scheduled that they were learned with", f.Name(), len(f.Gamma))
	}
	return fmt.Errorf("flow: %s has factors for %d steps, and the solver takes %d", f.Name(), len(f.Gamma), steps)
}

// Velocity implements Field. It takes the factors of the solver's step that asks.
func (f ScheduledField) Velocity(m *Model, at Point, factors []*Node) *Node {
	if at.T.Step == solver.NoStep || at.T.Step >= len(f.Gamma) {
		panic(f.CheckSteps(at.T.Step + 1))
	}
	if at.T.Is(0) || at.T.Is(1) {
		return m.Predict(at, 0).Velocity
	}
	order := f.order()
	gamma := factors[at.T.Step*order:][:order]
	if !f.Written {
		out := m.Predict(at, order)
		return Add(out.Velocity, releasedTerms(out.X1, at, gamma))
	}
	out := m.Predict(at, order-1)
	return Add(out.Velocity, MulScalar(writtenTerms(out.Score, at, gamma), DefaultSigma0*DefaultSigma0))
}
