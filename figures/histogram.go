package figures

import (
	"fmt"
)

// Histogram2D counts points in n x n equal cells of box and returns the share
// of all points per unit of area, a density like that of [KDE]. The grid's
// nodes are the cells' centres; points outside box count in the total only.
func Histogram2D(points [][2]float64, box Box, n int) (*Grid, error) {
	if err := checkCloud("points", points, 1); err != nil {
		return nil, fmt.Errorf("figures: Histogram2D: %w", err)
	}
	if err := box.check(); err != nil {
		return nil, fmt.Errorf("figures: Histogram2D: %w", err)
	}
	if n < 2 || n > 4096 {
		return nil, fmt.Errorf("figures: Histogram2D: grid size %d is not in [2, 4096]", n)
	}
	dx, dy := (box.XMax-box.XMin)/float64(n), (box.YMax-box.YMin)/float64(n)
	g := &Grid{
		Box: Box{box.XMin + dx/2, box.XMax - dx/2, box.YMin + dy/2, box.YMax - dy/2},
		NX:  n, NY: n, Values: make([]float64, n*n),
	}
	w := 1 / (dx * dy * float64(len(points)))
	for _, p := range points {
		if !box.contains(p) {
			continue
		}
		i := min(int((p[0]-box.XMin)/dx), n-1)
		j := min(int((p[1]-box.YMin)/dy), n-1)
		g.Values[j*n+i] += w
	}
	return g, nil
}
