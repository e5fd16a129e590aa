package datasets

import "math"

// Dihedral is the angle in degrees, in [-180, 180], between the planes a b c and
// b c d: seen along b to c, the turn from a to d, clockwise counted positive
// (IUPAC-IUB 1970). With the bonds b0 = b-a, b1 = c-b, b2 = d-c it is
//
//	atan2(|b1| b0·(b1 x b2), (b0 x b1)·(b1 x b2))
//
// which has full precision near 0 and 180. Where three of the atoms lie on a
// line there is no such angle; 0 or 180 then means nothing.
func Dihedral(a, b, c, d [3]float64) float64 {
	b0, b1, b2 := minus(b, a), minus(c, b), minus(d, c)
	n0, n1 := cross(b0, b1), cross(b1, b2)
	return math.Atan2(norm(b1)*dot(b0, n1), dot(n0, n1)) * (180 / math.Pi)
}

func minus(a, b [3]float64) [3]float64 { return [3]float64{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }

func dot(a, b [3]float64) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

func norm(a [3]float64) float64 { return math.Sqrt(dot(a, a)) }

func cross(a, b [3]float64) [3]float64 {
	return [3]float64{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}
