package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/net"
)

// unetExperiment trains a small U-Net on images of 28 x 28, one level at 28 and one at 14 with attention; peers.py has the same.
func unetExperiment(seed uint64, steps int) idffnb.Experiment {
	return idffnb.Experiment{Name: "unet", Data: noiseImages{}, Batch: 32, Steps: steps, Seed: seed,
		Net: net.UNet{Channels: 32, Multipliers: []int{1, 2}, Blocks: 1, Attention: []int{14}}}
}

// noiseImages are 28 x 28 pixels without meaning.
type noiseImages struct{}

func (noiseImages) Name() string  { return "noise" }
func (noiseImages) Dim() int      { return 28 * 28 }
func (noiseImages) Shape() [3]int { return [3]int{28, 28, 1} }

func (noiseImages) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	for range n * 28 * 28 {
		x1 = append(x1, 2*rng.Float32()-1)
	}
	return nil, x1, nil
}

// unetTraining is the row of the U-Net.
func unetTraining() task {
	return trainingAfter(5, "unet", "training a U-Net: 28 x 28 pixels, 32 and 64 channels, attention at 14, batch 32", 20, []string{torch}, map[string]float64{torch: 1}, unetExperiment)
}

// unetParameters counts those of the workbench's U-Net.
func unetParameters() (n int, err error) {
	run, err := idffnb.Open(unetExperiment(0, 1))
	if err != nil {
		return 0, err
	}
	if err := run.Train(); err != nil {
		return 0, err
	}
	path := filepath.Join(run.Dir, "weights.safetensors")
	if err := run.Export(path); err != nil {
		return 0, err
	}
	tensors, _, err := checkpoint.Read(path)
	for _, t := range tensors {
		n += len(t.Data) / 4
	}
	return n, err
}

// memory is the peak of memory, in bytes, beyond that of a process that has loaded its libraries and started its backend: until the first step is done, compilation included, and in five steps after it.
type memory struct{ Start, Steps int64 }

// memories measures the U-Net's training in processes of their own, PyTorch's under the settings that it is timed under.
func memories(settings []string) (ours, theirs memory, err error) {
	program, err := os.Executable()
	if err != nil {
		return ours, theirs, err
	}
	for _, side := range []struct {
		cmd *exec.Cmd
		out *memory
	}{
		{exec.Command(program, "-memory", "-cores", strconv.Itoa(*cores)), &ours},
		{exec.Command(*python, "cmd/bench/peers.py", "memory", strconv.Itoa(*cores), "cpu"), &theirs},
	} {
		side.cmd.Stderr = os.Stderr
		if side.out == &theirs {
			side.cmd.Env = settings
		}
		text, err := side.cmd.Output()
		if err != nil {
			return ours, theirs, fmt.Errorf("memory of %s: %w", side.cmd, err)
		}
		if err := json.Unmarshal(text, side.out); err != nil {
			return ours, theirs, fmt.Errorf("memory of %s: %w", side.cmd, err)
		}
	}
	return ours, theirs, nil
}

// unetReport is what the U-Net's training takes beside time.
type unetReport struct {
	parameters   int
	ours, theirs memory
}

const memoryTarget = 1.3 // times PyTorch's, in steps

// unetMemory measures it, and sees to it that both sides have the same network.
func unetMemory(p *peer) (*unetReport, error) {
	parameters, err := unetParameters()
	if err != nil {
		return nil, err
	}
	if theirs := p.parameters["unet"]; theirs != parameters {
		return nil, fmt.Errorf("the U-Net has %d parameters, and that of peers.py %d", parameters, theirs)
	}
	ours, theirs, err := memories(p.cmd.Env)
	return &unetReport{parameters, ours, theirs}, err
}

func (u *unetReport) String() string {
	verdict := "missed"
	ratio := float64(u.ours.Steps) / float64(u.theirs.Steps)
	if ratio <= memoryTarget {
		verdict = "met"
	}
	MB := func(bytes int64) float64 { return float64(bytes) / 1e6 }
	return fmt.Sprintf("U-Net (%d parameters on both sides), peak memory of training beyond that of the libraries: %.0f MB in a step, PyTorch %.0f MB, %.2f times as much (at most %g: %s); until the first is done, compilation included, %.0f MB, PyTorch %.0f MB.",
		u.parameters, MB(u.ours.Steps), MB(u.theirs.Steps), ratio, memoryTarget, verdict, MB(u.ours.Start), MB(u.theirs.Start))
}

// memoryChild measures this process, and prints JSON.
func memoryChild() error {
	c, err := idffnb.MeasureTraining(unetExperiment(1, 1), 5)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(memory{c.AtStart.Bytes, c.Memory.Bytes})
}
