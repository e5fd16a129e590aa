package idffnb

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/idff-go/workbench/datasets"
)

// counted is Moons that counts the batches drawn.
type counted struct {
	datasets.Toy
	batches *int
}

func (c counted) ID() string { return "counted" }
func (c counted) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	*c.batches++
	return c.Toy.Batch(rng, n)
}

// TestTrainLonger: more steps go on from the same training with fewer, to the same bits and losses as from the start; another training, and one whose rate looks ahead, begin anew.
func TestTrainLonger(t *testing.T) {
	for _, c := range []struct {
		name           string
		before, change func(*Experiment)
		also           int // steps of one more shorter run
		from           int // the step that it goes on from
	}{
		{"longer", func(*Experiment) {}, func(e *Experiment) { e.Steps = 60 }, 0, 25},
		{"one that was only opened", func(*Experiment) {}, func(e *Experiment) { e.Steps = 60 }, 15, 15},
		{"with a warm-up and an average", func(e *Experiment) { e.WarmUp, e.EMA = 10, .9 }, func(e *Experiment) { e.Steps = 60 }, 15, 25},
		{"another seed", func(*Experiment) {}, func(e *Experiment) { e.Steps, e.Seed = 60, 8 }, 0, 0},
		{"another rate", func(*Experiment) {}, func(e *Experiment) { e.Steps, e.LearningRate = 60, 1e-3 }, 0, 0},
		{"a rate that falls", func(e *Experiment) { e.Decay = DecayCosine }, func(e *Experiment) { e.Steps = 60 }, 0, 0},
		{"shorter", func(*Experiment) {}, func(e *Experiment) { e.Steps = 20 }, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := small(t)
			t.Setenv("IDFF_RUNS", filepath.Join(t.TempDir(), "[runs] *")) // a name that is no pattern
			batches := 0
			e.Data, e.Steps = counted{datasets.Moons(), &batches}, 25
			c.before(&e)
			train := func() *Run {
				r := openOn(t, e, pureGo(t), BackendInfo{Name: "go"})
				if err := r.Train(); err != nil {
					t.Fatal(err)
				}
				return r
			}
			if c.also > 0 { // two shorter ones: the one that has come farther is taken
				e.Steps = c.also
				train()
				e.Steps = 25
			}
			if c.from == c.also && c.also > 0 { // opened, and not trained
				openOn(t, e, pureGo(t), BackendInfo{Name: "go"})
			} else {
				train()
			}
			c.change(&e)
			left := openOn(t, e, pureGo(t), BackendInfo{Name: "go"}).folder.Path(metricsFile) // by a training that was killed before its first checkpoint
			if err := os.WriteFile(left, []byte("{\"step\":10,\"loss\":1}\n"), 0o666); err != nil {
				t.Fatal(err)
			}
			batches = 0
			long := train()
			if batches != e.Steps-c.from {
				t.Errorf("%d batches drawn, want %d: from step %d", batches, e.Steps-c.from, c.from)
			}
			again := openOn(t, e, pureGo(t), BackendInfo{Name: "go"})
			if again.Step() != e.Steps || !reflect.DeepEqual(weights(t, again), weights(t, long)) {
				t.Errorf("opened again it is at step %d, or has other weights", again.Step())
			}
			t.Setenv("IDFF_RUNS", t.TempDir())
			whole := train()
			if !reflect.DeepEqual(weights(t, whole), weights(t, long)) {
				t.Error("other weights than of a training from the start")
			}
			for _, r := range []*Run{long, again} {
				if len(r.Losses()) != len(whole.Losses()) {
					t.Fatalf("%d points of the loss, from the start %d", len(r.Losses()), len(whole.Losses()))
				}
				for i, want := range whole.Losses() {
					if got := r.Losses()[i]; got.Step != want.Step || math.Abs(got.Loss-want.Loss) > 1e-12*want.Loss {
						t.Errorf("point %d of the loss is %v, from the start %v", i, got, want)
					}
				}
			}
		})
	}
}

// TestTrainLongerFromDamage: a shorter run without a whole checkpoint, or with another description, is passed over.
func TestTrainLongerFromDamage(t *testing.T) {
	for what, damage := range map[string]func(dir string) error{
		"no checkpoint": func(dir string) error {
			files, err := filepath.Glob(filepath.Join(dir, "*.safetensors"))
			for _, f := range files {
				if err == nil {
					err = os.Truncate(f, 50)
				}
			}
			return err
		},
		"no description":      func(dir string) error { return os.Remove(filepath.Join(dir, identityFile)) },
		"damaged description": func(dir string) error { return os.WriteFile(filepath.Join(dir, identityFile), []byte("{"), 0o666) },
	} {
		e := small(t)
		batches := 0
		e.Data, e.Steps = counted{datasets.Moons(), &batches}, 20
		r := openOn(t, e, pureGo(t), BackendInfo{Name: "go"})
		if err := r.Train(); err != nil {
			t.Fatal(err)
		}
		if err := damage(r.Dir); err != nil {
			t.Fatal(err)
		}
		e.Steps, batches = 30, 0
		if err := openOn(t, e, pureGo(t), BackendInfo{Name: "go"}).Train(); err != nil || batches != 30 {
			t.Errorf("%s: %d batches drawn, %v; want 30, from the start", what, batches, err)
		}
	}
}
