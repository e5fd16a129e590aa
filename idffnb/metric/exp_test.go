package metric

import (
	"math"
	"testing"
)

type sumExpWay struct {
	sum func(f float64, d []float64) float64
	off float64 // what a power may be off by beside its relative error
}

// sumExps are the ways to sumExp that this CPU has.
var sumExps = map[string]sumExpWay{"scalar": {sumExpScalar, 2e-323}}

func TestSumExp(t *testing.T) {
	for name, c := range sumExps {
		for k := range 400_000 {
			x := float64(k) * .00187 // 0 to 748
			d := []float64{math.Inf(1), 1e300, 1e5, 800, 1e6, 1e7, 1e8, 1e9}
			d[k%8] = x // the powers of the others are 0
			want := math.Exp(-x)
			if got := c.sum(1, d); math.Abs(got-want) > 5e-16*want+c.off {
				t.Fatalf("%s: exp(-%g) = %g, want %g: off by %.2g", name, x, got, want, got/want-1)
			}
		}
	}
}

func TestSumExpOfAnyLength(t *testing.T) {
	for name, c := range sumExps {
		for _, f := range []float64{1e-300, .5, 3, 1.7e308} {
			var d []float64
			want := 0.0
			for n := range 40 {
				near(t, name, c.sum(f, d), want, 2e-15*float64(n))
				x := float64(n*n) / 8
				d, want = append(d, x), want+math.Exp(-f*x)
			}
		}
	}
}
