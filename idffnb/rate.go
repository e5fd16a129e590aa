package idffnb

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// How the learning rate falls after WarmUp, to 0 at Steps: Experiment.Decay.
const (
	DecayCosine = "cosine" // as half a cosine (Loshchilov and Hutter, arXiv 1608.03983, without restarts)
	DecayLinear = "linear"
)

// setRate gives AdamW's learning rate the value of step n = 1, 2, ..:
//
//	LearningRate n/WarmUp   for n <= WarmUp,   and then   LearningRate f((n - 1 - WarmUp)/(Steps - WarmUp)),
//
// f(u) = (1 + cos(pi u))/2 or 1 - u, or 1 without Decay. The first step after the warm-up has the whole rate and the last one some of it, as with PyTorch's CosineAnnealingLR. TorchCFM's warm-up
// is one step behind: its LambdaLR makes the first step at the rate 0.
func setRate(scope *model.Scope, e Experiment, g *Graph) {
	if e.WarmUp == 0 && e.Decay == "" {
		return
	}
	rate := optimizer.LearningRateVar(scope, dtypes.Float32, e.LearningRate)
	done := ConvertDType(optimizer.GetGlobalStepVar(scope).NodeValue(g), dtypes.Float32) // steps
	number := func(v float64) *Node { return Scalar(g, dtypes.Float32, v) }
	factor := number(1)
	if e.Decay != "" {
		u := MaxScalar(DivScalar(AddScalar(done, -float64(e.WarmUp)), float64(e.Steps-e.WarmUp)), 0)
		factor = OneMinus(u)
		if e.Decay == DecayCosine {
			factor = MulScalar(OnePlus(Cos(MulScalar(u, math.Pi))), .5)
		}
	}
	if e.WarmUp > 0 {
		factor = Min(factor, DivScalar(OnePlus(done), float64(e.WarmUp)))
	}
	rate.SetNodeValue(MulScalar(factor, e.LearningRate))
}
