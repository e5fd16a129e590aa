package net_test

import (
	"reflect"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/golden"
	"github.com/idff-go/workbench/idffnb/net"
)

// memoryWatch is XLA that notes how much memory the last program takes beside its inputs and outputs, by XLA's own assignment of buffers. Go-xla knows it and does not tell.
type memoryWatch struct {
	compute.Backend
	temporary *int64
}

func (w memoryWatch) Builder(name string) compute.Builder {
	return memoryBuilder{w.Backend.Builder(name), w.temporary}
}

func (w memoryWatch) IsCUDA() bool { return false }

type memoryBuilder struct {
	compute.Builder
	temporary *int64
}

func (b memoryBuilder) Compile() (compute.Executable, error) {
	e, err := b.Builder.Compile()
	if err == nil {
		*b.temporary = reflect.ValueOf(e).Elem().FieldByName("exec").Elem().FieldByName("OnDeviceMemoryUsageStats").FieldByName("Temporary").Int()
	}
	return e, err
}

// With Remat what blocks compute is not kept for the gradients: XLA needs less memory for them. That the numbers stay the same, TestUNetIsPyTorchs sees.
func TestRematTakesLessMemory(t *testing.T) {
	all := backends(t)
	if len(all) < 2 {
		t.Skip("no XLA: on pure Go Remat need not save memory")
	}
	u := net.UNet{Image: [3]int{16, 16, 1}, Channels: 32, Blocks: 1, Multipliers: []int{1}, Attention: []int{}, AttentionHeads: 1}
	var took [2]int64
	for i := range took {
		u.Remat = i == 1
		w := memoryWatch{all[1], &took[i]}
		store := golden.NewUNetStore(t, w, u)
		exec, err := model.NewExec(w, store, func(scope *model.Scope, in []*Node) []*Node {
			return append(scope.BuildTrainableVariablesGradientsGraph(ReduceAllMean(Square(golden.PredictUNet(u, scope, in)))), in[0])
		})
		if err != nil {
			t.Fatal(err)
		}
		const n = 32
		if _, err := exec.Compile(shapes.Make(dtypes.Float32, n, 256), shapes.Make(dtypes.Float32, n)); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("temporary memory of a gradient: %.1f MB, with Remat %.1f MB", float64(took[0])/1e6, float64(took[1])/1e6)
	if !(took[1] > 0 && float64(took[1]) < .8*float64(took[0])) {
		t.Errorf("a gradient takes %d bytes of memory, and with Remat %d; want a fifth less at least", took[0], took[1])
	}
}
