package feature

import (
	"fmt"
	"math"
)

// Images are real images by number, as datasets.Images has them.
type Images interface {
	Name() string
	ID() string                         // tells data apart whose content differs
	Shape() [3]int                      // height, width, colour channels
	Len() int                           // number of images
	At(index ...int) ([]float32, error) // as points in [-1, 1], row-major
	Label(i int) int                    // the class, -1 where there are none
	ClassNames() []string               // nil where there are none
}

// valuesOf is the number of values of an image of a shape.
func valuesOf(shape [3]int) int { return shape[0] * shape[1] * shape[2] }

// pictured is x as it would be after being written to a file and read again: in [-1, 1], on the 256 levels of a byte.
func pictured(x []float32) ([]float32, error) {
	out := make([]float32, len(x))
	for i, v := range x {
		if v != v {
			return nil, fmt.Errorf("feature: value %d of the images is NaN", i)
		}
		level := math.Round((min(max(float64(v), -1), 1) + 1) * 127.5)
		out[i] = float32(level/127.5 - 1)
	}
	return out, nil
}
