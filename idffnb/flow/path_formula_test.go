package flow_test

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestSmallDivisors: the 1e-8 that keep TorchCFM's divisors from 0 count where these are as small, u = (1-2t)/(2t(1-t) + 1e-8) (x - mu) + x1 - x0 and lambda_t = 2 sigma_t/(sigma^2 + 1e-8),
// and so in the score that [SF]^2M's head stands for, 2 head/(sigma^2 + 1e-8).
func TestSmallDivisors(t *testing.T) {
	const sigma, x0, x1, x = 1e-4, .3, 2., .8
	for _, at := range []float64{1e-8, 1e-9, .25} {
		out := MustExecOnceN(backend(t), func(in []*Node) []*Node {
			return []*Node{flow.Bridge(sigma).Velocity(in[0], in[1], in[2], in[3]), flow.Bridge(sigma).ScoreWeight(in[3]),
				flow.VelocityScore().Prediction(flow.Bridge(sigma), in[0], Concatenate([]*Node{in[1], in[2]}, -1), solver.At(at)).Score}
		}, [][]float64{{x}}, [][]float64{{x0}}, [][]float64{{x1}}, []float64{at})
		mean := at*x1 + (1-at)*x0
		near(t, "velocity", out[0].Value().([][]float64)[0], []float64{(1-2*at)/(2*at*(1-at)+1e-8)*(x-mean) + x1 - x0})
		near(t, "score weight", out[1].Value().([]float64), []float64{2 * sigma * math.Sqrt(at*(1-at)) / (sigma*sigma + 1e-8)})
		near(t, "score", out[2].Value().([][]float64)[0], []float64{2 * x1 / (sigma*sigma + 1e-8)})
	}
}

// offAt is the schedule of the straight path but at one time.
type offAt struct{ time, alpha, sigma float64 }

func (o offAt) Schedule(t float64) (alpha, sigma, dAlpha, dSigma float64) {
	alpha, sigma, dAlpha, dSigma = flow.Straight().Schedule(t)
	if t == o.time {
		alpha, sigma = alpha+o.alpha, sigma+o.sigma
	}
	return alpha, sigma, dAlpha, dSigma
}

func (offAt) CheckSchedule() error { return nil }
func (offAt) String() string       { return "off" }

// TestScheduleIsCompared: a solver's schedule is compared with the path's at five times, both numbers, to 1e-9.
func TestScheduleIsCompared(t *testing.T) {
	for _, at := range []float64{0, .25, .5, .75, 1} {
		for _, d := range []float64{.1, -.1, 1.005e-9, -1.005e-9} {
			for _, s := range []offAt{{at, d, 0}, {at, 0, d}, {at, d, -d}} {
				expectError(t, "off", flow.Velocity().CheckSchedule(flow.Straight(), s), "but the velocity is that of path straight")
			}
		}
		for _, d := range []float64{.995e-9, -.995e-9} {
			expectError(t, "near", flow.Velocity().CheckSchedule(flow.Straight(), offAt{at, d, 0}), "")
		}
	}
	expectError(t, "little noise", flow.ICFM(.005).CheckSchedule(), "has noise besides x0 and x1")
}

// TestEndPointOffTheMean: the end point of a velocity at a point that noise has moved from the path's mean. On Target's path the noise is its x0, and x1 is found all the same; elsewhere the
// line from x along the velocity ends at x1 and the noise.
func TestEndPointOffTheMean(t *testing.T) {
	const x0, x1, eps = .3, 2., -.8
	for _, path := range []flow.Path{flow.Straight(), flow.ICFM(.2), flow.Target(.1), flow.Target(.7), flow.Target(0)} {
		want := x1 + path.Noise*eps
		if path.Kind == "target" {
			want = x1
		}
		for _, at := range []float64{0, .3, .9, 1} {
			got := MustExecOnce(backend(t), func(in []*Node) *Node {
				x := path.Sample(in[0], in[1], in[3], in[2])
				return flow.Velocity().Prediction(path, x, path.Velocity(x, in[0], in[1], in[3]), solver.At(at)).X1
			}, [][]float64{{x0}}, [][]float64{{x1}}, [][]float64{{eps}}, []float64{at}).Value().([][]float64)[0]
			if path.Kind == "target" && path.Noise == 0 && at == 1 {
				continue // 0/0
			}
			near(t, path.String(), got, []float64{want})
		}
	}
}
