package metric

import (
	"fmt"
	"math"
	"slices"
)

// CRPS returns the continuous ranked probability score of an ensemble x_1..x_M for each true value y, lower is better,
//
//	CRPS = integral (F(z) - 1{z >= y})^2 dz = 1/M sum_i |x_i - y| - 1/(2 M^2) sum_ij |x_i - x_j|,
//
// F being the ensemble's step function (Gneiting and Raftery, Strictly proper scoring rules, prediction, and estimation,
// JASA 102, 2007, eq. 21; crps_ensemble of properscoring and xskillscore). It is in the unit of the data; for one member it is
// the absolute error, so it compares ensembles with single forecasts. But it favours large ensembles over small ones of
// the same quality: see FairCRPS.
//
// The ensemble is [members, ...], the truth [...], in any shape; the scores are in the truth's order. RowMeans averages them,
// with latitude weights if need be.
//
// It fails on an empty truth, an ensemble whose length is no multiple of the truth's, and NaN or Inf: leave out masked points.
func CRPS(ensemble, truth []float32) ([]float64, error) {
	return crps(ensemble, truth, 1, spread, func(a, b float64) float64 { return a - b })
}

// FairCRPS is CRPS with the pairs i = j left out of the mean of differences,
//
//	1/M sum_i |x_i - y| - 1/(2 M (M-1)) sum_ij |x_i - x_j|
//
// (Ferro, Fair scores for ensemble forecasts, Q. J. R. Meteorol. Soc. 140, 2014). Its mean is the CRPS of the distribution that
// the members are drawn from, whatever their number, so that ensembles of different sizes compare; a single value may be
// negative. It needs two members.
func FairCRPS(ensemble, truth []float32) ([]float64, error) {
	return crps(ensemble, truth, 2, spread, func(a, b float64) float64 { return a - b })
}

// CircularCRPS is CRPS for angles in degrees, with the angular distance d, the shorter way round, for |.|:
//
//	1/M sum_i d(x_i, y) - 1/(2 M^2) sum_ij d(x_i, x_j)
//
// (Grimit, Gneiting, Berrocal and Johnson, The continuous ranked probability score for circular variables and its
// application to mesoscale forecast ensemble verification, Q. J. R. Meteorol. Soc. 132, 2006). It is in degrees, in
// [0, 180]; for one member the angular distance; uniform random angles score 90 - 45 = 45 in the mean of many members.
//
// It fails where CRPS does, on angles beyond +-180, and on a truth that looks like radians.
func CircularCRPS(ensemble, truth []float32) ([]float64, error) {
	if err := checkForecastAngles(ensemble, truth); err != nil {
		return nil, err
	}
	return crps(ensemble, truth, 1, circularSpread, WrappedDifference)
}

// FairCircularCRPS is CircularCRPS without the pairs i = j, as FairCRPS: 1/(2 M (M-1)) for 1/(2 M^2).
func FairCircularCRPS(ensemble, truth []float32) ([]float64, error) {
	if err := checkForecastAngles(ensemble, truth); err != nil {
		return nil, err
	}
	return crps(ensemble, truth, 2, circularSpread, WrappedDifference)
}

// crps is fair where at least two members are asked for. pairs returns the sum over i < j of the distances of sorted members.
func crps(ensemble, truth []float32, least int, pairs func(sorted []float64) float64, difference func(a, b float64) float64) ([]float64, error) {
	members, err := checkEnsemble(ensemble, truth, least)
	if err != nil {
		return nil, err
	}
	m, partners := float64(members), float64(members+1-least)
	scores := make([]float64, len(truth))
	const size = 256
	sumBlocks((len(truth)+size-1)/size, func(block int) float64 {
		x := make([]float64, members)
		for i := block * size; i < min(len(truth), (block+1)*size); i++ {
			sum := 0.0
			for k := range x {
				x[k] = float64(ensemble[k*len(truth)+i])
				sum += math.Abs(difference(x[k], float64(truth[i])))
			}
			slices.Sort(x)
			scores[i] = sum/m - pairs(x)/(m*partners)
		}
		return 0
	})
	return scores, nil
}

// spread returns sum_{i<j} |x_i - x_j| of sorted values: each gap counts once for every pair that it parts.
func spread(x []float64) float64 {
	sum, n := 0.0, len(x)
	for i := 1; i < n; i++ {
		sum += (x[i] - x[i-1]) * float64(i*(n-i))
	}
	return sum
}

// circularSpread returns the sum over i < j of the angular distances of sorted angles in [-180, 180].
func circularSpread(x []float64) float64 {
	// Of the angles after x[i], those up to x[i] + 180 (before index far) are x[j] - x[i] away, the others 360 less that.
	sum, far := 0.0, 0
	before := make([]float64, len(x)+1) // sums of the first angles, taken from the least to lose no digits
	for i, v := range x {
		before[i+1] = before[i] + v - x[0]
	}
	for i, v := range x {
		far = max(far, i+1)
		for far < len(x) && x[far]-v <= 180 {
			far++
		}
		near, rest := float64(far-i-1), float64(len(x)-far)
		sum += before[far] - before[i+1] - near*(v-x[0])
		sum += rest*(360+v-x[0]) - (before[len(x)] - before[far])
	}
	return sum
}

// RowMeans returns the mean of each row of values [rows, dim], with weights w of length dim,
//
//	sum_c w_c v_c / sum_c w_c,
//
// or equal ones if w is nil: from scores of points to one score a frame (cos(latitude) for grids), which Blocks takes to an
// interval.
//
// It fails on lengths that do not fit, values that are not finite, negative weights, and weights that are all 0.
func RowMeans(values []float64, dim int, w []float64) ([]float64, error) {
	if dim < 1 || len(values) == 0 || len(values)%dim != 0 {
		return nil, fmt.Errorf("metric: row means of %d values with dim = %d: they must be [rows, dim] row-major, dim 1 or more", len(values), dim)
	}
	if w == nil {
		w = slices.Repeat([]float64{1}, dim)
	}
	total, err := checkWeights(w, dim)
	if err != nil {
		return nil, err
	}
	means := make([]float64, len(values)/dim)
	for i, v := range values {
		if v-v != 0 {
			return nil, fmt.Errorf("metric: row means: value %d of row %d is %v", i%dim, i/dim, v)
		}
		means[i/dim] += w[i%dim] * v / total
	}
	return means, nil
}

// checkWeights verifies weights for dim values and returns their sum.
func checkWeights(w []float64, dim int) (total float64, err error) {
	if len(w) != dim {
		return 0, fmt.Errorf("metric: %d weights for rows of %d values: give one for each", len(w), dim)
	}
	for i, v := range w {
		if !(v >= 0) || math.IsInf(v, 1) {
			return 0, fmt.Errorf("metric: weight %d is %v: weights must be finite and not negative", i, v)
		}
		total += v
	}
	if total == 0 {
		return 0, fmt.Errorf("metric: all %d weights are 0: at least one must be above", len(w))
	}
	return total, nil
}
