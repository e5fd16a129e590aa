package idffnb

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

func mustReflow(t testing.TB, r *Run, n int, s solver.Solver, seed uint64) *Pairs {
	t.Helper()
	p, err := r.Reflow(n, s, seed)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestReflowPairs: the pairs are start and end points of the run's trajectories, the same when made again, read again, or after their file was damaged.
func TestReflowPairs(t *testing.T) {
	r := trained(t)
	p := mustReflow(t, r, 5000, solver.Euler(3), 1) // more than a chunk
	out, err := r.Sample(5000, flow.CFM(), solver.Euler(3), WithStart(p.x0))
	if err != nil {
		t.Fatal(err)
	}
	for i := range out.X {
		if math.Abs(float64(out.X[i]-p.x1[i])) > 1e-5 {
			t.Fatalf("value %d: the pair ends at %g, the flow at %g", i, p.x1[i], out.X[i])
		}
	}
	files, _ := filepath.Glob(filepath.Join(r.Dir, "pairs", "*.safetensors"))
	if len(files) != 1 {
		t.Fatalf("kept %v, want one file", files)
	}
	kept, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	again := func(what string) {
		t.Helper()
		q := mustReflow(t, mustOpen(t, r.exp), 5000, solver.Euler(3), 1)
		if !slices.Equal(p.x0, q.x0) || !slices.Equal(p.x1, q.x1) || p.ID() != q.ID() {
			t.Errorf("%s: other pairs", what)
		}
	}
	again("read")
	for what, bytes := range map[string][]byte{"cut short": kept[:len(kept)/2], "a byte changed": append(append([]byte{}, kept[:len(kept)-9]...), append([]byte{kept[len(kept)-9] ^ 1}, kept[len(kept)-8:]...)...), "empty": {}} {
		if err := os.WriteFile(files[0], bytes, 0o666); err != nil {
			t.Fatal(err)
		}
		again(what)
		if now, _ := os.ReadFile(files[0]); !slices.Equal(now, kept) {
			t.Errorf("%s: the file was not mended", what)
		}
	}
	tensors, _, err := checkpoint.Read(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := checkpoint.Write(files[0], tensors, map[string]string{"id": "other pairs"}); err != nil { // of another run, say, copied here
		t.Fatal(err)
	}
	_, err = r.Reflow(5000, solver.Euler(3), 1)
	expectLine(t, "a file of other pairs", err, "move it away")
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	for what, q := range map[string]*Pairs{
		"n": mustReflow(t, r, 50, solver.Euler(3), 1), "solver": mustReflow(t, r, 5000, solver.Euler(2), 1), "seed": mustReflow(t, r, 5000, solver.Euler(3), 2),
		"weights of the solver": mustReflow(t, r, 5000, solver.EulerOn(0, .3, .6, 1), 1),
	} {
		if q.ID() == p.ID() {
			t.Errorf("another %s has the same identity %s", what, p.ID())
		}
	}
}

// TestReflowRun: training sees the pairs; samples start from fresh noise and are judged against the first run's data, also in a second round.
func TestReflowRun(t *testing.T) {
	first := trained(t)
	p := mustReflow(t, first, 300, solver.Euler(2), 0)
	ends := map[[2]float32][]float32{}
	for i := range 300 {
		ends[[2]float32(p.x0[2*i:2*i+2])] = p.x1[2*i : 2*i+2]
	}
	x0, x1, cond := p.Batch(rand.New(rand.NewPCG(1, 2)), 64)
	if len(x0) != 128 || cond != nil {
		t.Fatalf("batch of %d values, cond %v", len(x0), cond)
	}
	for i := range 64 {
		if !slices.Equal(ends[[2]float32(x0[2*i:2*i+2])], x1[2*i:2*i+2]) {
			t.Fatalf("row %d of a batch is no pair", i)
		}
	}
	e := first.exp
	e.Name, e.Data = "second", p
	e.Coupling = flow.ExactOT()
	_, err := Open(e)
	expectLine(t, "coupled twice", err, "use flow.Independent()")
	e.Coupling = flow.Independent()
	second := mustOpen(t, e)
	if err := second.Train(); err != nil {
		t.Fatal(err)
	}
	e.Name, e.Data = "third", mustReflow(t, second, 100, solver.Euler(2), 0)
	third := mustOpen(t, e)
	if err := third.Train(); err != nil {
		t.Fatal(err)
	}
	judge := Judge{N: 200, Seeds: Seeds(3, 4)}
	floor, err := first.Floor(judge)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Run{second, third} {
		out, err := r.Sample(50, flow.CFM(), solver.Euler(2), WithSeed(9))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(out.States[0], Noise(9, 50, 2)) {
			t.Errorf("%s does not start from fresh noise", r.exp.Name)
		}
		f, err := r.Floor(judge)
		if err != nil || !slices.Equal(f.Scores["mmd2"], floor.Scores["mmd2"]) {
			t.Errorf("%s is judged against other data than the first: %v, %v", r.exp.Name, f, err)
		}
		if _, err := r.LogLikelihood([]float32{0, 1}, flow.CFM(), solver.Euler(2)); err != nil {
			t.Errorf("%s: the flow still starts from N(0, I): %v", r.exp.Name, err)
		}
		_, err = r.Sample(8, flow.IDFFWritten(1), solver.Euler(2)) // x0 is given together with x1
		expectLine(t, "score of coupled pairs", err, "needs the score")
	}
}

// TestReflowOfLabels: conditions come along with their pairs.
func TestReflowOfLabels(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	data := datasets.MustLabelled(datasets.EightGaussians())
	first := brief(t, RectifiedFlow("first", data), 5)
	p := mustReflow(t, first, 40, solver.Euler(2), 0)
	_, _, cond := p.Batch(rand.New(rand.NewPCG(1, 2)), 7)
	if p.Classes() != data.Classes() || len(p.cond) != 40 || len(cond) != 7 {
		t.Errorf("%d classes, %d conditions, %d in a batch of 7", p.Classes(), len(p.cond), len(cond))
	}
	brief(t, RectifiedFlow("second", p), 5)
}

// TestReflowOfImages: a U-Net on pairs knows the images' shape from the data of the first run, and refuses another one, as it does on that data.
func TestReflowOfImages(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	u := net.UNet{Channels: 32, Multipliers: []int{1}, Blocks: 1, Attention: []int{}, HeadChannels: 32}
	e := Experiment{Name: "first", Data: squares{}, Net: u, Objective: flow.Velocity(), Batch: 4, Steps: 1}
	first := mustOpen(t, e)
	first.backend = pureGo(t)
	if err := first.Train(); err != nil {
		t.Fatal(err)
	}
	e.Name, e.Data = "second", mustReflow(t, first, 6, solver.Euler(1), 0)
	second := mustOpen(t, e)
	if n := second.exp.Net.(net.UNet); n.Image != [3]int{4, 4, 1} || n.Classes != 2 {
		t.Errorf("the network on pairs is for images of %v and %d classes", n.Image, n.Classes)
	}
	second.backend = pureGo(t)
	if err := second.Train(); err != nil {
		t.Fatal(err)
	}
	u.Image = [3]int{2, 8, 1}
	e.Net = u
	_, err := Open(e)
	expectLine(t, "another shape", err, "net.UNet is for images of 2 x 8 pixels with 1 channels, and data reflow of squares has 4 x 4 with 1: leave Image out")
}

func TestReflowRefuses(t *testing.T) {
	r := trained(t)
	_, err := r.Reflow(0, solver.Euler(2), 0)
	expectLine(t, "no pairs", err, "reflow with 0 pairs: want 1 to 536870912")
	_, err = r.Reflow(1<<40, solver.Euler(2), 0)
	expectLine(t, "too many pairs", err, "reflow with 1099511627776 pairs")
	_, err = r.Reflow(5, nil, 0)
	expectLine(t, "no solver", err, "and a solver")
	_, err = r.Reflow(5, solver.Euler(0), 0)
	expectLine(t, "no steps", err, "at least 1")
	_, err = mustOpen(t, small(t)).Reflow(5, solver.Euler(2), 0)
	expectLine(t, "untrained", err, "call Train first")
}

func TestStraightness(t *testing.T) {
	// The first point moves (0,0) -> (1,0) -> (4,0) at t = 0, .25, 1: chord 4, slopes 4 and 4; the second (0,0) -> (1,1) -> (0,0): chord 0, slopes 4 and -4/3 in both components.
	s := &Samples{N: 2, Dim: 2, Times: []float64{0, .25, 1}, States: [][]float32{{0, 0, 0, 0}, {1, 0, 1, 1}, {4, 0, 0, 0}}}
	s.X = s.States[2]
	if got, want := s.Straightness(), (.25*2*16+.75*2*16./9)/2; math.Abs(got-want) > 1e-6 {
		t.Errorf("straightness %g, want %g", got, want)
	}
}
