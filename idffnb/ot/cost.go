package ot

import "math"

// SquaredDistances returns the cost matrix |x0_i - x1_j|^2, shape [n, m], of two clouds [n, dim] and [m, dim].
// It fails on an empty cloud, a length that is no multiple of dim, and NaN or Inf.
func SquaredDistances(x0, x1 []float32, dim int) ([]float64, error) {
	n, err := checkCloud("x0", x0, dim)
	if err != nil {
		return nil, err
	}
	m, err := checkCloud("x1", x1, dim)
	if err != nil {
		return nil, err
	}
	cost := make([]float64, n*m)
	fillSquaredDistances(cost, x0, x1, dim)
	return cost, nil
}

// Distances returns the cost matrix |x0_i - x1_j|, shape [n, m], that Wasserstein-1 uses. Errors as SquaredDistances.
func Distances(x0, x1 []float32, dim int) ([]float64, error) {
	cost, err := SquaredDistances(x0, x1, dim)
	for k, c := range cost {
		cost[k] = math.Sqrt(c)
	}
	return cost, err
}

func fillSquaredDistances(cost []float64, x0, x1 []float32, dim int) {
	n, m := len(x0)/dim, len(x1)/dim
	for i := range n {
		row, a := cost[i*m:(i+1)*m], x0[i*dim:(i+1)*dim]
		if dim == 2 {
			ax, ay := float64(a[0]), float64(a[1])
			b := x1[:2*len(row)]
			for j := range row {
				p := b[2*j : 2*j+2 : 2*j+2]
				dx, dy := ax-float64(p[0]), ay-float64(p[1])
				row[j] = dx*dx + dy*dy
			}
			continue
		}
		for j := range row {
			row[j] = squaredDistance(a, x1[j*dim:(j+1)*dim])
		}
	}
}

// squaredDistance sums in four lanes: fewer dependent additions, and always in the same order.
func squaredDistance(a, b []float32) float64 {
	var s0, s1, s2, s3 float64
	b = b[:len(a)]
	k := 0
	for ; k+4 <= len(a); k += 4 {
		p, q := a[k:k+4:k+4], b[k:k+4:k+4]
		d0, d1 := float64(p[0])-float64(q[0]), float64(p[1])-float64(q[1])
		d2, d3 := float64(p[2])-float64(q[2]), float64(p[3])-float64(q[3])
		s0, s1, s2, s3 = s0+d0*d0, s1+d1*d1, s2+d2*d2, s3+d3*d3
	}
	for ; k < len(a); k++ {
		d := float64(a[k]) - float64(b[k])
		s0 += d * d
	}
	return (s0 + s1) + (s2 + s3)
}
