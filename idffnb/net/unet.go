package net

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
)

// UNet is the U-Net of Dhariwal and Nichol (ADM, arXiv 2105.05233), the network of guided-diffusion and of TorchCFM's and IDFF's images:
//
//	down:    conv, then on each level Blocks residual blocks, with attention at some resolutions, and half the size
//	middle:  residual block, attention, residual block
//	up:      on each level Blocks+1 residual blocks, each of which also sees what the way down gave there, and twice the size
//
// Points are images, row-major [height, width, colour channels], as Go, NumPy and PIL have them, and as convolutions on CPUs like them; weights are PyTorch's [out, in, 3, 3]. So x is
// [batch, height*width*colours], and the output [batch, Heads*height*width*colours], an image for each head; of PyTorch's [batch, Heads*colours, height, width] the first colours are head 0.
//
// Variables are named as in the state dict of TorchCFM's UNetModel and UNetModelWrapper (without use_new_attention_order): idffnb.Import loads theirs, given the same settings.
// With zero values and 32 x 32 x 3 pixels it is the network of TorchCFM's CIFAR-10 (35,746,307 parameters); with Multipliers 1, 2, 2, 4 that of the IDFF paper (68,793,091).
//
// The derivatives that training, MeanFlow's too, and IDFF's fields take are there on both backends, nested ones too. A third one is not, because GoMLX cannot differentiate a padding.
type UNet struct {
	Image       [3]int // height, width and colour channels of a point; all 0 in an Experiment: what the data's Shape() says
	Channels    int    // channels of the first level, a multiple of 32; 0 means 128
	Multipliers []int  // channels of each level, as multiples of Channels; nil means guided-diffusion's for the width, e.g. 1, 2, 2, 2 for 32
	Blocks      int    // residual blocks of a level; 0 means 2

	Attention      []int // resolutions with attention: r stands for the level that is shrunk by width/r, rounded down; nil means 16, an empty list none but the middle's
	HeadChannels   int   // channels of an attention head; 0 means 64
	AttentionHeads int   // heads whatever the channels, in place of HeadChannels; 0 means that counts

	Dropout        float64 // share of values that the residual blocks drop in training
	ScaleShift     bool    // the embedding scales and shifts what is normalised (use_scale_shift_norm)
	ResampleBlocks bool    // sizes are changed by residual blocks, not by a convolution with a stride and one after enlarging (resblock_updown)
	Maps           int     // maps of height x width numbers that cond begins with, which the network sees beside x as further colours: frames before, a mask
	Patch          int     // squares of so many pixels a side are taken as the colours of one, and given back so: a quarter of the work for 2; 0 means 1
	Classes        int     // labels that cond gives in its first column (after the Maps), embedded with the time; 0 in an Experiment on labelled data: as many as there are
	Heads          int     // outputs of the image's size; 0 means 1

	Remat bool // gradient checkpointing: blocks are computed again for the gradient, not kept (GoMLX's Node.Checkpoint); on XLA a step then takes less memory, on pure Go it need not
}

// defaultMultipliers are guided-diffusion's and TorchCFM's, by the image's width.
var defaultMultipliers = map[int][]int{28: {1, 2, 2}, 32: {1, 2, 2, 2}, 64: {1, 2, 3, 4}, 128: {1, 1, 2, 3, 4}, 256: {1, 1, 2, 2, 4, 4}}

func (u UNet) withDefaults() UNet {
	u.Channels, u.Blocks, u.Heads, u.HeadChannels = orDefault(u.Channels, 128), orDefault(u.Blocks, 2), orDefault(u.Heads, 1), orDefault(u.HeadChannels, 64)
	u.Patch = orDefault(u.Patch, 1)
	if u.Multipliers == nil {
		u.Multipliers = defaultMultipliers[u.width()]
	}
	if u.Attention == nil {
		u.Attention = []int{16}
	}
	return u
}

// Check says in one line what is wrong with the settings, or nil.
func (u UNet) Check() error {
	u = u.withDefaults()
	fail := func(format string, args ...any) error { return fmt.Errorf("net: UNet: "+format, args...) }
	height, width := u.Image[0], u.Image[1]
	switch {
	case min(height, width, u.Image[2]) < 1:
		return fail("images of %d x %d pixels with %d channels: set Image to the height, width and colour channels of the data", height, width, u.Image[2])
	case u.Patch < 1 || height%u.Patch != 0 || width%u.Patch != 0:
		return fail("patches of %d pixels a side in images of %d x %d: want a divisor of both", u.Patch, height, width)
	case len(u.Multipliers) == 0:
		return fail("no Multipliers are known for images %d pixels wide: give them, e.g. 1, 2, 2 for three levels", u.width())
	case u.Channels < 0 || u.Channels%normGroups != 0:
		return fail("%d Channels: want a multiple of %d, the groups of its normalisation", u.Channels, normGroups)
	case min(u.Blocks, u.HeadChannels, u.Heads) < 0 || u.AttentionHeads < 0 || u.Classes < 0 || u.Maps < 0:
		return fail("%d Blocks, %d HeadChannels, %d AttentionHeads, %d Maps, %d Classes and %d Heads: sizes must not be negative", u.Blocks, u.HeadChannels, u.AttentionHeads, u.Maps, u.Classes, u.Heads)
	case !(u.Dropout >= 0 && u.Dropout < 1):
		return fail("Dropout %g: want a share in [0, 1)", u.Dropout)
	}
	for _, m := range u.Multipliers {
		if m < 1 {
			return fail("the multiplier %d: want 1 or more", m)
		}
	}
	if shrink := u.Patch << (len(u.Multipliers) - 1); height%shrink != 0 || width%shrink != 0 {
		return fail("%d levels halve images of %d x %d pixels %d times, which does not come out even: give fewer Multipliers, or pad the images", len(u.Multipliers), height/u.Patch, width/u.Patch, len(u.Multipliers)-1)
	}
	for _, r := range u.Attention {
		if r < 1 || r > u.width() {
			return fail("attention at resolution %d: want 1 to the width of the first level, %d", r, u.width())
		}
	}
	for level, m := range u.Multipliers {
		if c := m * u.Channels; (u.attends(1<<level) || level == len(u.Multipliers)-1) && (u.AttentionHeads > 0 && c%u.AttentionHeads != 0 || u.AttentionHeads == 0 && c%u.HeadChannels != 0) {
			return fail("attention on %d channels does not come out even with %d HeadChannels, %d AttentionHeads: set AttentionHeads to a divisor of the channels", c, u.HeadChannels, u.AttentionHeads)
		}
	}
	return nil
}

// AtOnce is the number of images that a training step on a CPU works on at a time. Gradients in the kernels of convolutions take 0.6 to 0.8 of the time with 8 that they take with 32 (BenchmarkKernelGradient),
// since what they read stays in the caches. Batches are cut into parts of so many; the step is the same but for rounding.
func (u UNet) AtOnce() int { return 8 }

// width is the width of the first level.
func (u UNet) width() int { return u.Image[1] / u.Patch }

// attends tells whether the level that is shrunk by a factor has attention.
func (u UNet) attends(shrunk int) bool {
	return slices.ContainsFunc(u.Attention, func(r int) bool { return shrunk == u.width()/r })
}

// Predict implements Net.
func (u UNet) Predict(scope *model.Scope, x, t, cond *Node) *Node {
	if err := u.Check(); err != nil {
		panic(err)
	}
	u = u.withDefaults()
	height, width, colours := u.Image[0], u.Image[1], u.Image[2]
	batch, dim := x.Shape().Dimensions[0], x.Shape().Dimensions[1]
	if dim != height*width*colours {
		panic(fmt.Errorf("net: UNet for images of %d x %d pixels with %d channels: the points have size %d, want %d", height, width, colours, dim, height*width*colours))
	}
	h := Reshape(x, batch, height, width, colours)
	h, cond = u.beside(h, cond)
	h = fold(h, u.Patch)
	emb := u.embedding(scope, t, cond)
	h, seen := u.down(scope, h, emb)
	h = u.middle(scope.At("middle_block"), h, emb)
	h = u.up(scope, h, emb, seen)
	h = zeroConv(scope, "out.2", SiLU(groupNorm(scope, "out.0", h)), u.Patch*u.Patch*u.Heads*colours)
	h = unfold(h, u.Patch)
	h = TransposeAllDims(Reshape(h, batch, height, width, u.Heads, colours), 0, 3, 1, 2, 4)
	return Reshape(h, batch, u.Heads*dim)
}

// beside adds the maps of cond [batch, Maps*height*width + m] to an image as colours; rest is what else cond has, nil if nothing.
func (u UNet) beside(h, cond *Node) (seen, rest *Node) {
	if u.Maps == 0 {
		return h, cond
	}
	d := h.Shape().Dimensions
	size := u.Maps * d[1] * d[2]
	if cond == nil || cond.Shape().Size() < d[0]*size {
		panic(fmt.Errorf("net: UNet with %d maps of %d x %d beside the image needs them as cond [batch, %d or more]; the data gives fewer numbers", u.Maps, d[1], d[2], size))
	}
	cond = Reshape(cond, d[0], -1)
	maps := TransposeAllDims(Reshape(Slice(cond, AxisRange(), AxisRange(0, size)), d[0], u.Maps, d[1], d[2]), 0, 2, 3, 1)
	if cond.Shape().Dimensions[1] > size {
		rest = Slice(cond, AxisRange(), AxisRange(size))
	}
	return Concatenate([]*Node{h, maps}, -1), rest
}

// fold takes squares of p pixels a side as the colours of one (space to depth): [batch, height, width, c] -> [batch, height/p, width/p, p p c].
func fold(x *Node, p int) *Node {
	if p == 1 {
		return x
	}
	d := x.Shape().Dimensions
	x = TransposeAllDims(Reshape(x, d[0], d[1]/p, p, d[2]/p, p, d[3]), 0, 1, 3, 2, 4, 5)
	return Reshape(x, d[0], d[1]/p, d[2]/p, p*p*d[3])
}

// unfold is the inverse of fold.
func unfold(x *Node, p int) *Node {
	if p == 1 {
		return x
	}
	d := x.Shape().Dimensions
	x = TransposeAllDims(Reshape(x, d[0], d[1], d[2], p, p, d[3]/p/p), 0, 1, 3, 2, 4, 5)
	return Reshape(x, d[0], d[1]*p, d[2]*p, d[3]/p/p)
}

// down is the way down; seen is what the way up takes from it, last in first out.
func (u UNet) down(scope *model.Scope, h, emb *Node) (out *Node, seen []*Node) {
	block := func() *model.Scope { return scope.At("input_blocks.%d", len(seen)) }
	h = conv(block(), "0", h, u.Multipliers[0]*u.Channels, 1)
	seen = append(seen, h)
	for level, m := range u.Multipliers {
		channels := m * u.Channels
		for range u.Blocks {
			h = u.resBlock(block().At("0"), h, emb, channels, same)
			if u.attends(1 << level) {
				h = u.attentionBlock(block().At("1"), h)
			}
			seen = append(seen, h)
		}
		if level == len(u.Multipliers)-1 {
			break
		}
		if u.ResampleBlocks {
			h = u.resBlock(block().At("0"), h, emb, channels, down)
		} else {
			h = conv(block().At("0"), "op", h, channels, 2)
		}
		seen = append(seen, h)
	}
	return h, seen
}

func (u UNet) middle(scope *model.Scope, h, emb *Node) *Node {
	channels := h.Shape().Dimensions[3]
	h = u.resBlock(scope.At("0"), h, emb, channels, same)
	h = u.attentionBlock(scope.At("1"), h)
	return u.resBlock(scope.At("2"), h, emb, channels, same)
}

// up is the way up.
func (u UNet) up(scope *model.Scope, h, emb *Node, seen []*Node) *Node {
	number := 0
	for level, m := range slices.Backward(u.Multipliers) {
		channels := m * u.Channels
		for i := range u.Blocks + 1 {
			block, part := scope.At("output_blocks.%d", number), 0
			next := func() *model.Scope { part++; return block.At("%d", part-1) }
			h = Concatenate([]*Node{h, seen[len(seen)-1]}, -1)
			seen = seen[:len(seen)-1]
			h = u.resBlock(next(), h, emb, channels, same)
			if u.attends(1 << level) {
				h = u.attentionBlock(next(), h)
			}
			switch {
			case level == 0 || i < u.Blocks:
			case u.ResampleBlocks:
				h = u.resBlock(next(), h, emb, channels, up)
			default:
				h = conv(next(), "conv", upsample(h), channels, 1)
			}
			number++
		}
	}
	return h
}

// whole are labels as indices of a table.
func whole(labels *Node) *Node { return ConvertDType(labels, dtypes.Int32) }
