package metric

import (
	"fmt"
	"math"
)

// Autocorrelation returns how long each of dim angles remembers: for angles [replicas, frames, dim] in degrees, the correlation
// [lags+1, dim] at lags of 0..lags frames,
//
//	rho(k) = C(k)/C(0),   C(k) = 1/(replicas frames) sum over replicas and t < frames - k of Re (z_t - Z) conj(z_{t+k} - Z),   z = exp(i angle),
//
// with Z the mean of z over all frames: the sum of the autocovariances of cos and sin, which does not change when the
// angle's zero is moved. Dividing by frames at every lag, not by frames - k, damps rho by 1 - k/frames but keeps it bounded
// (Priestley, Spectral Analysis and Time Series, 1981, section 5.3). Replicas that have not reached equilibrium show their
// drift as memory.
//
// It fails on lengths that do not fit, lags below 0 or not below frames, an angle that never moves, and angles as
// CircularMAE does.
func Autocorrelation(angles []float32, frames, dim, lags int) ([]float64, error) {
	all, err := angleSeries(angles, frames, dim)
	if err != nil {
		return nil, err
	}
	if lags < 0 || lags >= frames {
		return nil, fmt.Errorf("metric: autocorrelation up to lag %d of series of %d frames: 0 to %d", lags, frames, frames-1)
	}
	rho := make([]float64, 0, (lags+1)*dim)
	for k := range lags + 1 {
		for _, s := range all {
			rho = append(rho, s.covariance(k)/s.covariance(0))
		}
	}
	return rho, nil
}

// AutocorrelationTime is a memory, made by AngleTimes or SeriesTime.
type AutocorrelationTime struct {
	PS      float64 // integrated autocorrelation time
	Window  int     // lags that were summed
	Samples float64 // independent samples that the series are worth, all frames/(2 time)
}

// Reliable says whether the series are long enough for the time to mean something: 50 times it or more, all replicas
// together, a rule of thumb of samplers.
func (a AutocorrelationTime) Reliable() bool { return a.Samples >= 25 }

// AngleTimes returns the integrated autocorrelation time of each of dim angles [replicas, frames, dim] in degrees, ps
// picoseconds apart,
//
//	time = ps (1/2 + sum_{k=1}^{2 w + 1} rho(k)),   rho as in Autocorrelation,
//
// (Sokal, Monte Carlo methods in statistical mechanics, 1997, eq. 2.16). It is the decay time of an exponential that is long
// against ps, and ps/2 for no memory at all; a mean of n frames has the error of n ps/(2 time) independent ones. The sum
// ends by Geyer's initial positive sequence (Practical Markov chain Monte Carlo, Stat. Sci. 7, 1992, section 3.3): w is the
// last for which all sums of pairs rho(2 j) + rho(2 j + 1), j <= w, are positive, as they must be for a reversible Markov
// chain; beyond it there is only noise. A memory that is not short against the replicas is underestimated, as their mean is
// estimated too: see Reliable. Of series that alternate, less than ps/4 is not told apart from it.
//
// It fails where Autocorrelation does, on fewer than two frames, and a spacing that is not above 0.
func AngleTimes(angles []float32, frames, dim int, ps float64) ([]AutocorrelationTime, error) {
	all, err := angleSeries(angles, frames, dim)
	if err != nil {
		return nil, err
	}
	if err := checkSpacing(ps); err != nil {
		return nil, err
	}
	times := make([]AutocorrelationTime, dim)
	for c, s := range all {
		times[c] = s.time(ps)
	}
	return times, nil
}

// SeriesTime is AngleTimes for one quantity on a line, values [replicas, frames]: a helix fraction, or a score in time, to
// choose the blocks of Blocks.
func SeriesTime(values []float64, frames int, ps float64) (AutocorrelationTime, error) {
	if err := checkFrames(len(values), frames, 1); err != nil {
		return AutocorrelationTime{}, err
	}
	for i, v := range values {
		if v-v != 0 {
			return AutocorrelationTime{}, fmt.Errorf("metric: value %d of %d is %v: autocorrelation needs finite ones", i, len(values), v)
		}
	}
	if err := checkSpacing(ps); err != nil {
		return AutocorrelationTime{}, err
	}
	if constant(values) {
		return AutocorrelationTime{}, fmt.Errorf("metric: the series of %d values never moves: it has no autocorrelation", len(values))
	}
	return newSeries(frames, append([]float64(nil), values...)).time(ps), nil
}

// series are centred components, each [replicas, frames].
type series struct {
	frames     int
	components [][]float64
}

func newSeries(frames int, components ...[]float64) series {
	for _, x := range components {
		mean, _ := meanStd(x)
		for i := range x {
			x[i] -= mean
		}
	}
	return series{frames, components}
}

func angleSeries(angles []float32, frames, dim int) ([]series, error) {
	if err := checkFrames(len(angles), frames, dim); err != nil {
		return nil, err
	}
	if err := checkAngles("angle", angles); err != nil {
		return nil, err
	}
	all := make([]series, dim)
	for c := range all {
		x := column(angles, c, dim)
		if constant(x) {
			return nil, fmt.Errorf("metric: angle %d of %d never moves: it has no autocorrelation", c, dim)
		}
		y := make([]float64, len(x))
		for i, a := range x {
			y[i], x[i] = math.Sincos(a * math.Pi / 180)
		}
		all[c] = newSeries(frames, x, y)
	}
	return all, nil
}

// covariance returns the sum of products at lag k.
func (s series) covariance(k int) float64 {
	sum := 0.0
	for _, x := range s.components {
		for first := 0; first < len(x); first += s.frames {
			for t := first; t+k < first+s.frames; t++ {
				sum += x[t] * x[t+k]
			}
		}
	}
	return sum
}

func (s series) time(ps float64) AutocorrelationTime {
	c0 := s.covariance(0)
	sum, lag := -.5, 0
	for ; lag+1 < s.frames; lag += 2 {
		pair := (s.covariance(lag) + s.covariance(lag+1)) / c0
		if pair <= 0 {
			break
		}
		sum += pair
	}
	sum = max(sum, .25)
	return AutocorrelationTime{PS: ps * sum, Window: lag, Samples: float64(len(s.components[0])) / (2 * sum)}
}

func checkFrames(n, frames, dim int) error {
	if dim < 1 || frames < 2 || n == 0 || n%(frames*dim) != 0 {
		return fmt.Errorf("metric: autocorrelation of %d values with %d frames and dim = %d: they must be [replicas, frames, dim], two frames or more", n, frames, dim)
	}
	return nil
}
