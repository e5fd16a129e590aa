package flow_test

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/golden"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestX1StartLoss compares the loss with its formula, 2 mean|xhat1 - x1|^2 + mean|lambda_t h + x0|^2, on the points, times and lambda_t of the reference (TorchCFM's bridge of noise .5), for a network whose heads are
// x and 3x + t: the loss must see the reference's x_t too.
func TestX1StartLoss(t *testing.T) {
	load := func(name string) []float32 { return golden.Array(t, "matchers/"+name).Data }
	x0, x1, at, eps, xt, lambda := load("x0"), load("x1"), load("t"), load("eps"), load("sb_s0.5_xt"), load("sb_s0.5_lambda")
	want := 0.
	for i := range x0 {
		x, l, when := float64(xt[i]), float64(lambda[i/2]), float64(at[i/2])
		end, start := x-float64(x1[i]), l*(3*x+when)+float64(x0[i])
		want += (2*end*end + start*start) / float64(len(x0))
	}
	got := MustExecOnce(backend(t), func(in []*Node) *Node {
		b := flow.Batch{X0: in[0], X1: in[1], T: in[2], Eps: in[3], Net: func(x, t, _ *Node) *Node {
			return Concatenate([]*Node{x, Add(MulScalar(x, 3), Reshape(t, 64, 1))}, -1)
		}}
		return flow.X1Start().Loss(flow.Bridge(.5), b)
	}, tensor(x0, 64, 2), tensor(x1, 64, 2), tensor(at, 64), tensor(eps, 64, 2)).Value().(float32)
	if math.Abs(float64(got)/want-1) > 1e-5 {
		t.Errorf("loss %g, want %g", got, want)
	}
}

// TestX1StartPrediction: heads at the minimum of the loss for one end point, start and noise give the score of the bridge given both ends, -eps/sigma_t, and IDFF for images is then the released code's own drift, in which the head is
// multiplied by sigma_t. At t = 0 and t = 1 the score is 0, for times as nodes too.
func TestX1StartPrediction(t *testing.T) {
	const sigma0 = .3
	x0, x1, eps := []float64{.9, -.4}, []float64{-.2, .7}, []float64{1.3, -.6}
	for _, at := range []float64{0, .01, .37, .5, .99, 1} {
		sigma := sigma0 * math.Sqrt(at*(1-at))
		x, out, score, drift := make([]float64, 2), make([]float64, 4), make([]float64, 2), make([]float64, 2)
		for i := range x {
			x[i], out[i] = at*x1[i]+(1-at)*x0[i]+sigma*eps[i], x1[i]
			switch at {
			case 0:
				drift[i] = x1[i] - x[i]
			case 1:
				x[i] += x0[i] // off the path, else there is nothing to divide
				drift[i] = (x1[i] - x[i]) / .1
			default:
				score[i] = -eps[i] / sigma
				out[2+i] = -x0[i] * (sigma0*sigma0 + 1e-8) / (2 * sigma)
				drift[i] = math.Sqrt(1-sigma*sigma)*(x1[i]-x[i])/(1-at) + out[2+i]*sigma
			}
		}
		predict := func(x *Node, when solver.Time) flow.Prediction {
			return flow.X1Start().Prediction(flow.Bridge(sigma0), x, ConstAs(x, [][]float64{out}), when)
		}
		scores := MustExecOnceN(backend(t), func(x, node *Node) []*Node {
			return []*Node{predict(x, solver.At(at)).Score, predict(x, solver.AtNode(node)).Score}
		}, [][]float64{x}, at)
		for _, s := range scores {
			near(t, "score", s.Value().([][]float64)[0], score)
		}
		model := flow.NewModel(func(x, _ *Node, when solver.Time) flow.Prediction { return predict(x, when) })
		got := at64(t, flow.ReleasedImageField{Sigma0: sigma0}, model, x, at)
		for i := range got { // the code's 1e-8 beside sigma0^2 is left out of the field
			if math.Abs(got[i]-drift[i]) > 1e-6 {
				t.Errorf("t = %g: IDFF for images is %v, the released code's drift %v", at, got, drift)
			}
		}
	}
}
