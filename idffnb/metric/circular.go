package metric

import (
	"fmt"
	"math"
	"slices"
)

// WrapDegrees returns a copy of the angles brought to [-180, 180] by whole turns: what forecasts need that have left the range.
// NaN and infinite values become NaN, which every score refuses.
func WrapDegrees(angles []float32) []float32 {
	wrapped := make([]float32, len(angles))
	for i, a := range angles {
		wrapped[i] = float32(math.Remainder(float64(a), 360))
	}
	return wrapped
}

// WrappedDifference returns a - b on the circle, in degrees, in [-180, 180]:
//
//	a - b - 360 round((a - b)/360)
//
// Its size is the angular distance of the two, the shorter way round.
func WrappedDifference(a, b float64) float64 { return math.Remainder(a-b, 360) }

// CircularMean returns the direction of the mean of the unit vectors, in degrees, and that mean's length in [0, 1],
//
//	mean = atan2(sum sin a, sum cos a),   resultant = |sum (cos a, sin a)|/n
//
// (Mardia and Jupp, Directional Statistics, 2000, section 2.2). The resultant is 1 where all angles are equal, and near 0
// where they are spread all around; 1 - resultant is the circular variance.
//
// It fails on no angles, NaN, angles beyond +-180, and angles that cancel, for which no direction is the mean.
func CircularMean(angles []float32) (mean, resultant float64, err error) {
	if err := checkAngles("angle", angles); err != nil {
		return 0, 0, err
	}
	mean, resultant = circularMean(column(angles, 0, 1))
	if resultant < 1e-12 {
		return 0, 0, fmt.Errorf("metric: the mean direction of %d angles is undefined: their unit vectors cancel", len(angles))
	}
	return mean, resultant, nil
}

func circularMean(angles []float64) (mean, resultant float64) {
	var c, s float64
	for _, a := range angles {
		sin, cos := math.Sincos(a * math.Pi / 180)
		c, s = c+cos, s+sin
	}
	return math.Atan2(s, c) * 180 / math.Pi, math.Hypot(c, s) / float64(len(angles))
}

// CircularMAE returns the mean angular distance of forecasts and truth, mean |WrappedDifference|, in degrees in [0, 180]; 90 is
// what uniform random angles score in the mean. Both have the same length, in any shape.
//
// It fails on angles that are none, unequally many, NaN, beyond +-180, and on a truth that looks like radians.
func CircularMAE(forecast, truth []float32) (float64, error) {
	if err := checkAnglePair(forecast, truth); err != nil {
		return 0, err
	}
	return mae(column(forecast, 0, 1), column(truth, 0, 1), WrappedDifference), nil
}

// CircularRMSE returns the root of the mean squared WrappedDifference, in degrees in [0, 180]; uniform random angles score
// 180/sqrt(3) = 103.9. It fails where CircularMAE does.
func CircularRMSE(forecast, truth []float32) (float64, error) {
	if err := checkAnglePair(forecast, truth); err != nil {
		return 0, err
	}
	return rmse(column(forecast, 0, 1), column(truth, 0, 1), WrappedDifference), nil
}

// CircularCorrelation returns the correlation of two sets of paired angles, with A and B their circular means,
//
//	sum sin(a_i - A) sin(b_i - B) / sqrt( sum sin^2(a_i - A) sum sin^2(b_i - B) ),
//
// in [-1, 1] (Jammalamadaka and Sarma, A correlation coefficient for angular variables, in Statistical Theory and Data
// Analysis II, 1988; Jammalamadaka and SenGupta, Topics in Circular Statistics, 2001, section 8.2). Turning either set by a
// fixed angle changes nothing; near one direction it is the plain correlation. Where a set is spread all around its mean is
// ill-defined, and so is this.
//
// It fails where CircularMAE does, and on angles that do not vary.
func CircularCorrelation(a, b []float32) (float64, error) {
	if err := checkAnglePair(a, b); err != nil {
		return 0, err
	}
	cc := circularCorrelation(column(a, 0, 1), column(b, 0, 1))
	if math.IsNaN(cc) {
		return 0, fmt.Errorf("metric: circular correlation of %d angles that do not vary: it is undefined", len(a))
	}
	return cc, nil
}

// AngleErrors is a row of a table of forecasts: a mean over the angles of a molecule (and over the members of an ensemble),
// each angle's time series scored by itself, and the standard deviation over them (n in the denominator, as numpy's std).
type AngleErrors struct {
	CC, CCStd     float64 // correlation in time; NaN where an angle's series does not vary, as a constant forecast's
	RMSE, RMSEStd float64 // degrees
	MAE, MAEStd   float64 // degrees
}

// String returns the three means.
func (e AngleErrors) String() string {
	return fmt.Sprintf("CC %.3f, RMSE %.2f, MAE %.2f degrees", e.CC, e.RMSE, e.MAE)
}

// CircularErrors scores forecasts [members, frames, dim] against truth [frames, dim], dim angles in degrees, on the circle:
// CircularCorrelation, CircularRMSE and CircularMAE of each angle's series. This is the one to trust.
//
// It fails where CircularMAE does, and where the lengths do not fit dim.
func CircularErrors(forecast, truth []float32, dim int) (AngleErrors, error) {
	if _, _, err := checkSeries(forecast, truth, dim); err != nil {
		return AngleErrors{}, err
	}
	if err := checkForecastAngles(forecast, truth); err != nil {
		return AngleErrors{}, err
	}
	return columnErrors(forecast, truth, dim, WrappedDifference, circularCorrelation), nil
}

// LinearErrors scores as CircularErrors, but as the authors of IDFF do in the table that they released (compute_metrics in
// MD_simulation.py, github.com/MrRezaeiUofT/IDFF): plain differences, and Pearson's correlation. 179 against -179 degrees
// counts 358, and one passage through +-180 outweighs all else; beside their numbers only this fits. Angles need not lie in
// +-180. For one series of any unit, dim = 1, it gives its plain errors.
//
// It fails on lengths that do not fit, NaN and Inf.
func LinearErrors(forecast, truth []float32, dim int) (AngleErrors, error) {
	if _, _, err := checkSeries(forecast, truth, dim); err != nil {
		return AngleErrors{}, err
	}
	return columnErrors(forecast, truth, dim, func(a, b float64) float64 { return a - b }, pearson), nil
}

func columnErrors(forecast, truth []float32, dim int, difference func(a, b float64) float64, correlation func(a, b []float64) float64) AngleErrors {
	var cc, r, m []float64
	for first := 0; first < len(forecast); first += len(truth) {
		for c := range dim {
			f, t := column(forecast[first:first+len(truth)], c, dim), column(truth, c, dim)
			cc = append(cc, correlation(f, t))
			r = append(r, rmse(f, t, difference))
			m = append(m, mae(f, t, difference))
		}
	}
	var e AngleErrors
	e.CC, e.CCStd = meanStd(cc)
	e.RMSE, e.RMSEStd = meanStd(r)
	e.MAE, e.MAEStd = meanStd(m)
	return e
}

// column returns column c of x [n, dim].
func column(x []float32, c, dim int) []float64 {
	out := make([]float64, 0, len(x)/dim)
	for i := c; i < len(x); i += dim {
		out = append(out, float64(x[i]))
	}
	return out
}

func mae(a, b []float64, difference func(a, b float64) float64) float64 {
	sum := 0.0
	for i := range a {
		sum += math.Abs(difference(a[i], b[i]))
	}
	return sum / float64(len(a))
}

func rmse(a, b []float64, difference func(a, b float64) float64) float64 {
	sum := 0.0
	for i := range a {
		d := difference(a[i], b[i])
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(a)))
}

// meanStd returns the mean and the standard deviation with n in the denominator.
func meanStd(x []float64) (mean, std float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		std += (v - mean) * (v - mean) / float64(len(x))
	}
	return mean, math.Sqrt(std)
}

func constant(x []float64) bool {
	return !slices.ContainsFunc(x, func(v float64) bool { return v != x[0] })
}

// pearson returns NaN where a or b does not vary.
func pearson(a, b []float64) float64 {
	if constant(a) || constant(b) {
		return math.NaN()
	}
	ma, _ := meanStd(a)
	mb, _ := meanStd(b)
	var ab, aa, bb float64
	for i := range a {
		x, y := a[i]-ma, b[i]-mb
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return max(-1, min(1, ab/math.Sqrt(aa*bb)))
}

// circularCorrelation returns NaN where a or b does not vary.
func circularCorrelation(a, b []float64) float64 {
	if constant(a) || constant(b) {
		return math.NaN()
	}
	ma, _ := circularMean(a)
	mb, _ := circularMean(b)
	var ab, aa, bb float64
	for i := range a {
		x, y := math.Sin((a[i]-ma)*math.Pi/180), math.Sin((b[i]-mb)*math.Pi/180)
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return max(-1, min(1, ab/math.Sqrt(aa*bb)))
}

// checkFinite verifies that x has values, and no NaN or Inf.
func checkFinite(what string, x []float32) error {
	if len(x) == 0 {
		return fmt.Errorf("metric: no %ss: give at least one", what)
	}
	for i, v := range x {
		if v-v != 0 {
			return fmt.Errorf("metric: %s %d of %d is %v: the sampler or the reader that made it has failed", what, i, len(x), v)
		}
	}
	return nil
}

// checkRange verifies that the angles are finite and in [-180, 180], but for the rounding of float32.
func checkRange(what string, x []float32) error {
	if err := checkFinite(what, x); err != nil {
		return err
	}
	for i, v := range x {
		if v > 180.001 || v < -180.001 {
			return fmt.Errorf("metric: %s %d of %d is %v, beyond +-180 degrees: bring forecasts back with WrapDegrees, look at the units of data", what, i, len(x), v)
		}
	}
	return nil
}

// checkAngles is checkRange, and refuses what looks like radians: 20 values or more, all within +-pi, that are not all close
// to 0.
func checkAngles(what string, x []float32) error {
	if err := checkRange(what, x); err != nil {
		return err
	}
	if low, high := slices.Min(x), slices.Max(x); len(x) >= 20 && low >= -3.1416 && high <= 3.1416 && max(high, -low) > .5 {
		return fmt.Errorf("metric: all %d %ss lie in [%.3g, %.3g]: they look like radians; multiply by 180/pi, for angles are in degrees here", len(x), what, low, high)
	}
	return nil
}

func checkAnglePair(forecast, truth []float32) error {
	if len(forecast) != len(truth) {
		return fmt.Errorf("metric: %d forecast angles against %d true ones: give one for each", len(forecast), len(truth))
	}
	return checkForecastAngles(forecast, truth)
}

// checkForecastAngles lets a forecast be near 0 throughout, as that of an untrained network is.
func checkForecastAngles(forecast, truth []float32) error {
	if err := checkRange("forecast angle", forecast); err != nil {
		return err
	}
	return checkAngles("true angle", truth)
}

// checkSeries verifies forecast [members, frames, dim] and truth [frames, dim] and returns members and frames.
func checkSeries(forecast, truth []float32, dim int) (members, frames int, err error) {
	if dim < 1 || len(truth)%dim != 0 {
		return 0, 0, fmt.Errorf("metric: truth of %d values with dim = %d: it must be [frames, dim] row-major, dim 1 or more", len(truth), dim)
	}
	members, err = checkEnsemble(forecast, truth, 1)
	return members, len(truth) / dim, err
}

// checkEnsemble verifies an ensemble [members, ...] against truth [...] and returns the number of members.
func checkEnsemble(ensemble, truth []float32, least int) (members int, err error) {
	if err := checkFinite("true value", truth); err != nil {
		return 0, err
	}
	if len(ensemble) == 0 || len(ensemble)%len(truth) != 0 {
		return 0, fmt.Errorf("metric: forecasts of %d values for a truth of %d: they must be [members, ...], each member in the shape of the truth", len(ensemble), len(truth))
	}
	if err := checkFinite("forecast value", ensemble); err != nil {
		return 0, err
	}
	if members = len(ensemble) / len(truth); members < least {
		return 0, fmt.Errorf("metric: an ensemble of %d: this score needs %d members or more", members, least)
	}
	return members, nil
}
