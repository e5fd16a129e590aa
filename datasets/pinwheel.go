package datasets

import (
	"math"
	"math/rand/v2"
)

// Pinwheel is five curved arms, equally likely:
//
//	r = 1 + .3 e1,   s = .1 e2,   a = 2 pi k/5 + exp(r)/4,   k ~ U{0..4}, e ~ N(0, I)
//	x = 2 (r cos a + s sin a, -r sin a + s cos a)
//
// (FFJORD's pinwheel, after Johnson et al., 2016). The original draws equally
// many points for each arm and permutes them; here each row draws its arm.
func Pinwheel() Toy { return MustByName("pinwheel") }

func drawPinwheel(rng *rand.Rand) (x, y float64, class int) {
	r, s := 1+.3*rng.NormFloat64(), .1*rng.NormFloat64()
	k := rng.IntN(5)
	sin, cos := math.Sincos(2*math.Pi*float64(k)/5 + .25*math.Exp(r))
	return 2 * (r*cos + s*sin), 2 * (s*cos - r*sin), (5 - k) % 5 // in the order of Modes, which turns the other way
}
