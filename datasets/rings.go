package datasets

import (
	"math"
	"math/rand/v2"
)

// Rings is four concentric circles of radius .75, 1.5, 2.25 and 3, equally
// likely, with noise .08:
//
//	x = r (cos a, sin a) + .08 e,   a ~ U[0,2 pi), e ~ N(0, I)
//
// (the variant common with energy-based models; noise after scaling). Sources
// that put angles on a grid have the same distribution in the limit.
func Rings() Toy { return MustByName("rings") }

// Circles is two concentric circles of radius 3 and 1.5, equally likely, with
// noise .24 (FFJORD's circles: scikit-learn's make_circles with factor .5 and
// noise .08, times 3).
func Circles() Toy { return MustByName("circles") }

func drawRings(rng *rand.Rand) (x, y float64, class int) {
	class = rng.IntN(4)
	x, y = ring(rng, .75*float64(1+class), .08)
	return x, y, class
}

func drawCircles(rng *rand.Rand) (x, y float64, class int) {
	class = rng.IntN(2)
	x, y = ring(rng, 1.5*float64(1+class), .24)
	return x, y, class
}

func ring(rng *rand.Rand, radius, std float64) (x, y float64) {
	sin, cos := math.Sincos(2 * math.Pi * rng.Float64())
	return radius*cos + std*rng.NormFloat64(), radius*sin + std*rng.NormFloat64()
}
