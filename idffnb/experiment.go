package idffnb

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"strconv"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
)

// Data yields training batches and stands for the data distribution. The sets of package datasets are Data.
type Data interface {
	// Name labels the data in captions.
	Name() string
	// Dim is the size of a point.
	Dim() int
	// Batch draws n data points x1, row-major [n, Dim]. It may also give their start points x0 [n, Dim], which are drawn from
	// N(0, I) otherwise, and what the network is conditioned on, cond [n, m]; nil where there is none. What it returns is not changed, so that it may be part of what it holds.
	//
	// Training calls it from several goroutines at once, and not in the order of the steps: what it draws must depend on rng and n alone, or the seed fixes nothing. Data that
	// come one after the other, as from a stream, need a lock of their own.
	Batch(rng *rand.Rand, n int) (x0, x1, cond []float32)
}

// Experiment says everything that a trained flow depends on. Zero values are the settings of IDFF's 2-D experiments; only
// Name and Data are needed. Two experiments that differ in anything have different run folders. Of parts of your own the type's name and the exported fields
// count, or what their method ID() string returns; their code does not: give the experiment another Name, or the type another field, when you change it.
type Experiment struct {
	Name string // letters, digits, dots and dashes: part of the run folder's name
	Data Data

	Net       net.Net        // nil: net.MLP{}, 3 hidden layers of 256 with SELU; on labelled data net.IndexedMLP{}, whose Indices may be left out
	Path      flow.Path      // zero: flow.Straight()
	Coupling  flow.Coupling  // nil: flow.Independent()
	Objective flow.Objective // zero: flow.X1()
	Times     flow.Times     // of training; nil: flow.Uniform(). Objective meanflow has its own

	Batch        int     // points in a training batch; 0: 256
	LearningRate float64 // of AdamW with betas .9 and .999; 0: 2e-4
	WeightDecay  float64 // of AdamW, decoupled; 0: .01, negative: none
	ClipNorm     float64 // the gradient's norm is cut to this; 0: 1, negative: no clipping
	Steps        int     // training steps; 0: 20,000
	Seed         uint64  // of the weights and of every training batch
	DropCond     float64 // probability of training a point without its condition, so that flow.Guided can sample; about .1 or .2

	// What image models are trained with, for every model; zero values leave it out. All of it is in the checkpoint, so that a resumed training ends in the same bits.
	EMA        float64 // decay of an average of the weights over the steps, which samples then come from, e.g. .9999; see average.go and Run.Raw
	WarmUp     int     // steps over which the learning rate rises linearly to LearningRate: step n of them is made at n/WarmUp of it
	Decay      string  // how it falls after that, to 0 at Steps: "cosine" or "linear"; "": not at all
	Accumulate int     // the gradients of so many parts of a batch, Batch/Accumulate points each, are averaged into one step; where steps are a compiled loop (decisions.md) they are made one after the other, in less memory; 0: the batch at once

	weights   *origin   // of an imported run: what Import starts from
	precision Precision // of matrix products, of the process's backend
}

// Fast is true where the environment sets IDFF_FAST: notebooks then train and judge briefly, to be tested.
func Fast() bool { return os.Getenv("IDFF_FAST") != "" && os.Getenv("IDFF_FAST") != "0" }

// FullOrFast returns full, or fast where IDFF_FAST is set.
func FullOrFast[T any](full, fast T) T {
	if Fast() {
		return fast
	}
	return full
}

// withDefaults replaces zero values by what they mean.
func (e Experiment) withDefaults() Experiment {
	e.Net = e.netOrDefault()
	if e.Path.Kind == "" {
		e.Path.Kind = flow.Straight().Kind
	}
	if e.Coupling == nil {
		e.Coupling = flow.Independent()
	}
	if e.Objective.Kind == "" {
		e.Objective = flow.X1()
	}
	if e.Times == nil {
		e.Times = flow.Uniform()
	}
	setDefault(&e.Batch, 256)
	setDefault(&e.LearningRate, 2e-4)
	setDefault(&e.WeightDecay, .01)
	setDefault(&e.ClipNorm, 1)
	setDefault(&e.Steps, 20_000)
	return e
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

var nameRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// checkPointers says which part of an experiment is a pointer to nothing, as a constructor returns it beside an error, or nil.
func (e Experiment) checkPointers() error {
	for _, p := range []struct {
		what string
		v    any
	}{{"data", e.Data}, {"net", e.Net}, {"coupling", e.Coupling}, {"times", e.Times}} {
		if v := reflect.ValueOf(p.v); v.Kind() == reflect.Pointer && v.IsNil() {
			return fmt.Errorf("idffnb: experiment %s: its %s is a nil %T: look at the error of the function that made it", e.Name, p.what, p.v)
		}
	}
	return nil
}

// check says in one line what is wrong with an experiment that has its defaults, or nil.
func (e Experiment) check() error {
	switch {
	case !nameRule.MatchString(e.Name):
		return fmt.Errorf("idffnb: experiment name %q: use 1 to 64 letters, digits, dots, dashes or underscores", e.Name)
	case e.Data == nil:
		return fmt.Errorf("idffnb: experiment %s has no Data: set it, e.g. to datasets.Checkerboard()", e.Name)
	case e.Data.Dim() < 1:
		return fmt.Errorf("idffnb: experiment %s: data %s has points of size %d, want at least 1", e.Name, e.Data.Name(), e.Data.Dim())
	case e.Batch < 1:
		return fmt.Errorf("idffnb: experiment %s: batch of %d, want at least 1", e.Name, e.Batch)
	case e.Batch > mostValues/e.Data.Dim():
		return fmt.Errorf("idffnb: experiment %s: batch of %d, want at most %d of points of size %d", e.Name, e.Batch, mostValues/e.Data.Dim(), e.Data.Dim())
	case e.Steps < 1:
		return fmt.Errorf("idffnb: experiment %s: %d training steps, want at least 1", e.Name, e.Steps)
	case !(e.LearningRate > 0) || math.IsInf(e.LearningRate, 0):
		return fmt.Errorf("idffnb: experiment %s: learning rate %g, want a positive number", e.Name, e.LearningRate)
	case !finite(e.WeightDecay, e.ClipNorm):
		return fmt.Errorf("idffnb: experiment %s: weight decay %g and gradient norm %g must be finite numbers; -1 leaves either out", e.Name, e.WeightDecay, e.ClipNorm)
	}
	if err := e.checkExtras(); err != nil {
		return fmt.Errorf("idffnb: experiment %s: %w", e.Name, err)
	}
	for _, part := range []any{e.Path, e.Net, e.Coupling, e.Times} {
		if c, ok := part.(interface{ Check() error }); ok {
			if err := c.Check(); err != nil {
				return fmt.Errorf("idffnb: experiment %s: %w", e.Name, err)
			}
		}
	}
	if err := checkPath(e.Path); err != nil {
		return fmt.Errorf("idffnb: experiment %s: %w", e.Name, inner(err))
	}
	if err := e.checkCoupled(); err != nil {
		return fmt.Errorf("idffnb: experiment %s: %w", e.Name, err)
	}
	if err := e.Objective.Check(e.Path); err != nil {
		return fmt.Errorf("idffnb: experiment %s: %w", e.Name, err)
	}
	if _, uniform := e.Times.(flow.UniformTimes); !uniform && e.Objective.Averages() {
		return fmt.Errorf("idffnb: experiment %s: objective meanflow draws pairs of times of its own, and %s times would be left out: set flow.Averaging's Mean and Std instead", e.Name, e.Times.Name())
	}
	if err := e.checkImage(); err != nil {
		return fmt.Errorf("idffnb: experiment %s: %w", e.Name, err)
	}
	if err := e.checkCondition(); err != nil {
		return fmt.Errorf("idffnb: experiment %s: %w", e.Name, err)
	}
	return nil
}

// checkExtras says what is wrong with the settings of average, learning rate and accumulation, or nil.
func (e Experiment) checkExtras() error {
	switch {
	case !(e.EMA >= 0 && e.EMA < 1):
		return fmt.Errorf("EMA %g: want the decay of an average of the weights, in [0, 1), e.g. .9999", e.EMA)
	case e.WarmUp < 0 || e.WarmUp > e.Steps:
		return fmt.Errorf("WarmUp of %d steps: want 0 to the number of steps, %d", e.WarmUp, e.Steps)
	case e.Decay != "" && e.Decay != DecayCosine && e.Decay != DecayLinear:
		return fmt.Errorf("unknown Decay %q of the learning rate; valid names: %s, %s, or nothing", e.Decay, DecayCosine, DecayLinear)
	case e.Decay != "" && e.WarmUp == e.Steps:
		return fmt.Errorf("WarmUp of all %d steps leaves none for the %s decay of the learning rate", e.WarmUp, e.Decay)
	case e.Accumulate < 0 || e.Batch%e.parts() != 0:
		return fmt.Errorf("a batch of %d points cannot be cut into Accumulate = %d equal parts", e.Batch, e.Accumulate)
	}
	return nil
}

// identity is the experiment as JSON with every default filled in: what experiment.json of the run folder holds, and what its
// hash is taken of. describe says how the parts are in it.
func (e Experiment) identity() ([]byte, error) {
	whole := map[string]any{
		"name": e.Name, "dim": e.Data.Dim(), "path": e.Path,
		"objective": e.Objective.String(), "batch": e.Batch, "learning_rate": e.LearningRate, "weight_decay": e.WeightDecay,
		"clip_norm": e.ClipNorm, "steps": e.Steps, "seed": strconv.FormatUint(e.Seed, 10),
	}
	for _, p := range []struct {
		what string
		v    any
	}{{"data", e.Data}, {"net", e.Net}, {"coupling", e.Coupling}, {"path", e.Path.Own()}} {
		if p.v == nil { // a path of the table
			continue
		}
		described, err := describe(p.what, p.v)
		if err != nil {
			return nil, fmt.Errorf("idffnb: experiment %s: %w", e.Name, err)
		}
		whole[p.what] = described
	}
	if e.DropCond != 0 { // what came later is there where it is set, so that the folders of runs keep their names
		whole["drop_cond"] = e.DropCond
	}
	if _, uniform := e.Times.(flow.UniformTimes); !uniform {
		described, err := describe("times", e.Times)
		if err != nil {
			return nil, fmt.Errorf("idffnb: experiment %s: %w", e.Name, err)
		}
		whole["times"] = described
	}
	if e.EMA != 0 {
		whole["ema"] = e.EMA
	}
	if e.WarmUp != 0 {
		whole["warm_up"] = e.WarmUp
	}
	if e.Decay != "" {
		whole["decay"] = e.Decay
	}
	if e.parts() > 1 {
		whole["accumulate"] = e.Accumulate
	}
	if e.precision != "" && e.precision != Float32 {
		whole["precision"] = e.precision
	}
	if e.weights != nil {
		whole["weights"] = e.weights
	}
	data, err := json.MarshalIndent(whole, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("idffnb: experiment %s cannot be described: %w", e.Name, err)
	}
	return append(data, '\n'), nil
}

// hash is the short name of an identity.
func hash(identity []byte) string {
	return fmt.Sprintf("%x", sha256.Sum256(identity))[:10]
}
