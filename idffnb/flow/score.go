package flow

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
)

// endGap stands for 1 - t at t = 1, where (xhat1 - x)/(1 - t) is 0/0 for an exact network: IDFF's released code divides by
// 0.01 there, and only there.
const endGap = 0.01

// gap is 1 - t, and endGap at t = 1.
func gap(t float64) float64 {
	if t == 1 {
		return endGap
	}
	return 1 - t
}

// VelocityFromX1 is the velocity of the straight path given the end point it predicts, v = (xhat1 - x)/(1 - t); at t = 1 it
// divides by 0.01. On the bridge it is the drift of the diffusion with noise sigma0, dx = v dt + sigma0 dW.
func VelocityFromX1(x, x1 *Node, t float64) *Node {
	return DivScalar(Sub(x1, x), gap(t))
}

// X1FromVelocity is the end point that a velocity points to on the straight path, xhat1 = x + (1 - t) v.
func X1FromVelocity(x, v *Node, t float64) *Node {
	return Add(x, MulScalar(v, 1-t))
}

// NoiseFromX1 is the start point that belongs to x and xhat1 on the straight path, xhat0 = (x - t xhat1)/(1 - t); at t = 1
// it divides by 0.01.
func NoiseFromX1(x, x1 *Node, t float64) *Node {
	return DivScalar(Sub(x, MulScalar(x1, t)), gap(t))
}

// ScoreFromX1 is the score of the straight path that starts from N(0, I) independently of the data, without any differentiation.
// (With optimal transport coupling x0 depends on x1, and this is not the score.) Since x_t given x1 is
// N(t x1, (1-t)^2 I), Tweedie's formula gives
//
//	grad_x log p_t(x) = (t xhat1 - x)/(1 - t)^2
//
// At t = 1 it divides by 0.01^2.
func ScoreFromX1(x, x1 *Node, t float64) *Node {
	g := gap(t)
	return DivScalar(Sub(MulScalar(x1, t), x), g*g)
}

// ScoreFromVelocity is the same score from the velocity, (t v - x)/(1 - t).
func ScoreFromVelocity(x, v *Node, t float64) *Node {
	return DivScalar(Sub(MulScalar(v, t), x), gap(t))
}

// ScoreFromHead is the score that a head trained with objective x1score stands for. The loss |lambda_t s + eps|^2 with
// lambda_t = 2t(1-t) is least at s = -E[eps | x]/lambda_t, while the score of the bridge is -E[eps | x]/sigma_t, so
//
//	grad_x log p_t(x) = s lambda_t/sigma_t = 2 sqrt(t(1-t)) s / sigma0
//
// IDFF's released image code uses s itself. At t = 0 and t = 1 the loss does not see the head, and the result is 0.
func ScoreFromHead(head *Node, sigma0, t float64) *Node {
	return MulScalar(head, 2*math.Sqrt(t*(1-t))/sigma0)
}
