package figures

import (
	"math"
	"testing"
)

func TestWrapAngle(t *testing.T) {
	for in, want := range map[float64]float64{0: 0, 180: -180, -180: -180, 190: -170, -190: 170, 540: -180, 359: -1, -721: -1, -180.00000000000003: -180} {
		if got := wrapAngle(in); got != want {
			t.Errorf("wrapAngle(%g) = %g, want %g", in, got, want)
		}
	}
}

// TestOutline: the border of a union, across ±180, is as long as by hand.
func TestOutline(t *testing.T) {
	for name, c := range map[string]struct {
		boxes  []Box
		length float64
	}{
		"one":        {[]Box{{0, 10, 0, 20}}, 60},
		"over 180":   {[]Box{{170, 200, 0, 20}}, 100},
		"corner":     {[]Box{{170, 190, 170, 190}}, 80},
		"beside":     {[]Box{{0, 10, 0, 20}, {10, 30, 0, 20}}, 100},
		"overlap":    {[]Box{{0, 20, 0, 20}, {10, 30, 10, 30}}, 120},
		"joined":     {[]Box{{-180, -90, 50, 240}, {160, 180, 110, 180}}, 2*90 + 2*190 + 2*20},
		"everything": {[]Box{{0, 360, -180, 180}}, 0},
		"belt":       {[]Box{{0, 10, -400, 400}}, 720},
	} {
		sum := 0.
		for _, s := range newOutline(Basin{Boxes: c.boxes}).segments {
			sum += math.Hypot(s[1][0]-s[0][0], s[1][1]-s[0][1])
			for _, x := range s {
				if !torusBox.contains(x) {
					t.Errorf("%s: (%g, %g) lies outside the plane", name, x[0], x[1])
				}
			}
		}
		if math.Abs(sum-c.length) > 1e-9 {
			t.Errorf("%s: the border is %g long, want %g", name, sum, c.length)
		}
	}
}

// TestUnroll: each step goes the short way.
func TestUnroll(t *testing.T) {
	got := unroll([]float64{170, -170, -175, 100, -100, 530})
	for k, want := range []float64{170, 190, 185, 100, 260, 170} {
		if got[k] != want {
			t.Errorf("unroll[%d] = %g, want %g", k, got[k], want)
		}
	}
}

// TestAngleBand: quantiles of members on both sides of ±180, and bands that are given.
func TestAngleBand(t *testing.T) {
	members := [][]float64{{170}, {175}, {180}, {-175}, {-170}}
	mean := circularMean(members)
	if math.Abs(wrapAngle(mean[0]-180)) > 1e-9 {
		t.Errorf("the mean is %g, want 180", mean[0])
	}
	for share, want := range map[float64]float64{0.5: 5, 0.75: 7.5} {
		b := AngleRow{Members: members}.band(mean, share)
		if math.Abs(b.below[0]-want) > 1e-9 || math.Abs(b.above[0]-want) > 1e-9 {
			t.Errorf("band of %g: %g below and %g above, want %g", share, b.below[0], b.above[0], want)
		}
	}
	b := AngleRow{Lower: []float64{170}, Upper: []float64{-160}}.band(nil, 0.9)
	if b.centre[0] != 185 || b.above[0] != 15 || b.below[0] != 15 {
		t.Errorf("from 170 to -160: %+v, want 185 ± 15", *b)
	}
}

// TestMoves: an arrow over a corner of the plane is seen at all four.
func TestMoves(t *testing.T) {
	p := panel{box: torusBox}
	n := 0
	p.move([2]float64{175, 175}, [2]float64{-175, -175}, func(a, b [2]float64) {
		n++
		if b[0]-a[0] != 10 || b[1]-a[1] != 10 {
			t.Errorf("the move goes from %v to %v: not the short way", a, b)
		}
	})
	if n != 4 {
		t.Errorf("%d copies of the move, want 4", n)
	}
	if got := images([2]float64{-180, 0}, torusBox); len(got) != 2 {
		t.Errorf("a point on the edge is drawn at %v, want both edges", got)
	}
}
