package idffnb

import (
	"errors"
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/metric"
	"github.com/idff-go/workbench/idffnb/solver"
)

// lesson is one learning of a schedule.
type lesson struct {
	run    *Run
	form   form
	budget int
	sigmas []float64 // of LossMMD
	exec   *model.Exec
	back   *spread // of a lesson evaluation by evaluation

	teacherX, teacherY, teacherCond []float32 // start and end points of the teacher
}

// as is theta as a schedule.
func (l *lesson) as(theta []float64) *Schedule {
	s := &Schedule{Budget: l.budget, Network: l.run.network(), Learning: l.form.Learning}
	s.Times, s.Weights, s.Gamma = l.form.schedule(theta)
	return s
}

// prepare draws the fixed points that the best step is chosen on, and returns the loss on them.
func (l *lesson) prepare() (func(*Schedule) (float64, error), error) {
	r, f := l.run, l.form
	x0, y, cond, err := l.draw(validation, validateTimes*f.Points)
	if err != nil {
		return nil, err
	}
	distance := func(x []float32) (float64, error) {
		far, _, err := measureGap(f.gap(), x, y)
		if err != nil {
			return 0, fmt.Errorf("idffnb: %s: learning a schedule: %w", r.exp.Name, inner(err))
		}
		return far, nil
	}
	switch {
	case f.Loss == LossTeacher:
		if y, err = l.teach(x0, cond); err != nil {
			return nil, err
		}
		if l.teacherX, _, l.teacherCond, err = l.draw(teaching, teacherBatches*f.Points); err != nil {
			return nil, err
		}
		if l.teacherY, err = l.teach(l.teacherX, l.teacherCond); err != nil {
			return nil, err
		}
	case f.Gap == nil:
		l.sigmas = bandwidths(y, r.exp.Data.Dim())
		distance = func(x []float32) (float64, error) { return metric.MMD2(x, y, r.exp.Data.Dim(), l.sigmas...) }
	}
	return func(s *Schedule) (float64, error) {
		out, err := r.sample(validateTimes*f.Points, s.Field(), s.Solver(), WithStart(x0), WithCond(cond), endsOnly())
		if errors.Is(err, errDiverged) {
			return math.NaN(), nil
		}
		if err != nil {
			return 0, err
		}
		return distance(out.X)
	}, nil
}

// The draws of learning that are not those of a step.
const (
	validation = 0
	teaching   = -1
)

// draw draws start points, data and conditions for a step of learning.
func (l *lesson) draw(step, n int) (x0, x1, cond []float32, err error) {
	e := l.run.exp.truth()
	rng := generator(l.form.Seed, streamLearn, uint64(step+1))
	if x0, x1, cond, err = e.draw(rng, n); err != nil {
		return nil, nil, nil, fmt.Errorf("idffnb: %s: learning a schedule: %w", e.Name, err)
	}
	if x0 == nil {
		x0 = normal(rng, n*e.Data.Dim())
	}
	return shrunk(x0, l.form.Shrink), x1, cond, nil
}

// teach is where the teacher takes the points.
func (l *lesson) teach(x0, cond []float32) ([]float32, error) {
	out, err := l.run.sample(len(x0)/l.run.exp.Data.Dim(), flow.CFM(), solver.Midpoint(teacherSteps), WithStart(x0), WithCond(cond), endsOnly())
	if err != nil {
		return nil, err
	}
	return out.X, nil
}

// compile builds the graph of a step: theta, x0, y and, where the data gives it, cond -> loss and its gradient in theta. A lesson evaluation by evaluation has none.
func (l *lesson) compile(s *Schedule) error {
	if l.stepwise() {
		return nil
	}
	r, f := l.run, l.form
	field, multistep := s.Field(), s.Solver().(solver.Tunable)
	fieldFactors := len(field.Factors())
	return tryGraph(r.exp.Name+": learning a schedule", f.load(), func() (err error) {
		l.exec, err = model.NewExec(r.backend, r.store, func(scope *model.Scope, in []*Node) []*Node {
			defer panicAsError()
			theta, x0, y, cond := in[0], in[1], in[2], (*Node)(nil)
			if len(in) > 3 {
				cond = in[3]
			}
			factors := f.factors(theta)
			m := r.model(scope, cond)
			states := multistep.IntegrateWith(factors[fieldFactors:], func(x *Node, t solver.Time) *Node {
				return velocity(field, m, flow.Point{X: x, Start: x0, T: t}, factors[:fieldFactors])
			}, x0)
			end := states[f.steps]
			loss := ReduceAllMean(Square(Sub(end, y)))
			if f.Loss == LossMMD {
				loss = mmdLoss(end, y, l.sigmas)
			}
			return []*Node{loss, Gradient(loss, theta)[0]}
		})
		return err
	})
}

// step is the loss and its gradient on the batch of a step.
func (l *lesson) step(theta []float64, step int) (loss float64, gradient []float64, err error) {
	n, dim := l.form.Points, l.run.exp.Data.Dim()
	var x0, y, cond []float32
	if l.form.Loss == LossMMD {
		if x0, y, cond, err = l.draw(step, n); err != nil {
			return 0, nil, err
		}
	} else {
		rng := generator(l.form.Seed, streamLearn, uint64(step+1))
		pick, all := make([]int, n), teacherBatches*n
		for i := range pick {
			pick[i] = rng.IntN(all)
		}
		x0, y = rows(l.teacherX, pick, dim), rows(l.teacherY, pick, dim)
		if l.teacherCond != nil {
			cond = rows(l.teacherCond, pick, len(l.teacherCond)/all)
		}
	}
	if l.exec == nil {
		return l.stepwiseGradient(theta, x0, y, cond)
	}
	values := make([]float32, len(theta))
	for i, v := range theta {
		values[i] = float32(v)
	}
	args := []any{tensors.FromFlatDataAndDimensions(values, len(values)), tensors.FromFlatDataAndDimensions(x0, n, dim), tensors.FromFlatDataAndDimensions(y, n, dim)}
	if cond != nil {
		args = append(args, shaped(cond, n))
	}
	err = tryGraph("learning a schedule", l.form.load(), func() error {
		out, err := l.exec.Exec(args...)
		if err != nil {
			return err
		}
		loss = float64(tensors.ToScalar[float32](out[0]))
		flat, err := tensors.CopyFlatData[float32](out[1])
		for _, v := range flat {
			gradient = append(gradient, float64(v))
		}
		return err
	})
	return loss, gradient, err
}

// finalize frees what the compiled programs hold.
func (l *lesson) finalize() {
	if l.exec != nil {
		l.exec.Finalize()
	}
	l.back.finalize()
}
