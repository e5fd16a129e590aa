package idffnb_test

import (
	"fmt"
	"os"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/figures"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

func ExampleRun_LogLikelihood() {
	dir, err := os.MkdirTemp("", "runs-")
	idffnb.Must(err)
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	idffnb.Must(os.Setenv("IDFF_RUNS", dir))
	run := idffnb.MustOpen(idffnb.Experiment{
		Name: "example", Data: datasets.Moons(), Objective: flow.Velocity(), Net: net.MLP{Width: 16, Layers: 2}, Batch: 32, Steps: 30,
	})
	run.MustTrain()
	test := run.MustLogLikelihood(datasets.Moons().Sample(1, 200), flow.CFM(), solver.Midpoint(8))
	c := test.Cost // test.Mean() nats, test.BitsPerDim() bits
	fmt.Printf("%d points: %d steps, %d forwards, %d backwards, cost %g\n", test.N, c.Steps, c.Forwards, c.Backwards, c.Equivalents)
	guess := run.MustLogLikelihood(datasets.Moons().Sample(1, 200), flow.CFM(), solver.Midpoint(8), idffnb.WithDivergence(flow.Hutchinson(1)))
	fmt.Printf("%v: cost %g\n", guess.Divergence, guess.Cost.Equivalents)
	box := figures.Box{XMin: -5, XMax: 8, YMin: -5, YMax: 8}
	grid := run.MustLogLikelihood(idffnb.Flat(box.Points(20)), flow.CFM(), solver.Midpoint(8))
	_, err = figures.DensityMap{Box: box, Panels: []figures.DensityPanel{{Title: "CFM", LogP: grid.LogP}}}.Draw()
	fmt.Println("map:", err)
	// Output:
	// 200 points: 8 steps, 16 forwards, 32 backwards, cost 48
	// rademacher x1: cost 32
	// map: <nil>
}
