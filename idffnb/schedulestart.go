package idffnb

import (
	"context"
	"fmt"
	"math"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Adam goes downhill from where it begins, and a loss of a dozen numbers has several valleys. So learning begins at the method of the shelf that does best by the learner's own loss, on the points that it validates on: explicit Runge-Kutta and Adams methods
// and their exponential kind, on equal steps and on (k/N)^p, as far as the form of the schedule holds them. What is learned is then at least as good as each of them on these points; S4S (arXiv 2502.17423) begins so too.

// startPowers are the p of the unequal steps that a start is looked for on.
var startPowers = []float64{.7, .85, 1.2, 1.5, 2}

// rounding is what numbers of methods may differ by from what a form asks for.
const rounding = 1e-6

// starts lists the methods of the shelf that make so many evaluations, Euler's on equal steps first.
func starts(evaluations int) (list []solver.Fixed) {
	n := evaluations
	candidates := []solver.Fixed{solver.Euler(n), solver.AdamsBashforth(2, n), solver.AdamsBashforth(3, n-1), solver.ExpAdams(2, n)}
	if n%2 == 0 {
		candidates = append(candidates, solver.Midpoint(n/2))
	}
	if n%3 == 0 {
		candidates = append(candidates, solver.Heun3(n/3), solver.Bosh3(n/3))
	}
	for _, s := range candidates {
		if s.(interface{ Check() error }).Check() != nil { // too few evaluations for it
			continue
		}
		list = append(list, s)
		for _, p := range startPowers {
			if on, err := solver.WithTimes(s, solver.Powers(s.Steps(), p)...); err == nil && s.Steps() > 1 {
				list = append(list, on)
			}
		}
	}
	return list
}

// begin finds theta to begin at, its name and its loss.
func (l *lesson) begin(ctx context.Context, valid func(*Schedule) (float64, error)) (theta []float64, name string, loss float64, err error) {
	r, f := l.run, l.form
	theta = f.start()
	if loss, err = valid(l.as(theta)); err != nil || !finite(loss) {
		return nil, "", loss, err
	}
	name = fmt.Sprint(solver.Euler(f.steps))
	for _, s := range starts(f.steps)[1:] { // the first is Euler's
		if r.checkSampling(flow.CFM(), s) != nil { // an exponential method on another path
			continue
		}
		if ctx.Err() != nil {
			return nil, "", 0, fmt.Errorf("idffnb: %s: learning a schedule: %w as it looked for a method to begin at; nothing is kept: run the cell again", r.exp.Name, ErrInterrupted)
		}
		times, weights, err := scheduleOf(s)
		if err != nil {
			return nil, "", 0, err
		}
		other, ok := f.theta(times, weights)
		if !ok {
			continue
		}
		its, err := valid(l.as(other))
		if err != nil {
			return nil, "", 0, err
		}
		if its < loss { // never for NaN
			theta, name, loss = other, fmt.Sprint(s), its
		}
	}
	return theta, name, loss, nil
}

// scheduleOf is a method with fixed steps as the times and weights of a solver.Scheduled, none where it is not of that form: where two evaluations are at the same time or one is at t = 1, or where the start point
// has a factor.
func scheduleOf(s solver.Fixed) (times []float64, weights [][]float64, err error) {
	l, err := linearOf(s, nil)
	if err != nil {
		return nil, nil, err
	}
	times, ends := append(l.at, 1), append(l.inputs, l.states[len(l.states)-1])
	for k := range l.at {
		step, row := times[k+1]-times[k], make([]float64, k+1)
		if !(step > 0) || math.Abs(ends[k][0]-1) > rounding {
			return nil, nil, nil
		}
		for j := range row {
			row[j] = ends[k+1][1+j]
			if j < k {
				row[j] -= ends[k][1+j]
			}
			row[j] /= step
		}
		weights = append(weights, row)
	}
	return times, weights, nil
}

// theta is what schedule makes these times and weights of; ok is false where the form does not hold them.
func (f form) theta(times []float64, weights [][]float64) (theta []float64, ok bool) {
	nTimes, nWeights, nGammas := f.sizes()
	if len(times) != f.steps+1 {
		return nil, false
	}
	for k, t := range solver.Grid(f.steps) {
		if nTimes == 0 && math.Abs(times[k]-t) > rounding {
			return nil, false
		}
	}
	for k := range nTimes {
		theta = append(theta, math.Log((times[k+1]-times[k])*float64(f.steps)))
	}
	for k, row := range weights {
		sum, own := 0., row[len(row)-min(len(row), f.row(k)):]
		for _, w := range row {
			sum += w
		}
		for j, w := range row {
			switch last := j == k; {
			case j < k+1-len(own) && math.Abs(w) > rounding, // an earlier evaluation, where the form has none
				f.Only == "times" && last && math.Abs(w-1) > rounding,
				f.Only == "times" && !last && math.Abs(w) > rounding:
				return nil, false
			}
		}
		if f.free(k) < f.row(k) && math.Abs(sum-1) > rounding {
			return nil, false
		}
		theta = append(theta, own[:f.free(k)]...)
	}
	return append(theta, make([]float64, nGammas)...), len(theta) == nTimes+nWeights
}
