// Package quantile has the quantile that metric, forecast and figures share.
package quantile

import (
	"math"
	"slices"
)

// Of is the quantile of values in any order for p in [0, 1], linear between them: type 7 of Hyndman and Fan, Am. Stat. 50, 1996. It panics where there are no values.
func Of(values []float64, p float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := p * float64(len(sorted)-1)
	low := int(math.Floor(at))
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}
