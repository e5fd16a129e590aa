package idffnb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

const (
	validateEvery  = 25 // steps of learning
	validateTimes  = 4  // as many points as a batch has, fixed: the best step is chosen on them
	teacherSteps   = 50 // of midpoint
	teacherBatches = 16 // start points for so many batches, whose end points the teacher gives; batches are drawn from them
)

// LearnSchedule learns the few numbers of a sampler that costs at most budget forward-equivalents a sample, by gradient descent (Adam) through
// the whole sampler with the network frozen: the times t_k (a softmax of free numbers) and weights of its steps (of sum 1 or not, see Learning.Weights), and, for how.Order > 0, gamma at
// each step. At most one Learning is given; without one, times and weights are learned. Every step draws fresh noise and data; the
// numbers kept are those of the step that did best on fixed points of their own. The result is kept in the run folder: the next call
// returns it. Compare it with other samplers on the seeds of a Judge, which it has never seen.
// It begins at the method of the shelf, on equal steps or others, that does best on these points (Schedule.Start), so that it ends no worse than any of them there.
//
// Learning schedules through the sampler is the idea of bespoke solvers (Shaul et al., arXiv 2310.19075 and 2403.01329), S4S (arXiv 2502.17423), and, for the times alone, of Align Your
// Steps (arXiv 2404.14507); these match a fine trajectory (LossTeacher). LossMMD to the data is a generative moment matching loss (Li et al., arXiv 1502.02761);
// images are compared so in the features of a network, as GANs of that kind do (Bińkowski et al., arXiv 1801.01401): Learning.Gap, feature.KIDGap.
func (r *Run) LearnSchedule(budget int, how ...Learning) (*Schedule, error) {
	stop, done := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer done()
	return r.learnSchedule(stop, budget, how...)
}

// MustLearnSchedule is LearnSchedule for notebooks.
func (r *Run) MustLearnSchedule(budget int, how ...Learning) *Schedule {
	s, err := r.LearnSchedule(budget, how...)
	Must(err)
	return s
}

func (r *Run) learnSchedule(ctx context.Context, budget int, how ...Learning) (*Schedule, error) {
	l, steps, err := r.planLearning(budget, how)
	if err != nil {
		return nil, err
	}
	path, err := r.schedulePath(budget, l)
	if err != nil {
		return nil, err
	}
	found, err := ReadSchedule(path)
	switch {
	case err == nil:
		return found, r.checkSchedule(found.Solver())
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	began := time.Now()
	lesson := &lesson{run: r, form: form{Learning: l, steps: steps}, budget: budget}
	s, err := lesson.learn(ctx)
	if err != nil {
		return nil, err
	}
	s.Seconds = time.Since(began).Seconds()
	return s, r.keepSchedule(path, s)
}

// scheduleRate is the default rate of learning. In the plane .1 had the lowest loss on the fixed points, summed over three networks of notebook 05 ("8gaussians-v", "checkerboard-v" and "2spirals-ot"), 2, 3 and 4 evaluations and the
// seeds 0 and 1 of Learning: .0489, where .2 had .0494 and .05 .0493.
//
// Schedules of a U-Net are learned in some tens of steps. Their rate was chosen when learning began at Euler's method: consistent ones on the network of notebook 09, 60 steps on 12 points, came to
// .0353 with .02, .0342 with .05 and .0342 with .1 at 2 evaluations, to .0115, .0102 and .0098 at 3, to .0026, .0019 and .0016 at 5; free ones on that of notebook 10's rehearsal, 40 steps on 12 points, at 5 evaluations to .0019, .0024 and, with .2, .0114.
func (r *Run) scheduleRate() float64 {
	if r.large() {
		return .05
	}
	return .1
}

// planLearning fills in the defaults and finds how many steps the budget pays for.
func (r *Run) planLearning(budget int, how []Learning) (l Learning, steps int, err error) {
	fail := func(format string, args ...any) (Learning, int, error) {
		return Learning{}, 0, fmt.Errorf("idffnb: %s: learning a schedule: "+format, append([]any{r.exp.Name}, args...)...)
	}
	if len(how) > 1 {
		return fail("%d Learnings given, want at most one", len(how))
	}
	if len(how) == 1 {
		l = how[0]
	}
	setDefault(&l.Steps, 400)
	setDefault(&l.Points, 512)
	setDefault(&l.Rate, r.scheduleRate())
	setDefault(&l.Shrink, 1)
	if l.Loss == "" {
		l.Loss = LossMMD
		if r.exp.Data.Dim() > 8 {
			l.Loss = LossTeacher
		}
	}
	if l.Weights == "" && l.Only != "times" {
		l.Weights = WeightsFree
		if l.Loss == LossTeacher && r.exp.Data.Dim() > 8 && l.Only != "scales" {
			l.Weights = WeightsConsistent
		}
	}
	if l.GapName = ""; l.Gap != nil {
		l.GapName = l.Gap.Name()
	}
	first, each := 1, 1 // forward-equivalents of the step at t = 0, and of each other
	if order := l.Order; order > 0 {
		if l.Written {
			order--
		}
		each = 1 << order
	}
	switch {
	case budget < 1:
		return fail("budget of %d evaluations: want at least 1", budget)
	case l.Order < 0 || l.Order > 4:
		return fail("order %d: want 0 to 4", l.Order)
	case l.Only != "" && l.Only != "times" && l.Only != "scales":
		return fail("Only is %q: want \"times\", \"scales\" or nothing", l.Only)
	case l.Only == "times" && l.Weights != "":
		return fail("Weights are %q where only the times are learned: leave one of the two out", l.Weights)
	case l.Only != "times" && l.Weights != WeightsFree && l.Weights != WeightsConsistent:
		return fail("unknown weights %q; valid names: %s, %s", l.Weights, WeightsFree, WeightsConsistent)
	case l.Loss != LossMMD && l.Loss != LossTeacher:
		return fail("unknown loss %q; valid names: %s, %s", l.Loss, LossMMD, LossTeacher)
	case l.Gap != nil && l.GapName == "":
		return fail("a Gap without a name: schedules of different gaps could not be told apart")
	case l.Gap != nil && l.Order != 0:
		return fail("a Gap (%s) is for schedules without derivative terms, and these are of order %d", l.GapName, l.Order)
	case l.Steps < 1 || l.Points < 2:
		return fail("%d steps on %d points: want at least 1 and 2", l.Steps, l.Points)
	case l.Points > mostValues/teacherBatches/r.exp.Data.Dim():
		return fail("%d points of size %d: want at most %d", l.Points, r.exp.Data.Dim(), mostValues/teacherBatches/r.exp.Data.Dim())
	case !(l.Rate > 0) || math.IsInf(l.Rate, 0) || !(l.Shrink > 0) || math.IsInf(l.Shrink, 0):
		return fail("rate %g and shrink %g: want positive numbers", l.Rate, l.Shrink)
	}
	steps = 1 + (budget-first)/each
	if l.Order > 0 && steps < 2 {
		return fail("order %d needs a budget of at least %d: a single step starts at t = 0, where its terms vanish", l.Order, first+each)
	}
	if steps > 200 {
		return fail("budget of %d evaluations: want at most %d", budget, first+199*each)
	}
	return l, steps, r.checkSampling(flow.CFM(), solver.Euler(steps))
}

// learn runs Adam from the method of the shelf that does best on the fixed points.
func (l *lesson) learn(ctx context.Context) (*Schedule, error) {
	r, f := l.run, l.form
	what := fmt.Sprintf("%s: schedule of %d steps, order %d", r.exp.Name, f.steps, f.Order)
	valid, err := l.prepare()
	if err != nil {
		return nil, err
	}
	theta, start, loss, err := l.begin(ctx, valid)
	if err != nil {
		return nil, err
	}
	if !finite(loss) {
		return nil, fmt.Errorf("idffnb: %s: the loss of Euler's method is %g already: the network has diverged", what, loss)
	}
	best := l.as(theta)
	best.Start = start
	curve, lowest := []LossPoint{{0, loss}}, loss
	if len(theta) == 0 {
		best.Curve = curve
		return best, nil
	}
	if err := l.compile(best); err != nil {
		return nil, err
	}
	defer l.finalize()
	show := newProgress(what, 0, f.Steps, nil)
	descent, reached := adam{rate: f.Rate, total: f.Steps}, 0
	for step := 1; step <= f.Steps; step++ {
		loss, gradient, err := l.step(theta, step)
		if err != nil {
			return nil, fmt.Errorf("idffnb: %s: step %d: %w", what, step, inner(err))
		}
		if !finite(loss) || !finite(gradient...) {
			best.Note = fmt.Sprintf("learning diverged at step %d (loss %g): these are the numbers of step %d; try a smaller Rate", step, loss, best.Best)
			fmt.Fprintf(os.Stderr, "idffnb: %s: %s\n", what, best.Note)
			break
		}
		descent.update(theta, gradient)
		reached = step
		if step%validateEvery == 0 || step == f.Steps {
			s := l.as(theta)
			if loss, err = valid(s); err != nil {
				return nil, err
			}
			if finite(loss) { // JSON has no others
				curve = append(curve, LossPoint{step, loss})
			}
			if loss < lowest { // never for NaN
				lowest, best = loss, s
				best.Best, best.Start = step, start
			}
			show.curve = curve
		}
		show.update(step)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("idffnb: %s: %w at step %d of %d; nothing is kept: run the cell again", what, ErrInterrupted, step, f.Steps)
		}
	}
	best.Curve = curve
	show.last(reached, fmt.Sprintf("loss of step %d is kept", best.Best))
	return best, nil
}

func finite(values ...float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

// adam is Adam (Kingma and Ba, arXiv 1412.6980) with betas .9 and .99 for the few numbers of a schedule; its rate falls to 0 by a cosine over total steps.
type adam struct {
	rate     float64
	total    int
	step     int
	mean, sq []float64
}

func (a *adam) update(theta, gradient []float64) {
	const beta1, beta2, epsilon = .9, .99, 1e-12
	if a.mean == nil {
		a.mean, a.sq = make([]float64, len(theta)), make([]float64, len(theta))
	}
	rate := a.rate * (1 + math.Cos(math.Pi*float64(a.step)/float64(a.total))) / 2
	a.step++
	for i, g := range gradient {
		a.mean[i] = beta1*a.mean[i] + (1-beta1)*g
		a.sq[i] = beta2*a.sq[i] + (1-beta2)*g*g
		mean := a.mean[i] / (1 - math.Pow(beta1, float64(a.step)))
		sq := a.sq[i] / (1 - math.Pow(beta2, float64(a.step)))
		theta[i] -= rate * mean / (math.Sqrt(sq) + epsilon)
	}
}
