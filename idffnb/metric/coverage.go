package metric

import (
	"fmt"
	"math"
	"slices"
)

// Uncovered returns 1 - coverage: the share of the data points whose neighbourhood holds no sample,
//
//	uncovered = 1/n #{ j : |x_i - y_j| > r_j for all i },   r_j = distance of y_j to its k-th nearest other data point,
//
// with m samples x [m, dim] and n data points y [n, dim]. Coverage is from Naeem et al., Reliable Fidelity and Diversity
// Metrics for Generative Models, ICML 2020 (arXiv 2002.09797). 0: every neighbourhood is visited, 1: none is; a mode of the
// data that gets no sample adds its share. It has no unit and does not change when both clouds are moved, turned or scaled.
// Samples need not be right in their amounts: a mode visited too rarely shows only once its neighbourhoods run empty.
//
// Even samples of the data's own distribution leave a share uncovered, ExpectedUncovered: near 2^-k for n = m, .031 for
// k = 5; from draw to draw it varies by about .006 (standard deviation on the toys of package datasets, n = m = 2048). Lower values are no fault of the metric: the samples are copies of these data, or lie more evenly than
// independent draws do.
//
// A ball holds its rim, so copies of the data cover it also where data points coincide; the code that came with the paper
// leaves the rim out, which differs only at equal distances. Distances are compared by brute force, O(n^2 + n m).
//
// It fails on k below 1, on fewer than k + 1 data points, and on clouds as MMD2 does.
func Uncovered(samples, data []float32, dim, k int) (float64, error) {
	_, n, err := checkNeighbours("uncovered", samples, data, dim, k)
	if err != nil {
		return 0, err
	}
	x, y := points(samples), points(data)
	return countBlocks(n, func() func(j int) bool {
		nearest := make([]float64, k)
		return func(j int) bool {
			r := neighbourhood(y, dim, j, nearest)
			p := y[j*dim : (j+1)*dim]
			for i := 0; i < len(x); i += dim {
				if squaredDistance(p, x[i:i+dim]) <= r {
					return false
				}
			}
			return true
		}
	}) / float64(n), nil
}

// Astray returns 1 - precision: the share of the samples that lie in the neighbourhood of no data point,
//
//	astray = 1/m #{ i : |x_i - y_j| > r_j for all j },   r_j as for Uncovered,
//
// with precision from Kynkäänniemi et al., Improved Precision and Recall Metric for Assessing Generative Models, NeurIPS 2019
// (arXiv 1904.06991). 0: every sample is where data are, 1: none is. Data points that stand alone have wide neighbourhoods,
// in which samples pass too easily; and samples that all sit on one data point have astray 0: read it beside Uncovered.
//
// For samples of the data's own distribution the mean is the chance that one of n + 1 points of it is among the k nearest
// neighbours of no other; it does not depend on m. For uniform points on a circle it is exactly
//
//	E astray = 4^-k   (n > 2k):
//
// to one side, x is not among the k neighbours of the nearest point, at distance a, nor of any further one, just when k more
// points lie within a beyond that point; the gaps between points are exponential up to a common factor, so this has
// probability 2^-k, and 2^-k to the other side.
// For n -> infinity the mean tends to a number that depends on dim and k alone (Henze, On the fraction of random points with
// specified nearest-neighbour interrelations and degree of attraction, Adv. Appl. Prob. 19, 1987); for k = 5 it is
// .00098 on the line and, measured with 4,000,000 (2,000,000) uniform points without a border, .00117 +- .00002 in the plane
// (.00160 +- .00003 in space; testdata/astray.py). Borders and tails of the distribution raise it: to .002 (checkerboard) to .014 (2spirals) on
// the toys of package datasets, for n = m = 2048. So compare with the Floor.
//
// Rim, cost and errors are those of Uncovered.
func Astray(samples, data []float32, dim, k int) (float64, error) {
	m, n, err := checkNeighbours("astray", samples, data, dim, k)
	if err != nil {
		return 0, err
	}
	x, y := points(samples), points(data)
	r := make([]float64, n)
	countBlocks(n, func() func(j int) bool {
		nearest := make([]float64, k)
		return func(j int) bool {
			r[j] = neighbourhood(y, dim, j, nearest)
			return false
		}
	})
	return countBlocks(m, func() func(i int) bool {
		return func(i int) bool {
			p := x[i*dim : (i+1)*dim]
			for j, r := range r {
				if squaredDistance(p, y[j*dim:(j+1)*dim]) <= r {
					return false
				}
			}
			return true
		}
	}) / float64(m), nil
}

// ExpectedUncovered returns the mean of Uncovered where m samples and n data points are independent draws of one
// distribution without atoms, whatever it is, in any dimension:
//
//	E uncovered = C(n-1, k) / C(n+m-1, k) = prod_{i=1..k} (n - i)/(n + m - i)
//
// (Naeem et al. 2020). For no sample is in the ball of y_j just when the k points nearest to y_j, among the n + m - 1 others,
// are all data; and each choice of which n - 1 of these are data is equally likely.
//
// It fails on fewer than 1 sample, k below 1, and fewer than k + 1 data points.
func ExpectedUncovered(samples, data, k int) (float64, error) {
	if err := checkK("expected uncovered", data, k); err != nil {
		return 0, err
	}
	if samples < 1 {
		return 0, fmt.Errorf("metric: expected uncovered of %d samples: give at least 1", samples)
	}
	e := 1.0
	for i := 1; i <= k; i++ {
		e *= float64(data-i) / (float64(data) + float64(samples) - float64(i))
	}
	return e, nil
}

// neighbourhood returns the squared distance of point j of y to its k-th nearest other point; nearest has room for k numbers.
func neighbourhood(y []float64, dim, j int, nearest []float64) float64 {
	last := len(nearest) - 1
	for i := range nearest {
		nearest[i] = math.Inf(1)
	}
	p := y[j*dim : (j+1)*dim]
	for i := 0; i < len(y); i += dim {
		if i == j*dim {
			continue
		}
		if d := squaredDistance(p, y[i:i+dim]); d < nearest[last] {
			at, _ := slices.BinarySearch(nearest, d)
			copy(nearest[at+1:], nearest[at:last])
			nearest[at] = d
		}
	}
	return nearest[last]
}

func squaredDistance(p, q []float64) float64 {
	sum := 0.0
	for c, v := range p {
		sum += (q[c] - v) * (q[c] - v)
	}
	return sum
}

// countBlocks returns how many of 0..n-1 pass a test, in blocks on all cores; newTest gives each block a test of its own.
func countBlocks(n int, newTest func() func(i int) bool) float64 {
	const size = 32
	return sumBlocks((n+size-1)/size, func(block int) float64 {
		test, count := newTest(), 0
		for i := block * size; i < min(n, (block+1)*size); i++ {
			if test(i) {
				count++
			}
		}
		return float64(count)
	})
}

// checkNeighbours verifies the clouds and k, and returns the numbers of samples and of data points.
func checkNeighbours(what string, samples, data []float32, dim, k int) (m, n int, err error) {
	if m, n, err = checkClouds(samples, data, dim); err != nil {
		return 0, 0, err
	}
	return m, n, checkK(what, n, k)
}

func checkK(what string, n, k int) error {
	if k < 1 {
		return fmt.Errorf("metric: %s with k = %d: it takes the k-th nearest neighbour, k = 1 or more", what, k)
	}
	if n <= k {
		return fmt.Errorf("metric: %s with k = %d of %d data points: give at least %d, for each needs k others", what, k, n, k+1)
	}
	return nil
}
