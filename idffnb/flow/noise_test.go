package flow_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

func TestDiffusion(t *testing.T) {
	for _, tc := range []struct {
		g    flow.Diffusion
		name string
		at   func(t float64) float64
	}{
		{flow.Diffusion{}, "g=0", func(float64) float64 { return 0 }},
		{flow.DecayingNoise(.5), "g=0.5(1-t)", func(t float64) float64 { return .5 * (1 - t) }},
		{flow.BridgeNoise(2), "g=2√(t(1-t))", func(t float64) float64 { return 2 * math.Sqrt(t*(1-t)) }},
		{flow.BridgeNoise(0), "g=0", func(float64) float64 { return 0 }},
		{flow.MatchingNoise(4), "g matching γ=4", func(t float64) float64 { return .2 * math.Sqrt(7*t*(1-t)) }},
		{flow.MatchingNoise(.5), "g matching γ=0.5", func(float64) float64 { return 0 }},
		{flow.ConstantNoise(.3), "g=0.3", func(float64) float64 { return .3 }},
	} {
		expectError(t, tc.name, tc.g.Check(), "")
		if got := tc.g.String(); got != tc.name {
			t.Errorf("%#v is called %q, want %q", tc.g, got, tc.name)
		}
		for _, at := range []float64{0, .1, .6, .99, 1} {
			for _, when := range []string{"number", "node"} {
				got := graph.MustExecOnce(backend(t), func(scale, node *graph.Node) *graph.Node {
					if when == "node" {
						return graph.Add(tc.g.At(solver.AtNode(node), scale), graph.ZerosLike(node))
					}
					return graph.Add(tc.g.At(solver.At(at), scale), graph.ZerosLike(node))
				}, tc.g.Scale, at).Value().(float64)
				near(t, fmt.Sprintf("%v, t=%g as a %s", tc.g, at, when), []float64{got}, []float64{tc.at(at)})
			}
		}
	}
}

func TestDiffusionCheck(t *testing.T) {
	for want, g := range map[string]flow.Diffusion{
		"valid names: decaying, bridge, matching, constant": {Kind: "white", Scale: 1},
		"scale -1":       flow.DecayingNoise(-1),
		"scale NaN":      flow.BridgeNoise(math.NaN()),
		"scale +Inf":     flow.ConstantNoise(math.Inf(1)),
		"none below 1/2": flow.MatchingNoise(.4),
		"gamma_1 = NaN":  flow.MatchingNoise(math.NaN()),
	} {
		expectError(t, want, g.Check(), want)
		expectError(t, want, flow.Stochastic(g).Check(nil, flow.Straight()), want)
	}
}

// TestMatchingNoise: IDFF as written with its noise is, but for the root, IDFF with matching noise.
func TestMatchingNoise(t *testing.T) {
	const s, gamma = .6, 7
	times := []float64{0, .2, .5, .95}
	way := ways[0]
	a, g := coefficients(t, flow.IDFFNoisy(gamma), way.gaussian(s), times)
	b, h := coefficients(t, flow.Stochastic(flow.MatchingNoise(gamma)), way.gaussian(s), times)
	for i, at := range times {
		v := (at*s*s/(at*at*s*s+way.spread(at)) - 1) / (1 - at)
		near(t, "noise", g[i:i+1], h[i:i+1])
		near(t, "drift", []float64{a[i] + (1-math.Sqrt(1-gamma*.04*at*(1-at)))*v}, b[i:i+1])
	}
}

func TestNoisyCheck(t *testing.T) {
	times := solver.EulerMaruyama(10).EvaluatedAt()
	g := flow.DecayingNoise(1)
	for _, tc := range []struct {
		field flow.Field
		path  flow.Path
		want  string
	}{
		{flow.Stochastic(g), flow.Straight(), ""},
		{flow.Stochastic(g), flow.Path{}, ""},
		{flow.StochasticOnBridge(g, .2), flow.Bridge(.2), ""},
		{flow.Stochastic(g), flow.Bridge(.2), "use flow.StochasticOnBridge(g, 0.2)"},
		{flow.StochasticOnBridge(g, .3), flow.ReleasedBridge(.2), "use flow.StochasticOnBridge(g, 0.2)"},
		{flow.StochasticOnBridge(g, .3), flow.Straight(), "trained with flow.X1Score() or flow.X1Start() on the bridge of noise 0.3, and the network was trained with x1score on path straight: use flow.Stochastic(g)"},
		{flow.StochasticOnBridge(g, math.NaN()), flow.Bridge(.2), "noise NaN of the bridge"},
		{flow.Stochastic(g), flow.Target(.1), "path target(0.1) does not give: use the straight path from N(0, I), or flow.Bridge(sigma0) with flow.X1Score(), flow.X1Start() or"},
		{flow.Stochastic(g), flow.ICFM(.1), "path icfm(0.1) does not give"},
		{flow.IDFFNoisy(4), flow.Straight(), ""},
		{flow.NoisyWrittenField{Gamma: .1, Bridge: .2}, flow.Bridge(.2), ""},
		{flow.IDFFNoisy(.4), flow.Straight(), "at least 1/2"},
		{flow.NoisyWrittenField{Gamma: -9, Bridge: .2}, flow.Bridge(.2), "noise of variance"},
		{flow.IDFFNoisy(math.NaN()), flow.Straight(), "gamma_1 is NaN"},
		{flow.IDFFNoisy(300), flow.Straight(), "negative at t"},
		{flow.IDFFNoisy(4), flow.Bridge(.2), "bridge(0.2)"},
	} {
		expectError(t, tc.field.Name(), flow.CheckField(tc.field, times, flow.X1Score(), tc.path), tc.want)
	}
	// Constant noise at t = 1.
	for _, tc := range []struct {
		field flow.Field
		times []float64
		path  flow.Path
		want  string
	}{
		{flow.Stochastic(flow.ConstantNoise(.1)), solver.HeunStratonovich(4).EvaluatedAt(), flow.Straight(), "0/0 there: use flow.DecayingNoise(c)"},
		{flow.Stochastic(flow.ConstantNoise(0)), solver.HeunStratonovich(4).EvaluatedAt(), flow.Straight(), ""},
		{flow.Stochastic(flow.BridgeNoise(1)), solver.HeunStratonovich(4).EvaluatedAt(), flow.Straight(), ""},
		{flow.Stochastic(flow.ConstantNoise(.1)), solver.SRK(4).EvaluatedAt(), flow.Straight(), ""},
		{flow.StochasticOnBridge(flow.ConstantNoise(.2), .2), solver.HeunStratonovich(4).EvaluatedAt(), flow.Bridge(.2), ""},
	} {
		expectError(t, tc.field.Name(), flow.CheckField(tc.field, tc.times, flow.X1Score(), tc.path), tc.want)
	}
	// Objective sf2m learns the probability flow of the bridge, not its drift.
	for _, tc := range []struct {
		field flow.Field
		want  string
	}{
		{flow.Stochastic(g), ""},
		{flow.IDFFNoisy(4), ""},
		{flow.StochasticOnBridge(g, .2), "use flow.Stochastic(g)"},
		{flow.NoisyWrittenField{Gamma: 4, Bridge: .2}, "use flow.Stochastic(g)"},
	} {
		expectError(t, "sf2m, "+tc.field.Name(), flow.CheckField(tc.field, times, flow.VelocityScore(), flow.Bridge(.2)), tc.want)
	}
}

// TestNoScoreNoNoise: a network of velocities on the bridge gives no score.
func TestNoScoreNoNoise(t *testing.T) {
	m := flow.NewModel(func(x, _ *graph.Node, at solver.Time) flow.Prediction {
		return flow.Velocity().Prediction(flow.Bridge(.2), x, x, at)
	})
	_, err := graph.CallOnce(backend(t), func(x *graph.Node) *graph.Node {
		f := flow.StochasticOnBridge(flow.DecayingNoise(1), .2)
		return f.Velocity(m, flow.Point{X: x, Start: x, T: solver.At(.5)}, factorNodes(f, x))
	}, [][]float64{{1, 2}})
	if err != nil {
		line, _, _ := strings.Cut(err.Error(), "\n") // GoMLX appends the stack
		err = errors.New(line)
	}
	expectError(t, "velocity on a bridge", err, "needs the score")
}

// TestNoisyCost: one forward pass a step, whatever the noise; another scale is the same graph.
func TestNoisyCost(t *testing.T) {
	for _, f := range []flow.Noisy{flow.Stochastic(flow.BridgeNoise(1)), flow.IDFFNoisy(4)} {
		m := ways[0].gaussian(.6)
		walk(t, f, m, solver.EulerMaruyama(7), 2, 0)
		if m.Meter != (solver.Meter{Forwards: 7, Equivalents: 7}) {
			t.Errorf("%s costs %+v", f.Name(), m.Meter)
		}
	}
	a, b, c := flow.Stochastic(flow.BridgeNoise(1)), flow.Stochastic(flow.BridgeNoise(2)), flow.Stochastic(flow.DecayingNoise(1))
	if flow.GraphKey(a) != flow.GraphKey(b) || flow.GraphKey(a) == flow.GraphKey(c) || !flow.IsBuiltIn(a) || !flow.IsBuiltIn(flow.IDFFNoisy(1)) {
		t.Errorf("graph keys %q, %q, %q", flow.GraphKey(a), flow.GraphKey(b), flow.GraphKey(c))
	}
}
