package datasets

import (
	"math"
	"math/rand/v2"
)

// Moons is two interleaved half circles, each with probability 1/2:
//
//	outer: p = (cos a, sin a),   inner: p = (1 - cos a, 1/2 - sin a),   a ~ U[0,pi]
//	x = 3 (p + .2 u) - 1,   u ~ U[0,1) once per point, added to both coordinates
//
// (torchdyn's generate_moons with noise .2 as IDFF calls it, times 3 less 1;
// its noise is uniform and shared by the coordinates). The original puts
// angles on a grid, the outer moon first; here each row draws its own moon and
// angle, which is the same distribution in the limit of many points.
func Moons() Toy { return MustByName("moons") }

// MoonsFFJORD is FFJORD's two moons: the half circles of Moons with Gaussian
// noise, x = 2 (p + .1 e) + (-1, -.2), e ~ N(0, I) (scikit-learn's make_moons).
func MoonsFFJORD() Toy { return MustByName("moons-ffjord") }

func drawMoons(rng *rand.Rand) (x, y float64, class int) {
	x, y, class = halfCircle(rng)
	noise := .2 * rng.Float64()
	return 3*(x+noise) - 1, 3*(y+noise) - 1, class
}

func drawMoonsFFJORD(rng *rand.Rand) (x, y float64, class int) {
	x, y, class = halfCircle(rng)
	return 2*(x+.1*rng.NormFloat64()) - 1, 2*(y+.1*rng.NormFloat64()) - .2, class
}

func halfCircle(rng *rand.Rand) (x, y float64, class int) {
	sin, cos := math.Sincos(math.Pi * rng.Float64())
	if rng.IntN(2) == 0 {
		return cos, sin, 0
	}
	return 1 - cos, .5 - sin, 1
}
