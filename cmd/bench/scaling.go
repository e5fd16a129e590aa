package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// scale is what some devices of the backend take together for the work of one.
type scale struct {
	Devices         int
	Train, Sample   cost // of a step of batch 4096, and of 20,000 points of IDFF of order 2 with RK4 x 2
	Backend, Failed string
}

// scaling measures one, two and four devices, in turns; a process has one number of them. On the CPU they are shares of the same cores, so that it shows
// what splitting costs, not what it gains.
func scaling() ([]scale, error) {
	list := []scale{{Devices: 1}, {Devices: 2}, {Devices: 4}}
	all := make([][]scale, len(list))
	for range max(1, *rounds/2) {
		for i, s := range list {
			out, err := scaleOf(s.Devices)
			if err != nil {
				return nil, err
			}
			all[i] = append(all[i], out)
		}
	}
	for i, measured := range all {
		list[i] = measured[0]
		list[i].Train = medianCost(measured, func(s scale) cost { return s.Train })
		list[i].Sample = medianCost(measured, func(s scale) cost { return s.Sample })
	}
	return list, nil
}

func medianCost(list []scale, of func(scale) cost) cost {
	var seconds, cpu []float64
	for _, s := range list {
		seconds, cpu = append(seconds, of(s).Seconds), append(cpu, of(s).CPU)
	}
	return cost{median(seconds), median(cpu)}
}

func scaleOf(devices int) (s scale, err error) {
	program, err := os.Executable()
	if err != nil {
		return s, err
	}
	cmd := exec.Command(program, "-scaling", "-cores", strconv.Itoa(*cores), fmt.Sprintf("-quick=%v", *quick))
	cmd.Env = append(os.Environ(), "IDFF_DEVICES="+strconv.Itoa(devices))
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return s, fmt.Errorf("%d devices: %w", devices, err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("%d devices: %w", devices, err)
	}
	s.Devices = devices
	return s, nil
}

// scalingChild measures this process's devices. A backend that has not so many says so.
func scalingChild() error {
	var out scale
	err := func() error {
		_, info, err := idffnb.Backend()
		if err != nil {
			return err
		}
		out.Backend = info.Name
		steps, points := 120, 20_000
		if *quick {
			steps, points = 20, 400
		}
		run, err := idffnb.Open(idffnb.Experiment{Name: "scaling", Data: datasets.EightGaussians(), Batch: 4096, Steps: steps})
		if err != nil {
			return err
		}
		if err := run.Train(); err != nil {
			return err
		}
		out.Train = cost{1 / run.Speed().PerSecond(), run.Speed().CPU / float64(run.Speed().Steps)}
		sample, err := warm(func() error {
			_, err := run.Sample(points, flow.IDFF(.5, -.2), solver.RK4(2), idffnb.Unkept())
			return err
		})
		if err != nil {
			return err
		}
		out.Sample, err = sample(3)
		return err
	}()
	if err != nil {
		out.Failed = err.Error()
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}
