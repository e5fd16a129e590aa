package flow_test

import (
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestPathSchedule compares the schedule with the path's own mean and noise, and its derivatives with differences.
func TestPathSchedule(t *testing.T) {
	for _, p := range []flow.Path{{}, flow.Straight(), flow.ICFM(0), flow.Bridge(0), flow.Target(0), flow.Target(.3), flow.VariancePreserving(0)} {
		if err := p.CheckSchedule(); err != nil {
			t.Errorf("%v: %v", p, err)
			continue
		}
		for _, at := range []float64{0, .3, .8, 1} {
			a, sigma, da, ds := p.Schedule(at)
			out := MustExecOnceN(backend(t), func(times *Node) []*Node {
				one, zero := OnesLike(InsertAxes(times, -1)), ZerosLike(InsertAxes(times, -1))
				return []*Node{p.Mean(zero, one, times), p.Mean(one, zero, times), p.Sigma(times)}
			}, []float32{float32(at)})
			wantA, wantSigma := float64(flat(t, out[0])[0]), float64(flat(t, out[1])[0])
			if p.Kind == "target" { // its x0 is the noise
				wantSigma = float64(flat(t, out[2])[0])
			}
			if math.Abs(a-wantA) > 1e-6 || math.Abs(sigma-wantSigma) > 1e-6 {
				t.Errorf("%v at %g: %g x1 + %g x0, want %g and %g", p, at, a, sigma, wantA, wantSigma)
			}
			const h = 1e-5
			lo, hi := max(at-h, 0), min(at+h, 1)
			aHi, sHi, _, _ := p.Schedule(hi)
			aLo, sLo, _, _ := p.Schedule(lo)
			if math.Abs(da-(aHi-aLo)/(hi-lo)) > 2e-5 || math.Abs(ds-(sHi-sLo)/(hi-lo)) > 2e-5 {
				t.Errorf("%v at %g: derivatives %g, %g", p, at, da, ds)
			}
		}
		if _, sigma, _, _ := p.Schedule(1); sigma != p.Noise {
			t.Errorf("%v: sigma(1) = %g, want exactly %g", p, sigma, p.Noise)
		}
	}
}

// TestCheckSchedule: which solver's schedule fits which network.
func TestCheckSchedule(t *testing.T) {
	straight := solver.DDIM(2).Schedule()
	for _, tc := range []struct {
		objective flow.Objective
		path      flow.Path
		schedule  solver.PathSchedule
		want      string // in the error; "": none
	}{
		{flow.X1(), flow.Straight(), straight, ""},
		{flow.X1(), flow.Bridge(.2), straight, ""}, // its velocity is that of the straight path
		{flow.X1Score(), flow.ReleasedBridge(.2), straight, ""},
		{flow.X1(), flow.Target(.1), flow.Target(.1), ""},
		{flow.Velocity(), flow.ICFM(0), straight, ""},
		{flow.Velocity(), flow.VariancePreserving(0), flow.VariancePreserving(0), ""},
		{flow.Velocity(), flow.Straight(), flow.Target(0), ""}, // the same numbers
		{flow.X1(), flow.Target(.1), straight, "on path straight, but the velocity is that of path target(0.1)"},
		{flow.Velocity(), flow.VariancePreserving(0), straight, "that of path vp(0)"},
		{flow.X1(), flow.Straight(), flow.VariancePreserving(0), "that of path straight"},
		{flow.Velocity(), flow.Bridge(.2), straight, "bridge(0.2) has noise besides x0 and x1"},
		{flow.Velocity(), flow.ICFM(.1), straight, "icfm(0.1) has noise"},
		{flow.Velocity(), flow.VariancePreserving(.1), straight, "vp(0.1) has noise"},
		{flow.Velocity(), flow.OwnPath(line{}), straight, ""}, // the same numbers
		{flow.Noise(), flow.OwnPath(ddpm{.1, 20}), flow.OwnPath(ddpm{.1, 20}), ""},
		{flow.Noise(), flow.OwnPath(ddpm{.1, 20}), flow.OwnPath(ddpm{.1, 10}), "that of path flow_test.ddpm{Least:0.1 Most:20}"},
		{flow.Velocity(), flow.OwnPath(trigonometric{.1}), straight, "trigonometric{Noise:0.1} has noise besides x0 and x1"},
		{flow.Velocity(), flow.Path{Kind: "stright"}, straight, "unknown path"},
	} {
		err := tc.objective.CheckSchedule(tc.path, tc.schedule)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%v on %v with schedule %v: %v, want %q", tc.objective, tc.path, tc.schedule, err, tc.want)
		}
	}
}
