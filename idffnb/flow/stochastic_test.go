package flow_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// exact is a way to train a network, and what it would predict if it were perfect.
type exact struct {
	objective flow.Objective
	path      flow.Path
}

// ways are those that give the score.
var ways = []exact{
	{flow.X1(), flow.Straight()},
	{flow.Velocity(), flow.Straight()},
	{flow.X1Score(), flow.Bridge(.5)},
	{flow.X1Score(), flow.ReleasedBridge(.5)},
	{flow.X1Start(), flow.Bridge(.5)},
}

func (e exact) String() string { return fmt.Sprintf("%v on %v", e.objective, e.path) }

// field is the field with noise g for the way's networks.
func (e exact) field(g flow.Diffusion) flow.StochasticField {
	return flow.StochasticOnBridge(g, e.path.Noise)
}

// spread is the variance of the path's noise, V_t - t^2 s^2: start N(0, I) and bridge.
func (e exact) spread(t float64) float64 {
	return (1-t)*(1-t) + e.path.Noise*e.path.Noise*t*(1-t)
}

// model turns the end point and the score of an exact solution into what a network of that objective would put out, and that into its prediction.
func (e exact) model(solution func(x *Node, t float64) (x1, score *Node)) *flow.Model {
	return flow.NewModel(func(x, _ *Node, at solver.Time) flow.Prediction {
		t := at.Number()
		x1, score := solution(x, t)
		out := x1
		switch e.objective {
		case flow.Velocity():
			out = DivScalar(Sub(x1, x), 1-t)
		case flow.X1Score(): // the head at the least loss |lambda_t head + eps|^2, score = -E[eps | x]/sigma_t
			head := ZerosLike(x)
			if t > 0 {
				head = MulScalar(score, e.path.Noise*math.Sqrt(t*(1-t))/(2*t*(1-t)))
			}
			out = Concatenate([]*Node{x1, head}, -1)
		case flow.X1Start(): // the head at the least loss |lambda_t head + x0|^2, with E[x0 | x] from E[eps | x] = -sigma_t score
			head, sigma := ZerosLike(x), e.path.Noise*math.Sqrt(t*(1-t))
			if t > 0 && t < 1 {
				start := DivScalar(Add(Sub(x, MulScalar(x1, t)), MulScalar(score, sigma*sigma)), 1-t)
				head = MulScalar(start, -(e.path.Noise*e.path.Noise+1e-8)/(2*sigma))
			}
			out = Concatenate([]*Node{x1, head}, -1)
		}
		return e.objective.Prediction(e.path, x, out, at)
	})
}

// gaussian is the exact model of data N(0, s^2 I): x_t ~ N(0, V_t I).
func (e exact) gaussian(s float64) *flow.Model {
	return e.model(func(x *Node, t float64) (x1, score *Node) {
		variance := t*t*s*s + e.spread(t)
		return MulScalar(x, t*s*s/variance), DivScalar(Neg(x), variance)
	})
}

// coefficients of the linear equation dx = a x dt + g dW that a field is for Gaussian data, at each time.
func coefficients(tb testing.TB, f flow.Field, m *flow.Model, times []float64) (a, g []float64) {
	tb.Helper()
	out := MustExecOnceN(backend(tb), func(x *Node) []*Node {
		var nodes []*Node
		factors := factorNodes(f, x)
		for _, t := range times {
			nodes = append(nodes, f.Velocity(m, flow.Point{X: x, Start: x, T: solver.At(t)}, factors))
			if noisy, ok := f.(flow.Noisy); ok {
				nodes = append(nodes, Add(noisy.Diffusion(solver.At(t), factors), ZerosLike(x)))
			} else {
				nodes = append(nodes, ZerosLike(x))
			}
		}
		return nodes
	}, [][]float64{{1}})
	for i := range times {
		a = append(a, out[2*i].Value().([][]float64)[0][0])
		g = append(g, out[2*i+1].Value().([][]float64)[0][0])
	}
	return a, g
}

func factorNodes(f flow.Field, x *Node) []*Node {
	factors := make([]*Node, len(f.Factors()))
	for i, v := range f.Factors() {
		factors[i] = Scalar(x.Graph(), dtypes.Float64, v)
	}
	return factors
}

// chain is the exact variance of Euler-Maruyama's states for Gaussian data: V <- (1 + a dt)^2 V + g^2 dt.
func chain(tb testing.TB, f flow.Field, m *flow.Model, s solver.Maruyama) []float64 {
	tb.Helper()
	a, g := coefficients(tb, f, m, s.EvaluatedAt())
	variances, dt := []float64{1}, 1/float64(s.N)
	for k := range s.N {
		gain := 1 + a[k]*dt
		variances = append(variances, gain*gain*variances[k]+g[k]*g[k]*dt)
	}
	return variances
}

// walk draws n points of the plane from N(0, I) with Euler-Maruyama and returns the states, each [n, 2].
func walk(tb testing.TB, f flow.Field, m *flow.Model, s solver.Maruyama, n int, seed uint64) [][]float64 {
	tb.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	x0 := make([]float64, 2*n)
	for i := range x0 {
		x0[i] = rng.NormFloat64()
	}
	increments, err := (solver.Brownian{Seed: seed, Size: 2 * n}).Increments(s.Grid())
	if err != nil {
		tb.Fatal(err)
	}
	out := MustExecOnce(backend(tb), func(x, w *Node) *Node {
		factors := factorNodes(f, x)
		drift := func(x *Node, at solver.Time) *Node {
			return f.Velocity(m, flow.Point{X: x, Start: x, T: at}, factors)
		}
		noisy, ok := f.(flow.Noisy)
		if !ok {
			return Stack(s.Integrate(drift, x), 0)
		}
		dw := make([]solver.Increment, s.N)
		for k := range dw {
			dw[k].W = Reshape(SliceAxis(w, 0, AxisElem(k)), n, 2)
		}
		return Stack(s.IntegrateNoise(drift, func(_ *Node, at solver.Time) *Node { return noisy.Diffusion(at, factors) }, x, dw), 0)
	}, tensors.FromFlatDataAndDimensions(x0, n, 2), increments)
	flat, err := tensors.CopyFlatData[float64](out)
	if err != nil {
		tb.Fatal(err)
	}
	states := make([][]float64, s.N+1)
	for k := range states {
		states[k] = flat[k*2*n:][:2*n]
	}
	return states
}

var noises = []flow.Diffusion{{}, flow.DecayingNoise(1), flow.DecayingNoise(3), flow.BridgeNoise(1.5), flow.MatchingNoise(16), flow.ConstantNoise(.5), flow.ConstantNoise(1)}

// TestFokkerPlanck: for Gaussian data, where dx = a x dt + g dW, the marginals are kept if and only if dV/dt = 2 a V + g^2, at every t and for every g.
func TestFokkerPlanck(t *testing.T) {
	const s = .6
	times := []float64{.1, .37, .5, .9, .99}
	for _, way := range ways {
		for _, g := range noises {
			a, b := coefficients(t, way.field(g), way.gaussian(s), times)
			for i, at := range times {
				variance := at*at*s*s + way.spread(at)
				want := 2*at*s*s - 2*(1-at) + way.path.Noise*way.path.Noise*(1-2*at)
				near(t, fmt.Sprintf("%v, %v, t=%g", way, g, at), []float64{2*a[i]*variance + b[i]*b[i]}, []float64{want})
			}
		}
	}
	// IDFF as written with its noise keeps them but for the root before v.
	for _, way := range []exact{ways[0], ways[2]} {
		f := flow.NoisyWrittenField{Gamma: 2.5, Sigma0: .4, Bridge: way.path.Noise}
		a, b := coefficients(t, f, way.gaussian(s), times)
		for i, at := range times {
			variance := at*at*s*s + way.spread(at)
			v, root := (at*s*s/variance-1)/(1-at), math.Sqrt(1-2.5*.16*at*(1-at))
			want := 2*at*s*s - 2*(1-at) + way.path.Noise*way.path.Noise*(1-2*at)
			near(t, fmt.Sprintf("%s, %v, t=%g", f.Name(), way, at), []float64{2*(a[i]+(1-root)*v)*variance + b[i]*b[i]}, []float64{want})
		}
	}
}

// TestGaussianMarginals draws 2048 points (4096 components) of Gaussian data and compares mean and variance with those of the exact model at three times. Given the variance of
// the chain, which is within 6% of the path's own at 60 steps, the statistics are N(0, 1) and chi^2 with 4096 degrees of freedom, near enough to normal; the bound of
// 6.5 standard deviations has probability 1e-9 each at most: all 108 give a false alarm less often than 2e-7.
func TestGaussianMarginals(t *testing.T) {
	const s, n, bound = .6, 2048, 6.5
	euler := solver.EulerMaruyama(60)
	for i, way := range ways[:3] {
		for j, g := range noises[1:] {
			f := way.field(g)
			variances := chain(t, f, way.gaussian(s), euler)
			states := walk(t, f, way.gaussian(s), euler, n, uint64(100*i+j))
			for _, k := range []int{18, 42, 60} {
				at := float64(k) / 60
				want := at*at*s*s + way.spread(at)
				if math.Abs(variances[k]/want-1) > .06 {
					t.Errorf("%v, %v, t=%g: the chain's variance is %.4g, want %.4g within 6%%", way, g, at, variances[k], want)
				}
				mean, square := 0., 0.
				for _, x := range states[k] {
					mean += x
					square += x * x
				}
				if z := mean / math.Sqrt(2*n*variances[k]); !(math.Abs(z) < bound) {
					t.Errorf("%v, %v, t=%g: the mean is off by %.1f standard deviations", way, g, at, z)
				}
				if z := (square/variances[k] - 2*n) / math.Sqrt(4*n); !(math.Abs(z) < bound) {
					t.Errorf("%v, %v, t=%g: the variance %.4g is off by %.1f standard deviations", way, g, at, square/(2*n), z)
				}
			}
		}
	}
}

// eight is the exact model of 8gaussians, centres c_k at radius 5 and covariance sqrt(.1) I: given its mode, x_t ~ N(t c_k, V_t I).
const eightVariance = .31622776601683794

func (e exact) eight() *flow.Model {
	var centres [8][2]float64
	for k := range centres {
		sin, cos := math.Sincos(float64(k) * math.Pi / 4)
		centres[k] = [2]float64{5 * cos, 5 * sin}
	}
	return e.model(func(x *Node, t float64) (x1, score *Node) {
		variance := t*t*eightVariance + e.spread(t)
		c := ConstAs(x, centres)
		centre := Einsum("nk,kd->nd", Softmax(MulScalar(Einsum("nd,kd->nk", x, c), t/variance), -1), c)
		from := Sub(x, MulScalar(centre, t))
		return Add(centre, MulScalar(from, t*eightVariance/variance)), DivScalar(Neg(from), variance)
	})
}

// TestMixtureMarginals draws 8192 points of 8gaussians with the exact score and compares projections on three directions with their distribution function, a mixture of
// normals, at four times. By the inequality of Dvoretzky, Kiefer, Wolfowitz (constant of Massart 1990) the greatest difference of distribution functions exceeds e by chance with a
// probability of at most 2 exp(-2 n e^2): at the bound of .034, 1.2e-8 each and 6e-7 for all 48.
func TestMixtureMarginals(t *testing.T) {
	const n, bound = 8192, .034
	for i, tc := range []struct {
		way exact
		g   flow.Diffusion
	}{
		{ways[0], flow.DecayingNoise(1)}, {ways[0], flow.BridgeNoise(1.5)}, {ways[1], flow.DecayingNoise(3)}, {ways[2], flow.ConstantNoise(1)},
	} {
		states := walk(t, tc.way.field(tc.g), tc.way.eight(), solver.EulerMaruyama(100), n, uint64(i))
		for _, k := range []int{25, 50, 75, 100} {
			at := float64(k) / 100
			std := math.Sqrt(at*at*eightVariance + tc.way.spread(at))
			for _, angle := range []float64{0, .2, math.Pi / 8} {
				if d := farthest(states[k], angle, 5*at, std); d > bound {
					t.Errorf("%v, %v, t=%g, direction %.2f: the distribution functions differ by %.3f, want at most %.3f", tc.way, tc.g, at, angle, d, bound)
				}
			}
		}
	}
}

// farthest is the greatest difference between the distribution function of points x [n, 2] projected on a direction and that of eight normals around a circle.
func farthest(x []float64, angle, radius, std float64) float64 {
	sin, cos := math.Sincos(angle)
	projected := make([]float64, len(x)/2)
	for i := range projected {
		projected[i] = cos*x[2*i] + sin*x[2*i+1]
	}
	sort.Float64s(projected)
	n, most := float64(len(projected)), 0.
	for i, p := range projected {
		cdf := 0.
		for k := range 8 {
			cdf += math.Erfc((radius*math.Cos(float64(k)*math.Pi/4-angle)-p)/std/math.Sqrt2) / 16
		}
		most = max(most, math.Abs(cdf-float64(i)/n), math.Abs(cdf-float64(i+1)/n))
	}
	return most
}

// TestGammaNeedsItsNoise shows what IDFF as written does to Gaussian data of standard deviation .56: gamma_1 = 1/2 keeps it, above that it comes out colder the larger gamma_1, and
// the matching noise restores it, all but for what the root before v adds.
func TestGammaNeedsItsNoise(t *testing.T) {
	const s = .56
	way, many := ways[0], solver.EulerMaruyama(200)
	ratio := func(f flow.Field) float64 {
		return math.Sqrt(chain(t, f, way.gaussian(s), many)[many.N]) / s
	}
	for _, tc := range []struct{ gamma, alone, root, matching float64 }{ // of the data's standard deviation; 200 steps
		{.5, .9941, .9941, .9929}, {4, .9363, 1.0023, .9935}, {16, .7629, 1.0205, .9950},
	} {
		for _, c := range []struct {
			field flow.Field
			want  float64
		}{
			{flow.IDFFWritten(tc.gamma), tc.alone},
			{flow.IDFFNoisy(tc.gamma), tc.root},
			{flow.Stochastic(flow.MatchingNoise(tc.gamma)), tc.matching},
		} {
			if got := ratio(c.field); math.Abs(got-c.want) > 6e-4 {
				t.Errorf("%s: samples have %.4f times the data's standard deviation, want %.4f", c.field.Name(), got, c.want)
			}
		}
	}
	// Drawn: the variance of 4096 components has a relative standard deviation of .022. Without noise it is 40% below the data's, 18 of these;
	// 5.5 of them decide (false alarm 1e-7).
	fifty := solver.EulerMaruyama(50)
	for _, tc := range []struct {
		field  flow.Field
		colder bool
	}{{flow.IDFFWritten(16), true}, {flow.IDFFNoisy(16), false}, {flow.Stochastic(flow.MatchingNoise(16)), false}} {
		square := 0.
		for _, x := range walk(t, tc.field, way.gaussian(s), fifty, 2048, 5)[fifty.N] {
			square += x * x / (s * s) / 4096
		}
		if colder := square < 1-5.5*.022; colder != tc.colder {
			t.Errorf("%s: samples have %.3f times the data's variance", tc.field.Name(), square)
		}
	}
}

// TestConstantNoiseIsUnstable: where the data are thin, constant noise blows up near t = 1 with more steps, until they resolve the data; decaying noise does not.
func TestConstantNoiseIsUnstable(t *testing.T) {
	const s = .01
	end := func(g flow.Diffusion, n int) float64 {
		return math.Sqrt(chain(t, flow.Stochastic(g), ways[0].gaussian(s), solver.EulerMaruyama(n))[n])
	}
	for _, n := range []int{25, 50, 100} {
		if got := end(flow.ConstantNoise(1), n); got < 1 {
			t.Errorf("constant noise, %d steps: standard deviation %g, want it to blow up", n, got)
		}
		if got := end(flow.DecayingNoise(1), n); got > 2*s {
			t.Errorf("decaying noise, %d steps: standard deviation %g of data with %g", n, got, s)
		}
	}
}
