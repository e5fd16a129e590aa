package flow

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
)

// JVP is the Jacobian-vector product: y = f(x_1, ..., x_n) and its derivative along the tangents,
//
//	dy = sum_i J_i tangent_i,   J_i = dy/dx_i
//
// each tangent shaped as its input, dy shaped as y. All inputs and tangents are of one float type. GoMLX differentiates in reverse only, so this is the
// double VJP (the "double backwards trick"): the VJP g_i(c) = J_i^T c is linear in the cotangent c, and the gradient of sum_i <tangent_i, g_i(c)> in c is dy,
// whatever c is. What c itself would give is not needed, and compilers leave it out.
//
// A slice of an input cannot be differentiated twice in GoMLX (the gradient of a slice is a Pad, which has none): take columns by a matrix product instead.
//
// f must build y from the nodes it is given and from what does not depend on them: an input that also enters by another way counts as a constant there.
func JVP(f func(inputs []*Node) *Node, inputs, tangents []*Node) (y, dy *Node) {
	points := make([]*Node, len(inputs))
	for i, x := range inputs {
		points[i] = Identity(x) // nodes of their own, so that an input computed from another one (x_t from t) is held fixed
	}
	y = f(points)
	cotangent := Identity(StopGradient(y))
	var along *Node
	for i, g := range Gradient(ReduceAllSum(Mul(y, cotangent)), points...) {
		term := ReduceAllSum(Mul(g, tangents[i]))
		if along == nil {
			along = term
		} else {
			along = Add(along, term)
		}
	}
	return y, Gradient(along, cotangent)[0]
}
