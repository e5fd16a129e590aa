package idffnb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/metric"
	"github.com/idff-go/workbench/idffnb/solver"
)

const (
	validateEvery  = 25   // steps of learning
	validatePoints = 2048 // fixed points that the best step is chosen on
	teacherSteps   = 50   // of midpoint
	teacherPoints  = 8192 // start points whose end points the teacher gives; batches are drawn from them
)

// LearnSchedule learns the few numbers of a sampler that costs at most budget forward-equivalents a sample, by gradient descent (Adam) through
// the whole sampler with the network frozen: the times t_k (a softmax of free numbers) and weights of its steps, and, for how.Order > 0, gamma at
// each step. At most one Learning is given; without one, times and weights are learned. Every step draws fresh noise and data; the
// numbers kept are those of the step that did best on fixed points of their own. The result is kept in the run folder: the next call
// returns it. Compare it with other samplers on the seeds of a Judge, which it has never seen.
//
// Learning schedules through the sampler is the idea of bespoke solvers (Shaul et al., arXiv 2310.19075 and 2403.01329), S4S (arXiv 2502.17423), and, for the times alone, of Align Your
// Steps (arXiv 2404.14507); these match a fine trajectory (LossTeacher). LossMMD to the data is a generative moment matching loss (Li et al., arXiv 1502.02761).
func (r *Run) LearnSchedule(budget int, how ...Learning) (*Schedule, error) {
	stop, done := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer done()
	return r.learnSchedule(stop, budget, how...)
}

// MustLearnSchedule is LearnSchedule for notebooks.
func (r *Run) MustLearnSchedule(budget int, how ...Learning) *Schedule {
	s, err := r.LearnSchedule(budget, how...)
	must(err)
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
	setDefault(&l.Rate, .2)
	setDefault(&l.Shrink, 1)
	if l.Loss == "" {
		l.Loss = LossMMD
		if r.exp.Data.Dim() > 8 {
			l.Loss = LossTeacher
		}
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
	case l.Loss != LossMMD && l.Loss != LossTeacher:
		return fail("unknown loss %q; valid names: %s, %s", l.Loss, LossMMD, LossTeacher)
	case l.Steps < 1 || l.Points < 2:
		return fail("%d steps on %d points: want at least 1 and 2", l.Steps, l.Points)
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

// form lays out the learned numbers theta: the logits of the step sizes, the weights, and the gammas of all steps but the first.
type form struct {
	Learning
	steps int
}

// sizes are the numbers of each kind in theta.
func (f form) sizes() (times, weights, gammas int) {
	if f.Only != "scales" && f.steps > 1 {
		times = f.steps
	}
	if f.Only != "times" {
		for k := range f.steps {
			weights += f.row(k)
		}
	}
	return times, weights, (f.steps - 1) * f.Order
}

// row is the number of weights of step k.
func (f form) row(k int) int {
	if f.Euler {
		return 1
	}
	return k + 1
}

// gammaUnit is what one unit of theta is in gamma: 1/sigma0^2 for terms that the field multiplies by sigma0^2, so that all theta move alike.
func (f form) gammaUnit() float64 {
	if f.Written {
		return 25
	}
	return 1
}

// start is theta for Euler steps on the uniform grid without momentum.
func (f form) start() []float64 {
	times, weights, gammas := f.sizes()
	theta := make([]float64, times+weights+gammas)
	if weights > 0 {
		at := times
		for k := range f.steps {
			at += f.row(k)
			theta[at-1] = 1
		}
	}
	return theta
}

// schedule is what theta stands for.
func (f form) schedule(theta []float64) (times []float64, weights, gamma [][]float64) {
	nTimes, nWeights, _ := f.sizes()
	times = solver.Grid(f.steps)
	if nTimes > 0 {
		sum := 0.
		for _, l := range theta[:nTimes] {
			sum += math.Exp(l)
		}
		for k := range f.steps - 1 {
			times[k+1] = times[k] + math.Exp(theta[k])/sum
		}
	}
	rest := theta[nTimes:]
	for k := range f.steps {
		row := make([]float64, f.row(k))
		row[len(row)-1] = 1
		if nWeights > 0 {
			copy(row, rest)
			rest = rest[len(row):]
		}
		weights = append(weights, row)
	}
	if f.Order > 0 {
		none := make([]float64, f.Order)
		none[0] = .5
		gamma = append(gamma, none)
		for range f.steps - 1 {
			row := slices.Clone(none)
			for i := range row {
				row[i] += f.gammaUnit() * rest[i]
			}
			gamma, rest = append(gamma, row), rest[f.Order:]
		}
	}
	return times, weights, gamma
}

// factors are the numbers of schedule as nodes, in the order in which the sampler takes them: those of the field, then those of the solver.
func (f form) factors(theta *Node) []*Node {
	nTimes, nWeights, nGammas := f.sizes()
	number := func(v float64) *Node { return Scalar(theta.Graph(), theta.DType(), v) }
	element := func(i int) *Node { return Reshape(SliceAxis(theta, 0, AxisElem(i))) }
	var field, times, weights []*Node
	for k := range f.steps {
		for i := range f.Order {
			none := 0.
			if i == 0 {
				none = .5
			}
			g := number(none)
			if k > 0 {
				g = AddScalar(MulScalar(element(nTimes+nWeights+(k-1)*f.Order+i), f.gammaUnit()), none)
			}
			field = append(field, g)
		}
	}
	if nGammas == 0 {
		field = nil
	}
	grid := solver.Grid(f.steps)
	var shares, t *Node
	if nTimes > 0 {
		shares = Softmax(SliceAxis(theta, 0, AxisRange(0, nTimes)))
		t = number(0)
	}
	for k := 1; k < f.steps; k++ {
		if nTimes == 0 {
			times = append(times, number(grid[k]))
			continue
		}
		t = Add(t, Reshape(SliceAxis(shares, 0, AxisElem(k-1))))
		times = append(times, t)
	}
	for k, i := 0, nTimes; k < f.steps; k++ {
		for range f.row(k) {
			if nWeights == 0 {
				weights = append(weights, number(1))
				continue
			}
			weights = append(weights, element(i))
			i++
		}
	}
	return append(append(field, times...), weights...)
}

// lesson is one learning of a schedule.
type lesson struct {
	run    *Run
	form   form
	budget int
	sigmas []float64 // of LossMMD
	exec   *model.Exec

	teacherX, teacherY, teacherCond []float32 // start and end points of the teacher
}

// as is theta as a schedule.
func (l *lesson) as(theta []float64) *Schedule {
	s := &Schedule{Budget: l.budget, Network: l.run.network(), Learning: l.form.Learning}
	s.Times, s.Weights, s.Gamma = l.form.schedule(theta)
	return s
}

// learn runs Adam from Euler's method on the uniform grid.
func (l *lesson) learn(ctx context.Context) (*Schedule, error) {
	r, f := l.run, l.form
	what := fmt.Sprintf("%s: schedule of %d steps, order %d", r.exp.Name, f.steps, f.Order)
	theta := f.start()
	best := l.as(theta)
	valid, err := l.prepare()
	if err != nil {
		return nil, err
	}
	loss, err := valid(best)
	if err != nil {
		return nil, err
	}
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return nil, fmt.Errorf("idffnb: %s: the loss of Euler's method is %g already: the network has diverged", what, loss)
	}
	curve, lowest := []LossPoint{{0, loss}}, loss
	if len(theta) == 0 {
		return best, nil
	}
	if err := l.compile(best); err != nil {
		return nil, err
	}
	defer l.exec.Finalize()
	show := newProgress(what, 0, f.Steps, nil)
	descent := adam{rate: f.Rate, total: f.Steps}
	for step := 1; step <= f.Steps; step++ {
		loss, gradient, err := l.step(theta, step)
		if err != nil {
			return nil, fmt.Errorf("idffnb: %s: step %d: %w", what, step, err)
		}
		if !finite(loss) || !finite(gradient...) {
			best.Note = fmt.Sprintf("learning diverged at step %d (loss %g): these are the numbers of step %d; try a smaller Rate", step, loss, best.Best)
			fmt.Fprintf(os.Stderr, "idffnb: %s: %s\n", what, best.Note)
			break
		}
		descent.update(theta, gradient)
		if step%validateEvery == 0 || step == f.Steps {
			s := l.as(theta)
			if loss, err = valid(s); err != nil {
				return nil, err
			}
			curve = append(curve, LossPoint{step, loss})
			if loss < lowest { // never for NaN
				lowest, best = loss, s
				best.Best = step
			}
			show.curve = curve
		}
		show.update(step)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("idffnb: %s: %w at step %d of %d; nothing is kept: run the cell again", what, ErrInterrupted, step, f.Steps)
		}
	}
	best.Curve = curve
	show.last(f.Steps, fmt.Sprintf("loss of step %d is kept", best.Best))
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

// prepare draws the fixed points that the best step is chosen on, and returns the loss on them.
func (l *lesson) prepare() (func(*Schedule) (float64, error), error) {
	r, f := l.run, l.form
	x0, y, cond, err := l.draw(validation, validatePoints)
	if err != nil {
		return nil, err
	}
	distance := func(x []float32) (float64, error) { return metric.MMD2(x, y, r.exp.Data.Dim(), l.sigmas...) }
	if f.Loss == LossMMD {
		l.sigmas = bandwidths(y, r.exp.Data.Dim())
	} else {
		if y, err = l.teach(x0, cond); err != nil {
			return nil, err
		}
		if l.teacherX, _, l.teacherCond, err = l.draw(teaching, teacherPoints); err != nil {
			return nil, err
		}
		if l.teacherY, err = l.teach(l.teacherX, l.teacherCond); err != nil {
			return nil, err
		}
		distance = func(x []float32) (float64, error) {
			sum := 0.
			for i, v := range x {
				sum += float64(v-y[i]) * float64(v-y[i])
			}
			return sum / float64(len(x)), nil
		}
	}
	return func(s *Schedule) (float64, error) {
		out, err := r.sample(validatePoints, s.Field(), s.Solver(), WithStart(x0), WithCond(cond))
		if errors.Is(err, errDiverged) {
			return math.NaN(), nil
		}
		if err != nil {
			return 0, err
		}
		return distance(out.X)
	}, nil
}

// The draws of learning that are not those of a step.
const (
	validation = 0
	teaching   = -1
)

// draw draws start points, data and conditions for a step of learning.
func (l *lesson) draw(step, n int) (x0, x1, cond []float32, err error) {
	e := l.run.exp
	rng := generator(l.form.Seed, streamLearn, uint64(step+1))
	if x0, x1, cond, err = e.draw(rng, n); err != nil {
		return nil, nil, nil, fmt.Errorf("idffnb: %s: learning a schedule: %w", e.Name, err)
	}
	if x0 == nil {
		x0 = normal(rng, n*e.Data.Dim())
	}
	for i, v := range x0 {
		x0[i] = float32(float64(v) / l.form.Shrink)
	}
	return x0, x1, cond, nil
}

// teach is where the teacher takes the points.
func (l *lesson) teach(x0, cond []float32) ([]float32, error) {
	out, err := l.run.sample(len(x0)/l.run.exp.Data.Dim(), flow.CFM(), solver.Midpoint(teacherSteps), WithStart(x0), WithCond(cond))
	if err != nil {
		return nil, err
	}
	return out.X, nil
}

// compile builds the graph of a step: theta, x0, y and, where the data gives it, cond -> loss and its gradient in theta.
func (l *lesson) compile(s *Schedule) error {
	r, f := l.run, l.form
	field, multistep := s.Field(), s.Solver().(solver.Tunable)
	fieldFactors := len(field.Factors())
	return tryGraph(r.exp.Name+": learning a schedule", func() (err error) {
		l.exec, err = model.NewExec(r.backend, r.store, func(scope *model.Scope, in []*Node) []*Node {
			theta, x0, y, cond := in[0], in[1], in[2], (*Node)(nil)
			if len(in) > 3 {
				cond = in[3]
			}
			factors := f.factors(theta)
			m := r.model(scope, cond)
			states := multistep.IntegrateWith(factors[fieldFactors:], func(x *Node, t solver.Time) *Node {
				return field.Velocity(m, flow.Point{X: x, Start: x0, T: t}, factors[:fieldFactors])
			}, x0)
			end := states[f.steps]
			loss := ReduceAllMean(Square(Sub(end, y)))
			if f.Loss == LossMMD {
				loss = mmdLoss(end, y, l.sigmas)
			}
			return []*Node{loss, Gradient(loss, theta)[0]}
		})
		return err
	})
}

// step is the loss and its gradient on the batch of a step.
func (l *lesson) step(theta []float64, step int) (loss float64, gradient []float64, err error) {
	n, dim := l.form.Points, l.run.exp.Data.Dim()
	var x0, y, cond []float32
	if l.form.Loss == LossMMD {
		if x0, y, cond, err = l.draw(step, n); err != nil {
			return 0, nil, err
		}
	} else {
		rng := generator(l.form.Seed, streamLearn, uint64(step+1))
		pick := make([]int, n)
		for i := range pick {
			pick[i] = rng.IntN(teacherPoints)
		}
		x0, y = rows(l.teacherX, pick, dim), rows(l.teacherY, pick, dim)
		if l.teacherCond != nil {
			cond = rows(l.teacherCond, pick, len(l.teacherCond)/teacherPoints)
		}
	}
	values := make([]float32, len(theta))
	for i, v := range theta {
		values[i] = float32(v)
	}
	args := []any{tensors.FromFlatDataAndDimensions(values, len(values)), tensors.FromFlatDataAndDimensions(x0, n, dim), tensors.FromFlatDataAndDimensions(y, n, dim)}
	if cond != nil {
		args = append(args, shaped(cond, n))
	}
	err = tryGraph("learning a schedule", func() error {
		out, err := l.exec.Exec(args...)
		if err != nil {
			return err
		}
		loss = float64(tensors.ToScalar[float32](out[0]))
		flat, err := tensors.CopyFlatData[float32](out[1])
		for _, v := range flat {
			gradient = append(gradient, float64(v))
		}
		return err
	})
	return loss, gradient, err
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
