package idffnb

import (
	"testing"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestFieldsThatDoNotFitTheSolver: a field that counts on what a step is refuses solvers whose steps are something else, in one line without names of GoMLX's functions.
func TestFieldsThatDoNotFitTheSolver(t *testing.T) {
	x1, velocity := trainedX1(t), trainedVelocity(t)
	average := mustOpen(t, Experiment{Name: "average", Data: datasets.Moons(), Net: net.MLP{Width: 8, Layers: 1}, Objective: flow.AverageVelocity(), Batch: 16, Steps: 3})
	average.backend = pureGo(t)
	if err := average.Train(); err != nil {
		t.Fatal(err)
	}
	byStep := flow.ScheduledField{Gamma: [][]float64{{.5}, {.6}, {.4}}}
	const known, whole = "no such step: sample it with the solver.Scheduled", "MeanFlow takes whole steps"
	for _, c := range []struct {
		r     *Run
		field flow.Field
		s     solver.Solver
		want  string // "": it fits
	}{
		{x1, byStep, solver.EulerOn(0, .3, .6, 1), ""},
		{x1, byStep, solver.Euler(3), ""},
		{x1, byStep, solver.Euler(2), "factors for 3 steps, and the solver takes 2"},
		{x1, byStep, solver.Midpoint(4), "factors for 3 steps, and the solver takes 4"},
		{x1, byStep, solver.Dopri5(1e-2, 1e-2), known},
		{x1, flow.Guided(byStep, 2), solver.AdaptiveBosh3(1e-2, 1e-2), known},
		{x1, byStep, instant{.5}, known},
		{x1, flow.GuidedWithin(flow.CFM(), 2, .2, .8), solver.EulerOn(0, .3, 1), "small: sampling CFM guided ×2 for t in [0.2, 0.8] with euler on grid x2: solver: this field needs times that are known"},
		{average, flow.MeanFlow(), solver.EulerOn(0, .3, 1), ""},
		{average, flow.MeanFlow(), solver.DDIM(2), ""},
		{average, flow.MeanFlow(), solver.EulerMaruyama(2), ""},
		{average, flow.MeanFlow(), solver.Scheduled{Times: []float64{0, .5, 1}, Weights: [][]float64{{1}, {-.5, 1.5}}}, whole},
		{average, flow.MeanFlow(), solver.AdamsBashforth(2, 3), whole},
		{average, flow.MeanFlow(), solver.DPMSolverPP(2, 4), whole},
		{average, flow.MeanFlow(), solver.ExpAdams(2, 3), "average: sampling MeanFlow with expadams2 x3: flow: " + whole},
		{average, flow.MeanFlow(), solver.SRK(2), whole},
		{average, flow.MeanFlow(), solver.Dopri5(1e-2, 1e-2), whole},
		{average, flow.MeanFlow(), instant{.5}, "sampling MeanFlow with velocity at t = 0.5: flow: " + whole},
		{x1, flow.CFM(), solver.Adaptive{}, "unknown adaptive solver"},
		{x1, flow.CFM(), solver.Exponential{}, "unknown exponential method"},
		{x1, flow.CFM(), solver.Scheduled{}, "needs at least the two times 0 and 1"},
		{x1, flow.CFM(), solver.Adams{}, "order 0"},
		{x1, flow.CFM(), solver.RungeKutta{}, "unknown Runge-Kutta method"},
		{x1, flow.CFM(), solver.Roessler{}, "srk with 0 steps"},
		{velocity, flow.CFM(), solver.Adaptive{Method: "bosh3", ATol: 1e-2, At: []float64{.5, 2}}, "At[1] is 2"},
	} {
		_, err := c.r.Sample(8, c.field, c.s, Unkept())
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", c.field.Name(), err)
			}
			continue
		}
		expectLine(t, c.field.Name(), err, c.want)
	}
	x := make([]float32, 8)
	for _, c := range []struct {
		field flow.Field
		s     solver.Solver
		want  string
	}{
		{flow.Guided(flow.ReleasedCFM(), 1), solver.Midpoint(2), "looks back at the start"},
		{flow.Guided(byStep, 1), solver.Euler(3), "factors by step"},
		{flow.CFM(), solver.Exponential{}, "unknown exponential method"},
		{flow.CFM(), solver.Adaptive{Method: "dopri5", ATol: 1e-2, Until: -1}, "must lie in (0, 1]"},
	} {
		_, err := x1.LogLikelihood(x, c.field, c.s)
		expectLine(t, "log-likelihood of "+c.want, err, c.want)
	}
}
