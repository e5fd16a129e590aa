package metric

import (
	"fmt"
	"math"
)

// MMD2 returns the biased squared maximum mean discrepancy of the clouds x [n, dim] and y [m, dim],
//
//	MMD^2 = 1/n^2 sum_ij k(x_i, x_j) + 1/m^2 sum_ij k(y_i, y_j) - 2/(n m) sum_ij k(x_i, y_j),
//	k(a, b) = exp(-|a - b|^2 / (2 sigma^2)),
//
// the V-statistic, eq. 5 of Gretton et al., A kernel two-sample test, JMLR 13, 2012; IDFF's code calls it MMD. With
// several bandwidths k is the mean of their kernels. It lies in [0, 2]; for equal distributions its mean is not 0 but
// (1 - E k)(1/n + 1/m): compare with the Floor. sigma is in the unit of the data.
//
// It fails on no sigma or one that is not above 0, clouds that are empty, a length that is no multiple of dim, and NaN or Inf.
func MMD2(x, y []float32, dim int, sigma ...float64) (float64, error) {
	n, m, k, err := newKernel(x, y, dim, sigma)
	if err != nil {
		return 0, err
	}
	a, b := columns(x, dim), columns(y, dim)
	// Each sum over i != j counts a pair once, so twice, and the diagonal is n times k(x, x) = 1.
	xx := (float64(n) + 2*k.within(a)) / float64(n) / float64(n)
	yy := (float64(m) + 2*k.within(b)) / float64(m) / float64(m)
	return max(0, xx+yy-2*k.between(a, b)/float64(n)/float64(m)), nil
}

// MMD2Unbiased is MMD2 without the diagonals, the U-statistic of eq. 3 of Gretton et al. 2012:
//
//	1/(n(n-1)) sum_{i != j} k(x_i, x_j) + 1/(m(m-1)) sum_{i != j} k(y_i, y_j) - 2/(n m) sum_ij k(x_i, y_j)
//
// Its mean is the MMD^2 of the two distributions, 0 for equal ones, so it may be negative. Each cloud needs two points.
func MMD2Unbiased(x, y []float32, dim int, sigma ...float64) (float64, error) {
	n, m, k, err := newKernel(x, y, dim, sigma)
	if err != nil {
		return 0, err
	}
	if n < 2 || m < 2 {
		return 0, fmt.Errorf("metric: the unbiased MMD^2 of %d against %d points: each cloud needs at least 2", n, m)
	}
	a, b := columns(x, dim), columns(y, dim)
	xx := 2 * k.within(a) / float64(n) / float64(n-1)
	yy := 2 * k.within(b) / float64(m) / float64(m-1)
	return xx + yy - 2*k.between(a, b)/float64(n)/float64(m), nil
}

// kernel is a mean of RBF kernels, held as the factors 1/(2 sigma^2).
type kernel []float64

func newKernel(x, y []float32, dim int, sigma []float64) (n, m int, k kernel, err error) {
	if n, m, err = checkClouds(x, y, dim); err != nil {
		return
	}
	if len(sigma) == 0 {
		return 0, 0, nil, fmt.Errorf("metric: MMD^2 without a bandwidth: give at least one sigma above 0, in the unit of the data")
	}
	for _, s := range sigma {
		f := 1 / (2 * s * s)
		if !(s > 0) || !(f > 0) || math.IsInf(f, 1) {
			return 0, 0, nil, fmt.Errorf("metric: sigma = %v: the bandwidth of the RBF kernel must be above 0 and finite", s)
		}
		k = append(k, f)
	}
	return
}

func points(x []float32) []float64 {
	p := make([]float64, len(x))
	for i, v := range x {
		p[i] = float64(v)
	}
	return p
}

// columns returns the points x [n, dim] coordinate by coordinate, [dim][n].
func columns(x []float32, dim int) [][]float64 {
	c := make([][]float64, dim)
	for k := range c {
		c[k] = make([]float64, len(x)/dim)
		for i := range c[k] {
			c[k][i] = float64(x[i*dim+k])
		}
	}
	return c
}

// The kernel matrix is worked through in tiles, so that the points of a tile's columns stay in the cache for all of its rows.
const (
	kernelBlock = 32  // rows
	kernelWidth = 256 // columns
)

// within returns the sum of k over the pairs i < j of a.
func (k kernel) within(a [][]float64) float64 {
	return k.sum(a, a, func(i int) int { return i + 1 })
}

// between returns the sum of k over all pairs of a point of a and one of b.
func (k kernel) between(a, b [][]float64) float64 {
	return k.sum(a, b, func(int) int { return 0 })
}

// sum adds up k between each point i of a and the points first(i), first(i)+1, ... of b.
func (k kernel) sum(a, b [][]float64, first func(i int) int) float64 {
	n, m := len(a[0]), len(b[0])
	return sumBlocks((n+kernelBlock-1)/kernelBlock, func(block int) float64 {
		var squares [kernelWidth]float64
		sum := 0.0
		for start := 0; start < m; start += kernelWidth {
			end := min(m, start+kernelWidth)
			for i := block * kernelBlock; i < min(n, (block+1)*kernelBlock); i++ {
				from := max(start, first(i))
				if from >= end {
					break
				}
				d := squares[:end-from]
				clear(d)
				for c := range a {
					addSquares(d, b[c][from:end], a[c][i])
				}
				for _, f := range k {
					sum += sumExp(f, d)
				}
			}
		}
		return sum / float64(len(k))
	})
}
