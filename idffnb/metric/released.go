package metric

import (
	"fmt"
	"math"
)

// The settings of the released MD table of IDFF, for angles in degrees.
const (
	ReleasedSigma     = 1.0   // degrees, RBF kernel of its MMD column
	ReleasedBandwidth = 1.0   // degrees, Gaussian kernel of its KL column
	releasedEpsilon   = 1e-10 // added to the densities of its KL column
)

// ReleasedScores are the columns of the MD table that IDFF's authors released.
type ReleasedScores struct {
	AngleErrors         // LinearErrors
	MMD         float64 // MMD2 with sigma = 1 degree
	KL          float64 // KLByKDE with bandwidth 1 degree, in nats
}

// Released scores trajectories [members, frames, dim] against data [frames, dim], angles in degrees, as the authors of IDFF do
// (evaluate_model in MD_simulation.py, github.com/MrRezaeiUofT/IDFF, where members = 5, frames = 200, dim = 46).
//
// Two of its columns do not move on such data. A kernel of 1 degree in 46 dimensions sees two frames as related only if they
// agree within a few degrees in all angles together: no two frames do, the kernel matrices are the identity, and
//
//	MMD = 1/frames + 1/(members frames)
//
// (.006 for 200 frames and 5 members) for any samples that are neither copies of data nor of each other. The released table
// has .0059: their torch.cdist multiplies float32 matrices, so that frames are not quite at distance 0 from themselves; on
// uniform random angles the same call gives .0059 so, and .0060 with exact distances (PyTorch 2.15). And the densities of KL are
// drowned by the number that is added to them: see KLByKDE.
//
// It fails where LinearErrors does.
func Released(samples, data []float32, dim int) (ReleasedScores, error) {
	errors, err := LinearErrors(samples, data, dim)
	if err != nil {
		return ReleasedScores{}, err
	}
	s := ReleasedScores{AngleErrors: errors}
	if s.MMD, err = MMD2(samples, data, dim, ReleasedSigma); err != nil {
		return ReleasedScores{}, err
	}
	s.KL, err = KLByKDE(samples, data, dim, ReleasedBandwidth)
	return s, err
}

// KLByKDE returns the divergence of the samples x [n, dim] from the data y [m, dim] as IDFF's authors compute it
// (compute_kl_divergence in MD_simulation.py): with Gaussian kernel density estimates p of the data and q of the samples, at
// the points z of both together,
//
//	KL = sum_z P(z) ln(P(z)/Q(z)),   P = (p + 1e-10)/sum_z (p + 1e-10),   Q alike,
//	p(z) = 1/m sum_j (2 pi h^2)^(-dim/2) exp(-|z - y_j|^2/(2 h^2)),
//
// in nats; h is the bandwidth, in the unit of the data. It is not the Kullback-Leibler divergence of the two distributions:
// the points weigh equally, where a mean over them is not an integral; in one or two dimensions it still tells clouds apart.
//
// No density can exceed its kernel's peak c = (2 pi h^2)^(-dim/2), so P/Q is within a factor (1 + c/1e-10)^2 of 1 and
//
//	KL <= 2 ln(1 + c/1e-10).
//
// For dim = 46 and h = 1 degree, c = 4e-19 and KL <= 9e-9 for any two clouds whatever; what is printed, 1e-17 of either
// sign, is the rounding of the sums.
//
// It fails on a bandwidth that is not above 0, and on clouds as MMD2 does.
func KLByKDE(samples, data []float32, dim int, bandwidth float64) (float64, error) {
	n, m, err := checkClouds(samples, data, dim)
	if err != nil {
		return 0, err
	}
	if !(bandwidth > 0) || math.IsInf(bandwidth, 1) {
		return 0, fmt.Errorf("metric: KL by kernel density with bandwidth %v: it must be above 0 and finite", bandwidth)
	}
	if math.IsInf(kernelPeak(dim, bandwidth), 1) {
		return 0, fmt.Errorf("metric: KL by kernel density with bandwidth %v: densities in %d dimensions overflow; widen it", bandwidth, dim)
	}
	x, y := points(samples), points(data)
	z := append(append(make([]float64, 0, len(y)+len(x)), y...), x...)
	p, q := smoothed(y, z, dim, bandwidth), smoothed(x, z, dim, bandwidth)
	const size = 32
	return sumBlocks((n+m+size-1)/size, func(block int) float64 {
		sum := 0.0
		for i := block * size; i < min(n+m, (block+1)*size); i++ {
			sum += p[i] * math.Log(p[i]/q[i])
		}
		return sum
	}), nil
}

// kernelPeak returns (2 pi h^2)^(-dim/2).
func kernelPeak(dim int, h float64) float64 {
	return math.Exp(-float64(dim) * math.Log(math.Sqrt(2*math.Pi)*h))
}

// smoothed returns the estimate from the points x at the points z, with epsilon added and normalised to sum 1.
func smoothed(x, z []float64, dim int, bandwidth float64) []float64 {
	n, count := len(x)/dim, len(z)/dim
	peak := kernelPeak(dim, bandwidth)
	density := make([]float64, count)
	const size = 32
	total := sumBlocks((count+size-1)/size, func(block int) float64 {
		sum := 0.0
		for i := block * size; i < min(count, (block+1)*size); i++ {
			k := 0.0
			for j := range n {
				k += math.Exp(-squaredDistance(z[i*dim:(i+1)*dim], x[j*dim:(j+1)*dim]) / (2 * bandwidth * bandwidth))
			}
			density[i] = k/float64(n)*peak + releasedEpsilon
			sum += density[i]
		}
		return sum
	})
	for i := range density {
		density[i] /= total
	}
	return density
}
