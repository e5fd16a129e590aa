package metric

// PrecisionRecall returns the improved precision and recall of Kynkäänniemi et al. (NeurIPS 2019, arXiv 1904.06991), on features of samples x [m, dim] and data y [n, dim]:
//
//	precision = share of the samples in a ball around a data point,   the ball of y_j reaching to its k-th nearest other data point
//	recall    = share of the data in a ball around a sample,          the ball of x_i reaching to its k-th nearest other sample
//
// The paper takes k = 3 and as many samples as data, 50,000. Precision is 1 - Astray, and recall the same with samples and data in each other's place: a sample far from all others has a
// wide ball and raises recall, which Uncovered does not let it. It fails where Astray does, and on fewer than k + 1 samples.
func PrecisionRecall(samples, data []float32, dim, k int) (precision, recall float64, err error) {
	astray, err := Astray(samples, data, dim, k)
	if err != nil {
		return 0, 0, err
	}
	missed, err := Astray(data, samples, dim, k)
	return 1 - astray, 1 - missed, err
}
