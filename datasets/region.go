package datasets

import (
	"fmt"
	"math"
)

// Region is a part of the globe in degrees; its edges are included. East may be
// less than West where it goes over the end of the longitudes: {-30, 30, 350, 20}
// is 30 degrees around Africa's Atlantic side. The zero Region is the whole grid.
type Region struct{ South, North, West, East float64 }

// run is a range of indices.
type run struct{ from, count int }

// rows finds the rows of a region; lat increases or decreases by equal steps.
func (r Region) rows(lat []float64) (run, error) {
	if r == (Region{}) {
		return run{0, len(lat)}, nil
	}
	if !(r.South < r.North && r.South >= -90 && r.North <= 90) {
		return run{}, fmt.Errorf("the region's latitudes are %g to %g; want South below North, within ±90", r.South, r.North)
	}
	rows := within(lat, func(v float64) bool { return v >= r.South-1e-6 && v <= r.North+1e-6 })
	if len(rows) == 0 {
		return run{}, fmt.Errorf("no row lies in latitudes %g to %g; the grid's are %.4g to %.4g", r.South, r.North, lat[0], lat[len(lat)-1])
	}
	return rows[0], nil
}

// columns finds the columns of a region, in one range, or two where it goes over
// the end of the grid's longitudes, in the order from west to east.
func (r Region) columns(lon []float64) ([]run, error) {
	if r == (Region{}) {
		return []run{{0, len(lon)}}, nil
	}
	for _, v := range []float64{r.West, r.East} {
		if !(v >= -360 && v <= 720) {
			return nil, fmt.Errorf("the region's longitudes are %g to %g; want degrees east", r.West, r.East)
		}
	}
	if r.West == r.East {
		return nil, fmt.Errorf("the region's West and East are both %g; for all longitudes take -180 to 179.99", r.West)
	}
	width := eastOf(r.East, r.West)
	runs := within(lon, func(v float64) bool {
		d := eastOf(v, r.West)
		return d <= width+1e-6 || d >= 360-1e-6
	})
	if len(runs) == 0 {
		return nil, fmt.Errorf("no column lies in longitudes %g to %g; the grid's are %.4g to %.4g", r.West, r.East, lon[0], lon[len(lon)-1])
	}
	if len(runs) == 2 && eastOf(lon[runs[0].from], r.West) > eastOf(lon[runs[1].from], r.West) {
		runs[0], runs[1] = runs[1], runs[0]
	}
	if len(runs) > 2 {
		return nil, fmt.Errorf("longitudes %g to %g are in %d pieces of the grid, whose longitudes do not increase", r.West, r.East, len(runs))
	}
	return runs, nil
}

// eastOf is how many degrees a is east of b, in [0, 360).
func eastOf(a, b float64) float64 {
	d := math.Mod(a-b, 360)
	if d < 0 {
		d += 360
	}
	if d >= 360 {
		d = 0
	}
	return d
}

// within finds the ranges of indices whose values are in.
func within(values []float64, in func(float64) bool) []run {
	var runs []run
	for i, v := range values {
		switch n := len(runs); {
		case !in(v):
		case n > 0 && runs[n-1].from+runs[n-1].count == i:
			runs[n-1].count++
		default:
			runs = append(runs, run{i, 1})
		}
	}
	return runs
}
