package feature

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"github.com/idff-go/workbench/idffnb"
)

// A Neighbour is a real image near a sample.
type Neighbour struct {
	Index    int     // of the image
	Distance float64 // root mean square difference of the values, which are in [-1, 1]
}

// Nearest finds for each of x [n, values] the nearest of the images, pixel by pixel: what shows whether a sample is a copy of something that was trained on. Compare with the distances of
// real images that were not: a model that has memorised nothing is no nearer. It fails on x that are not images of that shape.
func Nearest(x []float32, among Images) ([]Neighbour, error) {
	values := valuesOf(among.Shape())
	if len(x) == 0 || len(x)%values != 0 {
		return nil, fmt.Errorf("feature: nearest images of %s: %d values are not one or more images of %d", among.Name(), len(x), values)
	}
	nearest := make([]Neighbour, len(x)/values)
	for i := range nearest {
		nearest[i] = Neighbour{-1, math.Inf(1)}
	}
	err := inBlocks(among, func(first int, real []float32) error {
		var work sync.WaitGroup
		workers := runtime.GOMAXPROCS(0)
		for w := range workers {
			work.Go(func() {
				for i := w; i < len(nearest); i += workers {
					nearest[i] = nearer(nearest[i], x[i*values:(i+1)*values], real, first)
				}
			})
		}
		work.Wait()
		return nil
	})
	for i := range nearest {
		nearest[i].Distance = math.Sqrt(nearest[i].Distance / float64(values))
	}
	return nearest, err
}

// nearer is the nearest to p of what was found before, with its squared distance, and the images real, the first of which is number first.
func nearer(best Neighbour, p, real []float32, first int) Neighbour {
	for k := 0; k < len(real); k += len(p) {
		sum := 0.
		for at := 0; at < len(p) && sum < best.Distance; at += 28 { // given up early
			var part float32
			for i := at; i < min(at+28, len(p)); i++ {
				d := p[i] - real[k+i]
				part += d * d
			}
			sum += float64(part)
		}
		if sum < best.Distance {
			best = Neighbour{first + k/len(p), sum}
		}
	}
	return best
}

// MustNearest is Nearest for notebooks.
func MustNearest(x []float32, among Images) []Neighbour {
	found, err := Nearest(x, among)
	idffnb.Must(err)
	return found
}
