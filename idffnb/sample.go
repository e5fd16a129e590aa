package idffnb

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Samples is what a sampling drew, and what it cost.
type Samples struct {
	X      []float32 // row-major [N, Dim]
	N, Dim int
	Times  []float64   // the solver's grid
	States [][]float32 // the states at Times, each [N, Dim]: the first is the start, the last is X
	Cost   solver.Cost
	Seed   uint64
	Shrink float64 // the start points were N(0, I)/Shrink
	Field  string
	Solver string
}

// SampleOption changes how Sample draws.
type SampleOption func(*sampling)

type sampling struct {
	seed   uint64
	shrink float64
	start  []float32
	cond   []float32
}

// WithSeed draws the start points with another seed than 0.
func WithSeed(seed uint64) SampleOption { return func(s *sampling) { s.seed = seed } }

// WithShrink divides the start points by a factor > 0. IDFF's released code samples from N(0, I)/1.5 though it trains from N(0, I).
func WithShrink(factor float64) SampleOption { return func(s *sampling) { s.shrink = factor } }

// WithStart samples from these start points, row-major [n, dim], in place of random ones.
func WithStart(x0 []float32) SampleOption { return func(s *sampling) { s.start = x0 } }

// WithCond gives the network its condition, row-major [n, m], where the data has one. Without it Sample draws conditions from the data.
func WithCond(cond []float32) SampleOption { return func(s *sampling) { s.cond = cond } }

// Sample draws n points by integrating the field with the solver, all steps in one compiled graph. The network must have been
// trained at least a step. The result is also kept in the folder samples of the run.
func (r *Run) Sample(n int, field flow.Field, s solver.Solver, options ...SampleOption) (*Samples, error) {
	out, err := r.sample(n, field, s, options...)
	if err != nil {
		return nil, err
	}
	return out, r.keep(out)
}

// MustSample is Sample for notebooks.
func (r *Run) MustSample(n int, field flow.Field, s solver.Solver, options ...SampleOption) *Samples {
	out, err := r.Sample(n, field, s, options...)
	must(err)
	return out
}

func (r *Run) sample(n int, field flow.Field, s solver.Solver, options ...SampleOption) (*Samples, error) {
	set := sampling{shrink: 1}
	for _, option := range options {
		option(&set)
	}
	x0, cond, err := r.start(n, set)
	if err != nil {
		return nil, err
	}
	if err := r.checkSampling(field, s); err != nil {
		return nil, err
	}
	sampler, err := r.sampler(n, len(cond), field, s)
	if err != nil {
		return nil, err
	}
	states, seconds, err := sampler.run(x0, cond, field.Factors())
	if err != nil {
		return nil, err
	}
	for i, v := range states[len(states)-1] {
		if v != v {
			return nil, fmt.Errorf("idffnb: %s: %s with %v gave NaN for point %d: the flow diverges there; take smaller gammas or more steps",
				r.exp.Name, field.Name(), s, i/r.exp.Data.Dim())
		}
	}
	cost := sampler.cost
	cost.Seconds = seconds
	return &Samples{X: states[len(states)-1], N: n, Dim: r.exp.Data.Dim(), Times: solver.Grid(s.Steps()), States: states,
		Cost: cost, Seed: set.seed, Shrink: set.shrink, Field: field.Name(), Solver: fmt.Sprint(s)}, nil
}

// start draws or checks the start points and the condition.
func (r *Run) start(n int, set sampling) (x0, cond []float32, err error) {
	dim := r.exp.Data.Dim()
	switch {
	case n < 1:
		return nil, nil, fmt.Errorf("idffnb: %s: sample of %d points: want at least 1", r.exp.Name, n)
	case !(set.shrink > 0):
		return nil, nil, fmt.Errorf("idffnb: %s: start points shrunk by %g: want a positive factor", r.exp.Name, set.shrink)
	case set.start != nil && len(set.start) != n*dim:
		return nil, nil, fmt.Errorf("idffnb: %s: %d start values given, want %d points of size %d", r.exp.Name, len(set.start), n, dim)
	case set.cond != nil && (len(set.cond) == 0 || len(set.cond)%n != 0):
		return nil, nil, fmt.Errorf("idffnb: %s: %d values of cond given, which is no multiple of %d points", r.exp.Name, len(set.cond), n)
	}
	x0, _, cond, err = r.exp.draw(generator(set.seed, streamGiven, 0), n)
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	case set.start != nil:
		x0 = append([]float32(nil), set.start...)
	case x0 == nil:
		x0 = Noise(set.seed, n, dim)
	}
	if set.cond != nil {
		cond = set.cond
	}
	for i, v := range x0 {
		if v != v {
			return nil, nil, fmt.Errorf("idffnb: %s: start point %d is NaN", r.exp.Name, i/dim)
		}
		x0[i] = float32(float64(v) / set.shrink)
	}
	return x0, cond, nil
}

// checkSampling says in one line why the field cannot be sampled with the solver, or nil.
func (r *Run) checkSampling(field flow.Field, s solver.Solver) error {
	if r.step == 0 {
		return fmt.Errorf("idffnb: %s is not trained yet: call Train first", r.exp.Name)
	}
	if field == nil || s == nil {
		return fmt.Errorf("idffnb: %s: Sample needs a field, e.g. flow.CFM(), and a solver, e.g. solver.Euler(10)", r.exp.Name)
	}
	if c, ok := s.(interface{ Check() error }); ok {
		if err := c.Check(); err != nil {
			return fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
		}
	}
	times := []float64{.5} // where sigma_t is greatest
	if s, ok := s.(interface{ Times() []float64 }); ok {
		times = s.Times()
	}
	if c, ok := field.(flow.Checker); ok {
		if err := c.Check(times, r.exp.Path); err != nil {
			return fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
		}
	}
	return nil
}

// sampler is a compiled sampling: field, solver and number of points are fixed, start points and factors are inputs.
type sampler struct {
	exec *model.Exec
	cost solver.Cost
	n    int
}

// sampler returns the compiled sampling, compiling it the first time.
func (r *Run) sampler(n, condSize int, field flow.Field, s solver.Solver) (*sampler, error) {
	key := fmt.Sprintf("%d points, %d cond, %s, %T %+v", n, condSize, flow.GraphKey(field), s, s)
	if found := r.samplers[key]; found != nil {
		return found, nil
	}
	dim, factors := r.exp.Data.Dim(), len(field.Factors())
	out := &sampler{n: n}
	what := fmt.Sprintf("%s: sampling %s with %v", r.exp.Name, field.Name(), s)
	err := tryGraph(what, func() (err error) {
		out.exec, err = model.NewExec(r.backend, r.store, func(scope *model.Scope, in []*Node) *Node {
			x, cond := in[0], (*Node)(nil)
			if condSize > 0 {
				cond = in[2]
			}
			values := make([]*Node, factors)
			for i := range values {
				values[i] = Reshape(SliceAxis(in[1], 0, AxisElem(i)))
			}
			m := r.model(scope, cond)
			states := s.Integrate(func(state *Node, t float64) *Node {
				return field.Velocity(m, flow.Point{X: state, Start: x, T: t}, values)
			}, x)
			out.cost = solver.Cost{Steps: s.Steps(), Forwards: m.Meter.Forwards, Backwards: m.Meter.Backwards, Equivalents: m.Meter.Equivalents}
			return Stack(states, 0)
		})
		if err != nil {
			return err
		}
		in := []shapes.Shape{shapes.Make(dtypes.Float32, n, dim), shapes.Make(dtypes.Float32, max(factors, 1))}
		if condSize > 0 {
			in = append(in, shaped(make([]float32, condSize), n).Shape())
		}
		_, err = out.exec.Compile(in...) // so that the time of the first run is not that of the compiler
		return err
	})
	if err != nil {
		return nil, err
	}
	r.samplers[key] = out
	return out, nil
}

// model is the trained network as fields see it.
func (r *Run) model(scope *model.Scope, cond *Node) *flow.Model {
	return flow.NewModel(func(x, t *Node, at float64) flow.Prediction {
		return r.exp.Objective.Prediction(r.exp.Path, x, r.exp.predict(scope, x, t, cond), at)
	})
}

// run draws from the start points and returns the states on the grid and the seconds it took.
func (s *sampler) run(x0, cond []float32, factors []float64) (states [][]float32, seconds float64, err error) {
	values := make([]float32, max(len(factors), 1))
	for i, f := range factors {
		values[i] = float32(f)
	}
	args := []any{tensors.FromFlatDataAndDimensions(x0, s.n, len(x0)/s.n), tensors.FromFlatDataAndDimensions(values, len(values))}
	if len(cond) > 0 {
		args = append(args, shaped(cond, s.n))
	}
	err = tryGraph("sampling", func() error {
		began := time.Now()
		out, err := s.exec.Exec(args...)
		if err != nil {
			return err
		}
		flat, err := tensors.CopyFlatData[float32](out[0])
		seconds = time.Since(began).Seconds()
		for i := 0; i < len(flat); i += len(x0) {
			states = append(states, flat[i:i+len(x0)])
		}
		return err
	})
	return states, seconds, err
}

// Velocity evaluates a field at points x, row-major [n, dim], and time t in [0, 1], without integrating it: for figures of
// fields and of momentum. Fields that look back at a trajectory's start take x for it.
func (r *Run) Velocity(x []float32, t float64, field flow.Field) ([]float32, error) {
	n := len(x) / r.exp.Data.Dim()
	if !(t >= 0 && t <= 1) {
		return nil, fmt.Errorf("idffnb: %s: time %g is outside [0, 1]", r.exp.Name, t)
	}
	out, err := r.sample(n, field, instant{t}, WithStart(x))
	if err != nil {
		return nil, err
	}
	return out.X, nil
}

// MustVelocity is Velocity for notebooks.
func (r *Run) MustVelocity(x []float32, t float64, field flow.Field) []float32 {
	out, err := r.Velocity(x, t, field)
	must(err)
	return out
}

// instant is a Solver that evaluates the field once and returns it in place of the end state.
type instant struct{ At float64 }

func (s instant) Name() string     { return "velocity" }
func (s instant) Steps() int       { return 1 }
func (s instant) Times() []float64 { return []float64{s.At} }
func (s instant) Integrate(field solver.Field, x *Node) []*Node {
	return []*Node{x, field(x, s.At)}
}

// Points are the samples of a plane, for figures. It panics if the data is not two-dimensional.
func (s *Samples) Points() [][2]float64 { return Points(s.X, s.Dim) }

// Trajectory is the state of every sample at each time of the grid, for figures: [time][sample].
func (s *Samples) Trajectory() [][][2]float64 { return s.At(s.Times...) }

// At is the state of every sample at the given times in [0, 1], for figures: [time][sample]. Between two times of the grid it
// lies on the straight line between the states there.
func (s *Samples) At(times ...float64) [][][2]float64 {
	out := make([][][2]float64, len(times))
	for i, t := range times {
		k := 0
		for k < len(s.Times)-2 && t >= s.Times[k+1] {
			k++
		}
		from, to := Points(s.States[k], s.Dim), Points(s.States[k+1], s.Dim)
		part := (t - s.Times[k]) / (s.Times[k+1] - s.Times[k])
		out[i] = make([][2]float64, s.N)
		for n := range out[i] {
			for d := range 2 {
				out[i][n][d] = from[n][d] + part*(to[n][d]-from[n][d])
			}
		}
	}
	return out
}

// Title is a title for figures: the field, the solver and the true cost, a line each, and further lines if given.
func (s *Samples) Title(more ...string) string {
	c := s.Cost
	cost := fmt.Sprintf("%d fwd", c.Forwards)
	if c.Backwards > 0 {
		cost += fmt.Sprintf(" + %d bwd = %g", c.Backwards, c.Equivalents)
	}
	return strings.Join(append([]string{s.Field, s.Solver + ": " + cost}, more...), "\n")
}

// Points turns row-major points of a plane [n, 2] into the form that figures take. It panics if dim is not 2.
func Points(x []float32, dim int) [][2]float64 {
	if dim != 2 {
		panic(fmt.Errorf("idffnb: points of size %d cannot be drawn in a plane", dim))
	}
	out := make([][2]float64, len(x)/2)
	for i := range out {
		out[i] = [2]float64{float64(x[2*i]), float64(x[2*i+1])}
	}
	return out
}

// Flat turns points of a plane into the row-major form that Velocity and WithStart take.
func Flat(points [][2]float64) []float32 {
	out := make([]float32, 0, 2*len(points))
	for _, p := range points {
		out = append(out, float32(p[0]), float32(p[1]))
	}
	return out
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// keep writes the samples to the run folder.
func (r *Run) keep(s *Samples) error {
	name := fmt.Sprintf("%s-%s-shrink%g-seed%d-n%d", s.Field, s.Solver, s.Shrink, s.Seed, s.N)
	name = strings.Trim(unfit.ReplaceAllString(strings.ReplaceAll(name, "γ", "gamma"), "_"), "_")
	meta := map[string]string{"field": s.Field, "solver": s.Solver, "cost": s.Cost.String(), "seed": strconv.FormatUint(s.Seed, 10),
		"shrink": fmt.Sprint(s.Shrink), "trained_steps": strconv.Itoa(r.step), "backend": r.info.String()}
	dir := filepath.Join(r.Dir, "samples")
	err := os.MkdirAll(dir, 0o777)
	if err == nil {
		err = checkpoint.Write(filepath.Join(dir, name+".safetensors"), []checkpoint.Tensor{checkpoint.New("x", s.X, s.N, s.Dim)}, meta)
	}
	if err != nil {
		return fmt.Errorf("idffnb: %s: samples are not kept: %w", r.exp.Name, err)
	}
	return nil
}
