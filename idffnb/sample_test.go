package idffnb

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/golden"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// trained is a run of the small experiment, trained.
func trained(t testing.TB) *Run {
	t.Helper()
	r := mustOpen(t, small(t))
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	return r
}

// reference is a run whose network is the reference MLP.
func reference(t testing.TB, set string) *Run {
	t.Helper()
	t.Setenv("IDFF_RUNS", t.TempDir())
	r := mustOpen(t, Experiment{Name: "reference", Data: datasets.MustByName(set)})
	r.store, r.step = golden.Store(t, set), 20_000
	return r
}

// TestSampleAgainstReference samples from the reference's start points, on every backend, and compares with torchdiffeq's end points.
func TestSampleAgainstReference(t *testing.T) {
	for name, backend := range backends(t) {
		checkSamples(t, name, backend)
	}
}

func checkSamples(t *testing.T, name string, backend compute.Backend) {
	t.Helper()
	var tolerance map[string]struct {
		Trajectories map[string]struct{ Max float64 }
	}
	golden.JSON(t, "tolerance.json", &tolerance)
	x0 := golden.Array(t, "2d/x0").Data[:128]
	for _, set := range []string{"8gaussians", "checkerboard"} {
		r := reference(t, set)
		r.backend = backend
		for file, field := range map[string]flow.Field{
			"cfm_x0_rk4_n2":             flow.ReleasedCFM(),
			"idff_g0.2_-0.2_0.3_rk4_n2": flow.IDFF(.2, -.2, .3),
			"idff_g0.5_0_0_rk4_n2":      flow.IDFF(.5, 0, 0),
		} {
			out, err := r.Sample(64, field, solver.RK4(2), WithStart(x0))
			if err != nil {
				t.Fatal(err)
			}
			want := golden.Array(t, "2d/"+set+"/traj_"+file)
			for i, state := range out.States {
				golden.Compare(t, name+" "+file, state, want.Rows(i), 5*tolerance[set].Trajectories["2d/"+set+"/traj_"+file].Max, nil)
			}
		}
	}
}

// TestBackendsAgree compares XLA with pure Go on a larger cloud; without a plugin it compares pure Go with itself.
func TestBackendsAgree(t *testing.T) {
	var clouds [][]float32
	for _, backend := range backends(t) {
		r := reference(t, "checkerboard")
		r.backend = backend
		out, err := r.Sample(500, flow.IDFF(.5, -.2), solver.Midpoint(3), WithSeed(3))
		if err != nil {
			t.Fatal(err)
		}
		clouds = append(clouds, out.X)
	}
	golden.Compare(t, "first and last backend", clouds[0], clouds[len(clouds)-1], 2e-4, nil)
}

func TestSampleIsDeterministic(t *testing.T) {
	r := trained(t)
	draw := func(seed uint64) []float32 {
		out, err := r.Sample(100, flow.IDFF(.4), solver.RK4(2), WithSeed(seed))
		if err != nil {
			t.Fatal(err)
		}
		return out.X
	}
	first := draw(1)
	r = mustOpen(t, r.exp)
	if !slices.Equal(first, draw(1)) {
		t.Error("the same seed gave other samples after reopening")
	}
	if slices.Equal(first, draw(2)) {
		t.Error("another seed gave the same samples")
	}
}

func TestSampleOptionsAndCost(t *testing.T) {
	r := trained(t)
	plain, err := r.Sample(50, flow.CFM(), solver.Midpoint(4))
	if err != nil {
		t.Fatal(err)
	}
	c := plain.Cost
	if c.Steps != 4 || c.Forwards != 8 || c.Backwards != 0 || c.Equivalents != 8 || c.Seconds <= 0 {
		t.Errorf("cost %+v", c)
	}
	if len(plain.States) != 5 || len(plain.Times) != 5 || len(plain.X) != 100 || !slices.Equal(plain.States[4], plain.X) {
		t.Errorf("%d states at %d times, %d values", len(plain.States), len(plain.Times), len(plain.X))
	}
	shrunk, err := r.Sample(50, flow.CFM(), solver.Midpoint(4), WithShrink(1.5))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range shrunk.States[0] {
		if math.Abs(float64(v)-float64(plain.States[0][i])/1.5) > 1e-6 {
			t.Fatalf("start value %d is %g, want %g / 1.5", i, v, plain.States[0][i])
		}
	}
	kept, meta, err := checkpoint.Read(filepath.Join(r.Dir, "samples", "CFM-midpoint_x4-shrink1.5-seed0-n50.safetensors"))
	if err != nil || len(kept) != 1 || meta["field"] != "CFM" {
		t.Fatalf("kept samples: %v, %v", meta, err)
	}
	values, err := checkpoint.Values[float32](kept[0])
	if err != nil || !slices.Equal(values, shrunk.X) {
		t.Errorf("the samples kept differ from those returned: %v", err)
	}
	if _, err := r.Sample(50, flow.CFM(), solver.Midpoint(4), WithShrink(1.5), WithStart(make([]float32, 100))); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(r.Dir, "samples", "CFM-midpoint_x4-shrink1.5-seed0-n50*"))
	if err != nil || len(files) != 2 || !strings.Contains(files[0], "-n50-start") {
		t.Errorf("samples from start points of one's own are kept in the place of the others: %v, %v", files, err)
	}
}

func TestFormsForFigures(t *testing.T) {
	s := &Samples{N: 2, Dim: 2, Times: []float64{0, .5, 1}, States: [][]float32{{0, 0, 1, 1}, {2, 4, 1, 1}, {2, 5, 3, 1}},
		Field: "IDFF γ=0.5", Solver: "rk4 x2", Cost: solver.Cost{Forwards: 8, Backwards: 6, Equivalents: 14}}
	got := s.At(0, .25, .5, .75, 1)
	want := [][][2]float64{{{0, 0}, {1, 1}}, {{1, 2}, {1, 1}}, {{2, 4}, {1, 1}}, {{2, 4.5}, {2, 1}}, {{2, 5}, {3, 1}}}
	for i := range want {
		if !slices.Equal(got[i], want[i]) {
			t.Errorf("state %d: %v, want %v", i, got[i], want[i])
		}
	}
	if title := s.Title("seed 0"); title != "IDFF γ=0.5\nrk4 x2: 8 fwd + 6 bwd = 14\nseed 0" {
		t.Errorf("title %q", title)
	}
}

// TestVelocity evaluates fields at points; CFM's is linear in xhat1, so IDFF's at t = 0 is the same.
func TestVelocity(t *testing.T) {
	r := trained(t)
	x := []float32{.5, -1, 2, .1}
	a, err := r.Velocity(x, 0, flow.CFM())
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Velocity(x, 0, flow.IDFF(.9, .3))
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "velocity at t=0", a, b, 1e-6, nil)
	_, err = r.Velocity(x, 1.5, flow.CFM())
	expectLine(t, "time outside", err, "outside [0, 1]")
}

// TestGammaNeedsNoCompilation: another gamma of the same order uses the same compiled graph.
func TestGammaNeedsNoCompilation(t *testing.T) {
	r := trained(t)
	for _, gamma := range []float64{0, .5, 3} {
		if _, err := r.Sample(20, flow.IDFF(gamma, -.2), solver.Euler(2)); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.samplers) != 1 {
		t.Errorf("%d graphs compiled for three gammas of one order, want 1", len(r.samplers))
	}
}

func TestSampleRefuses(t *testing.T) {
	r := trained(t)
	own := solver.RungeKutta{Method: "rk45", N: 2}
	for _, tc := range []struct {
		what    string
		n       int
		field   flow.Field
		s       solver.Solver
		options []SampleOption
		want    string
	}{
		{"no points", 0, flow.CFM(), solver.Euler(1), nil, "sample of 0 points: want 1 to 536870912"},
		{"too many points", 1 << 40, flow.CFM(), solver.Euler(1), nil, "sample of 1099511627776 points"},
		{"zero steps", 8, flow.CFM(), solver.Euler(0), nil, "at least 1"},
		{"negative steps", 8, flow.CFM(), solver.RK4(-2), nil, "at least 1"},
		{"unknown solver", 8, flow.CFM(), own, nil, "valid names: euler"},
		{"no field", 8, nil, solver.Euler(1), nil, "a field, e.g. flow.CFM(), and a solver"},
		{"no solver", 8, flow.CFM(), nil, nil, "and a solver"},
		{"gamma", 8, flow.IDFF(300), solver.RK4(2), nil, "negative at t"},
		{"gamma as written", 8, flow.IDFFWritten(60, 70), solver.RK4(2), nil, "negative at t"},
		{"no gamma", 8, flow.IDFF(), solver.RK4(2), nil, "without gamma"},
		{"shrink", 8, flow.CFM(), solver.Euler(1), []SampleOption{WithShrink(0)}, "shrunk by 0"},
		{"start of another size", 8, flow.CFM(), solver.Euler(1), []SampleOption{WithStart(make([]float32, 3))}, "3 start values"},
		{"no start", 8, flow.CFM(), solver.Euler(1), []SampleOption{WithStart(nil)}, "0 start values"},
		{"start with NaN", 1, flow.CFM(), solver.Euler(1), []SampleOption{WithStart([]float32{0, float32(math.NaN())})}, "start point 0 is NaN"},
		{"start at infinity", 1, flow.CFM(), solver.Euler(1), []SampleOption{WithStart([]float32{0, float32(math.Inf(-1))})}, "start point 0 is -Inf, want finite numbers"},
		{"shrunk to nothing", 8, flow.CFM(), solver.Euler(1), []SampleOption{WithShrink(math.Inf(1))}, "shrunk by +Inf"},
		{"blown up", 8, flow.CFM(), solver.Euler(1), []SampleOption{WithShrink(1e-300)}, "start point 0 is"},
		{"end at infinity", 1, flow.CFM(), solver.Scheduled{Times: []float64{0, 1}, Weights: [][]float64{{1e300}}}, []SampleOption{WithStart([]float32{0, 0})}, "Inf for point 0: the flow diverges there"},
		{"more steps than a graph has", 8, flow.CFM(), solver.Euler(math.MaxInt), nil, "at most 1048576"},
		{"more steps of Adams", 8, flow.CFM(), solver.AdamsBashforth(2, math.MaxInt), nil, "at most 1048576"},
		{"more exponential steps", 8, flow.CFM(), solver.DDIM(math.MaxInt), nil, "at most 1048576"},
	} {
		_, err := r.Sample(tc.n, tc.field, tc.s, tc.options...)
		expectLine(t, tc.what, err, tc.want)
	}
	e := small(t)
	_, err := mustOpen(t, e).Sample(8, flow.CFM(), solver.Euler(1))
	expectLine(t, "untrained", err, "call Train first")
}

// growing multiplies its state.
type growing struct{}

func (growing) Name() string       { return "growing" }
func (growing) Factors() []float64 { return nil }
func (growing) Velocity(_ *flow.Model, at flow.Point, _ []*Node) *Node {
	return MulScalar(at.X, 1e30)
}

// TestInfiniteSamplesAreRefused: a flow whose numbers become infinite has diverged, as one whose numbers are NaN has.
func TestInfiniteSamplesAreRefused(t *testing.T) {
	r := trained(t)
	_, err := r.Sample(1, growing{}, solver.Euler(3), WithStart([]float32{1, 1}), Unkept())
	expectLine(t, "infinite", err, "gave +Inf for point 0: the flow diverges there")
	if !errors.Is(err, errDiverged) {
		t.Errorf("%v is no errDiverged", err)
	}
	_, err = r.Sample(1, growing{}, solver.Euler(3), WithStart([]float32{0, 1}), Unkept())
	expectLine(t, "one component", err, "gave +Inf for point 0")
}

// TestScoreNeedsIndependentStart: with exact OT coupling xhat1 does not give the score, and a score head still does.
func TestScoreNeedsIndependentStart(t *testing.T) {
	e := small(t)
	e.Coupling = flow.ExactOT()
	r := mustOpen(t, e)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	_, err := r.Sample(8, flow.IDFFWritten(1), solver.Euler(2))
	expectLine(t, "score under OT", err, "independent coupling")
	e.Objective, e.Path, e.Net = flow.X1Score(), flow.Bridge(.2), net.MLP{Width: 16, Layers: 2, Heads: 2}
	if r = mustOpen(t, e); r.Train() != nil {
		t.Fatal("training with a score head failed")
	}
	if _, err := r.Sample(8, flow.IDFFWritten(1), solver.Euler(2)); err != nil {
		t.Errorf("with a score head: %v", err)
	}
}

// wrongNet returns points of another size than the data's.
type wrongNet struct{}

func (wrongNet) Predict(scope *model.Scope, x, t, _ *Node) *Node {
	return net.Dense(scope, "out", Concatenate([]*Node{x, ExpandAxes(t, -1)}, -1), 3)
}

func TestWrongShapeOfNet(t *testing.T) {
	e := small(t)
	e.Net = wrongNet{}
	expectLine(t, "wrong shape", mustOpen(t, e).Train(), "returned shape [32 3], want [32, 2]")
	e.Net, e.Objective, e.Path = net.MLP{Heads: 1}, flow.X1Score(), flow.Bridge(.2)
	expectLine(t, "too few heads", mustOpen(t, e).Train(), "2 head(s)")
}

// brokenNet is a network of a user's own whose Predict does something wrong.
type brokenNet struct{ How string }

func (b brokenNet) Predict(scope *model.Scope, x, t, _ *Node) *Node {
	switch b.How {
	case "rank":
		return Concatenate([]*Node{x, t}, -1)
	case "name twice":
		return net.Dense(scope, "a", net.Dense(scope, "a", x, 7), 2)
	case "index":
		var none []*Node
		return none[len(b.How)]
	}
	panic("no error")
}

// TestBrokenNet: what goes wrong in a network's Predict is one line that says in whose.
func TestBrokenNet(t *testing.T) {
	for how, want := range map[string]string{
		"rank":       "Concatenate operand #1 has different rank",
		"name twice": `variable "/a/weight", but with different shape`,
		"index":      "index out of range [5] with length 0",
		"text":       "no error",
	} {
		e := small(t)
		e.Net = brokenNet{how}
		err := mustOpen(t, e).Train()
		expectLine(t, how, err, "training step: network idffnb.brokenNet: ")
		expectLine(t, how, err, want)
	}
}

// TestNoiseOfNothing: Noise says in one line what it cannot draw.
func TestNoiseOfNothing(t *testing.T) {
	for _, tc := range []struct {
		n, dim int
		fails  bool
	}{{0, 2, false}, {3, 2, false}, {-3, 2, true}, {3, 0, true}, {3, -1, true}, {1 << 40, 2, true}} {
		func() {
			defer func() {
				err, _ := recover().(error)
				if !tc.fails {
					if err != nil {
						t.Errorf("%d points of size %d: %v", tc.n, tc.dim, err)
					}
					return
				}
				expectLine(t, "noise", err, fmt.Sprintf("idffnb: noise of %d points of size %d", tc.n, tc.dim))
			}()
			Noise(0, tc.n, tc.dim)
		}()
	}
}

// TestObjectivesTrain trains each objective on its path a little, samples CFM, and expects the loss to fall.
func TestObjectivesTrain(t *testing.T) {
	for _, tc := range []struct {
		objective flow.Objective
		path      flow.Path
		written   bool // the path gives the score that IDFF as written needs
	}{
		{flow.X1(), flow.Straight(), true},
		{flow.X1Score(), flow.Bridge(.2), true},
		{flow.X1Start(), flow.Bridge(.2), true},
		{flow.Velocity(), flow.ICFM(.1), false},
		{flow.Velocity(), flow.VariancePreserving(.1), false},
		{flow.X1(), flow.Target(.1), false},
	} {
		e := small(t)
		e.Objective, e.Path, e.Steps = tc.objective, tc.path, 150
		e.Net = net.MLP{Width: 16, Layers: 2, Heads: tc.objective.Heads()}
		r := mustOpen(t, e)
		if err := r.Train(); err != nil {
			t.Fatal(err)
		}
		if l := r.Losses(); l[len(l)-1].Loss > .9*l[0].Loss {
			t.Errorf("%s on %v: loss went from %g to %g", tc.objective, tc.path, l[0].Loss, l[len(l)-1].Loss)
		}
		if _, err := r.Sample(16, flow.CFM(), solver.RK4(2)); err != nil {
			t.Errorf("%s on %v: %v", tc.objective, tc.path, err)
		}
		if _, err := r.Sample(16, flow.IDFFWritten(1.2, .1), solver.Euler(3)); (err == nil) != tc.written {
			t.Errorf("%s on %v: IDFF as written: %v", tc.objective, tc.path, err)
		}
	}
}

func TestUnkept(t *testing.T) {
	r := trained(t)
	if _, err := r.Sample(10, flow.CFM(), solver.Euler(1), Unkept()); err != nil {
		t.Fatal(err)
	}
	if files, _ := filepath.Glob(filepath.Join(r.Dir, "samples", "*")); len(files) > 0 {
		t.Errorf("kept %v", files)
	}
	if _, err := r.Sample(10, flow.CFM(), solver.Euler(1)); err != nil {
		t.Fatal(err)
	}
	if files, _ := filepath.Glob(filepath.Join(r.Dir, "samples", "*")); len(files) != 1 {
		t.Errorf("kept %v, want one file", files)
	}
}

// TestSamplesOfSchedulesAreKeptApart: schedules of the same form and label, whose numbers their names do not give, each keep their samples.
func TestSamplesOfSchedulesAreKeptApart(t *testing.T) {
	r := trained(t)
	for _, c := range []struct {
		field flow.Field
		s     solver.Solver
	}{
		{flow.CFM(), solver.EulerOn(0, .3, 1)},
		{flow.CFM(), solver.EulerOn(0, .6, 1)},
		{flow.CFM(), solver.Midpoint(2).On(0, .3, 1)}, {flow.CFM(), solver.Midpoint(2).On(0, .30001, 1)},
		{flow.CFM(), solver.Scheduled{Label: "euler on grid", Times: []float64{0, .6, 1}, Weights: [][]float64{{1}, {1.1}}}},
		{flow.ScheduledField{Gamma: [][]float64{{.5}, {.5}}}, solver.EulerOn(0, .3, 1)},
		{flow.ScheduledField{Gamma: [][]float64{{.5}, {.7}}}, solver.EulerOn(0, .3, 1)},
	} {
		for range 2 { // the same again takes its own place
			if _, err := r.Sample(3, c.field, c.s); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(r.Dir, "samples", "*-euler_on_grid_x2-shrink1-seed0-n3-*.safetensors"))
	if err != nil || len(files) != 5 {
		t.Errorf("five samplings left %d files: %v, %v", len(files), files, err)
	}
}

// TestFileNames: the files of samples have names that systems take, and names that differ have files that do.
func TestFileNames(t *testing.T) {
	if got := fileName("IDFF γ=(0.5, -0.2)-rk4 x2-shrink1-seed0-n4"); got != "IDFF_gamma_0.5_-0.2_-rk4_x2-shrink1-seed0-n4" {
		t.Errorf("file %s", got)
	}
	long, seen := strings.Repeat("long ", 100), map[string]string{}
	for _, name := range []string{"поле", "слой", "名", "名前", long, long + "er", long + "est"} {
		file := fileName(name + "-euler x1-n4")
		if other, before := seen[file]; before || len(file) > 220 || strings.ContainsFunc(file, func(r rune) bool { return r > 127 }) {
			t.Errorf("%s has the file %s of %s", name, file, other)
		}
		seen[file] = name
	}
}
