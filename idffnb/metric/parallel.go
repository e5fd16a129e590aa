package metric

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// sumBlocks returns block(0) + ... + block(count-1), computed on all cores and added in that order: the result does not
// depend on the number of cores or on who finishes first.
func sumBlocks(count int, block func(k int) float64) float64 {
	parts := make([]float64, count)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), count) {
		wg.Go(func() {
			for {
				k := int(next.Add(1)) - 1
				if k >= count {
					return
				}
				parts[k] = block(k)
			}
		})
	}
	wg.Wait()
	sum := 0.0
	for _, p := range parts {
		sum += p
	}
	return sum
}
