package idffnb

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestStartsSampleAsTheMethodsTheyName samples every start by the method itself and by the schedule that learning begins at.
func TestStartsSampleAsTheMethodsTheyName(t *testing.T) {
	r := trained(t)
	for _, steps := range []int{1, 2, 3, 4, 6} {
		f := form{Learning: Learning{Weights: WeightsFree}, steps: steps}
		names := map[string]bool{}
		for _, s := range starts(steps) {
			names[fmt.Sprint(s)] = true
			times, weights, err := scheduleOf(s)
			if err != nil {
				t.Fatal(err)
			}
			theta, ok := f.theta(times, weights)
			if !ok {
				t.Errorf("%v is not a schedule of %d steps with free weights", s, steps)
				continue
			}
			mine, err := r.Sample(64, flow.CFM(), (&lesson{run: r, form: f}).as(theta).Solver(), Unkept())
			if err != nil {
				t.Fatal(err)
			}
			its, err := r.Sample(64, flow.CFM(), s, Unkept())
			if err != nil {
				t.Fatal(err)
			}
			if mine.Cost.Forwards != its.Cost.Forwards {
				t.Errorf("%v makes %d evaluations, its schedule %d", s, its.Cost.Forwards, mine.Cost.Forwards)
			}
			for i := range its.X {
				if math.Abs(float64(mine.X[i]-its.X[i])) > 1e-4 {
					t.Errorf("%v: component %d is %g, that of its schedule %g", s, i, its.X[i], mine.X[i])
					break
				}
			}
			if consistent := (form{Learning: Learning{Weights: WeightsConsistent}, steps: steps}); steps > 1 {
				if _, ok := consistent.theta(times, weights); !ok {
					t.Errorf("%v is not a schedule of %d steps with weights of sum 1", s, steps)
				}
			}
		}
		for _, want := range map[int][]string{1: {"euler x1"}, 2: {"adams2 x2", "midpoint x1", "expadams2 x2 on 0 0.435 1"}, 3: {"heun3 x1", "bosh3 x1"}, 4: {"adams3 x3", "midpoint x2 on 0 0.354 1"}, 6: {"bosh3 x2", "midpoint x3"}}[steps] {
			if !names[want] {
				t.Errorf("%s is not among the starts of %d evaluations: %v", want, steps, names)
			}
		}
	}
}

func near(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
}

// TestLearningBeginsAtTheBestOfTheShelf: each form begins at a method that it can be, and at none of these is the loss on the fixed points lower.
func TestLearningBeginsAtTheBestOfTheShelf(t *testing.T) {
	r := reference(t, "8gaussians")
	begun := map[string]bool{}
	for _, how := range forms()[3] {
		l, steps, err := r.planLearning(3, []Learning{how})
		if err != nil {
			t.Fatal(err)
		}
		l.Points = 64
		lesson := &lesson{run: r, form: form{l, steps}, budget: 3}
		valid, err := lesson.prepare()
		if err != nil {
			t.Fatal(err)
		}
		theta, name, loss, err := lesson.begin(context.Background(), valid)
		if err != nil {
			t.Fatal(err)
		}
		begun[name] = true
		if again, err := valid(lesson.as(theta)); err != nil || again != loss {
			t.Errorf("%+v begins at a loss of %g (error %v), said to be %g", how, again, err, loss)
		}
		found := false
		for _, s := range starts(steps) {
			times, weights, _ := scheduleOf(s)
			its, ok := lesson.form.theta(times, weights)
			if !ok {
				continue
			}
			found = found || fmt.Sprint(s) == name && near(its, theta)
			if at, err := valid(lesson.as(its)); err != nil || at < loss {
				t.Errorf("%+v begins at %s with a loss of %g; that of %v is %g (error %v)", how, name, loss, s, at, err)
			}
		}
		if !found {
			t.Errorf("%+v begins at %s, which is not the method that its numbers are", how, name)
		}
	}
	if len(begun) < 3 { // which that are is the network's affair
		t.Errorf("forms begin at %v: want several", begun)
	}
}

// TestStartSolver: a learned schedule gives the method it began at, whose loss is the first of its curve.
func TestStartSolver(t *testing.T) {
	r := reference(t, "8gaussians")
	s, err := r.LearnSchedule(3, Learning{Steps: 2, Points: 32})
	if err != nil {
		t.Fatal(err)
	}
	lesson := &lesson{run: r, form: form{s.Learning, 3}, budget: 3}
	valid, err := lesson.prepare()
	if err != nil {
		t.Fatal(err)
	}
	times, weights, err := scheduleOf(s.MustStartSolver().(solver.Fixed))
	if err != nil {
		t.Fatal(err)
	}
	if loss, err := valid(&Schedule{Network: s.Network, Times: times, Weights: weights}); err != nil || math.Abs(loss-s.Curve[0].Loss) > 1e-6 {
		t.Errorf("%s has a loss of %g (error %v), the curve begins at %g", s.Start, loss, err, s.Curve[0].Loss)
	}
	s.Start = "euler x4"
	if _, err := s.StartSolver(); err == nil || !strings.Contains(err.Error(), `it began at "euler x4"`) {
		t.Errorf("error %v", err)
	}
}

// TestThetaOfForms gives each form what it can stand for, and what it cannot.
func TestThetaOfForms(t *testing.T) {
	const steps = 3
	grid := solver.Powers(steps, 1.5)
	euler := [][]float64{{1}, {0, 1}, {0, 0, 1}}
	adams := [][]float64{{1}, {-.7, 1.7}, {0, -.4, 1.4}}
	free := [][]float64{{1.1}, {.2, .7}, {.1, -.4, 1.4}}
	own := [][]float64{{1.1}, {0, .7}, {0, 0, 1.4}}
	for _, c := range []struct {
		how  Learning
		fits map[string]bool // "euler", "adams", "free", "own" with these times, "uniform ..." with equal steps
	}{
		{Learning{Weights: WeightsFree}, map[string]bool{"euler": true, "adams": true, "free": true, "own": true, "uniform free": true}},
		{Learning{Weights: WeightsConsistent}, map[string]bool{"euler": true, "adams": true, "uniform adams": true}},
		{Learning{Weights: WeightsFree, Euler: true}, map[string]bool{"euler": true, "own": true, "uniform own": true}},
		{Learning{Weights: WeightsConsistent, Euler: true}, map[string]bool{"euler": true}},
		{Learning{Only: "times"}, map[string]bool{"euler": true}},
		{Learning{Only: "scales", Weights: WeightsFree}, map[string]bool{"uniform adams": true, "uniform free": true, "uniform own": true}},
		{Learning{Weights: WeightsFree, Order: 2}, map[string]bool{"euler": true, "adams": true, "free": true, "own": true, "uniform adams": true, "uniform free": true, "uniform own": true}},
	} {
		f := form{Learning: c.how, steps: steps}
		for name, weights := range map[string][][]float64{"euler": euler, "adams": adams, "free": free, "own": own} {
			for _, times := range [][]float64{grid, solver.Grid(steps)} {
				key := name
				if times[1] != grid[1] {
					key = "uniform " + name
				}
				theta, ok := f.theta(times, weights)
				if want, listed := c.fits[key]; listed && want != ok {
					t.Errorf("%+v takes %s: %v, want %v", c.how, key, ok, want)
				} else if !listed && ok && times[1] == grid[1] {
					t.Errorf("%+v takes %s, which it cannot stand for", c.how, key)
				}
				if !ok {
					continue
				}
				gotTimes, gotWeights, gamma := f.schedule(theta)
				for k := range times {
					if math.Abs(gotTimes[k]-times[k]) > 1e-9 {
						t.Errorf("%+v, %s: times %v, want %v", c.how, key, gotTimes, times)
					}
				}
				for k, row := range gotWeights {
					for j, w := range row {
						if want := weights[k][len(weights[k])-len(row)+j]; math.Abs(w-want) > 1e-9 {
							t.Errorf("%+v, %s: weights %v, want %v", c.how, key, gotWeights, weights)
						}
					}
				}
				for k, row := range gamma {
					if k > 0 && slices.Max(row) > .5 {
						t.Errorf("%+v, %s: gamma %v, want none", c.how, key, gamma)
					}
				}
			}
		}
	}
}

// TestScheduleOfOthers: methods that are not of the form have no schedule.
func TestScheduleOfOthers(t *testing.T) {
	for _, s := range []solver.Fixed{solver.Heun(1), solver.RK4(1), solver.RK4Classic(1), solver.Exponential{Method: "ddim", N: 3, Path: flow.VariancePreserving(0)}} {
		if times, _, err := scheduleOf(s); err != nil || times != nil {
			t.Errorf("%v has the schedule on %v (error %v), want none", s, times, err)
		}
	}
}
