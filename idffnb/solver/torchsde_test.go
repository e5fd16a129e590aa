package solver

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

// The numbers of torchsde itself are compared in package flow, with IDFF's released field for molecular dynamics (TestReleasedMDFrame).

func TestTorchsdeGrid(t *testing.T) {
	for _, tc := range []struct {
		dt   float64
		want []float64
	}{
		{.3, []float64{0, .3, .6, .9, 1}},
		{.25, []float64{0, .25, .5, .75, 1}},
		{1. / 3, []float64{0, 1. / 3, 2. / 3, 1}},
		{1, []float64{0, 1}},
		{.7, []float64{0, .7, 1}},
	} {
		grid := SDEInt(tc.dt).Grid()
		if len(grid) != len(tc.want) || SDEInt(tc.dt).Steps() != len(tc.want)-1 {
			t.Fatalf("dt %g: grid %v, want %v", tc.dt, grid, tc.want)
		}
		for k, v := range tc.want {
			if math.Abs(grid[k]-v) > 1./8192 || grid[len(grid)-1] != 1 {
				t.Errorf("dt %g: grid %v, want %v", tc.dt, grid, tc.want)
			}
		}
	}
}

// TestTorchsdeIsOfItsMethod: with equal steps, euler is EulerMaruyama, and srk SRID2, which Roessler takes where noise is shaped as the state.
func TestTorchsdeIsOfItsMethod(t *testing.T) {
	b := Brownian{Seed: 1, Size: 5}
	drift := func(x *graph.Node, at Time) *graph.Node { return graph.Sub(graph.Sin(x), at.Mul(x)) }
	scalar := func(x *graph.Node, at Time) *graph.Node { return constant(x, 1+at.Number()) }
	shaped := func(x *graph.Node, at Time) *graph.Node { return graph.AddScalar(graph.ZerosLike(x), 1+at.Number()) }
	for _, tc := range []struct {
		s, want   Stochastic
		diffusion Diffusion
	}{
		{SDEIntEuler(.25), EulerMaruyama(4), scalar},
		{SDEInt(.25), SRK(4), shaped},
		{Torchsde{Dt: .25}, SRK(4), shaped},
	} {
		w, areas := noiseFor(t, tc.s, b)
		x0 := []float64{1, -2, .5, 0, 3}
		got := end(t, tc.s, equation{drift, scalar}, x0, w, areas)
		want := end(t, tc.want, equation{drift, tc.diffusion}, x0, w, areas)
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-14 {
				t.Errorf("%v ends at %v, want %v as %v", tc.s, got, want, tc.want)
				break
			}
		}
	}
}

// TestTorchsdeTimes: Times are the times at which the drift is evaluated, and without noise srk has order 3: exact for dx = 3 t^2 dt.
func TestTorchsdeTimes(t *testing.T) {
	for _, s := range []Torchsde{SDEInt(.3), SDEIntEuler(.3)} {
		var times []float64
		out := graph.MustExecOnce(testBackend(t), func(x *graph.Node) *graph.Node {
			return s.Integrate(func(x *graph.Node, at Time) *graph.Node {
				times = append(times, at.Number())
				return constant(x, 3*at.Number()*at.Number())
			}, x)[s.Steps()]
		}, 2.).Value().(float64)
		sorted := slices.Clone(s.EvaluatedAt())
		slices.Sort(sorted)
		slices.Sort(times)
		if !slices.Equal(sorted, times) {
			t.Errorf("%v evaluates at %v, and says %v", s, times, sorted)
		}
		if s.Method == "srk" && math.Abs(out-3) > 1e-14 {
			t.Errorf("%v ends at %g, want 3", s, out)
		}
	}
}

func TestTorchsdeCheck(t *testing.T) {
	for _, tc := range []struct {
		s    Torchsde
		want string
	}{
		{Torchsde{Method: "milstein", Dt: .3}, "valid names: srk, euler"},
		{SDEInt(0), "step from 1/4096 to 1"},
		{SDEInt(-1), "step from 1/4096 to 1"},
		{SDEInt(1.5), "step from 1/4096 to 1"},
		{SDEIntEuler(math.NaN()), "step from 1/4096 to 1"},
	} {
		err := tc.s.Check()
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v, want one line with %q", tc.s, err, tc.want)
		}
		if grid := tc.s.Grid(); len(grid) != 2 {
			t.Errorf("%+v: grid %v", tc.s, grid)
		}
	}
}
