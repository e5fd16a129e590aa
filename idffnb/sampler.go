package idffnb

import (
	"fmt"
	"reflect"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/internal/graphs"
	"github.com/idff-go/workbench/idffnb/solver"
)

// sampler is a compiled sampling: field, solver and number of points are fixed; start points, condition, factors and noise are inputs.
type sampler interface {
	// run draws from the start points, along the noise where there is some, and returns the states on the grid and what they cost.
	run(x0, cond []float32, factors []float64, noise []float32) (states [][]float32, cost solver.Cost, err error)
}

// sampler returns the compiled sampling, compiling it the first time.
func (r *Run) sampler(n, condSize int, field flow.Field, s solver.Solver) (out sampler, err error) {
	key := samplingKey(fmt.Sprintf("%d points, %d cond", n, condSize), field, s)
	if found := r.samplers[key]; found != nil {
		if adaptive, ok := found.(*adaptiveSampler); ok {
			return adaptive.with(s.(solver.Adaptive), r.exp), nil
		}
		return found, nil
	}
	if r.stepwise(field, s) {
		batch := r.batchOf(n)
		out := &stepwiseSampler{of: r.evaluator(batch, condSize/n*batch, field), solver: s.(solver.Fixed), n: n}
		r.samplers[key] = out
		return out, nil
	}
	switch s := s.(type) {
	case solver.Fixed:
		batch := n
		if r.large() && !r.unrolled && solver.IsBuiltIn(s) && flow.IsBuiltIn(field) {
			batch = r.batchOf(n)
		}
		var fixed *fixedSampler
		if fixed, err = r.fixedSampler(batch, condSize/n*batch, field, s); err == nil {
			out = fixed
			if batch < n {
				out = &partsSampler{of: fixed, n: n}
			}
		}
	case solver.Adaptive:
		out, err = r.adaptiveSampler(n, condSize, field, s)
	default:
		err = fmt.Errorf("idffnb: %s: %T has no method Integrate, so it is no solver.Fixed, and it is no solver.Adaptive", r.exp.Name, s)
	}
	r.keepSampler(key, out, err)
	return out, err
}

// samplingKey identifies a compiled sampling; it is empty where field or solver cannot be told from others: see flow.GraphKey. Types of one name may be declared in two functions, and have two addresses.
func samplingKey(what string, field flow.Field, s solver.Solver) string {
	f, by := flow.GraphKey(field), solver.GraphKey(s)
	if f == "" || by == "" {
		return ""
	}
	return fmt.Sprintf("%s, %p %s, %p %s", what, reflect.TypeOf(field), f, reflect.TypeOf(s), by)
}

// keepSampler keeps a compiled sampling for the next time, where it compiled and has a key.
func (r *Run) keepSampler(key string, s sampler, err error) {
	if err == nil && key != "" {
		r.samplers[key] = s
	}
}

// fixedSampler is a sampling whose steps are one graph.
type fixedSampler struct {
	program *spread
	cost    solver.Cost
	n       int
}

func (r *Run) fixedSampler(n, condSize int, field flow.Field, s solver.Fixed) (*fixedSampler, error) {
	dim, factors, tuned := r.exp.Data.Dim(), len(field.Factors()), len(solverFactors(s))
	noisy, stochastic := withNoise(field, s)
	out := &fixedSampler{n: n}
	what := fmt.Sprintf("%s: sampling %s with %v", r.exp.Name, field.Name(), s)
	err := tryGraph(what, out.load(), func() (err error) {
		exec, err := model.NewExec(r.backend, r.store, func(scope *model.Scope, in []*Node) *Node {
			defer panicAsError()
			x, cond := in[0], (*Node)(nil)
			if condSize > 0 {
				cond = in[2]
			}
			values := make([]*Node, factors+tuned)
			for i := range values {
				values[i] = Reshape(SliceAxis(in[1], 0, AxisElem(i)))
			}
			m := r.model(scope, cond)
			drift := func(state *Node, t solver.Time) *Node {
				return velocity(field, m, flow.Point{X: state, Start: x, T: t}, values[:factors])
			}
			var states []*Node
			if stochastic != nil {
				states = stochastic.IntegrateNoise(drift, func(_ *Node, t solver.Time) *Node { return noisy.Diffusion(t, values[:factors]) }, x, noiseOf(stochastic, in[len(in)-1]))
			} else {
				states = integrate(s, values[factors:], drift, x)
			}
			checkStates(s, states, x)
			out.cost = solver.Cost{Steps: s.Steps(), Forwards: m.Meter.Forwards, Backwards: m.Meter.Backwards, Equivalents: m.Meter.Equivalents}
			return Stack(states, 0)
		})
		if err != nil {
			return err
		}
		in, axes := []shapes.Shape{shapes.Make(dtypes.Float32, n, dim), shapes.Make(dtypes.Float32, max(factors+tuned, 1))}, []int{0, whole}
		if condSize > 0 {
			in, axes = append(in, shaped(make([]float32, condSize), n).Shape()), append(axes, 0)
		}
		if stochastic != nil {
			in, axes = append(in, shapes.Make(dtypes.Float32, noiseRows(stochastic), n, dim)), append(axes, 1)
		}
		out.program, err = r.compileOver(n, exec, in, axes) // at once, so that the time of the first run is not that of the compiler
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// solverFactors are the numbers of a solver that may change without compiling again.
func solverFactors(s solver.Solver) []float64 {
	if tunable, ok := s.(solver.Tunable); ok {
		return tunable.Factors()
	}
	return nil
}

// integrate builds the states of the solver, with its factors where it has them.
func integrate(s solver.Fixed, factors []*Node, field solver.Field, x *Node) []*Node {
	if tunable, ok := s.(solver.Tunable); ok {
		return tunable.IntegrateWith(factors, field, x)
	}
	return s.Integrate(field, x)
}

// model is the trained network as fields see it, with the network without its condition where training dropped that at times.
func (r *Run) model(scope *model.Scope, cond *Node) *flow.Model {
	m := r.conditioned(scope, cond)
	if null := r.exp.nullCond(cond); null != nil {
		m.WithNull(r.conditioned(scope, null))
	}
	return m
}

// conditioned is the trained network on a condition.
func (r *Run) conditioned(scope *model.Scope, cond *Node) *flow.Model {
	gaussian := r.exp.startsFromNoise()
	m := flow.NewModel(func(x, t *Node, at solver.Time) flow.Prediction {
		if asked := r.exp.Objective.AskedAt(r.exp.Path, at); asked != at {
			at, t = asked, BroadcastToDims(asked.As(x), x.Shape().Dimensions[0])
		}
		out := r.withAverages(x.Graph(), func() *Node { return r.exp.predictNow(scope, x, t, cond) })
		p := r.exp.Objective.Prediction(r.exp.Path, x, out, at)
		if !gaussian && r.exp.Objective.Heads() == 1 {
			p.Score = nil // Tweedie's formula needs x0 ~ N(0, I) whatever x1 is
		}
		return p
	})
	if r.exp.Objective.Averages() {
		m.WithAverage(func(x, t, interval *Node) *Node {
			return r.withAverages(x.Graph(), func() *Node { return r.exp.predict(scope, x, t, withInterval(cond, interval)) })
		})
	}
	return m
}

// startsFromNoise tells whether x0 ~ N(0, I) independently of x1: no coupling but the independent one, and no x0 from the data.
func (e Experiment) startsFromNoise() bool {
	if _, ok := e.Coupling.(flow.IndependentCoupling); !ok {
		return false
	}
	x0, _, _ := e.Data.Batch(generator(0, streamGiven, 0), 1)
	return x0 == nil
}

func (s *fixedSampler) run(x0, cond []float32, factors []float64, noise []float32) (states [][]float32, cost solver.Cost, err error) {
	cost = s.cost
	args := []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x0, s.n, len(x0)/s.n), factorTensor(factors)}
	if len(cond) > 0 {
		args = append(args, shaped(cond, s.n))
	}
	if noise != nil {
		args = append(args, tensors.FromFlatDataAndDimensions(noise, len(noise)/len(x0), s.n, len(x0)/s.n))
	}
	err = tryGraph("sampling", s.load(), func() error {
		began := time.Now()
		out, err := s.program.run(args...)
		if err != nil {
			return err
		}
		flat, err := tensors.CopyFlatData[float32](out[0])
		cost.Seconds = time.Since(began).Seconds()
		for i := 0; i < len(flat); i += len(x0) {
			states = append(states, flat[i:i+len(x0)])
		}
		return err
	})
	return states, cost, err
}

func (s *fixedSampler) load() load { return graphs.Points("a sampling of %d points", s.n) }

// factorTensor is the factors as a graph takes them: one number at least.
func factorTensor(factors []float64) *tensors.Tensor {
	values := make([]float32, max(len(factors), 1))
	for i, f := range factors {
		values[i] = float32(f)
	}
	return tensors.FromFlatDataAndDimensions(values, len(values))
}
