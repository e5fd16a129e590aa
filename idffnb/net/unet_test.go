package net_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/golden"
	"github.com/idff-go/workbench/idffnb/net"
)

// Outputs, and the gradients of the mean square of them, are PyTorch's; all parameters have its names and shapes.
func TestUNetIsPyTorchs(t *testing.T) {
	for _, b := range backends(t) {
		for name := range golden.UNets {
			if name == "all" || b.Name() != "xla" { // XLA takes seconds to compile one
				golden.CheckUNet(t, b, name, name == "all")
			}
		}
	}
}

// In bfloat16 convolutions take rounded factors, forwards and backwards; output and gradients stay float32, and near those of float32, which pure Go computes: within 3 % of the largest
// value, after some 20 roundings of 2^-9 each.
func TestUNetInBF16(t *testing.T) {
	u := net.UNet{Image: [3]int{4, 4, 1}, Channels: 32, Blocks: 1, Multipliers: []int{1}, Attention: []int{}, AttentionHeads: 1}
	results := map[string][][]float32{}
	for _, b := range backends(t) {
		store, inputs := golden.UNetStore(t, b, u)
		store.SetParam(model.JoinPath("/", net.BF16Param), b.Name() == "xla") // pure Go has none
		out, err := model.CallOnceN(b, store, func(scope *model.Scope, in []*Node) []*Node {
			y := golden.PredictUNet(u, scope, in)
			weight := store.GetVariable("/input_blocks.1/0/in_layers.2/weight").NodeValue(in[0].Graph())
			return append([]*Node{y}, Gradient(ReduceAllMean(Square(y)), in[0], weight)...)
		}, inputs...)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range out {
			results[b.Name()] = append(results[b.Name()], flat(t, o)) // which are float32
		}
	}
	if results["xla"] == nil {
		t.Skip("bfloat16 needs XLA")
	}
	for i, want := range results["go"] {
		worst, largest := 0., 0.
		for k, got := range results["xla"][i] {
			worst, largest = max(worst, math.Abs(float64(got-want[k]))), max(largest, math.Abs(float64(want[k])))
		}
		if worst > .03*largest || worst < 1e-4*largest {
			t.Errorf("result %d differs by %.2g of the largest value from float32, want more than 1e-4 and at most .03", i, worst/largest)
		}
	}
}

func flat(t testing.TB, x *tensors.Tensor) []float32 {
	t.Helper()
	v, err := tensors.CopyFlatData[float32](x)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// close1e4 wants the largest difference to be at most 1e-4 of the largest value.
func close1e4(t testing.TB, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d values, want %d", what, len(got), len(want))
	}
	worst, largest := 0., 0.
	for i := range got {
		worst, largest = max(worst, math.Abs(float64(got[i]-want[i]))), max(largest, math.Abs(float64(want[i])))
	}
	if !(worst <= 1e-4*largest) {
		t.Errorf("%s differs by %g, of values up to %g", what, worst, largest)
	}
}

func TestUNetParameters(t *testing.T) {
	_, want := golden.UNetCases(t)
	for name, u := range map[string]net.UNet{
		"torchcfm mnist":   {Image: [3]int{28, 28, 1}, Channels: 32, Blocks: 1, AttentionHeads: 1},
		"torchcfm cifar10": {Image: [3]int{32, 32, 3}, Dropout: .1},
		"idff cifar10":     {Image: [3]int{32, 32, 3}, Multipliers: []int{1, 2, 2, 4}, Dropout: .1},
	} {
		if testing.Short() && u.Channels == 0 {
			continue // a second, and 300 MB
		}
		n := 0
		for v := range golden.NewUNetStore(t, backend(t), u).IterVariables() {
			n += v.Shape().Size()
		}
		if n != want[name] || n == 0 {
			t.Errorf("%s: %d parameters, PyTorch has %d", name, n, want[name])
		}
	}
}

// Pure Go convolves by matrix products, since its own convolution is a slow loop; XLA by its own.
func TestUNetConvolutions(t *testing.T) {
	u := golden.UNets["plain"]
	for _, b := range backends(t) {
		g := NewGraph(b, "unet")
		y := u.Predict(model.NewStore().RootScope(), Parameter(g, "x", shapes.Make(dtypes.Float32, 1, 192)), Parameter(g, "t", shapes.Make(dtypes.Float32, 1)), nil)
		count := 0
		for _, n := range y.Graph().Nodes() {
			if n.Type() == NodeTypeConvGeneral {
				count++
			}
		}
		if own := b.Name() == "xla"; own != (count > 0) {
			t.Errorf("%s: %d convolutions of the backend's own", b.Name(), count)
		}
		g.Finalize()
	}
}

// Derivatives of derivatives, which IDFF's fields of order 2 and MeanFlow take: compared with differences of the gradient.
func TestUNetSecondDerivative(t *testing.T) {
	u := net.UNet{Image: [3]int{4, 4, 1}, Channels: 32, Blocks: 1, Multipliers: []int{1, 1}, Attention: []int{}, AttentionHeads: 1}
	for _, b := range backends(t) {
		if b.Name() == "xla" {
			u.Multipliers = []int{1} // compiles sooner; what changes sizes is the same on both
		}
		store, inputs := golden.UNetStore(t, b, u)
		// S = sum of squares of the gradient of E = sum sin(y) by x; dS/dx along v, once by a gradient and once by a difference.
		const step = 3e-3
		out, err := model.CallOnceN(b, store, func(scope *model.Scope, in []*Node) []*Node {
			x := in[0]
			v := Sin(MulScalar(IotaFull(x.Graph(), x.Shape()), 3))
			square := func(x *Node) *Node {
				y := u.Predict(scope, x, in[1], nil)
				return ReduceAllSum(Square(Gradient(ReduceAllSum(Sin(y)), x)[0]))
			}
			exact := ReduceAllSum(Mul(v, Gradient(square(x), x)[0]))
			difference := DivScalar(Sub(square(Add(x, MulScalar(v, step))), square(Sub(x, MulScalar(v, step)))), 2*step)
			return []*Node{exact, difference}
		}, inputs...)
		if err != nil {
			t.Fatalf("%s: %v", b.Name(), err)
		}
		if exact, difference := flat(t, out[0])[0], flat(t, out[1])[0]; math.Abs(float64(exact-difference)) > .01*math.Abs(float64(exact)) || exact == 0 {
			t.Errorf("%s: derivative %g, by difference %g", b.Name(), exact, difference)
		}
	}
}

func TestUNetDropout(t *testing.T) {
	cases, _ := golden.UNetCases(t)
	u := golden.UNets["plain"]
	u.Dropout = .5
	b := backend(t)
	run := func(training bool, seed int64) []float32 {
		store, inputs := golden.UNetStore(t, b, u)
		store.SetParam(model.ParamInitialSeed, seed)
		out, err := model.CallOnceN(b, store, func(scope *model.Scope, in []*Node) []*Node {
			store.SetTraining(in[0].Graph(), training)
			return []*Node{golden.PredictUNet(u, scope, in)}
		}, inputs...)
		if err != nil {
			t.Fatal(err)
		}
		return flat(t, out[0])
	}
	close1e4(t, "without training", run(false, 1), cases["plain"].Out)
	once := run(true, 1)
	if !slices.Equal(once, run(true, 1)) {
		t.Error("the same seed dropped others")
	}
	if slices.Equal(once, run(true, 2)) || slices.Equal(once, run(false, 1)) {
		t.Error("another seed, or no training, dropped the same")
	}
}

// A new network gives 0 everywhere: its last convolution starts so.
func TestUNetStartsAtZero(t *testing.T) {
	u := golden.UNets["all"]
	x := make([]float32, 2*192)
	for i := range x {
		x[i] = float32(i)
	}
	store, out := predict(t, u, 1, tensors.FromFlatDataAndDimensions(x, 2, 192), []float32{0, 1}, []float32{0, 4})
	if len(out) != 2*2*192 || slices.ContainsFunc(out, func(v float32) bool { return v != 0 }) {
		t.Errorf("%d outputs, the largest %g: want %d zeros", len(out), slices.Max(out), 2*2*192)
	}
	// uniform in +-1/sqrt(9 in): 27,648 draws; the deviation scatters by .3 %, so that 3 % has a false-alarm rate below 1e-9
	values := flat(t, store.GetVariable("/input_blocks.1/0/in_layers.2/weight").MustValue())
	square := 0.
	for _, v := range values {
		square += float64(v) * float64(v)
	}
	if std, want := math.Sqrt(square/float64(len(values))), 1/math.Sqrt(3*9*32); math.Abs(std/want-1) > .03 {
		t.Errorf("standard deviation of new weights %g, want %g", std, want)
	}
}

// More columns of cond than the label, such as MeanFlow's interval, are embedded too.
func TestUNetInterval(t *testing.T) {
	u := net.UNet{Image: [3]int{4, 4, 1}, Channels: 32, Blocks: 1, Multipliers: []int{1}, Attention: []int{}, AttentionHeads: 1}
	x := [][]float32{make([]float32, 16), make([]float32, 16)}
	store, _ := predict(t, u, 1, x, []float32{0, 1}, []float32{.5, 1})
	if store.GetVariable("/cond_embed.0.2/weight") == nil {
		t.Error("the column of cond has no embedding")
	}
	u.Classes = 3
	store, _ = predict(t, u, 1, x, []float32{0, 1}, [][]float32{{2, .5}, {1, 1}})
	if store.GetVariable("/cond_embed.0.2/weight") == nil || store.GetVariable("/label_emb/weight") == nil {
		t.Error("label and column of cond have no embeddings")
	}
}

func TestUNetCheck(t *testing.T) {
	good := net.UNet{Image: [3]int{32, 32, 3}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*net.UNet){
		"set Image to the height":      func(u *net.UNet) { u.Image = [3]int{} },
		"no Multipliers are known":     func(u *net.UNet) { u.Image = [3]int{20, 20, 3} },
		"want a multiple of 32":        func(u *net.UNet) { u.Channels = 48 },
		"must not be negative":         func(u *net.UNet) { u.Blocks = -1 },
		"want a share in [0, 1)":       func(u *net.UNet) { u.Dropout = math.NaN() },
		"want 1 or more":               func(u *net.UNet) { u.Multipliers = []int{1, 0} },
		"halve images of 32 x 32":      func(u *net.UNet) { u.Multipliers = []int{1, 1, 1, 1, 1, 1, 1} },
		"attention at resolution 64":   func(u *net.UNet) { u.Attention = []int{64} },
		"patches of 3 pixels":          func(u *net.UNet) { u.Patch = 3 },
		"-1 Maps":                      func(u *net.UNet) { u.Maps = -1 },
		"images of 16 x 16 pixels 5":   func(u *net.UNet) { u.Patch, u.Multipliers = 2, []int{1, 1, 1, 1, 1, 1} },
		"attention on 32 channels doe": func(u *net.UNet) { u.Channels, u.Multipliers = 32, []int{1, 1} },
	} {
		u := good
		change(&u)
		if err := u.Check(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want one line with %q", err, want)
		}
	}
}

// backends are pure Go, and XLA on the CPU where it is installed.
func backends(t *testing.T) []compute.Backend {
	t.Helper()
	all := []compute.Backend{backend(t)}
	t.Setenv("GOMLX_BACKEND", "xla:cpu")
	if b, _, err := idffnb.Backend(); err == nil {
		all = append(all, b)
	} else {
		t.Logf("pure Go alone: %v", err)
	}
	return all
}
