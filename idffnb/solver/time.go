package solver

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Time is when a field is evaluated, in [0, 1]: a number that is known while the graph is built, or, where times are being
// learned or steps are chosen on the way, a scalar of the graph. Formulas are written once for both with the methods.
type Time struct {
	number float64
	node   *graph.Node // nil where the number is known
	rest   *graph.Node // 1 - t, where the solver gives it; nil where the number is known
	next   *Time       // where the step ends; nil where the solver does not say
	Step   int         // the solver's step that asks, from 0; NoStep where steps are not known beforehand
}

// NoStep is the Step of times that belong to no step of a Fixed solver: those of Adaptive ones.
const NoStep = -1

// At is the time t as a number.
func At(t float64) Time { return Time{number: t} }

// AtNode is a time that the graph computes, a scalar strictly between 0 and 1.
func AtNode(t *graph.Node) Time { return Time{node: t} }

// AtNodes is a time in [0, 1] that comes with what is left, rest = 1 - t: scalars that were computed apart, so that neither loses digits near its zero.
func AtNodes(t, rest *graph.Node) Time { return Time{node: t, rest: rest} }

// InStep is the same time, in that step of the solver.
func (t Time) InStep(step int) Time {
	t.Step = step
	return t
}

// Until is the same time, in a step x + dt f(x, t) that ends at next: Euler's, and nothing else.
func (t Time) Until(next Time) Time {
	t.next = &next
	return t
}

// Next is where the step that asks ends, and false for solvers of several stages, or several evaluations looked back on, whose evaluations do not stand for a
// whole step.
func (t Time) Next() (Time, bool) {
	if t.next == nil {
		return Time{}, false
	}
	return *t.next, true
}

// Reversed is 1 - t, the same moment on a clock that runs from data to noise.
func (t Time) Reversed() Time {
	if t.node == nil {
		return Time{number: 1 - t.number, Step: t.Step}
	}
	if t.rest == nil {
		return Time{node: graph.OneMinus(t.node), rest: t.node, Step: t.Step}
	}
	return Time{node: t.rest, rest: t.node, Step: t.Step}
}

// AtMost is the earlier of the time and a limit below 1, for fields that stand still from then on.
func (t Time) AtMost(limit float64) Time {
	if t.node == nil {
		return Time{number: min(t.number, limit), Step: t.Step}
	}
	out := Time{node: graph.MinScalar(t.node, limit), Step: t.Step}
	if t.rest != nil {
		out.rest = graph.MaxScalar(t.rest, 1-limit)
	}
	return out
}

// MayBeOne tells whether the time may be 1 without being known to be.
func (t Time) MayBeOne() bool { return t.node != nil && t.rest != nil }

// Is tells whether the time is known to be that number.
func (t Time) Is(number float64) bool { return t.node == nil && t.number == number }

// Number is the number. It panics for a time that the graph computes.
func (t Time) Number() float64 {
	if t.node != nil {
		panic(fmt.Errorf("solver: this field needs times that are known while the graph is built: learned schedules and adaptive solvers compute theirs, so sample it with a solver of fixed steps, e.g. solver.Midpoint(n)"))
	}
	return t.number
}

// As is the time as a scalar node of x's graph and type.
func (t Time) As(x *graph.Node) *graph.Node {
	if t.node != nil {
		return graph.ConvertDType(t.node, x.DType())
	}
	return graph.Scalar(x.Graph(), x.DType(), t.number)
}

// Rest is 1 - t as a scalar node of x's graph and type.
func (t Time) Rest(x *graph.Node) *graph.Node {
	switch {
	case t.node == nil:
		return graph.Scalar(x.Graph(), x.DType(), 1-t.number)
	case t.rest == nil:
		return graph.OneMinus(t.As(x))
	}
	return graph.ConvertDType(t.rest, x.DType())
}

// Mul is t x.
func (t Time) Mul(x *graph.Node) *graph.Node {
	if t.node == nil {
		return graph.MulScalar(x, t.number)
	}
	return graph.Mul(t.As(x), x)
}

// MulRest is (1-t) x.
func (t Time) MulRest(x *graph.Node) *graph.Node {
	if t.node == nil {
		return graph.MulScalar(x, 1-t.number)
	}
	return graph.Mul(t.Rest(x), x)
}

// DivRest is x/(1-t). The time must not be 1.
func (t Time) DivRest(x *graph.Node) *graph.Node {
	if t.node == nil {
		return graph.DivScalar(x, 1-t.number)
	}
	return graph.Div(x, t.Rest(x))
}

// MulBridge is t(1-t) x, the bridge's variance in units of its noise.
func (t Time) MulBridge(x *graph.Node) *graph.Node {
	if t.node == nil {
		return graph.MulScalar(x, t.number*(1-t.number))
	}
	return t.Mul(t.MulRest(x))
}
