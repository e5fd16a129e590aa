package ot

import "math"

// augment gives the free row start a column by a shortest augmenting path in the reduced costs c_ij - u_i - v_j >= 0
// (Dijkstra's method on the dense graph, as in Jonker and Volgenant 1987), then moves the duals so that they stay
// feasible and tight on the assigned pairs:
//
//	v_j += dist_j - dist_end   for each column j settled before the end of the path.
func (s *Solver) augment(cost []float64, start int) {
	n := s.n
	w, dist, pred, rowOf := s.w[:n], s.dist[:n], s.pred[:n], s.rowOf[:n]
	copy(w, s.v)
	for j := range dist {
		dist[j] = math.Inf(1)
	}
	i, off, count := start, 0.0, 0
	for {
		least, end := math.Inf(1), -1
		row := cost[i*n : i*n+n]
		for j, wj := range w {
			d := dist[j]
			if h := row[j] - wj - off; h < d { // +Inf for settled columns
				d = h
				dist[j], pred[j] = h, int32(i)
			}
			if d <= least && (d < least || end >= 0 && rowOf[end] >= 0) { // among equals a free column ends the search
				least, end = d, j
			}
		}
		if rowOf[end] < 0 {
			for k, j := range s.settled[:count] {
				s.v[j] += s.settledD[k] - least
			}
			s.flip(start, end)
			return
		}
		s.settled[count], s.settledD[count] = int32(end), least
		count++
		i = int(rowOf[end])
		off = cost[i*n+end] - w[end] - least
		w[end], dist[end] = math.Inf(-1), math.Inf(1)
	}
}

// flip reassigns along the path of predecessors from column end back to row start.
func (s *Solver) flip(start, end int) {
	for j := int32(end); ; {
		i := s.pred[j]
		s.rowOf[j] = i
		j, s.colOf[i] = s.colOf[i], j
		if int(i) == start {
			return
		}
	}
}
