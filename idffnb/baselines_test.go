package idffnb

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// brief makes a baseline train in a second or two, in this test's folder of runs.
func brief(t testing.TB, e Experiment, steps int) *Run {
	t.Helper()
	e.Steps, e.Batch, e.LearningRate = steps, 128, 4e-3
	r := mustOpen(t, e)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	return r
}

// mmd2 is the MMD^2 of 1000 samples and the data, the mean of two seeds; fresh data give .001.
func mmd2(t testing.TB, r *Run, f flow.Field, s solver.Solver) float64 {
	t.Helper()
	report, err := r.Evaluate(f, s, Judge{N: 1000, Seeds: Seeds(5, 6), Metrics: []string{"mmd2"}})
	if err != nil {
		t.Fatal(err)
	}
	return report.Mean("mmd2")
}

// TestBaselines opens each baseline as it is, on plain and on labelled data, and checks its method.
func TestBaselines(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	data := datasets.EightGaussians()
	sf2m := func(name string, data Data) Experiment { return SF2M(name, data, .5) }
	for _, tc := range []struct {
		make      func(string, Data) Experiment
		path      flow.Path
		coupling  flow.Coupling
		objective flow.Objective
		rate      float64
		steps     int
	}{
		{ICFM, flow.ICFM(.1), flow.Independent(), flow.Velocity(), 1e-3, 20_000},
		{OTCFM, flow.ICFM(.1), flow.ExactOT(), flow.Velocity(), 1e-3, 20_000},
		{sf2m, flow.Bridge(.5), flow.ExactOT(), flow.VelocityScore(), .01, 10_000},
		{RectifiedFlow, flow.Straight(), flow.Independent(), flow.Velocity(), 1e-3, 20_000},
		{MeanFlow, flow.Straight(), flow.Independent(), flow.AverageVelocity(), 1e-3, 20_000},
	} {
		e := mustOpen(t, tc.make("plain", data)).Experiment()
		if e.Path.String() != tc.path.String() || e.Coupling != tc.coupling || e.Objective != tc.objective {
			t.Errorf("%v on %v with %s, want %v on %v with %s", e.Objective, e.Path, e.Coupling.Name(), tc.objective, tc.path, tc.coupling.Name())
		}
		if e.Net != (net.MLP{Width: 64, Heads: tc.objective.Heads()}) || e.WeightDecay >= 0 || e.ClipNorm >= 0 || e.Batch != 256 || e.LearningRate != tc.rate || e.Steps != tc.steps {
			t.Errorf("%v: settings %+v", tc.objective, e)
		}
		if e := mustOpen(t, tc.make("labels", datasets.MustLabelled(data))); e.exp.Objective.Averages() {
			brief(t, e.exp, 3) // the interval beside the label
		}
		dropping := tc.make("dropping", datasets.MustLabelled(data)) // changed field by field
		dropping.DropCond = .1
		if n := mustOpen(t, dropping).Experiment().Net.(net.IndexedMLP); n.Indices != 9 {
			t.Errorf("%v: %d indices with dropped conditions, want 9", tc.objective, n.Indices)
		}
		_, err := Open(tc.make("none", nil))
		expectLine(t, "without data", err, "has no Data")
	}
}

// TestIdentityIsOld: the folders of experiments from before these baselines keep their names.
func TestIdentityIsOld(t *testing.T) {
	for want, e := range map[string]Experiment{
		"4c2c40a8a4": {Name: "small", Data: datasets.Moons(), Net: net.MLP{Width: 16, Layers: 2}, Batch: 32, Steps: 60, LearningRate: 2e-3, Seed: 7},
		"449e6aa2a9": {Name: "board", Data: datasets.Checkerboard(), Coupling: flow.ExactOT()},
		"c89564c2c7": {Name: "bridge", Data: datasets.Rings(), Objective: flow.X1Score(), Path: flow.Bridge(.2)},
	} {
		identity, err := e.withDefaults().identity()
		if err != nil {
			t.Fatal(err)
		}
		if got := hash(identity); got != want {
			t.Errorf("%s is %s, was %s:\n%s", e.Name, got, want, identity)
		}
	}
}

// TestSF2MSamplesNearData, with and without noise. Measured after 500 steps: MMD^2 .007 without noise, .011 and .009 with constant and decaying noise; .05 is the bound.
func TestSF2MSamplesNearData(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	r := brief(t, SF2M("bridge", datasets.EightGaussians(), 1), 500)
	for _, tc := range []struct {
		f flow.Field
		s solver.Solver
	}{
		{flow.CFM(), solver.Euler(25)},
		{flow.Stochastic(flow.ConstantNoise(1)), solver.EulerMaruyama(25)},
		{flow.Stochastic(flow.DecayingNoise(1)), solver.EulerMaruyama(25)},
	} {
		if got := mmd2(t, r, tc.f, tc.s); !(got < .05) {
			t.Errorf("%s with %v: MMD^2 %.4f", tc.f.Name(), tc.s, got)
		}
	}
	_, err := r.Sample(8, flow.StochasticOnBridge(flow.ConstantNoise(1), 1), solver.EulerMaruyama(4))
	expectLine(t, "drift in place of flow", err, "use flow.Stochastic(g)")
}

// TestFewStepBaselines trains rectified flow, its reflow and MeanFlow on 8gaussians for 500 steps each and compares one evaluation. Measured: MMD^2 .38 for
// rectified flow, .023 for reflow, .018 for MeanFlow; straightness 2.9 before reflow and .045 after. A fifth is the bound of each.
func TestFewStepBaselines(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	data := datasets.EightGaussians()
	first := brief(t, RectifiedFlow("first", data), 500)
	pairs, err := first.Reflow(10_000, solver.RK4(4), 0)
	if err != nil {
		t.Fatal(err)
	}
	second := brief(t, RectifiedFlow("second", pairs), 500)
	mean := brief(t, MeanFlow("mean", data), 500)
	one := mmd2(t, first, flow.CFM(), solver.Euler(1))
	for name, got := range map[string]float64{"reflow": mmd2(t, second, flow.CFM(), solver.Euler(1)), "MeanFlow": mmd2(t, mean, flow.MeanFlow(), solver.Euler(1))} {
		if !(got < one/5) {
			t.Errorf("one step: MMD^2 of %s %.4f, of rectified flow %.4f", name, got, one)
		}
	}
	straightness := func(r *Run) float64 {
		out, err := r.Sample(1000, flow.CFM(), solver.Euler(25), WithSeed(5))
		if err != nil {
			t.Fatal(err)
		}
		return out.Straightness()
	}
	if before, after := straightness(first), straightness(second); !(after < before/5) {
		t.Errorf("straightness %.4f, and %.4f after reflow", before, after)
	}
}

// TestMeanFlowRuns: one forward pass a step, the instantaneous velocity of the same network, a resumed training equal bit for bit, and what is refused.
func TestMeanFlowRuns(t *testing.T) {
	e := small(t)
	e.Objective = flow.AverageVelocity()
	e.Objective.Average.Std = 1
	whole := mustOpen(t, e)
	if err := whole.Train(); err != nil {
		t.Fatal(err)
	}
	two, err := whole.Sample(16, flow.MeanFlow(), solver.Euler(2))
	if err != nil {
		t.Fatal(err)
	}
	if two.Cost.Forwards != 2 || two.Cost.Backwards != 0 {
		t.Errorf("two steps cost %v", two.Cost)
	}
	if _, err := whole.Sample(16, flow.CFM(), solver.Midpoint(2)); err != nil {
		t.Errorf("instantaneous velocity: %v", err)
	}
	for _, s := range []solver.Solver{solver.Midpoint(2), solver.RK4(1)} {
		_, err := whole.Sample(16, flow.MeanFlow(), s)
		expectLine(t, s.Name(), err, "use solver.Euler(n)")
	}
	file := filepath.Join(t.TempDir(), "mean.safetensors") // weights leave and come back, the interval's column among them
	if err := whole.Export(file); err != nil {
		t.Fatal(err)
	}
	back, err := Import(file, e)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := back.Sample(16, flow.MeanFlow(), solver.Euler(2)); err != nil || !slices.Equal(again.X, two.X) {
		t.Errorf("imported weights sample otherwise: %v", err)
	}
	_, err = trained(t).Sample(8, flow.MeanFlow(), solver.Euler(1))
	expectLine(t, "network of end points", err, "flow.AverageVelocity()")

	t.Setenv("IDFF_RUNS", t.TempDir())
	var pieces *Run
	for _, stop := range []int{21, 60} {
		pieces = mustOpen(t, e)
		trainTo(t, pieces, stop)
	}
	want := weights(t, whole)
	for path, got := range weights(t, pieces) {
		if !slices.Equal(got, want[path]) {
			t.Fatalf("%s differs after a resumed training", path)
		}
	}
	a, _ := os.ReadFile(filepath.Join(whole.Dir, metricsFile))
	b, _ := os.ReadFile(filepath.Join(pieces.Dir, metricsFile))
	if len(a) == 0 || !bytes.Equal(a, b) {
		t.Errorf("metrics.jsonl differs:\n%s---\n%s", a, b)
	}
}
