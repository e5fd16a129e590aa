package metric

import (
	"fmt"

	"gonum.org/v1/gonum/floats"
)

// KID is the kernel distance of Bińkowski et al., Demystifying MMD GANs (arXiv 1801.01401): the unbiased MMD^2 of clouds of features x [n, dim] and
// y [m, dim] under the kernel
//
//	k(a, b) = (a·b/dim + 1)^3
//
// Its mean does not depend on n and m, and is 0 for equal distributions, so that it may be negative: unlike the Fréchet distance it can be compared between numbers of points. The name
// stands for features of Inception-v3; on others name it after them. It fails on clouds as MMD2Unbiased does.
func KID(x, y []float32, dim int) (float64, error) {
	n, m, err := checkClouds(x, y, dim)
	if err != nil {
		return 0, err
	}
	if n < 2 || m < 2 {
		return 0, fmt.Errorf("metric: KID of %d against %d points: each cloud needs at least 2", n, m)
	}
	a, b := points(x), points(y)
	within := func(a []float64, n int) float64 {
		sum := cubes(a, dim, func(i int) []float64 { return a[(i+1)*dim:] })
		return 2 * sum / float64(n) / float64(n-1)
	}
	return within(a, n) + within(b, m) - 2*cubes(a, dim, func(int) []float64 { return b })/float64(n)/float64(m), nil
}

// KIDGradient is KID and its gradient in x [n, dim], for learning by it:
//
//	dKID/dx_i = 6/dim (sum_{j != i} s(x_i, x_j)^2 x_j / (n (n-1)) - sum_j s(x_i, y_j)^2 y_j / (n m)),   s(a, b) = a·b/dim + 1
func KIDGradient(x, y []float32, dim int) (kid float64, gradient []float32, err error) {
	if kid, err = KID(x, y, dim); err != nil {
		return 0, nil, err
	}
	a, b := points(x), points(y)
	n, m := len(a)/dim, len(b)/dim
	gradient = make([]float32, len(a))
	sumBlocks((n+kernelBlock-1)/kernelBlock, func(block int) float64 {
		row := make([]float64, dim)
		for i := block * kernelBlock; i < min(n, (block+1)*kernelBlock); i++ {
			p := a[i*dim : (i+1)*dim]
			clear(row)
			add := func(cloud []float64, weight float64, without int) {
				for j := range len(cloud) / dim {
					if q := cloud[j*dim : (j+1)*dim]; j != without {
						s := floats.Dot(p, q)/float64(dim) + 1
						floats.AddScaled(row, weight*s*s, q)
					}
				}
			}
			add(a, 6/float64(dim)/float64(n)/float64(n-1), i)
			add(b, -6/float64(dim)/float64(n)/float64(m), -1)
			for k, v := range row {
				gradient[i*dim+k] = float32(v)
			}
		}
		return 0
	})
	return kid, gradient, nil
}

// KIDBlocks is KID between each block of size rows of x and that of y, as the paper estimates it, with blocks that share no point: their mean, standard deviation and interval.
// Rows at the end that fill no block are left out. Rows must be in random order, which those of samples are. It fails on a size below 2 or of which a cloud has no block, and where KID does.
func KIDBlocks(x, y []float32, dim, size int) (Summary, error) {
	n, m, err := checkClouds(x, y, dim)
	if err != nil {
		return Summary{}, err
	}
	blocks := 0
	if size >= 2 {
		blocks = min(n, m) / size
	}
	if blocks == 0 {
		return Summary{}, fmt.Errorf("metric: KID in blocks of %d of %d against %d points: want a size from 2 to the smaller number", size, n, m)
	}
	values := make([]float64, blocks)
	for k := range values {
		from, to := k*size*dim, (k+1)*size*dim
		if values[k], err = KID(x[from:to], y[from:to], dim); err != nil {
			return Summary{}, err
		}
	}
	return Summarize(values)
}

// cubes returns the sum of the kernel between each point i of a and the points of partners(i).
func cubes(a []float64, dim int, partners func(i int) []float64) float64 {
	n := len(a) / dim
	return sumBlocks((n+kernelBlock-1)/kernelBlock, func(block int) float64 {
		sum := 0.0
		for i := block * kernelBlock; i < min(n, (block+1)*kernelBlock); i++ {
			p := a[i*dim : (i+1)*dim]
			for b := partners(i); len(b) > 0; b = b[dim:] {
				k := floats.Dot(p, b[:dim])/float64(dim) + 1
				sum += k * k * k
			}
		}
		return sum
	})
}
