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

// stepwise tells whether the schedule is learned evaluation by evaluation: where the loss is measured by a Gap, on the host; and where it is a teacher's and the network is sampled so.
func (l *lesson) stepwise() bool {
	s := l.as(l.form.start())
	return l.form.Order == 0 && (l.form.Gap != nil || l.form.Loss == LossTeacher && l.run.stepwise(s.Field(), s.Solver()))
}

// gap is what a loss evaluation by evaluation is measured by.
func (f form) gap() Gap {
	if f.Gap != nil {
		return f.Gap
	}
	return meanSquare{}
}

// pullBack is the program of an evaluator for the products with its Jacobians: its inputs and b [n, dim] -> (df/dx)^T b [n, dim], (df/dt)^T b [].
func (e *evaluator) pullBack() (p *spread, err error) {
	r := e.run
	err = tryGraph(r.exp.Name+": learning a schedule", e.load(), func() error {
		exec, err := model.NewExec(r.backend, r.store, func(scope *model.Scope, in []*Node) []*Node {
			defer panicAsError()
			last := len(in) - 1
			t := split(in[3])[0]
			v, _ := e.velocity(scope, in[:last], e.field, solver.AtNode(t))
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

// stepwiseGradient is the loss of a schedule, the gap between x_K and y, and its gradient in theta.
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
		if err := e.compile(solver.At(t), t); err != nil {
			return 0, nil, err
		}
	}
	dim, condSize := len(x0)/n, len(cond)/n
	var passes []*pass
	end := make([]float32, len(x0))
	for first := 0; first < n; first += batch {
		from := min(first, n-batch) // the last batch has some points of the one before again, which then count for nothing
		p := &pass{e: e, back: l.back, times: times, weights: weights, x0: x0[from*dim : (from+batch)*dim], cond: cond[from*condSize : (from+batch)*condSize]}
		x, err := p.forward()
		if err != nil {
			return 0, nil, err
		}
		passes = append(passes, p)
		copy(end[first*dim:], x[(first-from)*dim:])
	}
	loss, byEnd, err := measureGap(f.gap(), end, y)
	if err != nil {
		return 0, nil, err
	}
	byTime, byWeight := make([]float64, f.steps+1), make([][]float64, f.steps)
	for k, row := range weights {
		byWeight[k] = make([]float64, len(row))
	}
	for _, p := range passes {
		a := make([]float32, len(p.x0)) // dL/dx of the batch, 0 for points that count for nothing
		now := min(len(a), len(byEnd))
		copy(a[len(a)-now:], byEnd[:now])
		if err := p.backward(a, byTime, byWeight); err != nil {
			return 0, nil, err
		}
		byEnd = byEnd[now:]
	}
	return loss, f.chain(theta, byTime, byWeight), nil
}

// pass is the way there and back for a batch.
type pass struct {
	e        *evaluator
	back     *spread
	times    []float64
	weights  [][]float64
	x0, cond []float32
	xs, vs   [][]float32 // states x_k and evaluations v_k, on the way there
}

// forward gives the end points.
func (p *pass) forward() ([]float32, error) {
	p.xs = [][]float32{p.x0}
	for k, row := range p.weights {
		v, err := p.e.at(solver.At(p.times[k]), p.times[k], p.xs[k], p.x0, nil, p.cond)
		if err != nil {
			return nil, err
		}
		p.vs = append(p.vs, v)
		step := append([]float64{1}, scaled(row, p.times[k+1]-p.times[k])...)
		p.xs = append(p.xs, mix(step, append([][]float32{p.xs[k]}, p.vs[k+1-len(row):]...)))
	}
	return p.xs[len(p.weights)], nil
}

// backward adds the batch's parts of the gradients in times and weights; a is that in the end points.
func (p *pass) backward(a []float32, byTime []float64, byWeight [][]float64) error {
	bs := make([][]float32, len(p.weights)) // dL/dv
	for k := range bs {
		bs[k] = make([]float32, len(a))
	}
	for k := len(p.weights) - 1; k >= 0; k-- {
		d, row := p.times[k+1]-p.times[k], p.weights[k]
		for j, w := range row {
			at := k + 1 - len(row) + j
			product := dot(a, p.vs[at])
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
		args := append(p.e.inputs(p.xs[k], p.x0, nil, p.times[k], p.cond), tensors.FromFlatDataAndDimensions(bs[k], p.e.n, len(a)/p.e.n))
		err := tryGraph("learning a schedule", p.e.load(), func() error {
			out, err := p.back.run(args...)
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
			return err
		}
	}
	return nil
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
	nTimes, _, _ := f.sizes()
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
	for k, row := range byWeight {
		free := f.free(k)
		for _, d := range row[:free] {
			if free < len(row) { // what is learned is taken from the last
				d -= row[free]
			}
			gradient = append(gradient, d)
		}
	}
	if len(gradient) != len(theta) {
		panic(fmt.Errorf("idffnb: %d derivatives for %d learned numbers", len(gradient), len(theta)))
	}
	return gradient
}
