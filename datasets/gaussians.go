package datasets

import (
	"math"
	"math/rand/v2"
)

// EightGaussians is the mixture of eight equally likely Gaussians with centres
// at radius 5, at multiples of 45 degrees:
//
//	x = 5 (cos k pi/4, sin k pi/4) + .1^(1/4) e,   k ~ U{0..7}, e ~ N(0, I)
//
// The covariance is sqrt(.1) I, hence the standard deviation .1^(1/4) = .5623
// (torchcfm's sample_8gaussians, which hands sqrt(.1) over as a covariance).
func EightGaussians() Toy { return MustByName("8gaussians") }

// EightGaussiansFFJORD is FFJORD's mixture of eight Gaussians: radius
// 4/1.414 = 2.829, standard deviation .5/1.414 = .3536.
func EightGaussiansFFJORD() Toy { return MustByName("8gaussians-ffjord") }

func drawEightGaussians(rng *rand.Rand) (x, y float64, class int) {
	return eightGaussians(rng, 5, math.Sqrt(math.Sqrt(.1)))
}

func drawEightGaussiansFFJORD(rng *rand.Rand) (x, y float64, class int) {
	return eightGaussians(rng, 4/1.414, .5/1.414)
}

func eightGaussians(rng *rand.Rand, radius, std float64) (x, y float64, class int) {
	class = rng.IntN(8)
	sin, cos := math.Sincos(float64(class) * math.Pi / 4)
	return radius*cos + std*rng.NormFloat64(), radius*sin + std*rng.NormFloat64(), class
}
