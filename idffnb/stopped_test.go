package idffnb

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/idff-go/workbench/datasets"
)

// errReading is what brokenData says.
var errReading = errors.New("disk on fire")

// brokenData cannot give the batch that begins with a number.
type brokenData struct {
	datasets.Toy
	at  float32
	how string // "panics", "an error", "not finite"; "" once it is mended
}

func (brokenData) ID() string { return "broken" }

func (d brokenData) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	x0, x1, cond = d.Toy.Batch(rng, n)
	if x1[0] != d.at {
		return x0, x1, cond
	}
	switch d.how {
	case "panics":
		panic("no such file\nmain.go:3")
	case "an error":
		panic(fmt.Errorf("idffnb: reading: %w", errReading))
	case "not finite":
		x1[3] = float32(math.Inf(1))
	}
	return x0, x1, cond
}

// brokenAt is a training whose data break at a step, which begins with a batch of that number.
func brokenAt(t *testing.T, step int, how string) Experiment {
	t.Helper()
	e := small(t)
	e.EMA, e.Data = .9, brokenData{Toy: datasets.Moons()}
	b := e.withDefaults().makeBatch(step)
	if b.err != nil {
		t.Fatal(b.err)
	}
	e.Data = brokenData{datasets.Moons(), b.x1[0], how}
	return e
}

// TestDataErrorSaves: data that break between two checkpoints lose no step; mended, the training ends in the same bits as an undisturbed one.
func TestDataErrorSaves(t *testing.T) {
	for name, backend := range backends(t) {
		mended := brokenAt(t, 33, "")
		whole := mustOpen(t, mended)
		whole.backend = backend
		if err := whole.Train(); err != nil {
			t.Fatal(err)
		}
		want, wantLoss := weights(t, whole), lossFile(t, whole)
		for _, how := range []string{"panics", "an error", "not finite"} {
			e := brokenAt(t, 33, how)
			r := mustOpen(t, e)
			r.backend, r.saves = backend, time.Hour
			err := r.Train()
			expectLine(t, name+" "+how, err, "idffnb: small: training stopped at step 33 of 60, and saved: step 33: data moons")
			checkText(t, err)
			again := mustOpen(t, mended)
			again.backend = backend
			if r.Step() != 33 || again.Step() != 33 {
				t.Fatalf("%s, %s: at step %d, and %d in the folder, want 33", name, how, r.Step(), again.Step())
			}
			err = r.Train() // nothing is new, and nothing to save
			expectLine(t, name+" again", err, "idffnb: small: training stopped at step 33 of 60: step 33: data moons")
			if err := again.Train(); err != nil {
				t.Fatal(err)
			}
			got := weights(t, again)
			for path := range want {
				if !slices.Equal(got[path], want[path]) {
					t.Fatalf("%s, %s: %s differs from that of an undisturbed training", name, how, path)
				}
			}
			if string(lossFile(t, again)) != string(wantLoss) {
				t.Errorf("%s, %s: other losses than those of an undisturbed training", name, how)
			}
		}
	}
	r := mustOpen(t, brokenAt(t, 0, "panics"))
	r.backend = pureGo(t)
	expectLine(t, "at once", r.Train(), "idffnb: small: training stopped at step 0 of 60: step 0: data moons panicked: no such file")
	if files, _ := filepath.Glob(filepath.Join(r.Dir, "ckpt-*")); len(files) > 0 {
		t.Errorf("a training without a step left %v", files)
	}
}

// TestDataErrorUnsaved: where the steps before an error of the data, or of the function that watches, cannot be saved, one line says both, and weights that are not finite are not saved.
func TestDataErrorUnsaved(t *testing.T) {
	for _, watched := range []bool{false, true} {
		for _, fault := range []string{"weight", "folder"} {
			r := mustOpen(t, brokenAt(t, 33, "an error"))
			r.backend, r.chunkSteps = pureGo(t), 1
			trainTo(t, r, 20)
			spoil := func() {
				if r.step != 33 {
					return
				}
				if fault == "folder" {
					if err := os.RemoveAll(r.Dir); err != nil {
						t.Error(err)
					}
					return
				}
				for v := range r.store.IterVariables() {
					if v.Trainable {
						values := make([]float32, v.Shape().Size())
						values[len(values)-1] = float32(math.NaN())
						if err := v.SetValue(tensors.FromFlatDataAndDimensions(values, v.Shape().Dimensions...)); err != nil {
							t.Error(err)
						}
						return
					}
				}
			}
			want, cause := "step 33: data moons", error(nil)
			var options []TrainOption
			if watched {
				want, cause = "the function that watches it: enough", errors.New("enough")
				options = append(options, Watch(33, func(*Run) error { spoil(); return cause }))
			}
			err := r.train(t.Context(), spoil, options...)
			expectLine(t, fault, err, "idffnb: small: training stopped at step 33 of 60: "+want)
			expectLine(t, fault, err, "it could not be saved, and the last checkpoint is of step 20: ")
			expectLine(t, fault, err, map[string]string{"weight": "has a value that is NaN", "folder": "its run folder " + r.Dir + " was removed meanwhile"}[fault])
			checkText(t, err)
			if cause != nil && !errors.Is(err, cause) {
				t.Errorf("%v does not wrap %v", err, cause)
			}
			if _, gone := os.Stat(r.Dir); fault == "folder" && !errors.Is(gone, fs.ErrNotExist) {
				t.Errorf("the folder is there again: %v", gone)
			}
			if fault == "weight" {
				if again := mustOpen(t, r.Experiment()); again.Step() != 20 {
					t.Errorf("the folder is at step %d, want 20", again.Step())
				}
			}
		}
	}
}
