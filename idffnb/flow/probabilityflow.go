package flow

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
)

// ProbabilityFlowField is the equation without noise that has the marginals p_t of the bridge, for networks whose velocity is the drift of a diffusion (objectives x1score and x1start):
//
//	dx/dt = v - 1/2 sigma0^2 s,   v = (xhat1 - x)/(1-t)
//
// with s = grad log p_t, from the score head. It is StochasticField with g = 0, which see for why, as a field without noise, so that every solver integrates it. CFM on such a network integrates the drift v and leaves its noise
// sigma0 dW out: samples come out too near to each other, for Gaussian data of standard deviation .3 and sigma0 = .2 by a tenth (.271), for .6 and .5 by a quarter (.449). One forward pass an evaluation. At t = 0 the head says
// nothing and is taken as 0, as in StochasticField.
type ProbabilityFlowField struct {
	Bridge float64 // noise sigma0 of the bridge that the network was trained on
}

// ProbabilityFlow is the probability flow of networks that were trained with X1Score or X1Start on Bridge(sigma0). Where the velocity is the probability flow itself, on the straight path or with VelocityScore, that is CFM.
func ProbabilityFlow(sigma0 float64) ProbabilityFlowField { return ProbabilityFlowField{sigma0} }

// Name implements Field.
func (f ProbabilityFlowField) Name() string { return "probability flow" }

// Factors implements Field: the noise of the bridge.
func (f ProbabilityFlowField) Factors() []float64 { return []float64{f.Bridge} }

// graphKey identifies the graph without its factors.
func (f ProbabilityFlowField) graphKey() string { return "probability flow" }

// Check implements Checker.
func (f ProbabilityFlowField) Check(_ []float64, path Path) error {
	return checkNoisyPath(f.Bridge, path)
}

func (f ProbabilityFlowField) checkObjective(o Objective, path Path) error {
	if o.driftNoise(path) == 0 {
		return fmt.Errorf("flow: with %v on %v the velocity is the probability flow already: use flow.CFM()", o, path)
	}
	if noise := o.driftNoise(path); o.givesScore(path) && noise != f.Bridge {
		return fmt.Errorf("flow: this probability flow is of a bridge of noise %g, and the network was trained with %v on %v: use flow.ProbabilityFlow(%g)", f.Bridge, o, path, noise)
	}
	return checkDrift(f.Bridge, o, path)
}

// Velocity implements Field.
func (f ProbabilityFlowField) Velocity(m *Model, at Point, factors []*Node) *Node {
	out := m.Predict(at, 0)
	return Sub(out.Velocity, Mul(MulScalar(Square(factors[0]), .5), out.Score))
}
