package idffnb

import (
	"fmt"
	"slices"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/internal/graphs"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// A large network is sampled evaluation by evaluation. All steps in one graph, as small networks have them, would compile the network once for each evaluation: a small U-Net takes XLA seconds, and twenty of them minutes. Every fixed
// solver of the workbench is linear in what it evaluates,
//
//	x_k = a_k0 x_0 + sum_{j<k} a_kj v_j,   v_k = f(x_k, t_k),   states likewise,
//
// so that its numbers a are found once, by handing it unit vectors, and one compiled evaluation, whose time is an input, serves every solver and any number of points.

// linear is a solver as its numbers.
type linear struct {
	times  []solver.Time // of the evaluations, as the solver gave them
	at     []float64     // the same as numbers
	inputs [][]float64   // row k: a_k0 .. a_kk
	states [][]float64   // a row for each time of the grid
}

// linearOf finds a solver's numbers, with factors for a solver.Tunable.
func linearOf(s solver.Fixed, factors []float64) (*linear, error) {
	backend, _, err := goBackend(Float32) // compiles at once
	if err != nil {
		return nil, err
	}
	l := &linear{}
	trace := func(width int) ([]float64, error) {
		l.times = nil
		var flat []float64
		err := tryGraph(fmt.Sprint(s), load{}, func() error {
			exec, err := NewExec(backend, func(in *Node) *Node {
				defer panicAsError()
				values := make([]*Node, len(factors))
				for i := range values {
					values[i] = Reshape(SliceAxis(in, 0, AxisElem(i)))
				}
				unit := func(k int) *Node {
					one := make([]float64, width)
					one[min(k, width-1)] = 1
					return Const(in.Graph(), one)
				}
				var rows []*Node
				states := integrate(s, values, func(x *Node, t solver.Time) *Node {
					l.times = append(l.times, t)
					rows = append(rows, Concatenate([]*Node{Reshape(ConvertDType(t.As(x), dtypes.Float64), 1), x}, 0))
					return unit(len(rows))
				}, unit(0))
				for _, state := range states {
					rows = append(rows, Concatenate([]*Node{Const(in.Graph(), []float64{0}), state}, 0))
				}
				return Stack(rows, 0)
			})
			if err != nil {
				return err
			}
			defer exec.Finalize()
			out, err := exec.Call1(append(append([]float64{}, factors...), 0)) // one at least
			if err != nil {
				return err
			}
			flat, err = tensors.CopyFlatData[float64](out)
			return err
		})
		return flat, err
	}
	if _, err := trace(1); err != nil { // counts the evaluations
		return nil, err
	}
	width := 1 + len(l.times)
	flat, err := trace(width)
	if err != nil {
		return nil, err
	}
	for r := 0; r < len(flat); r += 1 + width {
		row := flat[r+1 : r+1+width]
		if k := r / (1 + width); k < len(l.times) {
			l.at, l.inputs = append(l.at, flat[r]), append(l.inputs, row[:1+k])
		} else {
			l.states = append(l.states, row)
		}
	}
	return l, nil
}

// mix is sum_j weights_j vectors_j.
func mix(weights []float64, vectors [][]float32) []float32 {
	out := make([]float32, len(vectors[0]))
	for i := range out {
		sum := 0.
		for j, w := range weights {
			if w != 0 {
				sum += w * float64(vectors[j][i])
			}
		}
		out[i] = float32(sum)
	}
	return out
}

// large tells whether the network is one of those whose evaluations take long.
func (r *Run) large() bool {
	_, unet := r.exp.Net.(net.UNet)
	return unet
}

// stepwise tells whether a sampling is made evaluation by evaluation: of a large network, by a field and a solver that do not need all steps in one graph.
func (r *Run) stepwise(field flow.Field, s solver.Solver) bool {
	_, fixed := s.(solver.Fixed)
	_, stochastic := withNoise(field, s)
	_, tunable := s.(solver.Tunable) // in one graph its times are computed, and it refuses such fields
	return r.large() && !r.unrolled && fixed && stochastic == nil && solver.IsBuiltIn(s) && flow.ByItself(field) && (!tunable || !changes(field))
}

// changes tells whether a field is another one at some times, as one that guides at others only.
func changes(field flow.Field) bool { return flow.GraphKey(during(field, 0)) != flow.GraphKey(field) }

// during is what the field is at a time.
func during(field flow.Field, t float64) flow.Field {
	if f, ok := field.(interface{ During(t float64) flow.Field }); ok {
		return f.During(t)
	}
	return field
}

// batchOf is how many of n points an evaluation has: as equal parts of them as there are, so that few are evaluated twice, of no more than 64, or 512 on a GPU, and a multiple of 8, which several
// devices can share.
func (r *Run) batchOf(n int) int {
	most := 64
	if r.info.Name == "cuda" {
		most = 512
	}
	parts := (n + most - 1) / most
	return min(n, ((n+parts-1)/parts+7)/8*8)
}

// evaluator is a field on the run's network, compiled for a number of points: at t = 0 and at t = 1, where fields may cost less, and between, where t is an input.
type evaluator struct {
	run      *Run
	field    flow.Field
	n        int // points
	condSize int // numbers of their conditions
	programs map[string]*spread
	meters   map[string]solver.Meter
}

// evaluator returns that of the field, compiling nothing yet.
func (r *Run) evaluator(n, condSize int, field flow.Field) *evaluator {
	key := fmt.Sprintf("%d points, %d cond, %s", n, condSize, flow.GraphKey(field)) + r.whichWeights()
	if r.evaluators == nil {
		r.evaluators = map[string]*evaluator{}
	}
	if r.evaluators[key] == nil {
		r.evaluators[key] = &evaluator{r, field, n, condSize, map[string]*spread{}, map[string]solver.Meter{}}
	}
	return r.evaluators[key]
}

// programKey says which of the programs a time takes, t as a number.
func (e *evaluator) programKey(at solver.Time, t float64) string {
	when := "between"
	switch {
	case at.Is(0):
		when = "t = 0"
	case at.Is(1):
		when = "t = 1"
	}
	return when + "; " + flow.GraphKey(during(e.field, t))
}

// shapes are those of the inputs: x and the trajectories' start [n, dim], the field's factors, (t, 1-t) and, where there is one, the condition; axes are those along which devices split them.
func (e *evaluator) shapes() (in []shapes.Shape, axes []int) {
	x := shapes.Make(dtypes.Float32, e.n, e.run.exp.Data.Dim())
	in, axes = []shapes.Shape{x, x, shapes.Make(dtypes.Float32, max(len(e.field.Factors()), 1)), shapes.Make(dtypes.Float32, 2)}, []int{0, 0, whole, whole}
	if e.condSize > 0 {
		in, axes = append(in, shaped(make([]float32, e.condSize), e.n).Shape()), append(axes, 0)
	}
	return in, axes
}

// velocity builds the field, or what it is at a time, from inputs of these shapes, at that time.
func (e *evaluator) velocity(scope *model.Scope, in []*Node, field flow.Field, at solver.Time) (v *Node, meter solver.Meter) {
	var cond *Node
	if len(in) > 4 {
		cond = in[4]
	}
	v = e.run.withAverages(in[0].Graph(), func() *Node {
		m := e.run.model(scope, cond)
		v := velocity(field, m, flow.Point{X: in[0], Start: in[1], T: at.InStep(solver.NoStep)}, split(in[2])[:len(field.Factors())])
		meter = m.Meter
		return v
	})
	return v, meter
}

// compile makes the program for a time, t as a number, if it is not there yet.
func (e *evaluator) compile(at solver.Time, t float64) error {
	key := e.programKey(at, t)
	if e.programs[key] != nil {
		return nil
	}
	r := e.run
	return tryGraph(fmt.Sprintf("%s: sampling %s", r.exp.Name, e.field.Name()), e.load(), func() error {
		var meter solver.Meter
		exec, err := model.NewExec(r.backend, r.store, func(scope *model.Scope, in []*Node) (v *Node) {
			defer panicAsError()
			if !at.Is(0) && !at.Is(1) {
				now := split(in[3])
				at = solver.AtNodes(now[0], now[1])
			}
			v, meter = e.velocity(scope, in, during(e.field, t), at)
			return v
		})
		if err != nil {
			return err
		}
		in, axes := e.shapes()
		p, err := r.compileOver(e.n, exec, in, axes)
		if err == nil {
			e.programs[key], e.meters[key] = p, meter
		}
		return err
	})
}

// inputs are x and the start [n, dim], factors, a time and conditions as the programs take them.
func (e *evaluator) inputs(x, start []float32, factors []float64, t float64, cond []float32) []*tensors.Tensor {
	dim := len(x) / e.n
	args := []*tensors.Tensor{tensors.FromFlatDataAndDimensions(x, e.n, dim), tensors.FromFlatDataAndDimensions(start, e.n, dim), factorTensor(factors), factorTensor([]float64{t, 1 - t})}
	if len(cond) > 0 {
		args = append(args, shaped(cond, e.n))
	}
	return args
}

// at is the field at x, at a time whose program is compiled.
func (e *evaluator) at(at solver.Time, t float64, x, start []float32, factors []float64, cond []float32) (v []float32, err error) {
	err = tryGraph("sampling", e.load(), func() error {
		out, err := e.programs[e.programKey(at, t)].run(e.inputs(x, start, factors, t, cond)...)
		if err != nil {
			return err
		}
		v, err = tensors.CopyFlatData[float32](out[0])
		return err
	})
	return v, err
}

func (e *evaluator) load() load { return graphs.Points("an evaluation of %d points", e.n) }

// stepwiseSampler is a sampling of n points with a solver, of as many at a time as the evaluator takes.
type stepwiseSampler struct {
	room
	of     *evaluator
	solver solver.Fixed
	n      int

	linear  *linear // of the solver with these factors
	factors []float64
}

// run implements sampler.
func (s *stepwiseSampler) run(x0, cond []float32, factors []float64, _ []float32) (states [][]float32, cost solver.Cost, err error) {
	fields := len(s.of.field.Factors())
	if s.linear == nil || !slices.Equal(s.factors, factors[fields:]) {
		if s.linear, err = linearOf(s.solver, factors[fields:]); err != nil {
			return nil, cost, err
		}
		s.factors = slices.Clone(factors[fields:])
	}
	l := s.linear
	cost.Steps = s.solver.Steps()
	for k, t := range l.times {
		if err := s.of.compile(t, l.at[k]); err != nil { // at once, so that the time is not that of the compiler
			return nil, cost, err
		}
		meter := s.of.meters[s.of.programKey(t, l.at[k])]
		cost.Forwards, cost.Backwards, cost.Equivalents = cost.Forwards+meter.Forwards, cost.Backwards+meter.Backwards, cost.Equivalents+meter.Equivalents
	}
	began := time.Now()
	states = s.states(len(l.states), len(x0))
	dim, condSize, batch := len(x0)/s.n, len(cond)/s.n, s.of.n
	for next := 0; next < s.n; next += batch {
		first := min(next, s.n-batch) // the last batch has some points of the one before again
		start, given := x0[first*dim:(first+batch)*dim], cond[first*condSize:(first+batch)*condSize]
		vectors := [][]float32{start}
		for k, t := range l.times {
			v, err := s.of.at(t, l.at[k], mix(l.inputs[k], vectors), start, factors[:fields], given)
			if err != nil {
				return nil, cost, err
			}
			vectors = append(vectors, v)
		}
		for k, weights := range l.states {
			if states[k] != nil {
				copy(states[k][first*dim:], mix(weights, vectors))
			}
		}
	}
	cost.Seconds = time.Since(began).Seconds()
	return states, cost, nil
}
