package metric

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/sbinet/npyio/npy"
)

// normal draws n points N(mean, std^2 I); the sum over seeds of all tests is fixed, so they pass or fail for good.
func normal(n, dim int, mean, std float64, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 3))
	x := make([]float32, n*dim)
	for k := range x {
		x[k] = float32(mean + std*r.NormFloat64())
	}
	return x
}

func load(t testing.TB, name string) []float32 {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".npy"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var x []float32
	if err := npy.Read(f, &x); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return x
}

func near(t testing.TB, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s = %.15g, want %.15g within %g", what, got, want, tol)
	}
}

// value returns a function that takes what a metric returns and fails on its error.
func value(t testing.TB) func(v float64, err error) float64 {
	return func(v float64, err error) float64 {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
