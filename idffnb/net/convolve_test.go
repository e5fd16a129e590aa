package net_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/idff-go/workbench/idffnb/net"
)

// TestConvolveIsAConvolution: convolve, halving and correlate are the sums of their comments, and their gradients, once and twice, those of the same sums written as products of shifted images.
func TestConvolveIsAConvolution(t *testing.T) {
	const n, h, w, c, o = 2, 4, 6, 3, 5
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(dims ...int) *tensors.Tensor {
		size := 1
		for _, d := range dims {
			size *= d
		}
		values := make([]float32, size)
		for i := range values {
			values[i] = float32(rng.NormFloat64())
		}
		return tensors.FromFlatDataAndDimensions(values, dims...)
	}
	sums := func(x, k *Node) *Node { // convolve
		y := Zeros(x.Graph(), shapes.Make(dtypes.Float32, n, h, w, k.Shape().Dim(-1)))
		for tap := range 9 {
			hot := make([]float32, 9)
			hot[tap] = 1
			w := ReduceSum(Mul(Reshape(k, 9, k.Shape().Dim(2), k.Shape().Dim(3)), Reshape(ConstAs(k, hot), 9, 1, 1)), 0)
			y = Add(y, Dot(net.ShiftOf(x, tap/3-1, tap%3-1), w).General([]int{3}, nil, []int{0}, nil))
		}
		return y
	}
	for name, f := range map[string]struct {
		got, want func(x, k *Node) *Node
		second    []int // shape of the second argument
	}{
		"convolve": {net.ConvolveOf, sums, []int{3, 3, c, o}},
		"halving":  {net.HalvingOf, func(x, k *Node) *Node { return net.PhaseOf(sums(x, k), 0, 0) }, []int{3, 3, c, o}},
		"correlate": {net.CorrelateOf, func(x, v *Node) *Node { // the gradient of <convolve(x, k), v> in k, anywhere
			k := Zeros(x.Graph(), shapes.Make(dtypes.Float32, 3, 3, c, o))
			return Gradient(ReduceAllSum(Mul(sums(x, k), v)), k)[0]
		}, []int{n, h, w, o}},
	} {
		for _, b := range backends(t) {
			x, second := draw(n, h, w, c), draw(f.second...)
			both := MustExecOnceN(b, func(x, k *Node) []*Node {
				var out []*Node
				for _, f := range []func(x, k *Node) *Node{f.got, f.want} {
					y := f(x, k)
					first := Gradient(ReduceAllSum(Mul(Square(y), Sin(y))), x, k)
					mixed := Add(ReduceAllSum(Square(first[0])), ReduceAllSum(Sin(first[1])))
					out = append(append(append(out, y), first...), Gradient(mixed, x, k)...)
				}
				return out
			}, x, second)
			for i, what := range []string{"value", "gradient in the first", "gradient in the second", "second gradient in the first", "second gradient in the second"} {
				got, want := tensors.MustCopyFlatData[float32](both[i]), tensors.MustCopyFlatData[float32](both[5+i])
				worst, size := 0., 0.
				for j := range want {
					worst, size = max(worst, math.Abs(float64(got[j]-want[j]))), max(size, math.Abs(float64(want[j])))
				}
				if len(got) != len(want) || size == 0 || worst > 1e-5*size {
					t.Errorf("%s on %s, %s: off by %g of %g", name, b.Name(), what, worst, size)
				}
			}
		}
	}
}

// TestConvolveRematerializes: gradients through a block that is computed again for them (Remat) are the same.
func TestConvolveRematerializes(t *testing.T) {
	for _, b := range backends(t) {
		out := MustExecOnceN(b, func(x, k *Node) []*Node {
			loss := func(x *Node) *Node { return ReduceAllSum(Square(Sin(net.ConvolveOf(Sin(x), k)))) }
			again := x.Checkpoint()
			y := net.ConvolveOf(Sin(again), k)
			kept := ReduceAllSum(Square(Sin(y).StopCheckpoint()))
			return append(Gradient(loss(x), x, k), Gradient(kept, x, k)...)
		}, tensors.FromFlatDataAndDimensions([]float32{1, 2, 3, 4, 5, 6, 7, 8}, 1, 2, 2, 2), tensors.FromFlatDataAndDimensions(ramp(36), 3, 3, 2, 2))
		for i := range 2 {
			want, got := tensors.MustCopyFlatData[float32](out[i]), tensors.MustCopyFlatData[float32](out[2+i])
			for j := range want {
				if math.Abs(float64(want[j]-got[j])) > 1e-5 {
					t.Errorf("on %s gradient %d is %v, and %v when computed again", b.Name(), i, want, got)
					break
				}
			}
		}
	}
}

// ramp are n values from -1 to 1.
func ramp(n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = 2*float32(i)/float32(n-1) - 1
	}
	return values
}
