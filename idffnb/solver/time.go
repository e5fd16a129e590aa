package solver

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Time is when a field is evaluated, in [0, 1]: a number that is known while the graph is built, or, where times are being
// learned, a scalar that the graph computes. Formulas are written once for both with the methods.
type Time struct {
	number float64
	node   *graph.Node // nil where the number is known
	Step   int         // the solver's step that asks, from 0
}

// At is the time t as a number.
func At(t float64) Time { return Time{number: t} }

// AtNode is a time that the graph computes, a scalar strictly between 0 and 1.
func AtNode(t *graph.Node) Time { return Time{node: t} }

// InStep is the same time, in that step of the solver.
func (t Time) InStep(step int) Time {
	t.Step = step
	return t
}

// Is tells whether the time is known to be that number.
func (t Time) Is(number float64) bool { return t.node == nil && t.number == number }

// Known is the number, and false for a time that the graph computes.
func (t Time) Known() (float64, bool) { return t.number, t.node == nil }

// Number is the number. It panics for a time that the graph computes.
func (t Time) Number() float64 {
	if t.node != nil {
		panic(fmt.Errorf("solver: this field needs times that are known while the graph is built: it cannot be sampled with learned times"))
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
	return graph.Mul(graph.OneMinus(t.As(x)), x)
}

// DivRest is x/(1-t). The time must not be 1.
func (t Time) DivRest(x *graph.Node) *graph.Node {
	if t.node == nil {
		return graph.DivScalar(x, 1-t.number)
	}
	return graph.Div(x, graph.OneMinus(t.As(x)))
}

// MulBridge is t(1-t) x, the bridge's variance in units of its noise.
func (t Time) MulBridge(x *graph.Node) *graph.Node {
	if t.node == nil {
		return graph.MulScalar(x, t.number*(1-t.number))
	}
	return t.Mul(t.MulRest(x))
}
