// Command betaplane makes the synthetic maps of temperature of datasets.BetaPlane and writes them as a .npy file of NumPy, float32 of shape [trajectories,
// frames, size, size] in °C:
//
//	go run ./cmd/betaplane -out out/betaplane.npy                                  # the standard set: 10 x 200 maps of 60 x 60, some seconds, 29 MB
//	go run ./cmd/betaplane -trajectories 40 -seed 1 -out out/betaplane-more.npy
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/idff-go/workbench/datasets"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var b datasets.BetaPlane
	flag.IntVar(&b.Trajectories, "trajectories", 10, "trajectories")
	flag.IntVar(&b.Frames, "frames", 200, "frames of each")
	flag.IntVar(&b.Size, "size", 60, "pixels along a side, an even number")
	flag.Float64Var(&b.Days, "days", 1, "days between frames, a multiple of 1/8")
	flag.Uint64Var(&b.Seed, "seed", 0, "seed")
	out := flag.String("out", "", "the file to write")
	flag.Parse()
	if *out == "" || flag.NArg() > 0 {
		flag.Usage()
		return fmt.Errorf("betaplane: name the file to write: -out out/betaplane.npy")
	}
	start := time.Now()
	m, err := b.Maps()
	if err != nil {
		return err
	}
	if err := m.SaveNPY(*out); err != nil {
		return err
	}
	fmt.Printf("%v\n%s, %.1f s\n", m, *out, time.Since(start).Seconds())
	return nil
}
