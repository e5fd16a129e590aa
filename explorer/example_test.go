package explorer_test

import (
	"fmt"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/explorer"
	"github.com/idff-go/workbench/idffnb"
)

// In a cell of a notebook: sliders, and without a browser a grid.
func ExampleMustGamma() {
	run := idffnb.MustOpen(idffnb.Experiment{Name: "board", Data: datasets.Checkerboard()})
	run.MustTrain()
	explorer.MustGamma(run, explorer.Options{Bandwidth: 0.6, Truth: datasets.Checkerboard().Points(99, 4000)})
}

func ExampleGrid() {
	run := idffnb.MustOpen(idffnb.Experiment{Name: "untrained", Data: datasets.Checkerboard()})
	fig, err := explorer.Grid(run, explorer.Options{Solver: "euler", Steps: 8, Gamma1: []float64{0, 0.5, 1}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := fig.Save("gamma.png"); err != nil {
		fmt.Println(err)
	}
}
