package solver

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func mustAreas(t testing.TB, b Brownian, grid []float64) (w, areas [][]float64) {
	t.Helper()
	w, areas, err := b.Areas(grid)
	if err != nil {
		t.Fatal(err)
	}
	return w, areas
}

// TestAreasRefine: increments and integrals over a grid are what those over finer grids say, to rounding: I10 = sum_j (I10_j + h_j sum_{i<j} W_i).
func TestAreasRefine(t *testing.T) {
	b := Brownian{Seed: 3, Size: 5}
	for _, n := range []int{1, 2, 3, 10, 50, 64, 100} {
		coarse, coarseAreas := mustAreas(t, b, treeGrid(Grid(n)))
		for _, refined := range []int{2, 3, 5, 8, 40} {
			grid := treeGrid(Grid(n * refined))
			fine, fineAreas := mustAreas(t, b, grid)
			for k := range coarse {
				for i := range b.Size {
					w, area := 0., 0.
					for j := k * refined; j < (k+1)*refined; j++ {
						area += fineAreas[j][i] + (grid[j+1]-grid[j])*w
						w += fine[j][i]
					}
					if math.Abs(w-coarse[k][i]) > 1e-14 || math.Abs(area-coarseAreas[k][i]) > 1e-14 {
						t.Fatalf("%d and %d steps, interval %d: the finer ones say %.17g and %.17g, want %.17g and %.17g", n, n*refined, k, w, area, coarse[k][i], coarseAreas[k][i])
					}
				}
			}
		}
	}
	// A grid of any times of the tree, of a part of the path.
	_, all := mustAreas(t, b, []float64{0, .25, .3125, 1})
	_, part := mustAreas(t, b, []float64{.25, .3125})
	for i := range b.Size {
		if math.Abs(part[0][i]-all[1][i]) > 1e-16 {
			t.Errorf("component %d: the integral from .25 to .3125 is %.17g on one grid and %.17g on another", i, part[0][i], all[1][i])
		}
	}
}

// TestAreasKeepPath: the increments are those of Increments, whose values notebooks rest on and which are therefore written down here.
func TestAreasKeepPath(t *testing.T) {
	b := Brownian{Seed: 42, Size: 2}
	w, _ := mustAreas(t, b, Grid(4))
	if again := mustIncrements(t, b, Grid(4)); fmt.Sprint(w) != fmt.Sprint(again) {
		t.Errorf("increments %v beside areas, %v alone", w, again)
	}
	for _, tc := range []struct {
		grid []float64
		want [][]float64
	}{
		{[]float64{0, .3, .3002, 1}, [][]float64{
			{0.061092414662667842, 0.15254334371373543}, {-0.017933048829842639, -0.0027963738019537165}, {-0.31641350186150641, -0.28442849703868867},
		}},
		{Grid(4), [][]float64{
			{-0.11557881381292116, 0.25512816574422897}, {-0.14859441542586266, -0.28649457613506746},
			{0.11973176722349077, -0.13677117691883053}, {-0.12881267401338814, 0.033456060182762037},
		}},
		{Grid(10)[:4], [][]float64{
			{-0.16687051275463696, 0.033725607670145694}, {0.096562013488349224, 0.13187374853267037}, {0.13140091392895559, -0.013056012489080615},
		}},
	} {
		for k, row := range mustIncrements(t, b, tc.grid) {
			for i := range row {
				if math.Abs(row[i]-tc.want[k][i]) > 1e-15 {
					t.Errorf("grid %v, interval %d: %.17g, and it was %.17g", tc.grid, k, row[i], tc.want[k][i])
				}
			}
		}
	}
}

// TestAreasLaw compares (W, I10) with their law. With n = 4000 components A = W/sqrt(h) and B = (I10 - h W/2) sqrt(12/h^3) of each interval should be independent N(0, 1), and
// independent of those of other intervals: sums of products are N(0, n), sums of squares N(n, 2n), nearly. The bound of 6.5 standard deviations has probability
// 5e-10 each at most (the chi^2 of the squares): below 5e-6 for all of the some 20,000 together. On the grid of single leaves all of B comes from within them: with its 20,000 components
// a variance that is wrong by a twelfth, as h^3/11 for h^3/12, is off by 9 standard deviations.
func TestAreasLaw(t *testing.T) {
	const bound = 6.5
	leaf := 1. / (1 << BrownianDepth)
	for _, grid := range [][]float64{
		Grid(1), Grid(8), treeGrid(Grid(10)), treeGrid(Grid(100)),
		{0, leaf, 2 * leaf, 3 * leaf, 5 * leaf, 8 * leaf}, {.5, .5 + leaf, .75, 1 - 2*leaf},
	} {
		n := 4000
		if grid[len(grid)-1] == 8*leaf {
			n = 20_000
		}
		w, areas := mustAreas(t, Brownian{Seed: 7, Size: n}, grid)
		var all [][]float64
		for k := range w {
			h := grid[k+1] - grid[k]
			a, b := make([]float64, n), make([]float64, n)
			for i := range n {
				a[i], b[i] = w[k][i]/math.Sqrt(h), (areas[k][i]-h/2*w[k][i])*math.Sqrt(12/(h*h*h))
			}
			all = append(all, a, b)
		}
		for p := range all {
			mean := 0.
			for _, v := range all[p] {
				mean += v
			}
			deviations := []float64{mean / math.Sqrt(float64(n))}
			for q := range p + 1 {
				product, expected, variance := 0., 0., float64(n)
				if q == p {
					expected, variance = float64(n), 2*float64(n)
				}
				for i, v := range all[p] {
					product += v * all[q][i]
				}
				deviations = append(deviations, (product-expected)/math.Sqrt(variance))
			}
			for q, d := range deviations {
				if !(math.Abs(d) < bound) {
					t.Errorf("%d intervals, quantity %d (W and I10 by turns), moment %d: off by %.1f standard deviations", len(grid)-1, p, q, d)
				}
			}
		}
	}
}

// TestAreasSeeds: a seed fixes the integrals, the first components do not depend on how many there are, and other seeds are independent: correlations over
// 4000 components are within 6.5 standard deviations (false alarm 2e-10 each).
func TestAreasSeeds(t *testing.T) {
	const n = 4000
	grid := Grid(8)
	_, first := mustAreas(t, Brownian{Seed: 1, Size: n}, grid)
	_, again := mustAreas(t, Brownian{Seed: 1, Size: n}, grid)
	_, short := mustAreas(t, Brownian{Seed: 1, Size: 3}, grid)
	_, other := mustAreas(t, Brownian{Seed: 2, Size: n}, grid)
	for k := range first {
		if !slices.Equal(first[k], again[k]) || !slices.Equal(first[k][:3], short[k]) {
			t.Errorf("interval %d: the same seed gave other integrals", k)
		}
		product := 0.
		for i, v := range first[k] {
			product += v * other[k][i]
		}
		if deviations := product / math.Sqrt(n*math.Pow(1./8, 6)/9); !(math.Abs(deviations) < 6.5) {
			t.Errorf("interval %d is correlated with that of another seed: %.1f standard deviations", k, deviations)
		}
	}
}

func TestAreasRefuse(t *testing.T) {
	for _, tc := range []struct {
		size int
		grid []float64
		want string
	}{
		{0, Grid(1), "size 0"},
		{1, []float64{0}, "grid of 1 times"},
		{1, []float64{0, math.NaN()}, "must lie in [0, 1]"},
		{1, []float64{0, .5, .25}, "must increase"},
		{1, Grid(10), "time 0.1: times must be multiples of 1/4096"},
	} {
		_, _, err := Brownian{Size: tc.size}.Areas(tc.grid)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("size %d, grid %v: error %v, want one line with %q", tc.size, tc.grid, err, tc.want)
		}
	}
}

// BenchmarkAreas draws increments and integrals for 2048 points in the plane.
func BenchmarkAreas(b *testing.B) {
	for name, n := range map[string]int{"10": 10, "100": 100} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				mustAreas(b, Brownian{Seed: 1, Size: 4096}, treeGrid(Grid(n)))
			}
		})
	}
}
