package net

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
)

// normGroups is the number of groups of every groupNorm, as in guided-diffusion.
const normGroups = 32

// groupNorm gives each group of channels of each image mean 0 and variance 1, and each channel a scale and a shift that are learned (Wu and He, Group
// Normalization, arXiv 1803.08494):
//
//	y = (x - mean)/sqrt(var + 1e-5) weight + bias
//
// over the pixels and the channels of the group: x [batch, height, width, channels], with channels a multiple of 32. It is PyTorch's nn.GroupNorm(32, channels).
func groupNorm(scope *model.Scope, name string, x *Node) *Node {
	scope = scope.At("%s", name)
	d := x.Shape().Dimensions
	grouped := Reshape(x, d[0], d[1]*d[2], normGroups, d[3]/normGroups)
	centred := Sub(grouped, ReduceAndKeep(grouped, ReduceMean, 1, 3))
	variance := ReduceAndKeep(Square(centred), ReduceMean, 1, 3)
	x = Reshape(Div(centred, Sqrt(AddScalar(variance, 1e-5))), d...) // Rsqrt has no gradient
	weight, bias := constant(scope, "weight", 1, d[3]).NodeValue(x.Graph()), constant(scope, "bias", 0, d[3]).NodeValue(x.Graph())
	return Add(Mul(x, ExpandLeftToRank(weight, 4)), ExpandLeftToRank(bias, 4))
}

// SiLU is u/(1 + e^-u) (arXiv 1702.03118).
func SiLU(u *Node) *Node { return Mul(u, Sigmoid(u)) }
