package moldyn

import (
	"fmt"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/baseline"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Entry goes on from frames, with a seed that is also that of its network, if it has one.
type Entry struct {
	Name    string
	RollOut func(seed uint64, ask idffnb.RollOut) (*idffnb.Trajectories, error)
}

// Flow is the entry of a trained flow: experiment makes the run of a seed, which is trained when it is first asked for. The History of its data is the trial's.
func Flow(name string, experiment func(seed uint64) idffnb.Experiment, field flow.Field, s solver.Solver) Entry {
	return Entry{name, func(seed uint64, ask idffnb.RollOut) (*idffnb.Trajectories, error) {
		run, err := idffnb.Open(experiment(seed))
		if err != nil {
			return nil, err
		}
		if err := run.Train(); err != nil {
			return nil, err
		}
		ask.Seed = seed
		return run.RollOut(ask, field, s)
	}}
}

// ask lets an entry go on, and checks what it has drawn: an entry made for other starts than the trial's would be scored against other frames than those it was given.
func (t Trial) ask(e Entry, ask idffnb.RollOut) (*idffnb.Trajectories, error) {
	if e.RollOut == nil {
		return nil, fmt.Errorf("moldyn: %s: the entry has no RollOut", e.Name)
	}
	drawn, err := e.RollOut(ask.Seed, ask)
	if err != nil {
		return nil, fmt.Errorf("moldyn: %s: %w", e.Name, err)
	}
	n, dim := len(ask.Starts)/(t.History*t.Held.Count), t.Held.Count
	if drawn.Members != ask.Members || drawn.Starts != n || drawn.Frames != ask.Frames || drawn.Dim != dim || len(drawn.X) != ask.Members*n*ask.Frames*dim {
		return nil, fmt.Errorf("moldyn: %s: drew %d numbers as [%d, %d, %d, %d], asked for %d members, %d starts, %d frames of %d angles: is it made for a history of %d frames, the trial's?",
			e.Name, len(drawn.X), drawn.Members, drawn.Starts, drawn.Frames, drawn.Dim, ask.Members, n, ask.Frames, dim, t.History)
	}
	return drawn, nil
}

// Baseline is the entry of a forecaster for starts of so many frames of so many angles.
func Baseline(f baseline.Forecaster, history, angles int) Entry {
	return Entry{f.Name(), func(seed uint64, ask idffnb.RollOut) (*idffnb.Trajectories, error) {
		x, err := f.Forecast(ask.Starts, ask.Frames, ask.Members, seed)
		if err != nil {
			return nil, err
		}
		return &idffnb.Trajectories{X: x, Members: ask.Members, Starts: len(ask.Starts) / (history * angles), Frames: ask.Frames, Dim: angles, Seed: seed, Field: f.Name()}, nil
	}}
}

// Baselines are persistence, climatology and the linear autoregression that sees two residues to each side, fitted to the training replicas, for starts of so many frames, the History of the trial.
func Baselines(train *datasets.Angles, history int) ([]Entry, error) {
	climatology, err := baseline.NewClimatology(train.Degrees, train.Count, history)
	if err != nil {
		return nil, fmt.Errorf("moldyn: %w", err)
	}
	ar, err := baseline.FitCircularAR(train.Degrees, train.Replicas, train.Frames, train.Count, baseline.CircularAR{History: history, Reach: 2})
	if err != nil {
		return nil, fmt.Errorf("moldyn: %w", err)
	}
	var list []Entry
	for _, f := range []baseline.Forecaster{baseline.Persistence{Dim: train.Count, History: history}, climatology, ar} {
		list = append(list, Baseline(f, history, train.Count))
	}
	return list, nil
}

// MustBaselines is Baselines for notebooks.
func MustBaselines(train *datasets.Angles, history int) []Entry {
	return must(Baselines(train, history))
}

// must ends the program with one line where there is an error.
func must[T any](v T, err error) T {
	idffnb.Must(err)
	return v
}
