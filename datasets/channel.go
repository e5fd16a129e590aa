package datasets

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// Operators on fields [n rows][n columns] of a channel: periodic in x, and odd
// beyond the walls, which lie one spacing below row 0 and above row n-1.

// around calls do for each row with the rows below, at and above it; rows on the
// walls are zero.
func around(field []float64, n int, do func(j int, below, at, above []float64)) {
	wall := make([]float64, n)
	for j := range n {
		below, above := wall, wall
		if j > 0 {
			below = field[(j-1)*n : j*n]
		}
		if j < n-1 {
			above = field[(j+1)*n : (j+2)*n]
		}
		do(j, below, field[j*n:(j+1)*n], above)
	}
}

// laplacian writes the five-point Laplacian.
func laplacian(out, field []float64, n int, dx float64) {
	around(field, n, func(j int, below, at, above []float64) {
		for i := range n {
			east, west := at[(i+1)%n], at[(i+n-1)%n]
			out[j*n+i] = (east + west + above[i] + below[i] - 4*at[i]) / (dx * dx)
		}
	})
}

// biharmonic writes the Laplacian of the Laplacian.
func biharmonic(out, field []float64, n int, dx float64) {
	once := make([]float64, n*n)
	laplacian(once, field, n, dx)
	laplacian(out, once, n, dx)
}

// arakawa writes the Jacobian J(a, b) = a_x b_y - a_y b_x as the mean of its three
// second-order forms (Arakawa 1966, eq. 45), for which the sums of J, a J and b J
// over the channel are zero.
func arakawa(out, a, b []float64, n int, dx float64) {
	wall := make([]float64, n)
	row := func(f []float64, j int) []float64 {
		if j < 0 || j >= n {
			return wall
		}
		return f[j*n : (j+1)*n]
	}
	for j := range n {
		as, ac, an := row(a, j-1), row(a, j), row(a, j+1)
		bs, bc, bn := row(b, j-1), row(b, j), row(b, j+1)
		for i := range n {
			e, w := i+1, i-1
			if e == n {
				e = 0
			}
			if w < 0 {
				w = n - 1
			}
			plain := (ac[e]-ac[w])*(bn[i]-bs[i]) - (an[i]-as[i])*(bc[e]-bc[w])
			fluxA := ac[e]*(bn[e]-bs[e]) - ac[w]*(bn[w]-bs[w]) - an[i]*(bn[e]-bn[w]) + as[i]*(bs[e]-bs[w])
			fluxB := bn[i]*(an[e]-an[w]) - bs[i]*(as[e]-as[w]) - bc[e]*(an[e]-as[e]) + bc[w]*(an[w]-as[w])
			out[j*n+i] = (plain + fluxA + fluxB) / (12 * dx * dx)
		}
	}
}

// poisson solves laplacian(psi) = zeta exactly: a Fourier transform in x leaves a
// tridiagonal system in y for each wave.
type poisson struct {
	n      int
	dx     float64
	fft    *fourier.FFT
	upper  [][]float64 // of each wave, what elimination leaves above the diagonal
	pivot  [][]float64 // and 1 over the diagonal
	waves  [][]complex128
	column []complex128
}

func newPoisson(n int, dx float64) *poisson {
	p := &poisson{n: n, dx: dx, fft: fourier.NewFFT(n), column: make([]complex128, n)}
	for range n {
		p.waves = append(p.waves, make([]complex128, n/2+1))
	}
	for k := range n/2 + 1 {
		diagonal := 2*math.Cos(2*math.Pi*float64(k)/float64(n)) - 4
		upper, pivot := make([]float64, n), make([]float64, n)
		for j := range n {
			d := diagonal
			if j > 0 {
				d -= upper[j-1]
			}
			pivot[j] = 1 / d
			upper[j] = pivot[j]
		}
		p.upper, p.pivot = append(p.upper, upper), append(p.pivot, pivot)
	}
	return p
}

func (p *poisson) solve(psi, zeta []float64) {
	n := p.n
	for j := range n {
		p.fft.Coefficients(p.waves[j], zeta[j*n:(j+1)*n])
	}
	scale := p.dx * p.dx / float64(n) // the transform's length comes back as a factor
	for k := range n/2 + 1 {
		upper, pivot := p.upper[k], p.pivot[k]
		before := complex128(0)
		for j := range n {
			before = (p.waves[j][k] - before) * complex(pivot[j], 0)
			p.column[j] = before
		}
		after := complex128(0)
		for j := n - 1; j >= 0; j-- {
			after = p.column[j] - complex(upper[j], 0)*after
			p.waves[j][k] = after * complex(scale, 0)
		}
	}
	for j := range n {
		p.fft.Sequence(psi[j*n:(j+1)*n], p.waves[j])
	}
}
