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

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	"github.com/idff-go/workbench/idffnb/flow"
)

// ErrInterrupted is what Train returns (wrapped) when it was interrupted: everything is saved, and Train continues there.
var ErrInterrupted = errors.New("training was interrupted")

// LossPoint is a line of metrics.jsonl: the mean loss of the logEvery steps that end with Step.
type LossPoint struct {
	Step int     `json:"step"`
	Loss float64 `json:"loss"`
}

const (
	logEvery  = 10               // steps to a line of metrics.jsonl
	saveEvery = 20 * time.Second // between checkpoints, at least
	saveShare = 20               // and so many times what the last one took, less one: saving takes a twentieth of the time
)

// saveTime is the time between checkpoints.
func (r *Run) saveTime() time.Duration {
	if r.saves > 0 {
		return r.saves
	}
	return max(saveEvery, (saveShare-1)*r.saveTook)
}

// Train trains the network to the experiment's number of steps, from where it stopped before; it does nothing if that is done. Where there is a run of the same experiment with fewer Steps,
// and no Decay, a training begins where that one has come to: give more Steps to train longer. It ends in the same weights as one from the start.
// An interrupted and resumed training ends with the same weights as one in a single go, bit for bit on one CPU backend. In a
// notebook it updates one display with a progress bar and the loss curve. It saves every 20 seconds (less often where that would take more than a twentieth of the time), at the end, and on SIGINT or
// SIGTERM; the folder keeps two checkpoints, and a third while it is written: where the disk has no room for them, Train says how much they need, and does not begin. When interrupted, it returns ErrInterrupted. A loss that is not a number stops it: the error names the step, and the last good
// checkpoint stays. At an error of the data it saves the steps before and returns the error. Only one program may train a run at a time. The options are of this call, and no part of the experiment.
func (r *Run) Train(options ...TrainOption) error {
	stop, done := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer done()
	return r.train(stop, func() {}, options...)
}

// MustTrain is Train for notebooks.
func (r *Run) MustTrain(options ...TrainOption) { Must(r.Train(options...)) }

// train runs the steps that are left, until ctx ends; it calls after after each chunk of them.
func (r *Run) train(ctx context.Context, after func(), options ...TrainOption) (err error) {
	watch, err := r.watching(options)
	if err != nil || r.step >= r.exp.Steps {
		return err
	}
	r.training = true
	defer func() { r.training = false }()
	if err := r.folder.Lock(); err != nil {
		return fmt.Errorf("idffnb: %s: %w", r.exp.Name, elsewhere(err))
	}
	defer func() { err = also(err, r.folder.Close()) }()
	if err := r.load(); err != nil { // another program may have trained since Open
		return err
	}
	if r.step == 0 && !r.unsaved {
		if err := r.takeUp(); err != nil {
			return err
		}
	}
	ctx, cancel := watch.within(ctx)
	defer cancel()
	batches := r.newFeed(ctx)

	show := newProgress(r.exp.Name+", "+r.info.String(), r.step, r.exp.Steps, r.losses)
	before, began, saved := r.seconds, time.Now(), time.Now()
	spend := func() { r.seconds = before + time.Since(began).Seconds() }
	save := func() error {
		spend()
		if r.unsaved {
			return nil
		}
		start := time.Now()
		err := r.save()
		if _, gone := os.Stat(r.Dir); err != nil && errors.Is(gone, fs.ErrNotExist) {
			err = fmt.Errorf("idffnb: %s: training stopped at step %d: its run folder %s was removed meanwhile; run the cell again to begin anew", r.exp.Name, r.step, r.Dir)
		}
		saved = time.Now()
		r.saveTook = saved.Sub(start)
		return err
	}
	pace := r.newPace()
	var steps *spread
	defer func() { steps.finalize() }()
	r.speed = Speed{}
	next := func() *chunk { return batches.next(watch.most(r.step, pace.steps)) }
	for c := next(); c != nil; c = next() {
		if steps == nil && c.steps > 0 {
			if steps, err = r.compileSteps(c); err != nil {
				return fmt.Errorf("idffnb: %s: training stopped: %w", r.exp.Name, inner(err))
			}
			batches.capacity, batches.parts, pace.most = c.capacity, c.parts, min(pace.most, c.capacity)
			if !r.unsaved {
				if err := r.folder.Room(r.checkpointSize()); err != nil {
					return fmt.Errorf("idffnb: %s: training did not start: %w; or set IDFF_RUNS to another place", r.exp.Name, err)
				}
			}
		}
		if err := r.trainChunk(steps, c, pace); err != nil {
			return err
		}
		if c.err != nil {
			return r.stopped(c.err, save)
		}
		show.curve = r.losses
		show.update(r.step)
		after()
		spend()
		r.noteSpeed()
		paused := time.Now()
		if err := watch.look(r); err != nil {
			return r.stopped(err, save)
		}
		pause := time.Since(paused)
		began, show.start = began.Add(pause), show.start.Add(pause)
		if time.Since(saved) >= r.saveTime() {
			if err := save(); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	if err := save(); err != nil {
		return err
	}
	if r.step < r.exp.Steps {
		show.last(r.step, "interrupted and saved")
		return fmt.Errorf("idffnb: %s: %w at step %d of %d, and saved; run the cell again to go on", r.exp.Name, ErrInterrupted, r.step, r.exp.Steps)
	}
	show.last(r.step, fmt.Sprintf("trained in %.1f s", r.seconds))
	return nil
}

// trainChunk runs the steps of a chunk.
func (r *Run) trainChunk(steps *spread, c *chunk, pace *pace) error {
	if c.steps > 0 {
		began := time.Now()
		losses, err := c.run(steps, r.exp.load())
		if err != nil {
			return fmt.Errorf("idffnb: %s: training stopped: %w", r.exp.Name, inner(err))
		}
		for _, loss := range losses {
			if loss != loss || math.IsInf(float64(loss), 0) {
				return fmt.Errorf("idffnb: %s: the loss of step %d is %g: training stopped, the last checkpoint is of step %d; try a smaller learning rate",
					r.exp.Name, r.step+1, loss, r.savedStep)
			}
			r.step++
			r.addLoss(float64(loss))
		}
		pace.took(c.steps, time.Since(began))
		r.speed.add(c.steps, began)
	}
	return nil
}

// stopped saves the steps so far, which an error of the data or of the function that watches does not make worse, and returns that error. Weights that are not finite are not saved.
func (r *Run) stopped(cause error, save func() error) error {
	what := fmt.Sprintf("idffnb: %s: training stopped at step %d of %d", r.exp.Name, r.step, r.exp.Steps)
	if r.step == r.savedStep || r.unsaved {
		return fmt.Errorf("%s: %w", what, inner(cause))
	}
	err := r.checkFinite()
	if err == nil {
		err = save()
	}
	if err != nil {
		return fmt.Errorf("%s: %w; it could not be saved, and the last checkpoint is of step %d: %w", what, inner(cause), r.savedStep, inner(err))
	}
	return fmt.Errorf("%s, and saved: %w", what, inner(cause))
}

// addLoss adds a step's loss to the mean that the next line of metrics.jsonl gives.
func (r *Run) addLoss(loss float64) {
	r.lossSum += loss
	r.lossCount++
	if r.step%logEvery == 0 || r.step == r.exp.Steps {
		r.losses = append(r.losses, LossPoint{r.step, r.lossSum / float64(r.lossCount)})
		r.lossSum, r.lossCount = 0, 0
	}
}

// shaped is a tensor of n rows: [n, width], or [n] for one value a row.
func shaped(values []float32, n int) *tensors.Tensor {
	if len(values) == n {
		return tensors.FromFlatDataAndDimensions(values, n)
	}
	return tensors.FromFlatDataAndDimensions(values, n, len(values)/n)
}

// trainStep builds one step of AdamW on a batch, and returns the loss before it.
func trainStep(scope *model.Scope, e Experiment, in []*Node) *Node {
	loss, gradients := lossAndGradients(scope, e, in)
	update(scope, e, gradients)
	return loss
}

// lossAndGradients builds the loss on a batch (x0, x1, t, eps, for meanflow r - t, and, where the data gives it, cond) and its gradients in the weights, in the order of the
// store's variables.
func lossAndGradients(scope *model.Scope, e Experiment, in []*Node) (loss *Node, gradients []*Node) {
	scope.Store().SetTraining(in[0].Graph(), true) // networks with dropout then drop
	dim := e.Data.Dim()
	b := flow.Batch{X0: matrix(in[0], dim), X1: matrix(in[1], dim), T: in[2], Eps: matrix(in[3], dim)}
	rest := in[4:]
	if e.Objective.Averages() {
		b.Interval, rest = rest[0], rest[1:]
	}
	var cond *Node
	if len(rest) > 0 {
		cond = rest[0]
	}
	b.Net = func(x, t, interval *Node) *Node { return e.predict(scope, x, t, withInterval(cond, interval)) }
	loss = e.Objective.Loss(e.Path, b)
	if train.TotalLoss(loss.Graph()) != nil {
		panic(fmt.Errorf("network %T adds a loss of its own, as GoMLX's regularizers do, and training would not see it: leave it out; the experiment's WeightDecay keeps weights small", e.Net))
	}
	if gradients = scope.BuildTrainableVariablesGradientsGraph(loss); len(gradients) == 0 {
		panic(fmt.Errorf("network %T has no parameters to train: make them with net.Dense or another layer of package net", e.Net))
	}
	return loss, gradients
}

// update builds AdamW's step along the gradients, clipped to norm ClipNorm as PyTorch's clip_grad_norm_ does, at the learning rate of the step, and then the average of the weights.
func update(scope *model.Scope, e Experiment, gradients []*Node) {
	gradients = clipNorm(gradients, e.ClipNorm)
	setRate(scope, e, gradients[0].Graph())
	before := trainedValues(scope, gradients[0].Graph())
	adam := optimizer.Adam().LearningRate(e.LearningRate).WeightDecay(max(e.WeightDecay, 0)).Epsilon(1e-8).Done()
	adam.(interface {
		UpdateGraphWithGradients(*model.Scope, []*Node, dtypes.DType)
	}).UpdateGraphWithGradients(scope, gradients, dtypes.Float32)
	if e.EMA > 0 {
		updateAverage(scope, e.EMA, before)
	}
}

// matrix reshapes [n] to [n, 1] where points have one component.
func matrix(x *Node, dim int) *Node {
	return Reshape(x, x.Shape().Dimensions[0], dim)
}

// withInterval adds r - t [n] to cond [n], [n, width] or nil, as its last column. Without one it is cond.
func withInterval(cond, interval *Node) *Node {
	if interval == nil {
		return cond
	}
	n := interval.Shape().Dimensions[0]
	interval = Reshape(interval, n, 1)
	if cond == nil {
		return interval
	}
	return Concatenate([]*Node{Reshape(cond, n, cond.Shape().Size()/n), interval}, -1)
}

// predictNow is predict at an instant: over the interval 0, where the network is one of average velocities.
func (e Experiment) predictNow(scope *model.Scope, x, t, cond *Node) *Node {
	if e.Objective.Averages() {
		cond = withInterval(cond, ZerosLike(t))
	}
	return e.predict(scope, x, t, cond)
}

// predict calls the network and checks the shape of what it returns.
func (e Experiment) predict(scope *model.Scope, x, t, cond *Node) *Node {
	out := e.callNet(scope, x, t, cond)
	if out == nil {
		panic(fmt.Errorf("network %T returned nil, want a node of shape [batch, heads*dim]", e.Net))
	}
	n, want := x.Shape().Dimensions[0], e.Objective.Heads()*e.Data.Dim()
	if out.Rank() != 2 || out.Shape().Dimensions[0] != n || out.Shape().Dimensions[1] != want {
		panic(fmt.Errorf("network %T returned shape %v, want [%d, %d]: objective %s on data %s of dim %d needs %d head(s)",
			e.Net, out.Shape().Dimensions, n, want, e.Objective, e.Data.Name(), e.Data.Dim(), e.Objective.Heads()))
	}
	return out
}

// callNet is the network's Predict; where it panics, the panic says whose it is. Each evaluation of a sampling enters the same scopes, and scope.In refuses one that was visited.
func (e Experiment) callNet(scope *model.Scope, x, t, cond *Node) *Node {
	defer func() {
		switch caught := recover().(type) {
		case nil:
		case error:
			panic(fmt.Errorf("network %T: %w", e.Net, caught))
		default:
			panic(fmt.Errorf("network %T: %v", e.Net, caught))
		}
	}()
	return e.Net.Predict(scope.ResetVisited(), x, t, cond)
}

// clipNorm scales gradients g by min(1, limit/(|g| + 1e-6)), |g| the norm of all of them together; a limit below 0 leaves them.
func clipNorm(grads []*Node, limit float64) []*Node {
	if limit < 0 {
		return grads
	}
	var square *Node
	for _, g := range grads {
		if s := ReduceAllSum(Square(g)); square == nil {
			square = s
		} else {
			square = Add(square, s)
		}
	}
	factor := MinScalar(MulScalar(Reciprocal(AddScalar(Sqrt(square), 1e-6)), limit), 1)
	clipped := make([]*Node, len(grads))
	for i, g := range grads {
		clipped[i] = Mul(g, factor)
	}
	return clipped
}
