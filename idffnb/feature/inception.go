package feature

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors/images"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/checkpoint"
)

const (
	inceptionSide = 299  // pixels of a side that images are brought to
	inceptionSize = 2048 // features: the last layer before the classes ("pool3")
	fidClasses    = 1008 // outputs of the layer behind them in FID's network; in those trained on ImageNet since, torchvision's and Keras's, they are 1000
)

// Inception is an Inception-v3 as a Network, FID's if the weights are. They are not part of the workbench, which does not download them either. FID's are those of the TensorFlow network of 2015-12-05, of which pytorch-fid has a port:
//
//	https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth
//
// GoMLX's own download (its examples/inceptionv3) is not read: it is Keras's network trained on ImageNet, whose distances are no FID, unpacked into files of a form and names of its own.
type Inception struct {
	id, name string
	shape    [3]int
	features *program
}

// OpenInception reads an Inception-v3 from a state dict of pytorch-fid's names (.pth, .pt or .safetensors; nothing in it is run), for images of a shape. Images are brought to 299 x 299 pixels, linearly, and grey ones get three
// equal channels, as pytorch-fid does. Layers that the features do not need, such as the classes, may be there.
//
// torchvision's inception_v3, trained on ImageNet, has the same names and shapes up to the classes. So a network counts as FID's, and its scores are plain FID and KID, only where the file has the layer of the classes (fc) with FID's 1008 outputs; those of others, and of files without that layer, are named
// after the file. It fails on a file that cannot be read, and where a weight is missing or has another shape.
func OpenInception(path string, shape [3]int) (*Inception, error) {
	if min(shape[0], shape[1]) < 1 || shape[2] != 1 && shape[2] != 3 {
		return nil, fmt.Errorf("feature: Inception-v3 for images of shape %v: want a height and a width, and 1 or 3 channels", shape)
	}
	i, err := readInceptionFile(path, shape)
	if err != nil {
		return nil, err
	}
	_, err = i.Features(make([]float32, valuesOf(shape))) // so that a file that does not fit is refused here
	if err != nil {
		return nil, fmt.Errorf("%w; the file is %s", err, path)
	}
	return i, nil
}

// MustOpenInception is OpenInception for notebooks: an error prints one line and ends the program.
func MustOpenInception(path string, shape [3]int) *Inception {
	i, err := OpenInception(path, shape)
	idffnb.Must(err)
	return i
}

// readInceptionFile is OpenInception without a first run, which tells whether all weights are there.
func readInceptionFile(path string, shape [3]int) (*Inception, error) {
	file, err := checkpoint.ReadWeights(path)
	if err != nil {
		return nil, fmt.Errorf("feature: Inception-v3: %w", err)
	}
	dict, err := file.Choose("")
	if err != nil {
		return nil, fmt.Errorf("feature: Inception-v3: %s: %w", path, err)
	}
	features, err := newInception(dict.Tensors, shape, inceptionSide)
	if err != nil {
		return nil, fmt.Errorf("%w; the file is %s", err, path)
	}
	i := &Inception{id: fmt.Sprintf("inception-v3-%x", file.SHA256[:5]), shape: shape, features: features}
	if !isFIDs(dict.Tensors) {
		i.id, i.name = i.id+"-"+filepath.Base(path), "Inception-v3 of "+filepath.Base(path)
	}
	return i, nil
}

// isFIDs tells by the layer of the classes whether weights are those of FID's network.
func isFIDs(weights []checkpoint.Tensor) bool {
	return slices.ContainsFunc(weights, func(t checkpoint.Tensor) bool {
		return t.Name == "fc.weight" && slices.Equal(t.Shape, []int{fidClasses, inceptionSize})
	})
}

// newInception makes the program on weights, for images that are brought to a side.
func newInception(weights []checkpoint.Tensor, shape [3]int, side int) (*program, error) {
	backend, _, err := idffnb.Backend()
	if err != nil {
		return nil, err
	}
	var used []checkpoint.Tensor
	for _, t := range weights {
		if strings.HasPrefix(t.Name, "fc.") || strings.HasPrefix(t.Name, "AuxLogits.") || strings.HasSuffix(t.Name, ".num_batches_tracked") {
			continue
		}
		t.Name = strings.ReplaceAll(t.Name, ".", "/")
		used = append(used, t)
	}
	const batch = 16
	return newProgram("Inception-v3", backend, used, batch, valuesOf(shape), func(scope *model.Scope, x *Node) *Node {
		n := x.Shape().Dimensions[0]
		x = resized(Reshape(x, n, shape[0], shape[1], shape[2]), side)
		if shape[2] == 1 {
			x = BroadcastToDims(x, n, side, side, 3)
		}
		return inceptionFeatures(layers{scope}, x)
	})
}

// Name implements Network: "" for FID's own weights, else e.g. "Inception-v3 of inception_v3_google-0cc3c7bd.pth".
func (i *Inception) Name() string { return i.name }

// ID implements Network.
func (i *Inception) ID() string { return i.id }

// Dir implements Network: a folder beside the run folders.
func (i *Inception) Dir() string { return filepath.Join(idffnb.Root(), i.id) }

// Shape implements Network.
func (i *Inception) Shape() [3]int { return i.shape }

// Size implements Network.
func (i *Inception) Size() int { return inceptionSize }

// Features implements Network.
func (i *Inception) Features(images []float32) ([]float32, error) { return i.features.run(images) }

// PullBack implements Differentiable, on XLA: GoMLX's pure Go backend has no gradient of the maximum of a window.
func (i *Inception) PullBack(images, b []float32) ([]float32, error) {
	return i.features.pullBack(images, b, inceptionSize)
}

// resized brings images [batch, height, width, c] to a side, linearly between the pixels' centres (PyTorch's interpolate, align_corners=False): a matrix for each axis.
func resized(x *Node, side int) *Node {
	d := x.Shape().Dimensions
	x = Einsum("oh,bhwc->bowc", ConstAs(x, between(d[1], side)), x)
	return Einsum("ow,bhwc->bhoc", ConstAs(x, between(d[2], side)), x)
}

// between has in row o the weights of the n pixels at the place of pixel o of side.
func between(n, side int) [][]float32 {
	rows := make([][]float32, side)
	for o := range rows {
		rows[o] = make([]float32, n)
		at := max((float64(o)+.5)*float64(n)/float64(side)-.5, 0)
		k := min(int(at), n-1)
		rows[o][k] += float32(1 - (at - float64(k)))
		rows[o][min(k+1, n-1)] += float32(at - float64(k))
	}
	return rows
}

// layers are the network's layers, whose weights have names in a scope.
type layers struct{ scope *model.Scope }

// at are the layers under a name.
func (l layers) at(name string) layers { return layers{l.scope.At("%s", name)} }

// weight is a weight of a shape, which must be there.
func (l layers) weight(g *Graph, name string, shape ...int) *Node {
	v := l.scope.GetVariable(name)
	if v == nil {
		panic(fmt.Errorf("the weights lack %s", strings.ReplaceAll(strings.TrimPrefix(model.JoinPath(l.scope.Scope(), name), "/"), "/", ".")))
	}
	if fmt.Sprint(v.Shape().Dimensions) != fmt.Sprint(shape) {
		panic(fmt.Errorf("the weight %s has shape %v, want %v", strings.ReplaceAll(strings.TrimPrefix(v.Path(), "/"), "/", "."), v.Shape().Dimensions, shape))
	}
	return v.NodeValue(g)
}

// conv is a convolution of height x width without bias, with zeros around the image or none, batch normalisation with its running statistics, and ReLU.
func (l layers) conv(name string, x *Node, out, height, width, stride int, padded bool) *Node {
	l, g, in := l.at(name), x.Graph(), x.Shape().Dimensions[3]
	w := TransposeAllDims(l.at("conv").weight(g, "weight", out, in, height, width), 2, 3, 1, 0)
	pad := [][2]int{{0, 0}, {0, 0}}
	if padded {
		pad = [][2]int{{height / 2, height / 2}, {width / 2, width / 2}}
	}
	y := Convolve(x, w).ChannelsAxis(images.ChannelsLast).Strides(stride).PaddingPerDim(pad).Done()
	norm := func(part string) *Node { return ExpandLeftToRank(l.at("bn").weight(g, part, out), 4) }
	y = Div(Sub(y, norm("running_mean")), Sqrt(AddScalar(norm("running_var"), .001)))
	y = Add(Mul(y, norm("weight")), norm("bias"))
	return Max(y, ZerosLike(y))
}
