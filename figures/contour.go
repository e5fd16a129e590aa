package figures

import "math"

// Path is a line through the plane; a closed one returns to its first point.
type Path struct {
	Points [][2]float64
	Closed bool
}

// Contours returns the lines on which the grid's value is level, by marching
// squares with linear interpolation (W. E. Lorensen and H. E. Cline, "Marching
// cubes", SIGGRAPH 1987, in two dimensions); the mean of a cell's corners
// settles its saddles. Higher values lie to the left of a path.
func (g *Grid) Contours(level float64) []Path {
	xs, ys := g.axes(0)
	return march(xs, ys, g.Values, level)
}

// Regions returns the closed outlines of the set where the value is at least
// level, cut off at the box. Outer outlines run counter-clockwise and holes
// clockwise, so that filling them by the non-zero rule paints the set.
func (g *Grid) Regions(level float64) []Path {
	xs, ys := g.axes(1) // a rim of nodes on the box's edge, lower than all
	nx, ny := len(xs), len(ys)
	v := make([]float64, nx*ny)
	for i := range v {
		v[i] = math.Inf(-1)
	}
	for j := range g.NY {
		copy(v[(j+1)*nx+1:], g.Values[j*g.NX:(j+1)*g.NX])
	}
	return march(xs, ys, v, level)
}

// axes returns the nodes' positions with rim repeated nodes at either end.
func (g *Grid) axes(rim int) (xs, ys []float64) {
	for i := -rim; i < g.NX+rim; i++ {
		xs = append(xs, g.X(min(max(i, 0), g.NX-1)))
	}
	for j := -rim; j < g.NY+rim; j++ {
		ys = append(ys, g.Y(min(max(j, 0), g.NY-1)))
	}
	return xs, ys
}

// march links the crossings of level with the grid's edges. Edge 2*k runs
// right from node k, edge 2*k+1 runs up from it; each is crossed at most once,
// so that next[e] = f states the whole path.
func march(xs, ys, v []float64, level float64) []Path {
	nx, ny := len(xs), len(ys)
	next := make([]int32, 2*nx*ny)
	from := make([]bool, 2*nx*ny)
	for i := range next {
		next[i] = -1
	}
	var starts []int32
	link := func(a, b int) {
		next[a] = int32(b)
		from[b] = true
		starts = append(starts, int32(a))
	}
	for j := 0; j < ny-1; j++ {
		for i := 0; i < nx-1; i++ {
			k := j*nx + i
			code := 0
			if v[k] >= level {
				code |= 1
			}
			if v[k+1] >= level {
				code |= 2
			}
			if v[k+nx+1] >= level {
				code |= 4
			}
			if v[k+nx] >= level {
				code |= 8
			}
			if code == 0 || code == 15 {
				continue
			}
			bottom, left, right, top := 2*k, 2*k+1, 2*(k+1)+1, 2*(k+nx)
			switch code { // inside to the left
			case 1:
				link(bottom, left)
			case 2:
				link(right, bottom)
			case 3:
				link(right, left)
			case 4:
				link(top, right)
			case 6:
				link(top, bottom)
			case 7:
				link(top, left)
			case 8:
				link(left, top)
			case 9:
				link(bottom, top)
			case 11:
				link(right, top)
			case 12:
				link(left, right)
			case 13:
				link(bottom, right)
			case 14:
				link(left, bottom)
			case 5, 10:
				high := v[k]+v[k+1]+v[k+nx+1]+v[k+nx] >= 4*level
				switch {
				case code == 5 && high:
					link(bottom, right)
					link(top, left)
				case code == 5:
					link(bottom, left)
					link(top, right)
				case high:
					link(right, top)
					link(left, bottom)
				default:
					link(right, bottom)
					link(left, top)
				}
			}
		}
	}
	at := func(e int32) [2]float64 {
		k := int(e / 2)
		i, j := k%nx, k/nx
		k2, i2, j2 := k+1, i+1, j
		if e%2 == 1 {
			k2, i2, j2 = k+nx, i, j+1
		}
		u := (level - v[k]) / (v[k2] - v[k])
		if math.IsNaN(u) || math.IsInf(v[k], 0) || math.IsInf(v[k2], 0) {
			u = 0 // an edge of the rim has no length
			if math.IsInf(v[k], 0) {
				u = 1
			}
		}
		return [2]float64{xs[i] + u*(xs[i2]-xs[i]), ys[j] + u*(ys[j2]-ys[j])}
	}
	var out []Path
	follow := func(e int32) {
		var p Path
		first := e
		for {
			q := at(e)
			if n := len(p.Points); n == 0 || p.Points[n-1] != q {
				p.Points = append(p.Points, q)
			}
			n := next[e]
			if n < 0 {
				break
			}
			next[e] = -1
			e = n
			if e == first {
				p.Closed = true
				break
			}
		}
		if len(p.Points) > 1 {
			out = append(out, p)
		}
	}
	for _, e := range starts { // open paths begin where nothing leads to
		if !from[e] && next[e] >= 0 {
			follow(e)
		}
	}
	for _, e := range starts {
		if next[e] >= 0 {
			follow(e)
		}
	}
	return out
}
