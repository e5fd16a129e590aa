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
//
// It panics for paths that CheckSchedule refuses.
func (p Path) Schedule(t float64) (alpha, sigma, dAlpha, dSigma float64) {
	if err := p.CheckSchedule(); err != nil {
		panic(err)
	}
	switch p.kind() {
	case "target":
		return t, 1 - t + p.Noise*t, 1, p.Noise - 1
	case "vp":
		if t == 1 { // where cos(pi/2) is not quite 0
			return 1, 0, 0, -math.Pi / 2
		}
		sin, cos := math.Sincos(math.Pi / 2 * t)
		return sin, cos, math.Pi / 2 * cos, -math.Pi / 2 * sin
	default:
		return t, 1 - t, 1, -1
	}
}

// CheckSchedule implements solver.PathSchedule: it says in one line why the path is not of the form alpha(t) x1 + sigma(t) x0, or nil.
func (p Path) CheckSchedule() error {
	if err := p.Check(); err != nil {
		return err
	}
	if p.own != nil {
		return fmt.Errorf("flow: path %v builds its coefficients as a graph, which an exponential integrator cannot read: use a method of another kind, e.g. solver.Midpoint", p)
	}
	if p.Noise > 0 && p.kind() != "target" {
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
