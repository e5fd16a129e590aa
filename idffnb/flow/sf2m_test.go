package flow_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// oneLine is an error without the stack that GoMLX appends.
func oneLine(err error) error {
	if err == nil {
		return nil
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(line)
}

// bridgeGaussian is what [SF]^2M learns on the bridge of noise sigma from N(0, 1) to N(0, s^2), drawn independently: x_t ~ N(0, V), V = (1-t)^2 + t^2 s^2 + sigma^2 t(1-t),
// velocity V'/(2V) x, score -x/V, end point t s^2/V x.
type bridgeGaussian struct{ s, sigma float64 }

func (g bridgeGaussian) variance(t float64) float64 {
	return (1-t)*(1-t) + t*t*g.s*g.s + g.sigma*g.sigma*t*(1-t)
}

func (g bridgeGaussian) velocity(t float64) float64 { // times x
	return (2*t*g.s*g.s - 2*(1-t) + g.sigma*g.sigma*(1-2*t)) / (2 * g.variance(t))
}

// TestSF2MLossByHand compares the loss with its formula, written out.
func TestSF2MLossByHand(t *testing.T) {
	const sigma, a, b = .7, .4, -.3 // the network is (a x, b x)
	x0, x1, eps, at := []float64{1, -.5}, []float64{2, .3}, []float64{.2, -1.1}, []float64{.25, .8}
	column := func(v []float64) [][]float64 { return [][]float64{{v[0]}, {v[1]}} }
	got := MustExecOnce(backend(t), func(in []*Node) *Node {
		return flow.VelocityScore().Loss(flow.Bridge(sigma), flow.Batch{X0: in[0], X1: in[1], Eps: in[2], T: in[3],
			Net: func(x, _, interval *Node) *Node {
				if interval != nil {
					t.Error("sf2m has an interval")
				}
				return Concatenate([]*Node{MulScalar(x, a), MulScalar(x, b)}, -1)
			}})
	}, column(x0), column(x1), column(eps), at).Value().(float64)
	want := 0.
	for i := range x0 {
		t := at[i]
		sigmaT := sigma * math.Sqrt(t*(1-t))
		x := t*x1[i] + (1-t)*x0[i] + sigmaT*eps[i]
		u := (1-2*t)/(2*t*(1-t))*sigmaT*eps[i] + x1[i] - x0[i]
		lambda := 2 * sigmaT / (sigma * sigma)
		first, second := a*x-u, lambda*b*x+eps[i]
		want += (first*first + second*second) / 2
	}
	if math.Abs(got-want) > 1e-6*want { // the 1e-8 of TorchCFM's divisors
		t.Errorf("loss %g, want %g", got, want)
	}
}

// TestSF2MLearnsFlowAndScore: where all is Gaussian, the gradient of the loss in the two heads' slopes is zero at the velocity of the probability flow and at sigma^2/2 times the
// score, and Prediction turns them into velocity, score and end point. The loss depends on the second moments of (x0, x1, eps) alone, which the eight corners +-1, +-s, +-1 have exactly.
func TestSF2MLearnsFlowAndScore(t *testing.T) {
	for _, g := range []bridgeGaussian{{.6, .5}, {2, 1}, {.3, .1}} {
		var x0, x1, eps [][]float64
		for k := range 8 {
			sign := func(bit int) float64 { return float64(2*(k>>bit&1) - 1) }
			x0, x1, eps = append(x0, []float64{sign(0)}), append(x1, []float64{g.s * sign(1)}), append(eps, []float64{sign(2)})
		}
		for _, at := range []float64{.1, .37, .5, .9} {
			times := make([]float64, 8)
			for k := range times {
				times[k] = at
			}
			score := -1 / g.variance(at)
			out := MustExecOnceN(backend(t), func(in []*Node) []*Node {
				v, h := in[4], in[5]
				loss := flow.VelocityScore().Loss(flow.Bridge(g.sigma), flow.Batch{X0: in[0], X1: in[1], Eps: in[2], T: in[3],
					Net: func(x, _, _ *Node) *Node { return Concatenate([]*Node{Mul(v, x), Mul(h, x)}, -1) }})
				x := OnesLike(in[0])
				p := flow.VelocityScore().Prediction(flow.Bridge(g.sigma), x, Concatenate([]*Node{Mul(v, x), Mul(h, x)}, -1), solver.At(at))
				return append(Gradient(loss, v, h), ReduceAllMean(p.Velocity), ReduceAllMean(p.Score), ReduceAllMean(p.X1))
			}, x0, x1, eps, times, g.velocity(at), g.sigma*g.sigma/2*score)
			what := fmt.Sprintf("%+v, t=%g", g, at)
			value := func(i int) float64 { return out[i].Value().(float64) }
			for i, head := range []string{"velocity", "score"} {
				if math.Abs(value(i)) > 1e-4 { // the 1e-8 in lambda_t's divisor .1^2 is 1e-6 of it, and lambda_t is 20 sqrt(t(1-t))
					t.Errorf("%s: the loss has the derivative %g in the %s's head at the exact one", what, value(i), head)
				}
			}
			near(t, what+", velocity", []float64{value(2)}, []float64{g.velocity(at)})
			for i, want := range []float64{score, at * g.s * g.s / g.variance(at)} {
				if math.Abs(value(3+i)-want) > 2e-6*math.Abs(want)+1e-6 {
					t.Errorf("%s: %s %g, want %g", what, []string{"score", "end point"}[i], value(3+i), want)
				}
			}
		}
	}
}

// TestSF2MKeepsMarginals: with what the loss learns, the equation of Stochastic keeps the bridge's marginals for any noise g, dV/dt = 2 a V + g^2; and TorchCFM's
// dx = (v + h) dt + sigma dW is the one of g = sigma.
func TestSF2MKeepsMarginals(t *testing.T) {
	g := bridgeGaussian{.6, .5}
	path := flow.Bridge(g.sigma)
	m := flow.NewModel(func(x, _ *Node, at solver.Time) flow.Prediction {
		t := at.Number()
		out := Concatenate([]*Node{MulScalar(x, g.velocity(t)), MulScalar(x, -g.sigma*g.sigma/2/g.variance(t))}, -1)
		return flow.VelocityScore().Prediction(path, x, out, at)
	})
	times := []float64{0, .1, .37, .5, .9, 1}
	for _, noise := range append(noises, flow.ConstantNoise(g.sigma)) {
		f := flow.Stochastic(noise)
		expectError(t, f.Name(), flow.CheckField(f, times, flow.VelocityScore(), path), "")
		a, b := coefficients(t, f, m, times)
		for i, at := range times {
			v := g.variance(at)
			if got, want := 2*a[i]*v+b[i]*b[i], 2*g.velocity(at)*v; math.Abs(got-want) > 1e-6 {
				t.Errorf("%v, t=%g: the variance changes by %g, want %g", noise, at, got, want)
			}
			if want := g.velocity(at) - g.sigma*g.sigma/2/v; noise == flow.ConstantNoise(g.sigma) && math.Abs(a[i]-want) > 1e-6 {
				t.Errorf("t=%g: the drift is %g x, and TorchCFM's v + h is %g x", at, a[i], want)
			}
		}
	}
}

func TestSF2MCheck(t *testing.T) {
	o := flow.VelocityScore()
	expectError(t, "bridge", o.Check(flow.Bridge(.3)), "")
	for _, path := range []flow.Path{flow.Bridge(0), flow.Straight(), flow.ReleasedBridge(.3), flow.ICFM(.3)} {
		expectError(t, path.String(), o.Check(path), "use flow.Bridge(sigma) with sigma > 0")
	}
	if o.Heads() != 2 || o.String() != "sf2m" {
		t.Errorf("%v has %d heads", o, o.Heads())
	}
}
