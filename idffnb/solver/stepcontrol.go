package solver

import "math"

// The constants of the step control, those of torchdiffeq and of Hairer's code DOPRI5.
const (
	safety     = .9   // the next step aims at this part of the step that would be just accepted
	mostGrowth = 10   // a step is at most this many times the one before,
	mostShrink = .2   // and at least this part of it
	stretch    = 1.01 // a step that this factor takes to the end ends there
)

// stepControl chooses steps from the ratio of error to tolerance, by the PI controller of Gustafsson (ACM TOMS 17, 1991) with the constants of
// Hairer's DOPRI5 (Hairer, Norsett, Wanner I, section II.4; Hairer, Wanner II, section IV.2). After a step with ratio r_n <= 1 that was accepted
//
//	dt <- dt .9 r_n^(-.85/q) r_{n-1}^(.2/q),   between .2 dt and 10 dt, and not above dt just after a rejection
//
// with error estimates O(dt^q), and after one with r_n > 1, which is made again,
//
//	dt <- dt .9 r_n^(-.85/q),   between .2 dt and dt
//
// torchdiffeq has the same without memory, dt .9 r_n^(-1/q).
type stepControl struct {
	q        float64
	previous float64 // r_{n-1}
	rejected bool    // the last step
}

func newStepControl(estimates int) *stepControl {
	return &stepControl{q: float64(estimates), previous: 1e-4}
}

// next tells whether a step of that ratio is accepted, and the factor to its length for the next. A ratio that is no number is rejected.
func (c *stepControl) next(ratio float64) (accept bool, factor float64) {
	if !(ratio <= 1) {
		c.rejected = true
		if math.IsNaN(ratio) || math.IsInf(ratio, 0) {
			return false, mostShrink
		}
		return false, min(1, max(mostShrink, safety*math.Pow(ratio, -.85/c.q)))
	}
	growth := float64(mostGrowth)
	if c.rejected {
		growth = 1
	}
	factor = safety * math.Pow(max(ratio, 1e-10), -.85/c.q) * math.Pow(c.previous, .2/c.q)
	c.previous, c.rejected = max(ratio, 1e-4), false
	return true, min(growth, max(mostShrink, factor))
}

// firstStep is Hairer's choice (Hairer, Norsett, Wanner I, section II.4) from the norms d1 of the first slope and d2 of the second derivative, and the trial
// step h0 that d2 was found with.
func firstStep(d1, d2, h0 float64, estimates int) float64 {
	h1 := max(1e-6, h0*1e-3)
	if steepest := max(d1, d2); steepest > 1e-15 {
		h1 = math.Pow(.01/steepest, 1/float64(estimates))
	}
	return min(100*h0, h1)
}
