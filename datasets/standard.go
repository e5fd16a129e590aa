package datasets

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Standard standardises maps pixel by pixel,
//
//	z(x, t) = (T(x, t) - c(x, t)) / s(x),
//
// with the climatology c and the standard deviation s of the anomalies T - c, both
// of training frames alone. A pixel that never varies there, such as one under ice,
// has s = 1.
type Standard struct {
	Climatology *Climatology
	Std         []float32 // shape [Size]
}

// NewStandard takes both from training maps. It fails where NewClimatology does.
func NewStandard(train *Maps, season Season) (*Standard, error) {
	c, err := NewClimatology(train, season)
	if err != nil {
		return nil, err
	}
	anomalies, err := c.Anomalies(train)
	if err != nil {
		return nil, err
	}
	sum := make([]float64, train.Size())
	for i, v := range anomalies.Values {
		sum[i%len(sum)] += float64(v) * float64(v)
	}
	s := &Standard{Climatology: c, Std: make([]float32, len(sum))}
	for i := range sum {
		s.Std[i] = float32(math.Sqrt(sum[i] / float64(train.Series*train.Frames)))
		if !(s.Std[i] > 1e-6) {
			s.Std[i] = 1
		}
	}
	return s, nil
}

// MustStandard is NewStandard for notebooks: an error prints one line and ends the
// program.
func MustStandard(train *Maps, season Season) *Standard { return must(NewStandard(train, season)) }

// Unit is the unit of the data that Undo goes back to, such as °C.
func (s *Standard) Unit() string { return s.Climatology.maps.Unit }

// Apply standardises maps, of training or others. It is an error if they are on
// another grid, or lack dates where there is a season.
func (s *Standard) Apply(m *Maps) (*Maps, error) {
	out, err := s.Climatology.Anomalies(m)
	if err != nil {
		return nil, err
	}
	named := m.with("-standardised")
	out.name, out.made, out.Unit = named.name, named.made, ""
	for i := range out.Values {
		out.Values[i] /= s.Std[i%len(s.Std)]
	}
	out.clearLand(out.Values)
	return out, nil
}

// MustApply is Apply for notebooks: an error prints one line and ends the program.
func (s *Standard) MustApply(m *Maps) *Maps { return must(s.Apply(m)) }

// Undo takes standardised maps z [n, Size] of the given times back to the data's
// unit; land stays 0. One time serves all n; without a season times may be nil.
func (s *Standard) Undo(z []float32, times ...time.Time) ([]float32, error) {
	grid := s.Climatology.maps
	n := len(z) / grid.Size()
	switch {
	case len(z)%grid.Size() != 0:
		return nil, fmt.Errorf("datasets: %s: %d values are not whole maps of %d", grid.name, len(z), grid.Size())
	case s.Climatology.Season == NoSeason:
		times = []time.Time{{}}
	case len(times) != 1 && len(times) != n:
		return nil, fmt.Errorf("datasets: %s: %d times for %d maps; give one for each, or one for all", grid.name, len(times), n)
	}
	out := slices.Clone(z)
	var usual []float32
	for r := range n {
		if r < len(times) {
			usual = s.Climatology.At(times[r])
		}
		for i := range grid.Size() {
			out[r*grid.Size()+i] = out[r*grid.Size()+i]*s.Std[i] + usual[i]
		}
	}
	grid.clearLand(out)
	return out, nil
}

// MustUndo is Undo for notebooks: an error prints one line and ends the program.
func (s *Standard) MustUndo(z []float32, times ...time.Time) []float32 {
	return must(s.Undo(z, times...))
}
