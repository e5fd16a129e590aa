package flow_test

import (
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestReleasedImages compares the field with the drift of the released code, fed with the heads that its losses have as their minima for an end point, a start point and a noise: there -x0/lambda_t with
// lambda_t = 2 sigma_t/sigma0^2, here -eps/(2t(1-t)).
func TestReleasedImages(t *testing.T) {
	const sigma0 = .3
	x0, x1, eps := []float64{.9, -.4}, []float64{-.2, .7}, []float64{1.3, -.6}
	for _, at := range []float64{0, .2, .5, .93, 1} {
		sigma := sigma0 * math.Sqrt(at*(1-at))
		x, want, out := make([]float64, 2), make([]float64, 2), make([]float64, 4)
		for i := range x {
			x[i] = at*x1[i] + (1-at)*x0[i] + sigma*eps[i]
			if at == 1 { // off the path, else there is nothing to divide
				x[i] += x0[i]
			}
			out[i] = x1[i]
			switch at {
			case 0:
				want[i] = x1[i] - x[i]
			case 1:
				want[i] = (x1[i] - x[i]) / .1
			default:
				out[2+i] = -eps[i] / (2 * at * (1 - at))
				head := -x0[i] / (2 * sigma / (sigma0 * sigma0))
				want[i] = math.Sqrt(1-sigma*sigma)*(x1[i]-x[i])/(1-at) + head*sigma0*math.Sqrt(at*(1-at))
			}
		}
		model := flow.NewModel(func(x, _ *Node, at solver.Time) flow.Prediction {
			return flow.X1Score().Prediction(flow.Bridge(sigma0), x, ConstAs(x, [][]float64{out}), at)
		})
		near(t, "as released", at64(t, flow.ReleasedImageField{Sigma0: sigma0}, model, x, at), want)
		if model.Meter != (solver.Meter{Forwards: 1, Equivalents: 1}) {
			t.Errorf("t = %g costs %+v, want one forward", at, model.Meter)
		}
	}
}

func TestReleasedImagesChecks(t *testing.T) {
	for _, test := range []struct {
		f    flow.ReleasedImageField
		o    flow.Objective
		path flow.Path
		want string // "": fine
	}{
		{flow.ReleasedImages(), flow.X1Score(), flow.Bridge(.2), ""},
		{flow.ReleasedImages(), flow.X1Start(), flow.Bridge(.2), ""},
		{flow.ReleasedImages(), flow.X1Score(), flow.Bridge(.5), "flow.Bridge(0.2)"},
		{flow.ReleasedImages(), flow.Velocity(), flow.Straight(), "both heads"},
		{flow.ReleasedImageField{Sigma0: 3}, flow.X1Score(), flow.Bridge(3), "at most 2"},
		{flow.ReleasedImages(), flow.Velocity(), flow.VariancePreserving(0), "not on vp"},
	} {
		err := flow.CheckField(test.f, []float64{.5}, test.o, test.path)
		if (err != nil) != (test.want != "") || err != nil && (!strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%+v with %v on %v: %v, want one line with %q", test.f, test.o, test.path, err, test.want)
		}
	}
	evaluations := 0
	for _, n := range solver.SDEInt(.1).TorchsdeEvaluations() {
		evaluations += n
	}
	if evaluations != 101 {
		t.Errorf("torchsde evaluates %d times, want 101", evaluations)
	}
}
