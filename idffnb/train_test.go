package idffnb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/golden"
	"github.com/idff-go/workbench/idffnb/net"
)

// backends are pure Go, and XLA on the CPU where its plugin is there.
func backends(t testing.TB) map[string]compute.Backend {
	t.Helper()
	list := map[string]compute.Backend{}
	for _, name := range []string{"go", "xla:cpu"} {
		if name == "xla:cpu" && xlaPlugin("cpu") == "" {
			t.Log("no PJRT plugin: tested on pure Go alone")
			continue
		}
		b, _, err := chooseBackend(name)
		if err != nil {
			t.Fatal(err)
		}
		list[name] = b
	}
	return list
}

func pureGo(t testing.TB) compute.Backend {
	t.Helper()
	b, _, err := chooseBackend("go")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// small is an experiment that trains in a moment.
func small(t testing.TB) Experiment {
	t.Helper()
	t.Setenv("IDFF_RUNS", t.TempDir())
	return Experiment{Name: "small", Data: datasets.Moons(), Net: net.MLP{Width: 16, Layers: 2}, Batch: 32, Steps: 60, LearningRate: 2e-3, Seed: 7}
}

func mustOpen(t testing.TB, e Experiment) *Run {
	t.Helper()
	r, err := Open(e)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// weights are all variables of a run, by name.
func weights(t testing.TB, r *Run) map[string][]float32 {
	t.Helper()
	out := map[string][]float32{}
	for v := range r.store.IterVariables() {
		if value, err := v.Value(); err == nil && v.DType().IsFloat() {
			data, err := tensors.CopyFlatData[float32](value)
			if err != nil {
				t.Fatal(err)
			}
			out[v.Path()] = data
		}
	}
	return out
}

// setWeights gives variables of a run the values of another's.
func setWeights(t testing.TB, r *Run, values map[string][]float32) {
	t.Helper()
	for v := range r.store.IterVariables() {
		if values := values[v.Path()]; values != nil {
			if err := v.SetValue(tensors.FromFlatDataAndDimensions(values, v.Shape().Dimensions...)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestTrainingStepAgainstPyTorch takes three AdamW steps from the reference weights on the reference batch, on every backend.
func TestTrainingStepAgainstPyTorch(t *testing.T) {
	for name, backend := range backends(t) {
		checkTrainingSteps(t, name, backend)
	}
}

// checkTrainingSteps compares losses of order 5 to 1e-5 of their value. After three steps of 2e-4 a weight may differ by 1e-6: Adam divides small gradients by
// their own size, so that it magnifies their rounding.
func checkTrainingSteps(t *testing.T, name string, backend compute.Backend) {
	t.Helper()
	var raw map[string]any
	golden.JSON(t, "metrics.json", &raw)
	for _, set := range []string{"8gaussians", "checkerboard"} {
		e := Experiment{Name: "reference", Data: datasets.Checkerboard()}.withDefaults()
		r := &Run{exp: e, backend: backend, store: golden.Store(t, set)}
		load := func(what string) []float32 { return golden.Array(t, "train/"+set+"/"+what).Data }
		b := batch{x0: load("x0"), x1: load("x1"), t: load("t"), eps: make([]float32, 512)}
		want := raw["train_"+set].(map[string]any)["loss_steps0..2"].([]any)
		var losses []float32
		for len(losses) < len(want) {
			c := chunk{capacity: r.capacity()}
			for range min(c.capacity, len(want)) {
				c.add(b, e.Batch)
			}
			steps, err := r.compileSteps(&c)
			if err != nil {
				t.Fatal(err)
			}
			some, err := c.run(steps, r.exp.load())
			if err != nil {
				t.Fatal(err)
			}
			losses = append(losses, some...)
		}
		for i, loss := range losses {
			if w := want[i].(float64); math.Abs(float64(loss)-w) > 1e-5*w {
				t.Errorf("%s, %s: loss of step %d is %.7g, want %.7g", name, set, i, loss, w)
			}
		}
		for _, parameter := range []string{"net.0.weight", "net.2.bias", "net.6.weight", "net.6.bias"} {
			got := weights(t, r)[golden.VariablePath(parameter)]
			golden.Compare(t, name+" "+set+" "+parameter, got, load("after3_"+parameter), 1e-6, nil)
		}
	}
}

// TestResumeIsBitEqual trains in one go, many steps in a call of the device, and in pieces, step by step and with a new process's view of the folder between them; the ends must be
// the same bits, in the weights, the optimizer and metrics.jsonl.
func TestResumeIsBitEqual(t *testing.T) {
	for name, backend := range backends(t) {
		for _, set := range []func(*Experiment){
			func(*Experiment) {},
			func(e *Experiment) { e.Coupling = flow.ExactOT() },
			func(e *Experiment) { e.EMA, e.WarmUp, e.Decay, e.Accumulate = .99, 20, DecayCosine, 4 },
		} {
			e := small(t)
			set(&e)
			coupling := e.withDefaults().Coupling
			whole := mustOpen(t, e)
			whole.backend = backend
			if err := whole.Train(); err != nil {
				t.Fatal(err)
			}
			t.Setenv("IDFF_RUNS", t.TempDir())
			var pieces *Run
			for _, stop := range []int{13, 14, 37, 60} {
				pieces = mustOpen(t, e)
				pieces.backend = backend
				trainTo(t, pieces, stop)
			}
			pieces = mustOpen(t, e)
			if pieces.Step() != 60 || whole.Step() != 60 {
				t.Fatalf("%s: steps %d and %d, want 60", name, pieces.Step(), whole.Step())
			}
			want := weights(t, whole)
			for path, got := range weights(t, pieces) {
				for i := range got {
					if math.Float32bits(got[i]) != math.Float32bits(want[path][i]) {
						t.Fatalf("%s, %s: %s[%d] is %g after a resumed training, %g after a whole one", name, coupling.Name(), path, i, got[i], want[path][i])
					}
				}
			}
			a, _ := os.ReadFile(filepath.Join(whole.Dir, metricsFile))
			b, _ := os.ReadFile(filepath.Join(pieces.Dir, metricsFile))
			if len(a) == 0 || !bytes.Equal(a, b) {
				t.Errorf("%s, %s: metrics.jsonl differs:\n%s---\n%s", name, coupling.Name(), a, b)
			}
		}
	}
}

// trainTo trains step by step and interrupts the training once it has reached a step.
func trainTo(t *testing.T, r *Run, step int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	steps := r.exp.Steps
	r.chunkSteps = 1
	err := r.train(ctx, func() {
		if r.step == step {
			cancel()
		}
	})
	if step < steps && !errors.Is(err, ErrInterrupted) || step == steps && err != nil {
		t.Fatalf("training to step %d: %v", step, err)
	}
	if r.step != step {
		t.Fatalf("stopped at step %d, want %d", r.step, step)
	}
}

// TestFolderRemovedInTraining: a run folder that is removed while its training runs is said so in one line, whether the training goes on or is interrupted then.
func TestFolderRemovedInTraining(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		r := mustOpen(t, small(t))
		ctx, cancel := context.WithCancel(context.Background())
		r.chunkSteps = 1
		err := r.train(ctx, func() {
			if r.step == 20 {
				if err := os.RemoveAll(r.Dir); err != nil {
					t.Error(err)
				}
				if interrupted {
					cancel()
				}
			}
		})
		cancel()
		expectLine(t, "removed", err, "its run folder "+r.Dir+" was removed meanwhile; run the cell again to begin anew")
	}
}

func TestTrainTwiceIsNoOp(t *testing.T) {
	e := small(t)
	r := mustOpen(t, e)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadDir(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	r = mustOpen(t, e)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	after, _ := os.ReadDir(r.Dir)
	if len(before) != len(after) || r.Step() != 60 {
		t.Errorf("a second Train changed the folder: %v, then %v", before, after)
	}
	if n := len(r.Losses()); n != 6 {
		t.Errorf("%d loss points, want 6", n)
	}
}

// badData is data whose batches turn bad at a step.
type badData struct {
	datasets.Toy
	what string
	from int
	seen *int
}

func (d badData) ID() string { return d.what }

func (d badData) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	x0, x1, cond = d.Toy.Batch(rng, n)
	if *d.seen++; *d.seen > d.from {
		switch d.what {
		case "nan":
			x1[6] = float32(math.NaN())
		case "short":
			x1 = x1[:n]
		case "huge":
			for i := range x1 {
				x1[i] = 3e38
			}
		case "x0":
			x0 = make([]float32, 3)
		}
	}
	return x0, x1, cond
}

// TestBadData stops the training with one line, and saves the steps before; where the weights are not good, the last checkpoint stays.
func TestBadData(t *testing.T) {
	for _, tc := range []struct{ what, want string }{
		{"nan", "row 3 of x1 is NaN"},
		{"short", "x1 has 32 values, want 32 points of size 2"},
		{"huge", "the loss of step"},
		{"x0", "x0 has 3 values"},
	} {
		e := small(t)
		e.Batch = 32
		e.Data = badData{Toy: datasets.Moons(), what: tc.what, from: 1 << 30, seen: new(int)}
		r := mustOpen(t, e)
		trainTo(t, r, 20)
		e.Data = badData{Toy: datasets.Moons(), what: tc.what, from: 9, seen: new(int)}
		r = mustOpen(t, e)
		err := r.Train()
		expectLine(t, tc.what, err, tc.want)
		want := r.Step() // 20 and as many steps as were good
		if tc.what == "huge" {
			want = 20
		}
		if r = mustOpen(t, e); r.Step() != want {
			t.Errorf("%s: the folder is at step %d, want %d", tc.what, r.Step(), want)
		}
	}
}

// expectLine fails unless the error is one line with the wanted text, in which no package's prefix stands twice.
func expectLine(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: error %v, want one line with %q", what, err, want)
		return
	}
	checkText(t, err)
}

func TestOneTrainerAtATime(t *testing.T) {
	e := small(t)
	first, second := mustOpen(t, e), mustOpen(t, e)
	if err := first.folder.Lock(); err != nil {
		t.Fatal(err)
	}
	expectLine(t, "second trainer", second.Train(), "another program")
	if err := first.folder.Close(); err != nil {
		t.Fatal(err)
	}
	if err := second.Train(); err != nil {
		t.Error(err)
	}
}

func TestInterruptSavesAndSaysSo(t *testing.T) {
	e := small(t)
	e.Steps = 100_000
	r := mustOpen(t, e)
	r.backend = pureGo(t) // which compiles in no time
	go func() {
		time.Sleep(300 * time.Millisecond)
		_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
	}()
	began := time.Now()
	err := r.Train()
	if !errors.Is(err, ErrInterrupted) {
		t.Fatalf("error %v, want ErrInterrupted", err)
	}
	expectLine(t, "interrupt", err, fmt.Sprintf("at step %d of 100000, and saved", r.Step()))
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("stopped after %v, want about a third of a second", took)
	}
	if again := mustOpen(t, e); again.Step() != r.Step() || again.Step() == 0 {
		t.Errorf("the folder is at step %d, the training stopped at %d", again.Step(), r.Step())
	}
}
