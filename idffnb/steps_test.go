package idffnb

import (
	"slices"
	"strings"
	"testing"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/datasets/attractor"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

var _ Dynamics = (*datasets.Steps)(nil) // package datasets cannot say so itself

// TestStepsStayPaired: a coupling that would part frames from their successors is refused.
func TestStepsStayPaired(t *testing.T) {
	e := Experiment{Name: "sst", Data: datasets.MustSteps("sst", datasets.StepOptions{}, datasets.OSTIA()), Coupling: flow.ExactOT()}
	if err := e.withDefaults().check(); err == nil || !strings.Contains(err.Error(), "gives pairs of its own") {
		t.Error(err)
	}
	e.Coupling = nil
	if err := e.withDefaults().check(); err != nil {
		t.Error(err)
	}
}

// TestStepsTrainAndRollOut: every kind of Steps trains, and forecasts from its starts, in ensembles.
func TestStepsTrainAndRollOut(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	maps := attractor.Spiral().MustSeries(attractor.Ask{Trajectories: 3, Frames: 40}).Maps()
	for _, opt := range []datasets.StepOptions{{}, {History: 2, FromNoise: true}, {History: 2, Lead: 3}, {Lead: 2, FromNoise: true, Mask: true}} {
		data := datasets.MustSteps("spiral", opt, maps)
		r := mustOpen(t, Experiment{Name: "spiral", Data: data, Net: net.MLP{Width: 8, Layers: 1}, Batch: 8, Steps: 3})
		r.backend = pureGo(t)
		if err := r.Train(); err != nil {
			t.Fatalf("%+v: %v", opt, err)
		}
		starts, err := data.Starts(0, 1, 5, 9)
		if err != nil {
			t.Fatal(err)
		}
		out := mustRollOut(t, r, RollOut{Starts: starts, First: 1, Frames: 2, Members: 3}, flow.CFM(), solver.Euler(2))
		if frame := out.Frame(1); len(frame) != 3*2*2 || out.Dim != 2 || opt.FromNoise && slices.Equal(frame[:4], frame[4:8]) {
			t.Errorf("%+v: the second frame is %v", opt, frame)
		}
	}
}

// TestUNetOfSteps: a U-Net takes the shape of maps and the number of those beside them from the data.
func TestUNetOfSteps(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	m, err := datasets.NewMaps("waves", make([]float32, 2*6*4*8), 2, 6, 4, 8, nil)
	if err != nil {
		t.Fatal(err)
	}
	data := datasets.MustSteps("waves", datasets.StepOptions{History: 2, FromNoise: true, Lead: 2}, m)
	r := mustOpen(t, Experiment{Name: "waves", Data: data, Net: net.UNet{Channels: 32, Blocks: 1, Multipliers: []int{1}, Attention: []int{}, AttentionHeads: 1}, Batch: 2, Steps: 1})
	if u := r.exp.Net.(net.UNet); u.Image != [3]int{4, 8, 1} || u.Maps != 2 {
		t.Errorf("the network has images %v and %d maps, want 4 x 8 x 1 and 2", u.Image, u.Maps)
	}
	r.backend = pureGo(t)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
}
