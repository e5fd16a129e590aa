package datasets

import (
	"math"
	"math/rand/v2"
)

// TwoSpirals is two spiral arms of one and a half turns, one the mirror image
// of the other in the origin:
//
//	a = 3 pi sqrt(U),   p = (-a cos a + U/2, a sin a + U/2)
//	x = +-p/3 + .1 e,   e ~ N(0, I), each sign with probability 1/2
//
// where each U is a fresh draw from U[0,1) (FFJORD's 2spirals). The original
// uses each p for both arms, all of one arm first; here each row draws its own
// p and sign, so that rows are independent.
func TwoSpirals() Toy { return MustByName("2spirals") }

// SwissRoll is one spiral arm of one and a half turns with Gaussian noise:
//
//	a = 1.5 pi (1 + 2 U),   x = (a cos a + e1, a sin a + e2)/5,   e ~ N(0, I)
//
// (scikit-learn's make_swiss_roll with noise 1, first and third coordinate,
// over 5, as in FFJORD).
func SwissRoll() Toy { return MustByName("swissroll") }

func drawTwoSpirals(rng *rand.Rand) (x, y float64, class int) {
	a := 3 * math.Pi * math.Sqrt(rng.Float64())
	sin, cos := math.Sincos(a)
	x, y = (.5*rng.Float64()-a*cos)/3, (.5*rng.Float64()+a*sin)/3
	if class = rng.IntN(2); class == 1 {
		x, y = -x, -y
	}
	return x + .1*rng.NormFloat64(), y + .1*rng.NormFloat64(), class
}

func drawSwissRoll(rng *rand.Rand) (x, y float64, class int) {
	a := 1.5 * math.Pi * (1 + 2*rng.Float64())
	sin, cos := math.Sincos(a)
	return (a*cos + rng.NormFloat64()) / 5, (a*sin + rng.NormFloat64()) / 5, 0
}
