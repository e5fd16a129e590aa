package idffnb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/metric"
	"github.com/idff-go/workbench/idffnb/solver"
)

// forms are the kinds of schedule that can be learned, with a budget that gives three steps.
func forms() map[int][]Learning {
	return map[int][]Learning{
		3: {{}, {Euler: true}, {Euler: true, Only: "times"}, {Only: "times"}, {Euler: true, Only: "scales"}, {Only: "scales"}, {Weights: WeightsConsistent}, {Euler: true, Weights: WeightsConsistent}, {Only: "scales", Weights: WeightsConsistent}, {Order: 1, Written: true}, {Euler: true, Order: 1, Written: true}},
		5: {{Order: 1}, {Order: 2, Written: true}},
		9: {{Order: 2}},
	}
}

func TestMMDLoss(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, y := normal(rng, 60), normal(rng, 60)
	for i := range y {
		y[i] = 2*y[i] + 1
	}
	sigmas := bandwidths(y, 2)
	if len(sigmas) != octaves || sigmas[0] < 1 || sigmas[0] > 3 || sigmas[1] != sigmas[0]/2 {
		t.Fatalf("bandwidths %v of points with standard deviation 2", sigmas)
	}
	want, err := metric.MMD2(x, y, 2, sigmas...)
	if err != nil {
		t.Fatal(err)
	}
	got := float64(tensors.ToScalar[float32](MustExecOnce(pureGo(t), func(x, y *Node) *Node { return mmdLoss(x, y, sigmas) }, shaped(x, 30), shaped(y, 30))))
	if math.Abs(got-want) > 1e-5 {
		t.Errorf("loss %g, metric.MMD2 gives %g", got, want)
	}
}

// TestLessonGraph checks, for every form, that the graph that is differentiated samples as the schedule that is kept, and that its gradient is that of
// finite differences.
func TestLessonGraph(t *testing.T) {
	r := trained(t)
	for budget, list := range forms() {
		for _, how := range list {
			l, steps, err := r.planLearning(budget, []Learning{how})
			if err != nil {
				t.Fatal(err)
			}
			if steps != 3 {
				t.Fatalf("budget %d of %+v pays for %d steps, want 3", budget, how, steps)
			}
			l.Points = 64
			lesson := &lesson{run: r, form: form{l, steps}, budget: budget}
			rng := rand.New(rand.NewPCG(3, 4))
			theta := lesson.form.start()
			for i := range theta {
				theta[i] += .3 * rng.NormFloat64()
			}
			if _, err := lesson.prepare(); err != nil {
				t.Fatal(err)
			}
			s := lesson.as(theta)
			if err := s.check(); err != nil {
				t.Fatal(err)
			}
			if err := lesson.compile(s); err != nil {
				t.Fatal(err)
			}
			loss, gradient, err := lesson.step(theta, 1)
			if err != nil {
				t.Fatal(err)
			}
			x0, y, _, _ := lesson.draw(1, l.Points)
			out, err := r.Sample(l.Points, s.Field(), s.Solver(), WithStart(x0))
			if err != nil {
				t.Fatal(err)
			}
			if out.Cost.Equivalents > float64(budget) || out.Cost.Forwards != 3 {
				t.Errorf("%+v costs %v, budget %d", how, out.Cost, budget)
			}
			want, _ := metric.MMD2(out.X, y, 2, lesson.sigmas...)
			if math.Abs(loss-want) > 2e-5 {
				t.Errorf("%+v: loss of the graph %g, of the schedule %g", how, loss, want)
			}
			// Along the gradient the difference is largest beside the rounding of float32.
			norm := 0.
			for _, g := range gradient {
				norm += g * g
			}
			norm = math.Sqrt(norm)
			const h = 1e-2
			var at [2]float64
			for side, sign := range []float64{-1, 1} {
				moved := append([]float64{}, theta...)
				for i, g := range gradient {
					moved[i] += sign * h * g / norm
				}
				if at[side], _, err = lesson.step(moved, 1); err != nil {
					t.Fatal(err)
				}
			}
			if slope := (at[1] - at[0]) / (2 * h); math.Abs(slope-norm) > .03*norm+1e-4 {
				t.Errorf("%+v: slope along the gradient %g, its norm %g", how, slope, norm)
			}
		}
	}
}

// TestLearnedBeatsEuler learns three evaluations for the reference network, briefly, and compares with Euler's on seeds that were not learned from.
// All seeds are fixed: it came out at .68 of Euler's MMD^2 and .82 of its W2 (at .26 and .66 after the full 400 steps of 512 points).
func TestLearnedBeatsEuler(t *testing.T) {
	for name, backend := range backends(t) {
		r := reference(t, "8gaussians")
		r.backend = backend
		s, err := r.LearnSchedule(3, Learning{Steps: 60, Points: 256})
		if err != nil {
			t.Fatal(err)
		}
		judge := Judge{N: 1024, Seeds: Seeds(5, 7)}
		learned, err := r.Evaluate(s.Field(), s.Solver(), judge)
		if err != nil {
			t.Fatal(err)
		}
		euler, err := r.Evaluate(flow.CFM(), solver.Euler(3), judge)
		if err != nil {
			t.Fatal(err)
		}
		if learned.Cost.Equivalents != 3 || learned.Mean("mmd2") > .8*euler.Mean("mmd2") || learned.Mean("w2") > .9*euler.Mean("w2") {
			t.Errorf("%s: learned MMD² %.4f W₂ %.3f, Euler %.4f, %.3f", name, learned.Mean("mmd2"), learned.Mean("w2"), euler.Mean("mmd2"), euler.Mean("w2"))
		}
	}
}

func TestLearnScheduleIsKept(t *testing.T) {
	r := trained(t)
	brief := Learning{Steps: 4, Points: 32}
	first, err := r.LearnSchedule(2, brief)
	if err != nil {
		t.Fatal(err)
	}
	again, err := mustOpen(t, r.exp).LearnSchedule(2, brief)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(first, again) {
		t.Errorf("learned %+v, read %+v", first, again)
	}
	files, _ := filepath.Glob(filepath.Join(r.Dir, "schedules", "*.json"))
	if len(files) != 1 {
		t.Fatalf("files %v, want one", files)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	anew, err := r.LearnSchedule(2, brief)
	if err != nil {
		t.Fatal(err)
	}
	anew.Seconds = first.Seconds
	if !reflect.DeepEqual(first, anew) {
		t.Errorf("learned %+v, and again %+v", first, anew)
	}
	other, err := r.LearnSchedule(2, Learning{Steps: 4, Points: 32, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(first.Times, other.Times) {
		t.Error("another seed learned the same times")
	}
	data, _ := os.ReadFile(files[0])
	if err := os.WriteFile(files[0], data[:len(data)/2], 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := r.LearnSchedule(2, brief); err == nil || !strings.Contains(err.Error(), "cut off") || strings.Contains(err.Error(), "\n") {
		t.Errorf("a file cut off gave the error %v", err)
	}
}

// TestScheduleOfAnotherNetwork: a schedule is refused by a run it was not learned on, unless it is transferred.
func TestScheduleOfAnotherNetwork(t *testing.T) {
	r := trained(t)
	s, err := r.LearnSchedule(2, Learning{Steps: 2, Points: 16})
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*Experiment){
		"other data":    func(e *Experiment) { e.Data = datasets.Rings() },
		"other network": func(e *Experiment) { e.Seed++ },
		"more training": func(e *Experiment) { e.Steps += 5 },
	} {
		e := r.exp
		change(&e)
		other := mustOpen(t, e)
		if err := other.Train(); err != nil {
			t.Fatal(err)
		}
		_, err := other.Sample(20, s.Field(), s.Solver())
		if err == nil || !strings.Contains(err.Error(), "Transfer") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line that names Transfer", what, err)
		}
		if _, err := other.Evaluate(s.Field(), s.Solver(), Judge{N: 20}); err == nil {
			t.Errorf("%s: Evaluate took the schedule", what)
		}
		moved := s.Transfer(other)
		out, err := other.Sample(20, moved.Field(), moved.Solver())
		if err != nil {
			t.Errorf("%s: transferred: %v", what, err)
		} else if !strings.Contains(out.Solver, filepath.Base(r.Dir)) {
			t.Errorf("%s: the samples say %q, want the run it was learned on", what, out.Solver)
		}
	}
}

// TestEvaluationsOfSchedules: schedules with the same name and other numbers are other samplers.
func TestEvaluationsOfSchedules(t *testing.T) {
	r := trained(t)
	judge := Judge{N: 50, Seeds: Seeds(0, 0), Metrics: []string{"mmd2"}}
	a, err := r.Evaluate(flow.CFM(), solver.EulerOn(0, .3, 1), judge)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Evaluate(flow.CFM(), solver.EulerOn(0, .7, 1), judge)
	if err != nil {
		t.Fatal(err)
	}
	if a.Mean("mmd2") == b.Mean("mmd2") {
		t.Error("two schedules gave the same evaluation")
	}
}

// TestDivergedLearning: the numbers of the best step stay, and the step is named.
func TestDivergedLearning(t *testing.T) {
	r := trained(t)
	s, err := r.LearnSchedule(2, Learning{Steps: 60, Points: 32, Rate: 1e38})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.Note, "diverged at step 2") || s.Best != 0 || s.Learning.Rate != 1e38 {
		t.Errorf("%+v", s)
	}
	for _, m := range starts(2) {
		if times, weights, _ := scheduleOf(m); fmt.Sprint(m) == s.Start && (!near(s.Times, times) || !near(s.Weights[1], weights[1])) {
			t.Errorf("%+v is not the method it began at", s)
		}
	}
	if _, err := r.Sample(10, s.Field(), s.Solver()); err != nil {
		t.Error(err)
	}
}

// TestNothingToLearn: a single step with its weight fixed has no free number; its loss is told all the same.
func TestNothingToLearn(t *testing.T) {
	s, err := trained(t).LearnSchedule(1, Learning{Only: "times"})
	if err != nil || s.Best != 0 || len(s.Curve) != 1 || s.Curve[0].Step != 0 || !(s.Curve[0].Loss > 0) {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestLearnFromTeacher(t *testing.T) {
	r := trained(t)
	s, err := r.LearnSchedule(2, Learning{Loss: LossTeacher, Steps: 50, Points: 64})
	if err != nil {
		t.Fatal(err)
	}
	distance := func(field flow.Field, by solver.Solver) float64 {
		x, err := r.Sample(500, field, by, WithSeed(3))
		if err != nil {
			t.Fatal(err)
		}
		fine, err := r.Sample(500, flow.CFM(), solver.Midpoint(teacherSteps), WithSeed(3))
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.
		for i, v := range x.X {
			sum += math.Pow(float64(v-fine.X[i]), 2)
		}
		return sum
	}
	if a, b := distance(s.Field(), s.Solver()), distance(flow.CFM(), solver.Euler(2)); a > .7*b {
		t.Errorf("distance from the teacher %.4g, of Euler %.4g", a, b)
	}
}

// asked is a context that ends once it has been asked for so many times whether it has.
type asked struct {
	context.Context
	left *int
}

func (a asked) Err() error {
	if *a.left--; *a.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestInterruptedLearning(t *testing.T) {
	r := trained(t)
	others := len(starts(2)) - 1 // beside Euler's method
	for after, want := range map[int]string{0: "a method to begin at", others - 1: "a method to begin at", others: "step 1 of 400", others + 5: "step 6 of 400"} {
		_, err := r.learnSchedule(asked{context.Background(), &after}, 2)
		if !errors.Is(err, ErrInterrupted) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want it to say %q", err, want)
		}
		if files, _ := filepath.Glob(filepath.Join(r.Dir, "schedules", "*")); len(files) > 0 {
			t.Errorf("kept %v", files)
		}
	}
}

func TestLearnScheduleRefuses(t *testing.T) {
	r := trained(t)
	for _, tc := range []struct {
		budget int
		how    []Learning
		want   string
	}{
		{0, nil, "budget of 0 evaluations: want at least 1"},
		{-3, nil, "want at least 1"},
		{1000, nil, "at most 200"},
		{3, []Learning{{}, {}}, "at most one"},
		{3, []Learning{{Order: -1}}, "order -1"},
		{2, []Learning{{Order: 1}}, "needs a budget of at least 3"},
		{4, []Learning{{Order: 2}}, "needs a budget of at least 5"},
		{1, []Learning{{Order: 1, Written: true}}, "needs a budget of at least 2"},
		{3, []Learning{{Only: "gamma"}}, `Only is "gamma"`},
		{3, []Learning{{Loss: "fid"}}, "valid names: mmd, teacher"},
		{3, []Learning{{Weights: "equal"}}, `unknown weights "equal"; valid names: free, consistent`},
		{3, []Learning{{Only: "times", Weights: WeightsFree}}, "leave one of the two out"},
		{3, []Learning{{Steps: -1}}, "-1 steps"},
		{3, []Learning{{Points: 1}}, "on 1 points"},
		{3, []Learning{{Points: math.MaxInt}}, "want at most 33554432"},
		{3, []Learning{{Rate: -1}}, "rate -1"},
		{3, []Learning{{Rate: math.NaN()}}, "rate NaN"},
		{3, []Learning{{Shrink: -1}}, "shrink -1"},
	} {
		_, err := r.LearnSchedule(tc.budget, tc.how...)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("LearnSchedule(%d, %+v): error %v, want one line with %q", tc.budget, tc.how, err, tc.want)
		}
	}
	untrained := mustOpen(t, Experiment{Name: "untrained", Data: datasets.Moons()})
	if _, err := untrained.LearnSchedule(3); err == nil || !strings.Contains(err.Error(), "not trained") {
		t.Errorf("untrained: %v", err)
	}
	ot := r.exp
	ot.Coupling, ot.Steps = flow.ExactOT(), 1
	coupled := mustOpen(t, ot)
	if err := coupled.Train(); err != nil {
		t.Fatal(err)
	}
	if _, err := coupled.LearnSchedule(3, Learning{Order: 1, Written: true}); err == nil || !strings.Contains(err.Error(), "needs the score") || strings.Contains(err.Error(), "\n") {
		t.Errorf("no score: %v", err)
	}
}

// Weights are consistent where the loss is a teacher's on data of many components, and else free, unless asked otherwise; consistent ones sum to 1 whatever is learned.
func TestWeightsOfSchedules(t *testing.T) {
	plane, images := trained(t), smallUNet(t)
	for _, c := range []struct {
		r    *Run
		how  Learning
		want string
	}{
		{plane, Learning{}, WeightsFree}, {plane, Learning{Loss: LossTeacher}, WeightsFree}, {plane, Learning{Weights: WeightsConsistent}, WeightsConsistent}, {plane, Learning{Only: "times"}, ""},
		{images, Learning{}, WeightsConsistent}, {images, Learning{Loss: LossMMD}, WeightsFree}, {images, Learning{Weights: WeightsFree}, WeightsFree}, {images, Learning{Only: "scales"}, WeightsFree}, {images, Learning{Only: "times"}, ""},
	} {
		how, steps, err := c.r.planLearning(3, []Learning{c.how})
		if err != nil || how.Weights != c.want {
			t.Errorf("%s, %+v: weights are %q (%v), want %q", c.r.exp.Name, c.how, how.Weights, err, c.want)
		}
		f := form{Learning: how, steps: steps}
		theta := f.start()
		for i := range theta {
			theta[i] += .3 * float64(i+1)
		}
		_, weights, _ := f.schedule(theta)
		for k, row := range weights {
			sum := 0.
			for _, w := range row {
				sum += w
			}
			if one := math.Abs(sum-1) < 1e-12; one != (c.want != WeightsFree) {
				t.Errorf("%s, %+v: the weights of step %d sum to %g", c.r.exp.Name, c.how, k, sum)
			}
		}
	}
	// One consistent step is Euler's: there is nothing to learn.
	s, err := images.LearnSchedule(1, Learning{Points: 2})
	if err != nil || len(s.Curve) != 1 || s.Weights[0][0] != 1 || s.Solver().Name() != "learned consistent from teacher" {
		t.Errorf("%v, %v", s, err)
	}
}

// FuzzReadSchedule: whatever a file holds, reading gives a schedule that can be sampled, or one line.
func FuzzReadSchedule(f *testing.F) {
	f.Add(`{"network":"n","times":[0,0.4,1],"weights":[[1],[0.1,0.9]]}`)
	f.Add(`{"network":"n","times":[0,0.4,1],"weights":[[1],[0,1]],"learning":{"order":1},"gamma":[[0.5],[3]]}`)
	f.Add(`{"network":"n","times":[0,1],"learning":{"order":2},"gamma":[[]]}`)
	f.Add(`{"network":"n","times":[0,2,1]}`)
	f.Add(`[1,2`)
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "s.json")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Skip(err)
		}
		s, err := ReadSchedule(path)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
			return
		}
		by := s.Solver().(solver.Scheduled)
		if err := by.Check(); err != nil {
			t.Errorf("read a schedule that is none: %v", err)
		}
		if c, ok := s.Field().(flow.Checker); ok {
			if err := c.Check(nil, flow.Straight()); err != nil {
				t.Errorf("read a field that is none: %v", err)
			}
		}
		_ = fmt.Sprint(s)
	})
}
