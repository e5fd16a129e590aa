package flow

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/solver"
)

// X1Start is the objective of IDFF's released code for CIFAR-10 and CelebA-64 (cifar10/train_cifar10.py and celebA/celeba_train.py, April and May 2024), on Bridge(sigma0): the second head of the network regresses the start of
// the path, where that of X1Score regresses its noise,
//
//	2 mean|xhat1 - x1|^2 + mean|lambda_t h + x0|^2,   lambda_t = 2 sigma_t/(sigma0^2 + 1e-8),   x_t = t x1 + (1-t) x0 + sigma_t eps
//
// At the least loss h = -xhat0/lambda_t with xhat0 = E[x0 | x]. The released code calls h a score and multiplies it by sigma_t, as ReleasedImages does. The score of the bridge is -E[eps | x]/sigma_t, and the mean of
// x_t given x says what E[eps | x] is, so that under any coupling
//
//	grad_x log p_t(x) = -(x - t xhat1 - (1-t) xhat0)/sigma_t^2,   xhat0 = -lambda_t h
//
// which is the Score of its predictions. It divides by sigma_t^2 what the two heads leave of x: an error e of xhat1 is one of e/(sigma0^2 (1-t)) in the score, and in the terms of WrittenField and ProbabilityFlow, which multiply by
// sigma_t^2 or sigma0^2, of the size that it has in the velocity. At t = 0 and t = 1 the heads say nothing of the noise, and the score is 0.
func X1Start() Objective { return Objective{Kind: "x1start"} }

func x1StartLoss(path Path, b Batch, out *Node) *Node {
	x1, head := splitHeads(out)
	lambda := alongBatch(path.ScoreWeight(b.T), head)
	return Add(
		MulScalar(ReduceAllMean(Square(Sub(x1, b.X1))), 2),
		ReduceAllMean(Square(Add(Mul(lambda, head), b.X0))))
}

func x1StartPrediction(path Path, x, out *Node, t solver.Time) Prediction {
	x1, head := splitHeads(out)
	square := path.Noise * path.Noise
	bridge := t.MulBridge(OnesLike(t.As(x))) // t(1-t)
	start := Neg(Mul(MulScalar(Sqrt(bridge), 2*path.Noise/(square+1e-8)), head))
	noise := Sub(Sub(x, t.Mul(x1)), t.MulRest(start)) // sigma_t E[eps | x]
	inside := GreaterThan(bridge, ZerosLike(bridge))
	score := Div(Neg(noise), MulScalar(Where(inside, bridge, OnesLike(bridge)), square))
	return Prediction{X1: x1, Velocity: VelocityFromX1(x, x1, t), Score: Mul(ConvertDType(inside, x.DType()), score)}
}
