package flow_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// ddpm is DDPM's linear schedule in continuous time, beta = Least + (Most - Least)(1-t): a = sqrt(alphabar) = exp(-1/2 int beta), b = sqrt(1 - alphabar).
type ddpm struct{ Least, Most float64 }

func (d ddpm) Coefficients(t *Node) (a, b, c *Node) {
	rest := OneMinus(t)
	integral := Add(MulScalar(rest, d.Least), MulScalar(Square(rest), (d.Most-d.Least)/2))
	a = Exp(MulScalar(integral, -.5))
	return a, Sqrt(Mul(Tanh(MulScalar(integral, .5)), OnePlus(Exp(Neg(integral))))), nil
}

// numbers are the same in closed form, and their derivatives.
func (d ddpm) numbers(t float64) (a, b, da, db float64) {
	integral := (1-t)*d.Least + (1-t)*(1-t)*(d.Most-d.Least)/2
	a, b = math.Exp(-integral/2), math.Sqrt(-math.Expm1(-integral))
	da = a / 2 * (d.Least + (1-t)*(d.Most-d.Least))
	return a, b, da, -a * da / b
}

// quarter is vp as an own path, without noise.
type quarter struct{}

func (quarter) Coefficients(t *Node) (a, b, c *Node) {
	return Sin(MulScalar(t, math.Pi/2)), Cos(MulScalar(t, math.Pi/2)), nil
}

func quarterNumbers(t float64) (a, b, da, db float64) {
	sin, cos := math.Sincos(math.Pi / 2 * t)
	return sin, cos, math.Pi / 2 * cos, -math.Pi / 2 * sin
}

func lineNumbers(t float64) (a, b, da, db float64) { return t, 1 - t, 1, -1 }

// endPaths are paths of two ends with their coefficients in closed form.
var endPaths = []struct {
	path    flow.Path
	numbers func(t float64) (a, b, da, db float64)
}{
	{flow.Straight(), lineNumbers}, {flow.ICFM(0), lineNumbers},
	{flow.OwnPath(line{}), lineNumbers},
	{flow.VariancePreserving(0), quarterNumbers}, {flow.OwnPath(quarter{}), quarterNumbers},
	{flow.OwnPath(ddpm{.1, 20}), ddpm{.1, 20}.numbers},
}

// exactEnd is what a network of that objective predicts at the least loss for data N(m, s^2) in each component: x_t ~ N(a m, V), V = a^2 s^2 + b^2, so that
// E[x0 | x] = b (x - a m)/V and E[x1 | x] = m + a s^2 (x - a m)/V.
func exactEnd(o flow.Objective, m, s, a, b float64, x *Node) *Node {
	off, v := AddScalar(x, -a*m), a*a*s*s+b*b
	if o == flow.Noise() {
		return MulScalar(off, b/v)
	}
	return AddScalar(MulScalar(off, a*s*s/v), m)
}

// TestEndsOfGaussian compares end point, velocity and score with closed forms, from exact networks of x0 and of x1: the flow keeps (x - a m)/sqrt(V), so that v = a' m + V'/(2V) (x - a m).
func TestEndsOfGaussian(t *testing.T) {
	const m, s = 3, .6
	x := []float64{.7, -1.9}
	for _, tc := range endPaths {
		for _, o := range []flow.Objective{flow.Noise(), flow.X1(), flow.X1Plain()} {
			if err := o.Check(tc.path); err != nil {
				t.Fatalf("%v on %v: %v", o, tc.path, err)
			}
			for _, at := range []float64{.01, .2, .5, .9, .99} {
				a, b, da, db := tc.numbers(at)
				v := a*a*s*s + b*b
				var x1, velocity, score []float64
				for _, x := range x {
					x1 = append(x1, m+a*s*s*(x-a*m)/v)
					velocity = append(velocity, da*m+(a*da*s*s+b*db)/v*(x-a*m))
					score = append(score, -(x-a*m)/v)
				}
				for _, node := range []bool{false, true} {
					got := MustExecOnceN(backend(t), func(x *Node) []*Node {
						now := solver.At(at)
						if node {
							now = solver.AtNode(Scalar(x.Graph(), dtypes.Float64, at))
						}
						p := o.Prediction(tc.path, x, exactEnd(o, m, s, a, b, x), now)
						if p.Score == nil {
							p.Score = ZerosLike(x)
						}
						return []*Node{p.X1, p.Velocity, p.Score}
					}, [][]float64{x})
					what := fmt.Sprintf("%v on %v at %g (node %t): ", o, tc.path, at, node)
					near(t, what+"x1", got[0].Value().([][]float64)[0], x1)
					near(t, what+"velocity", got[1].Value().([][]float64)[0], velocity)
					near(t, what+"score", got[2].Value().([][]float64)[0], score)
				}
			}
		}
	}
}

// gaussianNet is the exact network of N(m, s^2) as a model, asked as runs ask theirs.
func gaussianNet(o flow.Objective, path flow.Path, numbers func(t float64) (a, b, da, db float64), m, s float64) *flow.Model {
	return flow.NewModel(func(x, _ *Node, at solver.Time) flow.Prediction {
		at = o.AskedAt(path, at)
		a, b, _, _ := numbers(at.Number())
		return o.Prediction(path, x, exactEnd(o, m, s, a, b, x), at)
	})
}

// states are those of CFM with a solver from x0, in float64.
func states(t *testing.T, m *flow.Model, s solver.Fixed, x0 []float64) (all [][]float64) {
	t.Helper()
	for _, state := range MustExecOnceN(backend(t), func(x *Node) []*Node {
		return s.Integrate(func(state *Node, at solver.Time) *Node {
			return flow.CFM().Velocity(m, flow.Point{X: state, Start: x, T: at}, nil)
		}, x)
	}, [][]float64{x0}) {
		all = append(all, state.Value().([][]float64)[0])
	}
	return all
}

// TestEndsReproduceTheFlow: from x_0 the exact flow goes to a m + sqrt(V/V_0) (x_0 - a_0 m), here over distances of 1 to 5. Twenty steps of each solver come as near to it from exact networks of noise and of the end point as the same
// formulas in float64 by hand, outside of this program, do on the worst of the paths: .0035, .0005, .031 and .068. What predictions that stand still at the ends add is below .0005.
func TestEndsReproduceTheFlow(t *testing.T) {
	const m, s = 3, .6
	x0 := []float64{-2, -.3, 1.1}
	for _, tc := range endPaths[2:] {
		for _, o := range []flow.Objective{flow.Noise(), flow.X1()} {
			if tc.path.String() == "flow_test.quarter" {
				continue // vp by another name
			}
			for _, by := range []struct {
				solver solver.Fixed
				most   float64
			}{
				{solver.Midpoint(20), .004}, {solver.RK4(20), .001},
				{solver.Exponential{Method: "dpmpp2m", N: 20, Path: tc.path}, .035}, {solver.Exponential{Method: "expadams2", N: 20, Path: tc.path}, .075},
			} {
				all := states(t, gaussianNet(o, tc.path, tc.numbers, m, s), by.solver, x0)
				a0, b0, _, _ := tc.numbers(0)
				a, b, _, _ := tc.numbers(1)
				for i, x := range x0 {
					want := a*m + math.Sqrt((a*a*s*s+b*b)/(a0*a0*s*s+b0*b0))*(x-a0*m)
					if got := all[len(all)-1][i]; !(math.Abs(got-want) < by.most) {
						t.Errorf("%v on %v, %v: from %g to %.5f, want %.5f within %g", o, tc.path, by.solver, x, got, want, by.most)
					}
				}
			}
		}
	}
}

// TestExponentialOrderOnOwnPath: on DDPM's path, whose lambda is finite at t = 0, ddim has order 1 and dpmpp2m 2 with steps equal in lambda to t = .9, expadams2 2 with steps equal in t, on networks of noise, of the end point and of
// the velocity. At these numbers of steps the second order is still a little better than that: dt^2.7 and dt^2.4.
func TestExponentialOrderOnOwnPath(t *testing.T) {
	const m, s, last = 3, .6, .9
	path, numbers := flow.OwnPath(ddpm{.1, 20}), ddpm{.1, 20}.numbers
	lambda := func(t float64) float64 { a, b, _, _ := numbers(t); return math.Log(a / b) }
	grid := func(n int, equal bool) (times []float64) {
		for k := range n {
			want := lambda(0) + (lambda(last)-lambda(0))*float64(k)/float64(n)
			lo, hi := 0., last
			for range 60 {
				if mid := (lo + hi) / 2; lambda(mid) < want {
					lo = mid
				} else {
					hi = mid
				}
			}
			if equal {
				lo = last * float64(k) / float64(n)
			} else if k == 0 {
				lo = 0
			}
			times = append(times, lo)
		}
		return append(times, last, 1)
	}
	velocity := flow.NewModel(func(x, _ *Node, at solver.Time) flow.Prediction {
		a, b, da, db := numbers(at.Number())
		return flow.Prediction{Velocity: AddScalar(MulScalar(AddScalar(x, -a*m), (a*da*s*s+b*db)/(a*a*s*s+b*b)), da*m)}
	})
	for _, tc := range []struct {
		method string
		order  float64
	}{{"ddim", 1}, {"dpmpp2m", 2}, {"expadams2", 2}} {
		for what, model := range map[string]*flow.Model{"noise": gaussianNet(flow.Noise(), path, numbers, m, s), "x1": gaussianNet(flow.X1(), path, numbers, m, s), "velocity": velocity} {
			var errors []float64
			for _, n := range []int{10, 20} {
				by := solver.Exponential{Method: tc.method, Times: grid(n, strings.HasPrefix(tc.method, "exp")), Path: path}
				got := states(t, model, by, []float64{-2})[n][0]
				a0, b0, _, _ := numbers(0)
				a, b, _, _ := numbers(last)
				errors = append(errors, math.Abs(got-a*m-math.Sqrt((a*a*s*s+b*b)/(a0*a0*s*s+b0*b0))*(-2-a0*m)))
			}
			if order := math.Log2(errors[0] / errors[1]); order < tc.order-.1 || order > tc.order+.8 || errors[0] > .15 {
				t.Errorf("%s, network of %s: errors %.3g fall as dt^%.2f, want dt^%g", tc.method, what, errors, order, tc.order)
			}
		}
	}
}

// TestNoiseAsDiffusers steps diffusers' formulas for prediction_type "epsilon" by hand, DDIMScheduler.step with eta = 0 and DPMSolverMultistepScheduler's midpoint rule of order 2, on an epsilon that no Gaussian has.
func TestNoiseAsDiffusers(t *testing.T) {
	path, numbers := flow.OwnPath(ddpm{.1, 20}), ddpm{.1, 20}.numbers
	times := []float64{0, .1, .3, .5, .8, .95, 1}
	m := flow.NewModel(func(x, _ *Node, at solver.Time) flow.Prediction {
		return flow.Noise().Prediction(path, x, AddScalar(Sin(MulScalar(x, 2)), at.Number()), at)
	})
	epsilon := func(x, t float64) float64 { return math.Sin(2*x) + t }
	for _, method := range []string{"ddim", "dpmpp2m"} {
		got := states(t, m, solver.Exponential{Method: method, Times: times, Path: path}, []float64{.4})
		x, before := .4, 0.
		for k, s := range times[:len(times)-1] {
			a, b, _, _ := numbers(s)
			next, sigma, _, _ := numbers(times[k+1])
			original := (x - b*epsilon(x, s)) / a
			if method == "ddim" {
				x = next*original + sigma*epsilon(x, s)
			} else {
				lambda := func(a, b float64) float64 { return math.Log(a) - math.Log(b) }
				h := lambda(next, sigma) - lambda(a, b)
				second := 0.
				if k > 0 && sigma > 0 { // lower_order_final
					a1, b1, _, _ := numbers(times[k-1])
					second = (original - before) / ((lambda(a, b) - lambda(a1, b1)) / h)
				}
				x = sigma/b*x - next*math.Expm1(-h)*(original+.5*second)
				before = original
			}
			if math.Abs(got[k+1][0]-x) > 1e-9*math.Abs(x) {
				t.Errorf("%s: state at %g is %.12g, by hand %.12g", method, times[k+1], got[k+1][0], x)
			}
		}
	}
}

func TestAskedAt(t *testing.T) {
	own := flow.OwnPath(ddpm{.1, 20})
	small := func(integral float64) float64 { // when ddpm's integral of beta has fallen to that
		return 1 - (math.Sqrt(.01+2*19.9*integral)-.1)/19.9
	}
	for _, tc := range []struct {
		objective flow.Objective
		path      flow.Path
		at, want  float64
	}{
		{flow.Noise(), flow.Straight(), 0, .005}, {flow.Noise(), flow.Straight(), .004, .005}, {flow.Noise(), flow.Straight(), .3, .3}, {flow.Noise(), flow.Straight(), 1, 1},
		{flow.Noise(), flow.VariancePreserving(0), 0, math.Asin(.005) * 2 / math.Pi}, {flow.Noise(), flow.VariancePreserving(0), 1, 1},
		{flow.Noise(), own, 0, 0}, {flow.Noise(), own, .999, .999}, {flow.Noise(), own, 1, small(-math.Log(1 - 1e-4))}, // b = .01
		{flow.X1(), own, 0, 0}, {flow.X1(), own, 1, small(-math.Log(1 - 1e-4))},
		{flow.X1(), flow.VariancePreserving(0), 0, 0}, {flow.X1(), flow.VariancePreserving(0), 1, math.Acos(.01) * 2 / math.Pi}, {flow.X1Plain(), flow.ICFM(0), 1, .99},
		{flow.X1(), flow.Straight(), 0, 0}, {flow.X1(), flow.Straight(), 1, 1}, {flow.X1(), flow.Target(.1), 1, 1}, {flow.X1Score(), flow.Bridge(.2), 1, 1},
		{flow.Velocity(), own, 0, 0}, {flow.Velocity(), own, 1, 1},
	} {
		got := MustExecOnceN(backend(t), func(x, rest *Node) []*Node {
			return []*Node{tc.objective.AskedAt(tc.path, solver.At(tc.at)).As(x), tc.objective.AskedAt(tc.path, solver.AtNodes(OneMinus(rest), rest)).As(x)}
		}, 1., 1-tc.at)
		for _, out := range got {
			if at := out.Value().(float64); math.Abs(at-tc.want) > 1e-9 {
				t.Errorf("%v on %v: at %g asked at %.10g, want %.10g", tc.objective, tc.path, tc.at, at, tc.want)
			}
		}
	}
}

// TestEndsAreFinite: in float32, at both ends and next to them, whatever the network says.
func TestEndsAreFinite(t *testing.T) {
	for _, tc := range endPaths {
		for _, o := range []flow.Objective{flow.Noise(), flow.X1()} {
			if tc.path == flow.Straight() && o == flow.X1() {
				continue // which divides by .01 at t = 1 only, as released
			}
			for _, at := range []float32{0, 1e-7, 1 - 1e-7, 1} {
				out := MustExecOnceN(backend(t), func(x, net, at, rest *Node) []*Node {
					var all []*Node
					for _, now := range []solver.Time{solver.AtNodes(at, rest), solver.At(1), solver.At(0)} {
						p := o.Prediction(tc.path, x, net, now)
						if p.Score == nil {
							p.Score = x
						}
						all = append(all, p.X1, p.Velocity, p.Score)
					}
					return all
				}, tensor([]float32{1, -3}, 1, 2), tensor([]float32{.3, 2}, 1, 2), at, 1-at)
				for i := range out {
					for _, v := range flat(t, out[i]) {
						if v-v != 0 || math.Abs(float64(v)) > 1e5 {
							t.Errorf("%v on %v next to %g: %s is %g", o, tc.path, at, []string{"x1", "velocity", "score"}[i%3], v)
						}
					}
				}
			}
		}
	}
}

// TestNoiseLoss: errors of 1, -2, 3 and 0 of the start point have the loss 14/4, at any times and on any path.
func TestNoiseLoss(t *testing.T) {
	for _, tc := range endPaths {
		loss := MustExecOnce(backend(t), func(x0, x1, times *Node) *Node {
			off := Const(x0.Graph(), [][]float32{{1, -2}, {3, 0}})
			return flow.Noise().Loss(tc.path, flow.Batch{X0: x0, X1: x1, T: times, Eps: ZerosLike(x0), Net: func(_, _, _ *Node) *Node { return Add(x0, off) }})
		}, tensor([]float32{1, 2, 3, 4}, 2, 2), tensor([]float32{5, 6, 7, 8}, 2, 2), tensor([]float32{.1, .9}, 2)).Value().(float32)
		if loss != 3.5 {
			t.Errorf("on %v: loss %g, want 3.5", tc.path, loss)
		}
	}
}

// broken has coefficients that no graph can be built of.
type broken struct{}

func (broken) Coefficients(t *Node) (a, b, c *Node) { panic("no\npath") }

// float32Only holds constants of float32, as training has its times.
type float32Only struct{}

func (float32Only) Coefficients(t *Node) (a, b, c *Node) {
	a = Mul(t, Const(t.Graph(), []float32{1}))
	return a, OneMinus(a), nil
}

func TestEndsRefused(t *testing.T) {
	for _, tc := range []struct {
		objective flow.Objective
		path      flow.Path
		want      string
	}{
		{flow.Noise(), flow.Bridge(.2), "on path bridge(0.2), which has noise besides x0 and x1, no velocity is made of the start point"},
		{flow.Noise(), flow.ICFM(.1), "own path without noise"}, {flow.Noise(), flow.VariancePreserving(.1), "vp(0.1)"}, {flow.Noise(), flow.Target(0), "target(0)"},
		{flow.Noise(), flow.OwnPath(trigonometric{.1}), "which has noise besides"}, {flow.X1(), flow.OwnPath(trigonometric{.1}), "no velocity is made of the end point"},
		{flow.X1(), flow.VariancePreserving(.1), "no velocity is made of the end point"}, {flow.X1Copies(), flow.VariancePreserving(0), "train with flow.Velocity(), not x1copies"},
		{flow.X1Start(), flow.VariancePreserving(0), "use flow.Bridge"}, {flow.X1Score(), flow.OwnPath(line{}), "use flow.Bridge"},
		{flow.Noise(), flow.Bridge(0), ""}, {flow.Noise(), flow.Straight(), ""}, {flow.Noise(), flow.OwnPath(float32Only{}), ""}, {flow.X1Plain(), flow.ICFM(0), ""},
	} {
		expectError(t, fmt.Sprintf("%v on %v", tc.objective, tc.path), tc.objective.Check(tc.path), tc.want)
	}
	expectError(t, "broken", flow.OwnPath(broken{}).CheckSchedule(), "the coefficients of path flow_test.broken cannot be computed at t in [0, 1]: no")
	expectError(t, "ddim", solver.Exponential{Method: "ddim", N: 3, Path: flow.OwnPath(trigonometric{.1})}.Check(), "noise besides x0 and x1")
	if a, b, da, db := flow.OwnPath(float32Only{}).Schedule(.25); a != .25 || b != .75 || da != 1 || db != -1 {
		t.Errorf("float32: %g %g %g %g", a, b, da, db)
	}
	if got := flow.OwnPath(line{}).Own(); got != (line{}) || flow.Straight().Own() != nil {
		t.Errorf("Own is %v", got)
	}
}

// TestNoisyFieldsOnVP: the score of the ends serves fields with noise on every path of two ends; those that take v = (xhat1 - x)/(1-t) are refused there.
func TestNoisyFieldsOnVP(t *testing.T) {
	const m, s, at, g = 3, .6, .4, .5
	for _, path := range []flow.Path{flow.VariancePreserving(0), flow.OwnPath(quarter{})} {
		f := flow.Stochastic(flow.ConstantNoise(g))
		for _, o := range []flow.Objective{flow.Noise(), flow.X1()} {
			expectError(t, "constant noise", flow.CheckField(f, []float64{at}, o, path), "")
			a, b, da, db := quarterNumbers(at)
			v, off := a*a*s*s+b*b, .7-a*m
			near(t, fmt.Sprint(o), at64(t, f, gaussianNet(o, path, quarterNumbers, m, s), []float64{.7}, at), []float64{da*m + (a*da*s*s+b*db)/v*off - g*g/2*off/v})
		}
		expectError(t, "constant noise at 1", flow.CheckField(f, []float64{1}, flow.Noise(), path), "0/0 there")
		expectError(t, "velocity", flow.CheckField(f, []float64{at}, flow.Velocity(), path), "needs the score, which objective velocity on path")
		expectError(t, "of a bridge", flow.CheckField(flow.StochasticOnBridge(flow.ConstantNoise(g), .2), []float64{at}, flow.Noise(), path), "use flow.Stochastic(g)")
		for _, f := range []flow.Field{flow.IDFF(.5), flow.IDFFWritten(1), flow.IDFFNoisy(1), flow.ReleasedCFM(), flow.ReleasedImages(), flow.ScheduledField{Gamma: [][]float64{{1}}}} {
			expectError(t, f.Name(), flow.CheckField(f, []float64{at}, flow.Noise(), path), "on the straight path and the bridge, not on")
		}
		expectError(t, "probability flow", flow.CheckField(flow.ProbabilityFlow(0), nil, flow.Noise(), path), "use flow.CFM()")
		expectError(t, "meanflow", flow.CheckField(flow.MeanFlow(), nil, flow.Noise(), path), "average velocities")
	}
}
