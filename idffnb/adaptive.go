package idffnb

import (
	"errors"
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

// lastStretch is how long before t = 1 adaptive solvers follow a straight line, to xhat1, on networks that predict the end point, unless they say otherwise with
// Until. Their velocity (xhat1 - x)/(1 - t) is 0/0 at t = 1, and the loss, whose weight is 1/(1.01 - t), teaches the network nothing finer than .01 of
// time: beyond, the velocity is its error over 1 - t. Measured on the reference network of 8gaussians, dopri5 at 1e-5, 2048 points:
//
//	steps end at   evaluations   W2 to the data
//	.98            68            .555
//	.99            80            .565
//	.995           86            .577
//	.999           134           .610
//	.9999          158           .666
//	1              none: at t = 1 itself the velocity is divided by .01, as fields do there; the steps see a jump and shrink until the solver gives up
const lastStretch = 1e-2

// adaptiveSampler is a sampling whose steps are chosen on the way: one compiled graph begins, another is run for each step.
type adaptiveSampler struct {
	solver  solver.Adaptive
	program *solver.Program
	begin   solver.Cost // of the two evaluations that begin
	step    solver.Cost // of one step
	what    string
	n       int
}

// adaptiveSampler compiles the graphs of the method for a field, n points and a condition; solvers with other tolerances and times share them.
func (r *Run) adaptiveSampler(n, condSize int, field flow.Field, s solver.Adaptive) (*adaptiveSampler, error) {
	// The inputs beside the state are the start points, the factors and the condition, where there is one.
	inputs := []shapes.Shape{shapes.Make(dtypes.Float32, n, r.exp.Data.Dim()), shapes.Make(dtypes.Float32, max(len(field.Factors()), 1))}
	if condSize > 0 {
		inputs = append(inputs, shaped(make([]float32, condSize), n).Shape())
	}
	out, err := r.prepareAdaptive(fmt.Sprintf("%s: sampling %s", r.exp.Name, field.Name()), s, inputs, func(scope *model.Scope, inputs []*Node) (*flow.Model, solver.Field) {
		values := split(inputs[1])
		var cond *Node
		if condSize > 0 {
			cond = inputs[2]
		}
		m := r.model(scope, cond)
		return m, func(state *Node, t solver.Time) *Node {
			return velocity(field, m, flow.Point{X: state, Start: inputs[0], T: t}, values[:len(field.Factors())])
		}
	})
	if err != nil {
		return nil, err
	}
	return out.with(s, r.exp), nil
}

// prepareAdaptive compiles the graphs of the method for a field that build makes from the inputs, the first of which are the start points, shaped as the state.
func (r *Run) prepareAdaptive(what string, s solver.Adaptive, inputs []shapes.Shape, build func(*model.Scope, []*Node) (*flow.Model, solver.Field)) (*adaptiveSampler, error) {
	out := &adaptiveSampler{solver: s, what: what, n: inputs[0].Dimensions[0]}
	compile := func(step bool, cost *solver.Cost) (*model.Exec, error) {
		return model.NewExec(r.backend, r.store, func(scope *model.Scope, in []*Node) []*Node {
			defer panicAsError()
			var m *flow.Model
			begin, next := s.Graphs(func(inputs []*Node) (field solver.Field) {
				m, field = build(scope, inputs)
				return field
			})
			if step {
				begin = next
			}
			nodes := begin(in)
			*cost = solver.Cost{Forwards: m.Meter.Forwards, Backwards: m.Meter.Backwards, Equivalents: m.Meter.Equivalents}
			return nodes
		})
	}
	err := tryGraph(out.what, out.load(), func() error {
		begin, err := compile(false, &out.begin)
		if err != nil {
			return err
		}
		step, err := compile(true, &out.step)
		if err != nil {
			return err
		}
		out.program, err = s.Prepare(begin, step, inputs[0], inputs...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *adaptiveSampler) load() load { return graphs.Points("a step of %d points", s.n) }

// with is the same sampling with the solver's tolerances, times and limits, and lastStretch where the network calls for it.
func (s *adaptiveSampler) with(a solver.Adaptive, e Experiment) *adaptiveSampler {
	if a.Until == 0 {
		a.Until = e.lastTime()
	}
	return s.tuned(a)
}

// lastTime is when adaptive steps end, before t = 1, on networks whose velocity runs away there, and 0 elsewhere. On vp and own paths it is where predictions stand still from.
func (e Experiment) lastTime() float64 {
	if last := e.Objective.AskedAt(e.Path, solver.At(1)); !last.Is(1) {
		return last.Number()
	}
	if e.Objective.PredictsEnd() {
		return 1 - lastStretch
	}
	return 0
}

// tuned is the same sampling with the solver's tolerances, times and limits.
func (s *adaptiveSampler) tuned(a solver.Adaptive) *adaptiveSampler {
	again := *s
	again.solver = a
	return &again
}

func (s *adaptiveSampler) run(x0, cond []float32, factors []float64, noise []float32) (states [][]float32, cost solver.Cost, err error) {
	start := tensors.FromFlatDataAndDimensions(x0, s.n, len(x0)/s.n)
	inputs := []any{start, factorTensor(factors)}
	if len(cond) > 0 {
		inputs = append(inputs, shaped(cond, s.n))
	}
	if len(noise) > 0 {
		inputs = append(inputs, tensors.FromFlatDataAndDimensions(noise, s.n, len(noise)/s.n))
	}
	var stopped error
	err = tryGraph(s.what, s.load(), func() error {
		began := time.Now()
		out, err := s.solver.Run(s.program, start, inputs...)
		if errors.Is(err, solver.ErrStopped) {
			stopped = err
			return nil
		}
		if err != nil {
			return err
		}
		cost = s.cost(out)
		for _, state := range out.States {
			flat, err := tensors.CopyFlatData[float32](state)
			if err != nil {
				return err
			}
			states = append(states, flat)
		}
		cost.Seconds = time.Since(began).Seconds()
		return nil
	})
	if stopped != nil {
		err = fmt.Errorf("idffnb: %s: %w", s.what, stopped)
	}
	return states, cost, err
}

// cost is that of a solution.
func (s *adaptiveSampler) cost(out *solver.Solution) solver.Cost {
	runs := out.Steps + out.Rejected + out.Extra
	return solver.Cost{
		Steps: out.Steps, Rejected: out.Rejected,
		Forwards:    s.begin.Forwards + runs*s.step.Forwards,
		Backwards:   s.begin.Backwards + runs*s.step.Backwards,
		Equivalents: s.begin.Equivalents + float64(runs)*s.step.Equivalents,
	}
}
