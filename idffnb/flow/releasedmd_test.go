package flow_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// releasedMD is what testdata/releasedmd.py computed with torch and torchsde, in float64.
type releasedMD struct {
	Gamma1, Gamma2, Sigma float64
	X, X1                 [][]float64
	Weights               [][][]float64
	Biases                [][]float64
	Times                 []float64
	Drift                 [][][]float64
	Diffusion             []float64
	Loss                  float64
	W, Area               [][][]float64
	SRK, Euler            [][]float64
	SRKCalls              int `json:"srk_calls"`
	EulerCalls            int `json:"euler_calls"`
}

func readReleasedMD(t *testing.T) releasedMD {
	t.Helper()
	var want releasedMD
	text, err := os.ReadFile("testdata/releasedmd.json")
	if err == nil {
		err = json.Unmarshal(text, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// net is the script's network: [x/60, t] -> 8 -> 8 -> 90 * 4, SELU.
func (w releasedMD) net(x, t *Node) *Node {
	h := Concatenate([]*Node{DivScalar(x, 60), ExpandAxes(t, -1)}, -1)
	for i := range w.Weights {
		h = Add(DotGeneral(h, []int{1}, nil, ConstAs(x, w.Weights[i]), []int{1}, nil), ExpandLeftToRank(ConstAs(x, w.Biases[i]), 2))
		if i < len(w.Weights)-1 {
			h = net.SELU(h)
		}
	}
	return MulScalar(h, 90)
}

func (w releasedMD) model() *flow.Model {
	return flow.NewModel(func(x, t *Node, at solver.Time) flow.Prediction {
		return flow.X1Copies().Prediction(flow.Bridge(.5), x, w.net(x, t), at)
	})
}

func (w releasedMD) field() flow.ReleasedMDField { return flow.ReleasedMD(w.Gamma1, w.Gamma2, w.Sigma) }

func nearRows(t *testing.T, what string, got, want [][]float64, tolerance float64) {
	t.Helper()
	for i := range want {
		for j, v := range want[i] {
			if !(math.Abs(got[i][j]-v) <= tolerance*(1+math.Abs(v))) {
				t.Fatalf("%s: row %d is %v, want %v", what, i, got[i], want[i])
			}
		}
	}
}

// TestReleasedMDField compares drift, diffusion and loss with those of the script.
func TestReleasedMDField(t *testing.T) {
	want := readReleasedMD(t)
	for i, at := range want.Times {
		m := want.model()
		out := MustExecOnceN(backend(t), func(x *Node) []*Node {
			f := want.field()
			return []*Node{f.Velocity(m, flow.Point{X: x, Start: x, T: solver.At(at)}, factorNodes(f, x)), f.Diffusion(solver.At(at), factorNodes(f, x))}
		}, want.X)
		nearRows(t, fmt.Sprintf("drift at %g", at), out[0].Value().([][]float64), want.Drift[i], 1e-11)
		if g := out[1].Value().(float64); math.Abs(g-want.Diffusion[i]) > 1e-12 {
			t.Errorf("g(%g) = %g, want %g", at, g, want.Diffusion[i])
		}
		if cost := map[bool]float64{true: 1, false: 4}[at == 0 || at == 1]; m.Meter.Equivalents != cost {
			t.Errorf("at %g it costs %g, want %g", at, m.Meter.Equivalents, cost)
		}
	}
	loss := MustExecOnce(backend(t), func(x, x1 *Node) *Node {
		half := MulScalar(OnesLike(ReduceSum(x, 1)), .5)
		return flow.X1Copies().Loss(flow.Straight(), flow.Batch{X0: x, X1: x1, T: half, Eps: ZerosLike(x),
			Net: func(_, t, _ *Node) *Node { return want.net(x, t) }})
	}, want.X, want.X1).Value().(float64)
	if math.Abs(loss-want.Loss) > 1e-9*want.Loss {
		t.Errorf("loss %.12g, want %.12g", loss, want.Loss)
	}
}

// TestReleasedMDFrame draws a frame along the noise that torchsde was given, and counts what both pay: see ReleasedMDField.
func TestReleasedMDFrame(t *testing.T) {
	want := readReleasedMD(t)
	for _, tc := range []struct {
		s                solver.Torchsde
		end              [][]float64
		forwards         int
		equivalents      float64
		calls, torchsdes int // evaluations in torchsde, as counted and as said; and their cost
		cost             float64
	}{
		{solver.SDEInt(.3), want.SRK, 12, 42, want.SRKCalls, 41, 137},
		{solver.SDEIntEuler(.3), want.Euler, 4, 13, want.EulerCalls, 5, 14},
	} {
		m := want.model()
		end := MustExecOnce(backend(t), func(x, w, area *Node) *Node {
			f := want.field()
			factors := factorNodes(f, x)
			noise := make([]solver.Increment, tc.s.Steps())
			for k := range noise {
				noise[k].W = Squeeze(SliceAxis(w, 0, AxisElem(k)), 0)
				if tc.s.NeedsArea() {
					noise[k].Area = Squeeze(SliceAxis(area, 0, AxisElem(k)), 0)
				}
			}
			drift := func(x *Node, t solver.Time) *Node {
				return f.Velocity(m, flow.Point{X: x, Start: x, T: t}, factors)
			}
			return tc.s.IntegrateNoise(drift, func(_ *Node, t solver.Time) *Node { return f.Diffusion(t, factors) }, x, noise)[tc.s.Steps()]
		}, want.X, want.W, want.Area).Value().([][]float64)
		nearRows(t, tc.s.String(), end, tc.end, 1e-10)
		if m.Meter.Forwards != tc.forwards || m.Meter.Equivalents != tc.equivalents {
			t.Errorf("%v: cost %+v, want %d forwards, %g equivalents", tc.s, m.Meter, tc.forwards, tc.equivalents)
		}
		calls, cost := 0, 0.
		for at, n := range tc.s.TorchsdeEvaluations() {
			calls += n
			cost += float64(n) * map[bool]float64{true: 1, false: 4}[at == 0 || at == 1]
		}
		if calls != tc.calls || calls != tc.torchsdes || cost != tc.cost {
			t.Errorf("%v: %d evaluations of cost %g in torchsde, which made %d; want %d of cost %g", tc.s, calls, cost, tc.calls, tc.torchsdes, tc.cost)
		}
	}
}

// TestReleasedMDFactors: gamma_2 falls as 1/(1+k), and one graph does for all frames and gammas.
func TestReleasedMDFactors(t *testing.T) {
	f := flow.ReleasedMD(.2, 6, .5)
	for k, gamma2 := range []float64{6, 3, 2} {
		at := f.AtFrame(k)
		if got := at.Factors(); !slices.Equal(got, []float64{.2, gamma2, .5, .3}) {
			t.Errorf("factors at frame %d: %v", k, got)
		}
		if flow.GraphKey(at) != flow.GraphKey(flow.ReleasedMD(0, 0, 0)) || at.Name() != f.Name() || !flow.IsBuiltIn(at) {
			t.Errorf("frame %d: graph %q, name %q", k, flow.GraphKey(at), at.Name())
		}
	}
}

func TestReleasedMDCheck(t *testing.T) {
	good := flow.ReleasedMD(.2, 1, .5)
	if err := flow.CheckField(good, nil, flow.X1Copies(), flow.Bridge(.5)); err != nil {
		t.Error(err)
	}
	for _, tc := range []struct {
		f    flow.ReleasedMDField
		o    flow.Objective
		path flow.Path
		want string
	}{
		{flow.ReleasedMD(math.NaN(), 1, .5), flow.X1Copies(), flow.Bridge(.5), "gamma_1 is NaN"},
		{flow.ReleasedMD(0, math.Inf(1), .5), flow.X1Copies(), flow.Bridge(.5), "gamma_2 is +Inf"},
		{flow.ReleasedMD(0, 1, 2.1), flow.X1Copies(), flow.Bridge(.5), "from 0 to 2"},
		{flow.ReleasedMD(0, 1, -.1), flow.X1Copies(), flow.Bridge(.5), "from 0 to 2"},
		{flow.ReleasedMDField{Dt: -1}, flow.X1Copies(), flow.Bridge(.5), "dt"},
		{flow.ReleasedMDField{Frame: -1}, flow.X1Copies(), flow.Bridge(.5), "frame -1"},
		{good, flow.Velocity(), flow.Bridge(.5), "X1Copies"},
		{good, flow.X1Copies(), flow.VariancePreserving(.1), "straight path"},
	} {
		err := flow.CheckField(tc.f, nil, tc.o, tc.path)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v with %v on %v: %v, want one line with %q", tc.f, tc.o, tc.path, err, tc.want)
		}
	}
}
