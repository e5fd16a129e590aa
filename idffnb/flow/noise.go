package flow

import (
	"fmt"
	"math"
	"strings"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/solver"
)

// Diffusion is how much noise a stochastic field adds, g(t) in dx = f dt + g(t) dW. The zero value adds none.
//
//	kind       g(t)                                    Scale
//	decaying   c (1-t)                                 c
//	bridge     c sqrt(t(1-t))                          c
//	matching   sigma0 sqrt((2 gamma_1 - 1) t(1-t))     gamma_1 of IDFF, at least 1/2; sigma0 = 0.2
//	constant   c                                       c
//
// All of them leave the marginals as they are where score and time are exact. What tells them apart is what they make of the errors of a network and
// of finite steps. On the straight path the drift's score term is g^2/2 (t xhat1 - x)/(1-t)^2, so that in K steps
//
//	                                             decaying   bridge         constant
//	an error e of xhat1 moves the end by up to   c^2/4 e    c^2/2 log K e  c^2/2 K e   (the integral of g^2 t/(2(1-t)^2))
//	an error e of v by up to                     c^2/12 e   c^2/6 e        c^2/2 log K e
//	where data are thin (a curve in the plane), the last step
//	multiplies deviations by                     c^2/(2K)   c^2/2          c^2/2 K
//
// Decaying noise with c = 1 is the one to try first. Constant noise c wants c^2/2 K well below 1: c = 0.1 at 50 steps. Euler-Maruyama and SRK never evaluate t = 1.
type Diffusion struct {
	Kind  string  // a name of the table; empty means decaying
	Scale float64 // at least 0
}

// DecayingNoise is g(t) = c (1-t): noise that dies out before the score grows. The one to try first, with c = 1.
func DecayingNoise(c float64) Diffusion { return Diffusion{"decaying", c} }

// BridgeNoise is g(t) = c sqrt(t(1-t)), as wide as a Brownian bridge of noise c.
func BridgeNoise(c float64) Diffusion { return Diffusion{"bridge", c} }

// MatchingNoise is the noise that IDFF's score term asks for on the straight path, g(t) = sigma_t sqrt(2 gamma_1 - 1) with sigma_t^2 = 0.04 t(1-t): then
// g^2/2 s is (2 gamma_1 - 1)/2 sigma_t^2 s, the term of WrittenField. It is BridgeNoise(0.2 sqrt(2 gamma_1 - 1)).
func MatchingNoise(gamma1 float64) Diffusion { return Diffusion{"matching", gamma1} }

// ConstantNoise is g(t) = c. Near t = 1 its score term grows without bound: only for c well below sqrt(2/steps), see Diffusion.
func ConstantNoise(c float64) Diffusion { return Diffusion{"constant", c} }

// DiffusionNames lists the kinds of diffusion.
func DiffusionNames() []string { return []string{"decaying", "bridge", "matching", "constant"} }

func (g Diffusion) kind() string {
	if g.Kind == "" {
		return "decaying"
	}
	return g.Kind
}

// String gives g(t) as a formula, e.g. "g=0.5(1-t)"; "g=0" without noise.
func (g Diffusion) String() string {
	switch g.kind() {
	case "decaying":
		if g.Scale != 0 {
			return fmt.Sprintf("g=%g(1-t)", g.Scale)
		}
	case "bridge":
		if g.Scale != 0 {
			return fmt.Sprintf("g=%g√(t(1-t))", g.Scale)
		}
	case "matching":
		return fmt.Sprintf("g matching γ=%g", g.Scale)
	}
	return fmt.Sprintf("g=%g", g.Scale)
}

// Check says in one line what is wrong with the diffusion, or nil.
func (g Diffusion) Check() error {
	least := 0.
	switch g.kind() {
	case "decaying", "bridge", "constant":
	case "matching":
		least = .5
	default:
		return fmt.Errorf("flow: unknown diffusion %q; valid names: %s", g.Kind, strings.Join(DiffusionNames(), ", "))
	}
	if !(g.Scale >= least) || math.IsInf(g.Scale, 0) {
		if g.kind() == "matching" {
			return fmt.Errorf("flow: noise matching gamma_1 = %g: there is none below 1/2, where the score term takes noise away", g.Scale)
		}
		return fmt.Errorf("flow: %s noise of scale %g: it must be a number of at least 0", g.kind(), g.Scale)
	}
	return nil
}

// At builds g(t), a scalar, for a scale that is a scalar node. At t = 1 only constant noise is not 0.
func (g Diffusion) At(t solver.Time, scale *Node) *Node {
	switch g.kind() {
	case "decaying":
		return t.MulRest(scale)
	case "bridge":
		return Mul(scale, Sqrt(t.MulBridge(OnesLike(scale))))
	case "matching":
		return MulScalar(Sqrt(t.MulBridge(AddScalar(MulScalar(scale, 2), -1))), DefaultSigma0)
	case "constant":
		return scale
	}
	panic(g.Check())
}
