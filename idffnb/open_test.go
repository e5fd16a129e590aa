package idffnb

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/internal/fullfile"
)

func TestOpenRefuses(t *testing.T) {
	for _, tc := range []struct {
		what string
		edit func(*Experiment)
		want string
	}{
		{"no name", func(e *Experiment) { e.Name = "" }, "experiment name"},
		{"a path for a name", func(e *Experiment) { e.Name = "../x" }, "experiment name"},
		{"no data", func(e *Experiment) { e.Data = nil }, "datasets.Checkerboard()"},
		{"negative steps", func(e *Experiment) { e.Steps = -1 }, "-1 training steps"},
		{"negative batch", func(e *Experiment) { e.Batch = -2 }, "batch of -2"},
		{"batch of more than a state may have", func(e *Experiment) { e.Batch = 1 << 40 }, "batch of 1099511627776, want at most 536870912 of points of size 2"},
		{"learning rate", func(e *Experiment) { e.LearningRate = math.NaN() }, "learning rate NaN"},
		{"weight decay", func(e *Experiment) { e.WeightDecay = math.Inf(1) }, "weight decay +Inf and gradient norm 1 must be finite numbers"},
		{"gradient norm", func(e *Experiment) { e.ClipNorm = math.Inf(1) }, "gradient norm +Inf must be finite"},
		{"path", func(e *Experiment) { e.Path = flow.Path{Kind: "line"} }, "valid names: straight"},
		{"objective", func(e *Experiment) { e.Objective = flow.Objective{Kind: "x0"} }, "valid names: x1"},
		{"objective on path", func(e *Experiment) { e.Objective = flow.X1Score() }, "flow.Bridge"},
		{"coupling", func(e *Experiment) { e.Coupling = flow.Sinkhorn(-1) }, "regularisation -1"},
		{"net", func(e *Experiment) { e.Net = net.MLP{Width: -1} }, "width -1"},
	} {
		e := small(t)
		tc.edit(&e)
		_, err := Open(e)
		expectLine(t, tc.what, err, tc.want)
	}
}

// TestFolderIdentity: what the result depends on is in the folder's name; defaults spelled out are the defaults.
func TestFolderIdentity(t *testing.T) {
	base := small(t)
	dir := mustOpen(t, base).Dir
	for what, edit := range map[string]func(*Experiment){
		"seed":      func(e *Experiment) { e.Seed = 8 },
		"coupling":  func(e *Experiment) { e.Coupling = flow.ExactOT() },
		"data":      func(e *Experiment) { e.Data = datasets.Rings() },
		"times":     func(e *Experiment) { e.Times = flow.LogitNormal(0, 1) },
		"times, 2":  func(e *Experiment) { e.Times = flow.LogitNormal(0, 2) },
		"own times": func(e *Experiment) { e.Times = ownTimes{} },
		"path":      func(e *Experiment) { e.Path = flow.Bridge(.2) },
		"net":       func(e *Experiment) { e.Net = net.MLP{Width: 17, Layers: 2} },
		"steps":     func(e *Experiment) { e.Steps = 61 },
		"decay":     func(e *Experiment) { e.WeightDecay = -1 },
		"points":    func(e *Experiment) { e.Data = datasets.MustFromPoints("own", []float32{1, 2, 3, 4}, 2) },
		"points, 2": func(e *Experiment) { e.Data = datasets.MustFromPoints("own", []float32{1, 2, 3, 5}, 2) },
	} {
		e := base
		edit(&e)
		if other := mustOpen(t, e).Dir; other == dir {
			t.Errorf("another %s has the same run folder %s", what, dir)
		}
	}
	e := base
	e.Coupling, e.Path, e.Objective, e.Times, e.WeightDecay, e.ClipNorm = flow.Independent(), flow.Straight(), flow.X1(), flow.Uniform(), .01, 1
	if other := mustOpen(t, e).Dir; other != dir {
		t.Errorf("the defaults spelled out have another folder: %s, not %s", other, dir)
	}
}

func TestFolderOfAnotherExperiment(t *testing.T) {
	e := small(t)
	r := mustOpen(t, e)
	if err := os.WriteFile(filepath.Join(r.Dir, identityFile), []byte("{}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Open(e)
	expectLine(t, "another experiment", err, "belongs to another experiment")
}

// TestDamagedCheckpoint: the newest checkpoint is cut short at several lengths, as a crash of the machine may leave it; Open takes
// the one before, and training goes on from there.
func TestDamagedCheckpoint(t *testing.T) {
	e := small(t)
	r := mustOpen(t, e)
	trainTo(t, r, 20)
	trainTo(t, r, 40)
	newest := filepath.Join(r.Dir, "ckpt-000000040.safetensors")
	whole, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 7, 100, len(whole) / 2, len(whole) - 1} {
		if err := os.WriteFile(newest, whole[:size], 0o666); err != nil {
			t.Fatal(err)
		}
		if r = mustOpen(t, e); r.Step() != 20 {
			t.Errorf("cut to %d bytes: opened at step %d, want 20", size, r.Step())
		}
	}
	trainTo(t, r, 60)
	if r = mustOpen(t, e); r.Step() != 60 || len(r.Losses()) != 6 {
		t.Errorf("after going on: step %d with %d loss points, want 60 with 6", r.Step(), len(r.Losses()))
	}
}

// TestNoRoomToSave trains where no file can grow beyond 200 kB, less than a checkpoint, as on a disk that fills up: one line, and the checkpoint before stays.
func TestNoRoomToSave(t *testing.T) {
	if !fullfile.Alone(t) {
		return
	}
	e := small(t)
	e.Net = net.MLP{Width: 256, Layers: 2}
	r := mustOpen(t, e)
	trainTo(t, r, 20)
	var err error
	fullfile.Limit(t, 200_000, func() { err = r.Train() })
	expectLine(t, "no room", err, "small")
	if r = mustOpen(t, e); r.Step() != 20 {
		t.Errorf("opened at step %d, want the checkpoint of step 20", r.Step())
	}
	if err := r.Train(); err != nil || r.Step() != 60 {
		t.Errorf("with room again: step %d, %v", r.Step(), err)
	}
}

func TestMustPrintsOneLine(t *testing.T) {
	note := filepath.Join(t.TempDir(), "failed")
	t.Setenv("IDFF_CELL_FAILED", note)
	code := 0
	exit = func(c int) { code = c; panic("exit") }
	defer func() { exit = os.Exit }()
	stderr := os.Stderr
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stderr = w
	func() {
		defer func() { _ = recover() }()
		MustOpen(Experiment{})
	}()
	os.Stderr = stderr
	_ = w.Close()
	buf := make([]byte, 4096)
	n, _ := r.Read(buf)
	if _, err := os.Stat(note); err != nil {
		t.Errorf("the kernel was not told of the failure: %v", err)
	}
	if line := string(buf[:n]); code != 1 || strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "idffnb: ") {
		t.Errorf("exit code %d after %q, want 1 after one line", code, line)
	}
}
