package idffnb

import (
	"strings"
	"testing"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/flow"
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
