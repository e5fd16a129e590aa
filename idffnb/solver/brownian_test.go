package solver

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func mustIncrements(t testing.TB, b Brownian, grid []float64) [][]float64 {
	t.Helper()
	w, err := b.Increments(grid)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestBrownianRefines: increments over a grid are the sums of those over finer grids, to rounding.
func TestBrownianRefines(t *testing.T) {
	b := Brownian{Seed: 3, Size: 5}
	for _, n := range []int{1, 2, 3, 10, 50, 64, 100} {
		coarse := mustIncrements(t, b, Grid(n))
		for _, refined := range []int{2, 3, 5, 8} {
			fine := mustIncrements(t, b, Grid(n*refined))
			for k := range coarse {
				for i, want := range coarse[k] {
					sum := 0.
					for j := range refined {
						sum += fine[k*refined+j][i]
					}
					if math.Abs(sum-want) > 1e-14 {
						t.Fatalf("%d and %d steps, interval %d: the finer increments sum to %.17g, want %.17g", n, n*refined, k, sum, want)
					}
				}
			}
		}
	}
	// Any other grid that holds the times, too.
	all, err := b.At([]float64{.1, .25, 1. / 3, .7, .99})
	if err != nil {
		t.Fatal(err)
	}
	some, err := b.At([]float64{0, 1. / 3, .7, 1})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(all[2], some[1]) || !slices.Equal(all[3], some[2]) || slices.ContainsFunc(some[0], func(w float64) bool { return w != 0 }) {
		t.Errorf("W at 1/3 and .7 is %v and %v on one grid, %v and %v on another; W(0) = %v", all[2], all[3], some[1], some[2], some[0])
	}
}

// TestBrownianLaw compares increments with independent N(0, dt). The sum of squares of increments/sqrt(dt) over the n components of an interval is
// chi^2 with n degrees of freedom, its mean N(0, 1/n), and the correlation of two intervals, or of two halves of the components, N(0, 1/n). With n = 10,000 each
// is nearly normal. The bound of 6.5 standard deviations has probability 8e-11 each: below 1e-6 for all of the some 6000 together.
func TestBrownianLaw(t *testing.T) {
	const n, bound = 10_000, 6.5
	check := func(grid []float64, what string, k int, deviations float64) {
		if !(math.Abs(deviations) < bound) {
			t.Errorf("%d intervals, interval %d: %s is off by %.1f standard deviations", len(grid)-1, k, what, deviations)
		}
	}
	for _, grid := range [][]float64{Grid(1), Grid(8), Grid(10), Grid(100), {0, .3, .3002, .3004, .9, 1}, {.5, .5001, .50025, .5005}} {
		w := mustIncrements(t, Brownian{Seed: 7, Size: n}, grid)
		for k := range w {
			dt := grid[k+1] - grid[k]
			mean, square, halves := 0., 0., 0.
			for i, v := range w[k] {
				mean += v
				square += v * v
				halves += v * w[k][(i+n/2)%n]
			}
			check(grid, "mean", k, mean/math.Sqrt(n*dt))
			check(grid, "variance", k, (square/dt-n)/math.Sqrt(2*n))
			check(grid, "correlation of components", k, halves/dt/math.Sqrt(2*n)) // each pair twice
			for j := range k {
				product := 0.
				for i, v := range w[k] {
					product += v * w[j][i]
				}
				check(grid, "correlation with an earlier interval", k, product/math.Sqrt(n*dt*(grid[j+1]-grid[j])))
			}
		}
	}
}

// TestBrownianSeeds: a seed fixes the path, its first components do not depend on how many there are, and paths of neighbouring seeds, and start points from
// a plain generator of the same seed, are independent: correlations over 10,000 components are within 6.5 standard deviations (false alarm 8e-11 each).
func TestBrownianSeeds(t *testing.T) {
	const n = 10_000
	grid := Grid(10)
	first := mustIncrements(t, Brownian{Seed: 1, Size: n}, grid)
	short := mustIncrements(t, Brownian{Seed: 1, Size: 3}, grid)
	other := mustIncrements(t, Brownian{Seed: 2, Size: n}, grid)
	plain := make([]float64, n)
	for i, rng := 0, rand.New(rand.NewPCG(1, 0)); i < n; i++ {
		plain[i] = rng.NormFloat64() * math.Sqrt(.1)
	}
	for k, again := range mustIncrements(t, Brownian{Seed: 1, Size: n}, grid) {
		if !slices.Equal(first[k], again) || !slices.Equal(first[k][:3], short[k]) {
			t.Errorf("interval %d: the same seed gave another path", k)
		}
		for what, with := range map[string][]float64{"a path of seed 2": other[k], "a plain generator": plain} {
			product := 0.
			for i, v := range first[k] {
				product += v * with[i]
			}
			if deviations := product / math.Sqrt(n*.1*.1); !(math.Abs(deviations) < 6.5) {
				t.Errorf("interval %d is correlated with %s: %.1f standard deviations", k, what, deviations)
			}
		}
	}
}

func TestBrownianRefuses(t *testing.T) {
	for _, tc := range []struct {
		size int
		grid []float64
		want string
	}{
		{0, []float64{0, 1}, "size 0"},
		{-2, []float64{0, 1}, "size -2"},
		{1, nil, "grid of 0 times"},
		{1, []float64{.5}, "grid of 1 times"},
		{1, []float64{0, 1.5}, "must lie in [0, 1]"},
		{1, []float64{-1, 0}, "must lie in [0, 1]"},
		{1, []float64{0, math.NaN()}, "must lie in [0, 1]"},
		{1, []float64{0, .5, .5}, "must increase"},
		{1, []float64{0, .50001, .50002}, "resolved to 1/4096"},
	} {
		_, err := Brownian{Size: tc.size}.Increments(tc.grid)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("size %d, grid %v: error %v, want one line with %q", tc.size, tc.grid, err, tc.want)
		}
	}
	if _, err := (Brownian{Size: 1}).At(Grid(1 << BrownianDepth)); err != nil {
		t.Errorf("4096 steps: %v", err)
	}
	if _, err := (Brownian{Size: 1}).At(Grid(4093)); err != nil {
		t.Errorf("4093 steps: %v", err)
	}
}

// BenchmarkBrownian draws the noise of 2048 points in the plane.
func BenchmarkBrownian(b *testing.B) {
	for name, n := range map[string]int{"10": 10, "100": 100} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				mustIncrements(b, Brownian{Seed: 1, Size: 4096}, Grid(n))
			}
		})
	}
}
