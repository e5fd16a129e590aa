package ot

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// benchEach runs solve on 16 fixed pairs of clouds in turn and reports the median time beside the mean.
func benchEach(b *testing.B, n, m int, kind string, solve func(x0, x1 []float32) error) {
	r := newRand(1)
	var x0, x1 [16][]float32
	for k := range x0 {
		x0[k], x1[k] = toy("normal", n, r), toy(kind, m, r)
	}
	var times []time.Duration
	for k := 0; b.Loop(); k++ {
		start := time.Now()
		if err := solve(x0[k%16], x1[k%16]); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "median-ms")
}

func BenchmarkAssign(b *testing.B) {
	for _, n := range []int{64, 256, 1024, 2048} {
		for _, kind := range []string{"8gaussians", "checkerboard", "normal"} {
			b.Run(fmt.Sprintf("%s/%d", kind, n), func(b *testing.B) {
				var s Solver
				benchEach(b, n, n, kind, func(x0, x1 []float32) error { _, err := s.Assign(x0, x1, 2); return err })
			})
		}
	}
}

// BenchmarkAssignCost runs the matrices of the tests: ties and constants must not cost n^3.
func BenchmarkAssignCost(b *testing.B) {
	for _, kind := range []string{"normal", "ties", "duplicates", "product", "constant", "magnitudes", "offset"} {
		cost := costKinds[kind](1000, 1)
		b.Run(kind+"/1000", func(b *testing.B) {
			var s Solver
			for b.Loop() {
				if _, err := s.AssignCost(cost, 1000); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEMD(b *testing.B) {
	for _, c := range [][2]int{{256, 256}, {512, 384}, {1024, 1500}} {
		b.Run(fmt.Sprintf("8gaussians/%dx%d", c[0], c[1]), func(b *testing.B) {
			benchEach(b, c[0], c[1], "8gaussians", func(x0, x1 []float32) error {
				cost, err := SquaredDistances(x0, x1, 2)
				if err == nil {
					_, err = EMD(Uniform(c[0]), Uniform(c[1]), cost)
				}
				return err
			})
		})
	}
}

func BenchmarkEntropic(b *testing.B) {
	u := Uniform(256)
	for _, c := range []struct {
		name  string
		solve func(cost []float64) (*Plan, error)
	}{
		{"sinkhorn/reg=2", func(cost []float64) (*Plan, error) { return Sinkhorn(u, u, cost, Entropic{Reg: 2, Tol: 1e-6}) }},
		{"sinkhorn/reg=.5", func(cost []float64) (*Plan, error) { return Sinkhorn(u, u, cost, Entropic{Reg: .5, Tol: 1e-6}) }},
		{"sinkhorn/reg=.05", func(cost []float64) (*Plan, error) { return Sinkhorn(u, u, cost, Entropic{Reg: .05, Tol: 1e-6}) }},
		{"unbalanced/reg=.5", func(cost []float64) (*Plan, error) { return Unbalanced(u, u, cost, 1, Entropic{Reg: .5, Tol: 1e-6}) }},
		{"partial/reg=.5", func(cost []float64) (*Plan, error) { return Partial(u, u, cost, .5, Entropic{Reg: .5, Tol: 1e-6}) }},
	} {
		b.Run(c.name+"/256", func(b *testing.B) {
			iterations := 0
			benchEach(b, 256, 256, "8gaussians", func(x0, x1 []float32) error {
				cost, err := SquaredDistances(x0, x1, 2)
				if err != nil {
					return err
				}
				p, err := c.solve(cost)
				iterations = p.Iterations
				return err
			})
			b.ReportMetric(float64(iterations), "iterations")
		})
	}
}
