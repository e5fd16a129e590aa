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

// A sheet of samples that is shown anew, in its place, as the training goes on: in a notebook Update displays it, elsewhere it does nothing.
func ExampleWatch() {
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
	run := idffnb.MustOpen(idffnb.Experiment{Name: "watched", Data: datasets.Moons(), Net: net.MLP{Width: 16, Layers: 2}, Batch: 32, Steps: 50, EMA: .999})
	run.MustTrain(idffnb.Watch(20, func(run *idffnb.Run) error {
		out, err := run.Sample(64, flow.CFM(), solver.Euler(4), idffnb.Unkept())
		if err != nil {
			return err
		}
		fmt.Println("step", run.Step(), "of the training:", out.N, "samples")
		title := fmt.Sprintf("step %d", run.Step())
		return figures.Update("sheet", figures.Samples{Clouds: []figures.Cloud{{Title: title, Points: out.At(1)[0]}}})
	}))
	// Output:
	// step 20 of the training: 64 samples
	// step 40 of the training: 64 samples
	// step 50 of the training: 64 samples
}
