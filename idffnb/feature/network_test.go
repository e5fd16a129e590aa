package feature

import (
	"strings"
	"testing"

	"github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/internal/fulldevice"
)

// Where the device's memory is full, the error says how many images it was asked to describe at a time, and what to do.
func TestFeaturesOutOfMemory(t *testing.T) {
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	for how, compiles := range map[string]bool{"compiling": false, "running": true} {
		p, err := newProgram("features of x", fulldevice.Backend{Backend: backend, Compiles: compiles}, nil, 4, 2, func(_ *model.Scope, x *Node) *Node { return Square(x) })
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.run(make([]float32, 6))
		want := "feature: features of x: " + fulldevice.Says + "4 images at a time: judge in a process with GOMLX_BACKEND=xla:cpu, or free what other programs hold (on a GPU, nvidia-smi lists them)"
		if err == nil || strings.Contains(err.Error(), "\n") || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", how, err, want)
		}
		_, err = p.pullBack(make([]float32, 6), make([]float32, 6), 2)
		if err == nil || !strings.Contains(err.Error(), "feature: derivative of features of x: "+fulldevice.Says) {
			t.Errorf("%s, derivative: %v", how, err)
		}
	}
}
