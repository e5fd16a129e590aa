package flow

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/solver"
)

// A network on a path x_t = a(t) x1 + b(t) x0 predicts one of the two ends, and the state says the other; velocity and score are made of both:
//
//	xhat1 = (x - b xhat0)/a      xhat0 = (x - a xhat1)/b      v = a' xhat1 + b' xhat0      s = -xhat0/b
//
// The first two hold since x = a E[x1 | x] + b E[x0 | x]; the velocity is E[a' x1 + b' x0 | x]; the score is Tweedie's formula for x_t ~ N(a x1, b^2 I) given x1, and needs x0 ~ N(0, I)
// independently of x1. On a variance-preserving path, where a = sqrt(alphabar) and b = sqrt(1 - alphabar), the first is diffusers' pred_original_sample.
//
// A prediction of x0 says nothing of x1 where a = 0, and one of x1 nothing of x0 where b = 0: there the divisions are 0/0. So the prediction stands still at the ends (AskedAt).

const (
	startGap = .005 // least a by which predictions of x0 are divided: below that of the noise schedules in use, .0066 for DDPM's linear one
	noGap    = 1e-6 // what is 0 but for rounding
)

// ends are the coefficients of a path and their derivatives at one time, scalars.
type ends struct{ a, b, da, db *Node }

// endsAt are those of a path that checkEnds takes, of x's graph and type.
func (p Path) endsAt(t solver.Time, x *Node) ends {
	switch {
	case p.own != nil:
		at := Reshape(t.As(x), 1)
		a, b, _, _ := p.coefficients(at)
		return ends{Reshape(a), Reshape(b), Reshape(rate(a, at)), Reshape(rate(b, at))}
	case p.kind() == "vp":
		angle := MulScalar(t.As(x), halfPi)
		sin, cos := Sin(angle), Cos(angle)
		return ends{sin, cos, MulScalar(cos, halfPi), MulScalar(sin, -halfPi)}
	}
	return ends{t.As(x), t.Rest(x), ScalarOne(x.Graph(), x.DType()), Scalar(x.Graph(), x.DType(), -1)}
}

// prediction is everything that both ends say at x.
func (e ends) prediction(x0, x1 *Node) Prediction {
	b := Where(GreaterThan(e.b, ConstAs(e.b, noGap)), e.b, ConstAs(e.b, endGap)) // a prediction of x0 may be asked for at t = 1
	return Prediction{X1: x1, Velocity: Add(Mul(e.da, x1), Mul(e.db, x0)), Score: Div(Neg(x0), b)}
}

// fromStart is the prediction of a network of x0.
func (p Path) fromStart(x, x0 *Node, t solver.Time) Prediction {
	e := p.endsAt(t, x)
	return e.prediction(x0, Div(Sub(x, Mul(e.b, x0)), e.a))
}

// fromEnd is the prediction of a network of x1.
func (p Path) fromEnd(x, x1 *Node, t solver.Time) Prediction {
	e := p.endsAt(t, x)
	return e.prediction(Div(Sub(x, Mul(e.a, x1)), e.b), x1)
}

// checkEnds says in one line why the path is not of the form a(t) x1 + b(t) x0, whose ends tell each other, or nil.
func (p Path) checkEnds() error {
	switch {
	case p.own != nil:
		n, err := p.numbers()
		if err != nil {
			return err
		}
		if !n.noisy {
			return nil
		}
	case p.kind() != "target" && p.Noise == 0:
		return p.Check()
	}
	return fmt.Errorf("flow: path %v has noise besides x0 and x1, so that neither end tells the other", p)
}

// ofEnds tells whether predictions are converted by the path's coefficients: all of x0, and those of x1 but for the line and Target, which have formulas of their own.
func (o Objective) ofEnds(path Path) bool {
	switch o.kind() {
	case "noise":
		return true
	case "x1", "x1plain":
		kind := path.kind()
		return kind == "vp" || kind == "icfm" || kind == "own"
	}
	return false
}

// AskedAt is the time at which the network is asked, and its output converted by Prediction, for the state at time t. It is t itself, but where the path x_t = a x1 + b x0 leaves nothing of what the network does not
// predict, the prediction stands still:
//
//	noise          from t = 0 on until a has grown to .005; no time where a starts above, as in DDPM's schedule. From where b has fallen to .01 on, where b' is infinite at t = 1, as that of sqrt(1 - t)
//	x1, x1plain    on vp and own paths, from where b has fallen to .01 on; b of the straight path is .01 at t = .99
//
// On an exact network of noise that replaces E[x1 | x_0] = E[x1], of which the network knows nothing at t = 0, by E[x1 | x_t] a little later. A trained network's error is divided by a, so that on the
// straight path networks of noise sample worse than those of the velocity do.
func (o Objective) AskedAt(path Path, t solver.Time) solver.Time {
	if !o.ofEnds(path) {
		return t
	}
	from, to := path.still()
	if o.kind() == "noise" {
		if from > 0 {
			t = t.Reversed().AtMost(1 - from).Reversed() // at least from
		}
		if _, _, _, db := path.scheduleAt(1); db-db == 0 {
			return t
		}
	}
	if to < 1 {
		t = t.AtMost(to)
	}
	return t
}

// still is when a has grown to startGap, and when b has fallen to endGap.
func (p Path) still() (from, to float64) {
	if p.own != nil {
		n, err := p.numbers()
		if err != nil {
			panic(err)
		}
		return n.from, n.to
	}
	return stillOf(p.scheduleAt)
}

func stillOf(schedule func(t float64) (a, b, da, db float64)) (from, to float64) {
	from = crossing(func(t float64) bool {
		a, _, _, _ := schedule(t)
		return a >= startGap
	})
	return from, crossing(func(t float64) bool {
		_, b, _, _ := schedule(t)
		return b < endGap
	})
}

// crossing is the time from which on something holds: 0 if always, 1 if not before t = 1.
func crossing(holds func(t float64) bool) float64 {
	if holds(0) {
		return 0
	}
	from, to := 0., 1.
	for range 40 {
		if t := (from + to) / 2; holds(t) {
			to = t
		} else {
			from = t
		}
	}
	return to
}
