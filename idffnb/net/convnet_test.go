package net_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/net"
)

// The features are what the formula of ConvNet's comment gives, in loops written out.
func TestConvNet(t *testing.T) {
	c := net.ConvNet{Image: [3]int{4, 8, 2}, Classes: 3, Channels: 2, Size: 5}
	x := make([]float32, 2*64)
	for i := range x {
		x[i] = float32(math.Sin(float64(3 * i)))
	}
	for _, b := range backends(t) {
		store := model.NewStore()
		out, err := model.CallOnceN(b, store, func(scope *model.Scope, in []*Node) []*Node {
			return []*Node{c.Features(scope, in[0]), c.Predict(scope, nil, nil, in[0])}
		}, tensors.FromFlatDataAndDimensions(x, 2, 64))
		if err != nil {
			t.Fatal(err)
		}
		value := func(path string) []float32 { return flat(t, store.GetVariable(path).MustValue()) }
		layer := func(h []float32, height, width, in, out int, name string) []float32 {
			w, bias := value("/"+name+"/weight"), value("/"+name+"/bias")
			y := make([]float32, height/2*width/2*out)
			for o := range out {
				for r := range height {
					for q := range width {
						sum := bias[o]
						for i := range in {
							for dr := range 3 {
								for dq := range 3 {
									if rr, qq := r+dr-1, q+dq-1; rr >= 0 && rr < height && qq >= 0 && qq < width {
										sum += w[((o*in+i)*3+dr)*3+dq] * h[(rr*width+qq)*in+i]
									}
								}
							}
						}
						y[(r/2*(width/2)+q/2)*out+o] += max(sum, 0) / 4
					}
				}
			}
			return y
		}
		dense := func(h []float32, name string, out int) []float32 {
			w, bias := value("/"+name+"/weight"), value("/"+name+"/bias")
			y := make([]float32, out)
			for o := range y {
				y[o] = bias[o]
				for i, v := range h {
					y[o] += w[o*len(h)+i] * v
				}
			}
			return y
		}
		var features, classes []float32
		for i := range 2 {
			f := dense(layer(layer(x[i*64:(i+1)*64], 4, 8, 2, 2, "conv.0"), 2, 4, 2, 4, "conv.1"), "features", 5)
			for k := range f {
				f[k] = max(f[k], 0)
			}
			features, classes = append(features, f...), append(classes, dense(f, "out", 3)...)
		}
		close1e4(t, b.Name()+", features", flat(t, out[0]), features)
		close1e4(t, b.Name()+", classes", flat(t, out[1]), classes)
	}
	for _, bad := range []struct {
		c    net.ConvNet
		want string
	}{{net.ConvNet{Image: [3]int{6, 4, 1}, Classes: 2}, "multiples of 4"}, {net.ConvNet{Image: [3]int{4, 4, 1}, Classes: 1}, "at least 2 classes"}} {
		if err := bad.c.Check(); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%+v: error %v, want one with %q", bad.c, err, bad.want)
		}
	}
	g := NewGraph(backend(t), "wrong size")
	defer g.Finalize()
	defer func() {
		if p := recover(); p == nil || !strings.Contains(p.(error).Error(), "the images have shape [1 60]") {
			t.Errorf("images of another size: %v", p)
		}
	}()
	c.Features(model.NewStore().RootScope(), Parameter(g, "x", shapes.Make(dtypes.Float32, 1, 60)))
}
