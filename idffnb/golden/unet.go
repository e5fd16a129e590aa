package golden

import (
	"encoding/json"
	"hash/crc32"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/net"
)

// UNetCase is a U-Net of PyTorch's: what net/testdata/unet.py writes.
type UNetCase struct {
	Out        []float32
	GradX      []float32 `json:"grad_x"`
	Loss       float64
	Parameters map[string]struct {
		Shape    []int
		Gradient float64 // its norm
	}
}

// UNets are the settings of net/testdata/unet.py.
var UNets = map[string]net.UNet{
	"plain": {Image: [3]int{8, 8, 3}, Channels: 32, Blocks: 1, Multipliers: []int{1, 2}, Attention: []int{8}, AttentionHeads: 2},
	"wide":  {Image: [3]int{8, 12, 1}, Channels: 32, Blocks: 2, Multipliers: []int{1, 1, 2}, Attention: []int{6}, AttentionHeads: 1},
	"all": {Image: [3]int{8, 8, 3}, Channels: 32, Blocks: 1, Multipliers: []int{1, 2}, Attention: []int{4}, HeadChannels: 16,
		ScaleShift: true, ResampleBlocks: true, Heads: 2, Classes: 5},
}

// UNetCases are PyTorch's values for UNets, and the numbers of parameters of published settings.
func UNetCases(t testing.TB) (cases map[string]UNetCase, parameters map[string]int) {
	t.Helper()
	data, err := os.ReadFile(file("../../net/testdata/unet.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Cases      map[string]UNetCase
		Parameters map[string]int
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all.Cases, all.Parameters
}

// Formula is values of net/testdata/unet.py.
func Formula(name string, shape []int) []float32 {
	n, fan := 1, 1
	for i, d := range shape {
		n *= d
		if i > 0 {
			fan *= d
		}
	}
	out, crc := make([]float32, n), uint64(crc32.ChecksumIEEE([]byte(name)))
	for i := range out {
		v := uint32(uint64(i)*2654435761 + crc)
		v ^= v >> 16
		v *= 0x45D9F3B
		v ^= v >> 16
		u := float64(v)/(1<<32) - .5
		switch {
		case len(shape) > 1:
			u *= math.Sqrt(12 / float64(fan))
		case strings.HasSuffix(name, "weight"):
			u++
		default:
			u *= .2
		}
		out[i] = float32(u)
	}
	return out
}

// UNetStore holds the weights of the formula, and the inputs x, t and, where there are classes, labels.
func UNetStore(t testing.TB, b compute.Backend, u net.UNet) (store *model.Store, inputs []any) {
	t.Helper()
	store = NewUNetStore(t, b, u)
	for v := range store.IterVariables() {
		d := v.Shape().Dimensions
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(Formula(TorchName(v), d), d...)); err != nil {
			t.Fatal(err)
		}
	}
	x := Formula("x", append([]int{2}, u.Image[:]...))
	for i := range x {
		x[i] *= 5
	}
	inputs = []any{tensors.FromFlatDataAndDimensions(x, 2, len(x)/2), []float32{.25, .875}}
	if u.Classes > 0 {
		inputs = append(inputs, []float32{1, 4})
	}
	return store, inputs
}

// TorchName is a variable's name in PyTorch.
func TorchName(v *model.Variable) string { return strings.ReplaceAll(v.Path()[1:], "/", ".") }

// NewUNetStore builds a network's graph, without compiling it, for its variables.
func NewUNetStore(t testing.TB, b compute.Backend, u net.UNet) *model.Store {
	t.Helper()
	store := model.NewStore()
	g := NewGraph(b, "unet")
	defer g.Finalize()
	in := []*Node{Parameter(g, "x", shapes.Make(dtypes.Float32, 1, u.Image[0]*u.Image[1]*u.Image[2])), Parameter(g, "t", shapes.Make(dtypes.Float32, 1))}
	if u.Classes > 0 {
		in = append(in, Parameter(g, "cond", shapes.Make(dtypes.Float32, 1)))
	}
	PredictUNet(u, store.RootScope(), in)
	return store
}

// PredictUNet builds the network on its inputs.
func PredictUNet(u net.UNet, scope *model.Scope, in []*Node) *Node {
	var cond *Node
	if len(in) > 2 {
		cond = in[2]
	}
	return u.Predict(scope, in[0], in[1], cond)
}

// CheckUNet compares the outputs of a network of UNets, and the gradients of the mean square of them, with PyTorch's, to 1e-4 of the largest; all parameters must have its names and shapes.
func CheckUNet(t testing.TB, b compute.Backend, name string, remat bool) {
	t.Helper()
	cases, _ := UNetCases(t)
	c, u := cases[name], UNets[name]
	u.Remat = remat
	store, inputs := UNetStore(t, b, u)
	var names []string
	out, err := model.CallOnceN(b, store, func(scope *model.Scope, in []*Node) []*Node {
		y := PredictUNet(u, scope, in)
		var variables []*Node
		for v := range store.IterVariables() {
			names = append(names, TorchName(v))
			variables = append(variables, v.NodeValue(in[0].Graph()))
		}
		loss := ReduceAllMean(Square(y))
		result := []*Node{y, loss}
		for i, g := range Gradient(loss, append([]*Node{in[0]}, variables...)...) {
			if i > 0 {
				g = Sqrt(ReduceAllSum(Square(g)))
			}
			result = append(result, g)
		}
		return result
	}, inputs...)
	if err != nil {
		t.Fatalf("%s on %s: %v", name, b.Name(), err)
	}
	if len(names) != len(c.Parameters) {
		t.Errorf("%s: %d parameters, PyTorch has %d", name, len(names), len(c.Parameters))
	}
	flat := func(i int) []float32 {
		v, err := tensors.CopyFlatData[float32](out[i])
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	what := name + " on " + b.Name()
	for i, want := range [][]float32{c.Out, {float32(c.Loss)}, c.GradX} {
		largest := 0.
		for _, v := range want {
			largest = max(largest, math.Abs(float64(v)))
		}
		Compare(t, what+[]string{": output", ": loss", ": gradient of x"}[i], flat(i), want, 1e-4*largest, nil)
	}
	for i, n := range names {
		want, ok := c.Parameters[n]
		if !ok {
			t.Fatalf("%s: the parameter %s is not in PyTorch's network", name, n)
		}
		if got := float64(flat(3 + i)[0]); math.Abs(got-want.Gradient) > 1e-4*want.Gradient+1e-6 {
			t.Errorf("%s: norm of the gradient of %s is %g, want %g", what, n, got, want.Gradient)
		}
	}
}
