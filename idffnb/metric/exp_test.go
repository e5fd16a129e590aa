package metric

import (
	"math"
	"testing"
)

func TestSumExp(t *testing.T) {
	for k := range 400_000 {
		x := float64(k) * .00177 // 0 to 708
		want := math.Exp(-x)
		if got := sumExp(1, []float64{x}); math.Abs(got-want) > 5e-16*want+2e-323 {
			t.Fatalf("exp(-%g) = %g, want %g: off by %.2g", x, got, want, got/want-1)
		}
	}
	for x, want := range map[float64]float64{0: 1, 800: 0, math.Inf(1): 0, 745: math.Exp(-745)} {
		if got := sumExp(1, []float64{x}); got != want {
			t.Errorf("exp(-%g) = %g, want %g", x, got, want)
		}
	}
	d := []float64{0, 1, 2}
	near(t, "sum", sumExp(.5, d), 1+math.Exp(-.5)+math.Exp(-1), 1e-15)
}
