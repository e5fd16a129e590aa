package idffnb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/idff-go/workbench/idffnb/checkpoint"
)

// A training of more steps goes on where the same training of fewer has come to. A step depends on the steps before it, the seed and its own number alone, not on how many are still to come, so that it
// ends with the weights of a training from the start; but with Decay, whose learning rate looks ahead to the last step.

// shorter finds the run of the same training with fewer steps that has come farthest: its folder and checkpoint, or nil. Folders that cannot be read are passed over.
func (r *Run) shorter() (folder *checkpoint.Folder, best *checkpoint.Checkpoint) {
	if r.exp.Decay != "" {
		return nil, nil
	}
	type run struct {
		dir   string
		steps int // of its experiment
	}
	var runs []run
	root := filepath.Dir(r.Dir)
	entries, _ := os.ReadDir(root) // where the run has its own folder
	for _, entry := range entries {
		dir := filepath.Join(root, entry.Name())
		if !strings.HasPrefix(entry.Name(), r.exp.Name+"-") {
			continue
		}
		if n := r.sameButSteps(dir); n > 0 {
			runs = append(runs, run{dir, n})
		}
	}
	slices.SortFunc(runs, func(a, b run) int { return b.steps - a.steps })
	for _, shorter := range runs {
		if best != nil && best.Step >= shorter.steps { // it cannot have come farther: its weights need not be read
			break
		}
		f, err := checkpoint.OpenFolder(shorter.dir)
		if err != nil {
			continue
		}
		if c, _, err := f.Latest(); err == nil && c != nil && c.Step > 0 && (best == nil || c.Step > best.Step) {
			folder, best = f, c
		}
	}
	return folder, best
}

// sameButSteps is the number of steps of the folder's experiment if it is the run's with fewer steps, and 0 if it is another.
func (r *Run) sameButSteps(dir string) int {
	found, err := os.ReadFile(filepath.Join(dir, identityFile))
	var its struct {
		Steps int `json:"steps"`
	}
	if err != nil || json.Unmarshal(found, &its) != nil || its.Steps >= r.exp.Steps {
		return 0
	}
	e := r.exp
	e.Steps = its.Steps
	if identity, err := e.identity(); err != nil || !bytes.Equal(found, identity) {
		return 0
	}
	return its.Steps
}

// takeUp begins a training that has no step yet where a shorter one has come to, and says so. What it took up is saved as the run's own.
func (r *Run) takeUp() error {
	folder, c := r.shorter()
	if c == nil {
		return nil
	}
	r.fresh()
	if err := r.restore(c); err != nil {
		return fmt.Errorf("idffnb: %s: %s, which it would go on from: %w", r.exp.Name, c.Path, err)
	}
	var err error
	if r.losses, err = readLines(r, folder, metricsFile, func(l LossPoint) int { return l.Step }); err != nil {
		return err
	}
	if r.speeds, err = readLines(r, folder, speedFile, func(p SpeedPoint) int { return p.Step }); err != nil {
		return err
	}
	if last := len(r.losses) - 1; last >= 0 && r.losses[last].Step%logEvery != 0 { // of a training that ended between two points
		r.lossCount = r.losses[last].Step % logEvery
		r.lossSum = r.losses[last].Loss * float64(r.lossCount)
		r.losses = r.losses[:last]
	}
	r.savedStep = 0 // nothing of it is in this folder yet
	fmt.Fprintf(os.Stderr, "idffnb: %s goes on from step %d of %s, the same training with fewer steps\n", r.exp.Name, r.step, folder.Dir)
	return nil
}
