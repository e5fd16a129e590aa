package figures

import (
	"errors"
	"fmt"
	"math"

	"github.com/idff-go/workbench/internal/errtext"
)

// inner is an error that is wrapped in one of this package: one line, without this package's prefix, which the whole has already.
func inner(err error) error { return errtext.Inner("figures: ", err) }

// checkCloud says what is wrong with a cloud of points, if anything.
func checkCloud(where string, pts [][2]float64, least int) error {
	if len(pts) < least {
		if len(pts) == 0 {
			return fmt.Errorf("%s is empty: give at least %d point(s)", where, least)
		}
		return fmt.Errorf("%s has %d point(s), needs at least %d", where, len(pts), least)
	}
	bad, first := 0, -1
	for i, p := range pts {
		if !finite(p[0]) || !finite(p[1]) {
			if bad == 0 {
				first = i
			}
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%s: %d of %d points are not finite, the first at index %d (%g, %g): drop them or find what diverged",
			where, bad, len(pts), first, pts[first][0], pts[first][1])
	}
	return nil
}

// checkStates says what is wrong with clouds of the same points, such as the states of trajectories, if anything. where names the k-th of them, and
// unit is what each is called.
func checkStates(clouds [][][2]float64, least int, unit string, where func(k int) string) error {
	for k, cloud := range clouds {
		if err := checkCloud(where(k), cloud, least); err != nil {
			return err
		}
		if len(cloud) != len(clouds[0]) {
			return fmt.Errorf("%s has %d points, %s 0 has %d: trajectories need the same points in each %s",
				where(k), len(cloud), unit, len(clouds[0]), unit)
		}
	}
	return nil
}

// checkValues says what is wrong with a series of numbers, if anything.
func checkValues(where string, v []float64) error {
	if len(v) == 0 {
		return fmt.Errorf("%s is empty", where)
	}
	bad, first := 0, -1
	for i, x := range v {
		if !finite(x) {
			if bad == 0 {
				first = i
			}
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%s: %d of %d values are not finite, the first at index %d (%g)", where, bad, len(v), first, v[first])
	}
	return nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// Box is a rectangle of the plane.
type Box struct{ XMin, XMax, YMin, YMax float64 }

// BoxOf returns the smallest square around all points of the clouds, widened
// on each side by margin times its width.
func BoxOf(margin float64, clouds ...[][2]float64) (Box, error) {
	b := Box{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)}
	n := 0
	for k, cloud := range clouds {
		if len(cloud) == 0 {
			continue
		}
		if err := checkCloud(fmt.Sprintf("cloud %d", k), cloud, 1); err != nil {
			return Box{}, fmt.Errorf("figures: BoxOf: %w", err)
		}
		n += len(cloud)
		for _, p := range cloud {
			b.XMin, b.XMax = min(b.XMin, p[0]), max(b.XMax, p[0])
			b.YMin, b.YMax = min(b.YMin, p[1]), max(b.YMax, p[1])
		}
	}
	if n == 0 {
		return Box{}, errors.New("figures: BoxOf: no points given")
	}
	return b.square(margin), nil
}

// square widens the shorter side to the longer one and adds the margin.
func (b Box) square(margin float64) Box {
	side := max(b.XMax-b.XMin, b.YMax-b.YMin)
	if side == 0 {
		side = 1
	}
	half := side * (0.5 + margin)
	cx, cy := (b.XMin+b.XMax)/2, (b.YMin+b.YMax)/2
	return Box{cx - half, cx + half, cy - half, cy + half}
}

// Points returns the n x n nodes of a grid over the box, row by row from the
// bottom: what a field is evaluated at for [Quiver].
func (b Box) Points(n int) [][2]float64 {
	if n < 2 {
		return [][2]float64{{(b.XMin + b.XMax) / 2, (b.YMin + b.YMax) / 2}}
	}
	out := make([][2]float64, 0, n*n)
	for j := range n {
		for i := range n {
			u, v := float64(i)/float64(n-1), float64(j)/float64(n-1)
			out = append(out, [2]float64{b.XMin + u*(b.XMax-b.XMin), b.YMin + v*(b.YMax-b.YMin)})
		}
	}
	return out
}

func (b Box) contains(p [2]float64) bool {
	return p[0] >= b.XMin && p[0] <= b.XMax && p[1] >= b.YMin && p[1] <= b.YMax
}

func (b Box) check() error {
	for _, v := range []float64{b.XMin, b.XMax, b.YMin, b.YMax} {
		if !finite(v) {
			return fmt.Errorf("box [%g, %g] x [%g, %g] is not finite", b.XMin, b.XMax, b.YMin, b.YMax)
		}
	}
	if b.XMax <= b.XMin || b.YMax <= b.YMin {
		return fmt.Errorf("box [%g, %g] x [%g, %g] is empty", b.XMin, b.XMax, b.YMin, b.YMax)
	}
	return nil
}
