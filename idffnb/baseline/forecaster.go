package baseline

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Forecaster goes on from given frames.
type Forecaster interface {
	// Name labels the forecast in tables.
	Name() string
	// Forecast draws members of an ensemble for each start, as many frames as asked for: starts [n, history, dim], the latest frame last -> [members, n, frames, dim].
	Forecast(starts []float32, frames, members int, seed uint64) ([]float32, error)
}

// check says in one line what is wrong with what is asked for, or counts the starts.
func check(name string, starts []float32, history, dim, frames, members int) (n int, err error) {
	size := history * dim
	switch {
	case history < 1 || dim < 1:
		return 0, fmt.Errorf("baseline: %s of %d frames of size %d: want at least 1 of each", name, history, dim)
	case len(starts) == 0 || len(starts)%size != 0:
		return 0, fmt.Errorf("baseline: %s: %d values of starts are no %d frames of size %d for each", name, len(starts), history, dim)
	case frames < 1 || members < 1:
		return 0, fmt.Errorf("baseline: %s: %d frames for %d members: want at least 1 of each", name, frames, members)
	}
	for i, v := range starts {
		if v != v || math.IsInf(float64(v), 0) {
			return 0, fmt.Errorf("baseline: %s: start %d has the value %g, want finite numbers", name, i/size, v)
		}
	}
	return len(starts) / size, nil
}

// generator is the random generator of a frame: what is drawn for it does not depend on how many are asked for.
func generator(seed uint64, frame int) *rand.Rand {
	return rand.New(rand.NewPCG(seed^0x62617365<<20, uint64(frame)))
}
