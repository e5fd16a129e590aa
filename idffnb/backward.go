package idffnb

import (
	"fmt"
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

// backward returns the compiled way back from data to noise, compiling it the first time: a sampler of states (x, changes of log p) [n, dim + columns], whose noise are
// the probes of the divergence [n, Probes*dim].
func (r *Run) backward(n, condWidth int, field flow.Field, s solver.Solver, set likelihood) (out sampler, err error) {
	key := samplingKey(fmt.Sprintf("back, %d points, %d cond, divergence %v, end %g", n, condWidth, set.divergence, set.end), field, s)
	if found, ok := r.samplers[key].(*adaptiveSampler); ok {
		return found.tuned(s.(solver.Adaptive)), nil
	}
	if found := r.samplers[key]; found != nil {
		return found, nil
	}
	dim := r.exp.Data.Dim()
	state := shapes.Make(dtypes.Float32, n, dim+set.divergence.Columns())
	inputs := []shapes.Shape{shapes.Make(dtypes.Float32, max(len(field.Factors())+len(solverFactors(s)), 1))}
	if condWidth > 0 {
		inputs = append(inputs, shaped(make([]float32, n*condWidth), n).Shape())
	}
	if !set.divergence.IsExact() {
		inputs = append(inputs, shapes.Make(dtypes.Float32, n, set.divergence.Probes*dim))
	}
	// build makes the field from those inputs; tuned are the factors of the solver.
	build := func(scope *model.Scope, in []*Node) (m *flow.Model, back solver.Field, tuned []*Node) {
		var cond, probes *Node
		if condWidth > 0 {
			cond = in[1]
		}
		if !set.divergence.IsExact() {
			probes = in[len(in)-1]
		}
		m = r.model(scope, cond)
		values, factors := split(in[0]), len(field.Factors())
		return m, reversed(field, m, values[:factors], set, probes, dim), values[factors:]
	}
	what := fmt.Sprintf("%s: log-likelihood of %s", r.exp.Name, field.Name())
	switch s := s.(type) {
	case solver.Fixed:
		out, err = r.fixedBackward(what, s, state, inputs, build)
	case solver.Adaptive:
		out, err = r.prepareAdaptive(what, s, append([]shapes.Shape{state}, inputs...), func(scope *model.Scope, in []*Node) (*flow.Model, solver.Field) {
			m, back, _ := build(scope, in[1:])
			return m, back
		})
	default:
		err = fmt.Errorf("idffnb: %s: log-likelihood: %T is no solver.Fixed, and no solver.Adaptive: use solver.Midpoint(50)", r.exp.Name, s)
	}
	r.keepSampler(key, out, err)
	return out, err
}

// reversed is the field of the way back, on the clock s = 1 - t: the state is (x, changes of log p) [batch, dim + columns], and its velocity -(v, div v).
func reversed(field flow.Field, m *flow.Model, factors []*Node, set likelihood, probes *Node, dim int) solver.Field {
	return func(state *Node, s solver.Time) *Node {
		x := SliceAxis(state, 1, AxisRange(0, dim))
		before := m.Meter
		v := velocity(field, m, flow.Point{X: x, T: s.Reversed().AtMost(1 - set.end)}, factors)
		divergence := set.divergence.Of(v, x, probes)
		passes := set.divergence.Passes(dim)
		m.Meter.Backwards += passes * (m.Meter.Forwards - before.Forwards)                  // of two networks with guidance
		m.Meter.Equivalents += float64(passes) * (m.Meter.Equivalents - before.Equivalents) // each differentiates the one evaluation
		return Neg(Concatenate([]*Node{v, divergence}, 1))
	}
}

// fixedBackward is a way back whose steps are one graph.
type fixedBackward struct {
	exec *model.Exec
	cost solver.Cost
	what string
	n    int
}

func (r *Run) fixedBackward(what string, s solver.Fixed, state shapes.Shape, inputs []shapes.Shape,
	build func(*model.Scope, []*Node) (*flow.Model, solver.Field, []*Node)) (*fixedBackward, error) {
	out := &fixedBackward{what: what, n: state.Dimensions[0]}
	err := tryGraph(fmt.Sprintf("%s with %v", what, s), out.load(), func() (err error) {
		out.exec, err = model.NewExec(r.backend, r.store, func(scope *model.Scope, in []*Node) *Node {
			defer panicAsError()
			m, back, tuned := build(scope, in[1:])
			states := integrate(s, tuned, back, in[0])
			out.cost = solver.Cost{Steps: s.Steps(), Forwards: m.Meter.Forwards, Backwards: m.Meter.Backwards, Equivalents: m.Meter.Equivalents}
			return states[len(states)-1]
		})
		if err == nil {
			_, err = out.exec.Compile(append([]shapes.Shape{state}, inputs...)...)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (b *fixedBackward) load() load { return graphs.Points("a way back of %d points", b.n) }

func (b *fixedBackward) run(start, cond []float32, factors []float64, probes []float32) (states [][]float32, cost solver.Cost, err error) {
	cost = b.cost
	inputs := []any{shaped(start, b.n), factorTensor(factors)}
	if len(cond) > 0 {
		inputs = append(inputs, shaped(cond, b.n))
	}
	if len(probes) > 0 {
		inputs = append(inputs, tensors.FromFlatDataAndDimensions(probes, b.n, len(probes)/b.n))
	}
	err = tryGraph(b.what, b.load(), func() error {
		began := time.Now()
		out, err := b.exec.Exec(inputs...)
		if err != nil {
			return err
		}
		end, err := tensors.CopyFlatData[float32](out[0])
		cost.Seconds = time.Since(began).Seconds()
		states = [][]float32{end}
		return err
	})
	return states, cost, err
}
