package attractor

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
)

// System is a system of ordinary differential equations dx/dt = f(x), with where
// its trajectories start.
type System struct {
	Name string
	Dim  int
	Step float64 // time between frames unless Ask says otherwise
	// Lyapunov is the largest Lyapunov exponent, per unit of time: errors grow as
	// exp(Lyapunov t) while they are small. 0 where there is no chaos.
	Lyapunov float64

	slope     func(x []*graph.Node) []*graph.Node
	start     func(rng *rand.Rand) []float64
	transient float64 // time that passes before the first frame
}

// LyapunovTime is 1/Lyapunov, in which errors grow by a factor e: the unit of
// valid prediction times. It is infinite without chaos.
func (s System) LyapunovTime() float64 {
	if s.Lyapunov <= 0 {
		return math.Inf(1)
	}
	return 1 / s.Lyapunov
}

// Lorenz is Lorenz's system with sigma = 10, rho = 28, beta = 8/3,
//
//	x' = sigma (y - x),   y' = x (rho - z) - y,   z' = x y - beta z
//
// (Deterministic nonperiodic flow, J. Atmos. Sci. 20, 1963). Largest Lyapunov
// exponent .9056 (Viswanath, Lyapunov exponents from random Fibonacci sequences to
// the Lorenz equations, thesis, Cornell 1998; Sprott, Chaos and Time-Series
// Analysis, 2003, appendix A). Trajectories start near the attractor, 20 units of
// time before the first frame.
func Lorenz() System {
	return System{
		Name: "lorenz", Dim: 3, Step: .05, Lyapunov: .9056, transient: 20,
		start: func(rng *rand.Rand) []float64 {
			return []float64{uniform(rng, -15, 15), uniform(rng, -15, 15), uniform(rng, 10, 40)}
		},
		slope: func(p []*graph.Node) []*graph.Node {
			x, y, z := p[0], p[1], p[2]
			return []*graph.Node{
				graph.MulScalar(graph.Sub(y, x), 10),
				graph.Sub(graph.Mul(x, graph.AddScalar(graph.Neg(z), 28)), y),
				graph.Sub(graph.Mul(x, y), graph.MulScalar(z, 8./3)),
			}
		},
	}
}

// Rossler is Rössler's system with a = .2, b = .2, c = 5.7,
//
//	x' = -y - z,   y' = x + a y,   z' = b + z (x - c)
//
// (An equation for continuous chaos, Phys. Lett. A 57, 1976). Largest Lyapunov
// exponent .0714 (Sprott 2003, appendix A). Trajectories start near the attractor,
// 200 units of time before the first frame.
func Rossler() System {
	return System{
		Name: "rossler", Dim: 3, Step: .25, Lyapunov: .0714, transient: 200,
		start: func(rng *rand.Rand) []float64 {
			return []float64{uniform(rng, -5, 5), uniform(rng, -5, 5), uniform(rng, 0, .5)}
		},
		slope: func(p []*graph.Node) []*graph.Node {
			x, y, z := p[0], p[1], p[2]
			return []*graph.Node{
				graph.Neg(graph.Add(y, z)),
				graph.Add(x, graph.MulScalar(y, .2)),
				graph.AddScalar(graph.Mul(z, graph.AddScalar(x, -5.7)), .2),
			}
		},
	}
}

// Spiral winds into the origin,
//
//	x' = -.1 x^3 - 2 y^3,   y' = 2 x^3 - .1 y^3,
//
// the example of neural ordinary differential equations (examples/ode_demo.py of
// torchdiffeq, which starts at (2, 0)). Trajectories start at a random angle, 1.5
// to 2.5 from the origin. It is not chaotic.
func Spiral() System {
	return System{
		Name: "spiral", Dim: 2, Step: .1,
		start: func(rng *rand.Rand) []float64 {
			sin, cos := math.Sincos(uniform(rng, 0, 2*math.Pi))
			r := uniform(rng, 1.5, 2.5)
			return []float64{r * cos, r * sin}
		},
		slope: func(p []*graph.Node) []*graph.Node {
			x, y := graph.Mul(p[0], graph.Square(p[0])), graph.Mul(p[1], graph.Square(p[1]))
			return []*graph.Node{
				graph.Sub(graph.MulScalar(x, -.1), graph.MulScalar(y, 2)),
				graph.Sub(graph.MulScalar(x, 2), graph.MulScalar(y, .1)),
			}
		},
	}
}

func uniform(rng *rand.Rand, low, high float64) float64 { return low + (high-low)*rng.Float64() }

// Names lists the systems.
func Names() []string { return []string{"lorenz", "rossler", "spiral"} }

// ByName finds a system. The error lists the names.
func ByName(name string) (System, error) {
	for _, s := range []System{Lorenz(), Rossler(), Spiral()} {
		if s.Name == name {
			return s, nil
		}
	}
	return System{}, fmt.Errorf("attractor: there is no system %q; the names are %s", name, strings.Join(Names(), ", "))
}
