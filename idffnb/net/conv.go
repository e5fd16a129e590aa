package net

import (
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors/images"
	"github.com/gomlx/gomlx/ml/model"
)

// conv is a convolution with a kernel of 3 x 3 and zeros around the image:
//
//	y[o, h, w] = b[o] + sum over c, i, j of W[o, c, i, j] x[c, s h + i - 1, s w + j - 1]
//
// x [batch, height, width, in] -> [batch, height/s, width/s, out], with s = 1 or 2 and sides that s divides. W [out, in, 3, 3] and b [out] are named, laid out
// and drawn as those of PyTorch's nn.Conv2d: uniform in +-1/sqrt(9 in).
func conv(scope *model.Scope, name string, x *Node, out, stride int) *Node {
	in := x.Shape().Dimensions[3]
	return convWith(scope.At("%s", name), x, shapes.Make(dtypes.Float32, out, in, 3, 3), stride, 1/math.Sqrt(9*float64(in)))
}

// zeroConv is conv at stride 1 whose W and b start at 0, so that what it is added to passes unchanged at first.
func zeroConv(scope *model.Scope, name string, x *Node, out int) *Node {
	return convWith(scope.At("%s", name), x, shapes.Make(dtypes.Float32, out, x.Shape().Dimensions[3], 3, 3), 1, 0)
}

func convWith(scope *model.Scope, x *Node, shape shapes.Shape, stride int, bound float64) *Node {
	g := x.Graph()
	weight := uniform(scope, "weight", bound, shape).NodeValue(g)
	bias := uniform(scope, "bias", bound, shapes.Make(dtypes.Float32, shape.Dimensions[0])).NodeValue(g)
	if model.GetRootParamOr(scope.Store(), BF16Param, false) {
		x, weight = ConvertDType(x, dtypes.BFloat16), ConvertDType(weight, dtypes.BFloat16)
	}
	kernel := func() *Node { return TransposeAllDims(weight, 2, 3, 1, 0) }
	var y *Node
	switch {
	case onXLACPU(g) && stride == 2:
		y = halving(x, kernel())
	case onXLACPU(g):
		y = convolve(x, kernel())
	case stride == 2:
		y = products(weight, func(i, j int) *Node {
			return shift(phase(x, (i+1)%2, (j+1)%2), min(i-1, 0), min(j-1, 0))
		})
	case g.Backend().String() == gobackend.BackendName: // its convolution is a loop on one core, some 30 times slower
		y = products(weight, func(i, j int) *Node { return shift(x, i-1, j-1) })
	default:
		y = Convolve(x, kernel()).ChannelsAxis(images.ChannelsLast).PadSame().Done()
	}
	return Add(ConvertDType(y, dtypes.Float32), ExpandLeftToRank(bias, 4))
}

// onXLACPU tells whether a graph is for XLA on the CPU.
func onXLACPU(g *Graph) bool {
	cuda, xla := g.Backend().(interface{ IsCUDA() bool })
	return xla && !cuda.IsCUDA()
}

// products is a convolution as nine matrix products, sum over i, j of W[:, :, i, j] tap(i, j). GoMLX differentiates a convolution with a stride only once, and these as
// often as one likes.
func products(weight *Node, tap func(i, j int) *Node) *Node {
	var sum *Node
	out, in := weight.Shape().Dimensions[0], weight.Shape().Dimensions[1]
	for i := range 3 {
		for j := range 3 {
			w := Reshape(Slice(weight, AxisRange(), AxisRange(), AxisElem(i), AxisElem(j)), out, in)
			y := Dot(tap(i, j), w).WithOutputDType(dtypes.Float32).General([]int{3}, nil, []int{1}, nil)
			if sum == nil {
				sum = y
			} else {
				sum = Add(sum, y)
			}
		}
	}
	return sum
}

// phase takes the pixels (2h + i, 2w + j): [batch, height, width, c] -> [batch, height/2, width/2, c].
func phase(x *Node, i, j int) *Node {
	d := x.Shape().Dimensions
	x = Reshape(x, d[0], d[1]/2, 2, d[2]/2, 2, d[3])
	return pick(pick(x, 4, j), 2, i)
}

// pick takes element k of an axis of a few, and drops the axis. It is a sum, because GoMLX cannot differentiate a slice twice.
func pick(x *Node, axis, k int) *Node {
	hot := make([]float32, x.Shape().Dimensions[axis])
	hot[k] = 1
	dims := make([]int, x.Rank())
	for i := range dims {
		dims[i] = 1
	}
	dims[axis] = len(hot)
	return ReduceSum(Mul(x, Reshape(ConstAs(x, hot), dims...)), axis)
}

// shift moves images: y[h, w] = x[h + di, w + dj], and 0 where there is no such pixel. Its gradient is the shift back, so that it can be differentiated as often as
// one likes: x - x is 0, through which the gradient passes.
func shift(x *Node, di, dj int) *Node {
	if di == 0 && dj == 0 {
		return x
	}
	moved := shiftAxis(shiftAxis(x, 1, di), 2, dj)
	zero := Sub(IdentityWithCustomGradient(x, func(_, v *Node) *Node { return shift(v, -di, -dj) }), StopGradient(x))
	return Add(zero, StopGradient(moved))
}

func shiftAxis(x *Node, axis, by int) *Node {
	if by == 0 {
		return x
	}
	size := x.Shape().Dimensions[axis]
	cut, pad := make([]SliceAxisSpec, x.Rank()), make([]PadAxis, x.Rank())
	for i := range cut {
		cut[i] = AxisRange()
	}
	if by > 0 {
		cut[axis], pad[axis].End = AxisRange(by, size), by
	} else {
		cut[axis], pad[axis].Start = AxisRange(0, size+by), -by
	}
	return Pad(Slice(x, cut...), ScalarZero(x.Graph(), x.DType()), pad...)
}

// pointConv is a convolution with a kernel of 1 x 1, y[o] = b[o] + sum over c of W[o, c] x[c] at each pixel: x [..., in] -> [..., out]. W has the shape [out, in] and
// as many ones behind as kernel says: two for nn.Conv2d, one for nn.Conv1d.
func pointConv(scope *model.Scope, name string, x *Node, out, kernel int, bound float64) *Node {
	weight, bias := pointWeights(scope, name, x, out, kernel, bound)
	return product(scope, x, weight, bias)
}

// pointWeights are W [out, in] and b [out] of pointConv.
func pointWeights(scope *model.Scope, name string, x *Node, out, kernel int, bound float64) (weight, bias *Node) {
	scope = scope.At("%s", name)
	in := x.Shape().Dimensions[x.Rank()-1]
	dims := []int{out, in, 1, 1}[:2+kernel]
	weight = uniform(scope, "weight", bound, shapes.Make(dtypes.Float32, dims...)).NodeValue(x.Graph())
	bias = uniform(scope, "bias", bound, shapes.Make(dtypes.Float32, out)).NodeValue(x.Graph())
	return Reshape(weight, out, in), bias
}

// upsample doubles the sides, each pixel becoming four: [batch, height, width, c] -> [batch, 2 height, 2 width, c].
func upsample(x *Node) *Node {
	d := x.Shape().Dimensions
	x = BroadcastToDims(Reshape(x, d[0], d[1], 1, d[2], 1, d[3]), d[0], d[1], 2, d[2], 2, d[3])
	return Reshape(x, d[0], 2*d[1], 2*d[2], d[3])
}

// halve takes the mean of each four pixels: [batch, height, width, c] -> [batch, height/2, width/2, c].
func halve(x *Node) *Node {
	d := x.Shape().Dimensions
	return ReduceMean(Reshape(x, d[0], d[1]/2, 2, d[2]/2, 2, d[3]), 2, 4)
}

// dropout sets each value to 0 with probability rate in training, and scales the others by 1/(1 - rate). Which ones, the random state of the model's store says:
// a variable, seeded by the experiment and kept in checkpoints, so that a training that was resumed drops what an uninterrupted one does.
func dropout(scope *model.Scope, x *Node, rate float64) *Node {
	if g := x.Graph(); rate > 0 && scope.IsTraining(g) {
		keep := GreaterOrEqual(scope.RandomUniform(g, x.Shape()), ConstAs(x, rate))
		return MulScalar(Where(keep, x, ZerosLike(x)), 1/(1-rate))
	}
	return x
}

// constant is a variable with the same value everywhere at first.
func constant(scope *model.Scope, name string, value float64, size int) *model.Variable {
	return draw(scope, name, shapes.Make(dtypes.Float32, size), func(*rand.Rand) float64 { return value })
}
