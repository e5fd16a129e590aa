package solver

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

// toward is the bridge of noise g to the known end point x1: its drift and its noise, one node for all times.
func toward(x1, g float64) (Field, func(x *graph.Node) Diffusion) {
	drift := func(x *graph.Node, t Time) *graph.Node { return t.DivRest(graph.Sub(constant(x, x1), x)) }
	return drift, func(x *graph.Node) Diffusion {
		noise := constant(x, g)
		return func(*graph.Node, Time) *graph.Node { return noise }
	}
}

// bridgeStates integrates a bridge from x0 with given increments [steps][size], in float64, and returns the states [steps+1][size].
func bridgeStates(t testing.TB, s Stochastic, x0, x1, g float64, w [][]float64) [][]float64 {
	t.Helper()
	drift, noise := toward(x1, g)
	nodes := graph.MustExecOnceN(testBackend(t), func(w *graph.Node) []*graph.Node {
		increments := make([]Increment, s.Steps())
		for k := range increments {
			increments[k].W = graph.Squeeze(graph.SliceAxis(w, 0, graph.AxisElem(k)), 0)
		}
		x := graph.AddScalar(graph.ZerosLike(increments[0].W), x0)
		return s.IntegrateNoise(drift, noise(x), x, increments)
	}, w)
	states := make([][]float64, len(nodes))
	for k, n := range nodes {
		states[k] = n.Value().([]float64)
	}
	return states
}

// TestAncestralByHand follows the formula along a Brownian path.
func TestAncestralByHand(t *testing.T) {
	b := Brownian{Seed: 4, Size: 3}
	w := mustIncrements(t, b, Grid(5))
	got := bridgeStates(t, Ancestral(5), -1, 2, .7, w)
	for i := range b.Size {
		x := -1.
		for k := range 5 {
			rest, next := float64(5-k)/5, float64(4-k)/5 // 1-t, 1-t-dt
			x += .2*(2-x)/rest + .7*math.Sqrt(next/rest)*w[k][i]
			if math.Abs(got[k+1][i]-x) > 1e-14 {
				t.Fatalf("component %d, step %d: %g, want %g", i, k, got[k+1][i], x)
			}
		}
	}
}

// TestAncestralIsTheBridge: to a known end point the states have the joint law of the Brownian bridge, mean (1-t) x0 + t x1 and covariance g^2 s(1-t) for s <= t, at all times of the grid, in one
// step as in ten. They are linear in the increments: component j is given 1 for dW_j and 0 for all others, so that its states, less the mean, are the weights of dW_j, and the law is had without
// chance. Of Euler-Maruyama the end alone is already wrong, by noise of variance g^2/n.
func TestAncestralIsTheBridge(t *testing.T) {
	const x0, x1, g = -1, 2, .7
	for _, n := range []int{1, 2, 3, 5, 10} {
		w := make([][]float64, n)
		for k := range w {
			w[k] = make([]float64, n+1) // the last component has no noise: the mean
			w[k][k] = 1
		}
		grid, dt := Grid(n), 1/float64(n)
		covariance := func(states [][]float64, a, b int) (sum float64) {
			for j := range n {
				sum += (states[a][j] - states[a][n]) * (states[b][j] - states[b][n]) * dt
			}
			return sum
		}
		states := bridgeStates(t, Ancestral(n), x0, x1, g, w)
		for a := range states {
			if want := (1-grid[a])*x0 + grid[a]*x1; math.Abs(states[a][n]-want) > 1e-12 {
				t.Errorf("%d steps: the mean at t = %g is %g, want %g", n, grid[a], states[a][n], want)
			}
			for b := a; b <= n; b++ {
				if got, want := covariance(states, a, b), g*g*grid[a]*(1-grid[b]); math.Abs(got-want) > 1e-12 {
					t.Errorf("%d steps: the covariance at t = %g and %g is %g, want %g", n, grid[a], grid[b], got, want)
				}
			}
		}
		if got := covariance(bridgeStates(t, EulerMaruyama(n), x0, x1, g, w), n, n); math.Abs(got-g*g/float64(n)) > 1e-12 {
			t.Errorf("%d steps of Euler-Maruyama end with noise of variance %g, want %g", n, got, g*g/float64(n))
		}
	}
}

// TestAncestralCost: as many evaluations as Euler-Maruyama, at the same times; without noise Euler's method.
// TestAncestralOfGaussians is the table of BridgeTransition: the deviation of samples over that of Gaussian data, on the exact drift. It is linear in the start and in the increments, so that the
// law is had without chance.
func TestAncestralOfGaussians(t *testing.T) {
	for _, c := range []struct {
		s, g                float64
		n                   int
		ancestral, maruyama float64
	}{
		{.5, 1, 8, .70, 1.09}, {.5, 1, 50, .91, 1.01}, {.5, .2, 8, .82, .85}, {.5, .2, 50, .97, .98}, {.05, 1, 8, .12, 7.07}, {.05, 1, 50, .32, 2.86},
	} {
		for name, want := range map[string]float64{"ancestral": c.ancestral, "euler-maruyama": c.maruyama} {
			var method Stochastic = Ancestral(c.n)
			if name != "ancestral" {
				method = EulerMaruyama(c.n)
			}
			w := make([][]float64, c.n)
			for k := range w {
				w[k] = make([]float64, c.n+1)
				w[k][k] = 1
			}
			start := make([]float64, c.n+1) // the last component is the weight of the start
			start[c.n] = 1
			drift := func(x *graph.Node, at Time) *graph.Node {
				t, u := at.Number(), 1-at.Number()
				end := t * c.s * c.s / (t*t*c.s*c.s + u*u + c.g*c.g*t*u) // xhat1 = end x
				return graph.MulScalar(x, (end-1)/u)
			}
			nodes := graph.MustExecOnceN(testBackend(t), func(x, w *graph.Node) []*graph.Node {
				noise, increments := constant(x, c.g), make([]Increment, c.n)
				for k := range increments {
					increments[k].W = graph.Squeeze(graph.SliceAxis(w, 0, graph.AxisElem(k)), 0)
				}
				return method.IntegrateNoise(drift, func(*graph.Node, Time) *graph.Node { return noise }, x, increments)
			}, start, w)
			last, variance := nodes[c.n].Value().([]float64), 0.
			for k, v := range last {
				if k < c.n {
					v *= math.Sqrt(1 / float64(c.n))
				}
				variance += v * v
			}
			if got := math.Sqrt(variance) / c.s; math.Abs(got-want) > .006 {
				t.Errorf("%s x%d, data %g, noise %g: %.3f, want %.2f", name, c.n, c.s, c.g, got, want)
			}
		}
	}
}

func TestAncestralCost(t *testing.T) {
	for _, noisy := range []bool{false, true} {
		var meters [2]Meter
		var times [2]string
		var ends [2][]float64
		for i, s := range []Stochastic{EulerMaruyama(6), Ancestral(6)} {
			e := equation{drift: func(x *graph.Node, at Time) *graph.Node {
				meters[i].Evaluation(0)
				next, ok := at.Next()
				times[i] += fmt.Sprintf("%g in step %d until %g %t, ", at.Number(), at.Step, next.Number(), ok)
				return graph.Neg(x)
			}}
			if noisy {
				e.diffusion = func(x *graph.Node, _ Time) *graph.Node { return constant(x, 1) }
			}
			w, _ := noiseFor(t, s, Brownian{Seed: 1, Size: 2})
			meters[i], times[i] = Meter{}, ""
			ends[i] = end(t, s, e, ones(2), w, w)
		}
		if meters[0] != meters[1] || meters[0].Forwards != 6 || times[0] != times[1] {
			t.Errorf("noise %t: cost %+v at %s; Euler-Maruyama %+v at %s", noisy, meters[1], times[1], meters[0], times[0])
		}
		if same := ends[0][0] == ends[1][0] && ends[0][1] == ends[1][1]; same == noisy {
			t.Errorf("noise %t: the ends of Euler-Maruyama and ancestral sampling are %v and %v", noisy, ends[0], ends[1])
		}
	}
	if got, want := fmt.Sprint(Ancestral(4).EvaluatedAt()), fmt.Sprint(EulerMaruyama(4).EvaluatedAt()); got != want {
		t.Errorf("times %s, want %s", got, want)
	}
}

// TestAncestralRefuses noise that is not constant, in one line.
func TestAncestralRefuses(t *testing.T) {
	for want, g := range map[string]Diffusion{
		"not one scalar node at t = 0.333 and at 0": func(x *graph.Node, at Time) *graph.Node { return at.MulRest(constant(x, 1)) },
		"take solver.EulerMaruyama(3)":              func(x *graph.Node, _ Time) *graph.Node { return x },
		"the diffusion is missing":                  func(*graph.Node, Time) *graph.Node { return nil },
	} {
		_, err := graph.CallOnce(testBackend(t), func(x, w *graph.Node) *graph.Node {
			return Ancestral(3).IntegrateNoise(func(x *graph.Node, _ Time) *graph.Node { return x }, g, x, []Increment{{W: w}, {W: w}, {W: w}})[3]
		}, ones(2), ones(2))
		if err == nil {
			t.Errorf("no error, want %q", want)
			continue
		}
		if line, _, _ := strings.Cut(err.Error(), "\n"); !strings.Contains(line, want) {
			t.Errorf("error %q, want %q", line, want)
		}
	}
}
