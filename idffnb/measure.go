package idffnb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/plugin"
)

// StepCost is what a training step of an experiment takes on this machine, as MeasureTraining found it.
type StepCost struct {
	Batch      int     `json:"batch"`
	Steps      int     `json:"steps"` // that were timed
	Seconds    float64 `json:"seconds_a_step"`
	Start      float64 `json:"seconds_to_start"` // until the first step began: mostly XLA's compiler, which is not spared here
	Parameters int     `json:"parameters"`       // of the network
	AtStart    Memory  `json:"memory_at_start"`  // at the most, until the first step was done: XLA's compiler too
	Memory     Memory  `json:"memory"`           // at the most, in steps after the first
	Backend    string  `json:"backend"`
	Settings   string  `json:"settings"` // variables of the environment that time and memory depend on beside the backend
}

// settings are those of this process.
func settings() string {
	var text []string
	for _, name := range []string{"GLIBC_TUNABLES", "XLA_FLAGS", "NVIDIA_TF32_OVERRIDE", devicesVariable, "GOMAXPROCS"} {
		if value, set := os.LookupEnv(name); set {
			text = append(text, name+"="+value)
		}
	}
	return strings.Join(text, " ")
}

// Project is how long steps of a batch take if time grows as the batch does:
//
//	steps * Seconds * batch/Batch
//
// That is too much where small batches do not keep the device busy, so measure near the batch that is meant.
func (c *StepCost) Project(steps, batch int) time.Duration {
	seconds := float64(steps) * c.Seconds * float64(batch) / float64(c.Batch)
	return time.Duration(seconds * float64(time.Second))
}

// String is one line, e.g. "batch 2: 6.1 s a step (3 steps), 7.4 GB of the program's memory; started in 31 s".
func (c *StepCost) String() string {
	return fmt.Sprintf("batch %d: %.3g s a step (%d steps), %v; started in %.0f s", c.Batch, c.Seconds, c.Steps, c.Memory, c.Start)
}

// MeasureTraining makes steps+1 training steps of the experiment, whatever its Steps, and gives time and memory of those after the first, in which much happens once. Nothing of the training is kept: no
// checkpoint is written. The result is, in the run folder of the experiment with so many steps, for Measured. Time and memory do not depend on what data show,
// so that noise of the right shape does. A measurement per program: memory that an earlier one in it took counts for the later ones too.
func MeasureTraining(e Experiment, steps int) (*StepCost, error) {
	r, err := prepareMeasuring(e, steps)
	if err != nil {
		return nil, err
	}
	cost, err := r.measure()
	if err != nil {
		return nil, err
	}
	data, err := json.MarshalIndent(cost, "", "\t")
	if err == nil {
		err = checkpoint.WriteFileAtomic(r.folder.Path(measuredFile), append(data, '\n'))
	}
	if err != nil {
		return nil, fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	}
	return cost, nil
}

// MustMeasureTraining is MeasureTraining for notebooks.
func MustMeasureTraining(e Experiment, steps int) *StepCost {
	c, err := MeasureTraining(e, steps)
	Must(err)
	return c
}

// Measured is what MeasureTraining, here or in another program, found last for the experiment on the same backend and device under the same settings (GLIBC_TUNABLES, XLA_FLAGS and the like); where it found nothing it is called. It
// serves tables of what programs before have measured: it does not see that code has changed since.
func Measured(e Experiment, steps int) (*StepCost, error) {
	r, err := prepareMeasuring(e, steps)
	if err != nil {
		return nil, err
	}
	found, err := readStepCost(r.folder.Path(measuredFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	}
	if err == nil && found.Backend == r.info.String() && found.Settings == settings() {
		return found, nil
	}
	return MeasureTraining(e, steps)
}

const measuredFile = "measured.json"

// prepareMeasuring opens the run folder of the experiment with so many steps.
func prepareMeasuring(e Experiment, steps int) (*Run, error) {
	if steps < 1 {
		return nil, fmt.Errorf("idffnb: %s: measuring %d training steps: want 1 or more", e.Name, steps)
	}
	e.Steps, e.WarmUp = steps+1, min(e.WarmUp, steps+1)
	return prepare(e)
}

func readStepCost(path string) (*StepCost, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var c StepCost
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w; remove it", path, err)
	}
	return &c, nil
}

// measure trains without saving, a step a call, so that the first can be left out.
func (r *Run) measure() (*StepCost, error) {
	defer plugin.Anew()()
	stop, done := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer done()
	r.unsaved, r.chunkSteps = true, 1
	c := &StepCost{Batch: r.exp.Batch, Backend: r.info.String(), Settings: settings()}
	meter, began := newMemoryMeter(r.info), time.Now()
	err := r.train(stop, func() {
		if r.step == 1 {
			c.Start, c.AtStart = time.Since(began).Seconds(), meter.peak()
			meter.restart()
		}
	})
	if err != nil {
		return nil, err
	}
	c.Steps, c.Seconds, c.Memory = r.speed.Steps, r.speed.Seconds/float64(max(r.speed.Steps, 1)), meter.peak()
	for _, v := range r.variables {
		if v.Trainable {
			c.Parameters += v.Shape().Size()
		}
	}
	return c, nil
}
