package net_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/idff-go/workbench/idffnb/net"
)

// chain is a row of six sites with two values each, and its cond with one value a site.
func chain() (x, cond []float32) {
	for i := range 12 {
		x = append(x, float32(math.Sin(float64(3*i))))
	}
	for i := range 6 {
		cond = append(cond, float32(math.Cos(float64(5*i))))
	}
	return x, cond
}

// predictChain is the output for one row at t = .3.
func predictChain(t testing.TB, n net.ChainMLP, x, cond []float32) []float32 {
	t.Helper()
	inputs := []any{[][]float32{x}, []float32{.3}}
	if cond != nil {
		inputs = append(inputs, [][]float32{cond})
	}
	_, out := predict(t, n, 1, inputs...)
	return out
}

// TestChainMLPReach: the output of a site depends on the sites up to Reach away and on no other, in x and in cond.
func TestChainMLPReach(t *testing.T) {
	for _, tc := range []struct{ given, reach int }{{0, 2}, {1, 1}, {-1, 0}, {9, 9}} {
		n := net.ChainMLP{MLP: net.MLP{Width: 8, Layers: 2}, Sites: 6, Reach: tc.given}
		x, cond := chain()
		before := predictChain(t, n, x, cond)
		for site := range 6 {
			for _, what := range []string{"x", "cond"} {
				x, cond := chain()
				if what == "x" {
					x[2*site+1]++
				} else {
					cond[site]++
				}
				after := predictChain(t, n, x, cond)
				for i := range 6 {
					moved := before[2*i] != after[2*i] || before[2*i+1] != after[2*i+1]
					if near := max(i-site, site-i) <= tc.reach; moved != near {
						t.Errorf("Reach %d: %s of site %d moved site %d: %v, want %v", tc.given, what, site, i, moved, near)
					}
				}
			}
		}
	}
}

// TestChainMLPShares: the sites share their weights, so that what is equal around two inner sites gives equal outputs; at the ends it differs.
func TestChainMLPShares(t *testing.T) {
	x := make([]float32, 12)
	for i := range x {
		x[i] = []float32{.4, -1}[i%2]
	}
	out := predictChain(t, net.ChainMLP{MLP: net.MLP{Width: 8}, Sites: 6, Reach: 1}, x, nil)
	for i := 2; i < 5; i++ {
		if !slices.Equal(out[2*i:2*i+2], out[2:4]) {
			t.Errorf("site %d gives %v, site 1 %v", i, out[2*i:2*i+2], out[2:4])
		}
	}
	if out[0] == out[2] || out[10] == out[8] || out[0] == out[10] {
		t.Errorf("the ends are not told apart: %v", out)
	}
}

// TestChainMLPHeads: heads are one after the other, as objectives split them; the formula is written out by hand.
func TestChainMLPHeads(t *testing.T) {
	x, _ := chain()
	n := net.ChainMLP{MLP: net.MLP{Width: 4, Layers: 1, Heads: 2}, Sites: 6, Reach: -1}
	store, out := predict(t, n, 1, [][]float32{x}, []float32{.3})
	weights := func(name string) []float32 {
		values, err := tensors.CopyFlatData[float32](store.GetVariable(name).MustValue())
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	w, b, v, c := weights("/net.0/weight"), weights("/net.0/bias"), weights("/net.2/weight"), weights("/net.2/bias")
	if len(w) != 4*4 || len(v) != 4*4 || len(out) != 24 {
		t.Fatalf("%d, %d weights, %d outputs", len(w), len(v), len(out))
	}
	for site := range 6 {
		in := []float64{float64(x[2*site]), float64(x[2*site+1]), 1, .3} // x, the mark of a site, t
		var hidden [4]float64
		for i := range hidden {
			u := float64(b[i])
			for j, value := range in {
				u += float64(w[4*i+j]) * value
			}
			if hidden[i] = 1.0507009873554805 * u; u <= 0 {
				hidden[i] = 1.0507009873554805 * 1.6732632423543772 * math.Expm1(u)
			}
		}
		for head := range 2 {
			for k := range 2 {
				want := float64(c[2*head+k])
				for i, h := range hidden {
					want += float64(v[4*(2*head+k)+i]) * h
				}
				if got := float64(out[12*head+2*site+k]); math.Abs(got-want) > 1e-5 {
					t.Errorf("head %d of site %d, value %d: %g, want %g", head, site, k, got, want)
				}
			}
		}
	}
}

// TestChainMLPPeriodic: a turn more changes nothing but rounding.
func TestChainMLPPeriodic(t *testing.T) {
	n := net.ChainMLP{MLP: net.MLP{Width: 8}, Sites: 6, Periodic: true}
	x, _ := chain()
	turned := slices.Clone(x)
	turned[3] += 2 * math.Pi
	turned[8] -= 4 * math.Pi
	a, b := predictChain(t, n, x, nil), predictChain(t, n, turned, nil)
	for i := range a {
		if math.Abs(float64(a[i]-b[i])) > 1e-5 {
			t.Errorf("output %d: %g, and %g some turns further", i, a[i], b[i])
		}
	}
	turned[3]++
	if slices.Equal(a, predictChain(t, n, turned, nil)) {
		t.Error("x does not matter")
	}
}

// TestChainMLPDerivatives: two nested reverse passes, as IDFF as released takes them, against differences of the pass below.
func TestChainMLPDerivatives(t *testing.T) {
	x, cond := chain()
	store := model.NewStore()
	store.SetParam("/"+net.SeedParam, int64(1))
	n := net.ChainMLP{MLP: net.MLP{Width: 8}, Sites: 6}
	one := backend(t)
	derivatives := func(x []float32) (first, second []float32) {
		out := model.MustCallOnceN(one, store, func(scope *model.Scope, in []*Node) []*Node {
			d1 := Gradient(ReduceAllSum(n.Predict(scope, in[0], in[1], in[2])), in[0])[0]
			return []*Node{d1, Gradient(ReduceAllSum(d1), in[0])[0]}
		}, [][]float32{x}, []float32{.3}, [][]float32{cond})
		return out[0].Value().([][]float32)[0], out[1].Value().([][]float32)[0]
	}
	_, second := derivatives(x)
	const h = 1e-2
	for i := range x {
		up, down := slices.Clone(x), slices.Clone(x)
		up[i], down[i] = up[i]+h, down[i]-h
		a, _ := derivatives(up)
		b, _ := derivatives(down)
		want := 0.
		for j := range a {
			want += float64(a[j]-b[j]) / (2 * h)
		}
		if math.Abs(float64(second[i])-want) > 5e-3*(1+math.Abs(want)) {
			t.Errorf("second derivative %d: %g, differences give %g", i, second[i], want)
		}
	}
}

func TestChainMLPErrors(t *testing.T) {
	x, cond := chain()
	for want, err := range map[string]error{
		"0 sites":  net.ChainMLP{}.Check(),
		"width -1": net.ChainMLP{Sites: 2, MLP: net.MLP{Width: -1}}.Check(),
		"x has 12 values": exceptions.TryCatch[error](func() {
			predictChain(t, net.ChainMLP{Sites: 5}, x, nil)
		}),
		"cond has 5 values": exceptions.TryCatch[error](func() {
			predictChain(t, net.ChainMLP{Sites: 6}, x, cond[:5])
		}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// A chain of three residues, of which a flow changes two angles each, given four numbers of each.
func ExampleChainMLP() {
	n := net.ChainMLP{MLP: net.MLP{Width: 64}, Sites: 3, Reach: 1}
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		panic(err)
	}
	out := model.MustCallOnce(backend, model.NewStore(), func(scope *model.Scope, in []*Node) *Node {
		return n.Predict(scope, in[0], in[1], in[2])
	}, make2(5, 6), make([]float32, 5), make2(5, 12))
	fmt.Println(out.Shape().Dimensions)
	// Output: [5 6]
}

func make2(rows, columns int) [][]float32 {
	out := make([][]float32, rows)
	for i := range out {
		out[i] = make([]float32, columns)
	}
	return out
}
