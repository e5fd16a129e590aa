package metric

import "fmt"

// Floor returns what the metric gives between two fresh clouds of data: no sampler can be told from the data below that.
// For each seed s it compares draw(2s) with draw(2s+1), so distinct seeds below 2^63 share no cloud. Draw clouds of the
// sizes that are compared elsewhere, for the floor depends on them. It fails where the metric does, and on no seeds.
func Floor(m Metric, draw func(seed uint64) []float32, dim int, seeds []uint64) (Summary, error) {
	if m == nil || draw == nil {
		return Summary{}, fmt.Errorf("metric: Floor needs a metric (ByName) and a function that draws data")
	}
	if len(seeds) == 0 {
		return Summary{}, fmt.Errorf("metric: floor of %s without seeds: give at least one, better five", m.Name())
	}
	values := make([]float64, len(seeds))
	for k, s := range seeds {
		v, err := m.Compare(draw(2*s), draw(2*s+1), dim)
		if err != nil {
			return Summary{}, fmt.Errorf("metric: floor of %s, seed %d: %w", m.Name(), s, err)
		}
		values[k] = v
	}
	return Summarize(values)
}
