package ot

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/sbinet/npyio/npy"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// toy draws n points of a plane cloud: "normal", "8gaussians" or "checkerboard".
func toy(kind string, n int, rng *rand.Rand) []float32 {
	out := make([]float32, 0, 2*n)
	for range n {
		x, y := rng.NormFloat64(), rng.NormFloat64()
		switch kind {
		case "8gaussians":
			sin, cos := math.Sincos(float64(rng.IntN(8)) * math.Pi / 4)
			x, y = 5*cos+.5623*x, 5*sin+.5623*y
		case "checkerboard":
			x = 4*rng.Float64() - 2
			y = 2 * (rng.Float64() - 2*float64(rng.IntN(2)) + math.Mod(math.Floor(x)+4, 2))
			x *= 2
		}
		out = append(out, float32(x), float32(y))
	}
	return out
}

// load reads an array of testdata.
func load[T any](t testing.TB, name string) []T {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".npy"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var x []T
	if err := npy.Read(f, &x); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return x
}

// bruteForce returns the least cost over all permutations.
func bruteForce(cost []float64, n int) float64 {
	best := math.Inf(1)
	used := make([]bool, n)
	var walk func(i int, sum float64)
	walk = func(i int, sum float64) {
		if i == n {
			best = min(best, sum)
			return
		}
		for j := range n {
			if !used[j] {
				used[j] = true
				walk(i+1, sum+cost[i*n+j])
				used[j] = false
			}
		}
	}
	walk(0, 0)
	return best
}

// permCost returns the cost of perm, and fails the test unless it is a permutation.
func permCost(t testing.TB, perm []int, cost []float64) float64 {
	t.Helper()
	n := len(perm)
	seen := make([]bool, n)
	sum := 0.0
	for i, j := range perm {
		if j < 0 || j >= n || seen[j] {
			t.Fatalf("not a permutation: %v", perm)
		}
		seen[j] = true
		sum += cost[i*n+j]
	}
	return sum
}

func largest(x []float64) float64 {
	m := 0.0
	for _, v := range x {
		m = max(m, math.Abs(v))
	}
	return m
}

func near(t testing.TB, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s = %.12g, want %.12g within %g", what, got, want, tol)
	}
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
