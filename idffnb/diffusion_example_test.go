package idffnb_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// LinearBeta is DDPM's linear noise schedule in continuous time, with noise at t = 0 and data at t = 1: x_t = sqrt(alphabar) x1 + sqrt(1 - alphabar) x0 with
//
//	alphabar(t) = exp(-int beta),   beta = Least + (Most - Least)(1-t) integrated from the data to t
//
// beta from .1 to 20 is that of 1e-4 to .02 in 1000 steps. At t = 0 the path still has .0066 of the data.
type LinearBeta struct{ Least, Most float64 }

func (l LinearBeta) Coefficients(t *Node) (a, b, c *Node) {
	rest := OneMinus(t)
	integral := Add(MulScalar(rest, l.Least), MulScalar(Square(rest), (l.Most-l.Least)/2))
	a = Exp(MulScalar(integral, -.5))
	b = Sqrt(Mul(Tanh(MulScalar(integral, .5)), OnePlus(Exp(Neg(integral))))) // sqrt(1 - a^2), whose digits would be lost near t = 1
	return a, b, nil
}

// Epsilon is a network as diffusers trains them: of a state and a whole step, 0 to 999 from data to noise, it predicts epsilon. This one stands for a trained network: it is exact for Modes equal Gaussians of variance Var, whose means are its
// weights.
type Epsilon struct {
	Modes    int
	Var      float64
	Schedule LinearBeta
}

func (e Epsilon) Predict(scope *model.Scope, x, t, _ *Node) *Node {
	step := ClipScalar(Round(AddScalar(MulScalar(OneMinus(t), 1000), -1)), 0, 999) // from this project's clock to the network's
	a, b, _ := e.Schedule.Coefficients(OneMinus(DivScalar(OnePlus(step), 1000)))
	a, b = ExpandAxes(a, -1), ExpandAxes(b, -1)
	means := net.Embedding(scope, "modes", Iota(x.Graph(), shapes.Make(dtypes.Int32, e.Modes), 0), e.Modes, 2)
	variance := Add(MulScalar(Square(a), e.Var), Square(b))                        // of x_t about each mean
	off := Sub(ExpandAxes(x, 1), Mul(ExpandAxes(a, -1), ExpandAxes(means, 0)))     // x - a mean, [batch, modes, 2]
	which := Softmax(Div(ReduceSum(Square(off), -1), MulScalar(variance, -2)), -1) // probability of each mode, [batch, modes]
	return Mul(Div(b, variance), ReduceSum(Mul(ExpandAxes(which, -1), off), 1))    // E[x0 | x]
}

// A network of noise on DDPM's path, as diffusers has them, sampled by DPM-Solver++(2M).
func ExampleImport_noise() {
	dir, err := os.MkdirTemp("", "runs-")
	idffnb.Must(err)
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	idffnb.Must(os.Setenv("IDFF_RUNS", dir))
	toy := datasets.EightGaussians()
	centres, _, _ := toy.Modes()
	file := filepath.Join(dir, "epsilon.safetensors") // or a .pt file of PyTorch's
	idffnb.Must(checkpoint.Write(file, []checkpoint.Tensor{checkpoint.New("modes.weight", idffnb.Flat(centres), 8, 2)}, nil))

	schedule := LinearBeta{.1, 20}
	path := flow.OwnPath(schedule)
	run := idffnb.MustImport(file, idffnb.Experiment{Name: "epsilon", Data: toy, Net: Epsilon{8, math.Sqrt(.1), schedule}, Path: path, Objective: flow.Noise()})
	out := run.MustSample(2048, flow.CFM(), solver.Exponential{Method: "dpmpp2m", N: 20, Path: path})
	fmt.Println(out.Solver, "|", out.Cost.Forwards, "forwards")

	variance, count := 0., make([]int, len(centres))
	for _, x := range out.Points() {
		square, nearest := math.Inf(1), 0
		for k, c := range centres {
			if d := (x[0]-c[0])*(x[0]-c[0]) + (x[1]-c[1])*(x[1]-c[1]); d < square {
				square, nearest = d, k
			}
		}
		variance += square / float64(2*out.N)
		count[nearest]++
	}
	fmt.Printf("variance about the means %.1f, data %.1f\n", variance, math.Sqrt(.1))
	fmt.Println("points of each mode, of 256 expected, within four standard deviations:", slices.Min(count) > 196 && slices.Max(count) < 316)
	// Output:
	// dpmpp2m x20 on idffnb_test.LinearBeta{Least:0.1 Most:20} | 20 forwards
	// variance about the means 0.3, data 0.3
	// points of each mode, of 256 expected, within four standard deviations: true
}
