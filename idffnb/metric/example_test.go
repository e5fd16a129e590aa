package metric_test

import (
	"fmt"
	"math/rand/v2"

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
	// metric: unknown metric "w3"; valid names: mmd2, mmd2-unbiased, mmd2-multi, w1, w2, sliced-w2
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
