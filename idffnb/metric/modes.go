package metric

import (
	"fmt"
	"math"
)

// ModeShares says how samples are spread over the modes of a distribution; it is made by Modes.
type ModeShares struct {
	Shares         []float64 // of the samples, in each mode
	Outside        float64   // share of the samples in no mode
	Covered        int       // modes with at least a tenth of the fair share, that is of 1/len(Shares)
	TotalVariation float64   // distance to equal shares and nothing outside, in [0, 1]
}

// Modes counts the samples x [n, dim] in each of K modes, given by their centres: a sample is in the mode whose centre is
// nearest, the first of equals, if that is no further than the radius, in the unit of the data; else it is outside. With
// p_i the share of mode i and p_0 the share outside,
//
//	covered = #{ i : p_i >= 1/(10 K) },   total variation = 1/2 ( p_0 + sum_i |p_i - 1/K| ).
//
// The tenth is a convention: it asks that a mode is found, the total variation how well it is weighed. Where all of the
// data lie in modes, n fresh data points have a total variation of about sqrt((K-1)/(2 pi n)), from the mean deviation
// of a binomial share: .023 for K = 8, n = 2048. Where data lie outside, compare with fresh data (8gaussians: .031).
//
// A centre is a slice or an array of dim numbers: those that datasets gives fit. An infinite radius leaves nothing outside.
//
// It fails on no centres, centres that are not of dim finite numbers or are not distinct, a radius that is not above 0, and
// on samples as MMD2 does.
func Modes[C []float64 | [1]float64 | [2]float64 | [3]float64](x []float32, dim int, centres []C, radius float64) (ModeShares, error) {
	n, _, err := checkClouds(x, x, dim)
	if err != nil {
		return ModeShares{}, err
	}
	if !(radius > 0) {
		return ModeShares{}, fmt.Errorf("metric: modes of radius %v: it must be above 0, in the unit of the data", radius)
	}
	flat := make([]float64, 0, len(centres)*dim)
	for i, c := range centres {
		if len(c) != dim {
			return ModeShares{}, fmt.Errorf("metric: centre %d has %d coordinates, the samples have dim = %d", i, len(c), dim)
		}
		for k := range len(c) {
			flat = append(flat, c[k])
		}
	}
	if err := checkCentres(flat, dim); err != nil {
		return ModeShares{}, err
	}
	count := make([]int, len(centres))
	outside := 0
	p := points(x)
	for i := 0; i < len(p); i += dim {
		nearest, least := 0, math.Inf(1)
		for c := range count {
			if d := squaredDistance(p[i:i+dim], flat[c*dim:(c+1)*dim]); d < least {
				nearest, least = c, d
			}
		}
		if least <= radius*radius {
			count[nearest]++
		} else {
			outside++
		}
	}
	fair := 1 / float64(len(count))
	s := ModeShares{Shares: make([]float64, len(count)), Outside: float64(outside) / float64(n)}
	s.TotalVariation = s.Outside / 2
	for c, k := range count {
		s.Shares[c] = float64(k) / float64(n)
		s.TotalVariation += math.Abs(s.Shares[c]-fair) / 2
		if 10*len(count)*k >= n { // in whole numbers: a tenth exactly is enough
			s.Covered++
		}
	}
	return s, nil
}

// String returns the summary in one line, without the shares.
func (s ModeShares) String() string {
	return fmt.Sprintf("%d of %d modes, outside %.3g, total variation %.3g", s.Covered, len(s.Shares), s.Outside, s.TotalVariation)
}

// checkCentres verifies that the centres [count, dim] are finite and distinct.
func checkCentres(flat []float64, dim int) error {
	if len(flat) == 0 {
		return fmt.Errorf("metric: modes without centres: give at least one")
	}
	for k, v := range flat {
		if v-v != 0 { // NaN or Inf
			return fmt.Errorf("metric: centre %d has %v at coordinate %d", k/dim, v, k%dim)
		}
	}
	for i := 0; i < len(flat); i += dim {
		for j := 0; j < i; j += dim {
			if squaredDistance(flat[i:i+dim], flat[j:j+dim]) == 0 {
				return fmt.Errorf("metric: centres %d and %d are the same point: a mode needs a centre of its own", j/dim, i/dim)
			}
		}
	}
	return nil
}
