package flow

import (
	"fmt"
	"math"
	"strings"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
)

// Path is a conditional Gaussian probability path p_t(x | x0, x1) = N(mu_t, sigma_t^2 I) from x0 at t = 0 to x1 at t = 1.
// The zero value is Straight().
//
//	kind       mu_t                                sigma_t               source
//	straight   t x1 + (1-t) x0                     0                     rectified flow, arXiv 2209.03003
//	bridge     t x1 + (1-t) x0                     sigma sqrt(t (1-t))   Brownian bridge: IDFF, and SB-CFM in TorchCFM
//	released   t x1 + (1-t) x0                     sigma sqrt(t (1-t))   IDFF's code: the bridge, but with u = x1 - x0
//	icfm       t x1 + (1-t) x0                     sigma                 I-CFM and OT-CFM, arXiv 2302.00482
//	target     t x1                                1 - (1-sigma) t       Lipman et al., arXiv 2210.02747
//	vp         cos(pi t/2) x0 + sin(pi t/2) x1     sigma                 stochastic interpolants, arXiv 2209.15571
//	own        a(t) x1 + b(t) x0                   c(t)                  yours, see OwnPath; the noise schedules of diffusion models are such
type Path struct {
	Kind  string  // a name of the table; empty means straight
	Noise float64 // sigma of the table, at least 0
	own   *ownPath
}

// Straight is the line from x0 to x1 without noise.
func Straight() Path { return Path{Kind: "straight"} }

// Bridge is the Brownian bridge of noise sigma0, IDFF's path; with a Sinkhorn coupling of regularisation 2 sigma0^2 it is
// the Schrödinger bridge of TorchCFM.
func Bridge(sigma0 float64) Path { return Path{Kind: "bridge", Noise: sigma0} }

// ReleasedBridge is the bridge with the velocity x1 - x0 that IDFF's released code pairs it with. It leaves out the term
// (1-2t)/(2t(1-t)) (x - mu_t), so that its velocity does not generate its own marginals unless sigma is 0.
func ReleasedBridge(sigma0 float64) Path { return Path{Kind: "released", Noise: sigma0} }

// ICFM has constant noise sigma around the line from x0 to x1.
func ICFM(sigma float64) Path { return Path{Kind: "icfm", Noise: sigma} }

// Target is Lipman's path from N(0, I) to N(x1, sigma^2 I); it does not look at x0.
func Target(sigma float64) Path { return Path{Kind: "target", Noise: sigma} }

// VariancePreserving is the trigonometric interpolant with constant noise sigma.
func VariancePreserving(sigma float64) Path { return Path{Kind: "vp", Noise: sigma} }

// PathNames lists the kinds of path.
func PathNames() []string { return []string{"straight", "bridge", "released", "icfm", "target", "vp"} }

func (p Path) kind() string {
	if p.own != nil {
		return "own" // whatever the type is called
	}
	if p.Kind == "" {
		return "straight"
	}
	return p.Kind
}

// Check says in one line what is wrong with the path, or nil.
func (p Path) Check() error {
	if p.own != nil {
		return nil
	}
	for _, name := range PathNames() {
		if name != p.kind() {
			continue
		}
		if !(p.Noise >= 0) || math.IsInf(p.Noise, 0) {
			return fmt.Errorf("flow: path %s with sigma %g: sigma must be a number of at least 0", name, p.Noise)
		}
		if name == "straight" && p.Noise != 0 {
			return fmt.Errorf("flow: path straight has no noise, but sigma is %g: use flow.Bridge or flow.ICFM", p.Noise)
		}
		return nil
	}
	return fmt.Errorf("flow: unknown path %q; valid names: %s", p.Kind, strings.Join(PathNames(), ", "))
}

// String gives the path's name and noise, e.g. "bridge(0.2)".
func (p Path) String() string {
	if p.own != nil {
		return p.Kind
	}
	if p.kind() == "straight" {
		return "straight"
	}
	return fmt.Sprintf("%s(%g)", p.kind(), p.Noise)
}

// Mean is mu_t: x0, x1 [batch, dim], t [batch] -> [batch, dim].
func (p Path) Mean(x0, x1, t *Node) *Node {
	if p.own != nil {
		return p.ownMean(x0, x1, t)
	}
	t = alongBatch(t, x1)
	switch p.kind() {
	case "target":
		return Mul(t, x1)
	case "vp":
		angle := MulScalar(t, math.Pi/2)
		return Add(Mul(Cos(angle), x0), Mul(Sin(angle), x1))
	default:
		return Add(Mul(t, x1), Mul(OneMinus(t), x0))
	}
}

// Sigma is sigma_t: t [batch] -> [batch].
func (p Path) Sigma(t *Node) *Node {
	if p.own != nil {
		return p.ownSigma(t)
	}
	switch p.kind() {
	case "straight":
		return ZerosLike(t)
	case "bridge", "released":
		return MulScalar(Sqrt(Mul(t, OneMinus(t))), p.Noise)
	case "target":
		return OneMinus(MulScalar(t, 1-p.Noise))
	default:
		return MulScalar(OnesLike(t), p.Noise)
	}
}

// Sample is x_t = mu_t + sigma_t eps with eps ~ N(0, I) [batch, dim].
func (p Path) Sample(x0, x1, t, eps *Node) *Node {
	mean := p.Mean(x0, x1, t)
	if p.kind() == "straight" || p.own != nil && !p.ownIsNoisy(t) {
		return mean
	}
	return Add(mean, Mul(alongBatch(p.Sigma(t), x1), eps))
}

// Velocity is the conditional velocity u_t(x | x0, x1) that generates the path, as TorchCFM 1.0.7 computes it:
//
//	straight, icfm, released   x1 - x0
//	bridge                     (1-2t)/(2t(1-t) + 1e-8) (x - mu_t) + x1 - x0
//	target                     (x1 - (1-sigma) x) / (1 - (1-sigma) t)
//	vp                         pi/2 (cos(pi t/2) x1 - sin(pi t/2) x0)
//	own                        a' x1 + b' x0 + c'/c (x - mu_t)
func (p Path) Velocity(x, x0, x1, t *Node) *Node {
	if p.own != nil {
		return p.ownVelocity(x, x0, x1, t)
	}
	mean := p.Mean
	tb := alongBatch(t, x1)
	switch p.kind() {
	case "bridge":
		rate := Div(OneMinus(MulScalar(tb, 2)), AddScalar(MulScalar(Mul(tb, OneMinus(tb)), 2), 1e-8))
		return Add(Mul(rate, Sub(x, mean(x0, x1, t))), Sub(x1, x0))
	case "target":
		return Div(Sub(x1, MulScalar(x, 1-p.Noise)), OneMinus(MulScalar(tb, 1-p.Noise)))
	case "vp":
		angle := MulScalar(tb, math.Pi/2)
		return MulScalar(Sub(Mul(Cos(angle), x1), Mul(Sin(angle), x0)), math.Pi/2)
	default:
		return Sub(x1, x0)
	}
}

// ScoreWeight is lambda_t = 2 sigma_t / (sigma^2 + 1e-8), the weight of the score loss in SF2M (TorchCFM 1.0.7, eq. 9 of
// arXiv 2307.03672): t [batch] -> [batch].
func (p Path) ScoreWeight(t *Node) *Node {
	return MulScalar(p.Sigma(t), 2/(p.Noise*p.Noise+1e-8))
}

// alongBatch reshapes t [batch] to [batch, 1, ...], so that it multiplies x [batch, ...] row by row.
func alongBatch(t, x *Node) *Node {
	dims := make([]int, x.Rank())
	for i := range dims {
		dims[i] = 1
	}
	dims[0] = t.Shape().Dimensions[0]
	return Reshape(t, dims...)
}
