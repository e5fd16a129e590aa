package idffnb

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestWatch: the function is called at its steps and at the last one, with the weights of that step, and changes nothing: neither the end of the training nor what is said of its time.
func TestWatch(t *testing.T) {
	for name, backend := range backends(t) {
		e := small(t)
		e.EMA = .9
		plain := mustOpen(t, e)
		plain.backend = backend
		if err := plain.Train(); err != nil {
			t.Fatal(err)
		}
		stopped := map[int][]float32{} // what trainings that were stopped at a step sample
		for _, step := range map[string][]int{"go": {25, 50}, "xla:cpu": {25}}[name] {
			t.Setenv("IDFF_RUNS", t.TempDir())
			r := mustOpen(t, e)
			r.backend = backend
			trainTo(t, r, step)
			stopped[step] = r.MustSample(8, flow.CFM(), solver.Euler(2), Unkept()).X
		}
		t.Setenv("IDFF_RUNS", t.TempDir())
		var steps []int
		r := mustOpen(t, e)
		r.backend = backend
		err := r.Train(Watch(25, func(r *Run) error {
			steps = append(steps, r.Step())
			out, err := r.Sample(8, flow.CFM(), solver.Euler(2), Unkept())
			if err == nil && stopped[r.Step()] != nil && !slices.Equal(out.X, stopped[r.Step()]) {
				t.Errorf("%s: samples of step %d are %g, and %g of a training that was stopped there", name, r.Step(), out.X, stopped[r.Step()])
			}
			if name != "go" { // compiles at once
				return err
			}
			if raw, err := r.Raw().Sample(8, flow.CFM(), solver.Euler(2), Unkept()); err != nil || slices.Equal(raw.X, out.X) {
				t.Errorf("%s: Raw samples from the average: %v", name, err)
			}
			expectLine(t, "training while training", r.Train(), "it may sample and judge, not train")
			time.Sleep(400 * time.Millisecond)
			return err
		}))
		if err != nil || !slices.Equal(steps, []int{25, 50, 60}) {
			t.Fatalf("%s: watched at %v, want 25, 50 and 60: %v", name, steps, err)
		}
		want := weights(t, plain)
		for path, got := range weights(t, r) {
			if !slices.Equal(got, want[path]) {
				t.Fatalf("%s: %s is another for being watched", name, path)
			}
		}
		if name == "go" && (r.TrainSeconds() > 1.2 || r.Speed().Seconds > 1.2) {
			t.Errorf("%g and %g s are said to be spent on training, without the 1.2 that went by in the function", r.TrainSeconds(), r.Speed().Seconds)
		}
	}
}

// TestWatchStops: an error of the function ends the training with one line; all steps are saved.
func TestWatchStops(t *testing.T) {
	e := small(t)
	enough := errors.New("good enough")
	r := mustOpen(t, e)
	r.backend = pureGo(t)
	err := r.Train(Watch(7, func(r *Run) error {
		if r.Step() == 21 {
			return enough
		}
		return nil
	}))
	expectLine(t, "stopped by the function", err, "training stopped at step 21 of 60, and saved: the function that watches it: good enough")
	if again := mustOpen(t, e); !errors.Is(err, enough) || again.Step() != 21 {
		t.Errorf("the folder is at step %d, want 21; %v", again.Step(), err)
	}
	expectLine(t, "every 0", r.Train(Watch(0, func(*Run) error { return nil })), "Watch every 0 steps: want 1 or more")
	expectLine(t, "nil", r.Train(Watch(5, nil)), "Watch has no function")
	if err := r.Train(); err != nil { // it is not thought to be training still
		t.Error(err)
	}
}

// TestSpeeds: the points are in order of steps, in the file and after reopening, go on after an interruption, and end with the last step; a run from before there was a file opens.
func TestSpeeds(t *testing.T) {
	e := small(t)
	e.Steps = 400
	r := mustOpen(t, e)
	r.backend = pureGo(t)
	trainTo(t, r, 200)
	r = mustOpen(t, e)
	r.backend = pureGo(t)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	points := r.Speeds()
	if len(points) == 0 || points[len(points)-1].Step != 400 || !slices.Equal(points, mustOpen(t, e).Speeds()) {
		t.Fatalf("speeds are %v, and %v after reopening", points, mustOpen(t, e).Speeds())
	}
	for i, p := range points {
		if p.PerSecond <= 0 || i > 0 && (p.Step <= points[i-1].Step || p.Seconds <= points[i-1].Seconds) {
			t.Errorf("point %d is %+v, after %v", i, p, points[:i])
		}
	}
	path := filepath.Join(r.Dir, speedFile)
	if err := os.WriteFile(path, []byte("{\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Open(e)
	expectLine(t, "damaged speed.jsonl", err, "line 1 is not as expected")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if r := mustOpen(t, e); len(r.Speeds()) != 0 || r.Step() != 400 {
		t.Error("a run without speed.jsonl has speeds, or lost its step")
	}
}

// TestNoRoom: training says before it begins what the disk lacks.
func TestNoRoom(t *testing.T) {
	r := mustOpen(t, small(t))
	r.backend = pureGo(t)
	if err := r.folder.Room(1); err != nil {
		t.Error(err)
	}
	err := r.folder.Room(1 << 60)
	expectLine(t, "a checkpoint of an exabyte", err, "this run needs 3.46e+09 GB: 3 checkpoints of 1.15e+09 GB")
	if !strings.Contains(err.Error(), r.Dir) {
		t.Errorf("%v does not say where", err)
	}
}
