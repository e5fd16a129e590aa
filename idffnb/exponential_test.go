package idffnb

import (
	"math"
	"strings"
	"testing"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestExponentialOnTheRunsPath: exponential integrators sample on the path that the network was trained on, and on no other.
func TestExponentialOnTheRunsPath(t *testing.T) {
	for _, tc := range []struct {
		objective flow.Objective
		path      flow.Path
		given     solver.PathSchedule // nil: straight
		want      string              // in the error; "": none
	}{
		{flow.X1(), flow.Straight(), nil, ""},
		{flow.X1(), flow.Bridge(.2), nil, ""},
		{flow.Velocity(), flow.VariancePreserving(0), flow.VariancePreserving(0), ""},
		{flow.X1(), flow.Target(.1), flow.Target(.1), ""},
		{flow.Velocity(), flow.VariancePreserving(0), nil, "on path straight, but the velocity is that of path vp(0)"},
		{flow.X1(), flow.Straight(), flow.VariancePreserving(0), "on path vp(0), but the velocity is that of path straight"},
		{flow.Velocity(), flow.ICFM(.1), nil, "icfm(0.1) has noise"},
		{flow.X1(), flow.Straight(), flow.Bridge(.2), "bridge(0.2) has noise"},
	} {
		e := small(t)
		e.Objective, e.Path, e.Steps = tc.objective, tc.path, 2
		r := mustOpen(t, e)
		r.backend = pureGo(t)
		if err := r.Train(); err != nil {
			t.Fatal(err)
		}
		s := solver.Exponential{Method: "expadams2", N: 4, Path: tc.given}
		out, err := r.Sample(16, flow.CFM(), s, Unkept())
		if tc.want != "" {
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v on %v with %v: %v, want one line with %q", tc.objective, tc.path, s, err, tc.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v on %v with %v: %v", tc.objective, tc.path, s, err)
			continue
		}
		if out.Cost.Forwards != 4 || out.Cost.Equivalents != 4 {
			t.Errorf("%v cost %v, want 4 forwards", s, out.Cost)
		}
	}
}

// TestDDIMSamplesAsEuler on the straight path, but for float32's rounding.
func TestDDIMSamplesAsEuler(t *testing.T) {
	r := mustOpen(t, small(t))
	r.backend = pureGo(t)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	euler := r.MustSample(64, flow.CFM(), solver.Euler(5), Unkept())
	ddim := r.MustSample(64, flow.CFM(), solver.DDIM(5), Unkept())
	for i := range euler.X {
		if math.Abs(float64(euler.X[i]-ddim.X[i])) > 1e-5*(1+math.Abs(float64(euler.X[i]))) {
			t.Fatalf("value %d: %g with ddim, %g with euler", i, ddim.X[i], euler.X[i])
		}
	}
}
