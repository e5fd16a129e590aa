package feature

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors/images"
)

// Inception-v3 (Szegedy et al., arXiv 1512.00567) up to the mean over all pixels, as FID takes it: torchvision's network and names, but for the pools of the branches. As in the TensorFlow network of 2015-12-05, means do not count the
// zeros around the image, and Mixed_7c takes the maximum in place of the mean (pytorch-fid's FIDInceptionA, C, E_1 and E_2).

// inceptionFeatures is x [batch, side, side, 3] -> [batch, 2048].
func inceptionFeatures(l layers, x *Node) *Node {
	x = l.conv("Conv2d_1a_3x3", x, 32, 3, 3, 2, false)
	x = l.conv("Conv2d_2a_3x3", x, 32, 3, 3, 1, false)
	x = l.conv("Conv2d_2b_3x3", x, 64, 3, 3, 1, true)
	x = shrunk(x)
	x = l.conv("Conv2d_3b_1x1", x, 80, 1, 1, 1, false)
	x = l.conv("Conv2d_4a_3x3", x, 192, 3, 3, 1, false)
	x = shrunk(x)
	x = l.at("Mixed_5b").blockA(x, 32)
	x = l.at("Mixed_5c").blockA(x, 64)
	x = l.at("Mixed_5d").blockA(x, 64)
	x = l.at("Mixed_6a").blockB(x)
	x = l.at("Mixed_6b").blockC(x, 128)
	x = l.at("Mixed_6c").blockC(x, 160)
	x = l.at("Mixed_6d").blockC(x, 160)
	x = l.at("Mixed_6e").blockC(x, 192)
	x = l.at("Mixed_7a").blockD(x)
	x = l.at("Mixed_7b").blockE(x, meanAround)
	x = l.at("Mixed_7c").blockE(x, mostAround)
	return ReduceMean(x, 1, 2)
}

// shrunk is the maximum of 3 x 3 pixels at every second pixel.
func shrunk(x *Node) *Node {
	return MaxPool(x).ChannelsAxis(images.ChannelsLast).Window(3).Strides(2).NoPadding().Done()
}

// meanAround is the mean of the pixels around each that are there.
func meanAround(x *Node) *Node {
	sum := func(x *Node) *Node {
		return SumPool(x).ChannelsAxis(images.ChannelsLast).Window(3).Strides(1).PadSame().Done()
	}
	return Div(sum(x), sum(OnesLike(x)))
}

// mostAround is the maximum of the pixels around each.
func mostAround(x *Node) *Node {
	return MaxPool(x).ChannelsAxis(images.ChannelsLast).Window(3).Strides(1).PadSame().Done()
}

func (l layers) blockA(x *Node, pool int) *Node {
	one := l.conv("branch1x1", x, 64, 1, 1, 1, false)
	five := l.conv("branch5x5_2", l.conv("branch5x5_1", x, 48, 1, 1, 1, false), 64, 5, 5, 1, true)
	three := l.conv("branch3x3dbl_2", l.conv("branch3x3dbl_1", x, 64, 1, 1, 1, false), 96, 3, 3, 1, true)
	three = l.conv("branch3x3dbl_3", three, 96, 3, 3, 1, true)
	return Concatenate([]*Node{one, five, three, l.conv("branch_pool", meanAround(x), pool, 1, 1, 1, false)}, -1)
}

func (l layers) blockB(x *Node) *Node {
	once := l.conv("branch3x3", x, 384, 3, 3, 2, false)
	twice := l.conv("branch3x3dbl_2", l.conv("branch3x3dbl_1", x, 64, 1, 1, 1, false), 96, 3, 3, 1, true)
	return Concatenate([]*Node{once, l.conv("branch3x3dbl_3", twice, 96, 3, 3, 2, false), shrunk(x)}, -1)
}

func (l layers) blockC(x *Node, width int) *Node {
	row := func(name string, x *Node, out int) *Node { return l.conv(name, x, out, 1, 7, 1, true) }
	column := func(name string, x *Node, out int) *Node { return l.conv(name, x, out, 7, 1, 1, true) }
	one := l.conv("branch1x1", x, 192, 1, 1, 1, false)
	once := column("branch7x7_3", row("branch7x7_2", l.conv("branch7x7_1", x, width, 1, 1, 1, false), width), 192)
	twice := row("branch7x7dbl_3", column("branch7x7dbl_2", l.conv("branch7x7dbl_1", x, width, 1, 1, 1, false), width), width)
	twice = row("branch7x7dbl_5", column("branch7x7dbl_4", twice, width), 192)
	return Concatenate([]*Node{one, once, twice, l.conv("branch_pool", meanAround(x), 192, 1, 1, 1, false)}, -1)
}

func (l layers) blockD(x *Node) *Node {
	three := l.conv("branch3x3_2", l.conv("branch3x3_1", x, 192, 1, 1, 1, false), 320, 3, 3, 2, false)
	seven := l.conv("branch7x7x3_2", l.conv("branch7x7x3_1", x, 192, 1, 1, 1, false), 192, 1, 7, 1, true)
	seven = l.conv("branch7x7x3_4", l.conv("branch7x7x3_3", seven, 192, 7, 1, 1, true), 192, 3, 3, 2, false)
	return Concatenate([]*Node{three, seven, shrunk(x)}, -1)
}

func (l layers) blockE(x *Node, around func(*Node) *Node) *Node {
	fork := func(name string, x *Node) *Node {
		return Concatenate([]*Node{l.conv(name+"a", x, 384, 1, 3, 1, true), l.conv(name+"b", x, 384, 3, 1, 1, true)}, -1)
	}
	one := l.conv("branch1x1", x, 320, 1, 1, 1, false)
	once := fork("branch3x3_2", l.conv("branch3x3_1", x, 384, 1, 1, 1, false))
	twice := l.conv("branch3x3dbl_2", l.conv("branch3x3dbl_1", x, 448, 1, 1, 1, false), 384, 3, 3, 1, true)
	return Concatenate([]*Node{one, once, fork("branch3x3dbl_3", twice), l.conv("branch_pool", around(x), 192, 1, 1, 1, false)}, -1)
}
