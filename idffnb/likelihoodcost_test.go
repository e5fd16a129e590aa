package idffnb

import (
	"slices"
	"testing"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestLikelihoodCost: an evaluation is a forward pass and dim or Probes reverse passes, each as dear as what it differentiates.
func TestLikelihoodCost(t *testing.T) {
	r := bellRun(t, tilted, flow.X1())
	x := []float32{1, 0, 0, 1}
	for _, c := range []struct {
		field flow.Field
		s     solver.Solver
		d     flow.Divergence
		want  solver.Cost
	}{
		{flow.CFM(), solver.Midpoint(4), flow.Divergence{}, solver.Cost{Steps: 4, Forwards: 8, Backwards: 16, Equivalents: 24}},
		{flow.CFM(), solver.Euler(3), flow.Hutchinson(1), solver.Cost{Steps: 3, Forwards: 3, Backwards: 3, Equivalents: 6}},
		{flow.CFM(), solver.Euler(3), flow.GaussianHutchinson(5), solver.Cost{Steps: 3, Forwards: 3, Backwards: 15, Equivalents: 18}},
		{flow.IDFF(.5, -.2), solver.Euler(2), flow.ExactDivergence(), solver.Cost{Steps: 2, Forwards: 2, Backwards: 8, Equivalents: 24}},
	} {
		out, err := r.LogLikelihood(x, c.field, c.s, WithDivergence(c.d))
		if err != nil {
			t.Fatal(err)
		}
		if out.Cost.Seconds = 0; out.Cost != c.want {
			t.Errorf("%s with %v, %v: %+v, want %+v", c.field.Name(), c.s, c.d, out.Cost, c.want)
		}
	}
	out := mustLogLikelihood(t, r, x, solver.Dopri5(1e-3, 1e-3))
	if c := out.Cost; c.Forwards < 8 || c.Backwards != 2*c.Forwards || c.Equivalents != 3*float64(c.Forwards) {
		t.Errorf("dopri5: %+v", c)
	}
}

// TestGuidedLikelihoodCost: guidance evaluates two networks, and each reverse pass of the divergence differentiates both.
func TestGuidedLikelihoodCost(t *testing.T) {
	r := trainedBriefly(t, conditional(t))
	for scale, want := range map[float64]solver.Cost{
		1: {Steps: 3, Forwards: 3, Backwards: 6, Equivalents: 9},
		2: {Steps: 3, Forwards: 6, Backwards: 12, Equivalents: 18},
	} {
		out, err := r.LogLikelihood(make([]float32, 8), flow.Guided(flow.CFM(), scale), solver.Euler(3), WithLabel(2))
		if err != nil {
			t.Fatal(err)
		}
		if out.Cost.Seconds = 0; out.Cost != want {
			t.Errorf("guided ×%g: %+v, want %+v", scale, out.Cost, want)
		}
	}
}

// TestCyclic: the last execution of a log-likelihood is filled up with the first points, so that an adaptive solver chooses its steps by points alone.
func TestCyclic(t *testing.T) {
	x := []float32{1, 2, 3, 4, 5, 6} // three rows of two
	if got := cyclic(x, 3, 2, 4); !slices.Equal(got, []float32{5, 6, 1, 2, 3, 4, 5, 6}) {
		t.Errorf("rows 2 to 5 of three are %v", got)
	}
	if cyclic(nil, 3, 0, 2) != nil {
		t.Error("rows of no values")
	}
}
