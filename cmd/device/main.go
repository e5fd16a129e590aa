// Command device measures what this process's backend does, and prints it as a table in Markdown: training steps a second, whole samplings of many points, and the quality
// of what was trained, so that precisions and backends can be set side by side.
//
//	make cuda-check                                                          # on a GPU, in each precision
//	GOMLX_BACKEND=xla:cpu go run ./cmd/device -steps 2000 -points 20000      # anywhere
//
// Times depend on the machine and on what else it does; run it on an idle one.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

var (
	steps  = flag.Int("steps", 20_000, "training steps, batch 256, width 256, independent coupling")
	points = flag.Int("points", 1_000_000, "points to sample")
	piece  = flag.Int("piece", 250_000, "points sampled at once; fewer need less memory")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if *steps < 100 || *points < 1 || *piece < 1 || *piece > *points {
		return fmt.Errorf("device: %d steps, %d points in pieces of %d: want at least 100 steps, a point, and pieces of 1 to all points", *steps, *points, *piece)
	}
	dir, err := os.MkdirTemp("", "device-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	if err := os.Setenv("IDFF_RUNS", dir); err != nil {
		return err
	}
	_, info, err := idffnb.Backend()
	if err != nil {
		return err
	}
	fmt.Printf("\n| what | %s |\n|---|---|\n", info)
	r, err := train()
	if err != nil {
		return err
	}
	if err := quality(r); err != nil {
		return err
	}
	return sampling(r)
}

// train trains for the steps; its speed leaves out the first ones, and so compiling.
func train() (*idffnb.Run, error) {
	r, err := idffnb.Open(idffnb.Experiment{Name: "device", Data: datasets.EightGaussians(), Steps: *steps})
	if err == nil {
		err = r.Train()
	}
	if err == nil {
		fmt.Printf("| training, batch 256, width 256, independent coupling | %v |\n", r.Speed())
	}
	return r, err
}

// quality shows what the precision does to MMD².
func quality(r *idffnb.Run) error {
	judge := idffnb.Judge{N: 2048, Seeds: idffnb.Seeds(0, 4), Metrics: []string{"mmd2"}}
	for _, c := range []struct {
		field flow.Field
		s     solver.Solver
	}{{flow.CFM(), solver.Euler(10)}, {flow.IDFF(.2, -.2), solver.RK4(2)}} {
		report, err := r.Evaluate(c.field, c.s, judge)
		if err != nil {
			return err
		}
		fmt.Printf("| 8gaussians, %d steps: MMD² of %s, %v, 2048 points, seeds 0-4 | %.5f ± %.5f |\n", *steps, c.field.Name(), c.s, report.Mean("mmd2"), report.Std("mmd2"))
	}
	return nil
}

// sampling times the points in pieces, three times over, from the start points on the host to the last state on the host; compiling is left out.
func sampling(r *idffnb.Run) error {
	for _, c := range []struct {
		field flow.Field
		s     solver.Solver
	}{{flow.CFM(), solver.Euler(10)}, {flow.IDFF(.2, -.2), solver.RK4(2)}} {
		var took []float64
		for range 3 {
			seconds := 0.
			for at := 0; at+*piece <= *points; at += *piece {
				out, err := r.Sample(*piece, c.field, c.s, idffnb.WithSeed(uint64(at)), idffnb.Unkept())
				if err != nil {
					return err
				}
				seconds += out.Cost.Seconds
			}
			took = append(took, seconds)
		}
		slices.Sort(took)
		fmt.Printf("| sampling %d points, %d at once, %s, %v, median of 3 | %.3f s |\n", *points / *piece * *piece, *piece, c.field.Name(), c.s, took[1])
	}
	return nil
}
