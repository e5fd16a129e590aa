package metric

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestReferenceValues(t *testing.T) {
	data, err := os.ReadFile("testdata/metrics.json")
	if err != nil {
		t.Fatal(err)
	}
	type mmd struct {
		Biased   float64 `json:"mmd_biased_theirs(V-stat of MMD^2)"`
		Unbiased float64 `json:"mmd2_unbiased"`
	}
	var want map[string]struct {
		Half mmd `json:"sigma0.5"`
		One  mmd `json:"sigma1.0"`
		Two  mmd `json:"sigma2.0"`
		W1   float64
		W2   float64
		F32  float64 `json:"theirs_f32_sigma1"`
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if len(want) != 2 {
		t.Fatalf("%d sets, want 2", len(want))
	}
	for set, w := range want {
		a, b := load(t, set+"_a"), load(t, set+"_b")
		for sigma, m := range map[float64]mmd{.5: w.Half, 1: w.One, 2: w.Two} {
			near(t, fmt.Sprintf("%s: MMD2 sigma %g", set, sigma), value(t)(MMD2(a, b, 2, sigma)), m.Biased, 1e-14)
			near(t, fmt.Sprintf("%s: unbiased MMD2 sigma %g", set, sigma), value(t)(MMD2Unbiased(a, b, 2, sigma)), m.Unbiased, 1e-14)
		}
		near(t, set+": several sigmas are the mean", value(t)(MMD2(a, b, 2, .5, 1, 2)), (w.Half.Biased+w.One.Biased+w.Two.Biased)/3, 1e-14)
		near(t, set+": float32 code of the authors", value(t)(MMD2(a, b, 2, 1)), w.F32, 5e-8)
		near(t, set+": W1", value(t)(W1(a, b, 2)), w.W1, 1e-12)
		near(t, set+": W2", value(t)(W2(a, b, 2)), w.W2, 1e-12)
	}
}

func TestMMDByHand(t *testing.T) {
	x, y := []float32{0, 1}, []float32{3}
	k := func(d float64) float64 { return math.Exp(-d * d / (2 * 4)) }
	want := (2+2*k(1))/4 + 1 - 2*(k(3)+k(2))/2
	near(t, "MMD2", value(t)(MMD2(x, y, 1, 2)), want, 1e-15)
	y = []float32{3, 5}
	want = k(1) + k(2) - (k(3)+k(2)+k(5)+k(4))/2
	near(t, "unbiased MMD2", value(t)(MMD2Unbiased(x, y, 1, 2)), want, 1e-15)
	near(t, "MMD2 of a cloud with itself", value(t)(MMD2(x, x, 1, 1)), 0, 1e-15)
}

// gaussianKernel is E k(a, b) for a ~ N(0, s^2 I), b ~ N(mean 1, r^2 I) in dim dimensions.
func gaussianKernel(sigma, s, r, mean float64, dim int) float64 {
	v := sigma*sigma + s*s + r*r
	return math.Pow(sigma*sigma/v, float64(dim)/2) * math.Exp(-mean*mean*float64(dim)/(2*v))
}

// The mean over 40 seeds lies within 4 standard errors of the closed form: false-alarm rate 3e-4 a case (t with 39 degrees).
func TestMMDOfGaussians(t *testing.T) {
	for _, c := range []struct {
		dim              int
		sigma, std, mean float64
	}{{1, 1, 1, .5}, {2, 1, 1.5, 0}, {2, .5, 1, 1}, {5, 2, .7, .3}} {
		const n, m = 120, 90
		var biased, unbiased []float64
		for seed := range uint64(40) {
			x, y := normal(n, c.dim, 0, 1, 2*seed), normal(m, c.dim, c.mean, c.std, 2*seed+1)
			biased = append(biased, value(t)(MMD2(x, y, c.dim, c.sigma)))
			unbiased = append(unbiased, value(t)(MMD2Unbiased(x, y, c.dim, c.sigma)))
		}
		kxx := gaussianKernel(c.sigma, 1, 1, 0, c.dim)
		kyy := gaussianKernel(c.sigma, c.std, c.std, 0, c.dim)
		want := kxx + kyy - 2*gaussianKernel(c.sigma, 1, c.std, c.mean, c.dim)
		s, err := Summarize(unbiased)
		if err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("%v: unbiased MMD2", c), s.Mean, want, 4*s.Std/math.Sqrt(40))
		b, err := Summarize(biased)
		if err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("%v: biased MMD2", c), b.Mean, want+(1-kxx)/n+(1-kyy)/m, 4*b.Std/math.Sqrt(40))
	}
}

func TestWassersteinOfAShift(t *testing.T) {
	x := normal(200, 3, 0, 1, 1)
	y := make([]float32, 0, len(x))
	for i := 0; i < len(x); i += 3 { // |shift| = 13, exact in float32 only nearly
		y = append(y, x[i]+3, x[i+1]+4, x[i+2]+12)
	}
	near(t, "W2", value(t)(W2(x, y, 3)), 13, 1e-5)
	near(t, "W1", value(t)(W1(x, y, 3)), 13, 1e-5)
	// Along theta the shift is theta.t: the mean over directions of its square is |t|^2/3.
	want := 0.0
	thetas := sphere(50, 3, 9)
	for k := range 50 {
		d := 3*thetas[3*k] + 4*thetas[3*k+1] + 12*thetas[3*k+2]
		want += d * d / 50
	}
	near(t, "sliced W2", value(t)(SlicedW2(x, y, 3, 50, 9)), math.Sqrt(want), 1e-5)
	// 4000 directions: (theta.t/|t|)^2 has mean 1/3 and variance 4/45; 4 standard errors, false-alarm rate 6e-5.
	sw := value(t)(SlicedW2(x, y, 3, 4000, 1))
	near(t, "sliced W2 squared over |t|^2", sw*sw/169, 1./3, 4*math.Sqrt(4./45/4000))
}

func TestWassersteinUnequalSizes(t *testing.T) {
	// Doubling each point changes nothing.
	x, y := normal(60, 2, 0, 1, 1), normal(60, 2, .5, 1, 2)
	twice := append(append([]float32(nil), x...), x...)
	near(t, "W2 of doubled points", value(t)(W2(twice, y, 2)), value(t)(W2(x, y, 2)), 1e-12)
	near(t, "W1 of doubled points", value(t)(W1(twice, y, 2)), value(t)(W1(x, y, 2)), 1e-12)
	near(t, "sliced W2 of doubled points", value(t)(SlicedW2(twice, y, 2, 20, 0)), value(t)(SlicedW2(x, y, 2, 20, 0)), 1e-12)
	// On the line the transport problem is solved by quantiles: two independent ways.
	for seed := range uint64(10) {
		x, y := normal(31+int(seed), 1, 0, 1, seed), normal(47, 1, 1, 2, 100+seed)
		near(t, "W2 on the line", value(t)(W2(x, y, 1)), value(t)(SlicedW2(x, y, 1, 3, 0)), 1e-12)
	}
	// One point against many.
	near(t, "W2 to one point", value(t)(W2([]float32{0, 0}, []float32{3, 4, 0, 1}, 2)), math.Sqrt((25+1)/2.), 1e-15)
	near(t, "W1 to one point", value(t)(W1([]float32{0, 0}, []float32{3, 4, 0, 1}, 2)), 3, 1e-15)
}

// W2^2(N(0, 1), N(m, s^2)) = m^2 + (1-s)^2. With n = 4000 sorted points the error has std of about 0.02; bound 0.1, false alarms below 1e-6.
func TestWassersteinOfGaussians(t *testing.T) {
	x, y := normal(4000, 1, 0, 1, 5), normal(4000, 1, 2, 3, 6)
	near(t, "sliced W2 on the line", value(t)(SlicedW2(x, y, 1, 1, 0)), math.Sqrt(4+4), .1)
	near(t, "W2", value(t)(W2(x[:500], y[:500], 1)), value(t)(SlicedW2(x[:500], y[:500], 1, 1, 0)), 1e-12)
}

func TestMetricAxioms(t *testing.T) {
	x, y := normal(50, 2, 0, 1, 1), normal(40, 2, 1, .3, 2) // so different in width that no seed hides which is which
	for _, name := range Names() {
		m, err := ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if m.Name() != name {
			t.Errorf("ByName(%q).Name() = %q", name, m.Name())
		}
		xy, yx := value(t)(m.Compare(x, y, 2)), value(t)(m.Compare(y, x, 2))
		if name == "uncovered" || name == "astray" { // samples and data play different parts
			if xy == yx {
				t.Errorf("%s: %g both ways", name, xy)
			}
		} else {
			near(t, name+": symmetry", xy, yx, 1e-12)
		}
		if !(xy > 0) {
			t.Errorf("%s: %g between different clouds", name, xy)
		}
		if name != "mmd2-unbiased" {
			near(t, name+": of a cloud with itself", value(t)(m.Compare(x, x, 2)), 0, 1e-12)
		}
	}
}

func TestEqualBitsOnAnyNumberOfCores(t *testing.T) {
	x, y := normal(333, 2, 0, 1, 1), normal(257, 2, 1, 1, 2)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, name := range Names() {
		m, _ := ByName(name)
		runtime.GOMAXPROCS(1)
		one := value(t)(m.Compare(x, y, 2))
		for range 5 {
			runtime.GOMAXPROCS(4)
			if four := value(t)(m.Compare(x, y, 2)); math.Float64bits(four) != math.Float64bits(one) {
				t.Errorf("%s: %v on 4 cores, %v on 1", name, four, one)
			}
		}
	}
}

func TestBadInputGetsOneClearLine(t *testing.T) {
	nan := float32(math.NaN())
	two := []float32{1, 2, 3, 4}
	one := func(_ float64, err error) error { return err }
	draw := func(uint64) []float32 { return two }
	w2, _ := ByName("w2")
	_, unknown := ByName("fid")
	_, noValues := Summarize(nil)
	_, badValue := Summarize([]float64{1, math.Inf(1)})
	_, unequal := Compare([]float64{1, 2}, []float64{1})
	_, noPairs := Compare(nil, nil)
	_, nanPair := Compare([]float64{math.NaN()}, []float64{1})
	_, noMetric := Floor(nil, draw, 2, []uint64{0})
	_, noDraw := Floor(w2, nil, 2, []uint64{0})
	_, noSeeds := Floor(w2, draw, 2, nil)
	_, badDraw := Floor(w2, func(uint64) []float32 { return two[:3] }, 2, []uint64{7})
	type test struct {
		name, want string
		err        error
	}
	tests := []test{
		{"no sigma", "without a bandwidth", one(MMD2(two, two, 2))},
		{"sigma 0", "sigma = 0", one(MMD2(two, two, 2, 0))},
		{"sigma negative", "sigma = -1", one(MMD2(two, two, 2, 1, -1))},
		{"sigma NaN", "sigma = NaN", one(MMD2Unbiased(two, two, 2, math.NaN()))},
		{"sigma Inf", "sigma = +Inf", one(MMD2(two, two, 2, math.Inf(1)))},
		{"one point", "unbiased MMD^2 of 1 against 2 points", one(MMD2Unbiased(two[:2], two, 2, 1))},
		{"directions", "sliced W2 with 0 directions", one(SlicedW2(two, two, 2, 0, 0))},
		{"too many", "more than 1 GiB", one(W2(make([]float32, 20_000), make([]float32, 20_000), 1))},
		{"unknown", `unknown metric "fid"; valid names: mmd2, mmd2-unbiased, mmd2-multi, w1, w2, sliced-w2, uncovered, astray`, unknown},
		{"no values", "nothing to summarise", noValues},
		{"bad value", "value 1 of 2 is +Inf", badValue},
		{"unequal pairs", "2 values against 1", unequal},
		{"no pairs", "nothing to summarise", noPairs},
		{"NaN pair", "value 0 of 1 is NaN", nanPair},
		{"no metric", "Floor needs a metric", noMetric},
		{"no draw", "a function that draws data", noDraw},
		{"no seeds", "floor of w2 without seeds", noSeeds},
		{"bad draw", "floor of w2, seed 7: metric: cloud x has 3 numbers", badDraw},
	}
	for _, name := range Names() {
		m, _ := ByName(name)
		tests = append(tests,
			test{name + " dim", "dim = 0", one(m.Compare(two, two, 0))},
			test{name + " empty", "cloud y is empty", one(m.Compare(two, nil, 2))},
			test{name + " ragged", "cloud x has 3 numbers, not a multiple of dim = 2", one(m.Compare(two[:3], two, 2))},
			test{name + " NaN", "cloud y has NaN at point 1, coordinate 1", one(m.Compare(two, []float32{1, 2, 3, nan}, 2))})
	}
	for _, tc := range tests {
		if tc.err == nil {
			t.Errorf("%s: no error, want one with %q", tc.name, tc.want)
		} else if msg := tc.err.Error(); !strings.Contains(msg, tc.want) || strings.Contains(msg, "\n") || !strings.HasPrefix(msg, "metric: ") {
			t.Errorf("%s: %q, want one line with %q", tc.name, msg, tc.want)
		}
	}
}
