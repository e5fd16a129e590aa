package metric

import (
	"fmt"
	"math"
)

// ValidTimes is how long forecasts of chaotic series hold, made by NewValidTimes.
type ValidTimes struct {
	Times    []float64 // of each forecast
	Censored int       // forecasts that held to their end, so that their times are too short
	Unit     string    // "Lyapunov times", or "" where no exponent is given
}

// NewValidTimes returns the valid prediction time of forecasts [n, frames, dim] of a truth of that shape: for how long the error over the coordinates'
// standard deviations,
//
//	e(k) = sqrt( 1/dim sum_i ((x_i(k) - y_i(k)) / std_i)^2 ),
//
// stays at or below the threshold: .5 in Vlachas, Pathak, Hunt, Sapsis, Girvan, Ott and Koumoutsakos (Backpropagation algorithms and reservoir computing in
// recurrent neural networks for the forecasting of complex spatiotemporal dynamics, Neural Networks 126, 2020). Frame 0 is the first forecast, step after its
// start, so that a forecast whose frames 0..k-1 hold is valid for k step. The times are divided by the Lyapunov time, 1/lyapunov, where that is above 0. std is
// that of the attractor, of length dim.
//
// It fails on lengths that do not fit, a standard deviation, step or threshold that is not above 0, and a truth that is not finite; a forecast that is not
// ends there.
func NewValidTimes(forecast, truth []float32, frames, dim int, std []float64, step, threshold, lyapunov float64) (ValidTimes, error) {
	switch {
	case frames < 1 || dim < 1 || len(truth) == 0 || len(truth)%dim != 0 || len(truth)/dim%frames != 0:
		return ValidTimes{}, fmt.Errorf("metric: valid time of %d values with frames = %d, dim = %d: they must be [n, frames, dim]", len(truth), frames, dim)
	case len(forecast) != len(truth):
		return ValidTimes{}, fmt.Errorf("metric: valid time of %d forecast values for a truth of %d: both must be [n, frames, dim]", len(forecast), len(truth))
	case len(std) != dim:
		return ValidTimes{}, fmt.Errorf("metric: valid time with %d standard deviations for %d coordinates: give one for each", len(std), dim)
	case !(step > 0) || !(threshold > 0) || math.IsInf(step, 0) || lyapunov-lyapunov != 0:
		return ValidTimes{}, fmt.Errorf("metric: valid time with step %g, threshold %g, exponent %g: step and threshold must be above 0", step, threshold, lyapunov)
	}
	for i, s := range std {
		if !(s > 0) || math.IsInf(s, 0) {
			return ValidTimes{}, fmt.Errorf("metric: valid time with standard deviation %g of coordinate %d: it must be above 0", s, i)
		}
	}
	if err := checkFinite("true value", truth); err != nil {
		return ValidTimes{}, err
	}
	v := ValidTimes{}
	if lyapunov > 0 {
		v.Unit = "Lyapunov times"
		step *= lyapunov
	}
	for f := range len(truth) / dim / frames {
		valid := 0
		for ; valid < frames; valid++ {
			sum := 0.
			for i := range dim {
				at := (f*frames+valid)*dim + i
				d := (float64(forecast[at]) - float64(truth[at])) / std[i]
				sum += d * d / float64(dim)
			}
			if !(math.Sqrt(sum) <= threshold) { // NaN too
				break
			}
		}
		if valid == frames {
			v.Censored++
		}
		v.Times = append(v.Times, float64(valid)*step)
	}
	return v, nil
}

// String returns mean and spread, and how many forecasts held to the end.
func (v ValidTimes) String() string {
	s, err := Summarize(v.Times)
	if err != nil {
		return "no forecasts"
	}
	text := s.String()
	if v.Unit != "" {
		text += " " + v.Unit
	}
	if v.Censored > 0 {
		text += fmt.Sprintf("; %d of %d held to the end", v.Censored, len(v.Times))
	}
	return text
}
