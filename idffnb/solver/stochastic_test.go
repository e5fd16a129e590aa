package solver

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

// equation is dx = f dt + g dW for components that do not know of one another.
type equation struct {
	drift     Field
	diffusion Diffusion
}

// constant is the scalar v in x's graph and type.
func constant(x *graph.Node, v float64) *graph.Node { return graph.Scalar(x.Graph(), x.DType(), v) }

// noiseFor is the noise of a solver's steps along a Brownian path: [steps][size] increments, and integrals where the solver needs them.
func noiseFor(t testing.TB, s Stochastic, b Brownian) (w, areas [][]float64) {
	t.Helper()
	if !s.NeedsArea() {
		w = mustIncrements(t, b, s.Grid())
		return w, w
	}
	w, areas, err := b.Areas(s.Grid())
	if err != nil {
		t.Fatal(err)
	}
	return w, areas
}

// end integrates an equation from x0 with given noise, in float64, and returns the state at t = 1.
func end(t testing.TB, s Stochastic, e equation, x0 []float64, w, areas [][]float64) []float64 {
	t.Helper()
	return graph.MustExecOnce(testBackend(t), func(x, w, areas *graph.Node) *graph.Node {
		noise := make([]Increment, s.Steps())
		for k := range noise {
			noise[k].W = graph.Squeeze(graph.SliceAxis(w, 0, graph.AxisElem(k)), 0)
			if s.NeedsArea() {
				noise[k].Area = graph.Squeeze(graph.SliceAxis(areas, 0, graph.AxisElem(k)), 0)
			}
		}
		return s.IntegrateNoise(e.drift, e.diffusion, x, noise)[s.Steps()]
	}, x0, w, areas).Value().([]float64)
}

// ones is a start at 1.
func ones(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

// slope is that of the logarithm of the mean distance between ends and solution over the logarithm of 1/steps, by least squares.
func slope(t *testing.T, with func(n int) Stochastic, e equation, solution []float64, b Brownian) float64 {
	t.Helper()
	var sx, sy, sxx, sxy, n float64
	for _, steps := range []int{8, 16, 32, 64} {
		s := with(steps)
		w, areas := noiseFor(t, s, b)
		sum := 0.
		for i, v := range end(t, s, e, ones(b.Size), w, areas) {
			sum += math.Abs(v - solution[i])
		}
		x, y := -math.Log(float64(steps)), math.Log(sum)
		sx, sy, sxx, sxy, n = sx+x, sy+y, sxx+x*x, sxy+x*y, n+1
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

func maruyama(n int) Stochastic { return EulerMaruyama(n) }
func heun(n int) Stochastic     { return HeunStratonovich(n) }
func srk(n int) Stochastic      { return SRK(n) }

// TestStrongOrders: along the same Brownian paths, solvers come closer to the solution as 1/steps to the power of their strong order, within .3.
//
// Diagonal noise: dx = a x dt + b x dW (geometric Brownian motion), whose solution is exp((a - b^2/2) + b W(1)) in the sense of Itô and exp(a + b W(1)) in that of
// Stratonovich. Additive noise: dx = (a exp(-x) + c) dt + b dW, for which z = exp(x) obeys a linear equation, so that
//
//	exp(x(1)) = exp(c + b W(1)) (1 + a int_0^1 exp(-c s - b W(s)) ds)
//
// the integral by the expansion of the integrand to second order on each of the 4096 leaves of the tree, from W and its integral. The error is the mean of |x(1) - solution| over 1000 paths; for
// each of the ten seeds 0 to 9 every slope was within .1 of nominal.
func TestStrongOrders(t *testing.T) {
	const a, b, c = .5, .8, .3
	path := Brownian{Seed: 5, Size: 1000}
	ito, stratonovich := make([]float64, path.Size), make([]float64, path.Size)
	for i, w := range mustIncrements(t, path, []float64{0, 1})[0] {
		ito[i], stratonovich[i] = math.Exp(a-b*b/2+b*w), math.Exp(a+b*w)
	}
	times := func(v float64) func(x *graph.Node, _ Time) *graph.Node {
		return func(x *graph.Node, _ Time) *graph.Node { return graph.MulScalar(x, v) }
	}
	geometric := equation{times(a), times(b)}
	additive := equation{
		func(x *graph.Node, _ Time) *graph.Node {
			return graph.AddScalar(graph.MulScalar(graph.Exp(graph.Neg(x)), a), c)
		},
		func(x *graph.Node, _ Time) *graph.Node { return constant(x, b) },
	}
	shaped := equation{additive.drift, func(x *graph.Node, _ Time) *graph.Node { return graph.AddScalar(graph.ZerosLike(x), b) }}
	leaf := functional(t, path, a, b, c)
	for _, tc := range []struct {
		name     string
		with     func(n int) Stochastic
		e        equation
		solution []float64
		order    float64
	}{
		{"geometric", maruyama, geometric, ito, .5},
		{"geometric", heun, geometric, stratonovich, 1},
		{"geometric", srk, geometric, ito, 1.5},
		{"additive", maruyama, additive, leaf, 1},
		{"additive", heun, additive, leaf, 1},
		{"additive", srk, additive, leaf, 1.5},
		{"additive, shaped as x", srk, shaped, leaf, 1.5},
	} {
		got := slope(t, tc.with, tc.e, tc.solution, path)
		t.Logf("%s, %s: error falls as dt^%.2f", tc.with(1).Name(), tc.name, got)
		if math.Abs(got-tc.order) > .3 {
			t.Errorf("%s, %s: error falls as dt^%.2f, want dt^%g within .3", tc.with(1).Name(), tc.name, got, tc.order)
		}
	}
}

// functional is the solution of TestStrongOrders for additive noise, from x = 1.
func functional(t *testing.T, path Brownian, a, b, c float64) []float64 {
	t.Helper()
	const leaves = 1 << BrownianDepth
	dw, areas, err := path.Areas(Grid(leaves))
	if err != nil {
		t.Fatal(err)
	}
	solution := make([]float64, path.Size)
	for i := range solution {
		const h = 1. / leaves
		w, sum := 0., 0.
		for k := range dw {
			at := float64(k) * h
			sum += math.Exp(-c*at-b*w) * (h - c*h*h/2 - b*areas[k][i] + b*b/2*h*h/2)
			w += dw[k][i]
		}
		solution[i] = c + b*w + math.Log(math.E+a*sum)
	}
	return solution
}

// TestAgainstTorchsde takes the step of testdata/torchsde_step.py, the second of two. torchsde evaluates the same formulas in another order.
func TestAgainstTorchsde(t *testing.T) {
	var want struct {
		T, H       float64
		X, W, Area []float64
		Steps      []struct {
			Solver, Noise string
			End           []float64
			Drifts        int
		}
	}
	text, err := os.ReadFile("testdata/torchsde_step.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if want.T != .5 || want.H != .5 || len(want.Steps) != 6 {
		t.Fatalf("a step from %g of %g, %d solvers", want.T, want.H, len(want.Steps))
	}
	for _, step := range want.Steps {
		s, err := ByName(step.Solver, 2)
		if err != nil {
			t.Fatal(err)
		}
		drift := func(x *graph.Node, at Time) *graph.Node {
			if at.Step == 0 {
				return graph.ZerosLike(x)
			}
			return graph.Sub(graph.Sin(x), at.Mul(x))
		}
		diffusion := func(x *graph.Node, at Time) *graph.Node {
			v := at.Number()
			switch {
			case at.Step == 0 && step.Noise == "additive":
				return constant(x, 0)
			case at.Step == 0:
				return graph.ZerosLike(x)
			case step.Noise == "additive":
				return constant(x, math.Exp(-v)+v*v)
			}
			return graph.MulScalar(graph.Sqrt(graph.OnePlus(graph.Square(x))), (1+v)/2)
		}
		got := end(t, s.(Stochastic), equation{drift, diffusion}, want.X, [][]float64{want.W, want.W}, [][]float64{want.Area, want.Area})
		for i, v := range got {
			if !(math.Abs(v-step.End[i]) < 1e-13) {
				t.Errorf("%s, %s noise: component %d ends at %.16g, torchsde's at %.16g", step.Solver, step.Noise, i, v, step.End[i])
			}
		}
	}
}

// TestSRKIsExact: for dx = t dt + (1 + 2t) dW SRK gives x(1) = 1/2 + 3 W(1) - 2 int_0^1 W dt, whatever its steps: that is all of the noise it needs to know.
func TestSRKIsExact(t *testing.T) {
	path := Brownian{Seed: 2, Size: 20}
	w, areas, err := path.Areas([]float64{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	e := equation{
		func(x *graph.Node, at Time) *graph.Node { return at.Mul(graph.OnesLike(x)) },
		func(x *graph.Node, at Time) *graph.Node { return constant(x, 1+2*at.Number()) },
	}
	for _, n := range []int{1, 3, 10} {
		dw, area := noiseFor(t, SRK(n), path)
		for i, v := range end(t, SRK(n), e, make([]float64, path.Size), dw, area) {
			if want := .5 + 3*w[0][i] - 2*areas[0][i]; math.Abs(v-want) > 1e-13 {
				t.Errorf("%d steps, component %d: %.16g, want %.16g", n, i, v, want)
			}
		}
	}
}

// TestHeunIsStratonovich: EM with the drift of Itô and Heun with that of Stratonovich solve the same equation, and neither does with the other's.
func TestHeunIsStratonovich(t *testing.T) {
	const b = .8
	path := Brownian{Seed: 9, Size: 400}
	square := func(x *graph.Node, _ Time) *graph.Node { return graph.MulScalar(x, b) }
	distance := func(drift float64) float64 {
		e := equation{func(x *graph.Node, _ Time) *graph.Node { return graph.MulScalar(x, drift) }, square}
		w, _ := noiseFor(t, HeunStratonovich(128), path)
		sum := 0.
		for i, v := range end(t, HeunStratonovich(128), e, ones(path.Size), w, w) {
			w1 := 0.
			for k := range w {
				w1 += w[k][i]
			}
			sum += math.Abs(v/math.Exp(-b*b/2+b*w1)-1) / 400 // Itô's solution of dx = b x dW
		}
		return sum
	}
	if right, wrong := distance(-b*b/2), distance(0); right > .02 || wrong < .3 {
		t.Errorf("relative distance from Itô's solution %.3f with the drift that Itô's equation has for Stratonovich, %.3f without", right, wrong)
	}
}

// TestStochasticWithoutNoise: Euler's method, heun2, and for SRK the second order method with nodes 0 and 3/4, by Integrate and with a diffusion of 0.
func TestStochasticWithoutNoise(t *testing.T) {
	grid := SRK(7).Grid()
	x := -.5
	var byHand []float64
	f := func(x, t float64) float64 { return 2 * t * (1 + x*x) }
	for k := range 7 {
		h := grid[k+1] - grid[k]
		first := f(x, grid[k])
		x += h/3*first + 2*h/3*f(x+.75*h*first, grid[k]+.75*h)
		byHand = append(byHand, x)
	}
	field := func(x *graph.Node, at Time) *graph.Node {
		return graph.MulScalar(at.Mul(graph.OnePlus(graph.Square(x))), 2)
	}
	states := func(s Fixed) []float64 {
		out := graph.MustExecOnce(testBackend(t), func(x *graph.Node) *graph.Node { return graph.Stack(s.Integrate(field, x)[1:], 0) }, -.5)
		return out.Value().([]float64)
	}
	for _, tc := range []struct {
		s    Stochastic
		want []float64
	}{{EulerMaruyama(7), states(Euler(7))}, {HeunStratonovich(7), states(Heun(7))}, {SRK(7), byHand}} {
		got := states(tc.s)
		w, areas := noiseFor(t, tc.s, Brownian{Seed: 1, Size: 2})
		zero := end(t, tc.s, equation{field, func(x *graph.Node, _ Time) *graph.Node { return constant(x, 0) }}, []float64{-.5, -.5}, w, areas)
		for k := range tc.want {
			if math.Abs(got[k]-tc.want[k]) > 1e-15 {
				t.Fatalf("%v: states %v, want %v", tc.s, got, tc.want)
			}
		}
		if math.Abs(zero[0]-got[6]) > 1e-15 || zero[0] != zero[1] {
			t.Errorf("%v: ends %v with a diffusion of 0, want %g", tc.s, zero, got[6])
		}
	}
}

func lastOf(states []*graph.Node) *graph.Node { return states[len(states)-1] }

// TestGradientThroughNoise: the derivative of the end with respect to the start of dx = a x dt + b x dW along a path is end/start, for each solver.
func TestGradientThroughNoise(t *testing.T) {
	for _, s := range []Stochastic{EulerMaruyama(6), HeunStratonovich(6), SRK(6)} {
		w, areas := noiseFor(t, s, Brownian{Seed: 3, Size: 4})
		out := graph.MustExecOnceN(testBackend(t), func(x, w, areas *graph.Node) []*graph.Node {
			noise := make([]Increment, 6)
			for k := range noise {
				row := func(rows *graph.Node) *graph.Node {
					return graph.Squeeze(graph.SliceAxis(rows, 0, graph.AxisElem(k)), 0)
				}
				noise[k] = Increment{W: row(w), Area: row(areas)}
			}
			drift := func(x *graph.Node, _ Time) *graph.Node { return graph.MulScalar(x, -.7) }
			diffusion := func(x *graph.Node, _ Time) *graph.Node { return graph.MulScalar(x, .6) }
			last := lastOf(s.IntegrateNoise(drift, diffusion, x, noise))
			return []*graph.Node{last, graph.Gradient(graph.ReduceAllSum(last), x)[0]}
		}, []float64{1, 2, -1, .5}, w, areas)
		ends, slopes := out[0].Value().([]float64), out[1].Value().([]float64)
		for i, x := range []float64{1, 2, -1, .5} {
			if math.Abs(slopes[i]-ends[i]/x) > 1e-13 {
				t.Errorf("%v, component %d: derivative %g, want %g", s, i, slopes[i], ends[i]/x)
			}
		}
	}
}
