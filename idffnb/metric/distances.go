package metric

// addSquares adds (x_i - v)^2 to d_i, a coordinate's part in the squared distances of the points x to a point v, in the way that suits
// the CPU (vectors.go). x and d are of one length.
var addSquares = addSquaresScalar

func addSquaresScalar(d, x []float64, v float64) {
	x = x[:len(d)]
	for i := range d {
		d[i] += (x[i] - v) * (x[i] - v)
	}
}
