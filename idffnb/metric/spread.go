package metric

import (
	"fmt"
	"math"
)

// SpreadSkill compares what an ensemble says of its own uncertainty with its error; it is made by NewSpreadSkill.
type SpreadSkill struct {
	Spread  float64 // root of the mean variance of the members (M - 1 in the denominator), in the unit of the data
	RMSE    float64 // of the ensemble's mean, in the unit of the data
	Ratio   float64 // sqrt((M+1)/M) Spread/RMSE: 1 for a reliable ensemble, below 1 for one that is too sure of itself; NaN if both are 0
	Members int
}

// String returns the three numbers.
func (s SpreadSkill) String() string {
	return fmt.Sprintf("spread %.4g, RMSE of the mean %.4g, ratio %.3f (%d members)", s.Spread, s.RMSE, s.Ratio, s.Members)
}

// NewSpreadSkill returns the spread-skill ratio of an ensemble [members, ...] for a truth [...]: with s^2 the members'
// variance and x their mean at each point,
//
//	spread^2 = mean s^2,  s^2 = 1/(M-1) sum_i (x_i - x)^2;   RMSE^2 = mean (x - y)^2;   ratio = sqrt((M+1)/M) spread/RMSE.
//
// Where truth and members are draws of one distribution, E (x - y)^2 = (M+1)/M E s^2, so that the ratio tends to 1 (Fortin,
// Abaza, Anctil and Turcotte, Why should ensemble spread match the RMSE of the ensemble mean?, J. Hydrometeorol. 15, 2014,
// who show that variances are to be averaged, as here, not standard deviations). Weights w, of a length that divides the
// truth's, repeat along it (cos(latitude) for each frame of a grid); nil weighs all points equally.
//
// It fails on fewer than two members, and on weights as RowMeans; else as CRPS.
func NewSpreadSkill(ensemble, truth []float32, w []float64) (SpreadSkill, error) {
	return spreadSkill(ensemble, truth, w, func(v float64) (float64, float64) { return v, 0 })
}

// NewCircularSpreadSkill is NewSpreadSkill of angles in degrees, taken as points on the circle of radius 180/pi in the
// plane: distances are chords, which are the angles' differences where these are small, and 115 at most. The theory holds as
// it stands, since the plane has means and variances, which the circle lacks.
//
// It fails where NewSpreadSkill and CircularCRPS do.
func NewCircularSpreadSkill(ensemble, truth []float32, w []float64) (SpreadSkill, error) {
	if err := checkForecastAngles(ensemble, truth); err != nil {
		return SpreadSkill{}, err
	}
	const radius = 180 / math.Pi
	return spreadSkill(ensemble, truth, w, func(v float64) (float64, float64) {
		sin, cos := math.Sincos(v / radius)
		return radius * cos, radius * sin
	})
}

// spreadSkill works on values placed in the plane.
func spreadSkill(ensemble, truth []float32, w []float64, place func(v float64) (x, y float64)) (SpreadSkill, error) {
	members, err := checkEnsemble(ensemble, truth, 2)
	if err != nil {
		return SpreadSkill{}, err
	}
	if w == nil {
		w = []float64{1}
	}
	if len(w) == 0 || len(truth)%len(w) != 0 {
		return SpreadSkill{}, fmt.Errorf("metric: %d weights for %d values: their number must divide that of the values", len(w), len(truth))
	}
	total, err := checkWeights(w, len(w))
	if err != nil {
		return SpreadSkill{}, err
	}
	total *= float64(len(truth) / len(w))
	m := float64(members)
	var variance, squared float64
	x, y := make([]float64, members), make([]float64, members)
	for i, t := range truth {
		var mx, my, v float64
		for k := range members {
			x[k], y[k] = place(float64(ensemble[k*len(truth)+i]))
			mx, my = mx+x[k]/m, my+y[k]/m
		}
		for k := range members {
			v += ((x[k]-mx)*(x[k]-mx) + (y[k]-my)*(y[k]-my)) / (m - 1)
		}
		tx, ty := place(float64(t))
		weight := w[i%len(w)] / total
		variance += weight * v
		squared += weight * ((mx-tx)*(mx-tx) + (my-ty)*(my-ty))
	}
	return SpreadSkill{
		Spread: math.Sqrt(variance), RMSE: math.Sqrt(squared), Members: members,
		Ratio: math.Sqrt((m + 1) / m * variance / squared),
	}, nil
}
