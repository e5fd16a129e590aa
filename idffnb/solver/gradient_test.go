package solver

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

// trigonometric is x_t = sin(pi t/2) x1 + cos(pi t/2) x0, as flow.VariancePreserving(0).
type trigonometric struct{}

func (trigonometric) Schedule(t float64) (alpha, sigma, dAlpha, dSigma float64) {
	if t == 1 {
		return 1, 0, 0, -math.Pi / 2
	}
	sin, cos := math.Sincos(math.Pi / 2 * t)
	return sin, cos, math.Pi / 2 * cos, -math.Pi / 2 * sin
}
func (trigonometric) CheckSchedule() error { return nil }
func (trigonometric) String() string       { return "trigonometric" }

// fixedSolvers are all kinds of Fixed solver of the package.
func fixedSolvers() map[string]Fixed {
	list := map[string]Fixed{
		"scheduled":            Scheduled{Times: []float64{0, .2, .5, 1}, Weights: [][]float64{{1.1}, {-.3, 1.2}, {.1, -.4, .9}}},
		"expadams3 own grid":   Exponential{Method: "expadams3", Times: []float64{0, .1, .3, .6, 1}},
		"expadams3 other path": Exponential{Method: "expadams3", N: 4, Path: trigonometric{}},
		"dpmpp3m other path":   Exponential{Method: "dpmpp3m", N: 5, Path: trigonometric{}},
	}
	for _, known := range named() {
		list[known.name] = known.with(5)
	}
	return list
}

// TestGradient compares the gradients of |x(1)|^2 with respect to the start and to a parameter a of the field sin(a x) - t x with central differences, in
// float64: the differences' error is about 1e-9.
func TestGradient(t *testing.T) {
	x0, a := []float64{.7, -1.1, 2}, 1.3
	for name, s := range fixedSolvers() {
		loss := func(x, a *graph.Node) *graph.Node {
			states := s.Integrate(func(x *graph.Node, at Time) *graph.Node {
				return graph.Sub(graph.Sin(graph.Mul(a, x)), at.Mul(x))
			}, x)
			return graph.ReduceAllSum(graph.Square(states[len(states)-1]))
		}
		backend := testBackend(t)
		value := graph.MustNewExec(backend, loss)
		at := func(x []float64, a float64) float64 { return value.MustCall(x, a)[0].Value().(float64) }
		out := graph.MustExecOnceN(backend, func(x, a *graph.Node) []*graph.Node { return graph.Gradient(loss(x, a), x, a) }, x0, a)
		got := append(append([]float64{}, out[0].Value().([]float64)...), out[1].Value().(float64))
		const h = 1e-5
		for i := range got {
			up, down, aUp, aDown := append([]float64{}, x0...), append([]float64{}, x0...), a, a
			what := "the parameter"
			if i < len(x0) {
				what = fmt.Sprintf("start %d", i)
				up[i], down[i] = x0[i]+h, x0[i]-h
			} else {
				aUp, aDown = a+h, a-h
			}
			want := (at(up, aUp) - at(down, aDown)) / (2 * h)
			if !(math.Abs(got[i]-want) < 1e-7*(1+math.Abs(want))) || math.Abs(want) < 1e-3 {
				t.Errorf("%s: gradient with respect to %s is %.10g, want %.10g", name, what, got[i], want)
			}
		}
	}
}

// TestGradientOfEuler: on dx/dt = a x, N Euler steps are x (1 + a/N)^N, whose derivatives are known.
func TestGradientOfEuler(t *testing.T) {
	const n, x, a = 4, 1.5, .8
	for _, s := range []Fixed{Euler(n), DDIM(n), EulerOn(Grid(n)...)} {
		out := graph.MustExecOnceN(testBackend(t), func(x, a *graph.Node) []*graph.Node {
			return graph.Gradient(s.Integrate(func(x *graph.Node, _ Time) *graph.Node { return graph.Mul(a, x) }, x)[n], x, a)
		}, x, a)
		for i, want := range []float64{math.Pow(1+a/n, n), x * math.Pow(1+a/n, n-1)} {
			if got := out[i].Value().(float64); math.Abs(got-want) > 1e-14 {
				t.Errorf("%v: derivative %d is %.16g, want %.16g", s, i, got, want)
			}
		}
	}
}
