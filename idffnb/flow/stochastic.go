package flow

import (
	"fmt"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/solver"
)

// Noisy is the Field of a stochastic differential equation, dx = Velocity dt + Diffusion dW. It wants a solver.Stochastic.
type Noisy interface {
	Field
	// Diffusion builds g(t) at one time, a scalar of at least 0 that does not depend on the state. The factors come as for Velocity.
	Diffusion(at solver.Time, factors []*Node) *Node
}

// StochasticField is IDFF with noise: the family of equations that all have the marginals p_t of the path,
//
//	dx = [ v + 1/2 (g^2 - b^2) s ] dt + g dW      for any g(t) >= 0
//
// with s = grad log p_t the true score and b = Bridge. One forward pass an evaluation: the score is that of Prediction, not differentiated.
//
// The density of dx = f dt + g dW obeys the Fokker-Planck equation
//
//	dp/dt = -div(p f) + g^2/2 div grad p = -div(p (f - g^2/2 s)),   since grad p = p s
//
// so it depends on u = f - g^2/2 s alone, and equations with the same u have the same marginals. On the straight path from N(0, I) v is the
// probability flow itself, u = v, and b = 0; the score comes from xhat1 or from the velocity. On the bridge of noise sigma0 with a score head, v = (xhat1 - x)/(1-t) is
// instead the drift of a diffusion: given both ends the bridge is dx = (x1 - x)/(1-t) dt + sigma0 dW, and the mean of its drift given x alone keeps the marginals (Gyöngy 1986).
// That v is the velocity of every network of end points on the bridge (X1, X1Plain, X1Copies, X1Score and X1Start). Integrated without noise, as CFM does, it follows u + sigma0^2/2 s: samples are colder than the data.
// There u = v - sigma0^2/2 s, and b = sigma0. (Objective sf2m learns u itself on the bridge: there b = 0.) So g = b needs no score at all, and g = 0 is the probability flow of the bridge.
// At t = 0 a score head has learned nothing, since the loss does not see it there. Those of X1Score (ScoreFromHead) and X1Start are taken as 0, which is an error of one step's order; that of VelocityScore is
// taken as it is, 2h/sigma^2: what the network makes of times near 0.
// The equation of g = 0 is, as a field for any solver, ProbabilityFlow where b > 0 and CFM where b = 0. With g = b on the bridge, solver.Ancestral takes the bridge's own transition, whose last step has no noise.
// At t = 1, which few solvers evaluate, the score of the straight path is 0/0. Where g(1) = 0 its term is 0, as it should be, since the score of the data is finite; constant
// noise is refused there. The heads of X1Score and X1Start say nothing at t = 1 either, as at t = 0.
//
// On the other paths x_t = a x1 + b x0 without noise of their own, vp(0) and own ones, v of networks of x0 and of x1 is the probability flow too, and the score -xhat0/b: b = 0 in the family above, and 0/0 at t = 1 likewise.
//
// The family: Song et al., arXiv 2011.13456, section 4.3 and appendix D; Albergo et al., Stochastic interpolants, arXiv 2303.08797.
type StochasticField struct {
	G      Diffusion
	Bridge float64 // noise sigma0 of the bridge for a network trained with X1Score or X1Start; 0: the velocity is the probability flow, as on the straight path and with VelocityScore
}

// Stochastic is IDFF with noise g(t) for networks that were trained on the straight path from N(0, I), with Noise, X1 or X1Plain on vp(0) or an own path without noise, or with VelocityScore on Bridge.
func Stochastic(g Diffusion) StochasticField { return StochasticField{G: g} }

// StochasticOnBridge is IDFF with noise g(t) for networks that were trained with X1Score or X1Start on Bridge(sigma0).
func StochasticOnBridge(g Diffusion, sigma0 float64) StochasticField {
	return StochasticField{G: g, Bridge: sigma0}
}

// Name implements Field, e.g. "IDFF with noise g=0.5(1-t)".
func (f StochasticField) Name() string { return "IDFF with noise " + f.G.String() }

// Factors implements Field: the scale of g, and the noise of the bridge.
func (f StochasticField) Factors() []float64 { return []float64{f.G.Scale, f.Bridge} }

// graphKey identifies the graph without its factors.
func (f StochasticField) graphKey() string { return "stochastic " + f.G.kind() }

// Check implements Checker.
func (f StochasticField) Check(times []float64, path Path) error {
	if err := f.G.Check(); err != nil {
		return err
	}
	if f.G.kind() == "constant" && f.G.Scale > 0 && path.checkEnds() == nil && slices.Contains(times, 1) {
		return fmt.Errorf("flow: constant noise needs the score of the data at t = 1, which is 0/0 there: use flow.DecayingNoise(c), or a solver that ends before, such as solver.SRK(n)")
	}
	return checkNoisyPath(f.Bridge, path)
}

func (f StochasticField) checkObjective(o Objective, path Path) error {
	return checkDrift(f.Bridge, o, path)
}

// Velocity implements Field: the drift.
func (f StochasticField) Velocity(m *Model, at Point, factors []*Node) *Node {
	out := m.Predict(at, 0)
	if out.Score == nil {
		panic(fmt.Errorf("flow: %s needs the score: train with flow.X1Score() or flow.X1Start(), or on the straight path from N(0, I) with independent coupling", f.Name()))
	}
	g, bridge := f.G.At(at.T, factors[0]), factors[1]
	return Add(out.Velocity, Mul(MulScalar(Sub(Square(g), Square(bridge)), .5), out.Score))
}

// Diffusion implements Noisy: g(t).
func (f StochasticField) Diffusion(at solver.Time, factors []*Node) *Node {
	return f.G.At(at, factors[0])
}

// NoisyWrittenField is IDFF of order 1 as the paper writes it, with the noise that its score term asks for:
//
//	dx = [ sqrt(1 - gamma_1 sigma_t^2) v + 1/2 (2 gamma_1 - 1) sigma_t^2 s ] dt + g dW,   g^2 = b^2 + (2 gamma_1 - 1) sigma_t^2
//
// with sigma_t^2 = sigma0^2 t(1-t) and b = Bridge as in StochasticField. Without the root this is StochasticField with g^2 solved for, so it would keep the
// marginals; on the straight path it is Stochastic(MatchingNoise(gamma_1)). The root slows v down, most at t = 1/2, and the flow lags behind its noise: the marginals are not
// quite kept. For Gaussian data of standard deviation .56 and sigma0 = .2, samples of gamma_1 = 16 have 1.025 times that with root and noise, .999 with noise alone, and .77 with
// root and no noise, as WrittenField is (1000 steps).
type NoisyWrittenField struct {
	Gamma  float64 // gamma_1, at least 1/2 on the straight path
	Sigma0 float64 // as in WrittenField; 0 means 0.2
	Bridge float64 // noise of the bridge that the network was trained on; 0: the straight path
}

// IDFFNoisy is IDFF of order 1 as written, with its noise, for networks trained on the straight path from N(0, I).
func IDFFNoisy(gamma1 float64) NoisyWrittenField { return NoisyWrittenField{Gamma: gamma1} }

// written is the field without noise.
func (f NoisyWrittenField) written() WrittenField {
	return WrittenField{Gamma: []float64{f.Gamma}, Sigma0: f.Sigma0}
}

// Name implements Field, e.g. "IDFF as written γ=4 with noise".
func (f NoisyWrittenField) Name() string { return f.written().Name() + " with noise" }

// Factors implements Field: gamma_1, sigma0, and the noise of the bridge.
func (f NoisyWrittenField) Factors() []float64 { return append(f.written().Factors(), f.Bridge) }

// graphKey identifies the graph without its factors.
func (f NoisyWrittenField) graphKey() string { return "noisy written" }

// Check implements Checker.
func (f NoisyWrittenField) Check(times []float64, path Path) error {
	if err := checkNoisyPath(f.Bridge, path); err != nil {
		return err
	}
	if err := f.written().Check(times, path); err != nil {
		return err
	}
	sigma0 := noiseOrDefault(f.Sigma0)
	for _, t := range times {
		if square := f.Bridge*f.Bridge + (2*f.Gamma-1)*sigma0*sigma0*t*(1-t); square < 0 {
			return fmt.Errorf("flow: %s would need noise of variance %.3g at t = %.3g: take gamma_1 of at least 1/2", f.Name(), square, t)
		}
	}
	return nil
}

func (f NoisyWrittenField) checkObjective(o Objective, path Path) error {
	return checkDrift(f.Bridge, o, path)
}

// Velocity implements Field: the drift.
func (f NoisyWrittenField) Velocity(m *Model, at Point, factors []*Node) *Node {
	return f.written().Velocity(m, at, factors[:2])
}

// Diffusion implements Noisy.
func (f NoisyWrittenField) Diffusion(at solver.Time, factors []*Node) *Node {
	gamma, sigma0, bridge := factors[0], factors[1], factors[2]
	excess := at.MulBridge(Mul(Square(sigma0), AddScalar(MulScalar(gamma, 2), -1)))
	return Sqrt(Add(Square(bridge), excess))
}

// checkNoisyPath refuses paths that do not give the score.
func checkNoisyPath(bridge float64, path Path) error {
	if !(bridge >= 0) || math.IsInf(bridge, 0) {
		return fmt.Errorf("flow: noise %g of the bridge: it must be a number of at least 0", bridge)
	}
	switch path.kind() {
	case "straight", "bridge", "released":
		return nil
	}
	if path.checkEnds() == nil {
		return nil
	}
	return fmt.Errorf("flow: a field with noise needs the score, which path %v does not give: use the straight path from N(0, I), or flow.Bridge(sigma0) with flow.X1Score(), flow.X1Start() or flow.VelocityScore()", path)
}

// checkDrift refuses objectives that do not give the score, and a bridge of other noise than that of the diffusion which the network's velocity is the drift of.
func checkDrift(bridge float64, o Objective, path Path) error {
	if !o.givesScore(path) {
		return fmt.Errorf("flow: a field with noise needs the score, which objective %v on path %v does not give: train with flow.X1Score(), flow.X1Start() or flow.VelocityScore() on flow.Bridge(sigma0), or on the straight path from N(0, I) with independent coupling, or with flow.Noise() or flow.X1() on flow.VariancePreserving(0) or an own path without noise", o, path)
	}
	noise := o.driftNoise(path)
	if bridge == noise {
		return nil
	}
	if noise == 0 {
		return fmt.Errorf("flow: this field with noise is for networks trained with flow.X1Score() or flow.X1Start() on the bridge of noise %g, and the network was trained with %v on path %v: use flow.Stochastic(g)", bridge, o, path)
	}
	return fmt.Errorf("flow: this field with noise is for a bridge of noise %g, and the network was trained with %v on path %v: use flow.StochasticOnBridge(g, %g)", bridge, o, path, noise)
}
