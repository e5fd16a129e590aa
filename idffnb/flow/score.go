package flow

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/solver"
)

// endGap stands for 1 - t at t = 1, where (xhat1 - x)/(1 - t) is 0/0 for an exact network: IDFF's released code divides by
// 0.01 there, and only there.
const endGap = 0.01

// overGap is x/(1 - t), and x/0.01 at t = 1.
func overGap(x *Node, t solver.Time) *Node {
	if t.Is(1) {
		return DivScalar(x, endGap)
	}
	if t.MayBeOne() {
		rest := t.Rest(x)
		return Div(x, Where(GreaterThan(rest, ZerosLike(rest)), rest, ConstAs(rest, endGap)))
	}
	return t.DivRest(x)
}

// VelocityFromX1 is the velocity of the straight path given the end point it predicts, v = (xhat1 - x)/(1 - t); at t = 1 it
// divides by 0.01. On the bridge it is the drift of the diffusion with noise sigma0, dx = v dt + sigma0 dW.
func VelocityFromX1(x, x1 *Node, t solver.Time) *Node {
	return overGap(Sub(x1, x), t)
}

// X1FromVelocity is the end point that a velocity points to on the straight path, xhat1 = x + (1 - t) v.
func X1FromVelocity(x, v *Node, t solver.Time) *Node {
	return Add(x, t.MulRest(v))
}

// endPoint is the end point that a velocity of the path stands for, (sigma v - sigma' x)/(alpha' sigma - alpha sigma') where x_t = alpha x1 + sigma x0 (up to the noise,
// where the path has some); nil on own paths, whose denominator may vanish.
func (p Path) endPoint(x, v *Node, t solver.Time) *Node {
	switch {
	case p.own != nil:
		return nil
	case p.kind() == "vp":
		angle := MulScalar(t.As(x), math.Pi/2)
		return Add(MulScalar(Mul(Cos(angle), v), 2/math.Pi), Mul(Sin(angle), x))
	case p.kind() == "target":
		shrink := 1 - p.Noise
		return Add(Mul(OneMinus(MulScalar(t.As(x), shrink)), v), MulScalar(x, shrink))
	}
	return X1FromVelocity(x, v, t)
}

// NoiseFromX1 is the start point that belongs to x and xhat1 on the straight path, xhat0 = (x - t xhat1)/(1 - t); at t = 1
// it divides by 0.01.
func NoiseFromX1(x, x1 *Node, t solver.Time) *Node {
	return overGap(Sub(x, t.Mul(x1)), t)
}

// ScoreFromX1 is the score of the straight path that starts from N(0, I) independently of the data, without any differentiation.
// (With optimal transport coupling x0 depends on x1, and this is not the score.) Since x_t given x1 is
// N(t x1, (1-t)^2 I), Tweedie's formula gives
//
//	grad_x log p_t(x) = (t xhat1 - x)/(1 - t)^2
//
// At t = 1 it divides by 0.01^2.
func ScoreFromX1(x, x1 *Node, t solver.Time) *Node {
	return overGap(overGap(Sub(t.Mul(x1), x), t), t)
}

// ScoreFromVelocity is the same score from the velocity, (t v - x)/(1 - t).
func ScoreFromVelocity(x, v *Node, t solver.Time) *Node {
	return overGap(Sub(t.Mul(v), x), t)
}

// ScoreFromHead is the score that a head trained with objective x1score stands for. The loss |lambda_t s + eps|^2 with
// lambda_t = 2t(1-t) is least at s = -E[eps | x]/lambda_t, while the score of the bridge is -E[eps | x]/sigma_t, so
//
//	grad_x log p_t(x) = s lambda_t/sigma_t = 2 sqrt(t(1-t)) s / sigma0
//
// IDFF's released image code uses s itself. At t = 0 and t = 1 the loss does not see the head, and the result is 0.
func ScoreFromHead(head *Node, sigma0 float64, t solver.Time) *Node {
	return MulScalar(Mul(Sqrt(t.MulBridge(OnesLike(t.As(head)))), head), 2/sigma0)
}
