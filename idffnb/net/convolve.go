package net

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors/images"
)

// convolve is a convolution with zeros around the image, in the layout that XLA's fast routine on the CPU takes:
//
//	y[n, h, w, o] = sum over c, i, j of x[n, h + i - 1, w + j - 1, c] k[i, j, c, o]
//
// x [batch, height, width, in] and k [3, 3, in, out] -> [batch, height, width, out]. Its gradients are convolutions in the same layout,
//
//	dL/dx = convolve(v, flip(k)),  dL/dk = correlate(x, v)  for v = dL/dy,
//
// and can be differentiated in their turn. GoMLX's own gradients name their axes in another order, which XLA puts right in a whole program, but not in the body of a loop: there
// they take 26 times as long. CUDA's libraries have routines for gradients in GoMLX's form, so there they stay.
func convolve(x, k *Node) *Node {
	return bilinear(x, k, func(x, k *Node) *Node { return slide(x, k, 1, 1) },
		func(_, k, v *Node) *Node { return convolve(v, flip(k)) },
		func(x, _, v *Node) *Node { return correlate(x, v) })
}

// halving is every second pixel of convolve in either direction, y[n, h, w, o] = sum of x[n, 2h + i - 1, 2w + j - 1, c] k[i, j, c, o]: height and width are even.
func halving(x, k *Node) *Node {
	return bilinear(x, k, func(x, k *Node) *Node { return slide(x, k, 2, 0) },
		func(_, k, v *Node) *Node { return convolve(spread(v), flip(k)) },
		func(x, _, v *Node) *Node { return correlate(x, spread(v)) })
}

// correlate is the gradient of convolve in its kernel:
//
//	u[i, j, c, o] = sum over n, h, w of x[n, h + i - 1, w + j - 1, c] v[n, h, w, o]
//
// x [batch, height, width, in] and v [batch, height, width, out] -> [3, 3, in, out]. It is a convolution whose kernel is as large as an image, with channels in place of the batch
// and the batch in place of channels.
func correlate(x, v *Node) *Node {
	return bilinear(x, v, func(x, v *Node) *Node {
		return TransposeAllDims(slide(TransposeAllDims(x, 3, 1, 2, 0), TransposeAllDims(v, 1, 2, 0, 3), 1, 1), 1, 2, 0, 3)
	},
		func(_, v, u *Node) *Node { return convolve(v, flip(u)) },
		func(x, _, u *Node) *Node { return convolve(x, u) })
}

// slide is XLA's convolution, with a row of zeros before the image in either direction and end of them behind it.
func slide(x, k *Node, stride, end int) *Node {
	return Convolve(x, k).ChannelsAxis(images.ChannelsLast).Strides(stride).PaddingPerDim([][2]int{{1, end}, {1, end}}).Done()
}

// flip turns a kernel about and swaps its channels: [3, 3, in, out] -> [3, 3, out, in].
func flip(k *Node) *Node { return TransposeAllDims(turn(k), 0, 1, 3, 2) }

// turn is y[i, j] = x[2 - i, 2 - j] for a kernel. GoMLX has no gradient of it, which is the turn back: the gradient passes through x - x, which is 0.
func turn(x *Node) *Node {
	zero := Sub(IdentityWithCustomGradient(x, func(_, v *Node) *Node { return turn(v) }), StopGradient(x))
	return Add(zero, StopGradient(Reverse(x, 0, 1)))
}

// spread puts zeros between the pixels: [batch, height, width, c] -> [batch, 2 height, 2 width, c], y[2h, 2w] = x[h, w].
func spread(x *Node) *Node {
	d := x.Shape().Dimensions
	first := ConstAs(x, [][][][]float32{{{{1}, {0}}}, {{{0}, {0}}}}) // [2, 1, 2, 1]
	x = Mul(Reshape(x, d[0], d[1], 1, d[2], 1, d[3]), Reshape(first, 1, 1, 2, 1, 2, 1))
	return Reshape(x, d[0], 2*d[1], 2*d[2], d[3])
}

// bilinear is value(a, b), a function that is linear in each of a and b, with gradients da and db of its own, of a, b and v = dL/dvalue.
//
// GoMLX lets a node have its own gradient only where it passes its input on. So the gradient v that arrives behind the value is kept, and what comes through the value to a
// and b, and is not used, gives way to da and db. Gradients are built from the output back, the later node first: that behind the value, then that of a, then that of b. a is kept too: where it
// is computed anew for the gradient (Remat), that is the node to take.
func bilinear(a, b *Node, value func(a, b *Node) *Node, da, db func(a, b, v *Node) *Node) *Node {
	var v, again *Node
	right := IdentityWithCustomGradient(b, func(_, _ *Node) *Node { return db(again, b, v) })
	left := IdentityWithCustomGradient(a, func(a, _ *Node) *Node {
		again = a.Inputs()[0]
		return da(again, b, v)
	})
	return IdentityWithCustomGradient(value(left, right), func(_, arrived *Node) *Node {
		v, again = arrived, a
		return arrived
	})
}
