package flow

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
)

// WrittenField is IDFF as the paper writes it, with the true score. With v = (xhat1 - x)/(1-t), sigma_t^2 = sigma0^2 t(1-t)
// and K = len(Gamma):
//
//	D1 = grad log p_t(x),   D_{i+1} = grad sum(D_i)
//	w  = sqrt(1 - sum_i gamma_i sigma_t^2) v + sigma_t^2 ( (2 gamma_1 - 1)/2 D1 + sum_{i>=2} gamma_i D_i )
//
// The score is the network's own head where it was trained with one, else ScoreFromX1 on the straight path from N(0, I) with independent coupling; either
// way it needs no differentiation, so an evaluation costs 2^(K-1) forward-equivalents, and one at t = 0 and t = 1,
// where sigma_t vanishes.
//
// gamma_1 = 1/2 leaves CFM, scaled by the root. This field adds no noise: where v is the probability flow, on the straight path and with VelocityScore, it climbs the score with gamma_1 above 1/2 and
// gives colder samples than the data, not the same distribution; below 1/2, hotter ones. On a bridge of noise sigma0 an end point's v is the drift of a diffusion, the probability flow and
// sigma0^2/2 D1 beside it, so that gamma_1 = 1/2 is colder already: see ProbabilityFlow.
type WrittenField struct {
	Gamma  []float64 // gamma_1 .. gamma_K; the number given is the order
	Sigma0 float64   // bridge noise; 0 means 0.2
}

// IDFFWritten is the field as written, of order len(gamma), with sigma0 = 0.2.
func IDFFWritten(gamma ...float64) WrittenField { return WrittenField{Gamma: gamma} }

// Name implements Field, e.g. "IDFF as written γ=1".
func (f WrittenField) Name() string { return "IDFF as written " + gammaLabel(f.Gamma) }

// Factors implements Field: gamma_1 .. gamma_K, sigma0.
func (f WrittenField) Factors() []float64 {
	return append(append([]float64{}, f.Gamma...), noiseOrDefault(f.Sigma0))
}

// graphKey identifies the graph without its factors.
func (f WrittenField) graphKey() string { return fmt.Sprintf("written order %d", len(f.Gamma)) }

// Check implements Checker.
func (f WrittenField) Check(times []float64, path Path) error {
	if err := checkLine(path, "IDFF as written"); err != nil {
		return err
	}
	return checkGamma(f.Gamma, noiseOrDefault(f.Sigma0), times)
}

// Velocity implements Field.
func (f WrittenField) Velocity(m *Model, at Point, factors []*Node) *Node {
	gamma, sigma0 := factors[:len(factors)-1], factors[len(factors)-1]
	if at.T.Is(0) || at.T.Is(1) {
		return m.Predict(at, 0).Velocity
	}
	out := m.Predict(at, len(gamma)-1)
	terms := writtenTerms(out.Score, at, gamma)
	return Add(Mul(momentumRoot(gamma, sigma0, at.T), out.Velocity), Mul(Square(sigma0), terms))
}

// writtenTerms is t(1-t) ( (2 gamma_1 - 1)/2 D1 + sum_{i>=2} gamma_i D_i ) with D1 the score, which must not be nil.
func writtenTerms(score *Node, at Point, gamma []*Node) *Node {
	if score == nil {
		panic(fmt.Errorf("flow: IDFF as written needs the score: train with flow.X1Score() or flow.X1Start(), or on the straight path from N(0, I) with independent coupling"))
	}
	terms := Mul(AddScalar(gamma[0], -0.5), score)
	for i, d := range Derivatives(score, at.X, len(gamma)-1) {
		terms = Add(terms, Mul(gamma[i+1], d))
	}
	return at.T.MulBridge(terms)
}
