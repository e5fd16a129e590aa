package idffnb

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Schedules of large networks are learned evaluation by evaluation too: forward as they are sampled, and back by the chain rule,
//
//	x_{k+1} = x_k + d_k sum_j w_kj v_j,   v_k = f(x_k, t_k),   d_k = t_{k+1} - t_k
//	a_K = dL/dx_K;   dL/dw_kj = d_k <a_{k+1}, v_j>;   dL/dd_k = <a_{k+1}, sum_j w_kj v_j>;   b_j = dL/dv_j = sum_k d_k w_kj a_{k+1}
//	a_k = a_{k+1} + (df/dx)^T b_k;   dL/dt_k has (df/dt)^T b_k
//
// with one compiled program for (df/dx)^T b and (df/dt)^T b at any time.

// stepwise tells whether the schedule is learned evaluation by evaluation: where it is sampled so, and the loss is a teacher's.
func (l *lesson) stepwise() bool {
	s := l.as(l.form.start())
	return l.form.Order == 0 && l.form.Loss == LossTeacher && l.run.stepwise(s.Field(), s.Solver())
}

// pullBack is the program of an evaluator for the products with its Jacobians: its inputs and b [n, dim] -> (df/dx)^T b [n, dim], (df/dt)^T b [].
func (e *evaluator) pullBack() (p *spread, err error) {
	r := e.run
	err = tryGraph(r.exp.Name+": learning a schedule", func() error {
		exec, err := model.NewExec(r.backend, r.store, func(scope *model.Scope, in []*Node) []*Node {
			defer panicAsError()
			last := len(in) - 1
			t := split(in[3])[0]
			v, _ := e.velocity(scope, in[:last], solver.AtNode(t))
			return Gradient(ReduceAllSum(Mul(v, in[last])), in[0], t)
		})
		if err != nil {
			return err
		}
		in, axes := e.shapes()
		p, err = r.compileOver(e.n, exec, append(in, shapes.Make(dtypes.Float32, e.n, r.exp.Data.Dim())), append(axes, 0))
		return err
	})
	return p, err
}

// stepwiseGradient is the loss |x_K - y|^2 of a schedule, a mean over points and components, and its gradient in theta.
func (l *lesson) stepwiseGradient(theta []float64, x0, y, cond []float32) (loss float64, gradient []float64, err error) {
	f, n := l.form, l.form.Points
	times, weights, _ := f.schedule(theta)
	batch := l.run.batchOf(n)
	e := l.run.evaluator(batch, len(cond)/n*batch, l.as(theta).Field())
	if l.back == nil {
		if l.back, err = e.pullBack(); err != nil {
			return 0, nil, err
		}
	}
	for _, t := range times[:f.steps] {
		if err := e.compile(solver.At(t)); err != nil {
			return 0, nil, err
		}
	}
	byTime, byWeight := make([]float64, f.steps+1), make([][]float64, f.steps)
	for k, row := range weights {
		byWeight[k] = make([]float64, len(row))
	}
	dim, condSize := len(x0)/n, len(cond)/n
	for first := 0; first < n; first += batch {
		now := min(batch, n-first)
		from := min(first, n-batch) // the last batch has some points of the one before again, which then count for nothing
		part := backward{e: e, back: l.back, times: times, weights: weights, scale: 1 / float64(len(x0)), skip: (batch - now) * dim}
		sum, err := part.run(x0[from*dim:(from+batch)*dim], y[from*dim:(from+batch)*dim], cond[from*condSize:(from+batch)*condSize], byTime, byWeight)
		if err != nil {
			return 0, nil, err
		}
		loss += sum
	}
	return loss, f.chain(theta, byTime, byWeight), nil
}

// backward is the way there and back for a batch.
type backward struct {
	e       *evaluator
	back    *spread
	times   []float64
	weights [][]float64
	scale   float64 // of the sum of squares
	skip    int     // values at the front that do not count
}

// run gives the batch's part of the loss, and adds its parts of the gradient.
func (b backward) run(x0, y, cond []float32, byTime []float64, byWeight [][]float64) (loss float64, err error) {
	steps := len(b.weights)
	xs, vs := [][]float32{x0}, [][]float32{}
	for k := range steps {
		v, err := b.e.at(solver.At(b.times[k]), b.times[k], xs[k], x0, nil, cond)
		if err != nil {
			return 0, err
		}
		vs = append(vs, v)
		step := append([]float64{1}, scaled(b.weights[k], b.times[k+1]-b.times[k])...)
		xs = append(xs, mix(step, append([][]float32{xs[k]}, vs[k+1-len(b.weights[k]):]...)))
	}
	a := make([]float32, len(x0)) // dL/dx
	for i := b.skip; i < len(a); i++ {
		gap := float64(xs[steps][i]) - float64(y[i])
		loss += b.scale * gap * gap
		a[i] = float32(2 * b.scale * gap)
	}
	bs := make([][]float32, steps) // dL/dv
	for k := range bs {
		bs[k] = make([]float32, len(x0))
	}
	for k := steps - 1; k >= 0; k-- {
		d, row := b.times[k+1]-b.times[k], b.weights[k]
		for j, w := range row {
			at := k + 1 - len(row) + j
			product := dot(a, vs[at])
			byWeight[k][j] += d * product
			byTime[k+1] += w * product
			byTime[k] -= w * product
			for i, v := range a {
				bs[at][i] += float32(d * w * float64(v))
			}
		}
		if k == 0 { // x_0 and t_0 are given
			break
		}
		args := append(b.e.inputs(xs[k], x0, nil, b.times[k], cond), tensors.FromFlatDataAndDimensions(bs[k], b.e.n, len(x0)/b.e.n))
		err := tryGraph("learning a schedule", func() error {
			out, err := b.back.run(args...)
			if err != nil {
				return err
			}
			byX, err := tensors.CopyFlatData[float32](out[0])
			if err != nil {
				return err
			}
			for i, v := range byX {
				a[i] += v
			}
			byTime[k] += float64(tensors.ToScalar[float32](out[1]))
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return loss, nil
}

func scaled(row []float64, by float64) []float64 {
	out := make([]float64, len(row))
	for i, v := range row {
		out[i] = by * v
	}
	return out
}

func dot(a, b []float32) (sum float64) {
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

// chain is the gradient in theta from those in the times and weights of schedule.
func (f form) chain(theta, byTime []float64, byWeight [][]float64) []float64 {
	nTimes, nWeights, _ := f.sizes()
	gradient := make([]float64, 0, len(theta))
	if nTimes > 0 { // t_k is the sum of the shares before it, and those are softmax(theta)
		shares, sum := make([]float64, nTimes), 0.
		for i, v := range theta[:nTimes] {
			shares[i] = math.Exp(v)
			sum += shares[i]
		}
		byShare, mean, later := make([]float64, nTimes), 0., 0.
		for i := nTimes - 1; i >= 0; i-- {
			byShare[i] = later
			later += byTime[i] // of t_i, which no share from i on moves
		}
		for i := range shares {
			shares[i] /= sum
			mean += shares[i] * byShare[i]
		}
		for i, share := range shares {
			gradient = append(gradient, share*(byShare[i]-mean))
		}
	}
	if nWeights > 0 {
		for _, row := range byWeight {
			gradient = append(gradient, row...)
		}
	}
	if len(gradient) != len(theta) {
		panic(fmt.Errorf("idffnb: %d derivatives for %d learned numbers", len(gradient), len(theta)))
	}
	return gradient
}
