package datasets_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/idff-go/workbench/datasets"
)

func ExampleToy() {
	toy := datasets.Checkerboard()
	rng := rand.New(rand.NewPCG(1, 0))
	_, x1, _ := toy.Batch(rng, 256)
	fmt.Println(toy.Name(), toy.Dim(), len(x1))
	// Output: checkerboard 2 512
}

func ExampleByName() {
	_, err := datasets.ByName("donuts")
	fmt.Println(err)
	// Output: datasets: there is no data set "donuts"; the names are 8gaussians, checkerboard, moons, pinwheel, 2spirals, swissroll, rings, circles, 8gaussians-ffjord, moons-ffjord
}

func ExampleFromPoints() {
	triangle, err := datasets.FromPoints("triangle", []float32{0, 0, 1, 0, 0, 1}, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(triangle.Len(), triangle.Dim(), len(triangle.Sample(1, 100)))
	// Output: 3 2 200
}
