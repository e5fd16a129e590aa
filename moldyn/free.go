package moldyn

import (
	"fmt"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/metric"
)

// freeMembers are the trajectories from each held-out replica.
const freeMembers = 2

// Free is an entry's free run: every held-out replica is continued twice from its first frames.
func (t Trial) Free(e Entry, seed uint64) (metric.Peptide, error) {
	t, err := t.withDefaults()
	if err != nil {
		return metric.Peptide{}, err
	}
	starts, _ := t.cases(t.Held.Frames, t.FreeFrames)
	drawn, err := t.ask(e, idffnb.RollOut{Starts: starts, Frames: t.FreeFrames, Members: freeMembers, Seed: seed})
	if err != nil {
		return metric.Peptide{}, err
	}
	return t.peptide(drawn.X), nil
}

// MustFree is Free for notebooks.
func (t Trial) MustFree(e Entry, seed uint64) metric.Peptide { return must(t.Free(e, seed)) }

// Simulated are the frames of a simulation that a free run stands for, those after the history.
func (t Trial) Simulated(a *datasets.Angles) (metric.Peptide, error) {
	t, err := t.withDefaults()
	if err != nil {
		return metric.Peptide{}, err
	}
	part, err := a.Window(t.History, t.History+t.FreeFrames)
	if err != nil {
		return metric.Peptide{}, fmt.Errorf("moldyn: %w", err)
	}
	return t.peptide(part.Degrees), nil
}

// MustSimulated is Simulated for notebooks.
func (t Trial) MustSimulated(a *datasets.Angles) metric.Peptide { return must(t.Simulated(a)) }

// peptide are angles of free runs; where the spacing of frames is not known, it is taken for 1 ps.
func (t Trial) peptide(angles []float32) metric.Peptide {
	ps := t.Held.Interval
	if ps == 0 {
		ps = 1
	}
	return metric.Peptide{Angles: angles, Frames: t.FreeFrames, Residues: t.Held.Residues(), PS: ps}
}

// lateFrames are those at the end whose helix fraction a table gives.
const lateFrames = 20

// FreeTable is a Markdown table of metric.Peptide's scores of the entries' free runs against the held-out replicas: mean and standard deviation over the seeds. Its first rows are the held-out
// replicas themselves, and the training replicas, what other simulations of the same molecule score.
func (t Trial) FreeTable(entries ...Entry) (string, error) {
	t, err := t.withDefaults()
	if err != nil {
		return "", err
	}
	held, err := t.Simulated(t.Held)
	if err != nil {
		return "", err
	}
	train, err := t.Simulated(t.Train)
	if err != nil {
		return "", err
	}
	text := newTable(t.Held.Name(), "JS, bits", "basins off", "outside, %", "transitions /ns", "memory, ps", "helix, %")
	row := func(name string, runs ...metric.Peptide) error {
		values := make([][]float64, 6)
		for _, p := range runs {
			s, err := p.Judge(held, t.Train.Degrees)
			if err != nil {
				return fmt.Errorf("moldyn: %s: %w", name, err)
			}
			late := s.Helix[max(0, len(s.Helix)-lateFrames):]
			for i, v := range []float64{s.JS, s.Off, 100 * s.Outside, s.Transitions, s.Time, 100 * mean(late)} {
				values[i] = append(values[i], v)
			}
		}
		text.row(name, values)
		return nil
	}
	if err := row("held-out replicas", held); err != nil {
		return "", err
	}
	if err := row("training replicas", train); err != nil {
		return "", err
	}
	for _, e := range entries {
		var runs []metric.Peptide
		for _, seed := range t.Seeds {
			p, err := t.Free(e, seed)
			if err != nil {
				return "", err
			}
			runs = append(runs, p)
		}
		if err := row(e.Name, runs...); err != nil {
			return "", err
		}
	}
	return text.String(), nil
}

// MustFreeTable is FreeTable for notebooks.
func (t Trial) MustFreeTable(entries ...Entry) string { return must(t.FreeTable(entries...)) }
