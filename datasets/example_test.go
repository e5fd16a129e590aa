package datasets_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

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

func ExampleNewImages() {
	pixels := []byte{0, 255, 0, 255, 255, 0, 255, 0} // two images of 2 x 2 pixels in grey
	stripes, err := datasets.NewImages("stripes", pixels, [3]int{2, 2, 1}, []byte{0, 1}, []string{"right", "left"})
	if err != nil {
		fmt.Println(err)
		return
	}
	first, err := stripes.At(0)
	fmt.Println(stripes.Shape(), stripes.Dim(), first, err)
	data := stripes.Flipped().MustLabelled()
	_, x1, cond := data.Batch(rand.New(rand.NewPCG(1, 0)), 128)
	fmt.Println(data.Name(), data.Classes(), len(x1), len(cond))
	// Output:
	// [2 2 1] 4 [-1 1 -1 1] <nil>
	// stripes with labels 2 512 128
}

func ExampleWriteImages() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	grey := datasets.MustFashionSample(datasets.Test)
	written := filepath.Join(dir, "clothes") // "clothes.npz" is a file of NumPy's
	err = datasets.WriteImages(written, 3, grey.Shape(), func(from int) (x, labels []float32) {
		x, _ = grey.At(from) // one at a time, or as many as you like
		return x, nil
	})
	fmt.Println(err)
	files, err := os.ReadDir(written)
	for _, file := range files {
		fmt.Println(file.Name())
	}
	fmt.Println(err)
	// Output:
	// <nil>
	// 00000.png
	// 00001.png
	// 00002.png
	// <nil>
}
