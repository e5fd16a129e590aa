package idffnb

import (
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// ddpmPath is DDPM's linear schedule in continuous time.
type ddpmPath struct{ Least, Most float64 }

func (d ddpmPath) Coefficients(t *Node) (a, b, c *Node) {
	rest := OneMinus(t)
	integral := Add(MulScalar(rest, d.Least), MulScalar(Square(rest), (d.Most-d.Least)/2))
	a = Exp(MulScalar(integral, -.5))
	return a, Sqrt(Mul(Tanh(MulScalar(integral, .5)), OnePlus(Exp(Neg(integral))))), nil
}

// exactEndNet is exact for data N(3, .6^2) in each component, of x0 or of x1; its one layer counts for nothing.
type exactEndNet struct {
	Path  string // straight, vp or ddpm
	Start bool   // predicts x0
}

func (e exactEndNet) Predict(scope *model.Scope, x, t, _ *Node) *Node {
	const m, square = 3, .36
	t = ExpandAxes(t, -1)
	a, b := t, OneMinus(t)
	switch e.Path {
	case "vp":
		a, b = Sin(MulScalar(t, math.Pi/2)), Cos(MulScalar(t, math.Pi/2))
	case "ddpm":
		a, b, _ = ddpmPath{.1, 20}.Coefficients(t)
	}
	off := Sub(x, MulScalar(a, m))
	v := Add(MulScalar(Square(a), square), Square(b))
	out := AddScalar(Mul(Div(MulScalar(a, square), v), off), m)
	if e.Start {
		out = Mul(Div(b, v), off)
	}
	return Add(out, MulScalar(net.Dense(scope, "out", x, x.Shape().Dimensions[1]), 0))
}

// exactRun is a run of an exact network.
func exactRun(t *testing.T, e exactEndNet) *Run {
	t.Helper()
	x := small(t)
	x.Net, x.Steps, x.Objective = e, 1, flow.X1()
	if e.Start {
		x.Objective = flow.Noise()
	}
	switch e.Path {
	case "vp":
		x.Path = flow.VariancePreserving(0)
	case "ddpm":
		x.Path = flow.OwnPath(ddpmPath{.1, 20})
	}
	r := mustOpen(t, x)
	r.backend = pureGo(t)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestExactNetworksOfBothEnds samples and measures exact networks of x0 and x1 of a Gaussian as runs do: fixed solvers, among them those that evaluate t = 1 and those that evaluate t = 0 alone, adaptive and exponential ones, and
// likelihoods. The flow takes x_0 to m + s (x_0 - a_0 m)/sqrt(V_0), and the density of its samples is that of the data but for the start, N(0, 1) in place of N(a_0 m, V_0): a_0 = .0066 on DDPM's path, which moves log p by
// a_0 m |x_0| = .06 at most.
func TestExactNetworksOfBothEnds(t *testing.T) {
	start := []float32{-1.5, .2, .7, 1.9}
	for _, path := range []string{"straight", "vp", "ddpm"} {
		for _, isStart := range []bool{true, false} {
			if path == "straight" && !isStart {
				continue // as before
			}
			r := exactRun(t, exactEndNet{path, isStart})
			a0 := 0.
			if path == "ddpm" {
				a0 = math.Exp(-10.05 / 2)
			}
			for _, by := range []struct {
				solver solver.Solver
				most   float64
			}{
				{solver.Midpoint(20), .004}, {solver.RK4(20), .001}, {solver.Dopri5(1e-5, 1e-5), .01},
				{solver.Exponential{Method: "dpmpp2m", N: 20, Path: r.exp.Path}, .035},
			} {
				out, err := r.Sample(2, flow.CFM(), by.solver, WithStart(start), Unkept())
				if err != nil {
					t.Errorf("%v on %s, %v: %v", r.exp.Objective, path, by.solver, err)
					continue
				}
				for i, x := range start {
					want := 3 + .6*(float64(x)-3*a0)/math.Sqrt(a0*a0*.36+1-a0*a0)
					if got := float64(out.X[i]); math.Abs(got-want) > by.most {
						t.Errorf("%v on %s, %v: from %g to %.5f, want %.5f within %g", r.exp.Objective, path, by.solver, x, got, want, by.most)
					}
				}
			}
			points := []float32{2.5, 3.3, 4.1, 2.2}
			likely, err := r.LogLikelihood(points, flow.CFM(), solver.Midpoint(12))
			if err != nil {
				t.Errorf("%v on %s: %v", r.exp.Objective, path, err)
				continue
			}
			for i, got := range likely.LogP {
				want := 0.
				for _, x := range points[2*i:][:2] {
					want -= math.Log(.6*math.Sqrt(2*math.Pi)) + math.Pow((float64(x)-3)/.6, 2)/2
				}
				if math.Abs(got-want) > .02+.08*a0/.0066 {
					t.Errorf("%v on %s: log p %.4f, want %.4f", r.exp.Objective, path, got, want)
				}
			}
		}
	}
}

// TestNoiseOnRuns: what else a network of noise serves, and what is refused, in one line.
func TestNoiseOnRuns(t *testing.T) {
	r := exactRun(t, exactEndNet{"ddpm", true})
	if out, err := r.Sample(500, flow.Stochastic(flow.DecayingNoise(1)), solver.SRK(20), Unkept()); err != nil {
		t.Error(err)
	} else { // 1000 numbers ~ N(3, .6^2): the mean is within .1 but for one in 1e7, the deviation within 15 %
		mean, square := 0., 0.
		for _, x := range out.X {
			mean += float64(x) / 1000
			square += float64(x) * float64(x) / 1000
		}
		if s := math.Sqrt(square - mean*mean); math.Abs(mean-3) > .1 || math.Abs(s/.6-1) > .15 {
			t.Errorf("with noise: mean %.3f and deviation %.3f, want 3 and .6", mean, s)
		}
	}
	learned, err := r.LearnSchedule(3, Learning{Steps: 2, Points: 16})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Sample(4, learned.Field(), learned.Solver(), Unkept()); err != nil {
		t.Error(err)
	}
	for want, f := range map[string]func() error{
		"not on idffnb.ddpmPath": func() error { _, err := r.Sample(4, flow.IDFF(.5), solver.Midpoint(2), Unkept()); return err },
		"on path straight, but the velocity is that of path idffnb.ddpmPath": func() error { _, err := r.Sample(4, flow.CFM(), solver.DPMSolverPP(2, 4), Unkept()); return err },
		"Brownian bridge": func() error {
			_, err := r.Sample(4, flow.Stochastic(flow.ConstantNoise(.1)), solver.Ancestral(4), Unkept())
			return err
		},
		"no velocity is made of the start point": func() error {
			e := small(t)
			e.Objective, e.Path = flow.Noise(), flow.Bridge(.2)
			_, err := Open(e)
			return err
		},
		"IDFF order 1, γ by step takes v = (xhat1 - x)/(1-t)": func() error { _, err := r.LearnSchedule(5, Learning{Order: 1, Steps: 1, Points: 16}); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want one line with %q", err, want)
		}
	}
}
