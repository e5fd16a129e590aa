package metric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// SlicedW2 returns the sliced Wasserstein-2 distance between the clouds x [n, dim] and y [m, dim],
//
//	SW2 = sqrt( mean over directions theta of W2^2(theta.x, theta.y) ),   |theta| = 1
//
// (Rabin et al., Wasserstein barycenter and its application to texture mixing, 2011; Bonneel et al., Sliced and Radon
// Wasserstein barycenters of measures, 2015), over random directions fixed by the seed: compare values of one seed only. Each term is
// exact, by sorting. SW2 <= W2; a shift by t counts |t|/sqrt(dim) in the mean.
//
// It fails on fewer than one direction, and on clouds as MMD2 does.
func SlicedW2(x, y []float32, dim, directions int, seed uint64) (float64, error) {
	if _, _, err := checkClouds(x, y, dim); err != nil {
		return 0, err
	}
	if directions < 1 {
		return 0, fmt.Errorf("metric: sliced W2 with %d directions: it needs at least 1", directions)
	}
	thetas := sphere(directions, dim, seed)
	sum := sumBlocks(directions, func(k int) float64 {
		theta := thetas[k*dim : (k+1)*dim]
		return quantileDistance(project(x, theta), project(y, theta))
	})
	return math.Sqrt(sum / float64(directions)), nil
}

// sphere draws count directions, uniform on the unit sphere.
func sphere(count, dim int, seed uint64) []float64 {
	const stream = 0x51ced // apart from the streams that draw data
	rng := rand.New(rand.NewPCG(seed, stream))
	out := make([]float64, 0, count*dim)
	for len(out) < count*dim {
		norm := 0.0
		start := len(out)
		for range dim {
			g := rng.NormFloat64()
			norm += g * g
			out = append(out, g)
		}
		if norm == 0 {
			out = out[:start]
			continue
		}
		for c := start; c < len(out); c++ {
			out[c] /= math.Sqrt(norm)
		}
	}
	return out
}

// project returns the sorted coordinates of x along theta.
func project(x []float32, theta []float64) []float64 {
	dim := len(theta)
	p := make([]float64, len(x)/dim)
	for i := range p {
		for c, v := range x[i*dim : (i+1)*dim] {
			p[i] += float64(v) * theta[c]
		}
	}
	slices.Sort(p)
	return p
}

// quantileDistance returns W2^2 = int_0^1 (F^-1(q) - G^-1(q))^2 dq of two sorted samples of any sizes.
func quantileDistance(a, b []float64) float64 {
	n, m := len(a), len(b)
	sum, i, j, at := 0.0, 0, 0, 0 // quantiles in units of 1/(n m)
	for i < n && j < m {
		next := min((i+1)*m, (j+1)*n)
		d := a[i] - b[j]
		sum += float64(next-at) * d * d
		at = next
		if at == (i+1)*m {
			i++
		}
		if at == (j+1)*n {
			j++
		}
	}
	return sum / float64(n) / float64(m)
}
