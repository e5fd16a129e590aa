package flow

import (
	"fmt"
	"math"
	"strings"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
)

// Interpolant is a path of your own between x0 and x1 (stochastic interpolants, Albergo et al., arXiv 2303.08797):
//
//	x_t = a(t) x1 + b(t) x0 + c(t) eps,   eps ~ N(0, I),   a(0) = 0, b(0) = 1,   a(1) = 1, b(1) = 0
//
// The ends may be off by .02: the noise schedules of diffusion models start with a little of the data, DDPM's linear one with a(0) = .0066, and samples start from N(0, I) all the same. Its exported fields belong to the experiment's identity.
type Interpolant interface {
	// Coefficients builds a, b and c at times t [batch], each [batch]; c is nil for a path without noise. The velocity is made of their derivatives in t, which the
	// graph takes itself. It panics as graph-building functions do.
	Coefficients(t *Node) (a, b, c *Node)
}

// OwnPath is the path of an interpolant. With c = nil, without noise of its own, it serves networks of the velocity (Velocity()), of the end point (X1(), X1Plain()) and of the start point (Noise()), and exponential
// solvers (solver.Exponential's Path); with noise those of the velocity alone.
func OwnPath(p Interpolant) Path {
	if p == nil {
		return Path{Kind: "own(nil)"} // which no experiment takes
	}
	name := strings.TrimPrefix(fmt.Sprintf("%T%+v", p, p), "main.")
	return Path{Kind: strings.TrimSuffix(name, "{}"), own: &ownPath{p}}
}

// Own is the interpolant of OwnPath, and nil for the paths of the table.
func (p Path) Own() Interpolant {
	if p.own == nil {
		return nil
	}
	return p.own.of
}

// CheckEnds says in one line why the coefficients of an own path, given at t = 0 and t = 1, do not lead from x0 to x1, or nil.
func CheckEnds(name string, a, b, c [2]float64) error {
	const off, rounding = .02, 1e-6 // sin(pi t), say, is not quite 0 at t = 1
	for i, t := range []float64{0, 1} {
		if !(math.Abs(a[i]-t) <= off && math.Abs(b[i]-(1-t)) <= off) {
			return fmt.Errorf("flow: path %s is %.3g x1 + %.3g x0 at t = %g, want %g x1 + %g x0: it must lead from x0 to x1", name, a[i], b[i], t, t, 1-t)
		}
		if !(c[i] >= -rounding) || math.IsInf(c[i], 0) {
			return fmt.Errorf("flow: path %s has noise %g at t = %g: its coefficient must be a number of at least 0", name, c[i], t)
		}
	}
	return nil
}

// coefficients are a, b and c at t [batch], and whether there is noise.
func (p Path) coefficients(t *Node) (a, b, c *Node, noisy bool) {
	a, b, c = p.own.of.Coefficients(t)
	if noisy = c != nil; !noisy {
		c = ZerosLike(t)
	}
	for i, v := range []*Node{a, b, c} {
		if v == nil || !v.Shape().Equal(t.Shape()) {
			panic(fmt.Errorf("flow: coefficient %c of path %s has not the shape of its times, %v", "abc"[i], p, t.Shape()))
		}
	}
	return a, b, c, noisy
}

func (p Path) ownIsNoisy(t *Node) bool {
	_, _, _, noisy := p.coefficients(t)
	return noisy
}

func (p Path) ownMean(x0, x1, t *Node) *Node {
	a, b, _, _ := p.coefficients(t)
	return Add(Mul(alongBatch(a, x1), x1), Mul(alongBatch(b, x1), x0))
}

func (p Path) ownSigma(t *Node) *Node {
	_, _, c, _ := p.coefficients(t)
	return c
}

// ownVelocity is a' x1 + b' x0 + c'/c (x - mu). Where the noise vanishes, its derivative is taken a little inside, since that of sqrt(t(1-t)), say, is infinite
// at the ends; x - mu is 0 there.
func (p Path) ownVelocity(x, x0, x1, t *Node) *Node {
	a, b, _, noisy := p.coefficients(t)
	v := Add(Mul(alongBatch(rate(a, t), x1), x1), Mul(alongBatch(rate(b, t), x1), x0))
	if !noisy {
		return v
	}
	const inside = 1e-5
	clipped := ClipScalar(t, inside, 1-inside)
	_, _, c, _ := p.coefficients(clipped)
	relative := Div(rate(c, clipped), AddScalar(c, 1e-8))
	return Add(v, Mul(alongBatch(relative, x1), Sub(x, p.ownMean(x0, x1, t))))
}

// rate is dy/dt for y(t) [batch] whose rows do not depend on each other's t.
func rate(y, t *Node) *Node { return SumGradient(y, t) }
