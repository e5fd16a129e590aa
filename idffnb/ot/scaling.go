package ot

import (
	"fmt"
	"math"
)

// Entropic sets the entropic solvers. The zero value of each field but Reg is the default.
type Entropic struct {
	Reg           float64 // strength of the entropy, above 0, in units of the cost (of the normalised cost with NormalizeCost)
	NormalizeCost bool    // divide the cost by its largest entry first, TorchCFM's normalize_cost
	Tol           float64 // stop below it, default 1e-9; each solver says what it bounds
	MaxIter       int     // stop after it, default 1000 as in POT
}

func (o Entropic) withDefaults() (Entropic, error) {
	if !(o.Reg > 0) || math.IsInf(o.Reg, 1) {
		return o, fmt.Errorf("ot: Reg = %v: the entropic regularisation must be above 0 and finite (Assign and EMD solve without)", o.Reg)
	}
	if o.Tol < 0 || math.IsNaN(o.Tol) {
		return o, fmt.Errorf("ot: Tol = %v: the tolerance must be at least 0 (0 takes the default 1e-9)", o.Tol)
	}
	if o.MaxIter < 0 {
		return o, fmt.Errorf("ot: MaxIter = %d: the number of iterations must be at least 0 (0 takes the default 1000)", o.MaxIter)
	}
	if o.Tol == 0 {
		o.Tol = 1e-9
	}
	if o.MaxIter == 0 {
		o.MaxIter = 1000
	}
	return o, nil
}

// scaling holds a plan of the form
//
//	P_ij = exp(logK_ij + x_i + y_j)
//
// where logK = -cost/reg, and updates x and y from log-sums. Nothing over- or underflows, however small reg is: the
// plan of a reference pair (x0, y0) is kept as a plain matrix k, an update costs one multiply-add per entry, and when
// a potential has moved far from the reference, or a sum leaves the range of float64, the log-sums are taken term by
// term and the matrix is made anew (Schmitzer, Stabilized sparse scaling algorithms for entropy regularized transport
// problems, SIAM J. Sci. Comput. 41, 2019).
type scaling struct {
	n, m   int
	logK   []float64 // [n, m]
	k      []float64 // exp(logK + x0 + y0)
	x, y   []float64
	x0, y0 []float64
	e      []float64 // buffer: exp(x - x0) or exp(y - y0)
	sums   []float64 // buffer: the log-sums
	peak   []float64 // buffer of colSums: the largest term of each log-sum
}

const farOff = 100 // e^100: half of the range of float64 is left for the sums

func newScaling(cost []float64, n, m int, reg float64) *scaling {
	s := &scaling{n: n, m: m, logK: make([]float64, n*m), k: make([]float64, n*m), x: make([]float64, n), y: make([]float64, m),
		x0: make([]float64, n), y0: make([]float64, m), e: make([]float64, max(n, m)), sums: make([]float64, max(n, m)), peak: make([]float64, max(n, m))}
	for at, c := range cost {
		s.logK[at] = -c / reg
	}
	s.refer()
	return s
}

// refer makes the matrix of the reference pair.
func (s *scaling) refer() {
	for i, x := range s.x0 {
		for j, y := range s.y0 {
			s.k[i*s.m+j] = math.Exp(s.logK[i*s.m+j] + x + y)
		}
	}
}

// shifts fills e with exp(p - ref) and reports whether p is near enough to ref for that.
func (s *scaling) shifts(p, ref []float64) bool {
	for i, v := range p {
		d := v - ref[i]
		if math.Abs(d) > farOff {
			return false
		}
		s.e[i] = math.Exp(d)
	}
	return true
}

// usable reports whether all sums are far from the ends of float64's range.
func usable(sums []float64) bool {
	for _, x := range sums {
		if !(x > 1e-200 && x < 1e200) {
			return false
		}
	}
	return true
}

// rowSums returns log sum_j exp(logK_ij + y_j) for each row i; the slice is valid until the next call.
func (s *scaling) rowSums() []float64 {
	out := s.sums[:s.n]
	if s.shifts(s.y, s.y0) {
		for i := range out {
			sum := 0.0
			e := s.e[:s.m]
			for j, k := range s.k[i*s.m : (i+1)*s.m] {
				sum += k * e[j]
			}
			out[i] = sum
		}
		if usable(out) {
			for i, sum := range out {
				out[i] = math.Log(sum) - s.x0[i]
			}
			return out
		}
	}
	for i := range out {
		row, peak := s.logK[i*s.m:(i+1)*s.m], math.Inf(-1)
		for j, l := range row {
			peak = max(peak, l+s.y[j])
		}
		sum := 0.0
		for j, l := range row {
			sum += math.Exp(l + s.y[j] - peak)
		}
		out[i] = peak + math.Log(sum)
	}
	copy(s.y0, s.y)
	for i, l := range out { // rows that sum to 1 keep the matrix in range
		s.x0[i] = -l
	}
	s.refer()
	return out
}

// colSums returns log sum_i exp(logK_ij + x_i) for each column j; the slice is valid until the next call.
func (s *scaling) colSums() []float64 {
	out := s.sums[:s.m]
	if s.shifts(s.x, s.x0) {
		clear(out)
		for i, e := range s.e[:s.n] {
			for j, k := range s.k[i*s.m : (i+1)*s.m] {
				out[j] += k * e
			}
		}
		if usable(out) {
			for j, sum := range out {
				out[j] = math.Log(sum) - s.y0[j]
			}
			return out
		}
	}
	peak := s.peak[:s.m]
	for j := range peak {
		peak[j] = math.Inf(-1)
	}
	for i, x := range s.x {
		for j, l := range s.logK[i*s.m : (i+1)*s.m] {
			peak[j] = max(peak[j], l+x)
		}
	}
	clear(out)
	for i, x := range s.x {
		for j, l := range s.logK[i*s.m : (i+1)*s.m] {
			out[j] += math.Exp(l + x - peak[j])
		}
	}
	for j := range out {
		out[j] = peak[j] + math.Log(out[j])
		s.y0[j] = -out[j]
	}
	copy(s.x0, s.x)
	s.refer()
	return out
}

// update replaces the potentials p by next(i, sums_i) and returns the largest change.
func update(p, sums []float64, next func(i int, logSum float64) float64) (change float64) {
	for i, l := range sums {
		v := next(i, l)
		change = max(change, math.Abs(v-p[i]))
		p[i] = v
	}
	return change
}

// plan returns the plan exp(logK + x + y + z) on the original index sets.
func (s *scaling) plan(rows, cols []int, n, m int, cost []float64, z, unit float64) *Plan {
	p := &Plan{Rows: n, Cols: m, Mass: make([]float64, n*m), U: minusInf(n), V: minusInf(m)}
	for i, r := range rows {
		p.U[r] = s.x[i] * unit
		for j, c := range cols {
			at := r*m + c
			p.Mass[at] = math.Exp(s.logK[i*s.m+j] + s.x[i] + s.y[j] + z)
			p.Cost += p.Mass[at] * cost[at]
		}
	}
	for j, c := range cols {
		p.V[c] = s.y[j] * unit
	}
	return p
}

// problem is the common start of the entropic solvers.
func problem(a, b, cost []float64, o Entropic, sameMass bool) (s *scaling, rows, cols []int, wa, wb []float64, opt Entropic, unit float64, err error) {
	if opt, err = o.withDefaults(); err != nil {
		return
	}
	if _, _, err = checkProblem(a, b, cost, sameMass); err != nil {
		return
	}
	unit = opt.Reg
	if opt.NormalizeCost {
		largest := math.Inf(-1)
		for _, c := range cost {
			largest = max(largest, c)
		}
		if !(largest > 0) {
			err = fmt.Errorf("ot: NormalizeCost divides by the largest cost, which is %g: turn it off or give distinct points", largest)
			return
		}
		unit *= largest
	}
	rows, cols, wa, wb, c := support(a, b, cost)
	s = newScaling(c, len(rows), len(cols), unit)
	return
}
