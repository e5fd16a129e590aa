package metric

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/idff-go/workbench/datasets"
)

func TestCoverageReferenceValues(t *testing.T) {
	data, err := os.ReadFile("testdata/coverage.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]map[string]map[string]struct{ Uncovered, Astray float64 }
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for set, pairs := range want {
		for pair, byK := range pairs {
			a, b, _ := strings.Cut(pair, "_")
			x, y := load(t, set+"_"+a), load(t, set+"_"+b)
			for key, w := range byK {
				k, err := strconv.Atoi(key)
				if err != nil {
					t.Fatal(err)
				}
				near(t, fmt.Sprintf("%s %s: Uncovered, k = %d", set, pair, k), value(t)(Uncovered(x, y, 2, k)), w.Uncovered, 1e-12)
				near(t, fmt.Sprintf("%s %s: Astray, k = %d", set, pair, k), value(t)(Astray(x, y, 2, k)), w.Astray, 1e-12)
				compared++
			}
		}
	}
	if compared != 24 {
		t.Errorf("%d reference values, want 24", compared)
	}
}

func TestCoverageByHand(t *testing.T) {
	row := []float32{0, 1, 3, 7} // radii for k = 1: 1, 1, 2, 4; for k = 2: 3, 2, 3, 6
	for _, c := range []struct {
		what              string
		samples, data     []float32
		k                 int
		uncovered, astray float64
	}{
		{"all on data", row, row, 1, 0, 0},
		{"one sample between", []float32{.5}, row, 1, 2. / 4, 0},
		{"one sample between, k = 2", []float32{.5}, row, 2, 1. / 4, 0},
		{"on the rim of 0 alone", []float32{-1}, row, 1, 3. / 4, 0},
		{"beyond the rim", []float32{-1.001}, row, 1, 1, 1},
		{"one far, one near", []float32{20, 6}, row, 1, 3. / 4, 1. / 2},
		{"in the wide ball of 7 only", []float32{10.5, 11.5}, row, 1, 3. / 4, 1. / 2},
		{"all on one point", []float32{7, 7, 7}, row, 1, 3. / 4, 0},
		{"coincident data, k = 1", []float32{2, 5}, []float32{2, 2, 5, 5}, 1, 0, 0},
		{"coincident data, samples beside", []float32{2.001, 5}, []float32{2, 2, 5, 5}, 1, 1. / 2, 1. / 2},
	} {
		near(t, c.what+": Uncovered", value(t)(Uncovered(c.samples, c.data, 1, c.k)), c.uncovered, 1e-15)
		near(t, c.what+": Astray", value(t)(Astray(c.samples, c.data, 1, c.k)), c.astray, 1e-15)
	}
}

// A mode without samples is uncovered by its share of the data, and samples beside the data are astray by theirs.
func TestCoverageFindsWhatIsMissing(t *testing.T) {
	near0, near50 := normal(300, 2, 0, 1, 1), normal(100, 2, 50, 1, 2)
	both := slices.Concat(near0, near50)
	near(t, "Uncovered, mode missing", value(t)(Uncovered(near0, both, 2, 5)), .25, 1e-15)
	near(t, "Astray, mode missing", value(t)(Astray(near0, both, 2, 5)), 0, 1e-15)
	near(t, "Uncovered, mode invented", value(t)(Uncovered(both, near0, 2, 5)), 0, 1e-15)
	near(t, "Astray, mode invented", value(t)(Astray(both, near0, 2, 5)), .25, 1e-15)
}

// The values stay when both clouds are moved, scaled, or their axes exchanged (by steps that float32 does exactly),
// and in any order of the points.
func TestCoverageInvariance(t *testing.T) {
	round := func(x []float32) { // to multiples of 1/1024, so that a shift is exact
		for k, v := range x {
			x[k] = float32(math.Round(float64(v)*1024) / 1024)
		}
	}
	x, y := normal(120, 2, .5, 1.2, 1), normal(90, 2, 0, 1, 2)
	round(x)
	round(y)
	change := func(c []float32) []float32 {
		out := make([]float32, 0, len(c))
		for i := len(c) - 2; i >= 0; i -= 2 {
			out = append(out, 4*c[i+1]+16, -4*c[i]-8)
		}
		return out
	}
	for k := 1; k < 8; k += 3 {
		near(t, "Uncovered", value(t)(Uncovered(change(x), change(y), 2, k)), value(t)(Uncovered(x, y, 2, k)), 1e-15)
		near(t, "Astray", value(t)(Astray(change(x), change(y), 2, k)), value(t)(Astray(x, y, 2, k)), 1e-15)
	}
}

// pick splits points into those whose bit is set and the others.
func pick(p []float32, dim int, set uint) (in, out []float32) {
	for i := 0; i < len(p); i += dim {
		if set>>(i/dim)&1 == 1 {
			in = append(in, p[i:i+dim]...)
		} else {
			out = append(out, p[i:i+dim]...)
		}
	}
	return
}

// Whichever n + m points are given, the mean over all ways to call n of them data is ExpectedUncovered: the argument of its
// derivation, without chance.
func TestExpectedUncoveredOverAllSplits(t *testing.T) {
	for _, c := range []struct{ samples, data, k, dim int }{{1, 2, 1, 1}, {4, 5, 1, 2}, {4, 5, 2, 2}, {6, 6, 3, 3}, {3, 9, 5, 2}, {8, 4, 3, 1}} {
		points := normal(c.samples+c.data, c.dim, 0, 1, 7)
		sum, splits := 0.0, 0.0
		for set := range uint(1) << (c.samples + c.data) {
			if bits.OnesCount(set) != c.data {
				continue
			}
			y, x := pick(points, c.dim, set)
			sum += value(t)(Uncovered(x, y, c.dim, c.k))
			splits++
		}
		near(t, fmt.Sprintf("%+v: mean over %g splits", c, splits), sum/splits, value(t)(ExpectedUncovered(c.samples, c.data, c.k)), 1e-12)
	}
}

// The mean over 40 seeds lies within 4 standard errors of ExpectedUncovered: false-alarm rate 3e-4 a case (t with 39
// degrees). The distributions differ in dimension, tails and density; the expectation does not.
func TestExpectedUncoveredOfDistributions(t *testing.T) {
	square := func(x []float32) []float32 { // heavier tails, and a density without bound at 0
		for k, v := range x {
			x[k] = v * v
		}
		return x
	}
	same := func(x []float32) []float32 { return x }
	for _, c := range []struct {
		name                  string
		samples, data, k, dim int
		shape                 func([]float32) []float32
	}{{"normal", 200, 200, 5, 2, same}, {"squares", 300, 150, 3, 1, square}, {"squares", 100, 200, 5, 2, square}, {"normal", 100, 100, 5, 20, same}} {
		var values []float64
		for seed := range uint64(40) {
			x, y := c.shape(normal(c.samples, c.dim, 0, 1, 2*seed)), c.shape(normal(c.data, c.dim, 0, 1, 2*seed+1))
			values = append(values, value(t)(Uncovered(x, y, c.dim, c.k)))
		}
		s, err := Summarize(values)
		if err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("%s in %d dimensions, %d against %d, k = %d", c.name, c.dim, c.samples, c.data, c.k),
			s.Mean, value(t)(ExpectedUncovered(c.samples, c.data, c.k)), 4*s.Std/math.Sqrt(40))
	}
}

func TestExpectedUncoveredValues(t *testing.T) {
	for _, c := range []struct {
		samples, data, k int
		want             float64
	}{{1, 2, 1, 1. / 2}, {1, 6, 5, 1. / 6}, {2, 3, 2, 1. / 6}, {3, 4, 1, 3. / 6}, {2048, 2048, 5, .0311356150296462}} { // the last by whole numbers in Python: comb(2047, 5)/comb(4095, 5)
		near(t, fmt.Sprintf("%+v", c), value(t)(ExpectedUncovered(c.samples, c.data, c.k)), c.want, 1e-15)
	}
}

// Each of n + 1 points in turn as the sample: astray are those among the k nearest of no other, by another way of counting.
func TestAstrayIsInDegreeZero(t *testing.T) {
	const n, dim = 60, 2
	p := normal(n+1, dim, 0, 1, 4)
	distance := func(i, j int) float64 {
		return math.Hypot(float64(p[dim*i]-p[dim*j]), float64(p[dim*i+1]-p[dim*j+1]))
	}
	for _, k := range []int{1, 2, 5} {
		named := make([]bool, n+1)
		for j := range named {
			var others []int
			for i := range named {
				if i != j {
					others = append(others, i)
				}
			}
			slices.SortFunc(others, func(a, b int) int {
				if distance(a, j) < distance(b, j) {
					return -1
				}
				return 1
			})
			for _, i := range others[:k] {
				named[i] = true
			}
		}
		zero := 0
		for i := range named {
			rest := slices.Concat(p[:dim*i], p[dim*(i+1):])
			astray := value(t)(Astray(p[dim*i:dim*(i+1)], rest, dim, k))
			if (astray == 1) == named[i] {
				t.Errorf("k = %d, point %d: astray %g, among the neighbours of another: %v", k, i, astray, named[i])
			}
			zero += int(astray)
		}
		if k < 5 && zero == 0 {
			t.Errorf("k = %d: no point is astray", k)
		}
	}
}

// On a circle the mean of Astray is 4^-k for any n > 2k. Samples of one seed share their data, so the means of 400 seeds are
// compared: 4 standard errors, false-alarm rate 8e-5 a case (t with 399 degrees).
func TestAstrayOnACircle(t *testing.T) {
	circle := func(rng *rand.Rand, n int) []float32 {
		x := make([]float32, 0, 2*n)
		for range n {
			sin, cos := math.Sincos(2 * math.Pi * rng.Float64())
			x = append(x, float32(cos), float32(sin))
		}
		return x
	}
	for _, c := range []struct{ n, k int }{{3, 1}, {40, 1}, {5, 2}, {60, 2}, {7, 3}, {30, 3}} {
		var values []float64
		for seed := range uint64(400) {
			rng := rand.New(rand.NewPCG(seed, 11))
			y := circle(rng, c.n)
			values = append(values, value(t)(Astray(circle(rng, 200), y, 2, c.k)))
		}
		s, err := Summarize(values)
		if err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("n = %d, k = %d", c.n, c.k), s.Mean, math.Pow(4, -float64(c.k)), 4*s.Std/20)
	}
}

// The limit in the plane, .2842 for k = 1 and .00117 for k = 5 (testdata/astray.py), on a torus in four dimensions that is
// flat and has no border. Means over 30 seeds: 4 standard errors, false-alarm rate 4e-4 a case (t with 29 degrees).
func TestAstrayInThePlane(t *testing.T) {
	torus := func(n int, seed uint64) []float32 {
		rng := rand.New(rand.NewPCG(seed, 12))
		x := make([]float32, 0, 4*n)
		for range n {
			sa, ca := math.Sincos(2 * math.Pi * rng.Float64())
			sb, cb := math.Sincos(2 * math.Pi * rng.Float64())
			x = append(x, float32(ca), float32(sa), float32(cb), float32(sb))
		}
		return x
	}
	for _, c := range []struct {
		k           int
		want, limit float64 // and the error of the limit
	}{{1, .28422, .0003}, {5, .00117, .00002}} {
		var values []float64
		for seed := range uint64(30) {
			values = append(values, value(t)(Astray(torus(1000, 2*seed), torus(1000, 2*seed+1), 4, c.k)))
		}
		s, err := Summarize(values)
		if err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("k = %d", c.k), s.Mean, c.want, 4*s.Std/math.Sqrt(30)+c.limit)
	}
}

// What data score against fresh data on the toys at the ends of the range in the comment of Astray, .002 and .014: 20 seeds,
// 5 standard errors and the rounding, false-alarm rate 8e-5 a case (t with 19 degrees).
func TestAstrayFloors(t *testing.T) {
	m, _ := ByName("astray")
	seeds := make([]uint64, 20)
	for k := range seeds {
		seeds[k] = uint64(100 + k)
	}
	for name, want := range map[string]float64{"checkerboard": .002, "2spirals": .014} {
		s, err := Floor(m, func(seed uint64) []float32 { return datasets.MustByName(name).Sample(seed, 2048) }, 2, seeds)
		if err != nil {
			t.Fatal(err)
		}
		near(t, name, s.Mean, want, 5*s.Std/math.Sqrt(20)+.0005)
		t.Logf("%s: %v", name, s)
	}
}

func TestBadNeighboursGetOneClearLine(t *testing.T) {
	six := []float32{1, 2, 3, 4, 5, 6}
	one := func(_ float64, err error) error { return err }
	astray, _ := ByName("astray")
	for _, c := range []struct {
		name, want string
		err        error
	}{
		{"k 0", "uncovered with k = 0: it takes the k-th nearest neighbour, k = 1 or more", one(Uncovered(six, six, 2, 0))},
		{"k negative", "astray with k = -2", one(Astray(six, six, 2, -2))},
		{"few data", "uncovered with k = 3 of 3 data points: give at least 4", one(Uncovered(six, six, 2, 3))},
		{"few data, default", "astray with k = 5 of 3 data points: give at least 6", one(astray.Compare(make([]float32, 40), six, 2))},
		{"no samples expected", "expected uncovered of 0 samples", one(ExpectedUncovered(0, 9, 5))},
		{"few data expected", "expected uncovered with k = 5 of 5 data points", one(ExpectedUncovered(9, 5, 5))},
		{"k 0 expected", "expected uncovered with k = 0", one(ExpectedUncovered(9, 9, 0))},
	} {
		if c.err == nil {
			t.Errorf("%s: no error, want one with %q", c.name, c.want)
		} else if msg := c.err.Error(); !strings.Contains(msg, c.want) || strings.Contains(msg, "\n") || !strings.HasPrefix(msg, "metric: ") {
			t.Errorf("%s: %q, want one line with %q", c.name, msg, c.want)
		}
	}
	if v := value(t)(Uncovered(six[:2], six, 2, 2)); !(v >= 0) { // a single sample is enough
		t.Errorf("one sample: %g", v)
	}
}
