package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// inModes counts the points in each mode; the last count is of those outside.
func inModes(p [][2]float64, centres [][2]float64, radius float64) []int {
	count := make([]int, len(centres)+1)
	for _, x := range p {
		nearest, least := 0, math.Inf(1)
		for k, c := range centres {
			if d := math.Hypot(x[0]-c[0], x[1]-c[1]); d < least {
				nearest, least = k, d
			}
		}
		if least > radius {
			nearest = len(centres)
		}
		count[nearest]++
	}
	return count
}

// gaussianInDisc integrates the density of N(0, I) over the disc of a radius
// whose centre is at a distance from 0, by the midpoint rule in polar coordinates.
func gaussianInDisc(distance, radius float64) float64 {
	const n = 400
	sum := 0.0
	for i := range n {
		r := (float64(i) + .5) / n * radius
		for j := range n {
			sin, cos := math.Sincos((float64(j) + .5) / n * 2 * math.Pi)
			x, y := distance+r*cos, r*sin
			sum += r * math.Exp(-(x*x+y*y)/2)
		}
	}
	return sum * radius / n / n
}

// TestModes draws 200,000 fresh points of each set: every mode holds its share,
// and the share outside is the one documented, within 5 standard errors of a
// binomial share (and the rounding of the documented number). 33 comparisons
// at 6e-7 each: false-alarm rate 2e-5 for a seed; the seed is fixed.
func TestModes(t *testing.T) {
	const n = 200_000
	gaussians := func(radius, std float64) (outside float64) {
		outside = 1
		for k := range 8 {
			outside -= gaussianInDisc(2*radius*math.Sin(float64(k)*math.Pi/8)/std, 3)
		}
		return outside
	}
	for _, c := range []struct {
		toy              Toy
		modes            int
		outside, doc, eq float64 // share outside, as documented, and how far that may be off
	}{
		{EightGaussians(), 8, gaussians(5, math.Sqrt(math.Sqrt(.1))), .0110, 5e-5},
		{EightGaussiansFFJORD(), 8, gaussians(4/1.414, .5/1.414), .0099, 5e-5},
		{Checkerboard(), 8, 0, 0, 0},
		{Pinwheel(), 5, .1214, .121, 5e-4}, // no closed form: from 1,000,000 points drawn with numpy
	} {
		if !(math.Abs(c.outside-c.doc) <= c.eq) {
			t.Errorf("%s: %.5f outside, the documentation says %.4f", c.toy, c.outside, c.doc)
		}
		centres, radius, ok := c.toy.Modes()
		if !ok || len(centres) != c.modes || !(radius > 0) {
			t.Fatalf("%s: %d modes of radius %g, %v", c.toy, len(centres), radius, ok)
		}
		for i, a := range centres {
			for _, b := range centres[:i] {
				if d := math.Hypot(a[0]-b[0], a[1]-b[1]); d < 2*radius*(1-1e-12) {
					t.Errorf("%s: discs around %v and %v overlap", c.toy, a, b)
				}
			}
		}
		count := inModes(c.toy.Points(3, n), centres, radius)
		check := func(what string, got int, want, round float64) {
			if tol := 5*math.Sqrt(want*(1-want)/n) + round; !(math.Abs(float64(got)/n-want) <= tol) {
				t.Errorf("%s: %s = %.5f, want %.5f within %.5f", c.toy, what, float64(got)/n, want, tol)
			}
		}
		round := 0.0
		if c.toy == Pinwheel() {
			round = 5 * math.Sqrt(.1214*.8786/1e6)
		}
		check("outside", count[c.modes], c.outside, round)
		for k := range centres {
			check(fmt.Sprint("mode ", k), count[k], (1-c.outside)/float64(c.modes), round/float64(c.modes))
		}
		again, _, _ := c.toy.Modes()
		again[0][0] = 99
		if fresh, _, _ := c.toy.Modes(); !slices.Equal(fresh, centres) {
			t.Errorf("%s: a caller can change the centres", c.toy)
		}
	}
}

// TestModesOfTheCheckerboardAreItsCells holds each point's mode against the cell it lies in.
func TestModesOfTheCheckerboardAreItsCells(t *testing.T) {
	centres, radius, _ := Checkerboard().Modes()
	for _, p := range Checkerboard().Points(4, 20_000) {
		cell := [2]float64{2*math.Floor(p[0]/2) + 1, 2*math.Floor(p[1]/2) + 1}
		k := slices.Index(centres, cell)
		if k < 0 || inModes([][2]float64{p}, centres, radius)[k] != 1 {
			t.Fatalf("%v of cell %v is not in mode %d", p, cell, k)
		}
	}
	if got := inModes([][2]float64{{1, -1}, {1, -3}, {5, 5}, {2, 2}}, centres, radius); got[8] != 2 {
		// (1,-1) and (5,5) are in no disc; (1,-3) is the centre of a cell, (2,2) the corner of one
		t.Errorf("%d of 4 points are outside, want 2: %v", got[8], got)
	}
}

// TestModesOfThePinwheelAreItsArms draws one arm by its formula: of 1,000,000 points those within a disc count
// to its own but for .0005 (about 440 points; rounding and 5 standard errors, false-alarm rate 6e-7).
func TestModesOfThePinwheelAreItsArms(t *testing.T) {
	const n = 1_000_000
	rng := rand.New(rand.NewPCG(5, toyStream))
	arm := make([][2]float64, n)
	for i := range arm {
		r, s := 1+.3*rng.NormFloat64(), .1*rng.NormFloat64()
		sin, cos := math.Sincos(.25 * math.Exp(r))
		arm[i] = [2]float64{2 * (r*cos + s*sin), 2 * (s*cos - r*sin)}
	}
	centres, radius, _ := Pinwheel().Modes()
	count := inModes(arm, centres, radius)
	inside := float64(n - count[5])
	if other := 1 - float64(count[0])/inside; !(math.Abs(other-.0005) <= 5e-5+5*math.Sqrt(.0005/inside)) {
		t.Errorf("%.5f of the points inside count to another arm, want .0005", other)
	}
}

func TestSetsWithoutModes(t *testing.T) {
	want := []string{"moons", "2spirals", "swissroll", "rings", "circles", "moons-ffjord"}
	var got []string
	for _, name := range Names() {
		if centres, radius, ok := MustByName(name).Modes(); !ok {
			got = append(got, name)
			if centres != nil || radius != 0 {
				t.Errorf("%s: centres %v, radius %g without modes", name, centres, radius)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("no modes for %v, want %v", got, want)
	}
}

func ExampleToy_Modes() {
	centres, radius, ok := EightGaussians().Modes()
	fmt.Printf("%d modes, the first at %.0f, radius %.3f, %v\n", len(centres), centres[0], radius, ok)
	_, _, ok = Moons().Modes()
	fmt.Println(ok)
	// Output:
	// 8 modes, the first at [5 0], radius 1.687, true
	// false
}
