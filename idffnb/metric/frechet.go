package metric

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Moments are the mean and the covariance of a cloud of features: all that FrechetDistance needs of it. Those of the data are
// computed once and kept: the fields are for storing and restoring them.
type Moments struct {
	N    int       // points
	Mean []float64 // [dim]
	Cov  []float64 // [dim, dim], with N-1 in the denominator, as numpy.cov
}

// NewMoments computes the moments of features x [n, dim], n at least 2. It fails on clouds as MMD2 does.
func NewMoments(x []float32, dim int) (*Moments, error) {
	n, _, err := checkClouds(x, x, dim)
	if err != nil {
		return nil, err
	}
	if n < 2 {
		return nil, fmt.Errorf("metric: the covariance of %d point: give at least 2", n)
	}
	m := &Moments{N: n, Mean: make([]float64, dim)}
	for i, v := range x {
		m.Mean[i%dim] += float64(v)
	}
	for c := range m.Mean {
		m.Mean[c] /= float64(n)
	}
	sum := mat.NewSymDense(dim, nil)
	const rows = 512 // at once, for the memory
	for first := 0; first < n; first += rows {
		part := x[first*dim : min(n, first+rows)*dim]
		centred := make([]float64, len(part))
		for i, v := range part {
			centred[i] = float64(v) - m.Mean[i%dim]
		}
		var outer mat.SymDense
		outer.SymOuterK(1/float64(n-1), mat.NewDense(len(part)/dim, dim, centred).T())
		sum.AddSym(sum, &outer)
	}
	m.Cov = make([]float64, 0, dim*dim)
	for i := range dim {
		for j := range dim {
			m.Cov = append(m.Cov, sum.At(i, j))
		}
	}
	return m, nil
}

// Frechet returns the squared Fréchet distance of Gaussians with these moments, the squared Wasserstein-2 distance of the two
// (Dowson and Landau, J. Multivariate Anal. 12, 1982):
//
//	|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))
//
// On features of Inception-v3 it is the FID of Heusel et al., GANs Trained by a Two Time-Scale Update Rule (arXiv 1706.08500); on others it is
// none and must be named after them. It falls with the number of points, roughly as 1/n: compare equal numbers, and with the Floor. It sees two moments
// alone: clouds that differ in others may have distance 0.
//
// The root is not taken of S1 S2, which is not symmetric and almost singular when points are few: with S1 = L L^T its trace is that of the root of the symmetric
// L^T S2 L, the sum of the roots of the eigenvalues.
//
// It fails on moments of other sizes.
func (a *Moments) Frechet(b *Moments) (float64, error) {
	dim := len(a.Mean)
	if len(b.Mean) != dim || len(a.Cov) != dim*dim || len(b.Cov) != dim*dim || dim == 0 {
		return 0, fmt.Errorf("metric: Fréchet distance of moments with %d and %d means, %d and %d covariances: want dim means and dim x dim covariances of both", dim, len(b.Mean), len(a.Cov), len(b.Cov))
	}
	distance := 0.0
	for c, v := range a.Mean {
		distance += (v - b.Mean[c]) * (v - b.Mean[c])
		distance += a.Cov[c*dim+c] + b.Cov[c*dim+c]
	}
	l := root(a.Cov, dim)
	var half, product mat.Dense
	half.Mul(mat.NewDense(dim, dim, b.Cov), l)
	product.Mul(l.T(), &half)
	middle := mat.NewSymDense(dim, nil)
	for i := range dim {
		for j := i; j < dim; j++ {
			middle.SetSym(i, j, (product.At(i, j)+product.At(j, i))/2)
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(middle, false) {
		return 0, fmt.Errorf("metric: Fréchet distance: the eigenvalues of the product of the covariances do not converge")
	}
	for _, v := range eigen.Values(nil) {
		distance -= 2 * math.Sqrt(max(v, 0)) // below 0 by rounding alone
	}
	return max(distance, 0), nil
}

// root is L with S = L L^T, also where S has not full rank: P^T S P = U^T U by Cholesky with pivots, down to a pivot that is not above 0.
func root(cov []float64, dim int) *mat.Dense {
	var c mat.PivotedCholesky
	c.Factorize(mat.NewSymDense(dim, append([]float64(nil), cov...)), 0)
	u, pivots, l := c.RawU(), c.ColumnPivots(nil), mat.NewDense(dim, dim, nil)
	for k := range c.Rank() {
		for i := k; i < dim; i++ {
			l.Set(pivots[i], k, u.At(k, i))
		}
	}
	return l
}

// Frechet is the distance of Moments.Frechet between clouds of features x [n, dim] and y [m, dim]. For tables and the Floor make it a
// Metric that is named after the features:
//
//	fid := metric.Func{Label: "FID, own Fashion-MNIST features", Distance: metric.Frechet}
//
// It fails where NewMoments does.
func Frechet(x, y []float32, dim int) (float64, error) {
	if _, _, err := checkClouds(x, y, dim); err != nil {
		return 0, err
	}
	a, err := NewMoments(x, dim)
	if err != nil {
		return 0, err
	}
	b, err := NewMoments(y, dim)
	if err != nil {
		return 0, err
	}
	return a.Frechet(b)
}
