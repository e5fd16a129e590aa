package flow_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/golden"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestPathsAgainstTorchCFM compares mean, noise, sample, velocity and score weight of every path with TorchCFM's, and those of
// the variant that IDFF's authors released. The inputs are of order 1 to 10, so 1e-5 is about 5 float32 roundings of them; the
// bridge's velocity divides by 2t(1-t), where the tolerance is relative.
func TestPathsAgainstTorchCFM(t *testing.T) {
	load := func(name string) golden.Values { return golden.Array(t, "matchers/"+name) }
	x0, x1, at, eps := load("x0"), load("x1"), load("t"), load("eps")
	b := backend(t)
	for _, tc := range []struct {
		golden string
		path   flow.Path
	}{
		{"cfm_s0.1", flow.ICFM(.1)},
		{"otcfm_s0.1", flow.ICFM(.1)},
		{"target_s0.1", flow.Target(.1)},
		{"vp_s0.1", flow.VariancePreserving(.1)},
		{"sb_s0.5", flow.Bridge(.5)},
		{"fork_otcfm_s0.2", flow.ReleasedBridge(.2)},
		{"fork_sb_s0.5", flow.Bridge(.5)},
	} {
		want := func(what string) []float32 { return load(tc.golden + "_" + what).Data }
		out := MustExecOnceN(b, func(in []*Node) []*Node {
			x0, x1, t, eps, xt := in[0], in[1], in[2], in[3], in[4]
			return []*Node{tc.path.Mean(x0, x1, t), tc.path.Sigma(t), tc.path.Sample(x0, x1, t, eps),
				tc.path.Velocity(xt, x0, x1, t), tc.path.ScoreWeight(t)}
		}, tensor(x0.Data, 64, 2), tensor(x1.Data, 64, 2), tensor(at.Data, 64), tensor(eps.Data, 64, 2), tensor(want("xt"), 64, 2))
		golden.Compare(t, tc.golden+" mean", flat(t, out[0]), want("mu"), 1e-5, nil)
		golden.Compare(t, tc.golden+" sigma", flat(t, out[1]), want("sigma"), 1e-6, nil)
		golden.Compare(t, tc.golden+" sample", flat(t, out[2]), want("xt"), 1e-5, nil)
		got, ut := flat(t, out[3]), want("ut")
		skip := make([]bool, len(got))
		for i := range got {
			// At t = 0 and t = 1 the bridge multiplies the rounding of x - mu by 1e8.
			skip[i] = strings.Contains(tc.golden, "sb") && (at.Data[i/2] == 0 || at.Data[i/2] == 1)
			if scale := math.Abs(float64(ut[i])); scale > 1 && !skip[i] {
				got[i], ut[i] = float32(float64(got[i])/scale), float32(float64(ut[i])/scale)
			}
		}
		golden.Compare(t, tc.golden+" velocity", got, ut, 2e-5, skip)
		if !strings.HasPrefix(tc.golden, "fork") { // the released code's weight is 2 sigma_t^2/sigma^2 = 2t(1-t), see objective x1score
			lambda := want("lambda")
			golden.Compare(t, tc.golden+" score weight", flat(t, out[4]), lambda, 1e-6*largest(lambda), nil)
		}
	}
}

func largest(values []float32) float64 {
	most := 0.
	for _, v := range values {
		most = max(most, math.Abs(float64(v)))
	}
	return most
}

// TestVelocityGeneratesPath checks u_t = d/dt of x_t at fixed noise by central differences, for every path whose velocity is
// its own: with x_t = mu_t + sigma_t eps, dx/dt = mu_t' + sigma_t' eps.
func TestVelocityGeneratesPath(t *testing.T) {
	b := backend(t)
	x0, x1, eps := []float64{.3, -1.2}, []float64{2, .7}, []float64{-.4, .9}
	for _, path := range []flow.Path{flow.Straight(), flow.Bridge(.5), flow.ICFM(.3), flow.Target(.1), flow.VariancePreserving(.2)} {
		for _, at := range []float64{.1, .5, .83} {
			const h = 1e-5
			out := MustExecOnceN(b, func(in []*Node) []*Node {
				x0, x1, eps := in[0], in[1], in[2]
				sample := func(at float64) *Node { return path.Sample(x0, x1, ConstAs(x0, []float64{at}), eps) }
				u := path.Velocity(sample(at), x0, x1, ConstAs(x0, []float64{at}))
				return []*Node{u, DivScalar(Sub(sample(at+h), sample(at-h)), 2*h)}
			}, [][]float64{x0}, [][]float64{x1}, [][]float64{eps})
			u, slope := out[0].Value().([][]float64), out[1].Value().([][]float64)
			for i := range u[0] {
				if math.Abs(u[0][i]-slope[0][i]) > 1e-6*(1+math.Abs(u[0][i])) {
					t.Errorf("%v at t=%g: velocity %v, but the path moves by %v", path, at, u[0], slope[0])
				}
			}
		}
	}
}

func TestPathCheck(t *testing.T) {
	for _, tc := range []struct {
		path flow.Path
		want string // "" for no error
	}{
		{flow.Path{}, ""}, {flow.Straight(), ""}, {flow.Bridge(.2), ""}, {flow.ICFM(0), ""},
		{flow.Path{Kind: "brigde"}, "valid names: straight, bridge, released, icfm, target, vp"},
		{flow.Bridge(-.1), "at least 0"},
		{flow.Bridge(math.NaN()), "at least 0"},
		{flow.Target(math.Inf(1)), "at least 0"},
		{flow.Path{Kind: "straight", Noise: .2}, "no noise"},
	} {
		expectError(t, tc.path.String(), tc.path.Check(), tc.want)
	}
}

// expectError fails unless the error is one line with the wanted text, or nil where that is empty.
func expectError(t *testing.T, what string, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: unexpected error %v", what, err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")):
		t.Errorf("%s: error %v, want one line with %q", what, err, want)
	}
}

// TestEndPointsPaths: networks of end points are for paths whose velocity is made of them here.
func TestEndPointsPaths(t *testing.T) {
	for _, tc := range []struct {
		objective flow.Objective
		path      flow.Path
		want      string
	}{
		{flow.X1(), flow.Straight(), ""}, {flow.X1Plain(), flow.Target(.1), ""}, {flow.Velocity(), flow.VariancePreserving(0), ""},
		{flow.X1(), flow.VariancePreserving(0), ""},
		{flow.X1(), flow.VariancePreserving(.1), "on path vp(0.1) no velocity is made of the end point: train with flow.Velocity(), not x1"},
		{flow.X1Plain(), flow.ICFM(.1), "on path icfm(0.1) no velocity is made of the end point: train with flow.Velocity(), not x1plain"},
	} {
		expectError(t, fmt.Sprint(tc.objective, " on ", tc.path), tc.objective.Check(tc.path), tc.want)
	}
}

// TestEndPointOfVelocity: on every path of the table the exact velocity, without the path's noise, stands for x1.
func TestEndPointOfVelocity(t *testing.T) {
	x0, x1 := []float32{1, -2, .5, 3}, []float32{0, 4, -3, 1}
	for _, path := range []flow.Path{flow.Straight(), flow.ICFM(.1), flow.Target(.1), flow.Target(0), flow.VariancePreserving(0), flow.Bridge(.2)} {
		for _, at := range []float64{0, .3, .9} {
			got := flat(t, MustExecOnce(backend(t), func(x0, x1 *Node) *Node {
				time := solver.At(at)
				batch := BroadcastToDims(time.As(x1), 2)
				x := path.Mean(x0, x1, batch)
				return flow.Velocity().Prediction(path, x, path.Velocity(x, x0, x1, batch), time).X1
			}, tensor(x0, 2, 2), tensor(x1, 2, 2)))
			for i := range got {
				if math.Abs(float64(got[i]-x1[i])) > 1e-5 {
					t.Errorf("%v at t = %g: end point %g, want %g", path, at, got[i], x1[i])
				}
			}
		}
	}
	own := flow.OwnPath(line{})
	MustExecOnce(backend(t), func(x *Node) *Node {
		if flow.Velocity().Prediction(own, x, x, solver.At(.5)).X1 != nil {
			t.Error("own path: an end point")
		}
		return x
	}, tensor(x0, 2, 2))
}
