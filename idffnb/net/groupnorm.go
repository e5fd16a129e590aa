package net

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
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
	pixels := Reshape(x, d[0], d[1]*d[2], d[3])
	centred := Sub(pixels, groupMean(pixels))
	deviation := Sqrt(AddScalar(groupMean(Square(centred)), 1e-5))
	weight, bias := constant(scope, "weight", 1, d[3]).NodeValue(x.Graph()), constant(scope, "bias", 0, d[3]).NodeValue(x.Graph())
	scale := Div(Reshape(weight, 1, 1, d[3]), deviation)
	return Reshape(Add(Mul(centred, scale), Reshape(bias, 1, 1, d[3])), d...)
}

// groupMean is the mean over the pixels of each image and the channels of each group, for each channel of the group: x [batch, pixels, channels] -> [batch, 1, channels].
//
// Whole arrays keep channels as their last axis. XLA on the CPU would work through them number by number where it fused the groups' axis into what uses the means; there the means of groups
// are a product with who belongs to which, which it does not fuse (BenchmarkGroupNorm). On GPUs a product might be rounded to TF32.
func groupMean(x *Node) *Node {
	g, d := x.Graph(), x.Shape().Dimensions
	mean := ReduceMean(x, 1)
	switch size := d[2] / normGroups; {
	case size == 1:
	case onXLACPU(g):
		channel := Iota(g, shapes.Make(dtypes.Int32, d[2], normGroups), 0)
		group := Iota(g, shapes.Make(dtypes.Int32, d[2], normGroups), 1)
		member := ConvertDType(Equal(Div(channel, Scalar(g, dtypes.Int32, size)), group), dtypes.Float32) // [channels, groups]
		mean = MulScalar(Dot(Dot(mean, member).Product(), TransposeAllDims(member, 1, 0)).Product(), 1/float64(size))
	default:
		mean = BroadcastToDims(ReduceAndKeep(Reshape(mean, d[0], normGroups, size), ReduceMean, 2), d[0], normGroups, size)
		mean = Reshape(mean, d[0], d[2])
	}
	return ExpandAxes(mean, 1)
}

// SiLU is u/(1 + e^-u) (arXiv 1702.03118).
func SiLU(u *Node) *Node { return Mul(u, Sigmoid(u)) }
