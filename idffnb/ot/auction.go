package ot

import "math"

// The schedule of the auction: epsilon starts at auctionStart times the typical cost divided by n, and falls by
// auctionFall in each phase. Found by trying on N(0,I) against 8gaussians, checkerboard and N(0,I), n = 256 and 2048:
// the number of row scans is within 1.3 of the best for factors 5 to 8 and 4 or 5 phases.
const (
	auctionPhases = 4
	auctionStart  = 64.0
	auctionFall   = 6.0
	auctionBids   = 60 // bids per row after which a phase is cut short: its duals are then merely less good
	reduceBids    = 4  // the same in reduceRows
)

// startDuals leaves in v column duals to start from: v_j = min_i c_ij, improved by the auction.
func (s *Solver) startDuals(cost []float64) {
	n, v := s.n, s.v
	copy(v, cost[:n])
	sum, largest := 0.0, 0.0
	for i := range n {
		for j, c := range cost[i*n : (i+1)*n] {
			sum += c
			if c < v[j] {
				v[j] = c
			}
			if c = math.Abs(c); c > largest {
				largest = c
			}
		}
	}
	lowest := 0.0
	for _, c := range v {
		lowest += c
	}
	typical := sum/float64(n*n) - lowest/float64(n) // mean cost above the column minima
	eps := auctionStart * typical / float64(n)
	for range auctionPhases {
		if n == 1 || !(eps > 1e-13*largest) { // below the rounding of v a bid would change nothing
			return
		}
		s.auction(cost, eps)
		eps /= auctionFall
	}
}

// auction lets the rows bid until each has a column (Bertsekas, The auction algorithm, Annals of Operations Research
// 14, 1988): a row takes the column of least reduced cost c_ij - v_j and lowers its v_j by the gap to the second
// least plus eps; who held the column bids again. At the end each row is within eps of its best column.
func (s *Solver) auction(cost []float64, eps float64) {
	n, v := s.n, s.v
	s.freeAll()
	queue := s.queue // taken from its end: who lost a column bids next, while the rest waits
	for bids := auctionBids * n; len(queue) > 0 && bids > 0; bids-- {
		i := queue[len(queue)-1]
		u1, u2, j, _ := twoSmallest(cost[int(i)*n:(int(i)+1)*n], v)
		v[j] -= u2 - u1 + eps
		if loser := s.rowOf[j]; loser >= 0 {
			queue[len(queue)-1] = loser
		} else {
			queue = queue[:len(queue)-1]
		}
		s.rowOf[j] = i
	}
}

// reduceRows is the augmenting row reduction of Jonker and Volgenant (A shortest augmenting path algorithm for dense
// and sparse linear assignment problems, Computing 38, 1987): the auction's bid with eps = 0, so that each assigned
// row stays exactly on a column of least reduced cost. It starts without assignment and returns the rows left free.
func (s *Solver) reduceRows(cost []float64) []int32 {
	n, v, queue, left := s.n, s.v, s.queue, s.left[:0]
	s.freeAll()
	if n == 1 {
		s.rowOf[0], s.colOf[0] = 0, 0
		return nil
	}
	bids := reduceBids * n
	for k := 0; k < n; bids-- {
		i := queue[k]
		u1, u2, j, j2 := twoSmallest(cost[int(i)*n:(int(i)+1)*n], v)
		lower := v[j] - (u2 - u1)
		lowers := lower < v[j]
		if lowers {
			v[j] = lower
		} else if s.rowOf[j] >= 0 && s.rowOf[j2] < 0 {
			j = j2 // a tie: take the column that is free
		}
		loser := s.rowOf[j]
		s.rowOf[j], s.colOf[i] = i, int32(j)
		k++
		if loser < 0 {
			continue
		}
		s.colOf[loser] = -1
		if lowers && bids > 0 {
			k--
			queue[k] = loser
		} else {
			left = append(left, loser)
		}
	}
	return left
}

// freeAll drops the assignment and puts all rows into the queue.
func (s *Solver) freeAll() {
	for i := range s.queue {
		s.queue[i], s.colOf[i], s.rowOf[i] = int32(i), -1, -1
	}
}

// twoSmallest returns the two least values of row_j - v_j and where they are; ties go to the lower index.
// Most of the time of Assign is spent here, so four columns are looked at together.
func twoSmallest(row, v []float64) (u1, u2 float64, j1, j2 int) {
	u1, u2 = math.Inf(1), math.Inf(1)
	v = v[:len(row)]
	j := 0
	for ; j+4 <= len(row); j += 4 {
		c, p := row[j:j+4:j+4], v[j:j+4:j+4]
		h := [4]float64{c[0] - p[0], c[1] - p[1], c[2] - p[2], c[3] - p[3]}
		if h[0] >= u2 && h[1] >= u2 && h[2] >= u2 && h[3] >= u2 {
			continue
		}
		for k, x := range h {
			if x < u1 {
				u2, j2 = u1, j1
				u1, j1 = x, j+k
			} else if x < u2 {
				u2, j2 = x, j+k
			}
		}
	}
	for ; j < len(row); j++ {
		if x := row[j] - v[j]; x < u1 {
			u2, j2 = u1, j1
			u1, j1 = x, j
		} else if x < u2 {
			u2, j2 = x, j
		}
	}
	return
}
