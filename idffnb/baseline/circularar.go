package baseline

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// CircularAR is a linear autoregression of angles in pairs along a chain, phi and psi of residues: the change of residue i to the next frame, the short way round, is linear in what is
// known of the residues around it,
//
//	a_i(k+1) = a_i(k) + W f_i(k) + e_i(k),
//	f_i = of each residue from i-Reach to i+Reach: 1, cos phi, sin phi, cos psi, sin psi, and the changes of phi and psi to frame k from each of the History-1 frames before it;
//
// beyond the ends of the chain f is 0. W is the same for all residues, by least squares over all frames and residues (the circular-linear regression of Jammalamadaka and SenGupta, Topics in
// Circular Statistics, 2001, chapter 8, on differences). The errors e(k) of all residues together are drawn from those of the training frames, so that residues stay
// correlated as they are and nothing is taken for Gaussian; that they depend on the state, it cannot know. Make one with FitCircularAR.
type CircularAR struct {
	History int // frames that the next depends on; 0: one
	Reach   int // residues to each side that it depends on; 0: none

	dim       int
	weights   *mat.Dense // [features, 2]
	residuals []float32  // [frames, dim], in degrees
}

// FitCircularAR fits the regression to angles in degrees [replicas, frames, dim], residue by residue; the settings are those of the CircularAR given. It is an error if the lengths do not
// fit, dim is odd, an angle is not finite, or there are fewer changes than weights.
func FitCircularAR(degrees []float32, replicas, frames, dim int, settings CircularAR) (*CircularAR, error) {
	ar := settings
	ar.History, ar.dim = max(ar.History, 1), dim
	fail := func(format string, args ...any) (*CircularAR, error) {
		return nil, fmt.Errorf("baseline: linear autoregression: "+format, args...)
	}
	switch {
	case settings.History < 0 || settings.Reach < 0:
		return fail("history %d and reach %d: want 0 or more", settings.History, settings.Reach)
	case replicas < 1 || frames < 1 || dim < 2 || dim%2 != 0 || len(degrees) != replicas*frames*dim:
		return fail("%d values are no %d replicas of %d frames of %d angles in pairs", len(degrees), replicas, frames, dim)
	}
	for i, v := range degrees {
		if v != v || math.IsInf(float64(v), 0) {
			return fail("angle %d of frame %d of replica %d is %g, want finite numbers", i%dim, i/dim%frames, i/dim/frames, v)
		}
	}
	p, sites, rows := ar.features(), dim/2, replicas*(frames-ar.History)
	if rows*sites < p {
		return fail("%d frames of %d residues after a history of %d are too few for %d weights", max(rows, 0), sites, ar.History, p)
	}
	// Normal equations (F^T F + ridge I) W = F^T D; the ridge, a millionth of F^T F's mean diagonal, only settles what the data leave open.
	gram, right := mat.NewSymDense(p, nil), mat.NewDense(p, 2, nil)
	ar.eachStep(degrees, replicas, frames, func(f []float64, change [2]float64) {
		gram.SymRankOne(gram, 1, mat.NewVecDense(p, f))
		for i, v := range f {
			right.Set(i, 0, right.At(i, 0)+v*change[0])
			right.Set(i, 1, right.At(i, 1)+v*change[1])
		}
	})
	ridge := 1e-6 * mat.Trace(gram) / float64(p)
	for i := range p {
		gram.SetSym(i, i, gram.At(i, i)+ridge)
	}
	var cholesky mat.Cholesky
	ar.weights = mat.NewDense(p, 2, nil)
	if !cholesky.Factorize(gram) {
		return fail("the regression has no solution: do the angles ever change?")
	}
	var condition mat.Condition
	if err := cholesky.SolveTo(ar.weights, right); err != nil && !errors.As(err, &condition) {
		return fail("%w", err)
	}
	ar.eachStep(degrees, replicas, frames, func(f []float64, change [2]float64) {
		mean := ar.mean(f)
		ar.residuals = append(ar.residuals, float32(change[0]-mean[0]), float32(change[1]-mean[1]))
	})
	return &ar, nil
}

// features is the length of f.
func (ar *CircularAR) features() int { return (2*ar.Reach + 1) * ar.each() }

// each is how many of them a residue has.
func (ar *CircularAR) each() int { return 5 + 2*(ar.History-1) }

// eachStep calls visit with f and the change, in degrees, of every residue at every step, frame by frame. f is used again.
func (ar *CircularAR) eachStep(degrees []float32, replicas, frames int, visit func(f []float64, change [2]float64)) {
	dim, f := ar.dim, make([]float64, ar.features())
	for r := range replicas {
		series := degrees[r*frames*dim : (r+1)*frames*dim]
		for k := ar.History; k < frames; k++ {
			known := ar.describe(series[(k-ar.History)*dim : k*dim])
			for site := range dim / 2 {
				ar.around(f, known, site)
				at := k*dim + 2*site
				visit(f, [2]float64{shortWay(series[at-dim], series[at]), shortWay(series[at+1-dim], series[at+1])})
			}
		}
	}
}

// describe is what is known of each residue after frames [history, dim].
func (ar *CircularAR) describe(frames []float32) []float64 {
	known, now := make([]float64, 0, ar.dim/2*ar.each()), frames[len(frames)-ar.dim:]
	for j := 0; j < ar.dim; j += 2 {
		known = append(known, 1)
		for _, angle := range now[j : j+2] {
			sin, cos := math.Sincos(float64(angle) * math.Pi / 180)
			known = append(known, cos, sin)
		}
		for back := 2; back <= ar.History; back++ {
			then := frames[len(frames)-back*ar.dim+j:]
			known = append(known, shortWay(then[0], now[j])/30, shortWay(then[1], now[j+1])/30) // in units near 1, for the ridge
		}
	}
	return known
}

// around fills in f of a residue.
func (ar *CircularAR) around(f, known []float64, site int) {
	each := ar.each()
	for place := range 2*ar.Reach + 1 {
		part := f[place*each : (place+1)*each]
		if j := site + place - ar.Reach; j >= 0 && j < ar.dim/2 {
			copy(part, known[j*each:(j+1)*each])
		} else {
			clear(part)
		}
	}
}

// mean is W f.
func (ar *CircularAR) mean(f []float64) (out [2]float64) {
	for i, v := range f {
		out[0] += v * ar.weights.At(i, 0)
		out[1] += v * ar.weights.At(i, 1)
	}
	return out
}

// shortWay is the change from an angle to another in degrees, in [-180, 180].
func shortWay(from, to float32) float64 { return math.Remainder(float64(to)-float64(from), 360) }

// Name implements Forecaster.
func (ar *CircularAR) Name() string { return "linear AR" }

// Forecast implements Forecaster. Angles are in [-180, 180].
func (ar *CircularAR) Forecast(starts []float32, frames, members int, seed uint64) ([]float32, error) {
	n, err := check(ar.Name(), starts, ar.History, ar.dim, frames, members)
	if err != nil {
		return nil, err
	}
	size, f := ar.History*ar.dim, make([]float64, ar.features())
	x := make([]float32, members*n*frames*ar.dim)
	state := slices.Repeat(starts, members) // row m*n + i: member m from start i
	next := make([]float32, ar.dim)
	for k := range frames {
		rng := generator(seed, k)
		for i := range members * n {
			row := state[i*size : (i+1)*size]
			known, now := ar.describe(row), row[size-ar.dim:]
			off := ar.residuals[rng.IntN(len(ar.residuals)/ar.dim)*ar.dim:]
			for site := range ar.dim / 2 {
				ar.around(f, known, site)
				for j, change := range ar.mean(f) {
					next[2*site+j] = float32(shortWay(0, now[2*site+j]+float32(change)+off[2*site+j]))
				}
			}
			copy(row, row[ar.dim:])
			copy(now, next)
			copy(x[(i*frames+k)*ar.dim:], next)
		}
	}
	return x, nil
}
