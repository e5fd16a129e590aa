package metric

import "fmt"

// SquaredErrors returns (x - y)^2 of a forecast x and a truth y, one for each value, in the squared unit of the data. RowMeans averages them, with latitude
// weights if need be, to one MSE a frame, and Blocks takes these to an interval; the RMSE of a horizon is the root of a mean over frames, not the mean of
// roots. The mean of an ensemble forecasts with less error than any member: say which it is of.
//
// It fails on an empty truth, another number of forecasts, and NaN or Inf: leave out masked points.
func SquaredErrors(forecast, truth []float32) ([]float64, error) {
	members, err := checkEnsemble(forecast, truth, 1)
	if err != nil {
		return nil, err
	}
	if members > 1 {
		return nil, fmt.Errorf("metric: %d forecasts for a truth of %d values: give one for each; EnsembleMean takes ensembles to it", len(forecast), len(truth))
	}
	out := make([]float64, len(truth))
	for i, y := range truth {
		d := float64(forecast[i]) - float64(y)
		out[i] = d * d
	}
	return out, nil
}

// EnsembleMean returns the mean over the members of an ensemble [members, n], shape [n]: the single forecast with the least squared error.
//
// It fails on n below 1, a number of values that is no multiple of n, and NaN or Inf.
func EnsembleMean(ensemble []float32, n int) ([]float32, error) {
	if n < 1 || len(ensemble) == 0 || len(ensemble)%n != 0 {
		return nil, fmt.Errorf("metric: an ensemble of %d values with n = %d: it must be [members, n], n 1 or more", len(ensemble), n)
	}
	if err := checkFinite("forecast value", ensemble); err != nil {
		return nil, err
	}
	sum := make([]float64, n)
	for i, v := range ensemble {
		sum[i%n] += float64(v)
	}
	mean := make([]float32, n)
	for i := range mean {
		mean[i] = float32(sum[i] / float64(len(ensemble)/n))
	}
	return mean, nil
}
