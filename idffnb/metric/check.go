package metric

import "fmt"

// checkClouds verifies x [n, dim] and y [m, dim] and returns n and m.
func checkClouds(x, y []float32, dim int) (n, m int, err error) {
	if dim <= 0 {
		return 0, 0, fmt.Errorf("metric: dim = %d: points need at least one coordinate", dim)
	}
	for _, c := range []struct {
		name string
		data []float32
	}{{"x", x}, {"y", y}} {
		if len(c.data) == 0 {
			return 0, 0, fmt.Errorf("metric: cloud %s is empty: give at least one point", c.name)
		}
		if len(c.data)%dim != 0 {
			return 0, 0, fmt.Errorf("metric: cloud %s has %d numbers, not a multiple of dim = %d: it must be [n, dim] row-major", c.name, len(c.data), dim)
		}
		for k, f := range c.data {
			if f-f != 0 { // NaN or Inf
				return 0, 0, fmt.Errorf("metric: cloud %s has %v at point %d, coordinate %d: the sampler or the training that made it has diverged", c.name, f, k/dim, k%dim)
			}
		}
	}
	return len(x) / dim, len(y) / dim, nil
}
