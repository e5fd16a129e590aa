package flow_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
)

// The paths of the table, written as a user would write them.
type trigonometric struct{ Noise float64 }

func (p trigonometric) Coefficients(t *Node) (a, b, c *Node) {
	angle := MulScalar(t, math.Pi/2)
	return Sin(angle), Cos(angle), MulScalar(OnesLike(t), p.Noise)
}

type line struct{}

func (line) Coefficients(t *Node) (a, b, c *Node) { return t, OneMinus(t), nil }

type brownianBridge struct{ Sigma float64 }

func (p brownianBridge) Coefficients(t *Node) (a, b, c *Node) {
	return t, OneMinus(t), MulScalar(Sqrt(Mul(t, OneMinus(t))), p.Sigma)
}

// TestOwnPath compares own paths with the same ones of the table: mean, noise, sample and velocity at inner times and at the ends.
func TestOwnPath(t *testing.T) {
	x0, x1, eps := []float32{1, -2, .5, 3, -1, 0, 2, 2}, []float32{0, 4, -3, 1, 1, 1, -2, .5}, []float32{.3, -1, 2, .1, 0, 1, -.5, .7}
	at := []float32{0, .2, .7, 1}
	for _, tc := range []struct {
		own   flow.Interpolant
		table flow.Path
	}{{trigonometric{.1}, flow.VariancePreserving(.1)}, {line{}, flow.Straight()}, {brownianBridge{.5}, flow.Bridge(.5)}} {
		got := func(p flow.Path) [][]float32 {
			out := MustExecOnceN(backend(t), func(in []*Node) []*Node {
				x0, x1, eps, t := in[0], in[1], in[2], in[3]
				x := p.Sample(x0, x1, t, eps)
				return []*Node{p.Mean(x0, x1, t), p.Sigma(t), x, p.Velocity(x, x0, x1, t)}
			}, tensor(x0, 4, 2), tensor(x1, 4, 2), tensor(eps, 4, 2), tensor(at, 4))
			values := make([][]float32, len(out))
			for i := range out {
				values[i] = flat(t, out[i])
			}
			return values
		}
		own, table := got(flow.OwnPath(tc.own)), got(tc.table)
		for i, what := range []string{"mean", "sigma", "sample", "velocity"} {
			for k := range own[i] {
				if math.Abs(float64(own[i][k]-table[i][k])) > 2e-5*(1+math.Abs(float64(table[i][k]))) {
					t.Errorf("%s: %s[%d] is %g, want %g as on %v", flow.OwnPath(tc.own), what, k, own[i][k], table[i][k], tc.table)
				}
			}
		}
	}
}

func TestOwnPathNamesItself(t *testing.T) {
	p := flow.OwnPath(trigonometric{.1})
	if got := p.String(); got != "flow_test.trigonometric{Noise:0.1}" {
		t.Errorf("name %q", got)
	}
	text, err := json.Marshal(p)
	if err != nil || !strings.Contains(string(text), "Noise:0.1") {
		t.Errorf("identity %s, %v: want the values in it", text, err)
	}
	if table, _ := json.Marshal(flow.Bridge(.2)); string(table) != `{"Kind":"bridge","Noise":0.2}` {
		t.Errorf("identity of a path of the table is %s: run folders would move", table)
	}
	for objective, ok := range map[flow.Objective]bool{flow.Velocity(): true, flow.X1(): false, flow.X1Score(): false} {
		if err := objective.Check(p); (err == nil) != ok {
			t.Errorf("objective %v: %v", objective, err)
		}
	}
}

func TestCheckEnds(t *testing.T) {
	for _, tc := range []struct {
		a, b, c [2]float64
		want    string
	}{
		{[2]float64{0, 1}, [2]float64{1, 0}, [2]float64{0, .1}, ""},
		{[2]float64{0, 1}, [2]float64{1, 0}, [2]float64{0, -4e-9}, ""},
		{[2]float64{0, .99}, [2]float64{1, .01}, [2]float64{}, ""},
		{[2]float64{0, .97}, [2]float64{1, 0}, [2]float64{}, "0.97 x1 + 0 x0 at t = 1"},
		{[2]float64{0, .5}, [2]float64{1, 0}, [2]float64{}, "0.5 x1 + 0 x0 at t = 1, want 1 x1 + 0 x0"},
		{[2]float64{0, 1}, [2]float64{math.NaN(), 0}, [2]float64{}, "at t = 0"},
		{[2]float64{0, 1}, [2]float64{1, 0}, [2]float64{0, -1}, "noise -1 at t = 1"},
	} {
		err := flow.CheckEnds("mine", tc.a, tc.b, tc.c)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%v %v %v: %v, want %q", tc.a, tc.b, tc.c, err, tc.want)
		}
	}
}
