package flow

import (
	"fmt"
	"math"
	"strings"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/solver"
)

// ReleasedField is IDFF as its authors released it for 2-D data. With v = (xhat1 - x)/(1-t), sigma_t^2 = sigma0^2 t(1-t),
// D_i of Derivatives and K = len(Gamma):
//
//	w = sqrt(1 - sum_i gamma_i sigma_t^2) v + t(1-t) ( (2 gamma_1 - 1)/2 D1 + sum_{i>=2} gamma_i D_i )
//	w = xhat1 - x            at t = 0
//	w = (xhat1 - x)/0.01     at t = 1
//
// An evaluation costs one forward pass at t = 0 and t = 1, and 2^K forward-equivalents between.
type ReleasedField struct {
	Gamma  []float64 // gamma_1 .. gamma_K; the number given is the order, trailing zeros included
	Sigma0 float64   // bridge noise under the root; 0 means 0.2
}

// IDFF is the released field of order len(gamma) with sigma0 = 0.2.
func IDFF(gamma ...float64) ReleasedField { return ReleasedField{Gamma: gamma} }

// Name implements Field, e.g. "IDFF γ=(0.5, -0.2)".
func (f ReleasedField) Name() string { return "IDFF " + gammaLabel(f.Gamma) }

// Factors implements Field: gamma_1 .. gamma_K, sigma0.
func (f ReleasedField) Factors() []float64 {
	return append(append([]float64{}, f.Gamma...), noiseOrDefault(f.Sigma0))
}

// graphKey identifies the graph without its factors.
func (f ReleasedField) graphKey() string { return fmt.Sprintf("released order %d", len(f.Gamma)) }

// Check implements Checker.
func (f ReleasedField) Check(times []float64, path Path) error {
	if err := checkLine(path, "IDFF"); err != nil {
		return err
	}
	return checkGamma(f.Gamma, noiseOrDefault(f.Sigma0), times)
}

// Velocity implements Field.
func (f ReleasedField) Velocity(m *Model, at Point, factors []*Node) *Node {
	if at.T.Is(0) || at.T.Is(1) {
		return m.Predict(at, 0).Velocity
	}
	gamma, sigma0 := factors[:len(factors)-1], factors[len(factors)-1]
	out := m.Predict(at, len(gamma))
	w := Mul(momentumRoot(gamma, sigma0, at.T), out.Velocity)
	return Add(w, releasedTerms(out.X1, at, gamma))
}

// releasedTerms is t(1-t) ( (2 gamma_1 - 1)/2 D1 + sum_{i>=2} gamma_i D_i ).
func releasedTerms(x1 *Node, at Point, gamma []*Node) *Node {
	terms := ZerosLike(at.X)
	for i, d := range Derivatives(x1, at.X, len(gamma)) {
		factor := gamma[i]
		if i == 0 {
			factor = AddScalar(gamma[0], -0.5)
		}
		terms = Add(terms, Mul(factor, d))
	}
	return at.T.MulBridge(terms)
}

// MomentumField is the momentum alone, what IDFF as released adds to the scaled velocity: the red arrows of the paper's
// Fig. 2A. It is zero at t = 0 and t = 1.
type MomentumField struct{ Of ReleasedField }

// Momentum is the momentum term of a released field, for figures.
func Momentum(f ReleasedField) MomentumField { return MomentumField{f} }

// Name implements Field.
func (f MomentumField) Name() string { return "momentum of " + f.Of.Name() }

// Factors implements Field.
func (f MomentumField) Factors() []float64 { return f.Of.Factors() }

// Check implements Checker.
func (f MomentumField) Check(times []float64, path Path) error { return f.Of.Check(times, path) }

// graphKey identifies the graph without its factors.
func (f MomentumField) graphKey() string { return "momentum of " + f.Of.graphKey() }

// Velocity implements Field.
func (f MomentumField) Velocity(m *Model, at Point, factors []*Node) *Node {
	if at.T.Is(0) || at.T.Is(1) {
		return ZerosLike(at.X)
	}
	gamma := factors[:len(factors)-1]
	return releasedTerms(m.Predict(at, len(gamma)).X1, at, gamma)
}

// momentumRoot is sqrt(1 - sum_i gamma_i sigma_t^2) with sigma_t^2 = sigma0^2 t(1-t), a scalar node.
func momentumRoot(gamma []*Node, sigma0 *Node, t solver.Time) *Node {
	sum := gamma[0]
	for _, g := range gamma[1:] {
		sum = Add(sum, g)
	}
	return Sqrt(OneMinus(Mul(sum, t.MulBridge(Square(sigma0)))))
}

// DefaultSigma0 is the bridge noise of IDFF's experiments, which fields take for a Sigma0 of 0.
const DefaultSigma0 = 0.2

func noiseOrDefault(sigma0 float64) float64 {
	if sigma0 == 0 {
		return DefaultSigma0
	}
	return sigma0
}

// checkLine refuses paths on which xhat1 does not give the velocity as IDFF takes it.
func checkLine(path Path, name string) error {
	switch path.kind() {
	case "straight", "bridge", "released":
		return nil
	}
	return fmt.Errorf("flow: %s takes v = (xhat1 - x)/(1-t), which holds on the straight path and the bridge, not on %v", name, path)
}

// checkGamma refuses no gamma at all, gammas that are not numbers, and those that make 1 - sum gamma sigma_t^2 negative.
func checkGamma(gamma []float64, sigma0 float64, times []float64) error {
	if len(gamma) == 0 {
		return fmt.Errorf("flow: IDFF without gamma: give one factor per order, e.g. flow.IDFF(0.5); without momentum use flow.CFM()")
	}
	sum := 0.
	for i, g := range gamma {
		if math.IsNaN(g) || math.IsInf(g, 0) {
			return fmt.Errorf("flow: gamma_%d is %g: it must be a finite number", i+1, g)
		}
		sum += g
	}
	if !(sigma0 >= 0) || math.IsInf(sigma0, 0) {
		return fmt.Errorf("flow: sigma0 is %g: it must be a number of at least 0", sigma0)
	}
	for _, t := range times {
		if t == 0 || t == 1 {
			continue
		}
		if left := 1 - sum*sigma0*sigma0*t*(1-t); left < 0 {
			return fmt.Errorf("flow: %s with sigma0 %g makes 1 - sum gamma sigma_t^2 = %.3g negative at t = %.3g: the gammas may sum to at most %.4g there",
				gammaLabel(gamma), sigma0, left, t, 1/(sigma0*sigma0*t*(1-t)))
		}
	}
	return nil
}

// gammaLabel is "γ=0.5" or "γ=(0.5, -0.2)".
func gammaLabel(gamma []float64) string {
	text := make([]string, len(gamma))
	for i, g := range gamma {
		text[i] = fmt.Sprintf("%g", g)
	}
	if len(gamma) == 1 {
		return "γ=" + text[0]
	}
	return "γ=(" + strings.Join(text, ", ") + ")"
}
