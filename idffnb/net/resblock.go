package net

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
)

// resample is what a residual block does to the image's size.
type resample int

const (
	same resample = iota
	down          // half
	up            // twice
)

func (r resample) apply(x *Node) *Node {
	switch r {
	case down:
		return halve(x)
	case up:
		return upsample(x)
	}
	return x
}

// resBlock is the residual block of Dhariwal and Nichol, Diffusion Models Beat GANs on Image Synthesis (arXiv 2105.05233), as in guided-diffusion:
//
//	h = conv(SiLU(norm(x)));  h = h + W SiLU(emb);  h = conv(dropout(SiLU(norm(h))));  y = skip(x) + h
//
// and with ScaleShift norm(h) (1 + scale) + shift in place of the sum, (scale, shift) = W SiLU(emb). x [batch, height, width, in] and emb [batch, 4 Channels] ->
// [batch, height, width, out], where a resampling block resizes x and, between SiLU and the first conv, h. skip is a convolution with a kernel of 1 x 1 if in and out differ. The
// last conv starts at 0.
func (u UNet) resBlock(scope *model.Scope, x, emb *Node, out int, size resample) *Node {
	if u.Remat {
		x = x.Checkpoint()
	}
	in, batch := x.Shape().Dimensions[3], x.Shape().Dimensions[0]
	h := size.apply(SiLU(groupNorm(scope, "in_layers.0", x)))
	x = size.apply(x)
	h = conv(scope, "in_layers.2", h, out, 1)
	if u.ScaleShift {
		both := Reshape(Dense(scope, "emb_layers.1", SiLU(emb), 2*out), batch, 2, 1, 1, out)
		h = Add(Mul(groupNorm(scope, "out_layers.0", h), OnePlus(pick(both, 1, 0))), pick(both, 1, 1))
	} else {
		h = Add(h, Reshape(Dense(scope, "emb_layers.1", SiLU(emb), out), batch, 1, 1, out))
		h = groupNorm(scope, "out_layers.0", h)
	}
	h = zeroConv(scope, "out_layers.3", dropout(scope, SiLU(h), u.Dropout), out)
	if in != out {
		x = pointConv(scope, "skip_connection", x, out, 2, 1/math.Sqrt(float64(in)))
	}
	x = Add(x, h)
	if u.Remat {
		x = x.StopCheckpoint()
	}
	return x
}
