package quantile

import (
	"slices"
	"testing"
)

func TestOf(t *testing.T) {
	x := []float64{4, 1, 2}
	for p, want := range map[float64]float64{0: 1, .25: 1.5, .5: 2, .75: 3, 1: 4} {
		if got := Of(x, p); got != want {
			t.Errorf("quantile %g is %g, want %g", p, got, want)
		}
	}
	if !slices.Equal(x, []float64{4, 1, 2}) {
		t.Errorf("the values are now %v", x)
	}
	if got := Of(x[:1], .3); got != 4 {
		t.Errorf("quantile of one value is %g", got)
	}
}
