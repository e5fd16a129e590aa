package idffnb

import (
	"fmt"
	"slices"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Velocity evaluates a field at points x, row-major [n, dim], and time t in [0, 1], without integrating it: for figures of
// fields and of momentum. Fields that look back at a trajectory's start take x for it. Options give the condition, WithLabel, WithLabels or WithCond; without, conditions
// are drawn from the data, where it has some, with the seed of WithSeed.
func (r *Run) Velocity(x []float32, t float64, field flow.Field, options ...SampleOption) ([]float32, error) {
	dim := r.exp.Data.Dim()
	if len(x) == 0 || len(x)%dim != 0 {
		return nil, fmt.Errorf("idffnb: %s: velocity: %d values given, want points of size %d", r.exp.Name, len(x), dim)
	}
	if !(t >= 0 && t <= 1) {
		return nil, fmt.Errorf("idffnb: %s: time %g is outside [0, 1]", r.exp.Name, t)
	}
	out, err := r.sample(len(x)/dim, field, instant{t}, append(slices.Clip(options), WithStart(x), WithShrink(1))...) // x is no start to shrink
	if err != nil {
		return nil, err
	}
	return out.X, nil
}

// MustVelocity is Velocity for notebooks.
func (r *Run) MustVelocity(x []float32, t float64, field flow.Field, options ...SampleOption) []float32 {
	out, err := r.Velocity(x, t, field, options...)
	Must(err)
	return out
}

// instant is a Solver that evaluates the field once and returns it in place of the end state.
type instant struct{ At float64 }

func (s instant) Name() string           { return "velocity" }
func (s instant) String() string         { return fmt.Sprintf("velocity at t = %g", s.At) }
func (s instant) Steps() int             { return 1 }
func (s instant) EvaluatedAt() []float64 { return []float64{s.At} }
func (s instant) Grid() []float64        { return []float64{0, 1} }
func (s instant) Integrate(field solver.Field, x *Node) []*Node {
	return []*Node{x, field(x, solver.At(s.At).InStep(solver.NoStep))}
}
