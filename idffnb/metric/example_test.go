package metric_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/metric"
)

func ExampleByName() {
	x, y := []float32{0, 0, 1, 0}, []float32{0, 3, 1, 5}
	for _, name := range []string{"mmd2", "w2", "w3"} {
		m, err := metric.ByName(name)
		if err != nil {
			fmt.Println(err)
			continue
		}
		value, err := m.Compare(x, y, 2)
		fmt.Printf("%s %.4f %v\n", m.Name(), value, err)
	}
	// Output:
	// mmd2 1.3354 <nil>
	// w2 4.1231 <nil>
	// metric: unknown metric "w3"; valid names: mmd2, mmd2-unbiased, mmd2-multi, w1, w2, sliced-w2, uncovered, astray
}

// Two methods on the same five seeds: each varies more from seed to seed than the two differ.
func ExampleCompare() {
	ours := []float64{.0110, .0152, .0098, .0131, .0120}
	theirs := []float64{.0121, .0160, .0112, .0140, .0133}
	p, err := metric.Compare(ours, theirs)
	fmt.Println(p, err)
	// Output: difference -0.0011 (95% interval -0.001417 to -0.0007834), lower on 5 of 5 seeds, sign test p = 0.062 <nil>
}

// What 2048 points of data score against 2048 others.
func ExampleFloor() {
	draw := func(seed uint64) []float32 {
		rng := rand.New(rand.NewPCG(seed, 0))
		x := make([]float32, 2*2048)
		for k := range x {
			x[k] = float32(rng.NormFloat64())
		}
		return x
	}
	m, err := metric.ByName("mmd2")
	if err != nil {
		fmt.Println(err)
		return
	}
	floor, err := metric.Floor(m, draw, 2, []uint64{0, 1, 2, 3, 4})
	fmt.Printf("below 0.002: %v %v\n", floor.High < 0.002, err)
	// Output: below 0.002: true <nil>
}

// A sampler that never goes where x < 0: its samples are good, so astray stays small, but it misses three of the eight modes
// and half of two others. Fresh data stand beside it.
func ExampleUncovered() {
	toy := datasets.EightGaussians()
	data, fresh := toy.Sample(1, 2048), toy.Sample(3, 2048)
	var half []float32
	for i := 0; i < len(fresh); i += 2 {
		if fresh[i] > 0 {
			half = append(half, fresh[i], fresh[i+1])
		}
	}
	for _, x := range [][]float32{fresh, half} {
		uncovered, _ := metric.Uncovered(x, data, 2, 5)
		astray, _ := metric.Astray(x, data, 2, 5)
		expected, err := metric.ExpectedUncovered(len(x)/2, len(data)/2, 5)
		fmt.Printf("uncovered %.3f (were it the data's distribution: %.3f), astray %.3f, %v\n", uncovered, expected, astray, err)
	}
	// Output:
	// uncovered 0.032 (were it the data's distribution: 0.031), astray 0.008, <nil>
	// uncovered 0.489 (were it the data's distribution: 0.128), astray 0.007, <nil>
}

// The same sampler, by modes.
func ExampleModes() {
	toy := datasets.EightGaussians()
	fresh := toy.Sample(3, 2048)
	var half []float32
	for i := 0; i < len(fresh); i += 2 {
		if fresh[i] > 0 {
			half = append(half, fresh[i], fresh[i+1])
		}
	}
	centres, radius, _ := toy.Modes()
	for _, x := range [][]float32{fresh, half} {
		shares, err := metric.Modes(x, 2, centres, radius)
		fmt.Printf("%v, %v: %.2f\n", shares, err, shares.Shares)
	}
	// Output:
	// 8 of 8 modes, outside 0.0142, total variation 0.0376, <nil>: [0.12 0.14 0.12 0.11 0.13 0.12 0.11 0.12]
	// 5 of 8 modes, outside 0.0164, total variation 0.404, <nil>: [0.24 0.28 0.13 0.00 0.00 0.00 0.10 0.25]
}

// A distance of features is named after the network that made them.
func ExampleFrechet() {
	features := func(seed uint64, shift float64) []float32 {
		rng := rand.New(rand.NewPCG(seed, 0))
		x := make([]float32, 16*500)
		for k := range x {
			x[k] = float32(shift + rng.NormFloat64())
		}
		return x
	}
	fid := metric.Func{Label: "FID, own features", Distance: metric.Frechet}
	floor, err := metric.Floor(fid, func(seed uint64) []float32 { return features(seed, 0) }, 16, []uint64{0, 1, 2})
	fmt.Printf("%s of data against data: below 1: %v %v\n", fid.Name(), floor.High < 1, err)
	value, err := fid.Compare(features(7, .5), features(8, 0), 16)
	fmt.Printf("all 16 features shifted by 1/2: above 16/4: %v %v\n", value > 4, err)
	kid, err := metric.KIDBlocks(features(7, .5), features(8, 0), 16, 100)
	fmt.Printf("KID in %d blocks: above 0: %v %v\n", len(kid.Values), kid.Low > 0, err)
	// Output:
	// FID, own features of data against data: below 1: true <nil>
	// all 16 features shifted by 1/2: above 16/4: true <nil>
	// KID in 5 blocks: above 0: true <nil>
}
