package solver

import "fmt"

// Meter counts what a sampling costs while its graph is built. Every sample drawn pays the same.
type Meter struct {
	Forwards    int     // calls of the network
	Backwards   int     // vector-Jacobian products with respect to the state
	Equivalents float64 // cost in forward passes: floating-point operations, see Meter.Evaluation
}

// Evaluation counts one evaluation of a field that calls the network once and differentiates it backwards times by nested
// reverse passes. Each nesting differentiates the whole graph below it, so the floating-point operations double:
// orders 0, 1, 2, 3 cost 1, 2, 4, 8 forward passes.
func (m *Meter) Evaluation(backwards int) {
	m.Forwards++
	m.Backwards += backwards
	m.Equivalents += float64(int(1) << backwards)
}

// Cost is what one sampling cost: the number of solver steps, what the meter counted, and the time it took.
type Cost struct {
	Steps       int     `json:"steps"`
	Rejected    int     `json:"rejected,omitempty"` // steps of an Adaptive solver that were made again: the counts below have them too
	Forwards    int     `json:"forwards"`
	Backwards   int     `json:"backwards"`
	Equivalents float64 `json:"forward_equivalents"`
	Seconds     float64 `json:"seconds"` // wall time of the compiled graphs and the steps between them; compilation, and noise drawn on the host, are not in it
}

// String gives the counts and the time, e.g. "2 steps, 8 forwards + 6 backwards = 14 forward-equivalents, 0.012 s"; after the steps
// "(3 rejected)" where there are such.
func (c Cost) String() string {
	rejected := ""
	if c.Rejected > 0 {
		rejected = fmt.Sprintf(" (%d rejected)", c.Rejected)
	}
	return fmt.Sprintf("%d steps%s, %d forwards + %d backwards = %g forward-equivalents, %.3f s",
		c.Steps, rejected, c.Forwards, c.Backwards, c.Equivalents, c.Seconds)
}
