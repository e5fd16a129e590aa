package metric

import (
	"fmt"
	"math"
	"slices"
)

// HistogramDistance returns how far the places that samples visit [n, dim] are from those that data do [m, dim]: the JensenShannon divergence in bits, 0 equal
// to 1 disjoint, of histograms with bins cells along each axis between the least and the greatest of the data; samples beyond are counted in cells of their own
// outside. For chaotic systems it judges the attractor, the long run, when forecasts have long parted from the truth; it does not see in which order places are
// visited (SeriesSpectrum does). Independent draws of one distribution do not score 0 but near (K - 1)(1/n + 1/m)/(8 ln 2), K the cells that are visited, and dim/m more for the
// samples beyond the data's range, two along each axis where n = m, which count half a bit each: compare with data against data.
//
// It fails where MMD2 does, on fewer than 1 bin, more than a million cells, and data that do not vary along an axis.
func HistogramDistance(samples, data []float32, dim, bins int) (float64, error) {
	n, m, err := checkClouds(samples, data, dim)
	if err != nil {
		return 0, err
	}
	if bins < 1 || math.Pow(float64(bins+2), float64(dim)) > 1e6 {
		return 0, fmt.Errorf("metric: histograms of %d bins along %d axes: want 1 or more, and a million cells at most", bins, dim)
	}
	low, high := slices.Clone(data[:dim]), slices.Clone(data[:dim])
	for i, v := range data {
		low[i%dim], high[i%dim] = min(low[i%dim], v), max(high[i%dim], v)
	}
	for i := range low {
		if low[i] == high[i] {
			return 0, fmt.Errorf("metric: coordinate %d of the data is %g everywhere: histograms need it to vary", i, low[i])
		}
	}
	cells := 1
	for range dim {
		cells *= bins + 2
	}
	count := func(x []float32, n int) []float64 {
		h := make([]float64, cells)
		for k := range n {
			cell := 0
			for i := range dim {
				v, a, b := float64(x[k*dim+i]), float64(low[i]), float64(high[i])
				at := 1 + min(bins-1, int(max(-1, min(float64(bins+1), math.Floor((v-a)/(b-a)*float64(bins))))))
				if v < a {
					at = 0
				} else if v > b {
					at = bins + 1
				}
				cell = cell*(bins+2) + at
			}
			h[cell]++
		}
		return h
	}
	return JensenShannon(count(samples, n), count(data, m))
}
