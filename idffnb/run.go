package idffnb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
)

// Run is an experiment with its run folder, which holds
//
//	experiment.json     everything the result depends on; the folder's name ends in its hash
//	ckpt-*.safetensors  weights, their averages (EMA) and optimizer, the last two checkpoints
//	metrics.jsonl       the loss, a line every ten steps
//	speed.jsonl         how fast steps were made: the one file that depends on the clock
//	pairs/              what Reflow drew
//	samples/            what Sample drew, as safetensors whose metadata say how and at what cost
//	evaluations.jsonl   what Evaluate found
//
// A Run is for one goroutine at a time.
type Run struct {
	Dir string // the run folder

	exp     Experiment
	backend compute.Backend
	info    BackendInfo
	folder  *checkpoint.Folder
	store   *model.Store

	step, savedStep int
	seconds         float64 // spent training
	losses          []LossPoint
	written         int // of losses, in metrics.jsonl
	speeds          []SpeedPoint
	speedsWritten   int // of speeds, in speed.jsonl
	lossSum         float64
	lossCount       int

	mesh        *distributed.DeviceMesh // of several devices; nil until a program runs on them
	speed       Speed                   // of the last Train
	variables   []*model.Variable       // of the training step; nil until they are made
	chunkSteps  int                     // most steps in a call of the device, for tests; 0: as many as fit
	oneByOne    bool                    // every training step is a program of its own, not a turn of a loop: see makeVariables
	saves       time.Duration           // between checkpoints, for tests; 0: saveTime's
	saveTook    time.Duration           // the last checkpoint
	unsaved     bool                    // no checkpoints are written: of MeasureTraining
	training    bool                    // Train is at work
	samplers    map[string]sampler
	evaluators  map[string]*evaluator // of samplings evaluation by evaluation
	unrolled    bool                  // all steps in one graph whatever the network, for tests
	raw         bool                  // samples come from the weights, not from their averages (Raw)
	rawSamplers map[string]sampler    // of Raw
	evaluations map[string]*Report    // by key; nil until they are read
	imported    *WeightReport         // nil unless Import made the run
}

const (
	identityFile = "experiment.json"
	metricsFile  = "metrics.jsonl"
	speedFile    = "speed.jsonl"
)

// Root is the folder of run folders: where the environment variable IDFF_RUNS says, else the folder runs of the module that the program
// runs in, else of the working directory.
func Root() string {
	if dir := os.Getenv("IDFF_RUNS"); dir != "" {
		return dir
	}
	return filepath.Join(moduleRoot(), "runs")
}

// Open creates the run folder of the experiment, or reopens it with what was trained so far.
func Open(e Experiment) (*Run, error) {
	r, err := prepare(e)
	if err != nil {
		return nil, err
	}
	return r, r.load()
}

// prepare makes the run folder of the experiment, and loads nothing.
func prepare(e Experiment) (*Run, error) {
	backend, info, err := Backend()
	if err != nil {
		return nil, err
	}
	return e.on(backend, info)
}

// on is prepare with a backend.
func (e Experiment) on(backend compute.Backend, info BackendInfo) (*Run, error) {
	if err := e.checkPointers(); err != nil {
		return nil, err
	}
	e = e.withDefaults()
	e.precision = info.Precision
	if err := e.check(); err != nil {
		return nil, err
	}
	identity, err := e.identity()
	if err != nil {
		return nil, err
	}
	r := &Run{
		Dir: filepath.Join(Root(), e.Name+"-"+hash(identity)),
		exp: e, backend: backend, info: info, samplers: map[string]sampler{},
	}
	if err := r.claim(identity); err != nil {
		return nil, err
	}
	return r, nil
}

// MustOpen is Open for notebooks.
func MustOpen(e Experiment) *Run {
	r, err := Open(e)
	Must(err)
	return r
}

// claim makes the run folder, or checks that the one there belongs to the same experiment.
func (r *Run) claim(identity []byte) (err error) {
	if r.folder, err = checkpoint.OpenFolder(r.Dir); err != nil {
		return fmt.Errorf("idffnb: %s: %w", r.exp.Name, elsewhere(err))
	}
	path := r.folder.Path(identityFile)
	found, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = checkpoint.WriteFileAtomic(path, identity)
	case err == nil && !bytes.Equal(found, identity):
		return fmt.Errorf("idffnb: %s belongs to another experiment than %s (its %s differs): move the folder away, or set IDFF_RUNS to another place",
			r.Dir, r.exp.Name, identityFile)
	}
	if err != nil {
		return fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	}
	return nil
}

// load takes up the newest whole checkpoint, or starts from new weights.
func (r *Run) load() error {
	c, warning, err := r.folder.Latest()
	if err != nil {
		return fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	}
	if warning != "" {
		fmt.Fprintln(os.Stderr, "idffnb: "+warning)
	}
	r.fresh()
	if c != nil {
		if err := r.restore(c); err != nil {
			return fmt.Errorf("idffnb: %s: %s: %w", r.exp.Name, c.Path, err)
		}
	} else if r.exp.weights != nil {
		return fmt.Errorf("idffnb: %s: %s has no whole checkpoint: call Import again with the file of its weights", r.exp.Name, r.Dir)
	}
	if r.losses, err = readLines(r, r.folder, metricsFile, func(l LossPoint) int { return l.Step }); err != nil {
		return err
	}
	if r.speeds, err = readLines(r, r.folder, speedFile, func(p SpeedPoint) int { return p.Step }); err != nil {
		return err
	}
	r.written, r.speedsWritten = len(r.losses), len(r.speeds)
	return nil
}

// fresh begins with new weights.
func (r *Run) fresh() {
	r.store = model.NewStore()
	r.store.SetParam(model.JoinPath("/", net.SeedParam), int64(r.exp.Seed))
	r.store.SetParam(model.JoinPath("/", model.ParamInitialSeed), int64(r.exp.Seed)) // of dropout
	r.store.SetParam(model.JoinPath("/", net.BF16Param), r.exp.precision == BF16)
	r.samplers, r.rawSamplers, r.evaluators, r.variables = map[string]sampler{}, nil, nil, nil
	r.step, r.savedStep, r.seconds, r.lossSum, r.lossCount = 0, 0, 0, 0, 0
}

// readLines reads the lines of a file of a run's folder up to the run's step.
func readLines[T any](r *Run, folder *checkpoint.Folder, name string, step func(T) int) (list []T, err error) {
	lines, err := checkpoint.ReadJSONL[T](folder.Path(name))
	if err != nil {
		return nil, fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	}
	for _, l := range lines {
		if step(l) <= r.step {
			list = append(list, l)
		}
	}
	return list, nil
}

// writeLines appends lines to a file of the folder, in place of what it has from after the last checkpoint.
func writeLines[T any](r *Run, name string, list []T) error {
	path := r.folder.Path(name)
	if _, err := checkpoint.TruncateJSONL(path, r.savedStep); err != nil {
		return fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	}
	lines := make([]any, 0, len(list))
	for _, l := range list {
		lines = append(lines, l)
	}
	if err := checkpoint.AppendJSONL(path, lines...); err != nil {
		return fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	}
	return nil
}

// restore fills the store from a checkpoint, in the order in which the variables were created: sums over them, such as the norm of
// the gradient, are then taken in the same order as in an uninterrupted training.
func (r *Run) restore(c *checkpoint.Checkpoint) error {
	var order []string
	if err := json.Unmarshal([]byte(c.Meta["variables"]), &order); err != nil || len(order) != len(c.Tensors) {
		return fmt.Errorf("metadata variables should name %d tensors: %w", len(c.Tensors), err)
	}
	byName := map[string]checkpoint.Tensor{}
	for _, t := range c.Tensors {
		byName[t.Name] = t
	}
	var frozen []string
	if err := json.Unmarshal([]byte(c.Meta["frozen"]), &frozen); err != nil {
		return fmt.Errorf("metadata frozen should name tensors: %w", err)
	}
	for _, name := range order {
		t, ok := byName[name]
		if !ok {
			return fmt.Errorf("tensor %s is missing", name)
		}
		value, err := fromCheckpoint(t)
		if err != nil {
			return err
		}
		v, err := r.store.CreateVariable("/"+t.Name, value)
		if err != nil {
			return fmt.Errorf("tensor %s: %s", t.Name, firstLine(err))
		}
		v.SetTrainable(!slices.Contains(frozen, name))
	}
	r.step, r.savedStep = c.Step, c.Step
	for key, field := range map[string]*float64{"seconds": &r.seconds, "loss_sum": &r.lossSum} {
		v, err := strconv.ParseFloat(c.Meta[key], 64)
		if err != nil {
			return fmt.Errorf("metadata %s is %q, want a number", key, c.Meta[key])
		}
		*field = v
	}
	n, err := strconv.Atoi(c.Meta["loss_count"])
	if err != nil {
		return fmt.Errorf("metadata loss_count is %q, want a number", c.Meta["loss_count"])
	}
	r.lossCount = n
	return nil
}

// save writes metrics.jsonl, speed.jsonl and a checkpoint of the current step. The folder keeps two checkpoints, this and the one before; while it is written there are three.
func (r *Run) save() error {
	var list []checkpoint.Tensor
	order, frozen := []string{}, []string{} // frozen: not trained, such as the optimizer's own
	for v := range r.store.IterVariables() {
		name := strings.TrimPrefix(v.Path(), "/")
		t, err := toCheckpoint(name, v)
		if err != nil {
			return fmt.Errorf("idffnb: %s: variable %s: %s", r.exp.Name, name, firstLine(err))
		}
		list, order = append(list, t), append(order, name)
		if !v.Trainable {
			frozen = append(frozen, name)
		}
	}
	if err := writeLines(r, metricsFile, r.losses[r.written:]); err != nil {
		return err
	}
	if err := writeLines(r, speedFile, r.speeds[r.speedsWritten:]); err != nil {
		return err
	}
	names := func(list []string) string {
		text, _ := json.Marshal(list) // strings always have a JSON form
		return string(text)
	}
	exact := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	meta := map[string]string{"seconds": exact(r.seconds), "loss_sum": exact(r.lossSum), "loss_count": strconv.Itoa(r.lossCount), "variables": names(order), "frozen": names(frozen)}
	if err := r.folder.Save(r.step, list, meta); err != nil {
		return fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	}
	r.written, r.speedsWritten, r.savedStep = len(r.losses), len(r.speeds), r.step
	return nil
}

// Experiment is what the run is a run of, defaults filled in.
func (r *Run) Experiment() Experiment { return r.exp }

// Step is the number of training steps done.
func (r *Run) Step() int { return r.step }

// Losses is the training loss so far, a point every ten steps.
func (r *Run) Losses() []LossPoint { return append([]LossPoint(nil), r.losses...) }

// TrainSeconds is the wall time spent training so far.
func (r *Run) TrainSeconds() float64 { return r.seconds }

// String is one line for captions: what was trained, how long, on what.
func (r *Run) String() string {
	e := r.exp
	from := ""
	if e.weights != nil {
		from = e.weights.String() + ", then "
	}
	times := ""
	if _, uniform := e.Times.(flow.UniformTimes); !uniform {
		times = fmt.Sprintf(" at %s times", e.Times.Name())
	}
	return fmt.Sprintf("%s: %s%d of %d steps%s, %s coupling, %v path, seed %d, trained in %.0f s%s; %v", e.Name, from, r.step, e.Steps, times, e.Coupling.Name(), e.Path, e.Seed, r.seconds, r.averageNote(), r.info)
}
