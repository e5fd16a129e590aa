package baseline

import (
	"fmt"
	"math"
	"slices"
)

// Damped is damped persistence of anomalies, number by number: what is above or below usual now will be so later, but less,
//
//	x_i(t + h) = phi_i(h) x_i(t) + r,   phi_i(h) = sum x_i(t) x_i(t + h) / sum x_i(t)^2,
//
// with a coefficient for each number i of a frame and each lead h, by least squares over the training data. A member's r(h) are the residuals that follow one training frame, the same for all
// leads and numbers, drawn at random: so members have the scales of the data in space and in time. With one member r is 0, the forecast of least squared error. It is the usual yardstick of
// sea-surface temperature. Frames must be anomalies from the climatology, as datasets.Standard makes them: for these Climatology is the climatology with its season. Make one with FitDamped.
type Damped struct {
	frames       []float32
	series, each int // frames of each series
	dim, history int
	phi          [][]float64 // of leads 1, 2, ...
}

// FitDamped fits the coefficients of leads 1 to leads on training frames [series, frames, dim]; history is the number of frames of a start, of which the last is used. It fails on lengths that
// do not fit, on leads that leave fewer than two pairs in a series, and on values that are not finite.
func FitDamped(x []float32, series, frames, dim, leads, history int) (*Damped, error) {
	switch {
	case series < 1 || frames < 1 || dim < 1 || len(x)%dim != 0 || len(x)/dim%frames != 0 || len(x)/dim/frames != series:
		return nil, fmt.Errorf("baseline: damped persistence: %d values are no %d series of %d frames of size %d", len(x), series, frames, dim)
	case leads < 1 || leads > frames-2:
		return nil, fmt.Errorf("baseline: damped persistence over %d frames: want 1 to %d, two less than the %d frames of a series", leads, frames-2, frames)
	case history < 1:
		return nil, fmt.Errorf("baseline: damped persistence with a history of %d frames: want 1 or more", history)
	}
	for i, v := range x {
		if v != v || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("baseline: damped persistence: value %d of frame %d is %g, want finite numbers", i%dim, i/dim, v)
		}
	}
	d := &Damped{frames: slices.Clone(x), series: series, each: frames, dim: dim, history: history}
	for h := 1; h <= leads; h++ {
		product, square := make([]float64, dim), make([]float64, dim)
		for s := range series {
			for k := range frames - h {
				now, later := d.frame(s, k), d.frame(s, k+h)
				for i, v := range now {
					product[i] += float64(v) * float64(later[i])
					square[i] += float64(v) * float64(v)
				}
			}
		}
		for i := range product {
			if square[i] > 0 { // else land, or ice
				product[i] /= square[i]
			}
		}
		d.phi = append(d.phi, product)
	}
	return d, nil
}

func (d *Damped) frame(series, k int) []float32 {
	at := (series*d.each + k) * d.dim
	return d.frames[at : at+d.dim]
}

// Name implements Forecaster.
func (*Damped) Name() string { return "damped persistence" }

// Coefficients are phi of a lead, one for each number of a frame. It panics beyond the leads that were fitted.
func (d *Damped) Coefficients(lead int) []float64 { return slices.Clone(d.phi[lead-1]) }

// Forecast implements Forecaster. It fails beyond the leads that were fitted.
func (d *Damped) Forecast(starts []float32, frames, members int, seed uint64) ([]float32, error) {
	n, err := check(d.Name(), starts, d.history, d.dim, frames, members)
	if err != nil {
		return nil, err
	}
	if frames > len(d.phi) {
		return nil, fmt.Errorf("baseline: damped persistence over %d frames, of which %d are fitted: fit more leads", frames, len(d.phi))
	}
	rng := generator(seed, 0)
	x := make([]float32, members*n*frames*d.dim)
	size := d.history * d.dim
	for i := range members * n {
		from := i % n * size
		now := starts[from+size-d.dim : from+size]
		// The training frame must have all fitted leads after it, so that the draw does not depend on frames.
		s, t := rng.IntN(d.series), rng.IntN(d.each-len(d.phi))
		then := d.frame(s, t)
		for h := 1; h <= frames; h++ {
			out := x[(i*frames+h-1)*d.dim : (i*frames+h)*d.dim]
			later := d.frame(s, t+h)
			for j, phi := range d.phi[h-1] {
				v := phi * float64(now[j])
				if members > 1 {
					v += float64(later[j]) - phi*float64(then[j])
				}
				out[j] = float32(v)
			}
		}
	}
	return x, nil
}
