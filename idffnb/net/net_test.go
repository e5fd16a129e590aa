package net_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/idff-go/workbench/idffnb/net"
)

func backend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// predict evaluates a network with new weights of a seed.
func predict(t testing.TB, n net.Net, seed int64, inputs ...any) (*model.Store, []float32) {
	t.Helper()
	store := model.NewStore()
	store.SetParam("/"+net.SeedParam, seed)
	out := model.MustCallOnce(backend(t), store, func(scope *model.Scope, in []*Node) *Node {
		var cond *Node
		if len(in) > 2 {
			cond = in[2]
		}
		return n.Predict(scope, in[0], in[1], cond)
	}, inputs...)
	values, err := tensors.CopyFlatData[float32](out)
	if err != nil {
		t.Fatal(err)
	}
	return store, values
}

var x, at = [][]float32{{.5, -1}, {2, .3}, {.5, -1}}, []float32{.2, .9, .2}

func TestMLP(t *testing.T) {
	store, first := predict(t, net.MLP{}, 3, x, at)
	if len(first) != 6 || first[0] != first[4] || first[0] == first[2] {
		t.Errorf("outputs %v: want three rows of two, equal for equal inputs only", first)
	}
	if _, again := predict(t, net.MLP{}, 3, x, at); !slices.Equal(first, again) {
		t.Error("the same seed gave other weights")
	}
	if _, other := predict(t, net.MLP{}, 4, x, at); slices.Equal(first, other) {
		t.Error("another seed gave the same weights")
	}
	if _, two := predict(t, net.MLP{Width: 8, Layers: 1, Heads: 2}, 3, x, at); len(two) != 12 {
		t.Errorf("two heads gave %d values, want 12", len(two))
	}
	// As PyTorch's nn.Linear: names and shapes of the released nn.Sequential, uniform in +-1/sqrt(in) with standard deviation
	// bound/sqrt(3). The deviation of 65,536 draws scatters by 0.2 %: 2 % has a false-alarm rate far below 1e-9.
	for path, dims := range map[string][]int{"/net.0/weight": {256, 3}, "/net.2/weight": {256, 256}, "/net.6/weight": {2, 256}, "/net.6/bias": {2}} {
		v := store.GetVariable(path)
		if v == nil || !slices.Equal(v.Shape().Dimensions, dims) {
			t.Fatalf("variable %s is %v, want shape %v", path, v, dims)
		}
	}
	values, err := tensors.CopyFlatData[float32](store.GetVariable("/net.2/weight").MustValue())
	if err != nil {
		t.Fatal(err)
	}
	bound, square := 1/math.Sqrt(256), 0.
	for _, v := range values {
		if math.Abs(float64(v)) > bound {
			t.Fatalf("weight %g outside +-%g", v, bound)
		}
		square += float64(v) * float64(v)
	}
	if std := math.Sqrt(square / float64(len(values))); math.Abs(std*math.Sqrt(3)/bound-1) > .02 {
		t.Errorf("standard deviation %g, want %g", std, bound/math.Sqrt(3))
	}
}

func TestMLPSeesCond(t *testing.T) {
	_, a := predict(t, net.MLP{Width: 8}, 1, x, at, [][]float32{{1}, {1}, {2}})
	if a[0] == a[4] {
		t.Error("another cond gave the same output")
	}
}

func TestIndexedMLP(t *testing.T) {
	n := net.IndexedMLP{MLP: net.MLP{Width: 8}, Indices: 5, Size: 4}
	store, a := predict(t, n, 1, x, at, []float32{0, 1, 3})
	if a[0] == a[4] {
		t.Error("another index gave the same output")
	}
	if dims := store.GetVariable("/index/weight").Shape().Dimensions; !slices.Equal(dims, []int{5, 4}) {
		t.Errorf("embedding table of shape %v, want [5 4]", dims)
	}
	if _, b := predict(t, n, 1, x, at, [][]float32{{0}, {1}, {0}}); b[0] != b[4] || b[0] != a[0] {
		t.Error("cond [batch, 1] is not read as cond [batch]")
	}
	// Further columns are concatenated as they are: they change the output, and the index is still the first.
	_, c := predict(t, n, 1, x, at, [][]float32{{0, .5, 2}, {1, .5, 2}, {0, .5, 3}})
	if _, d := predict(t, n, 1, x, at, [][]float32{{0, .5, 2}, {1, .5, 2}, {3, .5, 2}}); c[0] == c[4] || c[0] == d[4] || c[0] != d[0] {
		t.Error("cond [batch, 3] is not read as an index and two numbers")
	}
	err := exceptions.TryCatch[error](func() { predict(t, n, 1, x, at) })
	if err == nil || !strings.Contains(err.Error(), "needs the index as cond") {
		t.Errorf("without cond: %v", err)
	}
}

// TestSELU compares with the formula, and asks for finite gradients of first and second order where e^u overflows.
func TestSELU(t *testing.T) {
	const scale, alpha = 1.0507009873554805, 1.6732632423543772
	u := []float64{-30, -1.5, -1e-3, 0, 1e-3, 2, 900}
	out := MustExecOnceN(backend(t), func(u *Node) []*Node {
		y := net.SELU(u)
		first := Gradient(ReduceAllSum(y), u)[0]
		return []*Node{y, first, Gradient(ReduceAllSum(first), u)[0]}
	}, u)
	y, first, second := out[0].Value().([]float64), out[1].Value().([]float64), out[2].Value().([]float64)
	for i, v := range u {
		wantY, want1, want2 := scale*v, scale, 0.
		if v <= 0 {
			e := scale * alpha * math.Exp(v)
			wantY, want1, want2 = e-scale*alpha, e, e
		}
		for what, pair := range map[string][2]float64{"SELU": {y[i], wantY}, "first derivative": {first[i], want1}, "second derivative": {second[i], want2}} {
			if !(math.Abs(pair[0]-pair[1]) <= 1e-12*(1+math.Abs(pair[1]))) {
				t.Errorf("%s at %g is %g, want %g", what, v, pair[0], pair[1])
			}
		}
	}
}

func TestCheck(t *testing.T) {
	for want, err := range map[string]error{
		"width -1":           net.MLP{Width: -1}.Check(),
		"at least one index": net.IndexedMLP{}.Check(),
		"-2 heads":           net.IndexedMLP{Indices: 2, MLP: net.MLP{Heads: -2}}.Check(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if err := (net.MLP{}).Check(); err != nil {
		t.Error(err)
	}
}
