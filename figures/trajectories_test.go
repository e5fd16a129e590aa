package figures

import (
	"math"
	"testing"
)

// The limits hold what is drawn, but not paths that fly off.
func TestTrajectoryLimits(t *testing.T) {
	truth := [][2]float64{{-1, -1}, {1, 1}}
	way := func(x ...float64) [][2]float64 {
		var w [][2]float64
		for _, v := range x {
			w = append(w, [2]float64{v, 0})
		}
		return w
	}
	for _, c := range []struct {
		name string
		f    Trajectories
		way  [][2]float64
		half float64 // of the box, over its margin
	}{
		{"inside", Trajectories{Truth: truth}, way(0, 0.5), 1},
		{"a little out", Trajectories{Truth: truth}, way(0, 1.8, 0.5), 1.4},
		{"flies off", Trajectories{Truth: truth}, way(0, 1.8, 500), 1.4},
		{"starts far away", Trajectories{Truth: truth}, way(5, 0.5), 3},
		{"no truth", Trajectories{}, way(-10, 10), 10},
	} {
		b, err := c.f.limits([][][][2]float64{{c.way}})
		if err != nil {
			t.Fatal(err)
		}
		if got := (b.XMax - b.XMin) / 2 / 1.1; math.Abs(got-c.half) > 1e-9 {
			t.Errorf("%s: half a side is %g, want %g", c.name, got, c.half)
		}
	}
}
