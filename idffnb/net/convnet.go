package net

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
)

// ConvNet is a small classifier of images, whose last hidden layer is a description of them that package feature compares images by:
//
//	h = mean4(ReLU(conv(image)));  h = mean4(ReLU(conv(h)));  features = ReLU(W h + b);  out = W' features + b'
//
// with convolutions of 3 x 3 to Channels and 2 Channels, mean4 the mean of each four pixels, and Size features. Layers are named conv.0, conv.1, features, out.
//
// As a Net of a run it sees the image as cond and predicts for each class, whatever x and t are: see feature.Classifier.
type ConvNet struct {
	Image    [3]int // height, width and colour channels; the sides are multiples of 4
	Classes  int    // at least 2
	Channels int    // of the first convolution; 0 means 16
	Size     int    // of the last hidden layer; 0 means 64
}

func (c ConvNet) withDefaults() ConvNet {
	c.Channels, c.Size = orDefault(c.Channels, 16), orDefault(c.Size, 64)
	return c
}

// Check says in one line what is wrong with the sizes, or nil.
func (c ConvNet) Check() error {
	switch {
	case min(c.Image[0], c.Image[1], c.Image[2]) < 1 || c.Image[0]%4 != 0 || c.Image[1]%4 != 0:
		return fmt.Errorf("net: ConvNet for images of %d x %d pixels with %d channels: the sides are halved twice, so they must be multiples of 4", c.Image[0], c.Image[1], c.Image[2])
	case c.Classes < 2 || c.Channels < 0 || c.Size < 0:
		return fmt.Errorf("net: ConvNet with %d classes, %d channels and %d features: want at least 2 classes, and no negative size", c.Classes, c.Channels, c.Size)
	}
	return nil
}

// Features is the last hidden layer: images [batch, height*width*colours], row-major with channels last -> [batch, Size].
func (c ConvNet) Features(scope *model.Scope, images *Node) *Node {
	if err := c.Check(); err != nil {
		panic(err)
	}
	c = c.withDefaults()
	batch, values := images.Shape().Dimensions[0], c.Image[0]*c.Image[1]*c.Image[2]
	if images.Shape().Size() != batch*values {
		panic(fmt.Errorf("net: ConvNet for images of %d x %d pixels with %d channels: the images have shape %v", c.Image[0], c.Image[1], c.Image[2], images.Shape().Dimensions))
	}
	h := Reshape(images, batch, c.Image[0], c.Image[1], c.Image[2])
	h = halve(relu(conv(scope, "conv.0", h, c.Channels, 1)))
	h = halve(relu(conv(scope, "conv.1", h, 2*c.Channels, 1)))
	return relu(Dense(scope, "features", Reshape(h, batch, -1), c.Size))
}

// Predict implements Net: cond are the images, and the output is a number for each class, [batch, Classes].
func (c ConvNet) Predict(scope *model.Scope, _, _, cond *Node) *Node {
	if cond == nil {
		panic(fmt.Errorf("net: ConvNet needs the images as cond [batch, height*width*colours]: the data gives none; feature.Classifier makes such data"))
	}
	return Dense(scope, "out", c.Features(scope, cond), c.Classes)
}

// relu is max(u, 0).
func relu(u *Node) *Node { return Max(u, ZerosLike(u)) }
