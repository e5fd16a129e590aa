package idffnb

import (
	"fmt"
	"strings"
)

// Points are the samples of a plane, for figures. It panics if the data is not two-dimensional.
func (s *Samples) Points() [][2]float64 { return Points(s.X, s.Dim) }

// Trajectory is the state of every sample at each time of the grid, for figures: [time][sample].
func (s *Samples) Trajectory() [][][2]float64 { return s.At(s.Times...) }

// At is the state of every sample at the given times in [0, 1], for figures: [time][sample]. Between two times of the grid it
// lies on the straight line between the states there.
func (s *Samples) At(times ...float64) [][][2]float64 {
	out := make([][][2]float64, len(times))
	for i, t := range times {
		k := 0
		for k < len(s.Times)-2 && t >= s.Times[k+1] {
			k++
		}
		from, to := Points(s.States[k], s.Dim), Points(s.States[k+1], s.Dim)
		part := (t - s.Times[k]) / (s.Times[k+1] - s.Times[k])
		out[i] = make([][2]float64, s.N)
		for n := range out[i] {
			for d := range 2 {
				out[i][n][d] = from[n][d] + part*(to[n][d]-from[n][d])
			}
		}
	}
	return out
}

// Title is a title for figures: the field, the solver and the true cost, a line each, and further lines if given.
func (s *Samples) Title(more ...string) string {
	c := s.Cost
	cost := fmt.Sprintf("%d fwd", c.Forwards)
	if c.Backwards > 0 {
		cost += fmt.Sprintf(" + %d bwd = %g", c.Backwards, c.Equivalents)
	}
	return strings.Join(append([]string{s.Field, s.Solver + ": " + cost}, more...), "\n")
}

// Points turns row-major points of a plane [n, 2] into the form that figures take. It panics if dim is not 2.
func Points(x []float32, dim int) [][2]float64 {
	if dim != 2 {
		panic(fmt.Errorf("idffnb: points of size %d cannot be drawn in a plane", dim))
	}
	out := make([][2]float64, len(x)/2)
	for i := range out {
		out[i] = [2]float64{float64(x[2*i]), float64(x[2*i+1])}
	}
	return out
}

// Flat turns points of a plane into the row-major form that Velocity and WithStart take.
func Flat(points [][2]float64) []float32 {
	out := make([]float32, 0, 2*len(points))
	for _, p := range points {
		out = append(out, float32(p[0]), float32(p[1]))
	}
	return out
}
