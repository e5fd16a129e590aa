package baseline

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// PolynomialAR is an autoregression whose change to the next frame is a polynomial of all numbers of the last frames together,
//
//	x(k+1) = x(k) + W f(k) + e(k),   f = all monomials up to Degree of the numbers of frames k, k-1, ..., k-Order+1, the constant among them,
//
// by ridge regression over the training data, lead 1, and frame after frame from there. With Degree = 1 it is the linear vector autoregression. With Degree = 2 and Order = 2 it is the "next
// generation reservoir computer" of Gauthier, Bollt, Griffith and Barbosa (Nature Communications 12, 5564, 2021) for frames one apart; the ridge there is 2.5e-6 on sums over 400 frames, here it is a
// share of the features' mean square. It has no hidden layer, no steps and no seed: what a network says of a smooth system of few numbers must be compared with it.
//
// A member's e(k) are residuals of the training data, all numbers of a frame together, drawn at random; with one member e is 0, the forecast of least squared error. Polynomials grow without bound where
// there were no data: a number that passes a million times its largest in training stays there. Make one with FitPolynomialAR.
type PolynomialAR struct {
	Order   int     // frames that the next depends on; 0: one
	Degree  int     // of the polynomial; 0: two
	History int     // frames of a start, of which the last Order are taken; 0: Order
	Ridge   float64 // of the regression, in units of the mean square of each feature; 0: 1e-9

	dim       int
	monomials [][]int    // of each feature: the numbers whose product it is
	scale     []float64  // root mean square of each feature
	weights   *mat.Dense // [features, dim]
	residuals []float32  // [steps, dim]
	bound     float64
}

// mostFeatures keeps the regression at seconds.
const mostFeatures = 1000

// FitPolynomialAR fits the regression to training frames [series, frames, dim]; the settings are those of the PolynomialAR given. It is an error if the lengths do not fit, a value is not finite, there
// are more than a thousand monomials, or fewer steps than monomials.
func FitPolynomialAR(x []float32, series, frames, dim int, settings PolynomialAR) (*PolynomialAR, error) {
	ar := settings
	ar.Order, ar.dim = max(ar.Order, 1), dim
	ar.History = max(ar.History, ar.Order)
	if ar.Degree == 0 {
		ar.Degree = 2
	}
	if ar.Ridge == 0 {
		ar.Ridge = 1e-9
	}
	fail := func(format string, args ...any) (*PolynomialAR, error) {
		return nil, fmt.Errorf("baseline: polynomial autoregression: "+format, args...)
	}
	switch {
	case settings.Order < 0 || ar.Degree < 1 || !(ar.Ridge > 0) || math.IsInf(ar.Ridge, 0):
		return fail("order %d, degree %d and ridge %g: want 0 or more of each", settings.Order, settings.Degree, settings.Ridge)
	case settings.History != 0 && settings.History < ar.Order:
		return fail("order %d of starts of %d frames: want as many or more", ar.Order, settings.History)
	case series < 1 || frames < 1 || dim < 1 || len(x) != series*frames*dim:
		return fail("%d values are no %d series of %d frames of size %d", len(x), series, frames, dim)
	case choose(ar.Order*dim+ar.Degree, ar.Degree) > mostFeatures:
		return fail("%d numbers have more than %d monomials of degree %d: take a smaller degree or order", ar.Order*dim, mostFeatures, ar.Degree)
	}
	for i, v := range x {
		if v != v || math.IsInf(float64(v), 0) {
			return fail("value %d of frame %d of series %d is %g, want finite numbers", i%dim, i/dim%frames, i/dim/frames, v)
		}
		ar.bound = max(ar.bound, 1e6*math.Abs(float64(v)))
	}
	ar.monomials = monomials(ar.Order*dim, ar.Degree)
	p, rows := len(ar.monomials), series*(frames-ar.Order)
	if rows < p {
		return fail("%d frames after the first %d are too few for %d weights", max(rows, 0), ar.Order, p)
	}
	// Least squares of the features over their root mean squares, with the ridge as p more rows, by QR: normal equations would square its condition.
	design, change := mat.NewDense(rows+p, p, nil), mat.NewDense(rows+p, dim, nil)
	at := 0
	for s := range series {
		of := x[s*frames*dim : (s+1)*frames*dim]
		for k := ar.Order; k < frames; k++ {
			ar.features(design.RawRowView(at), of[(k-ar.Order)*dim:k*dim])
			for i := range dim {
				change.Set(at, i, float64(of[k*dim+i])-float64(of[(k-1)*dim+i]))
			}
			at++
		}
	}
	ar.scale = make([]float64, p)
	for j := range p {
		for i := range rows {
			ar.scale[j] += design.At(i, j) * design.At(i, j) / float64(rows)
		}
		if ar.scale[j] = math.Sqrt(ar.scale[j]); ar.scale[j] == 0 {
			ar.scale[j] = 1
		}
		for i := range rows {
			design.Set(i, j, design.At(i, j)/ar.scale[j])
		}
		design.Set(rows+j, j, math.Sqrt(ar.Ridge*float64(rows)))
	}
	var qr mat.QR
	qr.Factorize(design)
	ar.weights = mat.NewDense(p, dim, nil)
	var condition mat.Condition
	if err := qr.SolveTo(ar.weights, false, change); err != nil && !errors.As(err, &condition) {
		return fail("%w", err)
	}
	var fitted mat.Dense
	fitted.Mul(design, ar.weights)
	for k := range rows {
		for i := range dim {
			ar.residuals = append(ar.residuals, float32(change.At(k, i)-fitted.At(k, i)))
		}
	}
	return &ar, nil
}

// choose is n over k.
func choose(n, k int) int {
	c := 1
	for i := range k {
		if c = c * (n - i) / (i + 1); c > 1<<30 {
			return c
		}
	}
	return c
}

// monomials are the products of up to degree of n numbers, as lists of these that do not fall; the first is empty, the constant 1.
func monomials(n, degree int) [][]int {
	all, last := [][]int{nil}, [][]int{nil}
	for range degree {
		var next [][]int
		for _, m := range last {
			from := 0
			if len(m) > 0 {
				from = m[len(m)-1]
			}
			for i := from; i < n; i++ {
				next = append(next, append(append([]int(nil), m...), i))
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

// features fills in f of frames [Order, dim].
func (ar *PolynomialAR) features(f []float64, frames []float32) {
	for j, m := range ar.monomials {
		f[j] = 1
		for _, i := range m {
			f[j] *= float64(frames[i])
		}
	}
}

// Name implements Forecaster, e.g. "quadratic AR".
func (ar *PolynomialAR) Name() string {
	switch {
	case ar.Degree == 1:
		return "linear AR"
	case ar.Degree <= 2:
		return "quadratic AR"
	case ar.Degree == 3:
		return "cubic AR"
	}
	return fmt.Sprintf("AR of degree %d", ar.Degree)
}

// Weights is how many numbers were fitted: those of all monomials, for each number of a frame.
func (ar *PolynomialAR) Weights() int { return len(ar.monomials) * ar.dim }

// Forecast implements Forecaster.
func (ar *PolynomialAR) Forecast(starts []float32, frames, members int, seed uint64) ([]float32, error) {
	dim := ar.dim
	n, err := check(ar.Name(), starts, ar.History, dim, frames, members)
	if err != nil {
		return nil, err
	}
	x := make([]float32, members*n*frames*dim)
	size, f := ar.Order*dim, make([]float64, len(ar.monomials))
	known := make([]float32, 0, members*n*size) // of each member and start, the last frames
	for range members {
		for i := range n {
			known = append(known, starts[(i+1)*ar.History*dim-size:(i+1)*ar.History*dim]...)
		}
	}
	for k := range frames {
		rng := generator(seed, k)
		for i := range members * n {
			now := known[i*size : (i+1)*size]
			ar.features(f, now)
			residual := ar.residuals[rng.IntN(len(ar.residuals)/dim)*dim:]
			out := x[(i*frames+k)*dim : (i*frames+k+1)*dim]
			for c := range out {
				v := float64(now[size-dim+c])
				for j, w := range f {
					v += w / ar.scale[j] * ar.weights.At(j, c)
				}
				if members > 1 {
					v += float64(residual[c])
				}
				out[c] = float32(min(max(v, -ar.bound), ar.bound)) // NaN stays
				if v != v {
					out[c] = float32(ar.bound)
				}
			}
			copy(now, now[dim:])
			copy(now[size-dim:], out)
		}
	}
	return x, nil
}
