package flow_test

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// learned is what a network of the objective predicts on the bridge at the least loss.
func (g bridgeGaussian) learned(o flow.Objective) *flow.Model {
	return flow.NewModel(func(x, _ *Node, at solver.Time) flow.Prediction {
		t := at.Number()
		first, second := g.velocity(t), -g.sigma*g.sigma/2/g.variance(t)
		if o == flow.X1Score() {
			first, second = t*g.s*g.s/g.variance(t), 0 // of no use to the bridge's own diffusion
		}
		return o.Prediction(flow.Bridge(g.sigma), x, Concatenate([]*Node{MulScalar(x, first), MulScalar(x, second)}, -1), at)
	})
}

// variances are those of all states of a solver for Gaussian data, from N(0, 1). The states are linear in the start and the increments: of n+1 points the first has the start 1 and no noise, and
// point j the start 0 and 1 for dW_j alone, so that the squares of the states sum to the variances, without chance.
func variances(tb testing.TB, f flow.Noisy, m *flow.Model, s solver.Stochastic) []float64 {
	tb.Helper()
	n := s.Steps()
	x0, w := make([][]float64, n+1), make([][]float64, n)
	for j := range x0 {
		x0[j] = []float64{0}
	}
	x0[0][0] = 1
	for k := range w {
		w[k] = make([]float64, n+1)
		w[k][k+1] = 1
	}
	out := MustExecOnceN(backend(tb), func(x, w *Node) []*Node {
		factors, noise := factorNodes(f, x), make([]solver.Increment, n)
		for k := range noise {
			noise[k].W = Reshape(SliceAxis(w, 0, AxisElem(k)), n+1, 1)
		}
		drift := func(x *Node, at solver.Time) *Node {
			return f.Velocity(m, flow.Point{X: x, Start: x, T: at}, factors)
		}
		return s.IntegrateNoise(drift, func(_ *Node, at solver.Time) *Node { return f.Diffusion(at, factors) }, x, noise)
	}, x0, w)
	v := make([]float64, n+1)
	for k := range v {
		for j, row := range out[k].Value().([][]float64) {
			if weight := row[0] * row[0]; j == 0 {
				v[k] += weight
			} else {
				v[k] += weight / float64(n)
			}
		}
	}
	return v
}

// TestAncestralKeepsMarginals: on exact networks of Gaussian data the variance of the states comes to that of the bridge at all t as the first power of the step (64 steps are within 7.3 % at worst,
// bound 8 %), and so to that of many steps of Euler-Maruyama. In few steps what is left out is the spread of x1 given x: the end is too narrow, never too wide, and one step of Euler-Maruyama has
// sigma^2 more.
func TestAncestralKeepsMarginals(t *testing.T) {
	for _, g := range []bridgeGaussian{{.6, .5}, {2, 1}, {.3, .2}} {
		for _, o := range []flow.Objective{flow.VelocityScore(), flow.X1Score()} {
			f := flow.Stochastic(flow.ConstantNoise(g.sigma))
			if o == flow.X1Score() {
				f = flow.StochasticOnBridge(flow.ConstantNoise(g.sigma), g.sigma)
			}
			m := g.learned(o)
			off := map[int]float64{}
			for _, n := range []int{1, 2, 5, 32, 64} {
				v := variances(t, f, m, solver.Ancestral(n))
				for k := range v {
					off[n] = max(off[n], math.Abs(v[k]/g.variance(float64(k)/float64(n))-1))
				}
				if v[n] > g.s*g.s {
					t.Errorf("%+v, %v, %d steps: the end has variance %g, the data %g", g, o, n, v[n], g.s*g.s)
				}
				if n == 1 {
					near(t, "one step of Euler-Maruyama", variances(t, f, m, solver.EulerMaruyama(1))[1:], []float64{v[1] + g.sigma*g.sigma})
				}
				if n == 64 {
					for k, many := range chain(t, f, m, solver.EulerMaruyama(256)) {
						if k%4 == 0 && math.Abs(v[k/4]/many-1) > .08 {
							t.Errorf("%+v, %v, t=%g: variance %g, of 256 steps of Euler-Maruyama %g", g, o, float64(k)/256, v[k/4], many)
						}
					}
				}
			}
			if !(off[64] < .08 && off[64] < .6*off[32]) {
				t.Errorf("%+v, %v: variances are off by %.3g of themselves with 32 steps, by %.3g with 64", g, o, off[32], off[64])
			}
		}
	}
}

func TestCheckAncestral(t *testing.T) {
	own := flow.ConstantNoise(.3)
	for _, tc := range []struct {
		field flow.Field
		path  flow.Path
		want  string
	}{
		{flow.Stochastic(own), flow.Bridge(.3), ""},
		{flow.StochasticOnBridge(own, .3), flow.Bridge(.3), ""},
		{flow.StochasticOnBridge(own, .3), flow.ReleasedBridge(.3), ""},
		{flow.Guided(flow.Stochastic(own), 2), flow.Bridge(.3), ""},
		{flow.Stochastic(own), flow.Straight(), "trained on path straight: use solver.EulerMaruyama(5)"},
		{flow.Stochastic(flow.ConstantNoise(0)), flow.Bridge(0), "trained on path bridge(0)"},
		{flow.Stochastic(flow.ConstantNoise(.2)), flow.Bridge(.3), "use flow.ConstantNoise(0.3), or solver.EulerMaruyama(5)"},
		{flow.Stochastic(flow.ConstantNoise(0)), flow.Bridge(.3), "not that bridge's own diffusion"},
		{flow.Stochastic(flow.DecayingNoise(.3)), flow.Bridge(.3), "not that bridge's own diffusion"},
		{flow.NoisyWrittenField{Gamma: .5, Bridge: .3}, flow.Bridge(.3), "not the equation of a Brownian bridge"},
		{flow.CFM(), flow.Bridge(.3), "CFM adds no noise, and ancestral sampling is that of a bridge with noise: use solver.Euler(5)"},
	} {
		expectError(t, tc.field.Name(), flow.CheckAncestral(tc.field, tc.path, 5), tc.want)
	}
}

// TestEndPointsOnBridge: of a network of end points on the bridge the velocity is the probability flow and sigma^2/2 times the score beside it, whichever the objective, so that CFM, and IDFF as
// written with gamma_1 = 1/2, are colder than the data; without noise StochasticField is the probability flow.
func TestEndPointsOnBridge(t *testing.T) {
	g := bridgeGaussian{.6, .5}
	path, times := flow.Bridge(g.sigma), []float64{.1, .37, .5, .9}
	for _, o := range []flow.Objective{flow.X1(), flow.X1Plain(), flow.X1Copies()} {
		m := flow.NewModel(func(x, _ *Node, at solver.Time) flow.Prediction {
			return o.Prediction(path, x, MulScalar(x, at.Number()*g.s*g.s/g.variance(at.Number())), at)
		})
		a, _ := coefficients(t, flow.CFM(), m, times)
		for i, at := range times {
			near(t, o.String(), a[i:i+1], []float64{g.velocity(at) - g.sigma*g.sigma/2/g.variance(at)})
		}
	}
	way := exact{flow.X1Score(), path}
	flowing, _ := coefficients(t, way.field(flow.ConstantNoise(0)), way.gaussian(g.s), times)
	for i, at := range times {
		near(t, "probability flow", flowing[i:i+1], []float64{g.velocity(at)})
	}
	end := func(f flow.Field) float64 {
		const n = 400
		a, _ := coefficients(t, f, way.gaussian(g.s), solver.Grid(n)[:n])
		sigma := 1.
		for _, a := range a {
			sigma *= 1 + a/n
		}
		return sigma
	}
	if flowing, half := end(way.field(flow.ConstantNoise(0))), end(flow.WrittenField{Gamma: []float64{.5}, Sigma0: g.sigma}); math.Abs(flowing/g.s-1) > .02 || half > .85*g.s {
		t.Errorf("the probability flow ends with deviation %g, IDFF as written with gamma_1 = 1/2 with %g, the data have %g", flowing, half, g.s)
	}
}
