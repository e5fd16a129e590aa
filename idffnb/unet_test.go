package idffnb

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/golden"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// squares are images of 4 x 4 pixels with one colour channel: bright to the left or to the right, labelled 0 and 1.
type squares struct{}

func (squares) Name() string        { return "squares" }
func (squares) Dim() int            { return 16 }
func (squares) Shape() [3]int       { return [3]int{4, 4, 1} }
func (squares) Classes() int        { return 2 }
func (squares) NullCond() []float32 { return []float32{2} }

func (squares) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	for range n {
		label := rng.IntN(2)
		for i := range 16 {
			x1 = append(x1, float32(2*((i/2+label)%2)-1))
		}
		cond = append(cond, float32(label))
	}
	return nil, x1, cond
}

func unetExperiment(t testing.TB) Experiment {
	t.Helper()
	e := small(t)
	e.Data, e.Batch, e.Steps, e.DropCond = squares{}, 4, 4, .2
	e.Net = net.UNet{Channels: 32, Blocks: 1, Multipliers: []int{1}, Attention: []int{}, AttentionHeads: 1, Dropout: .3, Heads: 2}
	e.Objective, e.Path = flow.X1Score(), flow.Bridge(.2)
	return e
}

// A U-Net takes its image's shape and its labels from the data; training with dropout, interrupted and resumed, ends as an uninterrupted one.
func TestUNetTrains(t *testing.T) {
	e := unetExperiment(t)
	r := mustOpen(t, e)
	if u := r.exp.Net.(net.UNet); u.Image != [3]int{4, 4, 1} || u.Classes != 3 {
		t.Errorf("the network has images %v and %d classes, want those of the data and one more", u.Image, u.Classes)
	}
	for name, backend := range backends(t) {
		t.Setenv("IDFF_RUNS", t.TempDir())
		r := mustOpen(t, e)
		r.backend = backend
		if err := r.Train(); err != nil {
			t.Fatal(err)
		}
		whole := weights(t, r)
		t.Setenv("IDFF_RUNS", t.TempDir())
		r = mustOpen(t, e)
		r.backend = backend
		trainTo(t, r, 2)
		r = mustOpen(t, e)
		r.backend = backend
		if r.Step() != 2 {
			t.Fatalf("%s: interrupted at step %d, want 2", name, r.Step())
		}
		before := dropoutState(t, r)
		if err := r.Train(); err != nil {
			t.Fatal(err)
		}
		if after := dropoutState(t, r); len(before) == 0 || slices.Equal(before, after) {
			t.Errorf("%s: the random state of dropout is %v at step 2 and %v at step 4: nothing was dropped", name, before, after)
		}
		for path, values := range weights(t, r) {
			if !slices.Equal(values, whole[path]) {
				t.Fatalf("%s: %s differs after a resumed training", name, path)
			}
		}
		if r.oneByOne {
			t.Errorf("%s: every step is a program of its own; this network's gradients are as fast in a loop", name)
		}
	}
}

// dropoutState is the random state that a run's training drops by; nil without dropout.
func dropoutState(t testing.TB, r *Run) []uint64 {
	t.Helper()
	v := r.store.GetVariable(model.JoinPath("/", model.RNGStateVariableName))
	if v == nil {
		return nil
	}
	state, err := tensors.CopyFlatData[uint64](v.MustValue())
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// What Export writes of a network with dropout, Import reads: parameters alone, named as PyTorch's.
func TestUNetExportsAndImports(t *testing.T) {
	e := unetExperiment(t)
	r := mustOpen(t, e)
	r.backend = pureGo(t)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "unet.safetensors")
	if err := r.Export(path); err != nil {
		t.Fatal(err)
	}
	again, err := Import(path, e)
	if err != nil {
		t.Fatal(err)
	}
	again.backend = r.backend
	a, b := again.MustSample(2, flow.CFM(), solver.Euler(1), WithLabel(1)), r.MustSample(2, flow.CFM(), solver.Euler(1), WithLabel(1))
	if !slices.Equal(a.X, b.X) {
		t.Error("the imported network samples otherwise")
	}
	if table := again.Weights().Table(); !strings.Contains(table, "output_blocks.1.0.skip_connection.weight") || strings.Contains(table, "rng") {
		t.Errorf("parameters are not named as PyTorch's:\n%s", table)
	}
}

// A training checkpoint that torch.save wrote of TorchCFM's U-Net gives what PyTorch's networks in it give, on every backend.
func TestUNetImportsTorchSave(t *testing.T) {
	var want map[string][]float32
	data, err := os.ReadFile("net/testdata/unet_training.json")
	if err == nil {
		err = json.Unmarshal(data, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	path := gunzip(t, "net/testdata/unet_training.pt.gz")
	e := unetExperiment(t)
	e.DropCond, e.Objective, e.Path = 0, flow.Velocity(), flow.Straight()
	e.Net = net.UNet{Channels: 32, Blocks: 1, Multipliers: []int{1, 1}, Attention: []int{}, AttentionHeads: 1}
	for _, key := range []string{"net_model", "ema_model"} {
		r, err := Import(path, e, FromKey(key))
		if err != nil {
			t.Fatal(err)
		}
		if report := r.Weights(); report.Err() != nil || !strings.Contains(report.String(), "parameters fit") {
			t.Errorf("%s: report %v", key, report)
		}
		for name, backend := range backends(t) {
			golden.Compare(t, key+" on "+name, forward(t, r, backend, want["x"], want["t"], want["labels"]...), want[key], 1e-4, nil)
		}
	}
}

// gunzip unpacks a file into one of the test's own, without .gz.
func gunzip(t testing.TB, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // only read
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(path), ".gz"))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUNetRefusals(t *testing.T) {
	e := unetExperiment(t)
	u := e.Net.(net.UNet)
	u.Classes = 2
	e.Net = u
	_, err := Open(e)
	expectLine(t, "no class for the null condition", err, "net.UNet has 2 Classes, and data squares needs 3: 2 classes, and one more for the condition that DropCond drops")
	u.Classes, u.Channels = 0, 40
	e.Net = u
	_, err = Open(e)
	expectLine(t, "channels", err, "net: UNet: 40 Channels: want a multiple of 32")
	u.Channels, u.Image = 32, [3]int{8, 8, 1}
	e.Net = u
	r := mustOpen(t, e)
	u.Image = [3]int{2, 8, 1}
	e.Net = u
	_, err = Open(e)
	expectLine(t, "as many values of another shape", err, "net.UNet is for images of 2 x 8 pixels with 1 channels, and data squares has 4 x 4 with 1: leave Image out")
	expectLine(t, "another shape", r.Train(), "the points have size 16, want 64")
}

// The derivatives that MeanFlow trains with and those that IDFF samples with are there for a U-Net with skips and two sizes of image.
func TestUNetDerivatives(t *testing.T) {
	e := unetExperiment(t)
	e.Steps = 1
	u := e.Net.(net.UNet)
	u.Multipliers, u.ScaleShift = []int{1, 1}, true
	e.Net = u
	r := mustOpen(t, e)
	r.backend = pureGo(t)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	if s, err := r.Sample(2, flow.IDFF(.5, -.2), solver.Euler(3), WithLabel(1)); err != nil || s.Cost.Backwards == 0 {
		t.Errorf("IDFF of order 2: %v", err)
	}
	e.Objective, e.Path, e.Steps, u.Heads, u.Dropout = flow.AverageVelocity(), flow.Straight(), 10, 1, 0
	e.Net = u
	losses := map[string]float64{} // of the tenth step, which the gradients of the others led to; dropout draws differ from backend to backend
	for name, backend := range backends(t) {
		t.Setenv("IDFF_RUNS", t.TempDir())
		r = mustOpen(t, e)
		r.backend = backend
		if err := r.Train(); err != nil {
			t.Fatalf("MeanFlow on %s: %v", name, err)
		}
		losses[name] = r.Losses()[len(r.Losses())-1].Loss
	}
	for name, loss := range losses {
		if math.Abs(loss-losses["go"]) > 1e-5*loss {
			t.Errorf("MeanFlow's loss is %g on %s and %g on pure Go", loss, name, losses["go"])
		}
	}
}
