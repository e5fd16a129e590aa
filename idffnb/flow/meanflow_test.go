package flow_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// gaussianFlow is the flow of the straight path from N(0, 1) to N(mean, std^2), drawn independently: x_t ~ N(t mean, V(t)), V = (1-t)^2 + t^2 std^2, and the flow takes
// x_t to r mean + sqrt(V(r)/V(t)) (x_t - t mean).
type gaussianFlow struct{ mean, std float64 }

func (g gaussianFlow) variance(t *Node) *Node {
	return Add(Square(OneMinus(t)), MulScalar(Square(t), g.std*g.std))
}

// average is u(x, t, t + interval).
func (g gaussianFlow) average(x, t, interval *Node) *Node {
	t, interval = ExpandAxes(t, -1), ExpandAxes(interval, -1)
	r := Add(t, interval)
	end := Add(MulScalar(r, g.mean), Mul(Sqrt(Div(g.variance(r), g.variance(t))), Sub(x, MulScalar(t, g.mean))))
	return Div(Sub(end, x), interval)
}

// velocity is v(x, t) = mean + V'/(2V) (x - t mean).
func (g gaussianFlow) velocity(x, t *Node) *Node {
	t = ExpandAxes(t, -1)
	slope := Sub(MulScalar(t, g.std*g.std), OneMinus(t)) // V'/2
	return AddScalar(Mul(Div(slope, g.variance(t)), Sub(x, MulScalar(t, g.mean))), g.mean)
}

// TestMeanFlowIdentity: u = v + (r-t) du/dt at every point for the exact average velocity.
func TestMeanFlowIdentity(t *testing.T) {
	g := gaussianFlow{1.5, .6}
	x, at, interval := [][]float64{{.3}, {-2}, {1}, {.1}}, []float64{0, .3, .5, .7}, []float64{1, .01, .5, .2}
	out := MustExecOnceN(backend(t), func(x, at, interval *Node) []*Node {
		v, one := g.velocity(x, at), OnesLike(at)
		u, derivative := flow.JVP(func(in []*Node) *Node { return g.average(in[0], in[1], in[2]) }, []*Node{x, at, interval}, []*Node{v, one, Neg(one)})
		return []*Node{u, Add(v, Mul(ExpandAxes(interval, -1), derivative))}
	}, x, at, interval)
	u, target := out[0].Value().([][]float64), out[1].Value().([][]float64)
	for i := range u {
		if math.Abs(u[i][0]-target[i][0]) > 1e-9 {
			t.Errorf("x=%g, t=%g, interval %g: u = %.12g, and v + (r-t) du/dt = %.12g", x[i][0], at[i], interval[i], u[i][0], target[i][0])
		}
	}
}

// TestMeanFlowLossIsLeastAtTheAverage trains the exact average velocity of a Gaussian flow plus a free a + b x: the gradient of the loss in (a, b) must be zero at 0. It is
// linear in the second moments of (x0, x1), so the four corners x0 = +-1, x1 = mean +- std, which have those moments exactly, stand for the whole distribution.
func TestMeanFlowLossIsLeastAtTheAverage(t *testing.T) {
	g := gaussianFlow{1.5, .6}
	x0 := [][]float64{{1}, {1}, {-1}, {-1}}
	x1 := [][]float64{{g.mean + g.std}, {g.mean - g.std}, {g.mean + g.std}, {g.mean - g.std}}
	gradient := func(at, interval, off float64) (float64, []float64) {
		fill := func(v float64) []float64 { return []float64{v, v, v, v} }
		out := MustExecOnceN(backend(t), func(in []*Node) []*Node {
			a, b := in[4], in[5]
			objective := flow.Objective{Kind: "meanflow"}
			loss := objective.Loss(flow.Straight(), flow.Batch{X0: in[0], X1: in[1], T: in[2], Interval: in[3], Eps: ZerosLike(in[0]),
				Net: func(x, t, interval *Node) *Node { return Add(g.average(x, t, interval), Add(a, Mul(b, x))) }})
			return append(Gradient(loss, a, b), loss)
		}, x0, x1, fill(at), fill(interval), off, off)
		return out[2].Value().(float64), []float64{out[0].Value().(float64), out[1].Value().(float64)}
	}
	for _, tc := range [][2]float64{{0, 1}, {0, .3}, {.2, .5}, {.5, .5}, {.9, .1}, {.6, .001}} {
		loss, zero := gradient(tc[0], tc[1], 0)
		for i, d := range zero {
			if math.Abs(d) > 1e-9 {
				t.Errorf("t=%g, interval %g: derivative %d of the loss %g is %g at the exact average velocity", tc[0], tc[1], i, loss, d)
			}
		}
		if _, off := gradient(tc[0], tc[1], .1); !(math.Abs(off[0]) > .01 && math.Abs(off[1]) > 1e-3) {
			t.Errorf("t=%g, interval %g: derivatives %v away from it: the test sees nothing", tc[0], tc[1], off)
		}
	}
}

// TestMeanFlowLossByHand: the network u = c x + d t + e (r-t) has du/dt = c v + d - e.
func TestMeanFlowLossByHand(t *testing.T) {
	const c, d, e = .5, -.7, .3
	x0, x1 := [][]float64{{1, -1}, {.2, .4}}, [][]float64{{2, 3}, {-1, .6}}
	at, interval := []float64{.25, .5}, []float64{.5, 0}
	for _, power := range []float64{0, .5, .75, 1} {
		objective := flow.AverageVelocity()
		objective.Average.Power = power
		got := MustExecOnce(backend(t), func(in []*Node) *Node {
			return objective.Loss(flow.Straight(), flow.Batch{X0: in[0], X1: in[1], T: in[2], Interval: in[3], Eps: ZerosLike(in[0]),
				Net: func(x, t, interval *Node) *Node {
					return Add(MulScalar(x, c), ExpandAxes(Add(MulScalar(t, d), MulScalar(interval, e)), -1))
				}})
		}, x0, x1, at, interval).Value().(float64)
		want := 0.
		for i := range x0 {
			square := 0.
			for k := range x0[i] {
				v := x1[i][k] - x0[i][k]
				u := c*(x0[i][k]+at[i]*v) + d*at[i] + e*interval[i]
				off := u - v - interval[i]*(c*v+d-e)
				square += off * off
			}
			want += square / math.Pow(square+1e-3, power) / 2
		}
		near(t, fmt.Sprintf("loss with power %g", power), []float64{got}, []float64{want})
	}
}

// TestAveragingTimes: t and r are ordered, as often apart as asked, and distributed as asked; the other objectives draw what they always did. Of 20,000 draws the share apart
// and the distribution functions are wrong by more than .018 with a probability below 3e-6 each (2 exp(-2 n e^2)).
func TestAveragingTimes(t *testing.T) {
	const n, bound = 20_000, .018
	for _, a := range []flow.Averaging{{Apart: .75}, {Apart: .25, Mean: .4, Std: 1}, {Apart: 0}, {Apart: 1, Mean: -2, Std: 2}} {
		o := flow.Objective{Kind: "meanflow", Average: a}
		at, interval := o.Times(rand.New(rand.NewPCG(1, 2)), flow.Uniform(), n)
		again, _ := o.Times(rand.New(rand.NewPCG(1, 2)), flow.Uniform(), n)
		if !slices.Equal(at, again) {
			t.Errorf("%v: the same generator gave other times", o)
		}
		apart, below := 0., 0.
		for k := range at {
			if at[k] < 0 || at[k] > 1 || interval[k] < 0 || at[k]+interval[k] > 1+1e-6 {
				t.Fatalf("%v: t = %g, r - t = %g", o, at[k], interval[k])
			}
			if interval[k] > 0 {
				apart++
			}
			if at[k] < .5 {
				below++
			}
		}
		// The lesser of two independent draws is below 1/2 with probability 1 - (1-p)^2, p = P(z < 0).
		p := .5
		if a.Std > 0 {
			p = math.Erfc(a.Mean/a.Std/math.Sqrt2) / 2
		}
		if want := 1 - (1-p)*(1-p); math.Abs(below/n-want) > bound {
			t.Errorf("%v: %.3f of the times are below 1/2, want %.3f", o, below/n, want)
		}
		if math.Abs(apart/n-a.Apart) > bound {
			t.Errorf("%v: %.3f of the intervals are open", o, apart/n)
		}
	}
	at, interval := flow.Velocity().Times(rand.New(rand.NewPCG(5, 6)), flow.Uniform(), 9)
	rng := rand.New(rand.NewPCG(5, 6))
	for k := range at {
		if at[k] != rng.Float32() || interval != nil {
			t.Fatal("velocity no longer draws one uniform number for each time")
		}
	}
}

// averages is the Gaussian flow as a model that knows its averages exactly.
func averages() *flow.Model {
	g := gaussianFlow{1.5, .6}
	return flow.NewModel(func(x, t *Node, at solver.Time) flow.Prediction {
		return flow.AverageVelocity().Prediction(flow.Straight(), x, g.velocity(x, t), at)
	}).WithAverage(g.average)
}

// TestMeanFlowField: with exact averages any number of steps ends where the flow does, for a forward pass each, also on a grid of one's own.
func TestMeanFlowField(t *testing.T) {
	for _, s := range []solver.Fixed{solver.Euler(1), solver.Euler(2), solver.Euler(5), solver.EulerOn(0, .1, .7, 1)} {
		m := averages()
		out := MustExecOnce(backend(t), func(x *Node) *Node {
			states := s.Integrate(func(x *Node, at solver.Time) *Node {
				return flow.MeanFlow().Velocity(m, flow.Point{X: x, Start: x, T: at}, nil)
			}, x)
			return states[len(states)-1]
		}, [][]float64{{-1}, {0}, {2}}).Value().([][]float64)
		near(t, fmt.Sprint(s), []float64{out[0][0], out[1][0], out[2][0]}, []float64{1.5 - .6, 1.5, 1.5 + 1.2})
		if n := s.Steps(); m.Meter != (solver.Meter{Forwards: n, Equivalents: float64(n)}) {
			t.Errorf("%v costs %+v", s, m.Meter)
		}
	}
	for _, s := range []solver.Fixed{solver.Midpoint(2), solver.Heun(2), solver.RK4(1)} {
		_, err := CallOnce(backend(t), func(x *Node) *Node {
			return s.Integrate(func(x *Node, at solver.Time) *Node {
				return flow.MeanFlow().Velocity(averages(), flow.Point{X: x, Start: x, T: at}, nil)
			}, x)[1]
		}, [][]float64{{1}})
		expectError(t, fmt.Sprint(s), oneLine(err), "use solver.Euler(n)")
	}
}

func TestMeanFlowCheck(t *testing.T) {
	expectError(t, "meanflow", flow.CheckField(flow.MeanFlow(), nil, flow.AverageVelocity(), flow.Straight()), "")
	expectError(t, "velocity", flow.CheckField(flow.MeanFlow(), nil, flow.Velocity(), flow.Straight()), "trained with objective velocity")
	expectError(t, "guided", flow.CheckField(flow.Guided(flow.MeanFlow(), 2), nil, flow.Velocity(), flow.Straight()), "flow.AverageVelocity()")
	if !flow.IsBuiltIn(flow.MeanFlow()) {
		t.Error("MeanFlow is taken for a user's field")
	}
	for want, a := range map[string]flow.Averaging{
		"share of 1.2":      {Apart: 1.2},
		"share of NaN":      {Apart: math.NaN()},
		"deviation -1":      {Std: -1},
		"mean +Inf":         {Mean: math.Inf(1), Std: 1},
		"weight of power -": {Power: -.5},
	} {
		expectError(t, want, flow.Objective{Kind: "meanflow", Average: a}.Check(flow.Straight()), want)
	}
	expectError(t, "defaults", flow.AverageVelocity().Check(flow.Straight()), "")
	if got, want := (flow.Objective{Kind: "meanflow", Average: flow.Averaging{Apart: .25, Mean: .4, Std: 1, Power: 1}}).String(), "meanflow(apart 0.25, times logit-normal 0.4 1, power 1)"; got != want {
		t.Errorf("the settings are named %q, want %q", got, want)
	}
}
