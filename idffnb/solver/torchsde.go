package solver

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// Torchsde takes the steps that torchsde 0.2.6 takes in sdeint(sde, y0, ts, dt=Dt) for noise of each component by itself: from 0 in steps of Dt, the last one cut short at 1. The times ts
// are only where it gives states, by interpolation; they change no step. Method "srk", which sdeint takes by itself, is SRID2 of Roessler for every noise, additive noise too; method "euler" is
// Euler-Maruyama.
//
//	         evaluations here           evaluations in torchsde
//	euler    1 a step                   1 a step, and 1 that looks at the shape of the drift
//	srk      3 a step                   10 a step, as it evaluates a stage again for each later one, and 1
//
// With srk the last evaluations are at t = 1. The steps end at times of Brownian's tree, the multiples of 1/4096: at multiples of Dt moved by 1/8192 at most.
type Torchsde struct {
	Method string  // "srk" or "euler"; empty: srk
	Dt     float64 // in (0, 1]
}

// SDEInt is torchsde's sdeint with its default method, srk, and steps of dt.
func SDEInt(dt float64) Torchsde { return Torchsde{Method: "srk", Dt: dt} }

// SDEIntEuler is torchsde's sdeint with method euler, Euler-Maruyama, and steps of dt.
func SDEIntEuler(dt float64) Torchsde { return Torchsde{Method: "euler", Dt: dt} }

func (s Torchsde) method() string {
	if s.Method == "" {
		return "srk"
	}
	return s.Method
}

// Name implements Solver.
func (s Torchsde) Name() string { return "torchsde " + s.method() }

// Steps implements Fixed.
func (s Torchsde) Steps() int { return len(s.Grid()) - 1 }

// Grid implements Solver: multiples of 1/4096.
func (s Torchsde) Grid() []float64 {
	const leaves = 1 << BrownianDepth
	grid := []float64{0}
	if s.Check() != nil {
		return append(grid, 1)
	}
	for k := 1; ; k++ {
		t := math.Round(float64(k)*s.Dt*leaves) / leaves
		if t >= 1 {
			return append(grid, 1)
		}
		grid = append(grid, t)
	}
}

// String gives the method and its step, e.g. "torchsde srk dt=0.3".
func (s Torchsde) String() string { return fmt.Sprintf("%s dt=%g", s.Name(), s.Dt) }

// graphKey identifies the graph.
func (s Torchsde) graphKey() string { return s.String() }

// Check says in one line what is wrong with the solver, or nil.
func (s Torchsde) Check() error {
	if m := s.method(); m != "srk" && m != "euler" {
		return fmt.Errorf("solver: unknown method %q of torchsde; valid names: srk, euler", m)
	}
	if !(s.Dt >= 1./(1<<BrownianDepth) && s.Dt <= 1) {
		return fmt.Errorf("solver: %s with steps of %g: want a step from 1/%d to 1", s.Name(), s.Dt, 1<<BrownianDepth)
	}
	return nil
}

// EvaluatedAt lists the times at which the drift is evaluated.
func (s Torchsde) EvaluatedAt() []float64 {
	grid, times := s.Grid(), []float64(nil)
	for k := range len(grid) - 1 {
		times = append(times, grid[k])
		if s.method() == "srk" {
			times = append(times, grid[k+1], stageTime(grid[k], grid[k+1], .5))
		}
	}
	return times
}

// TorchsdeEvaluations is how often torchsde itself evaluates the drift at each time, for the cost that a user of it pays: 41 in all for srk with steps of 0.3.
func (s Torchsde) TorchsdeEvaluations() map[float64]int {
	grid, calls := s.Grid(), map[float64]int{0: 1}
	for k := range len(grid) - 1 {
		if s.method() == "euler" {
			calls[grid[k]]++
			continue
		}
		calls[grid[k]] += 5 // the first stage four times, and the fourth, which has no weight
		calls[grid[k+1]] += 3
		calls[stageTime(grid[k], grid[k+1], .5)] += 2
	}
	return calls
}

// NeedsArea implements Stochastic: srk does.
func (s Torchsde) NeedsArea() bool { return s.method() == "srk" }

// Integrate implements Fixed, without noise: Euler's method, or with srk a Runge-Kutta method of order 3.
func (s Torchsde) Integrate(field Field, x *graph.Node) []*graph.Node {
	return s.IntegrateNoise(field, nil, x, nil)
}

// IntegrateNoise implements Stochastic.
func (s Torchsde) IntegrateNoise(drift Field, diffusion Diffusion, x *graph.Node, noise []Increment) []*graph.Node {
	if err := s.Check(); err != nil {
		panic(err)
	}
	drift = alike(drift)
	grid := s.Grid()
	if s.method() == "euler" {
		return stochasticSteps(s, diffusion, x, noise, func(x *graph.Node, k int) *graph.Node {
			t := At(grid[k]).InStep(k).Until(At(grid[k+1]))
			next := graph.Add(x, graph.MulScalar(drift(x, t), grid[k+1]-grid[k]))
			if diffusion != nil {
				next = graph.Add(next, graph.Mul(diffusion.at(s, x, t), noise[k].W))
			}
			return next
		})
	}
	return stochasticSteps(s, diffusion, x, noise, func(x *graph.Node, k int) *graph.Node {
		step := srkStep{h: grid[k+1] - grid[k], x: x}
		at := func(c float64) Time { return At(stageTime(grid[k], grid[k+1], c)).InStep(k) }
		step.f = func(x *graph.Node, c float64) *graph.Node { return drift(x, at(c)) }
		if diffusion == nil {
			zero := graph.ZerosLike(x)
			step.g = func(*graph.Node, float64) *graph.Node { return zero }
			step.dw, step.mean = zero, zero
		} else {
			step.g = func(x *graph.Node, c float64) *graph.Node { return diffusion.at(s, x, at(c)) }
			step.dw, step.mean = noise[k].W, graph.DivScalar(noise[k].Area, step.h)
		}
		return step.diagonal(step.g(x, 0))
	})
}
