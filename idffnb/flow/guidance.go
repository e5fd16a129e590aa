package flow

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/solver"
)

// guidedField is classifier-free guidance of another field.
type guidedField struct {
	of       Field
	scale    float64
	from, to float64 // times between which it guides
}

// guidedNoisyField is a guidedField of a Noisy one.
type guidedNoisyField struct{ guidedField }

// guided is a field that stands on another one.
type guided interface{ guides() Field }

// Guided is classifier-free guidance: with w the field as the network gives it on its condition, w(x | c), and on none, w(x),
//
//	w_s(x | c) = w(x) + s ( w(x | c) - w(x) )
//
// for networks trained with dropped conditions. s = 0 samples without the condition and s = 1 with it, each for the cost of the field alone; at every other s an evaluation
// costs two. s > 1 goes beyond: samples keep to what tells their class from the others, and vary less. They are then of no path that the network was trained on;
// the paper's own weight is s - 1.
//
// It composes with every field here. The fields of IDFF are linear in what the network predicts (end point, velocity, score and their derivatives), so guiding the field
// and making it from guided predictions are the same. Of a field with noise the drift is guided and the noise stays.
//
// Ho and Salimans, Classifier-Free Diffusion Guidance, arXiv 2207.12598; for flows: Zheng et al., Guided Flows, arXiv 2311.13443.
func Guided(field Field, scale float64) Field { return GuidedWithin(field, scale, 0, 1) }

// GuidedWithin guides only at times from <= t <= to, and elsewhere samples with the condition, for the cost of the field alone: a limited interval
// (Kynkäänniemi et al., arXiv 2404.07724). Adaptive solvers compute their times, and every evaluation costs two all the same; learned schedules cannot have an interval.
func GuidedWithin(field Field, scale, from, to float64) Field {
	g := guidedField{field, scale, from, to}
	if _, ok := field.(Noisy); ok {
		return guidedNoisyField{g}
	}
	return g
}

// Name implements Field, e.g. "CFM guided ×2".
func (f guidedField) Name() string {
	name := fmt.Sprintf("%s guided ×%g", f.of.Name(), f.scale)
	if !f.always() {
		name += fmt.Sprintf(" for t in [%g, %g]", f.from, f.to)
	}
	return name
}

// String is everything that the field depends on.
func (f guidedField) String() string {
	return fmt.Sprintf("guided ×%v in [%v, %v] of %T %+v", f.scale, f.from, f.to, f.of, f.of)
}

func (f guidedField) always() bool { return f.from == 0 && f.to == 1 }

// During is the field that it is at time t: guided, or outside the times between which it guides the field on its condition.
func (f guidedField) During(t float64) Field {
	switch {
	case f.always():
		return f
	case t < f.from || t > f.to:
		return f.of
	}
	return guidedField{f.of, f.scale, 0, 1}
}

// guides is the field that is guided.
func (f guidedField) guides() Field { return f.of }

// Unguided is the field that is guided, and a field that is not guided itself.
func Unguided(f Field) Field {
	for g, ok := f.(guided); ok; g, ok = f.(guided) {
		f = g.guides()
	}
	return f
}

// Factors implements Field: those of the field, and the scale.
func (f guidedField) Factors() []float64 {
	return append(append([]float64{}, f.of.Factors()...), f.scale)
}

// graphKey identifies the graph without its factors, as that of the field does. Scales 0 and 1 have graphs of their own, which evaluate the field once.
func (f guidedField) graphKey() string {
	of, key := GraphKey(f.of), "guided"
	if of == "" {
		return ""
	}
	if f.scale == 0 || f.scale == 1 {
		key = fmt.Sprintf("guided ×%g", f.scale)
	}
	return fmt.Sprintf("%s in [%v, %v]: %s", key, f.from, f.to, of)
}

// Check implements Checker.
func (f guidedField) Check(times []float64, path Path) error {
	switch {
	case f.of == nil:
		return fmt.Errorf("flow: guidance of no field: give one, e.g. flow.Guided(flow.CFM(), 2)")
	case math.IsNaN(f.scale) || math.IsInf(f.scale, 0):
		return fmt.Errorf("flow: guidance scale %g: it must be a finite number; 1 samples with the condition, more goes beyond", f.scale)
	case !(f.from >= 0 && f.from < f.to && f.to <= 1):
		return fmt.Errorf("flow: guidance for t in [%g, %g]: want 0 <= from < to <= 1; t runs from noise to data", f.from, f.to)
	}
	if _, ok := f.of.(guided); ok {
		return fmt.Errorf("flow: %s is guided already: guide the field once, with the product of the scales", f.of.Name())
	}
	if c, ok := f.of.(Checker); ok {
		return c.Check(times, path)
	}
	return nil
}

// Velocity implements Field.
func (f guidedField) Velocity(m *Model, at Point, factors []*Node) *Node {
	factors, scale := factors[:len(factors)-1], factors[len(factors)-1]
	computed := !f.always() && at.T.MayBeOne()
	if f.scale == 1 || !f.always() && !computed && (at.T.Number() < f.from || at.T.Number() > f.to) {
		return f.of.Velocity(m, at, factors)
	}
	if computed {
		t := at.T.As(scale)
		inside := LogicalAnd(GreaterOrEqual(t, ConstAs(t, f.from)), LessOrEqual(t, ConstAs(t, f.to)))
		scale = Where(inside, scale, OnesLike(scale))
	}
	null := m.Null()
	without := f.of.Velocity(null, at, factors)
	m.Meter.Forwards += null.Meter.Forwards
	m.Meter.Backwards += null.Meter.Backwards
	m.Meter.Equivalents += null.Meter.Equivalents
	if f.scale == 0 && !computed {
		return without
	}
	with := f.of.Velocity(m, at, factors)
	return Add(without, Mul(scale, Sub(with, without)))
}

// Diffusion implements Noisy.
func (f guidedNoisyField) Diffusion(at solver.Time, factors []*Node) *Node {
	return f.of.(Noisy).Diffusion(at, factors[:len(factors)-1])
}

// WithNull gives the model its network without the condition, for guidance.
func (m *Model) WithNull(null *Model) *Model {
	m.null = null
	return m
}

// Null is the network without its condition, with a meter of its own that starts at 0. It panics where there is none.
func (m *Model) Null() *Model {
	if m.null == nil {
		panic(fmt.Errorf("flow: guidance needs a network that was also trained without its condition: set DropCond of the experiment, e.g. to 0.1, on data with conditions"))
	}
	null := *m.null
	null.Meter = solver.Meter{}
	return &null
}
