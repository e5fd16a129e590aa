package idffnb_test

import (
	"fmt"
	"os"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

func Example() {
	dir, err := os.MkdirTemp("", "runs-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	if err := os.Setenv("IDFF_RUNS", dir); err != nil {
		fmt.Println(err)
		return
	}
	run := idffnb.MustOpen(idffnb.Experiment{
		Name: "example", Data: datasets.Moons(), Net: net.MLP{Width: 16, Layers: 2}, Coupling: flow.ExactOT(), Batch: 32, Steps: 30,
	})
	run.MustTrain()
	idff := run.MustSample(100, flow.IDFF(0.5, -0.2), solver.RK4(2))
	c := idff.Cost
	fmt.Printf("%s with %s: %d steps, %d forwards, %d backwards, cost %g\n", idff.Field, idff.Solver, c.Steps, c.Forwards, c.Backwards, c.Equivalents)
	// Output: IDFF γ=(0.5, -0.2) with rk4 x2: 2 steps, 8 forwards, 12 backwards, cost 26
}
