package net

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
)

// attentionBlock lets the pixels of an image see each other, x [batch, height, width, c] -> the same shape:
//
//	q, k, v = W norm(x),   y = x + P softmax(q k^T/sqrt(c/heads)) v
//
// for each head on c/heads channels of its own. The rows of W are sorted by head first, then q, k, v (QKVAttentionLegacy of guided-diffusion, which TorchCFM takes by default). P
// starts at 0.
func (u UNet) attentionBlock(scope *model.Scope, x *Node) *Node {
	if u.Remat {
		x = x.Checkpoint()
	}
	d := x.Shape().Dimensions
	batch, pixels, c := d[0], d[1]*d[2], d[3]
	heads := u.headsOf(c)
	size := c / heads

	h := Reshape(groupNorm(scope, "norm", x), batch, pixels, c)
	weight, bias := pointWeights(scope, "qkv", h, 3*c, 1, 1/math.Sqrt(float64(c)))
	weight, bias = Reshape(weight, heads, 3, size, c), Reshape(bias, heads, 3, size)
	part := func(k int) *Node { // [batch, pixels, heads, size]; the weights are cut, not the result, which GoMLX could not differentiate twice
		w := Reshape(Slice(weight, AxisRange(), AxisElem(k)), c, c)
		b := Reshape(Slice(bias, AxisRange(), AxisElem(k)), c)
		return Reshape(product(scope, h, w, b), batch, pixels, heads, size)
	}
	q, k, v := part(0), part(1), part(2)
	scores := Einsum("bqhc,bkhc->bhqk", q, k)
	weights := Softmax(MulScalar(scores, 1/math.Sqrt(float64(size))), -1)
	h = Reshape(Einsum("bhqk,bkhc->bqhc", weights, v), batch, pixels, c)
	h = pointConv(scope, "proj_out", h, c, 1, 0)
	x = Add(x, Reshape(h, d...))
	if u.Remat {
		x = x.StopCheckpoint()
	}
	return x
}

// headsOf is the number of heads of attention on c channels.
func (u UNet) headsOf(c int) int {
	if u.AttentionHeads > 0 {
		return u.AttentionHeads
	}
	return c / u.HeadChannels
}
