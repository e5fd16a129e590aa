package flow

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
)

// CFMField is conditional flow matching: dx/dt = v, for an x1-network on the straight path (xhat1 - x)/(1 - t).
// One forward pass an evaluation.
type CFMField struct{}

// CFM is the field of conditional flow matching (arXiv 2210.02747).
func CFM() CFMField { return CFMField{} }

// Name implements Field.
func (CFMField) Name() string { return "CFM" }

// Factors implements Field.
func (CFMField) Factors() []float64 { return nil }

// graphKey identifies the graph.
func (CFMField) graphKey() string { return "cfm" }

// Velocity implements Field.
func (CFMField) Velocity(m *Model, at Point, _ []*Node) *Node {
	return m.Predict(at, 0).Velocity
}

// ReleasedCFMField is the column that IDFF's released code calls CFM: dx/dt = xhat1(x_t, t) - x0 with the path's own start
// x0. It is not CFM (the velocity along a trajectory of the marginal flow is (xhat1 - x)/(1 - t)), and it is worse.
type ReleasedCFMField struct{}

// ReleasedCFM is what the released code of IDFF compares itself with.
func ReleasedCFM() ReleasedCFMField { return ReleasedCFMField{} }

// Name implements Field.
func (ReleasedCFMField) Name() string { return "released CFM" }

// Factors implements Field.
func (ReleasedCFMField) Factors() []float64 { return nil }

// Check implements Checker.
func (ReleasedCFMField) Check(_ []float64, path Path) error {
	return checkLine(path, "the released CFM")
}

// graphKey identifies the graph.
func (ReleasedCFMField) graphKey() string { return "released cfm" }

// Velocity implements Field.
func (ReleasedCFMField) Velocity(m *Model, at Point, _ []*Node) *Node {
	return Sub(m.Predict(at, 0).X1, at.Start)
}
