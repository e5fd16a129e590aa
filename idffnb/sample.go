package idffnb

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

var errDiverged = errors.New("the flow diverges there")

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
	Cond   []float32 // the condition of each point, row-major [N, m]; nil where the data has none

	labelled bool   // Cond are labels
	given    string // names what field and solver do not say of themselves, and the start points and the condition that were asked for; empty where there is none of it
}

// SampleOption changes how Sample draws.
type SampleOption func(*sampling)

type sampling struct {
	seed   uint64
	shrink float64
	start  []float32
	cond   []float32
	labels []int // of WithLabels; of WithLabel, which is alike, one
	alike  bool
	unkept bool

	endsOnly bool
}

// WithSeed draws the start points, and the noise on the way where there is some, with another seed than 0.
func WithSeed(seed uint64) SampleOption { return func(s *sampling) { s.seed = seed } }

// WithShrink divides the start points by a factor > 0. IDFF's released code samples from N(0, I)/1.5 though it trains from N(0, I).
func WithShrink(factor float64) SampleOption { return func(s *sampling) { s.shrink = factor } }

// WithStart samples from these start points, row-major [n, dim], in place of random ones.
func WithStart(x0 []float32) SampleOption {
	if x0 == nil {
		x0 = []float32{} // no points, and not random ones
	}
	return func(s *sampling) { s.start = x0 }
}

// WithCond gives the network its condition, row-major [n, m], where the data has one. Without it Sample draws conditions from the data.
func WithCond(cond []float32) SampleOption { return func(s *sampling) { s.cond = cond } }

// Unkept leaves nothing in the run folder: for cells that sample again and again, such as those with sliders.
func Unkept() SampleOption { return func(s *sampling) { s.unkept = true } }

// Sample draws n points by integrating the field with the solver, all steps in one compiled graph; those of a net.UNet evaluation by evaluation where the field allows it, and in parts of some points. A solver.Adaptive runs a graph a step instead, and on a network that
// predicts the end point its steps end at t = .99, unless it says Until when: a straight line leads on to t = 1. A flow.Noisy field needs a solver.Stochastic; its noise is drawn
// on the host from the seed, beside the start points, and is the same on every backend and for every number of steps. The network must have been
// trained at least a step. The result is also kept in the folder samples of the run, unless Unkept.
func (r *Run) Sample(n int, field flow.Field, s solver.Solver, options ...SampleOption) (*Samples, error) {
	out, err := r.sample(n, field, s, options...)
	if err != nil {
		return nil, err
	}
	set := sampling{}
	for _, option := range options {
		option(&set)
	}
	if set.unkept {
		return out, nil
	}
	return out, r.keep(out)
}

// MustSample is Sample for notebooks.
func (r *Run) MustSample(n int, field flow.Field, s solver.Solver, options ...SampleOption) *Samples {
	out, err := r.Sample(n, field, s, options...)
	Must(err)
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
	noise, err := increments(field, s, set.seed, n, r.exp.Data.Dim())
	if err != nil {
		return nil, fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	}
	if s, ok := sampler.(interface{ keepEndsOnly(yes bool) }); ok {
		s.keepEndsOnly(set.endsOnly)
	}
	states, cost, err := sampler.run(x0, cond, append(field.Factors(), solverFactors(s)...), noise)
	if err != nil {
		return nil, err
	}
	if i := firstInfinite(states[len(states)-1]); i >= 0 {
		return nil, fmt.Errorf("idffnb: %s: %s with %v gave %g for point %d: %w; take smaller gammas or more steps",
			r.exp.Name, field.Name(), s, states[len(states)-1][i], i/r.exp.Data.Dim(), errDiverged)
	}
	return &Samples{X: states[len(states)-1], N: n, Dim: r.exp.Data.Dim(), Times: s.Grid(), States: states,
		Cost: cost, Seed: set.seed, Shrink: set.shrink, Field: field.Name(), Solver: fmt.Sprint(s),
		Cond: cond, labelled: r.exp.classes() > 0, given: unnamed(field, s) + set.given(cond)}, nil
}

// mostValues is how many numbers a state may have: 4 GiB of them.
const mostValues = 1 << 30

// start draws or checks the start points and the condition.
func (r *Run) start(n int, set sampling) (x0, cond []float32, err error) {
	dim := r.exp.Data.Dim()
	switch {
	case n < 1 || n > mostValues/dim:
		return nil, nil, fmt.Errorf("idffnb: %s: sample of %d points: want 1 to %d", r.exp.Name, n, mostValues/dim)
	case !(set.shrink > 0) || math.IsInf(set.shrink, 0):
		return nil, nil, fmt.Errorf("idffnb: %s: start points shrunk by %g: want a positive factor", r.exp.Name, set.shrink)
	case set.start != nil && len(set.start) != n*dim:
		return nil, nil, fmt.Errorf("idffnb: %s: %d start values given, want %d points of size %d", r.exp.Name, len(set.start), n, dim)
	}
	x0, _, cond, err = r.exp.truth().draw(generator(set.seed, streamGiven, 0), n)
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	case set.start != nil:
		x0 = set.start
	case x0 == nil:
		x0 = Noise(set.seed, n, dim)
	}
	given, err := r.exp.givenCond(n, set, cond)
	if err != nil {
		return nil, nil, err
	}
	if given != nil {
		cond = given
	}
	x0 = shrunk(x0, set.shrink)
	if i := firstInfinite(x0); i >= 0 {
		return nil, nil, fmt.Errorf("idffnb: %s: start point %d is %g, want finite numbers", r.exp.Name, i/dim, x0[i])
	}
	return x0, slices.Clone(cond), nil // which may be the caller's, or the data's
}

// firstInfinite is the index of a number that is NaN or infinite, -1 where there is none.
func firstInfinite(x []float32) int {
	return slices.IndexFunc(x, func(v float32) bool { return v-v != 0 })
}

// checkSampling says in one line why the field cannot be sampled with the solver, or nil.
func (r *Run) checkSampling(field flow.Field, s solver.Solver) error {
	if !r.Trained() {
		return fmt.Errorf("idffnb: %s is not trained yet: call Train first", r.exp.Name)
	}
	if field == nil || s == nil {
		return fmt.Errorf("idffnb: %s: a field, e.g. flow.CFM(), and a solver, e.g. solver.Euler(10), are needed, and one is nil", r.exp.Name)
	}
	if err := checkSolver(s); err != nil {
		return fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	}
	if err := r.checkSchedule(s); err != nil {
		return err
	}
	if e, ok := s.(solver.Exponential); ok {
		if err := r.exp.Objective.CheckSchedule(r.exp.Path, e.Schedule()); err != nil {
			return fmt.Errorf("idffnb: %s: %v: %w", r.exp.Name, s, err)
		}
	}
	if _, ok := field.(flow.Noisy); ok {
		_, able := s.(solver.Stochastic)
		if _, once := s.(instant); !able && !once { // the velocity at one time is the drift
			steps := len(s.Grid()) - 1
			if _, ok := s.(solver.Adaptive); ok {
				steps = 50
			}
			return fmt.Errorf("idffnb: %s: %s is an equation with noise, which %v does not solve: use solver.EulerMaruyama(%d) or solver.SRK(%d), or without noise %s",
				r.exp.Name, field.Name(), s, steps, (steps+1)/2, r.exp.withoutNoise())
		}
	}
	if s, ok := s.(solver.BridgeTransition); ok {
		if err := flow.CheckAncestral(field, r.exp.Path, s.Steps()); err != nil {
			return fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
		}
	}
	times := []float64{.5} // where sigma_t is greatest
	if s, ok := s.(interface{ EvaluatedAt() []float64 }); ok {
		times = s.EvaluatedAt()
	}
	if err := flow.CheckField(field, times, r.exp.Objective, r.exp.Path); err != nil {
		return fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	}
	if f, ok := flow.Unguided(field).(flow.ScheduledField); ok {
		if err := f.CheckSteps(stepsOf(s)); err != nil {
			return fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
		}
	}
	return nil
}

// withoutNoise is a field without noise for the network, in the words of an error: the probability flow of the path where the network gives it, else its velocity.
func (e Experiment) withoutNoise() string {
	if flow.CheckField(flow.ProbabilityFlow(e.Path.Noise), nil, e.Objective, e.Path) == nil {
		return fmt.Sprintf("flow.ProbabilityFlow(%g)", e.Path.Noise)
	}
	return "flow.CFM()"
}

// checkSolver says in one line what is wrong with the solver by itself, or nil.
func checkSolver(s solver.Solver) error {
	if c, ok := s.(interface{ Check() error }); ok {
		return c.Check()
	}
	return nil
}

// stepsOf is the number of steps of a solver, 0 where that is not known beforehand, or where there are none.
func stepsOf(s solver.Solver) int {
	fixed, ok := s.(solver.Fixed)
	if _, once := s.(instant); once || !ok {
		return 0
	}
	return fixed.Steps()
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// unnamed is for the name of a file: it tells apart fields and solvers of the same names whose numbers differ, those of learned schedules and own times.
func unnamed(field flow.Field, s solver.Solver) string {
	numbers := solverFactors(s)
	if fixed, ok := s.(solver.Fixed); ok && !slices.Equal(fixed.Grid(), solver.Grid(fixed.Steps())) {
		numbers = append(numbers, fixed.Grid()...)
	}
	if _, ok := flow.Unguided(field).(flow.ScheduledField); ok {
		numbers = append(numbers, field.Factors()...)
	}
	if len(numbers) == 0 {
		return ""
	}
	return "-" + hash([]byte(fmt.Sprint(numbers)))
}

// fileName is a name that a file may have. Names that would be too long, or that have letters which files here do not, γ and σ aside, end in a hash, so that others are not taken for them.
func fileName(name string) string {
	fit := strings.Trim(unfit.ReplaceAllString(strings.ReplaceAll(name, "γ", "gamma"), "_"), "_")
	foreign := strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII && unicode.IsLetter(r) && r != 'γ' && r != 'σ' })
	if len(fit) > mostName || foreign {
		fit = fit[:min(len(fit), mostName)] + "-" + hash([]byte(name))
	}
	return fit
}

const mostName = 200 // of the 255 bytes that systems allow, an ending and what a temporary file adds included

// keep writes the samples to the run folder.
func (r *Run) keep(s *Samples) error {
	name := fmt.Sprintf("%s-%s-shrink%g-seed%d-n%d", s.Field, s.Solver, s.Shrink, s.Seed, s.N) + s.given
	if r.raw {
		name += "-raw"
	}
	name = fileName(name)
	meta := map[string]string{"field": s.Field, "solver": s.Solver, "cost": s.Cost.String(), "seed": strconv.FormatUint(s.Seed, 10),
		"shrink": fmt.Sprint(s.Shrink), "trained_steps": strconv.Itoa(r.step), "backend": r.info.String()}
	dir := filepath.Join(r.Dir, "samples")
	err := os.MkdirAll(dir, 0o777)
	if err == nil {
		kept := []checkpoint.Tensor{checkpoint.New("x", s.X, s.N, s.Dim)}
		if len(s.Cond) > 0 {
			kept = append(kept, checkpoint.New("cond", s.Cond, s.N, len(s.Cond)/s.N))
		}
		err = checkpoint.Write(filepath.Join(dir, name+".safetensors"), kept, meta)
	}
	return notKept(r.exp.Name, "samples are", err)
}
