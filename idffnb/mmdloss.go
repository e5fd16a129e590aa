package idffnb

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
)

// octaves is the number of bandwidths of mmdLoss, each half the one before.
const octaves = 5

// bandwidths are the standard deviations of the RBF kernels of mmdLoss: the root mean square distance of a point of the data from their
// mean, per component, and its halves. They follow the unit of the data.
func bandwidths(x []float32, dim int) []float64 {
	mean := make([]float64, dim)
	n := float64(len(x) / dim)
	for i, v := range x {
		mean[i%dim] += float64(v) / n
	}
	square := 0.
	for i, v := range x {
		square += (float64(v) - mean[i%dim]) * (float64(v) - mean[i%dim])
	}
	sigmas := []float64{max(math.Sqrt(square/float64(len(x))), 1e-6)}
	for len(sigmas) < octaves {
		sigmas = append(sigmas, sigmas[len(sigmas)-1]/2)
	}
	return sigmas
}

// mmdLoss is the squared maximum mean discrepancy of the clouds x and y [n, dim] with the mean of RBF kernels, as metric.MMD2 computes it, but
// as a graph that can be differentiated. The bandwidths must be halves of one another, largest first: exp(-d/(2 (sigma/2)^2)) is the fourth power of exp(-d/(2 sigma^2)).
func mmdLoss(x, y *Node, sigmas []float64) *Node {
	return Add(Sub(kernelMean(x, x, sigmas), MulScalar(kernelMean(x, y, sigmas), 2)), kernelMean(y, y, sigmas))
}

// kernelMean is the mean of the kernel over all pairs.
func kernelMean(x, y *Node, sigmas []float64) *Node {
	norm := func(a *Node, axis int) *Node { return ExpandAxes(ReduceSum(Square(a), -1), axis) }
	distance := Sub(Add(norm(x, 1), norm(y, 0)), MulScalar(Einsum("nd,md->nm", x, y), 2))
	k := Exp(MulScalar(distance, -1/(2*sigmas[0]*sigmas[0])))
	sum := k
	for range sigmas[1:] {
		k = Square(Square(k))
		sum = Add(sum, k)
	}
	return ReduceAllMean(DivScalar(sum, float64(len(sigmas))))
}
