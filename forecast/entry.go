package forecast

import (
	"fmt"
	"slices"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/baseline"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Case is what an entry is asked: to go on from given frames.
type Case struct {
	Starts  []float32 // row-major [n, History, Dim], the latest frame last
	History int       // frames of each start
	Dim     int       // numbers in a frame
	Frames  int       // to draw
	Members int       // of the ensemble of each start
	Seed    uint64    // of what is drawn, and of the network, if there is one
	Lossy   bool      // a member that leaves the finite numbers is NaN from there on, and no error
	Land    []bool    // of the frames, shape [Dim]: where datasets.Steps have the mask in their condition, this is it; nil: that of their first part
}

// Entry is one competitor: a name for tables, and how it goes on. The trajectories have frames of size Dim.
type Entry struct {
	Name     string
	Forecast func(Case) (*idffnb.Trajectories, error)
}

// Flow is the entry of a trained flow. experiment makes the run of a seed, which is trained when it is first asked for; its data is datasets.Steps with a History of no more than the case's.
func Flow(name string, experiment func(seed uint64) idffnb.Experiment, field flow.Field, s solver.Solver) Entry {
	return Entry{name, func(c Case) (*idffnb.Trajectories, error) {
		run, err := trained(experiment(c.Seed))
		if err != nil {
			return nil, err
		}
		return rollOut(run, experiment(c.Seed).Data, c, field, s)
	}}
}

// Learned is the entry of a trained flow with a schedule of so many evaluations a frame. The schedule is learned once, on the network of seed first, and lent to those of other seeds.
func Learned(name string, experiment func(seed uint64) idffnb.Experiment, budget int, how idffnb.Learning, first uint64) Entry {
	return Entry{name, func(c Case) (*idffnb.Trajectories, error) {
		teacher, err := trained(experiment(first))
		if err != nil {
			return nil, err
		}
		schedule, err := teacher.LearnSchedule(budget, how)
		if err != nil {
			return nil, err
		}
		run, err := trained(experiment(c.Seed))
		if err != nil {
			return nil, err
		}
		return rollOut(run, experiment(c.Seed).Data, c, flow.CFM(), schedule.Transfer(run).Solver())
	}}
}

// trained opens a run and trains it to the end.
func trained(e idffnb.Experiment) (*idffnb.Run, error) {
	run, err := idffnb.Open(e)
	if err != nil {
		return nil, err
	}
	return run, run.Train()
}

// rollOut asks a run for trajectories.
func rollOut(run *idffnb.Run, data idffnb.Data, c Case, field flow.Field, s solver.Solver) (*idffnb.Trajectories, error) {
	steps, ok := data.(*datasets.Steps)
	if !ok {
		return nil, fmt.Errorf("data %s is %T: a forecast of frames needs datasets.Steps", data.Name(), data)
	}
	if steps.Dim() != c.Dim {
		return nil, fmt.Errorf("data %s has frames of size %d, the trial's have %d", data.Name(), steps.Dim(), c.Dim)
	}
	states, err := steps.States(c.Starts, c.History)
	if err != nil {
		return nil, err
	}
	if c.Land != nil && len(c.Land) != c.Dim {
		return nil, fmt.Errorf("the mask of land has %d pixels, the trial's frames %d", len(c.Land), c.Dim)
	}
	if steps.Mask && c.Land != nil { // the mask comes first in a state
		for state := range slices.Chunk(states, steps.FrameDim()) {
			for i, land := range c.Land {
				state[i] = 1
				if land {
					state[i] = 0
				}
			}
		}
	}
	ask := idffnb.RollOut{Starts: states, Frames: c.Frames, Members: c.Members, Seed: c.Seed, Lossy: c.Lossy}
	if steps.Lead > 1 { // frame k is a forecast k frames ahead
		ask.First = 1
	}
	return run.RollOut(ask, field, s)
}

// Baseline is the entry of a forecaster that was fitted to starts of the trial's History.
func Baseline(f baseline.Forecaster) Entry {
	return Entry{f.Name(), func(c Case) (*idffnb.Trajectories, error) {
		x, err := f.Forecast(c.Starts, c.Frames, c.Members, c.Seed)
		if err != nil {
			return nil, err
		}
		return &idffnb.Trajectories{X: x, Members: c.Members, Starts: len(c.Starts) / (c.History * c.Dim), Frames: c.Frames, Dim: c.Dim, Seed: c.Seed, Field: f.Name()}, nil
	}}
}

// Baselines are what every table of forecasts must have: climatology, persistence, and damped persistence, fitted to the training maps for the starts and the horizon of the trial. The maps are
// to be standardised anomalies, as the trial's are.
func Baselines(train *datasets.Maps, t Trial) ([]Entry, error) {
	t, err := t.withDefaults()
	if err != nil {
		return nil, err
	}
	climatology, err := baseline.NewClimatology(train.Values, train.Size(), t.History)
	if err != nil {
		return nil, fmt.Errorf("forecast: %w", err)
	}
	damped, err := baseline.FitDamped(train.Values, train.Series, train.Frames, train.Size(), t.Ahead, t.History)
	if err != nil {
		return nil, fmt.Errorf("forecast: %w", err)
	}
	return []Entry{Baseline(climatology), Baseline(baseline.Persistence{Dim: train.Size(), History: t.History}), Baseline(damped)}, nil
}

// MustBaselines is Baselines for notebooks.
func MustBaselines(train *datasets.Maps, t Trial) []Entry { return must(Baselines(train, t)) }

// must ends the program with one line where there is an error.
func must[T any](v T, err error) T {
	idffnb.Must(err)
	return v
}
