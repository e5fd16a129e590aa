package flow

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
)

// SumGradient is grad_x of the sum of the components of y, J^T 1 for the Jacobian J = dy/dx: one reverse pass (VJP). The
// rows of a batch must not depend on each other (no batch normalisation), or the gradient mixes them.
func SumGradient(y, x *Node) *Node {
	return Gradient(ReduceAllSum(y), x)[0]
}

// Derivatives are the derivative terms of IDFF as released, from the predicted end point y = xhat1(x, t):
//
//	D1 = grad sum(y),  D2 = grad sum(D1),  D3 = grad sum(D2), ...
//
// each [batch, dim], by nested reverse passes: each doubles the floating-point operations of what is below it.
func Derivatives(y, x *Node, order int) []*Node {
	terms := make([]*Node, order)
	for i := range terms {
		y = SumGradient(y, x)
		terms[i] = y
	}
	return terms
}
