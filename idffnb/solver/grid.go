package solver

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
)

// Grid returns the n+1 equidistant times 0, 1/n, ..., 1, for n of at least 1. The last is exactly 1.
func Grid(n int) []float64 {
	return warped(n, func(s float64) float64 { return s })
}

// Powers returns the n+1 times (k/n)^p: for p > 1 steps are short at t = 0, at the noise, for p < 1 at t = 1, at the data. n is at least 1 and p positive; a solver refuses what comes of others.
func Powers(n int, p float64) []float64 {
	return warped(n, func(s float64) float64 { return math.Pow(s, p) })
}

// Shifted returns the n+1 times of the shifted grid of Stable Diffusion 3 (Esser et al., arXiv 2403.03206, equation 23) and FLUX, which diffusers knows as "shift" or "flow_shift": with s = k/n,
//
//	1 - t = shift (1-s) / (1 + (shift-1)(1-s)),   so that   t = s / (shift - (shift-1) s)
//
// For shift > 1 steps are short at t = 0, at the noise, for shift < 1 at t = 1. Shifting by a and then by b is shifting by a b. n is at least 1 and shift positive; a solver refuses what comes of others.
func Shifted(n int, shift float64) []float64 {
	return warped(n, func(s float64) float64 { return s / (shift - (shift-1)*s) })
}

// Karras returns the n+1 times of the noise levels of Karras et al., arXiv 2206.00364, equation 5, as k-diffusion's get_sigmas_karras(n, sigmaMin, sigmaMax, rho) has them,
//
//	sigma_k = (sigmaMax^(1/rho) + k/(n-1) (sigmaMin^(1/rho) - sigmaMax^(1/rho)))^rho for k < n,   sigma_n = 0
//
// on the straight path, whose ratio of noise to data (1-t)/t is sigma at t = 1/(1 + sigma). The first is t = 0, where that ratio is infinite, in place of sigmaMax.
// n is at least 1 (then the times are 0 and 1), sigmaMax > sigmaMin > 0 and rho positive, theirs .002, 80 and 7; a solver refuses what comes of others.
func Karras(n int, sigmaMin, sigmaMax, rho float64) []float64 {
	from, to := math.Pow(sigmaMax, 1/rho), math.Pow(sigmaMin, 1/rho)
	return warped(n, func(s float64) float64 {
		k := s * float64(n)
		return 1 / (1 + math.Pow(from+k/float64(n-1)*(to-from), rho))
	})
}

// warped returns t(k/n) for k = 0 .. n, with ends of exactly 0 and 1; for n below 1 the time 0 alone, which no solver takes.
func warped(n int, t func(s float64) float64) []float64 {
	times := make([]float64, max(n, 0)+1)
	for k := 1; k < n; k++ {
		times[k] = t(float64(k) / float64(n))
	}
	if n > 0 {
		times[n] = 1
	}
	return times
}

// spacing is how a solver with fixed steps spaces them: n equal ones, or those between own times, where there are any.
type spacing struct {
	n     int
	times []float64
}

// steps is their number.
func (g spacing) steps() int {
	if g.times != nil {
		return len(g.times) - 1
	}
	return g.n
}

// grid is the times between them, 0 and 1.
func (g spacing) grid() []float64 {
	if g.times != nil {
		return g.times
	}
	return Grid(g.n)
}

// String gives their number and own times: " x4", " x2 on 0 0.354 1"; of more than four steps a hash that tells them apart, " x8 on grid 1b2c3d4e".
func (g spacing) String() string {
	text := fmt.Sprintf(" x%d", g.steps())
	switch {
	case g.times == nil:
		return text
	case g.steps() <= 4:
		text += " on"
		for _, t := range g.times {
			text += fmt.Sprintf(" %.3g", t)
		}
		return text
	}
	hash := fnv.New32a()
	_ = binary.Write(hash, binary.LittleEndian, g.times) // a hash takes everything
	return text + fmt.Sprintf(" on grid %08x", hash.Sum32())
}

// key identifies them in full.
func (g spacing) key() string {
	if g.times == nil {
		return g.String()
	}
	return fmt.Sprintf(" x%d on %v", g.steps(), g.times)
}

// mostSteps is the most steps of a solver: all are one graph, and more than a machine holds are a mistake.
const mostSteps = 1 << 20

// check says in one line what is wrong with them for the solver of that name, or nil.
func (g spacing) check(name string) error {
	switch {
	case g.times == nil && g.n < 1:
		return fmt.Errorf("solver: %s with %d steps: the number of steps must be at least 1", name, g.n)
	case g.times == nil && g.n > mostSteps:
		return fmt.Errorf("solver: %s with %d steps: the number of steps must be at most %d", name, g.n, mostSteps)
	case g.times == nil:
		return nil
	case g.n != 0 && g.n != g.steps():
		return fmt.Errorf("solver: %s with N = %d and %d times: give one of them, or one time more than steps", name, g.n, len(g.times))
	}
	return checkGrid(name, g.times)
}

// checkGrid says in one line what is wrong with a time grid, or nil.
func checkGrid(name string, times []float64) error {
	steps := len(times) - 1
	if steps < 1 {
		return fmt.Errorf("solver: %s with %d times: a grid needs at least the two times 0 and 1", name, len(times))
	}
	if times[0] != 0 || times[steps] != 1 {
		return fmt.Errorf("solver: %s runs from t = %g to %g: its times must start at 0 and end at 1", name, times[0], times[steps])
	}
	for k := range steps {
		if !(times[k] < times[k+1]) {
			return fmt.Errorf("solver: %s: time %d is %g and the next %g: times must increase", name, k, times[k], times[k+1])
		}
	}
	return nil
}

// WithTimes is a solver's method On for those whose kind is not known beforehand, such as ByName's: the same method on own times from 0 to 1, one more than it has steps. Solvers that space their steps by
// other numbers, Scheduled, Torchsde and those of your own, are refused.
func WithTimes(s Fixed, times ...float64) (Fixed, error) {
	own, ok := s.(interface{ onTimes(times []float64) Fixed })
	if !ok {
		return nil, fmt.Errorf("solver: %v takes no times by solver.WithTimes: give them to it as it is made", s)
	}
	moved := own.onTimes(times)
	return moved, moved.(interface{ Check() error }).Check()
}

func (s RungeKutta) onTimes(times []float64) Fixed       { return s.On(times...) }
func (s Adams) onTimes(times []float64) Fixed            { return s.On(times...) }
func (s Exponential) onTimes(times []float64) Fixed      { return s.On(times...) }
func (s Maruyama) onTimes(times []float64) Fixed         { return s.On(times...) }
func (s BridgeTransition) onTimes(times []float64) Fixed { return s.On(times...) }
func (s StratonovichHeun) onTimes(times []float64) Fixed { return s.On(times...) }
func (s Roessler) onTimes(times []float64) Fixed         { return s.On(times...) }
