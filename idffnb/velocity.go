package idffnb

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Velocity evaluates a field at points x, row-major [n, dim], and time t in [0, 1], without integrating it: for figures of
// fields and of momentum. Fields that look back at a trajectory's start take x for it.
func (r *Run) Velocity(x []float32, t float64, field flow.Field) ([]float32, error) {
	n := len(x) / r.exp.Data.Dim()
	if !(t >= 0 && t <= 1) {
		return nil, fmt.Errorf("idffnb: %s: time %g is outside [0, 1]", r.exp.Name, t)
	}
	out, err := r.sample(n, field, instant{t}, WithStart(x))
	if err != nil {
		return nil, err
	}
	return out.X, nil
}

// MustVelocity is Velocity for notebooks.
func (r *Run) MustVelocity(x []float32, t float64, field flow.Field) []float32 {
	out, err := r.Velocity(x, t, field)
	Must(err)
	return out
}

// instant is a Solver that evaluates the field once and returns it in place of the end state.
type instant struct{ At float64 }

func (s instant) Name() string     { return "velocity" }
func (s instant) String() string   { return fmt.Sprintf("velocity at t = %g", s.At) }
func (s instant) Steps() int       { return 1 }
func (s instant) Times() []float64 { return []float64{s.At} }
func (s instant) Grid() []float64  { return []float64{0, 1} }
func (s instant) Integrate(field solver.Field, x *Node) []*Node {
	return []*Node{x, field(x, solver.At(s.At).InStep(solver.NoStep))}
}
