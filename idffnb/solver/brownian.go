package solver

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Brownian is a path of Brownian motion W in R^Size over [0, 1], W(0) = 0, drawn on the host. The seed fixes W at all times at once, so that
// increments over a grid are the sums of those over any finer grid: solvers of many and of few steps can follow the same noise.
//
// It is Lévy's construction: W(1) ~ N(0, I), and in the middle of an interval [a, b]
//
//	W((a+b)/2) = (W(a) + W(b))/2 + sqrt((b-a)/4) e,   e ~ N(0, I),
//
// with a random generator of its own for every middle (a virtual Brownian tree: Li et al., Scalable gradients for stochastic
// differential equations, arXiv 2001.01328, and diffrax). The tree is BrownianDepth levels deep; between its times, the multiples of 2^-BrownianDepth, W(t) is
// drawn given both neighbours. On any grid without two times between the same neighbours, such as 4096 equal steps or fewer, increments therefore
// have exactly the law of Brownian motion. Areas gives the path's integrals too.
type Brownian struct {
	Seed uint64
	Size int // number of independent components, at least 1
}

// BrownianDepth is the depth of the tree of Brownian: its times are 1/4096 apart.
const BrownianDepth = 12

// At returns W at each of the times, which must increase, lie in [0, 1] and not crowd between two times of the tree: [times][Size].
func (b Brownian) At(times []float64) ([][]float64, error) {
	if err := b.check(times); err != nil {
		return nil, err
	}
	walk := brownianWalk{Brownian: b, times: times, values: make([][]float64, len(times))}
	start, end := make([]float64, b.Size), make([]float64, b.Size)
	walk.normal(end, 0, 0)
	for i, t := range times {
		switch t {
		case 0:
			walk.values[i] = start
		case 1:
			walk.values[i] = end
		}
	}
	walk.between(start, end, 1, 0)
	return walk.values, nil
}

// Increments returns W(t_{k+1}) - W(t_k) for each interval of the grid, [len(grid)-1][Size]. The times are as for At.
func (b Brownian) Increments(grid []float64) ([][]float64, error) {
	if len(grid) < 2 {
		return nil, fmt.Errorf("solver: increments of Brownian motion on a grid of %d times: want at least 2", len(grid))
	}
	w, err := b.At(grid)
	if err != nil {
		return nil, err
	}
	increments := make([][]float64, len(grid)-1)
	for k := range increments {
		increments[k] = make([]float64, b.Size)
		for i := range increments[k] {
			increments[k][i] = w[k+1][i] - w[k][i]
		}
	}
	return increments, nil
}

// check says in one line why W cannot be given at the times, or nil.
func (b Brownian) check(times []float64) error {
	if b.Size < 1 {
		return fmt.Errorf("solver: Brownian motion of size %d: want at least 1", b.Size)
	}
	for i, t := range times {
		if !(t >= 0 && t <= 1) {
			return fmt.Errorf("solver: Brownian motion at time %g: times must lie in [0, 1]", t)
		}
		if i == 0 {
			continue
		}
		if !(times[i-1] < t) {
			return fmt.Errorf("solver: Brownian motion at time %g after %g: times must increase", t, times[i-1])
		}
		const leaves = 1 << BrownianDepth
		if last := times[i-1] * leaves; last != math.Floor(last) && math.Floor(last) == math.Floor(t*leaves) {
			return fmt.Errorf("solver: Brownian motion at times %g and %g: its path is resolved to 1/%d only; take a coarser grid", times[i-1], t, leaves)
		}
	}
	return nil
}

// brownianWalk visits the part of the tree that the times need.
type brownianWalk struct {
	Brownian
	times  []float64 // asked for, increasing
	values [][]float64
}

// between fills in the values at the times inside the interval of a node of the tree, given W at both its ends. Node n, counted from 1, has
// the halves 2n and 2n+1 of its interval for children.
func (w *brownianWalk) between(left, right []float64, node uint64, level int) {
	width := math.Ldexp(1, -level)
	a := float64(node-1<<level) * width
	first, last := 0, len(w.times) // those inside are first .. last-1
	for first < last && w.times[first] <= a {
		first++
	}
	for first < last && w.times[last-1] >= a+width {
		last--
	}
	if first == last {
		return
	}
	inside := &brownianWalk{w.Brownian, w.times[first:last], w.values[first:last]}
	if level == BrownianDepth {
		t := inside.times[0]
		inside.values[0] = make([]float64, w.Size)
		w.given(inside.values[0], left, right, (t-a)/width, width, node, math.Float64bits(t))
		return
	}
	middle := make([]float64, w.Size)
	w.given(middle, left, right, .5, width, node, 0)
	for i, t := range inside.times {
		if t == a+width/2 {
			inside.values[i] = middle
		}
	}
	inside.between(left, middle, 2*node, level+1)
	inside.between(middle, right, 2*node+1, level+1)
}

// given draws W at a fraction r of an interval given its ends: N((1-r) left + r right, r(1-r) width I).
func (b Brownian) given(x, left, right []float64, r, width float64, node, salt uint64) {
	b.normal(x, node, salt)
	std := math.Sqrt(r * (1 - r) * width)
	for i := range x {
		x[i] = (1-r)*left[i] + r*right[i] + std*x[i]
	}
}

// normal fills x with N(0, I) from the generator of a node; the salt tells apart what is drawn there. The seed is mixed first, so that the path is independent of
// start points that come from a plain generator of the same seed.
func (b Brownian) normal(x []float64, node, salt uint64) {
	rng := rand.New(rand.NewPCG(mix(b.Seed+0x9e3779b97f4a7c15), node^mix(salt)))
	for i := range x {
		x[i] = rng.NormFloat64()
	}
}

// mix spreads the bits of a number over all 64 (the finalizer of SplitMix64, Steele, Lea, Flood 2014); mix(0) = 0.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
