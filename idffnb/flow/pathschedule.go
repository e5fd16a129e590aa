package flow

import (
	"fmt"
	"math"

	"github.com/idff-go/workbench/idffnb/solver"
)

var _ solver.PathSchedule = Path{}

// Schedule implements solver.PathSchedule, for exponential integrators: the alpha and sigma of x_t = alpha(t) x1 + sigma(t) x0 and their derivatives.
//
//	straight   t              1 - t
//	target     t              1 - (1-sigma) t     x0 is the path's noise, from which sampling starts
//	vp(0)      sin(pi t/2)    cos(pi t/2)
//	own        a(t)           b(t)                without noise; computed in pure Go, in float64 where its coefficients can be
//
// It panics for paths that CheckSchedule refuses.
func (p Path) Schedule(t float64) (alpha, sigma, dAlpha, dSigma float64) {
	if err := p.CheckSchedule(); err != nil {
		panic(err)
	}
	return p.scheduleAt(t)
}

const halfPi = math.Pi / 2

// scheduleAt is Schedule of a path that was checked.
func (p Path) scheduleAt(t float64) (alpha, sigma, dAlpha, dSigma float64) {
	switch p.kind() {
	case "own":
		n, err := p.numbers()
		if err != nil {
			panic(err)
		}
		return n.at(t)
	case "target":
		return t, 1 - t + p.Noise*t, 1, p.Noise - 1
	case "vp":
		if t == 1 { // where cos(pi/2) is not quite 0
			return 1, 0, 0, -halfPi
		}
		sin, cos := math.Sincos(halfPi * t)
		return sin, cos, halfPi * cos, -halfPi * sin
	default:
		return t, 1 - t, 1, -1
	}
}

// CheckSchedule implements solver.PathSchedule: it says in one line why the path is not of the form alpha(t) x1 + sigma(t) x0, or nil.
func (p Path) CheckSchedule() error {
	if err := p.Check(); err != nil {
		return err
	}
	noisy := p.Noise > 0 && p.kind() != "target"
	if p.own != nil {
		n, err := p.numbers()
		if err != nil {
			return err
		}
		noisy = n.noisy
	}
	if noisy {
		return fmt.Errorf("flow: path %v has noise besides x0 and x1, so that the velocity does not stand for one end point: use a solver that is not exponential, e.g. solver.Midpoint", p)
	}
	return nil
}

// CheckSchedule says in one line why an exponential integrator on that schedule does not fit the velocity of a network that was trained with this objective on
// that path, or nil. The schedule must be the path's; but end points learned on a bridge stand for the velocity (xhat1 - x)/(1 - t), that of the straight path.
func (o Objective) CheckSchedule(path Path, s solver.PathSchedule) error {
	if kind := path.kind(); o.PredictsEnd() && (kind == "bridge" || kind == "released") {
		path = Straight()
	}
	if err := path.CheckSchedule(); err != nil {
		return err
	}
	for _, t := range []float64{0, .25, .5, .75, 1} {
		a, sigma, _, _ := s.Schedule(t)
		alpha, want, _, _ := path.Schedule(t)
		if !(math.Abs(a-alpha)+math.Abs(sigma-want) < 1e-9) {
			return fmt.Errorf("flow: the solver integrates on path %v, but the velocity is that of path %v: give solver.Exponential the Path of the experiment", s, path)
		}
	}
	return nil
}
