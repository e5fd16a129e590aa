package solver

import (
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/tensors"
)

// ErrStopped is in the errors of an Adaptive solver that gave up.
var ErrStopped = errors.New("cannot go on")

// Solution is what an Adaptive solver found, and what it did for it.
type Solution struct {
	Times  []float64         // 0, the times asked for, 1
	States []*tensors.Tensor // the states at Times; the first is the start itself

	Steps       int // accepted steps
	Rejected    int // steps made again, shorter
	Extra       int // steps made for dense output alone
	Evaluations int // of the field: 2 + (Steps + Rejected + Extra) x those of a step
}

// End is the state at t = 1.
func (s *Solution) End() *tensors.Tensor { return s.States[len(s.States)-1] }

var nan = math.NaN()

// Run integrates from x at t = 0 with a prepared program and the inputs that its graphs take beside the state. It stops with one line that says where and what
// to do, and wraps ErrStopped, when the evaluations run out, when the steps become shorter than the numbers can tell, or where the field is not finite.
func (a Adaptive) Run(p *Program, x *tensors.Tensor, inputs ...any) (*Solution, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	if err := a.checkPrecision(x.DType()); err != nil {
		return nil, err
	}
	run := &integration{Adaptive: a, method: pairs[a.Method], program: p, inputs: inputs, x: x, kept: map[*tensors.Tensor]bool{}}
	run.Times = a.Grid()
	run.keep(x)
	if err := run.begin(); err != nil {
		return nil, err
	}
	control := newStepControl(run.method.estimates)
	for run.t < a.until() {
		if err := run.advance(control); err != nil {
			return nil, err
		}
	}
	if a.until() < 1 {
		if err := run.straight(); err != nil {
			return nil, err
		}
	}
	return &run.Solution, nil
}

// integration is a run on its way: at time t, state x with its slope, about to try a step of length dt.
type integration struct {
	Adaptive
	Solution
	method  embedded
	program *Program
	inputs  []any

	t, dt    float64
	x, slope *tensors.Tensor
	ratio    float64 // of the last step tried
	kept     map[*tensors.Tensor]bool
}

// begin finds the first slope and step.
func (r *integration) begin() error {
	dtype := r.x.DType()
	out, err := r.program.begin.Exec(append([]any{r.x, vector(dtype, []float64{r.until(), r.RTol, r.ATol})}, r.inputs...)...)
	if err != nil {
		return fmt.Errorf("solver: %v: %w", r.Adaptive, err)
	}
	r.Evaluations = 2
	norms, err := numbers(out[1])
	if err != nil {
		return fmt.Errorf("solver: %v: %w", r.Adaptive, err)
	}
	d1, d2, h0 := norms[0], norms[1], norms[2]
	if sum := d1 + d2; math.IsNaN(sum) || math.IsInf(sum, 0) || !(h0 > 0) {
		if r.ATol == 0 {
			return r.stopped("the norm of state or slope is not finite: a number of the state may be 0, which needs atol above 0")
		}
		return r.stopped("the state or the field is not finite there, or too large for this atol")
	}
	r.slope, r.dt = out[0], firstStep(d1, d2, h0, r.method.estimates)
	return nil
}

// advance makes one step, which may be rejected.
func (r *integration) advance(control *stepControl) error {
	eps, _ := precision(r.x.DType())
	if r.dt < 4*eps {
		if math.IsNaN(r.ratio) || math.IsInf(r.ratio, 0) {
			return r.stopped("the state or the field becomes NaN or infinite; take smaller factors of the field, or stop before with Until")
		}
		return r.stopped(fmt.Sprintf("the step fell to %.1e, which %s does not resolve: the solution runs away or jumps there; take a looser tolerance, or stop before with Until", r.dt, r.x.DType()))
	}
	next := r.until()
	if r.t+stretch*r.dt < next {
		next = r.t + r.dt
	}
	out, ratio, err := r.step(next)
	if err != nil {
		return err
	}
	r.ratio = ratio
	accept, factor := control.next(ratio)
	r.dt = (next - r.t) * factor
	if !accept {
		r.Rejected++
		finalize(out...)
		return nil
	}
	r.Steps++
	return r.accept(next, out)
}

// step runs the graph of a step from t to next. Its outputs but for the ratio stay where they are.
func (r *integration) step(next float64) ([]*tensors.Tensor, float64, error) {
	n := r.method.evaluations()
	if most := r.maxEvaluations(); r.Evaluations+n > most {
		return nil, 0, r.stopped(fmt.Sprintf("%d of at most %d evaluations are made (%d steps, %d rejected; the step is %.1e): the field may be stiff or not smooth; "+
			"take a looser tolerance, more MaxEvaluations, or a solver of fixed steps", r.Evaluations, most, r.Steps, r.Rejected, r.dt))
	}
	out, err := r.program.step.Exec(append([]any{r.x, r.slope, r.method.control(r.x.DType(), r.t, next, r.RTol, r.ATol)}, r.inputs...)...)
	if err != nil {
		return nil, 0, fmt.Errorf("solver: %v: %w", r.Adaptive, err)
	}
	r.Evaluations += n
	ratio, err := numbers(out[2])
	if err != nil {
		return nil, 0, fmt.Errorf("solver: %v: %w", r.Adaptive, err)
	}
	return out, ratio[0], nil
}

// accept takes over the outcome of a step to next, and the states of the times asked for that it passes.
func (r *integration) accept(next float64, out []*tensors.Tensor) error {
	var fifth *tensors.Tensor
	if r.method.dense != nil {
		fifth = out[3]
	}
	for len(r.States) < len(r.Times) && r.Times[len(r.States)] <= next {
		at := r.Times[len(r.States)]
		switch {
		case at == next:
			r.keep(out[0])
		case r.method.again:
			more, _, err := r.step(at)
			if err != nil {
				return err
			}
			r.Extra++
			r.keep(more[0])
			finalize(more[1:]...)
		default:
			state, err := dense((at-r.t)/(next-r.t), next-r.t, r.x, out[0], r.slope, out[1], fifth)
			if err != nil {
				return fmt.Errorf("solver: %v: %w", r.Adaptive, err)
			}
			r.keep(state)
		}
	}
	finalize(r.slope, fifth)
	r.release()
	r.t, r.x, r.slope = next, out[0], out[1]
	return nil
}

// straight follows the last slope from Until to 1.
func (r *integration) straight() error {
	for _, at := range r.Times[len(r.States):] {
		state, err := line(at-r.t, r.x, r.slope)
		if err != nil {
			return fmt.Errorf("solver: %v: %w", r.Adaptive, err)
		}
		r.keep(state)
	}
	finalize(r.slope)
	r.release()
	return nil
}

// keep adds a state to the solution.
func (r *integration) keep(state *tensors.Tensor) {
	r.States = append(r.States, state)
	r.kept[state] = true
}

// release frees the state, unless it is kept.
func (r *integration) release() {
	if !r.kept[r.x] {
		finalize(r.x)
	}
}

// stopped is the error of giving up.
func (r *integration) stopped(why string) error {
	return fmt.Errorf("solver: %v %w at t = %.6g: %s", r.Adaptive, ErrStopped, r.t, why)
}

// finalize frees tensors without waiting for the garbage collector.
func finalize(list ...*tensors.Tensor) {
	for _, t := range list {
		if t != nil {
			_ = t.FinalizeAll() // a tensor that cannot be freed now is freed later
		}
	}
}
