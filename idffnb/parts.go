package idffnb

import "github.com/idff-go/workbench/idffnb/solver"

// partsSampler is a sampling of n points of a large network by a field or a solver of the workbench that needs all steps in one graph, such as one with noise: of as many points at a time as an evaluation
// takes, since the network's memory grows with them. Points do not depend on each other, so that they are the same as all at once, but for rounding.
type partsSampler struct {
	room
	of *fixedSampler // of a part
	n  int
}

// run implements sampler.
func (s *partsSampler) run(x0, cond []float32, factors []float64, noise []float32) (states [][]float32, cost solver.Cost, err error) {
	dim, condSize, batch := len(x0)/s.n, len(cond)/s.n, s.of.n
	for next := 0; next < s.n; next += batch {
		first := min(next, s.n-batch) // the last part has some points of the one before again
		from, to := first*dim, (first+batch)*dim
		var dW []float32 // [rows, batch, dim] of [rows, n, dim]
		for row := 0; row < len(noise); row += len(x0) {
			dW = append(dW, noise[row+from:row+to]...)
		}
		part, spent, err := s.of.run(x0[from:to], cond[first*condSize:(first+batch)*condSize], factors, dW)
		if err != nil {
			return nil, cost, err
		}
		if states == nil {
			states = s.states(len(part), len(x0))
		}
		for k, state := range part {
			if states[k] != nil {
				copy(states[k][from:], state)
			}
		}
		spent.Seconds += cost.Seconds
		cost = spent
	}
	return states, cost, nil
}

// room is what a sampling in parts keeps of the states on its grid: all, or the first and the last. 50,000 images of 32 x 32 pixels in three colours take .6 GB a state.
type room struct{ endsOnly bool }

func (r *room) keepEndsOnly(yes bool) { r.endsOnly = yes }

// states makes room for so many states of a size; those that are not kept are nil.
func (r *room) states(n, size int) [][]float32 {
	states := make([][]float32, n)
	for k := range states {
		if k == 0 || k == n-1 || !r.endsOnly {
			states[k] = make([]float32, size)
		}
	}
	return states
}

// endsOnly leaves out the states between the first and the last where a sampling in parts would keep them, for callers that do not look at them.
func endsOnly() SampleOption { return func(s *sampling) { s.endsOnly = true } }
