package datasets

import (
	"math"
	"math/rand/v2"
)

// Checkerboard is uniform on the eight dark cells of a 4 x 4 board over
// [-4,4]^2, each cell of side 2:
//
//	u ~ U[-2,2),   v = U[0,1) - 2 b + (floor(u) mod 2),   b ~ U{0,1},   x = 2 (u, v)
//
// with the floor mod, which is never negative. A point is in a dark cell when
// floor(x/2) + floor(y/2) is even. (FFJORD's and IDFF's checkerboard.)
func Checkerboard() Toy { return MustByName("checkerboard") }

func drawCheckerboard(rng *rand.Rand) (x, y float64, class int) {
	u := 4*rng.Float64() - 2
	column := int(math.Floor(u)) // -2 .. 1
	odd := column & 1            // 0 or 1, also for negative u
	v := rng.Float64()
	b := rng.IntN(2)
	v = v - 2*float64(b) + float64(odd)
	return 2 * u, 2 * v, 2*(column+2) + 1 - b // in the order of Modes
}
