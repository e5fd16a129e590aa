package feature

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
)

// Classifier says how a net.ConvNet learns to tell the classes of labelled images apart; its last hidden layer then describes images. Zero values are defaults; only Images is needed.
//
// It is trained as a run, with all that runs have: checkpoints, resuming to the bit, a progress bar. A run regresses, and so the loss is the mean square of (out - one-hot label), the Brier score
// of Hui and Belkin, Evaluation of Neural Architectures Trained with Square Loss vs Cross-Entropy (arXiv 2006.07322), who find it no worse than cross-entropy.
type Classifier struct {
	Images Images      // to train on, with labels
	Label  string      // of the data in the scores' names; "": the images' name
	Net    net.ConvNet // Image and Classes are those of the images

	Batch        int     // 0: 128
	LearningRate float64 // of AdamW, which falls to 0 by a cosine; 0: 3e-3
	Steps        int     // 0: 1500
	Seed         uint64
}

// Own is a trained Classifier as a Network.
type Own struct {
	run      *idffnb.Run
	label    string
	shape    [3]int
	size     int
	features *program
	classes  *program
}

// Open opens the run folder of the classifier, and trains what is left to train. It fails on images without labels, and where idffnb.Open and Run.Train do.
func Open(c Classifier) (*Own, error) {
	if c.Images == nil {
		return nil, fmt.Errorf("feature: a classifier without Images: give labelled ones, e.g. datasets.FashionMNIST")
	}
	classes := len(c.Images.ClassNames())
	if c.Images.Len() < 1 || classes < 2 || c.Images.Label(0) < 0 {
		return nil, fmt.Errorf("feature: a classifier of %s: the images need labels of at least 2 classes", c.Images.Name())
	}
	orDefault(&c.Batch, 128)
	orDefault(&c.LearningRate, 3e-3)
	orDefault(&c.Steps, 1500)
	orDefault(&c.Label, c.Images.Name())
	orDefault(&c.Net.Size, 64)
	c.Net.Image, c.Net.Classes = c.Images.Shape(), classes
	run, err := idffnb.Open(idffnb.Experiment{
		Name: "classifier", Data: labels{c.Images, classes}, Net: c.Net, Objective: flow.Velocity(),
		Batch: c.Batch, LearningRate: c.LearningRate, Decay: idffnb.DecayCosine, Steps: c.Steps, Seed: c.Seed,
	})
	if err != nil {
		return nil, err
	}
	if err := run.Train(); err != nil {
		return nil, err
	}
	o := &Own{run: run, label: c.Label, shape: c.Net.Image, size: c.Net.Size}
	return o, o.compile(c.Net)
}

// MustOpen is Open for notebooks: an error prints one line and ends the program.
func MustOpen(c Classifier) *Own {
	o, err := Open(c)
	idffnb.Must(err)
	return o
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// compile makes the programs on the trained weights.
func (o *Own) compile(n net.ConvNet) error {
	folder, err := checkpoint.OpenFolder(o.run.Dir)
	if err != nil {
		return err
	}
	saved, _, err := folder.Latest()
	if err != nil {
		return err
	}
	if saved == nil {
		return fmt.Errorf("feature: %s has no checkpoint", o.run.Dir)
	}
	var weights []checkpoint.Tensor
	for _, t := range saved.Tensors {
		switch filepath.Dir(t.Name) {
		case "conv.0", "conv.1", "features", "out": // the others are the optimizer's
			weights = append(weights, t)
		}
	}
	backend, _, err := idffnb.Backend()
	if err != nil {
		return err
	}
	const batch = 256
	if o.features, err = newProgram("features of "+o.run.Experiment().Name, backend, weights, batch, valuesOf(o.shape), n.Features); err != nil {
		return err
	}
	o.classes, err = newProgram("classes of "+o.run.Experiment().Name, backend, weights, batch, valuesOf(o.shape), func(scope *model.Scope, images *Node) *Node {
		return n.Predict(scope, nil, nil, images)
	})
	return err
}

// Name implements Network, e.g. "own Fashion-MNIST features".
func (o *Own) Name() string { return "own " + o.label + " features" }

// ID implements Network.
func (o *Own) ID() string { return filepath.Base(o.run.Dir) }

// Dir implements Network: the run folder.
func (o *Own) Dir() string { return o.run.Dir }

// Shape implements Network.
func (o *Own) Shape() [3]int { return o.shape }

// Size implements Network.
func (o *Own) Size() int { return o.size }

// Features implements Network.
func (o *Own) Features(images []float32) ([]float32, error) { return o.features.run(images) }

// PullBack implements Differentiable.
func (o *Own) PullBack(images, b []float32) ([]float32, error) {
	return o.features.pullBack(images, b, o.size)
}

// Run is the run that trained it.
func (o *Own) Run() *idffnb.Run { return o.run }

// Classify gives the class of each image [n, height*width*colours].
func (o *Own) Classify(images []float32) ([]int, error) {
	out, err := o.classes.run(images)
	if err != nil {
		return nil, err
	}
	n := len(images) / valuesOf(o.shape)
	classes := make([]int, n)
	for i := range classes {
		row := out[i*len(out)/n : (i+1)*len(out)/n]
		for k, v := range row {
			if v > row[classes[i]] {
				classes[i] = k
			}
		}
	}
	return classes, nil
}

// Accuracy is the share of labelled images whose class it finds.
func (o *Own) Accuracy(images Images) (float64, error) {
	if images.Len() < 1 || images.Label(0) < 0 || images.Shape() != o.shape {
		return 0, fmt.Errorf("feature: accuracy on %s: want labelled images of shape %v", images.Name(), o.shape)
	}
	right := 0
	err := inBlocks(images, func(first int, x []float32) error {
		classes, err := o.Classify(x)
		for i, k := range classes {
			if k == images.Label(first+i) {
				right++
			}
		}
		return err
	})
	return float64(right) / float64(images.Len()), err
}

// MustAccuracy is Accuracy for notebooks.
func (o *Own) MustAccuracy(images Images) float64 {
	share, err := o.Accuracy(images)
	idffnb.Must(err)
	return share
}

// inBlocks calls f with the images, some at a time; first is the number of the first.
func inBlocks(images Images, f func(first int, x []float32) error) error {
	const size = 1024
	for first := 0; first < images.Len(); first += size {
		index := make([]int, min(size, images.Len()-first))
		for i := range index {
			index[i] = first + i
		}
		x, err := images.At(index...)
		if err != nil {
			return err
		}
		if err := f(first, x); err != nil {
			return err
		}
	}
	return nil
}

// labels are images with their labels as data for a run that regresses: from x0 = 0 to x1, the one-hot label, with the image as cond. The velocity is then the label.
type labels struct {
	of      Images
	classes int
}

func (l labels) Name() string { return "labels of " + l.of.Name() }
func (l labels) ID() string   { return "labels of " + l.of.ID() }
func (l labels) Dim() int     { return l.classes }

func (l labels) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	index := make([]int, n)
	for i := range index {
		index[i] = rng.IntN(l.of.Len())
	}
	x0, x1 = make([]float32, n*l.classes), make([]float32, n*l.classes)
	for i, k := range index {
		x1[i*l.classes+l.of.Label(k)] = 1
	}
	cond, err := l.of.At(index...)
	if err != nil {
		panic(err)
	}
	return x0, x1, cond
}
