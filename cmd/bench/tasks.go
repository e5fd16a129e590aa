package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/figures"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/metric"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/ot"
	"github.com/idff-go/workbench/idffnb/solver"
	"golang.org/x/sys/unix"
)

// task is a row of the table. peers.py does the same work under the same name.
type task struct {
	name, what string
	steps      bool // speed in steps a second, not time of one
	n          int  // pieces of work in a round
	peers      []string
	targets    map[string]float64 // how many times as fast as a peer it is to be
	prepare    func() (func(n int) (cost, error), error)
	note       func() (string, error) // after the rounds; may be nil
}

const (
	torch = "torch"
	jax   = "jax"
)

// format writes what one piece of work took.
func (t task) format(c cost) string {
	switch {
	case t.steps:
		if c.Seconds > .1 {
			return fmt.Sprintf("%.3g steps/s", 1/c.Seconds)
		}
		return fmt.Sprintf("%.0f steps/s", 1/c.Seconds)
	case c.Seconds < 1:
		return fmt.Sprintf("%.3g ms", c.Seconds*1e3)
	}
	return fmt.Sprintf("%.3g s", c.Seconds)
}

// tasks lists the rows, on a run that is trained for a moment: how long a field takes does not depend on the weights.
func tasks() ([]task, error) {
	run, err := idffnb.Open(idffnb.Experiment{Name: "fields", Data: datasets.EightGaussians(), Steps: 20})
	if err != nil {
		return nil, err
	}
	if err := run.Train(); err != nil {
		return nil, err
	}
	both := []string{torch, jax}
	on, err := device()
	if err != nil {
		return nil, err
	}
	trainTargets, fieldTargets := map[string]float64{jax: 1, torch: 1.35}, map[string]float64{jax: 1, torch: 2}
	if on == "cuda" {
		trainTargets, fieldTargets = map[string]float64{torch: 3}, nil
	}
	list := []task{
		training("train", "training, batch 256, width 256, independent coupling", 500, both, trainTargets,
			func(seed uint64, steps int) idffnb.Experiment {
				return idffnb.Experiment{Name: "train", Data: datasets.Checkerboard(), Steps: steps, Seed: seed}
			}),
		training("train OT", "the same with exact OT", 300, []string{torch}, map[string]float64{torch: 3},
			func(seed uint64, steps int) idffnb.Experiment {
				return idffnb.Experiment{Name: "train-ot", Data: datasets.Checkerboard(), Coupling: flow.ExactOT(), Steps: steps, Seed: seed}
			}),
		training("train MD", "training on trajectories: batch 10, width 128, 46 angles, the index embedded", 1000, both, nil, dynamics),
		unetTraining(),
	}
	points := idffnb.Noise(1, 2048, 2)
	for order, field := range []flow.Field{flow.CFM(), flow.IDFF(.5), flow.IDFF(.5, -.2), flow.IDFF(.5, -.2, .1)} {
		var note func() (string, error)
		if on == "cpu" { // GPUs compute on after a call returns
			note = func() (string, error) { return products(order) }
		}
		list = append(list, task{name: fmt.Sprintf("field %d", order), what: fmt.Sprintf("field of order %d at 2048 points", order), n: 20, peers: both,
			targets: fieldTargets, note: note,
			prepare: func() (func(int) (cost, error), error) {
				return warm(func() error { _, err := run.Velocity(points, .5, field, idffnb.Unkept()); return err })
			}})
	}
	sampling := func(name, what string, field flow.Field, s solver.Solver) task {
		return task{name: name, what: what, n: 5, peers: both, prepare: func() (func(int) (cost, error), error) {
			return warm(func() error { _, err := run.Sample(2048, field, s, idffnb.Unkept()); return err })
		}}
	}
	list = append(list,
		sampling("Euler 10", "sampling 2048 points: CFM, Euler with 10 steps", flow.CFM(), solver.Euler(10)),
		sampling("RK4 2", "sampling 2048 points: IDFF of order 2, RK4 with 2 steps", flow.IDFF(.5, -.2), solver.RK4(2)),
		task{name: "OT 256", what: "exact OT of 256 points", n: 20, peers: []string{torch}, targets: map[string]float64{torch: 1}, prepare: assignment(256)},
		task{name: "OT 1024", what: "exact OT of 1024 points", n: 3, peers: []string{torch}, targets: map[string]float64{torch: 1}, prepare: assignment(1024)},
		task{name: "MMD", what: "MMD² of 2 x 10,000 points", n: 1, peers: both, prepare: func() (func(int) (cost, error), error) {
			x, y := clouds(10_000)
			return warm(func() error { _, err := metric.MMD2Unbiased(x, y, 2, 1); return err })
		}},
		task{name: "KDE grid", what: "KDE grid of 5 x 3 panels, 2048 points each, as PNG", n: 1, prepare: kdeGrid})
	return list, nil
}

// warm does a piece of work once, and returns what times more of it.
func warm(work func() error) (func(n int) (cost, error), error) {
	return func(n int) (cost, error) {
		began, cpu := time.Now(), cpuTime()
		for range n {
			if err := work(); err != nil {
				return cost{}, err
			}
		}
		return cost{time.Since(began).Seconds() / float64(n), (cpuTime() - cpu) / float64(n)}, nil
	}, work()
}

// training is a row of training steps: each round trains a network of its own seed, and counts from the end of its first steps on. Chunks of steps grow in the first 200.
func training(name, what string, steps int, peers []string, targets map[string]float64, experiment func(seed uint64, steps int) idffnb.Experiment) task {
	return trainingAfter(200, name, what, steps, peers, targets, experiment)
}

const mostWaiting = .05 // of a training's time, for its batches

// trainingAfter is training with so many first steps.
func trainingAfter(first int, name, what string, steps int, peers []string, targets map[string]float64, experiment func(seed uint64, steps int) idffnb.Experiment) task {
	var seed uint64
	var waited []float64
	return task{name: name, what: what, steps: true, n: steps, peers: peers, targets: targets,
		prepare: func() (func(int) (cost, error), error) {
			return func(n int) (cost, error) {
				seed++
				run, err := idffnb.Open(experiment(seed, n+first))
				if err != nil {
					return cost{}, err
				}
				if err := run.Train(); err != nil {
					return cost{}, err
				}
				speed := run.Speed()
				waited = append(waited, speed.Waited/speed.Seconds)
				return cost{1 / speed.PerSecond(), speed.CPU / float64(speed.Steps)}, nil
			}, nil
		},
		note: func() (string, error) {
			share, verdict := median(waited), "met"
			if share > mostWaiting {
				verdict = "missed"
			}
			return fmt.Sprintf("waiting for batches %.1f%% of the time (at most %g%%: %s)", 100*share, 100*mostWaiting, verdict), nil
		}}
}

// dynamics is the network of IDFF's experiment on molecular dynamics, on a trajectory of noise.
func dynamics(seed uint64, steps int) idffnb.Experiment {
	angles := idffnb.Noise(7, 200, 46)
	for i := range angles {
		angles[i] *= 60
	}
	return idffnb.Experiment{Name: "train-md", Data: idffnb.MustIndexedFrames("noise", angles, 46), Net: net.IndexedMLP{MLP: net.MLP{Width: 128}},
		Path: flow.Bridge(.2), Batch: 10, LearningRate: 1e-3, WeightDecay: -1, Steps: steps, Seed: seed}
}

// clouds are noise and points of the eight Gaussians.
func clouds(n int) (x, y []float32) {
	_, y, _ = datasets.EightGaussians().Batch(rand.New(rand.NewPCG(1, uint64(n))), n)
	return idffnb.Noise(2, n, 2), y
}

// assignment times exact OT of new points each time, without making them.
func assignment(n int) func() (func(int) (cost, error), error) {
	return func() (func(int) (cost, error), error) {
		rng := rand.New(rand.NewPCG(1, 1))
		var s ot.Solver
		return func(times int) (cost, error) {
			var sum cost
			for range times {
				_, x1, _ := datasets.EightGaussians().Batch(rng, n)
				x0 := make([]float32, len(x1))
				for i := range x0 {
					x0[i] = float32(rng.NormFloat64())
				}
				began, cpu := time.Now(), cpuTime()
				if _, err := s.Assign(x0, x1, 2); err != nil {
					return sum, err
				}
				sum.Seconds += time.Since(began).Seconds() / float64(times)
				sum.CPU += (cpuTime() - cpu) / float64(times)
			}
			return sum, nil
		}, nil
	}
}

// kdeGrid times the figure of notebook 01.
func kdeGrid() (func(int) (cost, error), error) {
	column := figures.KDEColumn{Title: "bench"}
	for row := range 3 {
		x, y := clouds(2048)
		var points [][2]float64
		for i := range 2048 {
			u := float64(row) / 2
			points = append(points, [2]float64{(1-u)*float64(x[2*i]) + u*float64(y[2*i]), (1-u)*float64(x[2*i+1]) + u*float64(y[2*i+1])})
		}
		column.Trajectory = append(column.Trajectory, points)
	}
	grid := figures.KDEGrid{Rows: []float64{0, .5, 1}, Truth: datasets.EightGaussians().Points(9, 4000)}
	for range 5 {
		grid.Columns = append(grid.Columns, column)
	}
	return warm(func() error {
		f, err := grid.Draw()
		if err != nil {
			return err
		}
		png, err := f.PNG()
		if err == nil && !bytes.HasPrefix(png, []byte("\x89PNG")) {
			err = fmt.Errorf("no PNG")
		}
		return err
	})
}

// cpuTime is the time that all cores have spent on this process, in seconds.
func cpuTime() float64 {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return math.NaN()
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
