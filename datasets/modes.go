package datasets

import "math"

// Modes returns the centres of the toy's modes and a radius, for sets whose
// modes are separate: a point belongs to the nearest centre if that is no
// further than the radius, and to no mode otherwise. The discs of two modes do
// not overlap. All modes are equally likely. ok is false, and the rest empty,
// for the other sets.
//
//	set                              modes  radius                    data outside
//	8gaussians, 8gaussians-ffjord    8      3 standard deviations     .0110, .0099
//	checkerboard                     8      sqrt 2, half a diagonal   0
//	pinwheel                         5      2 sin(pi/5) = 1.176       .121
//
// The eight Gaussians leave exp(-9/2) = .0111 of each mode outside its disc, a
// little of which falls into the discs next to it. The centres of the FFJORD
// variant are 6.1 standard deviations apart: three is the most.
//
// The modes of the checkerboard are its eight dark cells of side 2. The disc
// around a cell holds all of it, so that data have equal shares and nothing
// outside; it touches the discs across the corners in the corner alone. The
// price is that it also holds a segment, of area pi/2 - 1, of each light cell
// beside it, of area 4: a light cell amid four dark ones counts as outside in
// 43% of its area. The largest disc inside a cell, of radius 1, would leave 21%
// of the data outside. Modes is to tell how many cells are found and how evenly
// they are filled; what strays from them, a metric tells better.
//
// The modes of the pinwheel are its five arms, which meet in their thin ends
// only. The centre is the middle of an arm, r = 1 and s = 0, the radius half
// the distance between two centres; the ends of the arms are outside. Of the
// data inside, .0005 count to another arm than their own.
//
// Two moons or spirals are no discs: an end of one is nearer to the middle of
// the other. Rings and circles share one centre. The swiss roll is one piece.
func (t Toy) Modes() (centres [][2]float64, radius float64, ok bool) {
	switch t.Name() {
	case "8gaussians":
		return onCircle(8, 5, 0), 3 * math.Sqrt(math.Sqrt(.1)), true
	case "8gaussians-ffjord":
		return onCircle(8, 4/1.414, 0), 3 * .5 / 1.414, true
	case "checkerboard":
		for i := -2; i < 2; i++ {
			for j := -2; j < 2; j++ {
				if (i+j)%2 == 0 {
					centres = append(centres, [2]float64{float64(2*i + 1), float64(2*j + 1)})
				}
			}
		}
		return centres, math.Sqrt2, true
	case "pinwheel":
		return onCircle(5, 2, -math.E/4), 2 * math.Sin(math.Pi/5), true
	}
	return nil, 0, false
}

// onCircle returns n points evenly spaced on a circle about 0, the first at the given angle.
func onCircle(n int, radius, angle float64) [][2]float64 {
	p := make([][2]float64, n)
	for k := range p {
		sin, cos := math.Sincos(angle + 2*math.Pi*float64(k)/float64(n))
		p[k] = [2]float64{radius * cos, radius * sin}
	}
	return p
}
