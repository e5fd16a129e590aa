package idffnb

import (
	"math"
	"testing"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// smallUNet is a U-Net trained for a few steps on squares, with labels that were dropped at times.
func smallUNet(t testing.TB) *Run {
	t.Helper()
	e := unetExperiment(t)
	e.Net = net.UNet{Channels: 32, Blocks: 1, Multipliers: []int{1}, Attention: []int{}, AttentionHeads: 1, Heads: 2, Patch: 2}
	e.Steps, e.LearningRate = 20, 1e-2
	r := mustOpen(t, e)
	r.backend = pureGo(t)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	return r
}

func farthest(a, b []float32) float64 {
	most := 0.
	for i, v := range a {
		most = max(most, math.Abs(float64(v)-float64(b[i])))
	}
	return most
}

// Evaluation by evaluation gives the states and the cost of one graph of all steps, whatever the solver and field, also for more points than an evaluation takes.
func TestStepwiseIsUnrolled(t *testing.T) {
	r := smallUNet(t)
	learned := solver.Scheduled{Label: "learned", Times: []float64{0, .3, .6, 1}, Weights: [][]float64{{.9}, {-.5, 1.4}, {.1, -.3, 1.2}}}
	for _, c := range []struct {
		field flow.Field
		s     solver.Solver
		n     int
	}{
		{flow.CFM(), solver.Euler(3), 70}, {flow.CFM(), solver.Midpoint(2), 3}, {flow.CFM(), solver.Heun(2), 3}, {flow.CFM(), solver.RK4(1), 3}, {flow.CFM(), solver.AdamsBashforth(3, 4), 3},
		{flow.CFM(), solver.ExpAdams(2, 3), 3}, {flow.CFM(), learned, 3}, {flow.ReleasedCFM(), solver.Euler(2), 3},
		{flow.IDFF(.3), solver.Euler(3), 3}, {flow.IDFF(.3, -.2), solver.Heun(2), 3}, {flow.IDFFWritten(2), solver.AdamsBashforth(2, 3), 3}, {flow.Guided(flow.CFM(), 2), solver.Midpoint(2), 3},
		{flow.Guided(flow.CFM(), 0), solver.Euler(2), 3}, {flow.CFM(), solver.Midpoint(3).On(solver.Shifted(3, 2)...), 3}, {flow.CFM(), solver.AdamsBashforth(2, 3).On(solver.Powers(3, 1.5)...), 3},
		{flow.GuidedWithin(flow.CFM(), 2, .25, .6), solver.Euler(4), 70}, {flow.GuidedWithin(flow.CFM(), 3, 0, .5), solver.Heun(2), 3}, {flow.GuidedWithin(flow.CFM(), 0, .5, 1), solver.Midpoint(2), 3},
		{flow.GuidedWithin(flow.IDFF(.3), 2, .1, .9), solver.AdamsBashforth(2, 3), 3}, {flow.GuidedWithin(flow.CFM(), 1, .2, .9), solver.Euler(2), 3},
	} {
		if !r.stepwise(c.field, c.s) {
			t.Errorf("%s with %v is sampled in one graph", c.field.Name(), c.s)
		}
		got := r.MustSample(c.n, c.field, c.s, Unkept())
		r.unrolled = true
		want := r.MustSample(c.n, c.field, c.s, Unkept())
		r.unrolled = false
		got.Cost.Seconds, want.Cost.Seconds = 0, 0
		if got.Cost != want.Cost || len(got.States) != len(want.States) {
			t.Errorf("%s with %v: %v and %d states, want %v and %d", c.field.Name(), c.s, got.Cost, len(got.States), want.Cost, len(want.States))
			continue
		}
		for k := range got.States {
			if d := farthest(got.States[k], want.States[k]); !(d < 1e-4) {
				t.Errorf("%s with %v: state %d differs by %g", c.field.Name(), c.s, k, d)
			}
		}
	}
	if len(r.evaluators) > 15 {
		t.Errorf("%d evaluators for 13 fields and 2 sizes", len(r.evaluators))
	}
	if f := (flow.ScheduledField{Gamma: [][]float64{{.5}, {.7}}}); r.stepwise(f, solver.Euler(2)) {
		t.Errorf("%s is sampled evaluation by evaluation, which needs to know its step", f.Name())
	}
	within := flow.GuidedWithin(flow.CFM(), 2, .1, .9)
	few, many := r.MustSample(3, within, solver.Euler(3), Unkept()), r.MustSample(3, within, solver.Euler(8), Unkept())
	if few.Cost.Forwards != 5 || many.Cost.Forwards != 15 {
		t.Errorf("guidance in [.1, .9] costs %v in 3 steps and %v in 8, want 5 and 15 forwards", few.Cost, many.Cost)
	}
	_, err := r.Sample(3, within, solver.EulerOn(0, .5, 1), Unkept())
	expectLine(t, "an interval of computed times", err, "learned schedules and adaptive solvers compute theirs")
}

// The gradient of a schedule by the chain rule is that of the graph of all steps.
func TestStepwiseGradient(t *testing.T) {
	r := smallUNet(t)
	for _, learning := range []Learning{{}, {Weights: WeightsFree}, {Euler: true}, {Only: "times"}, {Only: "scales"}, {Only: "scales", Weights: WeightsConsistent}} {
		learning.Points, learning.Steps, learning.Loss = 3, 1, LossTeacher
		how, steps, err := r.planLearning(3, []Learning{learning})
		if err != nil {
			t.Fatal(err)
		}
		l := &lesson{run: r, form: form{Learning: how, steps: steps}, budget: 3}
		x0, y, cond, err := l.draw(5, 3)
		if err != nil {
			t.Fatal(err)
		}
		l.teacherX, l.teacherY, l.teacherCond = nil, nil, nil
		theta := l.form.start()
		for i := range theta {
			theta[i] += .1 * float64(i%3)
		}
		loss, got, err := l.stepwiseGradient(theta, x0, y, cond)
		if err != nil {
			t.Fatal(err)
		}
		const h = 1e-3
		for i := range theta {
			at := func(by float64) float64 {
				moved := append([]float64{}, theta...)
				moved[i] += by
				s := l.as(moved)
				out, err := r.sample(3, s.Field(), s.Solver(), WithStart(x0), WithCond(cond))
				if err != nil {
					t.Fatal(err)
				}
				sum := 0.
				for k, v := range out.X {
					sum += float64(v-y[k]) * float64(v-y[k])
				}
				return sum / float64(len(y))
			}
			if want := (at(h) - at(-h)) / (2 * h); math.Abs(got[i]-want) > 2e-3*(1+math.Abs(want)) {
				t.Errorf("%+v: derivative %d is %g, by differences %g", learning, i, got[i], want)
			}
			if i == 0 && math.Abs(at(0)-loss) > 1e-5*loss {
				t.Errorf("%+v: loss %g, want %g", learning, loss, at(0))
			}
		}
	}
}

// Learning a schedule of a U-Net brings the samples nearer to the teacher's, at a rate of its own.
func TestLearnScheduleOfUNet(t *testing.T) {
	if rate := mustOpen(t, small(t)).scheduleRate(); rate != .1 {
		t.Errorf("schedules of an MLP are learned at the rate %g, want .1", rate)
	}
	r := smallUNet(t)
	if l, _, err := r.planLearning(2, nil); err != nil || l.Rate != .05 {
		t.Errorf("schedules of a U-Net are learned at the rate %g (%v), want .05", l.Rate, err)
	}
	s, err := r.LearnSchedule(2, Learning{Steps: 25, Points: 4})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Curve) != 2 || !(s.Curve[1].Loss < s.Curve[0].Loss) {
		t.Errorf("the loss went %v, want it to fall", s.Curve)
	}
}

// Parts of a sampling are about equal, and multiples of 8 where there are several.
func TestBatchOf(t *testing.T) {
	r := &Run{}
	for n, want := range map[int]int{1: 1, 10: 10, 64: 64, 65: 40, 80: 40, 140: 48, 256: 64} {
		if got := r.batchOf(n); got != want {
			t.Errorf("%d points in parts of %d, want %d", n, got, want)
		}
	}
	r.info.Name = "cuda"
	if got := r.batchOf(600); got != 304 {
		t.Errorf("600 points on a GPU in parts of %d, want 304", got)
	}
}
