package figures

import (
	"math"
	"testing"
)

// TestMass: the trapezoid rule is exact for densities that are linear in each coordinate.
func TestMass(t *testing.T) {
	for what, density := range map[string]func(x, y float64) float64{
		"uniform": func(x, y float64) float64 { return 1. / 8 },
		"linear":  func(x, y float64) float64 { return (x + 1) * y / 32 },
	} {
		g := &Grid{Box: Box{XMin: -1, XMax: 3, YMin: 0, YMax: 2}, NX: 5, NY: 3, Values: make([]float64, 15)}
		for j := range g.NY {
			for i := range g.NX {
				g.Values[j*g.NX+i] = density(g.X(i), g.Y(j))
			}
		}
		want := map[string]float64{"uniform": 1, "linear": .5}[what] // 8*2/32
		if got := g.mass(); math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: mass %g, want %g", what, got, want)
		}
	}
}
