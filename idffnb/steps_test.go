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
