package figures

import (
	"fmt"
	"math"
	"slices"
)

// Grid holds values on a regular grid of the plane. It implements
// plotter.GridXYZ, so gonum's HeatMap and Contour take it too.
type Grid struct {
	Box    Box
	NX, NY int       // nodes per axis; the outer ones lie on the box's edges
	Values []float64 // row-major: Values[j*NX+i] is at (X(i), Y(j))
}

// Dims returns the numbers of columns and rows.
func (g *Grid) Dims() (c, r int) { return g.NX, g.NY }

// X returns the position of column i.
func (g *Grid) X(i int) float64 {
	return g.Box.XMin + float64(i)*(g.Box.XMax-g.Box.XMin)/float64(g.NX-1)
}

// Y returns the position of row j.
func (g *Grid) Y(j int) float64 {
	return g.Box.YMin + float64(j)*(g.Box.YMax-g.Box.YMin)/float64(g.NY-1)
}

// Z returns the value at column i, row j.
func (g *Grid) Z(i, j int) float64 { return g.Values[j*g.NX+i] }

// kdeCut is the exponent below which a kernel counts as zero: exp(-20) = 2e-9
// of its peak.
const kdeCut = 20

// KDE is the Gaussian kernel density estimate of points on an n x n grid over
// box:
//
//	p(x) = 1/N sum_k N(x; x_k, H),   H = h^2 S,   h = scale N^(-1/6)
//
// S is the points' covariance (with N-1) and h Scott's factor for two
// dimensions (D. W. Scott, "Multivariate Density Estimation", 1992), as in
// SciPy's gaussian_kde, times scale; scale 0 means 1. Unlike SciPy it accepts
// points that all lie on a line or in one place: an H narrower than three
// quarters of a cell, which the grid could not show, is widened to that.
//
// The time goes with N n times the kernel's width: along a row of the grid the
// Gaussian follows from its neighbour by two multiplications.
func KDE(points [][2]float64, box Box, n int, scale float64) (*Grid, error) {
	if err := checkCloud("points", points, 2); err != nil {
		return nil, fmt.Errorf("figures: KDE: %w", err)
	}
	if err := box.check(); err != nil {
		return nil, fmt.Errorf("figures: KDE: %w", err)
	}
	if n < 2 || n > 4096 {
		return nil, fmt.Errorf("figures: KDE: grid size %d is not in [2, 4096]", n)
	}
	if scale == 0 {
		scale = 1
	}
	if !(scale > 0) || math.IsInf(scale, 0) {
		return nil, fmt.Errorf("figures: KDE: bandwidth scale %g must be positive", scale)
	}
	g := &Grid{Box: box, NX: n, NY: n, Values: make([]float64, n*n)}
	dx, dy := g.X(1)-g.X(0), g.Y(1)-g.Y(0)
	hxx, hxy, hyy := bandwidth(points, scale)
	hxx, hxy, hyy = widen(hxx, hxy, hyy, math.Pow(0.75*min(dx, dy), 2))

	det := hxx*hyy - hxy*hxy
	a, b, c := hyy/det, -hxy/det, hxx/det // H^-1 = [a b; b c]
	shear := b / a
	rowCurve := c - b*b/a       // curvature along the ridge x = px - shear*(y-py)
	q := math.Exp(-a * dx * dx) // ratio of ratios between neighbours
	reach := math.Sqrt(2 * kdeCut / rowCurve)
	for _, p := range points {
		j0 := max(0, int(math.Ceil((p[1]-reach-box.YMin)/dy)))
		j1 := min(n-1, int(math.Floor((p[1]+reach-box.YMin)/dy)))
		for j := j0; j <= j1; j++ {
			ey := g.Y(j) - p[1]
			peak := p[0] - shear*ey
			top := 0.5 * rowCurve * ey * ey
			half := math.Sqrt(2 * (kdeCut - top) / a)
			if !(half >= 0) {
				continue
			}
			lo := max(0, int(math.Ceil((peak-half-box.XMin)/dx)))
			hi := min(n-1, int(math.Floor((peak+half-box.XMin)/dx)))
			if lo > hi {
				continue
			}
			mid := min(max(int(math.Round((peak-box.XMin)/dx)), lo), hi)
			ex := g.X(mid) - peak
			start := math.Exp(-0.5*a*ex*ex - top)
			right := math.Exp(-a*dx*ex - 0.5*a*dx*dx)
			left := math.Exp(a*dx*ex - 0.5*a*dx*dx)
			row := g.Values[j*n : (j+1)*n]
			v := start
			for i := mid; i <= hi; i++ {
				row[i] += v
				v *= right
				right *= q
			}
			v = start * left
			for i := mid - 1; i >= lo; i-- {
				left *= q
				row[i] += v
				v *= left
			}
		}
	}
	norm := 1 / (2 * math.Pi * math.Sqrt(det) * float64(len(points)))
	for i := range g.Values {
		g.Values[i] *= norm
	}
	return g, nil
}

// bandwidth returns H = (scale N^(-1/6))^2 times the covariance.
func bandwidth(points [][2]float64, scale float64) (hxx, hxy, hyy float64) {
	n := float64(len(points))
	var mx, my float64
	for _, p := range points {
		mx += p[0] / n
		my += p[1] / n
	}
	for _, p := range points {
		x, y := p[0]-mx, p[1]-my
		hxx += x * x
		hxy += x * y
		hyy += y * y
	}
	f := scale * scale * math.Pow(n, -1.0/3) / (n - 1)
	return hxx * f, hxy * f, hyy * f
}

// widen raises the eigenvalues of a symmetric 2 x 2 matrix to least.
func widen(xx, xy, yy, least float64) (float64, float64, float64) {
	mean, diff := (xx+yy)/2, (xx-yy)/2
	r := math.Hypot(diff, xy)
	if mean-r >= least {
		return xx, xy, yy
	}
	l1, l2 := max(mean+r, least), max(mean-r, least)
	co, s := 1.0, 0.0 // direction of l1, doubled angle
	if r > 0 {
		co, s = diff/r, xy/r
	}
	m, d := (l1+l2)/2, (l1-l2)/2
	return m + d*co, d * s, m - d*co
}

// MassLevels returns for each fraction f in (0, 1) the density below which
// the share f of the grid's mass lies: the contour at that level holds the
// share 1-f of the samples. Levels come back sorted and without repeats.
func (g *Grid) MassLevels(fractions ...float64) []float64 {
	v := slices.Clone(g.Values)
	slices.Sort(v)
	var total float64
	for _, x := range v {
		total += x
	}
	f := slices.Clone(fractions)
	slices.Sort(f)
	var out []float64
	var sum float64
	i := 0
	for _, want := range f {
		for i < len(v)-1 && sum+v[i] <= want*total {
			sum += v[i]
			i++
		}
		if v[i] > 0 && (len(out) == 0 || v[i] > out[len(out)-1]) {
			out = append(out, v[i])
		}
	}
	return out
}

// max returns the largest value.
func (g *Grid) max() float64 { return slices.Max(g.Values) }
