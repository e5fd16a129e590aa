package baseline

import (
	"fmt"
	"slices"
)

// Climatology knows what frames look like but not what came before: every frame of every member is one of the training data, drawn by itself. Its scores are those of the data's
// distribution as a forecast; what is no better has learned nothing about time. Make one with NewClimatology.
type Climatology struct {
	frames       []float32
	dim, history int
}

// NewClimatology takes the training frames [n, dim]; history is the number of frames of a start, of which nothing is used.
func NewClimatology(frames []float32, dim, history int) (*Climatology, error) {
	if dim < 1 || len(frames) == 0 || len(frames)%dim != 0 || history < 1 {
		return nil, fmt.Errorf("baseline: climatology: %d values are no frames of size %d, or a history of %d is below 1", len(frames), dim, history)
	}
	return &Climatology{slices.Clone(frames), dim, history}, nil
}

// Name implements Forecaster.
func (*Climatology) Name() string { return "climatology" }

// Forecast implements Forecaster.
func (c *Climatology) Forecast(starts []float32, frames, members int, seed uint64) ([]float32, error) {
	n, err := check(c.Name(), starts, c.history, c.dim, frames, members)
	if err != nil {
		return nil, err
	}
	x := make([]float32, members*n*frames*c.dim)
	for k := range frames {
		rng := generator(seed, k)
		for i := range members * n {
			pick := rng.IntN(len(c.frames) / c.dim)
			copy(x[(i*frames+k)*c.dim:], c.frames[pick*c.dim:(pick+1)*c.dim])
		}
	}
	return x, nil
}
