package solver

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
)

// Adaptive is a Solver that chooses its steps: each is as long as an error estimate of tolerance allows. The error of a step is measured over the whole
// batch, as torchdiffeq does, by the root mean square over all components of
//
//	error / (ATol + RTol max(|x|, |x_new|))
//
// and a step is accepted where that is at most 1. A point's steps, and so its result in the last digits, therefore depend on which points are drawn with it.
//
//	method         order  evaluations a step  dense output
//	adaptive_heun  2      2                   cubic Hermite, order 3
//	bosh3          3      3                   cubic Hermite, order 3
//	dopri5         5      6                   the method's own, order 4
//	dopri8         8      13                  by one more step from the start of the interval, order 8: 13 evaluations for each time asked
//
// Two evaluations more choose the first step and begin it. Rejected steps cost as much as accepted ones. dopri5 is the first to try. dopri8 is for smooth
// fields and tight tolerances: the kinks of activations such as SELU cost it its order, and at 1e-5 it made 379 evaluations where dopri5 made 74 (reference network of
// 8gaussians, 64 points; the same in float64).
//
// The steps are chosen on the host, which runs one compiled graph a step: gradients do not pass through them. The zero values of the last three fields are defaults.
type Adaptive struct {
	Method string // one of AdaptiveNames
	// RTol and ATol are tolerances relative to the state and absolute, in the state's units, at least 0 and not both 0. torchdiffeq's defaults are
	// 1e-7 and 1e-9, in float64; with float32 states, as in runs, 1e-5 and 1e-5 are what generative models use, and RTol below 5e-7 is refused.
	RTol, ATol     float64
	MaxEvaluations int       // the solver gives up beyond as many; 0: 10,000
	At             []float64 // times whose states are kept beside those at 0 and 1, increasing in [0, 1]; they do not change the steps
	// Until is a time, after 0, up to which the field is evaluated; a straight line along the last slope leads from there to 1. 0: up to 1.
	// It is for velocities that are 0/0 at t = 1.
	Until float64
}

// AdaptiveHeun is Heun's method with Euler's for the error: order 2.
func AdaptiveHeun(rtol, atol float64) Adaptive {
	return Adaptive{Method: "adaptive_heun", RTol: rtol, ATol: atol}
}

// AdaptiveBosh3 is the method of Bogacki and Shampine, order 3. (Bosh3 has fixed steps.)
func AdaptiveBosh3(rtol, atol float64) Adaptive {
	return Adaptive{Method: "bosh3", RTol: rtol, ATol: atol}
}

// Dopri5 is the method of Dormand and Prince of order 5, torchdiffeq's default.
func Dopri5(rtol, atol float64) Adaptive { return Adaptive{Method: "dopri5", RTol: rtol, ATol: atol} }

// Dopri8 is the method of Prince and Dormand of order 8.
func Dopri8(rtol, atol float64) Adaptive { return Adaptive{Method: "dopri8", RTol: rtol, ATol: atol} }

// AdaptiveByName returns the adaptive solver of that name. An unknown name's error lists the valid ones.
func AdaptiveByName(name string, rtol, atol float64) (Adaptive, error) {
	a := Adaptive{Method: name, RTol: rtol, ATol: atol}
	return a, a.Check()
}

const defaultMaxEvaluations = 10_000

// Name implements Solver.
func (a Adaptive) Name() string { return a.Method }

// Grid implements Solver: 0, the times asked for, 1.
func (a Adaptive) Grid() []float64 {
	grid := []float64{0}
	for _, t := range a.At {
		if t > 0 && t < 1 {
			grid = append(grid, t)
		}
	}
	return append(grid, 1)
}

// Order is the method's order: the error of a result falls as the length of the steps to this power. It is 0 for an unknown method.
func (a Adaptive) Order() int { return pairs[a.Method].order }

// String gives the method and what it keeps to, e.g. "dopri5 rtol=1e-05 atol=1e-05".
func (a Adaptive) String() string {
	text := fmt.Sprintf("%s rtol=%g atol=%g", a.Method, a.RTol, a.ATol)
	if a.Until != 0 { // 1 too: what a run takes for 0 depends on its network
		text += fmt.Sprintf(" until=%g", a.Until)
	}
	return text
}

// graphKey identifies the graphs: tolerances and times are their inputs.
func (a Adaptive) graphKey() string { return "adaptive " + a.Method }

// Check says in one line what is wrong with the solver, or nil.
func (a Adaptive) Check() error {
	if !isAdaptive(a.Method) {
		return fmt.Errorf("solver: unknown adaptive solver %q; valid names: %s", a.Method, adaptiveList())
	}
	for _, tolerance := range []struct {
		name  string
		value float64
	}{{"rtol", a.RTol}, {"atol", a.ATol}} {
		if !(tolerance.value >= 0) || math.IsInf(tolerance.value, 0) {
			return fmt.Errorf("solver: %s with %s %g: it must be a number of at least 0, e.g. 1e-5", a.Method, tolerance.name, tolerance.value)
		}
	}
	if a.RTol == 0 && a.ATol == 0 {
		return fmt.Errorf("solver: %s with rtol and atol both 0: no step could be accepted; take e.g. 1e-5 and 1e-5", a.Method)
	}
	if least := 2 + pairs[a.Method].evaluations(); a.MaxEvaluations != 0 && a.MaxEvaluations < least {
		return fmt.Errorf("solver: %v with at most %d evaluations: the first step takes %d; take more, or 0 for %d", a, a.MaxEvaluations, least, defaultMaxEvaluations)
	}
	if !(a.Until >= 0 && a.Until <= 1) {
		return fmt.Errorf("solver: %s until t = %g: the time must lie in (0, 1]", a.Method, a.Until)
	}
	for i, t := range a.At {
		if !(t >= 0 && t <= 1) {
			return fmt.Errorf("solver: %v: At[%d] is %g: times asked for must lie in [0, 1]", a, i, t)
		}
		if i > 0 && !(a.At[i-1] < t) {
			return fmt.Errorf("solver: %v: times asked for go from %g to %g: they must increase", a, a.At[i-1], t)
		}
	}
	return nil
}

// precision is the spacing of the numbers of a type at 1, or an error for types that states cannot have.
func precision(dtype dtypes.DType) (float64, error) {
	switch dtype {
	case dtypes.Float32:
		return 0x1p-23, nil
	case dtypes.Float64:
		return 0x1p-52, nil
	}
	return 0, fmt.Errorf("solver: adaptive steps for a state of type %s: want float32 or float64", dtype)
}

// checkPrecision refuses a relative tolerance that the type of the state cannot resolve.
func (a Adaptive) checkPrecision(dtype dtypes.DType) error {
	eps, err := precision(dtype)
	if err != nil {
		return err
	}
	if a.RTol > 0 && a.RTol < 4*eps {
		return fmt.Errorf("solver: %v: rtol is below what %s resolves; take at least %.0e, or 0 for an absolute tolerance alone", a, dtype, 4*eps)
	}
	return nil
}

// until is the last time of the steps.
func (a Adaptive) until() float64 {
	if a.Until == 0 {
		return 1
	}
	return a.Until
}

func (a Adaptive) maxEvaluations() int {
	if a.MaxEvaluations == 0 {
		return defaultMaxEvaluations
	}
	return a.MaxEvaluations
}
