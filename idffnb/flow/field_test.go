package flow_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// gaussian is the exact model for data N(0, s^2 I) on the straight path from N(0, I): with variance V_t = (1-t)^2 + t^2 s^2,
// xhat1 = t s^2/V_t x and grad log p_t = -x/V_t.
func gaussian(s, t float64) (gain, variance float64) {
	variance = (1-t)*(1-t) + t*t*s*s
	return t * s * s / variance, variance
}

func gaussianModel(s float64) *flow.Model {
	return flow.NewModel(func(x, _ *Node, at solver.Time) flow.Prediction {
		gain, _ := gaussian(s, at.Number())
		return flow.X1().Prediction(flow.Straight(), x, MulScalar(x, gain), at)
	})
}

// at64 evaluates a field at one float64 point.
func at64(t *testing.T, f flow.Field, m *flow.Model, x []float64, at float64) []float64 {
	t.Helper()
	out := MustExecOnce(backend(t), func(x *Node) *Node {
		factors := make([]*Node, len(f.Factors()))
		for i, v := range f.Factors() {
			factors[i] = Scalar(x.Graph(), dtypes.Float64, v)
		}
		return f.Velocity(m, flow.Point{X: x, Start: x, T: solver.At(at)}, factors)
	}, [][]float64{x})
	return out.Value().([][]float64)[0]
}

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= 1e-9*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: %v, want %v", what, got, want)
		}
	}
}

// TestScoreOfGaussian checks the three ways to the score against the closed form.
func TestScoreOfGaussian(t *testing.T) {
	x, s := []float64{.7, -1.9}, .6
	for _, at := range []float64{0, .2, .5, .9} {
		gain, variance := gaussian(s, at)
		got := MustExecOnceN(backend(t), func(x *Node) []*Node {
			x1 := MulScalar(x, gain)
			t := solver.At(at)
			v := flow.VelocityFromX1(x, x1, t)
			return []*Node{flow.ScoreFromX1(x, x1, t), flow.ScoreFromVelocity(x, v, t), flow.X1FromVelocity(x, v, t),
				DivScalar(Neg(flow.NoiseFromX1(x, x1, t)), 1-at)}
		}, [][]float64{x})
		score := []float64{-x[0] / variance, -x[1] / variance}
		near(t, "score from x1", got[0].Value().([][]float64)[0], score)
		near(t, "score from velocity", got[1].Value().([][]float64)[0], score)
		near(t, "x1 from velocity", got[2].Value().([][]float64)[0], []float64{gain * x[0], gain * x[1]})
		near(t, "score from noise", got[3].Value().([][]float64)[0], score)
	}
}

// TestWrittenFieldOfGaussian checks IDFF as written against its formula with the exact score; the score is linear, so
// D2 = grad sum(D1) = -1/V_t in every component.
func TestWrittenFieldOfGaussian(t *testing.T) {
	x, s := []float64{.7, -1.9}, .6
	for _, at := range []float64{0, .3, .8, 1} {
		gain, variance := gaussian(s, at)
		f := flow.WrittenField{Gamma: []float64{1.5, -.4}, Sigma0: .5}
		want := make([]float64, 2)
		for i := range want {
			gap := 1 - at
			if at == 1 {
				gap = .01
			}
			v := (gain - 1) * x[i] / gap
			noise := .25 * at * (1 - at)
			want[i] = math.Sqrt(1-1.1*noise)*v + noise*(.5*(2*1.5-1)*(-x[i]/variance)-.4*(-1/variance))
		}
		near(t, "as written", at64(t, f, gaussianModel(s), x, at), want)
	}
}

// TestScoreHead checks that a head at the minimum of the x1score loss gives the score of the bridge given both ends,
// -(x - mu)/sigma_t^2 = -eps/sigma_t.
func TestScoreHead(t *testing.T) {
	const sigma0, at = .3, .37
	eps := []float64{.8, -.2}
	lambda, sigma := 2*at*(1-at), sigma0*math.Sqrt(at*(1-at))
	got := MustExecOnce(backend(t), func(eps *Node) *Node {
		out := Concatenate([]*Node{eps, DivScalar(Neg(eps), lambda)}, -1) // heads: anything, and -eps/lambda
		return flow.X1Score().Prediction(flow.Bridge(sigma0), eps, out, solver.At(at)).Score
	}, [][]float64{eps}).Value().([][]float64)[0]
	near(t, "score of the head", got, []float64{-eps[0] / sigma, -eps[1] / sigma})
}

// TestTargetVelocity checks the marginal velocity from x1 on Lipman's path with one data point, where it is the conditional one.
func TestTargetVelocity(t *testing.T) {
	path := flow.Target(.1)
	for _, at := range []float64{0, .4, 1} {
		out := MustExecOnceN(backend(t), func(x, x1 *Node) []*Node {
			return []*Node{flow.X1().Prediction(path, x, x1, solver.At(at)).Velocity, path.Velocity(x, ZerosLike(x), x1, ConstAs(x, []float64{at}))}
		}, [][]float64{{.5, 2}}, [][]float64{{-1, 1}})
		near(t, "target", out[0].Value().([][]float64)[0], out[1].Value().([][]float64)[0])
	}
}

// TestCost counts what IDFF's released sampler runs as "2 evaluations", and the others beside it.
func TestCost(t *testing.T) {
	for _, tc := range []struct {
		field flow.Field
		s     solver.RungeKutta
		want  solver.Meter
	}{
		{flow.CFM(), solver.Euler(3), solver.Meter{Forwards: 3, Equivalents: 3}},
		{flow.CFM(), solver.Midpoint(4), solver.Meter{Forwards: 8, Equivalents: 8}},
		{flow.ReleasedCFM(), solver.RK4(2), solver.Meter{Forwards: 8, Equivalents: 8}},
		{flow.IDFF(0), solver.RK4(2), solver.Meter{Forwards: 8, Backwards: 6, Equivalents: 14}},
		{flow.IDFF(.5, 0), solver.RK4(2), solver.Meter{Forwards: 8, Backwards: 12, Equivalents: 26}},
		{flow.IDFF(.3, -.5, 0), solver.RK4(2), solver.Meter{Forwards: 8, Backwards: 18, Equivalents: 50}},
		{flow.IDFF(3, -.5), solver.Euler(2), solver.Meter{Forwards: 2, Backwards: 2, Equivalents: 5}},
		{flow.IDFFWritten(1), solver.RK4(2), solver.Meter{Forwards: 8, Equivalents: 8}},
		{flow.IDFFWritten(1, .2), solver.Euler(3), solver.Meter{Forwards: 3, Backwards: 2, Equivalents: 5}},
	} {
		m := gaussianModel(1)
		MustExecOnce(backend(t), func(x *Node) *Node {
			factors := make([]*Node, len(tc.field.Factors()))
			for i, v := range tc.field.Factors() {
				factors[i] = Scalar(x.Graph(), dtypes.Float64, v)
			}
			states := tc.s.Integrate(func(state *Node, at solver.Time) *Node {
				return tc.field.Velocity(m, flow.Point{X: state, Start: x, T: at}, factors)
			}, x)
			return states[tc.s.N]
		}, [][]float64{{.3, .4}})
		if m.Meter != tc.want {
			t.Errorf("%s with %v: %+v, want %+v", tc.field.Name(), tc.s, m.Meter, tc.want)
		}
	}
}

// TestMomentumIsTheDifference checks that the momentum field is IDFF without its first term.
func TestMomentumIsTheDifference(t *testing.T) {
	x, s, at := []float64{.7, -1.9}, .6, .4
	f := flow.IDFF(1.2, -.3)
	gain, _ := gaussian(s, at)
	w := at64(t, f, gaussianModel(s), x, at)
	momentum := at64(t, flow.Momentum(f), gaussianModel(s), x, at)
	root := math.Sqrt(1 - .9*.04*at*(1-at))
	for i := range x {
		momentum[i] += root * (gain - 1) * x[i] / (1 - at)
	}
	near(t, "momentum + scaled velocity", momentum, w)
	near(t, "momentum at t=0", at64(t, flow.Momentum(f), gaussianModel(s), x, 0), []float64{0, 0})
}

func TestFieldCheck(t *testing.T) {
	times := solver.RK4(2).EvaluatedAt()
	for _, tc := range []struct {
		field flow.Checker
		path  flow.Path
		want  string
	}{
		{flow.IDFF(.5, -.2), flow.Straight(), ""},
		{flow.IDFF(3, 2.5, -.5), flow.Bridge(.2), ""},
		{flow.IDFF(), flow.Straight(), "without gamma"},
		{flow.IDFF(math.NaN()), flow.Straight(), "gamma_1 is NaN"},
		{flow.IDFF(.1, math.Inf(1)), flow.Straight(), "gamma_2 is +Inf"},
		{flow.IDFF(200), flow.Straight(), "negative at t"},
		{flow.IDFFWritten(90, 30), flow.Straight(), "negative at t"},
		{flow.IDFFWritten(), flow.Straight(), "without gamma"},
		{flow.ReleasedField{Gamma: []float64{1}, Sigma0: -1}, flow.Straight(), "sigma0 is -1"},
		{flow.IDFF(1), flow.VariancePreserving(.1), "straight path"},
		{flow.ReleasedCFM(), flow.Target(.1), "straight path"},
		{flow.Momentum(flow.IDFF(200)), flow.Straight(), "negative at t"},
	} {
		expectError(t, tc.field.(flow.Field).Name(), tc.field.Check(times, tc.path), tc.want)
	}
}

func TestObjectiveCheck(t *testing.T) {
	for _, tc := range []struct {
		objective flow.Objective
		path      flow.Path
		want      string
	}{
		{flow.Objective{}, flow.Straight(), ""}, {flow.X1(), flow.Target(.1), ""}, {flow.Velocity(), flow.VariancePreserving(.1), ""},
		{flow.X1Score(), flow.Bridge(.2), ""}, {flow.X1Plain(), flow.Straight(), ""},
		{flow.X1Plain(), flow.ICFM(.1), "flow.Velocity()"},
		{flow.X1(), flow.ICFM(.1), "flow.Velocity()"},
		{flow.X1Score(), flow.Straight(), "flow.Bridge(sigma0)"},
		{flow.X1Start(), flow.Bridge(.2), ""}, {flow.X1Start(), flow.Straight(), "x1start learns the score of the bridge"},
		{flow.X1Score(), flow.Bridge(0), "sigma0 > 0"},
		{flow.Objective{Kind: "x0"}, flow.Straight(), "valid names: x1, x1score, x1start, velocity, sf2m, meanflow"},
	} {
		expectError(t, tc.objective.String(), tc.objective.Check(tc.path), tc.want)
	}
}

func TestPredictsEnd(t *testing.T) {
	for o, want := range map[flow.Objective]bool{{}: true, flow.X1(): true, flow.X1Copies(): true, flow.X1Plain(): true, flow.X1Score(): true, flow.X1Start(): true,
		flow.Velocity(): false, flow.VelocityScore(): false, flow.AverageVelocity(): false} {
		if o.PredictsEnd() != want {
			t.Errorf("%v predicts the end point: %v", o, !want)
		}
	}
}

// TestX1Plain: errors of 1, -2, 3 and 0 at any times have the loss 14/4, and a network that predicts the end point takes one step of Euler's method there.
func TestX1Plain(t *testing.T) {
	out := MustExecOnceN(backend(t), func(x0, x1, times *Node) []*Node {
		off := Const(x0.Graph(), [][]float32{{1, -2}, {3, 0}})
		loss := flow.X1Plain().Loss(flow.Straight(), flow.Batch{X0: x0, X1: x1, T: times, Eps: ZerosLike(x0), Net: func(_, _, _ *Node) *Node { return Add(x1, off) }})
		p := flow.X1Plain().Prediction(flow.Straight(), x0, x1, solver.At(0))
		return []*Node{loss, Add(x0, p.Velocity)}
	}, tensor([]float32{1, 2, 3, 4}, 2, 2), tensor([]float32{5, 6, 7, 8}, 2, 2), tensor([]float32{.1, .9}, 2))
	if loss := out[0].Value().(float32); loss != 3.5 {
		t.Errorf("loss %g, want 3.5", loss)
	}
	if end := flat(t, out[1]); !slices.Equal(end, []float32{5, 6, 7, 8}) {
		t.Errorf("a step from t = 0 ends at %v", end)
	}
}

// TestTimesAsNodes checks that formulas give the same at a time that the graph computes as at the same number.
func TestTimesAsNodes(t *testing.T) {
	const at, sigma0 = .37, .2
	out := MustExecOnceN(backend(t), func(x, out, node *Node) []*Node {
		var all []*Node
		for _, when := range []solver.Time{solver.At(at), solver.AtNode(node)} {
			head := Concatenate([]*Node{out, x}, -1)
			for _, p := range []flow.Prediction{
				flow.X1().Prediction(flow.Straight(), x, out, when),
				flow.Velocity().Prediction(flow.Straight(), x, out, when),
				flow.X1Score().Prediction(flow.Bridge(sigma0), x, head, when),
				flow.X1Start().Prediction(flow.Bridge(sigma0), x, head, when),
				flow.X1().Prediction(flow.Target(.1), x, out, when),
			} {
				all = append(all, p.X1, p.Velocity)
				if p.Score != nil {
					all = append(all, p.Score)
				}
			}
			m := flow.NewModel(func(x, _ *Node, at solver.Time) flow.Prediction {
				return flow.X1().Prediction(flow.Straight(), x, Tanh(x), at)
			})
			for _, f := range []flow.Field{flow.CFM(), flow.IDFF(.7, -.2), flow.IDFFWritten(2, .3)} {
				factors := make([]*Node, len(f.Factors()))
				for i, v := range f.Factors() {
					factors[i] = Scalar(x.Graph(), dtypes.Float64, v)
				}
				all = append(all, f.Velocity(m, flow.Point{X: x, Start: x, T: when}, factors))
			}
		}
		return all
	}, [][]float64{{.7, -1.9}}, [][]float64{{1.2, .4}}, at)
	for i := range len(out) / 2 {
		near(t, "time as a node", out[len(out)/2+i].Value().([][]float64)[0], out[i].Value().([][]float64)[0])
	}
}

// TestEndOfComputedTimes: at a t = 1 that the graph computes, as adaptive solvers do, velocity, noise and score divide by the gap of .01 as they do where t = 1 is known.
func TestEndOfComputedTimes(t *testing.T) {
	x, x1 := [][]float64{{.4, -1}}, [][]float64{{1.2, .3}}
	got := MustExecOnceN(backend(t), func(x, x1, one *Node) []*Node {
		when := solver.AtNodes(one, OneMinus(one))
		return []*Node{flow.VelocityFromX1(x, x1, when), flow.NoiseFromX1(x, x1, when), flow.ScoreFromX1(x, x1, when), flow.VelocityFromX1(x, x1, solver.At(1))}
	}, x, x1, 1.)
	for i, want := range [][]float64{{80, 130}, {-80, -130}, {8000, 13000}, {80, 130}} {
		near(t, "at the end", got[i].Value().([][]float64)[0], want)
	}
}
