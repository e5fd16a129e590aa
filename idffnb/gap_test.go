package idffnb

import (
	"errors"
	"math"
	"testing"

	"github.com/idff-go/workbench/idffnb/flow"
)

// namedGap is the mean square under another name, or what its fields say.
type namedGap struct {
	name  string
	err   error
	short bool
}

func (g namedGap) Name() string { return g.name }

func (g namedGap) Gap(x, y []float32) (float64, []float32, error) {
	far, gradient, err := meanSquare{}.Gap(x, y)
	if g.short {
		gradient = gradient[1:]
	}
	return far, gradient, errors.Join(err, g.err)
}

// TestGapGradient: measured on the host, evaluation by evaluation, the mean square to a teacher has the loss and gradient that the graph of all steps has, on an MLP, also where the points are several batches, the last of
// which has points of the one before again.
func TestGapGradient(t *testing.T) {
	r := trained(t)
	for _, n := range []int{3, 140} {
		var losses [2]float64
		var gradients [2][]float64
		for i, gap := range []Gap{nil, namedGap{name: "squares"}} {
			how, steps, err := r.planLearning(3, []Learning{{Loss: LossTeacher, Points: n, Gap: gap}})
			if err != nil {
				t.Fatal(err)
			}
			l := &lesson{run: r, form: form{Learning: how, steps: steps}, budget: 3}
			theta := l.form.start()
			for k := range theta {
				theta[k] += .1 * float64(k%3)
			}
			if l.stepwise() != (gap != nil) {
				t.Fatalf("gap %v: evaluation by evaluation is %t", gap, l.stepwise())
			}
			if _, err := l.prepare(); err != nil {
				t.Fatal(err)
			}
			if err := l.compile(l.as(theta)); err != nil {
				t.Fatal(err)
			}
			if losses[i], gradients[i], err = l.step(theta, 7); err != nil {
				t.Fatal(err)
			}
			l.finalize()
		}
		if math.Abs(losses[0]-losses[1]) > 1e-5*losses[0] {
			t.Errorf("%d points: loss %g, want %g", n, losses[1], losses[0])
		}
		for k, want := range gradients[0] {
			if math.Abs(gradients[1][k]-want) > 1e-4*(1+math.Abs(want)) {
				t.Errorf("%d points: derivative %d is %g, want %g", n, k, gradients[1][k], want)
			}
		}
	}
}

// TestLearnByGap: a gap's schedule is kept under the gap's name, its loss falls, and what a gap of one's own does wrong is said in one line.
func TestLearnByGap(t *testing.T) {
	r := trained(t)
	how := Learning{Loss: LossTeacher, Points: 64, Steps: 50, Gap: namedGap{name: "squares"}}
	s, err := r.LearnSchedule(2, how)
	if err != nil {
		t.Fatal(err)
	}
	if first, last := s.Curve[0].Loss, s.Curve[len(s.Curve)-1].Loss; !(last < first) || s.Learning.GapName != "squares" || s.Solver().Name() != "learned from teacher by squares" {
		t.Errorf("%v: loss %g to %g", s, first, last)
	}
	if again, err := r.LearnSchedule(2, how); err != nil || again.Seconds != s.Seconds || again.Field() != flow.Field(flow.CFM()) {
		t.Errorf("learned again: %v, %v; want what was kept", again, err)
	}
	how.Gap = namedGap{name: "other squares"}
	if other, err := r.LearnSchedule(2, how); err != nil || other.Learning.GapName != "other squares" {
		t.Errorf("another gap gives %v, %v", other, err)
	}
	for want, how := range map[string]Learning{
		"a Gap without a name":     {Gap: namedGap{}},
		"without derivative terms": {Gap: namedGap{name: "a"}, Order: 1},
		"gap b: no luck":           {Gap: namedGap{name: "b", err: errors.New("no luck")}},
		"gap c: its gradient has ": {Gap: namedGap{name: "c", short: true}},
	} {
		how.Steps, how.Points = 2, 4
		_, err := r.LearnSchedule(3, how)
		expectLine(t, want, err, want)
	}
}
