// Command numbers measures the figures of the README's table and prints them as Markdown: the quality of flows trained for 20,000 steps with exact
// OT (trained first where no run folder has them, which takes some minutes), the time of an exact assignment, and training speed on each backend.
//
//	make numbers
//
// Times depend on the machine and on what else it does; run it on an idle one.
package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"time"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/ot"
	"github.com/idff-go/workbench/idffnb/solver"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) == 2 && os.Args[1] == "speed" {
		return speed()
	}
	fmt.Printf("| what | measured (%s/%s, %d cores) |\n|---|---|\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	for _, set := range []datasets.Toy{datasets.EightGaussians(), datasets.Checkerboard()} {
		if err := quality(set); err != nil {
			return err
		}
	}
	if err := assignment(256, 200); err != nil {
		return err
	}
	if err := assignment(1024, 20); err != nil {
		return err
	}
	for _, backend := range []string{"xla:cpu", "go"} { // a process has one backend
		cmd := exec.Command(os.Args[0], "speed")
		cmd.Env = append(os.Environ(), "GOMLX_BACKEND="+backend)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("training speed on %s: %w", backend, err)
		}
	}
	return nil
}

// quality judges CFM with 10 Euler steps on the run that the notebooks share.
func quality(set datasets.Toy) error {
	r, err := idffnb.Open(idffnb.Experiment{Name: set.Name() + "-ot", Data: set, Coupling: flow.ExactOT()})
	if err != nil {
		return err
	}
	if err := r.Train(); err != nil {
		return err
	}
	judge := idffnb.Judge{N: 2048, Seeds: idffnb.Seeds(0, 4), Metrics: []string{"mmd2"}}
	report, err := r.Evaluate(flow.CFM(), solver.Euler(10), judge)
	if err != nil {
		return err
	}
	floor, err := r.Floor(judge)
	if err != nil {
		return err
	}
	fmt.Printf("| %s, exact OT, 20,000 steps: MMD² of CFM with 10 Euler steps, 2048 points, seeds 0-4 | %.4f ± %.4f (floor %.4f) |\n",
		set, report.Mean("mmd2"), report.Std("mmd2"), floor.Mean("mmd2"))
	return nil
}

// assignment times the exact OT of a batch of noise and data, on one core.
func assignment(n, times int) error {
	runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(runtime.NumCPU())
	rng := rand.New(rand.NewPCG(1, 1))
	var s ot.Solver
	var took []time.Duration
	for range times {
		_, x1, _ := datasets.EightGaussians().Batch(rng, n)
		x0 := make([]float32, len(x1))
		for i := range x0 {
			x0[i] = float32(rng.NormFloat64())
		}
		began := time.Now()
		if _, err := s.Assign(x0, x1, 2); err != nil {
			return err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	fmt.Printf("| exact OT of %dx%d points, noise to 8gaussians, one core, median of %d | %.1f ms |\n", n, n, times, took[times/2].Seconds()*1e3)
	return nil
}

// speed prints the training speed of this process's backend, compilation excluded: the difference of two trainings.
func speed() error {
	dir, err := os.MkdirTemp("", "numbers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	if err := os.Setenv("IDFF_RUNS", dir); err != nil {
		return err
	}
	for _, coupling := range []flow.Coupling{flow.Independent(), flow.ExactOT()} {
		var took [2]float64
		steps := [2]int{20, 620}
		var r *idffnb.Run
		for i, n := range steps {
			r, err = idffnb.Open(idffnb.Experiment{Name: "speed", Data: datasets.Checkerboard(), Coupling: coupling, Steps: n})
			if err != nil {
				return err
			}
			if err := r.Train(); err != nil {
				return err
			}
			took[i] = r.TrainSeconds()
		}
		_, info, _ := idffnb.Backend()
		fmt.Printf("| training, batch 256, width 256, %s coupling, backend %s | %.0f steps/s |\n", coupling.Name(), info.Name, float64(steps[1]-steps[0])/(took[1]-took[0]))
	}
	return nil
}
