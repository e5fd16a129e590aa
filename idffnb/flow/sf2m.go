package flow

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/solver"
)

// VelocityScore is the objective of [SF]^2M, simulation-free score and flow matching (Tong et al., arXiv 2307.03672, eq. 9; TorchCFM 1.0.7), on Bridge(sigma):
// a network of two heads (v, h) is trained with
//
//	mean|v - u_t|^2 + mean|lambda_t h + eps|^2,   lambda_t = 2 sigma_t/(sigma^2 + 1e-8),   x_t = mu_t + sigma_t eps
//
// where u_t is the bridge's conditional velocity (Path.Velocity). With Sinkhorn(2 sigma^2) it is the mini-batch Schrödinger bridge; with ExactOT, TorchCFM's default, nearly.
//
// At the least loss v = E[u_t | x] is the probability flow, since each u_t generates its own Gaussian (Path.Velocity), and h = -E[eps | x]/lambda_t. The score of the
// marginal is the mean of the conditional scores -(x - mu_t)/sigma_t^2 = -eps/sigma_t, so
//
//	grad_x log p_t(x) = -E[eps | x]/sigma_t = (lambda_t/sigma_t) h = 2 h/(sigma^2 + 1e-8)
//
// The head is sigma^2/2 times the score: TorchCFM's dx = (v + h) dt + sigma dW is Stochastic with g = sigma, and CFM, which takes v alone, the equation without noise. The drift v + h
// is (xhat1 - x)/(1-t) as on every bridge, which gives the end point.
func VelocityScore() Objective { return Objective{Kind: "sf2m"} }

// checkSF2M refuses paths without the noise that the score is learned from, and the released bridge, whose velocity does not generate its marginals.
func checkSF2M(path Path) error {
	if path.kind() == "bridge" && path.Noise > 0 {
		return nil
	}
	return fmt.Errorf("flow: objective sf2m learns velocity and score of the bridge: use flow.Bridge(sigma) with sigma > 0, not %v", path)
}

func sf2mLoss(path Path, b Batch) *Node {
	x := path.Sample(b.X0, b.X1, b.T, b.Eps)
	v, head := splitHeads(b.Net(x, b.T, nil))
	lambda := alongBatch(path.ScoreWeight(b.T), head)
	return Add(
		ReduceAllMean(Square(Sub(v, path.Velocity(x, b.X0, b.X1, b.T)))),
		ReduceAllMean(Square(Add(Mul(lambda, head), b.Eps))))
}

func sf2mPrediction(path Path, x, out *Node, t solver.Time) Prediction {
	v, head := splitHeads(out)
	return Prediction{X1: X1FromVelocity(x, Add(v, head), t), Velocity: v, Score: MulScalar(head, 2/(path.Noise*path.Noise+1e-8))}
}
