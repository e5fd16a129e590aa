package flow_test

import (
	"fmt"
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// curved is a function of the plane with all its nested gradients in closed form,
//
//	f(x) = (exp(a.x), sin(b.x)),   D_n = grad of the sum of D_{n-1}'s components, D_0 = f
//	D_n = A^(n-1) exp(a.x) a + B^(n-1) sin^(n)(b.x) b,   A = a_1 + a_2, B = b_1 + b_2
type curved struct{ a, b [2]float64 }

func (c curved) node(x *Node) *Node {
	dot := func(k [2]float64) *Node { return ReduceAndKeep(Mul(x, ConstAs(x, [][]float64{k[:]})), ReduceSum, -1) }
	return Concatenate([]*Node{Exp(dot(c.a)), Sin(dot(c.b))}, -1)
}

// nested is D_n.
func (c curved) nested(x []float64, n int) [2]float64 {
	u, w := c.a[0]*x[0]+c.a[1]*x[1], c.b[0]*x[0]+c.b[1]*x[1]
	if n == 0 {
		return [2]float64{math.Exp(u), math.Sin(w)}
	}
	turn := math.Sin(w + float64(n)*math.Pi/2)
	p, q := math.Pow(c.a[0]+c.a[1], float64(n-1))*math.Exp(u), math.Pow(c.b[0]+c.b[1], float64(n-1))*turn
	return [2]float64{p*c.a[0] + q*c.b[0], p*c.a[1] + q*c.b[1]}
}

// momentum is the sum of (gamma_1 - 1/2) D_1 + gamma_2 D_2 + ... whose first term is D_from of the function.
func (c curved) momentum(x []float64, gamma []float64, from int) (sum [2]float64) {
	for i, g := range gamma {
		if i == 0 {
			g -= .5
		}
		d := c.nested(x, from+i)
		sum[0], sum[1] = sum[0]+g*d[0], sum[1]+g*d[1]
	}
	return sum
}

var (
	endPoint = curved{[2]float64{.4, -.9}, [2]float64{1.1, .3}} // xhat1
	aScore   = curved{[2]float64{-.7, .2}, [2]float64{.5, -1.3}}
)

// curvedModel predicts the end point and the score by the two functions.
func curvedModel() *flow.Model {
	return flow.NewModel(func(x, _ *Node, at solver.Time) flow.Prediction {
		x1 := endPoint.node(x)
		return flow.Prediction{X1: x1, Velocity: flow.VelocityFromX1(x, x1, at), Score: aScore.node(x)}
	})
}

// TestMomentumFormula compares IDFF's fields, as released and as written, with one and with a row of factors for each step, and their momentum alone, with their formulas on a
// network that is curved, whose nested gradients are known.
func TestMomentumFormula(t *testing.T) {
	for _, x := range [][]float64{{.7, -1.2}, {-.3, .4}} {
		for _, gamma := range [][]float64{{.5}, {1.7}, {-.8, .6}, {.9, -1.1, .4}} {
			for _, at := range []float64{0, .2, .5, .85, 1} {
				for _, sigma0 := range []float64{0, .6} { // 0: the default, .2
					noise := sigma0
					if noise == 0 {
						noise = .2
					}
					sum := 0.
					for _, g := range gamma {
						sum += g
					}
					bridge, gap := at*(1-at), 1-at
					if at == 1 {
						gap = .01
					}
					x1 := endPoint.nested(x, 0)
					root := math.Sqrt(1 - sum*noise*noise*bridge)
					of := func(root, scale float64, momentum [2]float64) []float64 {
						v := make([]float64, 2)
						for i := range v {
							v[i] = root*(x1[i]-x[i])/gap + scale*bridge*momentum[i]
						}
						return v
					}
					released, written := endPoint.momentum(x, gamma, 1), aScore.momentum(x, gamma, 0)
					what := fmt.Sprintf("gamma %v, sigma0 %g, t = %g: ", gamma, sigma0, at)
					f := flow.ReleasedField{Gamma: gamma, Sigma0: sigma0}
					near(t, what+"as released", at64(t, f, curvedModel(), x, at), of(root, 1, released))
					near(t, what+"momentum", at64(t, flow.Momentum(f), curvedModel(), x, at), []float64{bridge * released[0], bridge * released[1]})
					near(t, what+"as written", at64(t, flow.WrittenField{Gamma: gamma, Sigma0: sigma0}, curvedModel(), x, at), of(root, noise*noise, written))
					if sigma0 != 0 { // schedules have no sigma0
						continue
					}
					other := make([]float64, len(gamma))
					near(t, what+"scheduled, one step", atStep(t, flow.ScheduledField{Gamma: [][]float64{gamma}}, curvedModel(), x, at, 0), of(1, 1, released))
					for step, rows := range [][][]float64{{gamma, other}, {other, gamma}, {other, other, gamma}} {
						near(t, what+"scheduled", atStep(t, flow.ScheduledField{Gamma: rows}, curvedModel(), x, at, step), of(1, 1, released))
						near(t, what+"scheduled, as written", atStep(t, flow.ScheduledField{Gamma: rows, Written: true}, curvedModel(), x, at, step), of(1, .04, written))
					}
				}
			}
		}
	}
}

// atStep evaluates a field in a solver's step.
func atStep(t *testing.T, f flow.Field, m *flow.Model, x []float64, at float64, step int) []float64 {
	t.Helper()
	return MustExecOnce(backend(t), func(x *Node) *Node {
		return f.Velocity(m, flow.Point{X: x, Start: x, T: solver.At(at).InStep(step)}, factorNodes(f, x))
	}, [][]float64{x}).Value().([][]float64)[0]
}

// TestMomentumCost: 2^K forwards for the order K, half of that with the true score, and at both ends, where the terms vanish, no derivative; of the momentum alone not even a forward.
func TestMomentumCost(t *testing.T) {
	one := solver.Meter{Forwards: 1, Equivalents: 1}
	rows := [][]float64{{1, 2}, {.7, .2}}
	for _, tc := range []struct {
		f            flow.Field
		ends, inside solver.Meter
	}{
		{flow.Momentum(flow.IDFF(.7, .2)), solver.Meter{}, solver.Meter{Forwards: 1, Backwards: 2, Equivalents: 4}},
		{flow.IDFF(.7, .2), one, solver.Meter{Forwards: 1, Backwards: 2, Equivalents: 4}},
		{flow.IDFFWritten(.7, .2), one, solver.Meter{Forwards: 1, Backwards: 1, Equivalents: 2}},
		{flow.ProbabilityFlow(.2), one, one},
		{flow.ScheduledField{Gamma: rows}, one, solver.Meter{Forwards: 1, Backwards: 2, Equivalents: 4}},
		{flow.ScheduledField{Gamma: rows, Written: true}, one, solver.Meter{Forwards: 1, Backwards: 1, Equivalents: 2}},
	} {
		for at, want := range map[float64]solver.Meter{0: tc.ends, .01: tc.inside, .5: tc.inside, .99: tc.inside, 1: tc.ends} {
			m := curvedModel()
			if atStep(t, tc.f, m, []float64{.7, -1.2}, at, 1); m.Meter != want {
				t.Errorf("%s at t = %g costs %+v, want %+v", tc.f.Name(), at, m.Meter, want)
			}
		}
	}
}

// TestScheduledSteps: factors by step need the solver's step, one of theirs.
func TestScheduledSteps(t *testing.T) {
	f := flow.ScheduledField{Gamma: [][]float64{{1}, {2}}}
	for step, want := range map[int]string{solver.NoStep: "here is no such step", 2: "factors for 2 steps, and the solver takes 3", 5: "and the solver takes 6"} {
		_, err := ExecOnce(backend(t), func(x *Node) *Node {
			return f.Velocity(curvedModel(), flow.Point{X: x, Start: x, T: solver.At(.5).InStep(step)}, factorNodes(f, x))
		}, [][]float64{{.7, -1.2}})
		expectError(t, fmt.Sprint("step ", step), oneLine(err), want)
	}
	expectError(t, "no factors", flow.ScheduledField{}.Check(nil, flow.Straight()), "without gamma")
}
