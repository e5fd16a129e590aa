package metric

import "testing"

// addSquaresWays are the ways to addSquares that this CPU has.
var addSquaresWays = map[string]func(d, x []float64, v float64){"scalar": addSquaresScalar}

func TestAddSquares(t *testing.T) {
	for name, add := range addSquaresWays {
		for n := range 40 {
			d, x := make([]float64, n+1), make([]float64, n)
			for i := range x {
				d[i], x[i] = float64(i), float64(i*i)
			}
			d[n] = -1
			add(d[:n], x, 3)
			for i, v := range x {
				if want := float64(i) + (v-3)*(v-3); d[i] != want {
					t.Fatalf("%s of %d: %g at %d, want %g", name, n, d[i], i, want)
				}
			}
			if d[n] != -1 {
				t.Fatalf("%s of %d wrote beyond the end", name, n)
			}
		}
	}
}
