package solver

import (
	"fmt"
	"math"
)

// Areas returns, for each interval of the grid, the increment of W as Increments does, and the integral of W over it from where it starts,
//
//	I10 = int_{t_k}^{t_{k+1}} (W(s) - W(t_k)) ds
//
// (the space-time Lévy area in one of its forms), both [len(grid)-1][Size]. With h = t_{k+1} - t_k their joint law is normal with covariance
//
//	[ h      h^2/2 ]
//	[ h^2/2  h^3/3 ]
//
// independently for each interval, and they belong to one path: over neighbouring intervals of widths h1 and h2 increments add up, and I10 = I10_1 + h2 W_1 + I10_2.
// Both hold exactly on any grid of the tree's own times, the multiples of 2^-BrownianDepth, to which the times are therefore confined (SRK(n).Grid is such a grid).
//
// Between two times of the tree, h apart, the integral of W is h times the mean of the ends plus N(0, h^3/12), independent of W at all times of the tree: the law of a
// Brownian bridge's integral. Those are the increments of another Brownian motion times h/sqrt(12). Within a leaf At draws each time by itself, given the ends, which no integral could agree with.
// The whole tree under the grid is visited: about 10 ns for each of its 4096 leaves and each component.
func (b Brownian) Areas(grid []float64) (increments, areas [][]float64, err error) {
	if increments, err = b.Increments(grid); err != nil {
		return nil, nil, err
	}
	const leaves = 1 << BrownianDepth
	walk := areaWalk{Brownian: b, next: -1, origin: make([]float64, b.Size)}
	for _, t := range grid {
		at := t * leaves
		if at != math.Floor(at) {
			return nil, nil, fmt.Errorf("solver: integral of Brownian motion to time %g: times must be multiples of 1/%d, such as those of solver.SRK(n).Grid()", t, leaves)
		}
		walk.times = append(walk.times, int(at))
	}
	between, err := Brownian{Seed: mix(b.Seed ^ 0x6b8b4567327b23c6), Size: b.Size}.Increments(grid)
	if err != nil {
		return nil, nil, err
	}
	start, end := make([]float64, b.Size), make([]float64, b.Size)
	b.normal(end, 0, 0)
	for level := range walk.middles {
		walk.middles[level] = make([]float64, b.Size)
	}
	walk.areas = between
	for _, row := range between {
		for i := range row {
			row[i] /= leaves * math.Sqrt(12)
		}
	}
	walk.visit(start, end, 1, 0)
	return increments, walk.areas, nil
}

// areaWalk visits the leaves of the tree under a grid from left to right.
type areaWalk struct {
	Brownian
	times   []int // of the grid, in leaves
	areas   [][]float64
	next    int       // the interval of the leaf visited last
	origin  []float64 // W where that interval starts
	middles [BrownianDepth][]float64
}

// visit adds up what a node of the tree holds, given W at both its ends. Nodes are counted as by brownianWalk.
func (w *areaWalk) visit(left, right []float64, node uint64, level int) {
	size := 1 << (BrownianDepth - level)
	first := int(node-1<<level) * size
	if first >= w.times[len(w.times)-1] || first+size <= w.times[0] {
		return
	}
	if level == BrownianDepth {
		w.leaf(left, right, first)
		return
	}
	middle := w.middles[level]
	w.given(middle, left, right, .5, math.Ldexp(1, -level), node, 0)
	w.visit(left, middle, 2*node, level+1)
	w.visit(middle, right, 2*node+1, level+1)
}

// leaf adds the trapezium of a leaf to its interval.
func (w *areaWalk) leaf(left, right []float64, first int) {
	if first == w.times[w.next+1] {
		w.next++
		copy(w.origin, left)
	}
	const width = 1. / (1 << BrownianDepth)
	area := w.areas[w.next]
	for i, origin := range w.origin {
		area[i] += width * ((left[i]+right[i])/2 - origin)
	}
}

// treeGrid is the times, each moved to the nearest one of the tree of Brownian, by 1/8192 at most. Grids of n and of a multiple of n equal steps have the coarser's times in common.
func treeGrid(times []float64) []float64 {
	grid := make([]float64, len(times))
	for i, t := range times {
		grid[i] = math.Round(t*(1<<BrownianDepth)) / (1 << BrownianDepth)
	}
	return grid
}
