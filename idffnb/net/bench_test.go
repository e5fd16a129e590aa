package net_test

import (
	"fmt"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/net"
)

// xla is XLA on the CPU.
func xla(b *testing.B) compute.Backend {
	b.Setenv("GOMLX_BACKEND", "xla:cpu")
	backend, _, err := idffnb.Backend()
	if err != nil {
		b.Skip(err)
	}
	return backend
}

// waves are values of an array.
func waves(dims ...int) *tensors.Tensor {
	size := 1
	for _, d := range dims {
		size *= d
	}
	values := make([]float32, size)
	for i := range values {
		values[i] = float32(i%17)/8 - 1
	}
	return tensors.FromFlatDataAndDimensions(values, dims...)
}

// BenchmarkKernelGradient is the gradient of a convolution in its kernel, for 32 images in parts of 32 and of 8 (UNet.AtOnce): the time is that of all 32.
func BenchmarkKernelGradient(b *testing.B) {
	for _, s := range [][3]int{{28, 32, 32}, {28, 96, 32}, {14, 64, 64}, {14, 128, 64}} {
		for _, part := range []int{32, 8} {
			b.Run(fmt.Sprintf("%dx%d, %d to %d channels, parts of %d", s[0], s[0], s[1], s[2], part), func(b *testing.B) {
				exec := MustNewExec(xla(b), net.CorrelateOf)
				x, v := waves(part, s[0], s[0], s[1]), waves(part, s[0], s[0], s[2])
				exec.MustCall(x, v)[0].MustFinalizeAll() // compiles
				for b.Loop() {
					for range 32 / part {
						exec.MustCall(x, v)[0].MustFinalizeAll()
					}
				}
			})
		}
	}
}

// BenchmarkGroupNorm is normalisation and its gradient, as it is and with channels cut into groups (grouped).
func BenchmarkGroupNorm(b *testing.B) {
	for name, norm := range map[string]func(*model.Scope, string, *Node) *Node{"channels last": net.GroupNormOf, "grouped": grouped} {
		b.Run(name, func(b *testing.B) {
			exec := model.MustNewExec(xla(b), model.NewStore(), func(scope *model.Scope, x *Node) *Node {
				return Gradient(ReduceAllSum(Square(net.SiLU(norm(scope, "norm", x)))), x)[0]
			})
			x := waves(32, 28, 28, 96)
			exec.MustCall(x)[0].MustFinalizeAll() // compiles
			for b.Loop() {
				exec.MustCall(x)[0].MustFinalizeAll()
			}
		})
	}
}

// grouped is groupNorm at its initial scale 1 and shift 0, written as its formula: channels are cut into groups.
func grouped(_ *model.Scope, _ string, x *Node) *Node {
	d := x.Shape().Dimensions
	groups := Reshape(x, d[0], d[1]*d[2], 32, d[3]/32)
	centred := Sub(groups, ReduceAndKeep(groups, ReduceMean, 1, 3))
	variance := ReduceAndKeep(Square(centred), ReduceMean, 1, 3)
	return Reshape(Div(centred, Sqrt(AddScalar(variance, 1e-5))), d...)
}
