package ot

import (
	"fmt"
	"math"
)

// EMD returns an exact optimal transport plan between the weights a [n] and b [m] for the dense cost [n, m]:
//
//	min sum_ij P_ij cost_ij   with   P >= 0,  sum_j P_ij = a_i,  sum_i P_ij = b_j.
//
// The plan has at most n + m - 1 positive entries; Plan.U and Plan.V are optimal duals (U_i + V_j <= cost_ij, equal
// where P_ij > 0, up to rounding). The method is the primal network simplex with strongly feasible trees (Cunningham,
// A network simplex method, Mathematical Programming 11, 1976) in whole units of mass, which excludes cycling: units
// of 1/(n m) when the weights on each side are equal, else 2^-50 of the total, to which the weights are rounded.
// For n = m and equal weights Assign is faster.
//
// It fails on weights that are empty, negative, not finite, all 0 or of sums that differ by more than 1e-6 (b is
// rescaled within that), and on a cost of another shape or with entries that are not finite.
func EMD(a, b, cost []float64) (*Plan, error) {
	sum, _, err := checkProblem(a, b, cost, true)
	if err != nil {
		return nil, err
	}
	rows, cols, wa, wb, c := support(a, b, cost)
	s := newSimplex(wa, wb, c)
	if err := s.run(); err != nil {
		return nil, err
	}
	p := &Plan{Rows: len(a), Cols: len(b), Mass: make([]float64, len(a)*len(b)), U: minusInf(len(a)), V: minusInf(len(b)), Iterations: s.pivots, Converged: true}
	unit := sum / float64(s.total)
	n := len(rows)
	for x := range s.root {
		up := s.parent[x]
		if up == s.root {
			continue
		}
		i, j := x, up-n
		if x >= n {
			i, j = up, x-n
		}
		at := rows[i]*len(b) + cols[j]
		p.Mass[at] = float64(s.flow[x]) * unit
		p.Cost += p.Mass[at] * cost[at]
	}
	for i, r := range rows {
		p.U[r] = -s.pot[i]
	}
	for j, r := range cols {
		p.V[r] = s.pot[n+j]
	}
	return p, nil
}

func minusInf(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = math.Inf(-1)
	}
	return x
}

// simplex is the state of the network simplex on the complete bipartite graph. Nodes are rows 0..n-1, columns
// n..n+m-1 and an artificial root n+m; arcs go from rows to columns, from rows to the root and from the root to
// columns. A tree arc is stored at its lower node x and joins x to parent[x]; it points up from a row and down to a
// column, so the kind of x gives its direction. Arcs outside the tree carry no flow.
type simplex struct {
	n, m, root int
	cost       []float64 // [n, m]
	artificial float64   // cost of an arc at the root
	total      int64     // units of mass
	flow       []int64   // on the arc above a node
	parent     []int
	depth      []int
	pot        []float64 // cost + pot[tail] - pot[head] = 0 on tree arcs
	first      []int     // children: first, then next and prev among siblings; -1 ends
	next, prev []int
	row        int // where pricing goes on
	pivots     int
	stack      []int
}

func newSimplex(a, b, cost []float64) *simplex {
	n, m := len(a), len(b)
	nodes := n + m + 1
	s := &simplex{n: n, m: m, root: n + m, cost: cost, flow: make([]int64, nodes), parent: make([]int, nodes), depth: make([]int, nodes),
		pot: make([]float64, nodes), first: make([]int, nodes), next: make([]int, nodes), prev: make([]int, nodes)}
	s.total = units(s.flow[:n], s.flow[n:n+m], a, b)
	// A row and a column that both use the root could use their own arc instead. Twice this exceeds the cost of
	// any arc, so at the optimum no mass passes through the root.
	low, high := cost[0], cost[0]
	for _, c := range cost {
		low, high = min(low, c), max(high, c)
	}
	s.artificial = high + (high-low)/16 + math.Abs(high)/16
	if s.artificial <= 0 { // all costs are at most 0
		s.artificial = (high - low) / 16
	}
	if high == 0 && low == 0 {
		s.artificial = 1
	}
	for x := range nodes {
		s.first[x], s.next[x], s.prev[x], s.parent[x] = -1, -1, -1, -1
	}
	for x := n + m - 1; x >= 0; x-- {
		s.attach(x, s.root)
		s.depth[x] = 1
		s.pot[x] = s.potential(x)
	}
	return s
}

// units turns the weights into whole units of mass with equal sums and returns the sum.
func units(fa, fb []int64, a, b []float64) int64 {
	n, m := int64(len(a)), int64(len(b))
	if allEqual(a) && allEqual(b) {
		for i := range fa {
			fa[i] = m
		}
		for j := range fb {
			fb[j] = n
		}
		return n * m
	}
	const total = 1 << 50
	for _, side := range []struct {
		f []int64
		w []float64
	}{{fa, a}, {fb, b}} {
		sum, largest, rest := 0.0, 0, int64(total)
		for k, w := range side.w {
			sum += w
			if w > side.w[largest] {
				largest = k
			}
		}
		for k, w := range side.w {
			// At least one unit, so that no arc down from the root starts without flow.
			side.f[k] = max(1, int64(math.Round(w/sum*total)))
			rest -= side.f[k]
		}
		side.f[largest] += rest
	}
	return total
}

func allEqual(w []float64) bool {
	for _, x := range w {
		if x != w[0] {
			return false
		}
	}
	return true
}

func (s *simplex) attach(x, up int) {
	s.parent[x] = up
	f := s.first[up]
	s.prev[x], s.next[x] = -1, f
	if f >= 0 {
		s.prev[f] = x
	}
	s.first[up] = x
}

func (s *simplex) detach(x int) {
	p, nx := s.prev[x], s.next[x]
	if p >= 0 {
		s.next[p] = nx
	} else {
		s.first[s.parent[x]] = nx
	}
	if nx >= 0 {
		s.prev[nx] = p
	}
}

// potential returns the potential of x that makes its tree arc tight.
func (s *simplex) potential(x int) float64 {
	up := s.parent[x]
	switch {
	case up == s.root && x < s.n:
		return s.pot[up] - s.artificial
	case up == s.root:
		return s.pot[up] + s.artificial
	case x < s.n:
		return s.pot[up] - s.cost[x*s.m+up-s.n]
	default:
		return s.pot[up] + s.cost[up*s.m+x-s.n]
	}
}

// run pivots until no arc has negative reduced cost.
func (s *simplex) run() error {
	scale := math.Abs(s.artificial)
	for _, c := range s.cost {
		scale = max(scale, math.Abs(c))
	}
	limit := 1000*(s.n+s.m) + s.n*s.m // far above what is met: about 10 (n + m)
	for ; ; s.pivots++ {
		i, j := s.entering(1e-12 * scale)
		if i < 0 {
			return nil
		}
		if s.pivots == limit {
			return fmt.Errorf("ot: EMD of %d x %d did not end within %d pivots: look at the cost matrix (range of magnitudes)", s.n, s.m, limit)
		}
		s.pivot(i, s.n+j)
	}
}

// entering prices row after row, from where it stopped last, and returns the arc of most negative reduced cost in the
// first block of rows that has one below -tol; i = -1 when there is none.
func (s *simplex) entering(tol float64) (i, j int) {
	const block = 4
	i, j = -1, -1
	least := -tol
	pot := s.pot[s.n : s.n+s.m]
	for k := range s.n {
		r := s.row
		if s.row++; s.row == s.n {
			s.row = 0
		}
		row, limit := s.cost[r*s.m:(r+1)*s.m], least-s.pot[r]
		for c, p := range pot {
			if h := row[c] - p; h < limit {
				limit, least = h, h+s.pot[r]
				i, j = r, c
			}
		}
		if i >= 0 && k%block == block-1 {
			return
		}
	}
	return
}

// pivot brings the arc from row i to column node j into the tree. The cycle runs along that arc, up from j to the
// join and down from there to i: flow falls on columns of the first leg and on rows of the second.
func (s *simplex) pivot(i, j int) {
	x, y := i, j
	for x != y {
		if s.depth[x] >= s.depth[y] {
			x = s.parent[x]
		} else {
			y = s.parent[y]
		}
	}
	join := x
	// The last blocking arc along the cycle from the join leaves: the tree stays strongly feasible.
	delta, out, outLeg := int64(math.MaxInt64), -1, i
	for x := i; x != join; x = s.parent[x] {
		if x < s.n && s.flow[x] < delta {
			delta, out, outLeg = s.flow[x], x, i
		}
	}
	for x := j; x != join; x = s.parent[x] {
		if x >= s.n && s.flow[x] <= delta {
			delta, out, outLeg = s.flow[x], x, j
		}
	}
	if delta > 0 {
		for x := i; x != join; x = s.parent[x] {
			if x < s.n {
				s.flow[x] -= delta
			} else {
				s.flow[x] += delta
			}
		}
		for x := j; x != join; x = s.parent[x] {
			if x < s.n {
				s.flow[x] += delta
			} else {
				s.flow[x] -= delta
			}
		}
	}
	// The part below the leaving arc hangs from its end of the entering arc now: turn the arcs between.
	x, up, f := i, j, delta
	if outLeg == j {
		x, up = j, i
	}
	top := x
	for {
		oldUp, oldFlow := s.parent[x], s.flow[x]
		s.detach(x)
		s.attach(x, up)
		s.flow[x] = f
		if x == out {
			break
		}
		x, up, f = oldUp, x, oldFlow
	}
	s.refresh(top)
}

// refresh recomputes depth and potential of the subtree of x.
func (s *simplex) refresh(x int) {
	s.stack = append(s.stack[:0], x)
	for len(s.stack) > 0 {
		x := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		s.depth[x] = s.depth[s.parent[x]] + 1
		s.pot[x] = s.potential(x)
		for c := s.first[x]; c >= 0; c = s.next[c] {
			s.stack = append(s.stack, c)
		}
	}
}
