package idffnb

import (
	"fmt"
	"math"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Likelihood is the log-density of points under a flow, and what it cost.
type Likelihood struct {
	LogP       []float64 // log p_1 of each point, in nats
	StdErr     []float64 // standard error of each LogP, from the spread of its probes: NaN with one probe, nil with the exact divergence
	Z          []float32 // the start points that the flow takes to the points, row-major [N, Dim]
	N, Dim     int
	Cost       solver.Cost // of a point, by an Adaptive solver of the dearest: the reverse passes of one evaluation share its forward pass
	Divergence flow.Divergence
	End        float64 // the velocity stands still from the time 1 - End on, see LogLikelihood
	Seed       uint64  // of the probes
	Field      string
	Solver     string
}

// Mean is the mean of LogP, in nats.
func (l *Likelihood) Mean() float64 {
	sum := 0.
	for _, v := range l.LogP {
		sum += v
	}
	return sum / float64(l.N)
}

// MeanErr is the standard error of Mean over the points, the spread of probes included; NaN for a single point.
func (l *Likelihood) MeanErr() float64 { return standardError(l.LogP) }

// BitsPerDim is the mean negative log-likelihood in bits a dimension, -Mean/(Dim log 2).
func (l *Likelihood) BitsPerDim() float64 { return -l.Mean() / (float64(l.Dim) * math.Ln2) }

// standardError is that of the mean of values, NaN for a single one.
func standardError(values []float64) float64 {
	n, mean, square := float64(len(values)), 0., 0.
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		square += (v - mean) * (v - mean)
	}
	return math.Sqrt(square / (n - 1) / n)
}

// LikelihoodOption changes how LogLikelihood computes: WithDivergence, WithEnd, and of the options of Sample WithSeed (for the probes), WithCond, WithLabel, WithLabels and
// WithShrink.
type LikelihoodOption interface{ setLikelihood(*likelihood) }

func (o SampleOption) setLikelihood(l *likelihood) { o(&l.sampling) }

type divergenceOption flow.Divergence

func (o divergenceOption) setLikelihood(l *likelihood) { l.divergence = flow.Divergence(o) }

// WithDivergence computes the divergence in another way than exactly, e.g. by flow.Hutchinson(8).
func WithDivergence(d flow.Divergence) LikelihoodOption { return divergenceOption(d) }

type endOption float64

func (o endOption) setLikelihood(l *likelihood) { l.end = float64(o) }

// WithEnd lets the velocity stand still over the last stretch of time before t = 1, in [0, 1), as LogLikelihood says; 0: not at all.
func WithEnd(stretch float64) LikelihoodOption { return endOption(stretch) }

// likelihood is what a LogLikelihood is asked for.
type likelihood struct {
	sampling
	divergence flow.Divergence
	end        float64 // the velocity stands still from the time 1 - end on
}

const (
	likelihoodPoints = 2048 // points of one execution
	exactLimit       = 64   // dimensions: the reverse passes of all evaluations are one graph
	frozenEnd        = .005 // see LogLikelihood
)

// LogLikelihood is the log-density, in nats, that the flow gives to points x, row-major [n, dim], by the instantaneous change of variables
// (FFJORD, arXiv 1810.01367, eq. 3; for flow matching arXiv 2210.02747, appendix C):
//
//	log p_1(x) = log N(x_0; 0, I) - integral from 0 to 1 of div v(x_t, t) dt
//
// with x_t integrated back from x at t = 1 to x_0 at t = 0, and the divergence beside it, by a solver.Fixed (all steps one compiled graph) or a solver.Adaptive. It is the
// density of the samples that the field's differential equation makes, whatever the network was trained for, up to the solver's error. For exact networks of a Gaussian
// (standard deviations 1.5 and .5) the worst of 500 points is off by 3e-4 nats with midpoint x25, 6e-5 with midpoint x50, 1e-5 with rk4 x25, and .37 with euler x50.
//
// The divergence is exact, for at most 64 dimensions, unless WithDivergence says otherwise. It is counted with the velocity: a forward pass and
// dim (or probes) reverse passes an evaluation, each as dear as the evaluation. The condition must be given where the data has one.
//
// A solver.Fixed has all these passes in one graph, which XLA compiles once a program: for hundreds of passes (rk4 x50 in the plane has 600) that takes longer than to run it, for thousands minutes.
// An Adaptive compiles the passes of one step: take solver.Dopri5(1e-5, 1e-5) where dimensions or probes are many.
//
// Networks that predict the end point have the velocity (xhat1 - x)/(1 - t), 0/0 at t = 1, where fields divide by .01: an exact network of that Gaussian is then off by
// 3e-3 nats with midpoint x50 and by .03 with rk4 x50. So their velocity stands still from t = .995 on, v(x, t) = v(x, .995): a model of its own, whose density is exact and
// within 1e-3 nats of the exact one with 25 steps or more (1e-4 with midpoint x50). For a trained network the end matters more, since nothing teaches xhat1 to be exact to 1 - t: on 2000 points of
// 8gaussians it gave a mean of -4.23 ± .03 nats with WithEnd(.05), -4.33 ± .06 with .01, -4.37 ± .08 with .005, with points 100 nats too low, where a network that
// predicts the velocity gave -3.88 ± .02 and the data's own density -3.77. To compare densities, train with flow.Velocity().
//
// On vp and own paths predictions of x1, and of x0 where the path's velocity runs away at t = 1, stand still from where b has fallen to .01 on (flow.Objective.AskedAt): at the least, whatever WithEnd says.
func (r *Run) LogLikelihood(x []float32, field flow.Field, s solver.Solver, options ...LikelihoodOption) (*Likelihood, error) {
	set := likelihood{sampling: sampling{shrink: 1}, end: r.exp.frozenEnd()}
	for _, option := range options {
		option.setLikelihood(&set)
	}
	if err := r.checkLikelihood(x, field, s, set); err != nil {
		return nil, err
	}
	dim := r.exp.Data.Dim()
	n := len(x) / dim
	cond, err := r.likelihoodCond(n, set)
	if err != nil {
		return nil, err
	}
	probes := set.divergence.Draw(generator(set.seed, streamProbe, 0), n, dim)
	size, columns := min(n, likelihoodPoints), set.divergence.Columns()
	back, err := r.backward(size, len(cond)/n, field, s, set)
	if err != nil {
		return nil, err
	}
	out := &Likelihood{LogP: make([]float64, 0, n), Z: make([]float32, 0, n*dim), N: n, Dim: dim, Divergence: set.divergence, End: set.end, Seed: set.seed,
		Field: field.Name(), Solver: fmt.Sprint(s)}
	factors := append(field.Factors(), solverFactors(s)...)
	for from := 0; from < n; from += size {
		part := func(values []float32) []float32 { return cyclic(values, n, from, size) }
		states, cost, err := back.run(widened(part(x), dim, columns), part(cond), factors, part(probes))
		if err != nil {
			return nil, err
		}
		out.Cost.Seconds += cost.Seconds
		if cost.Seconds = out.Cost.Seconds; cost.Equivalents >= out.Cost.Equivalents {
			out.Cost = cost
		}
		end := states[len(states)-1]
		for i := range min(size, n-from) {
			row := end[i*(dim+columns):][:dim+columns]
			logP, spread := logDensity(row, dim, set.shrink)
			if !finite(logP) {
				return nil, fmt.Errorf("idffnb: %s: log-likelihood of %s with %v is %g for point %d: %w; take more steps", r.exp.Name, field.Name(), s, logP, from+i, errDiverged)
			}
			out.LogP, out.Z = append(out.LogP, logP), append(out.Z, row[:dim]...)
			if !set.divergence.IsExact() {
				out.StdErr = append(out.StdErr, spread)
			}
		}
	}
	return out, nil
}

// MustLogLikelihood is LogLikelihood for notebooks.
func (r *Run) MustLogLikelihood(x []float32, field flow.Field, s solver.Solver, options ...LikelihoodOption) *Likelihood {
	out, err := r.LogLikelihood(x, field, s, options...)
	Must(err)
	return out
}

// frozenEnd is how long before t = 1 the velocity stands still: 0 for networks that predict the velocity, at least as long as predictions do for others.
func (e Experiment) frozenEnd() float64 {
	still := 1 - e.Objective.AskedAt(e.Path, solver.At(1)).Number()
	if e.Objective.PredictsEnd() {
		return max(frozenEnd, still)
	}
	return still
}

// cyclic is rows from.. of values that has n rows: size of them, the first again after the last; nil if there are no values. (Rows of zeros would count in the errors
// by which an Adaptive solver chooses its steps.)
func cyclic(values []float32, n, from, size int) []float32 {
	if len(values) == 0 {
		return nil
	}
	width := len(values) / n
	out := make([]float32, 0, size*width)
	for row := from; row < from+size; row++ {
		out = append(out, values[row%n*width:][:width]...)
	}
	return out
}

// widened is points [n, dim] with zeros behind each, [n, dim + columns].
func widened(x []float32, dim, columns int) []float32 {
	out := make([]float32, 0, len(x)/dim*(dim+columns))
	for i := 0; i < len(x); i += dim {
		out = append(append(out, x[i:i+dim]...), make([]float32, columns)...)
	}
	return out
}

// logDensity is log p_1 from the end (x_0, changes of log p along the way, one or one for each probe) of a trajectory back, and its standard error. The start points have the density
// N(0, I/shrink^2).
func logDensity(row []float32, dim int, shrink float64) (logP, spread float64) {
	for _, z := range row[:dim] {
		z := float64(z) * shrink
		logP += math.Log(shrink) - (math.Log(2*math.Pi)+z*z)/2
	}
	var changes []float64
	for _, change := range row[dim:] {
		changes = append(changes, float64(change))
		logP += float64(change) / float64(len(row)-dim)
	}
	return logP, standardError(changes)
}

// checkLikelihood says in one line why the log-likelihood cannot be computed, or nil.
func (r *Run) checkLikelihood(x []float32, field flow.Field, s solver.Solver, set likelihood) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("idffnb: %s: log-likelihood: "+format, append([]any{r.exp.Name}, args...)...)
	}
	dim := r.exp.Data.Dim()
	if len(x) == 0 || len(x)%dim != 0 {
		return fail("%d values given, want points of size %d", len(x), dim)
	}
	for i, v := range x {
		if !finite(float64(v)) {
			return fail("point %d is %g: want finite numbers", i/dim, v)
		}
	}
	if err := set.divergence.Check(); err != nil {
		return fail("%w", err)
	}
	if most := mostValues / len(x); set.divergence.Columns() > most {
		return fail("divergence with %d probes of %d points of size %d: want at most %d", set.divergence.Probes, len(x)/dim, dim, most)
	}
	if set.divergence.IsExact() && dim > exactLimit {
		return fail("the exact divergence takes %d reverse passes an evaluation: use WithDivergence(flow.Hutchinson(8))", dim)
	}
	switch {
	case set.start != nil:
		return fail("WithStart is for Sample: the start points are what is looked for")
	case !(set.shrink > 0) || math.IsInf(set.shrink, 0):
		return fail("start points shrunk by %g: want a positive factor", set.shrink)
	case !(set.end >= 0 && set.end < 1):
		return fail("the velocity is to stand still over the last %g of time: want a number in [0, 1)", set.end)
	}
	if s != nil {
		if err := checkSolver(s); err != nil {
			return fail("%w", err)
		}
	}
	switch flow.Unguided(field).(type) {
	case flow.Noisy:
		return fail("%s adds noise on the way, and only equations without have a change of variables: use %s", field.Name(), r.exp.withoutNoise())
	case flow.ReleasedCFMField:
		return fail("%s looks back at the start, which is not known yet on the way back: use flow.CFM()", field.Name())
	case flow.MeanFlowField:
		return fail("%s is the average velocity of a whole step, not that of one moment: use flow.CFM()", field.Name())
	case flow.ScheduledField:
		return fail("%s has factors by step, and no velocity between: use flow.CFM()", field.Name())
	}
	switch s := s.(type) {
	case solver.Scheduled:
		if s.Weights != nil {
			return fail("the weights of %v make samples in few steps, and do not integrate the velocity: use solver.Midpoint(50)", s)
		}
	case solver.Exponential:
		return fail("%v leads from noise to the end point, and not back: use solver.Midpoint(50)", s)
	case solver.Adaptive:
		if s.Until != 0 {
			return fail("the Until of %v counts from the start of a sampling: use WithEnd(%.3g)", s, 1-s.Until)
		}
	}
	return r.checkSampling(field, s)
}

// likelihoodCond is the condition of n points, or an error where there is none, or none of the start.
func (r *Run) likelihoodCond(n int, set likelihood) ([]float32, error) {
	fail := func(format string, args ...any) ([]float32, error) {
		return nil, fmt.Errorf("idffnb: %s: log-likelihood: "+format, append([]any{r.exp.Name}, args...)...)
	}
	x0, _, drawn, err := r.exp.truth().draw(generator(0, streamGiven, 0), n)
	switch {
	case err != nil:
		return fail("%w", err)
	case x0 != nil:
		return fail("data %s gives its own start points, whose density is not known: it must start from N(0, I)", r.exp.Data.Name())
	}
	cond, err := r.exp.givenCond(n, set.sampling, drawn)
	if err == nil && cond == nil && drawn != nil {
		return fail("data %s is conditional: give the condition of each point with WithCond, or WithLabels", r.exp.Data.Name())
	}
	return cond, err
}
