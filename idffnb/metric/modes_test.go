package metric

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestModes(t *testing.T) {
	row := [][1]float64{{0}, {10}}
	inf := math.Inf(1)
	for _, c := range []struct {
		what      string
		x         []float32
		radius    float64
		shares    []float64
		outside   float64
		covered   int
		variation float64
		text      string
	}{
		{"even", []float32{0, 1, 10, 9}, 2, []float64{.5, .5}, 0, 2, 0, "2 of 2 modes, outside 0, total variation 0"},
		{"one missing", []float32{0, 1, -1, .5}, 2, []float64{1, 0}, 0, 1, .5, "1 of 2 modes, outside 0, total variation 0.5"},
		{"all outside", []float32{5, -3, 13, 100}, 2, []float64{0, 0}, 1, 0, 1, "0 of 2 modes, outside 1, total variation 1"},
		{"on the rim", []float32{2, -2, 8, 12}, 2, []float64{.5, .5}, 0, 2, 0, "2 of 2 modes, outside 0, total variation 0"},
		{"in the middle: the first", []float32{5, 5, 5, 10}, 5, []float64{.75, .25}, 0, 2, .25, "2 of 2 modes, outside 0, total variation 0.25"},
		{"half outside", []float32{0, 10, 30, -30}, 1, []float64{.25, .25}, .5, 2, .5, "2 of 2 modes, outside 0.5, total variation 0.5"},
		{"no limit", []float32{1e6, -1e6, 4, 6}, inf, []float64{.5, .5}, 0, 2, 0, "2 of 2 modes, outside 0, total variation 0"},
		{"a tenth of the fair share", append(make([]float32, 19), 10), 1, []float64{.95, .05}, 0, 2, .45, "2 of 2 modes, outside 0, total variation 0.45"},
		{"less than a tenth", append(make([]float32, 20), 10), 1, []float64{20. / 21, 1. / 21}, 0, 1, 20./21 - .5, "1 of 2 modes, outside 0, total variation 0.452"},
	} {
		s, err := Modes(c.x, 1, row, c.radius)
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		for k, want := range c.shares {
			near(t, c.what+": share", s.Shares[k], want, 1e-15)
		}
		near(t, c.what+": outside", s.Outside, c.outside, 1e-15)
		near(t, c.what+": total variation", s.TotalVariation, c.variation, 1e-15)
		if s.Covered != c.covered || len(s.Shares) != 2 || s.String() != c.text {
			t.Errorf("%s: %d covered of %d, %q; want %d, %q", c.what, s.Covered, len(s.Shares), s, c.covered, c.text)
		}
	}
}

// Centres may be slices or arrays, in any dimension.
func TestModesTakeAnyCentres(t *testing.T) {
	x := normal(200, 2, 0, 2, 1)
	a, err := Modes(x, 2, [][2]float64{{1, 1}, {-1, 0}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Modes(x, 2, [][]float64{{1, 1}, {-1, 0}}, 1)
	if err != nil || !slices.Equal(a.Shares, b.Shares) || a.Outside != b.Outside || !(a.Outside > 0 && a.Outside < 1) {
		t.Errorf("arrays give %v, slices %v, %v", a, b, err)
	}
	if s, err := Modes([]float32{1, 2, 3, 4}, 4, [][]float64{{1, 2, 3, 5}}, 1); err != nil || s.Covered != 1 {
		t.Errorf("four dimensions: %v, %v", s, err)
	}
	if s, err := Modes([]float32{1, 2, 3}, 3, [][3]float64{{1, 2, 4.5}}, 1); err != nil || s.Outside != 1 {
		t.Errorf("three dimensions: %v, %v", s, err)
	}
}

// Equal shares of 8 modes, n = 2048: the total variation over 200 seeds has the mean that the comment states, within 4
// standard errors (false-alarm rate 9e-5, t with 199 degrees) and .0001 for the normal approximation.
func TestTotalVariationOfFreshData(t *testing.T) {
	const n, modes = 2048, 8
	centres := make([][1]float64, modes)
	for k := range centres {
		centres[k][0] = float64(k)
	}
	var values []float64
	for seed := range uint64(200) {
		x := normal(n, 1, 0, 1, seed)
		for i, v := range x {
			x[i] = float32(math.Floor(modes * .5 * math.Erfc(float64(v)/math.Sqrt2))) // uniform on 0..7
		}
		s, err := Modes(x, 1, centres, .1)
		if err != nil || s.Outside != 0 || s.Covered != modes {
			t.Fatalf("seed %d: %v, %v", seed, s, err)
		}
		values = append(values, s.TotalVariation)
	}
	s, err := Summarize(values)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean total variation", s.Mean, math.Sqrt((modes-1)/(2*math.Pi*n)), 4*s.Std/math.Sqrt(200)+1e-4)
}

func TestBadModesGetOneClearLine(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	four := []float32{1, 2, 3, 4}
	plane := [][2]float64{{0, 0}, {1, 1}}
	run := func(x []float32, dim int, centres [][2]float64, radius float64) error {
		_, err := Modes(x, dim, centres, radius)
		return err
	}
	_, ragged := Modes(four, 2, [][]float64{{0, 0}, {1}}, 1)
	for _, c := range []struct {
		name, want string
		err        error
	}{
		{"dim", "dim = 0", run(four, 0, plane, 1)},
		{"empty", "cloud x is empty", run(nil, 2, plane, 1)},
		{"odd length", "cloud x has 3 numbers, not a multiple of dim = 2", run(four[:3], 2, plane, 1)},
		{"NaN", "cloud x has NaN at point 1, coordinate 0", run([]float32{1, 2, float32(nan), 4}, 2, plane, 1)},
		{"radius 0", "modes of radius 0: it must be above 0", run(four, 2, plane, 0)},
		{"radius negative", "modes of radius -1", run(four, 2, plane, -1)},
		{"radius NaN", "modes of radius NaN", run(four, 2, plane, nan)},
		{"no centres", "modes without centres", run(four, 2, nil, 1)},
		{"centres of another dimension", "centre 0 has 2 coordinates, the samples have dim = 4", run(four, 4, plane, 1)},
		{"ragged centres", "centre 1 has 1 coordinates, the samples have dim = 2", ragged},
		{"centre NaN", "centre 1 has NaN at coordinate 0", run(four, 2, [][2]float64{{0, 0}, {nan, 0}}, 1)},
		{"centre Inf", "centre 0 has -Inf at coordinate 1", run(four, 2, [][2]float64{{0, -inf}}, 1)},
		{"equal centres", "centres 0 and 2 are the same point", run(four, 2, [][2]float64{{0, 1}, {1, 1}, {0, 1}}, 1)},
	} {
		if c.err == nil {
			t.Errorf("%s: no error, want one with %q", c.name, c.want)
		} else if msg := c.err.Error(); !strings.Contains(msg, c.want) || strings.Contains(msg, "\n") || !strings.HasPrefix(msg, "metric: ") {
			t.Errorf("%s: %q, want one line with %q", c.name, msg, c.want)
		}
	}
}
