package feature

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/internal/graphs"
)

// Network describes images by numbers.
type Network interface {
	Name() string  // what its scores are named after, e.g. "own Fashion-MNIST features"; "" for FID's own network
	ID() string    // tells networks and weights apart
	Dir() string   // a folder of its own, where what it says of real images is kept
	Shape() [3]int // of the images it takes: height, width, colour channels
	Size() int     // numbers that describe an image
	// Features describes images [n, height*width*colours], in [-1, 1]: [n, Size].
	Features(images []float32) ([]float32, error)
}

// Differentiable is a Network whose features have a derivative: Own and Inception are.
type Differentiable interface {
	Network
	// PullBack is J^T b for each image, with J the Jacobian of its features: images [n, height*width*colours], b [n, Size] -> [n, height*width*colours].
	PullBack(images, b []float32) ([]float32, error)
}

// program is a graph over images that is run a batch at a time.
type program struct {
	what   string
	exec   *model.Exec
	batch  int
	values int // of an image

	backend compute.Backend
	weights []checkpoint.Tensor
	build   func(scope *model.Scope, images *Node) *Node
	back    *program // see pullBack; nil until it is asked for
}

// newProgram makes the program of a graph from images [batch, height*width*colours] on weights, which are named as variables are, without the first slash. It is an error if the graph wants others.
func newProgram(what string, backend compute.Backend, weights []checkpoint.Tensor, batch, values int, build func(scope *model.Scope, images *Node) *Node) (*program, error) {
	p := &program{what: what, batch: batch, values: values, backend: backend, weights: weights, build: build}
	err := p.try(func() error {
		store, given := model.NewStore(), map[string]bool{}
		for _, w := range weights {
			floats, err := checkpoint.Floats(w)
			if err != nil {
				return err
			}
			given["/"+w.Name] = true
			if _, err := store.CreateVariable("/"+w.Name, tensors.FromFlatDataAndDimensions(floats, w.Shape...)); err != nil {
				return err
			}
		}
		exec, err := model.NewExec(backend, store, func(scope *model.Scope, images *Node) *Node {
			defer panicAsError()
			out := build(scope, images)
			for v := range store.IterVariables() {
				if !given[v.Path()] {
					panic(fmt.Errorf("the weights lack %s", v.Path()))
				}
			}
			return out
		})
		p.exec = exec
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// run gives the graph's output for images [n, values], [n, size].
func (p *program) run(images []float32) (out []float32, err error) {
	if len(images) == 0 || len(images)%p.values != 0 {
		return nil, fmt.Errorf("feature: %s: %d values are not one or more images of %d", p.what, len(images), p.values)
	}
	n := len(images) / p.values
	err = p.try(func() error {
		batch := make([]float32, p.batch*p.values)
		for first := 0; first < n; first += p.batch {
			now := min(p.batch, n-first)
			copy(batch, images[first*p.values:(first+now)*p.values]) // the rows behind, of the batch before, are not looked at
			result, err := p.exec.Call1(tensors.FromFlatDataAndDimensions(batch, p.batch, p.values))
			if err != nil {
				return err
			}
			flat, err := tensors.CopyFlatData[float32](result)
			if err != nil {
				return err
			}
			out = append(out, flat[:now*len(flat)/p.batch]...)
		}
		return nil
	})
	return out, err
}

// pullBack is J^T b for each image, with J the Jacobian of the graph's output, of so many numbers. The program for it takes rows of an image and its b.
func (p *program) pullBack(images, b []float32, size int) (out []float32, err error) {
	if len(images) == 0 || len(images)%p.values != 0 || len(b) != len(images)/p.values*size {
		return nil, fmt.Errorf("feature: %s: %d values and %d of their features' are not one or more images of %d with %d each", p.what, len(images), len(b), p.values, size)
	}
	if p.back == nil {
		p.back, err = newProgram("derivative of "+p.what, p.backend, p.weights, min(p.batch, 64), p.values+size, func(scope *model.Scope, rows *Node) *Node {
			x, b := Slice(rows, AxisRange(), AxisRange(0, p.values)), Slice(rows, AxisRange(), AxisRange(p.values, p.values+size))
			return Gradient(ReduceAllSum(Mul(p.build(scope, x), b)), x)[0]
		})
		if err != nil {
			return nil, err
		}
	}
	rows := make([]float32, 0, len(images)+len(b))
	for x := range slices.Chunk(images, p.values) {
		rows = append(append(rows, x...), b[:size]...)
		b = b[size:]
	}
	return p.back.run(rows)
}

// try calls a function that builds or runs the program, and turns an error or a panic into an error of one line. How many images are described at a time is not the caller's to say, so that where the
// device's memory is full another device is what helps.
func (p *program) try(f func() error) error {
	at := graphs.Load{Of: fmt.Sprintf("%d images at a time", p.batch), Less: "judge in a process with GOMLX_BACKEND=xla:cpu"}
	return graphs.Try("feature: "+p.what, at, f)
}

// panicAsError gives a panic while a graph is built the form of an error, since GoMLX catches no other.
func panicAsError() {
	if p := recover(); p != nil {
		if err, ok := p.(error); ok {
			panic(err)
		}
		panic(fmt.Errorf("%v", p))
	}
}
