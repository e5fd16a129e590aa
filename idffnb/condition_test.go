package idffnb

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// conditional is an experiment on the labelled eight Gaussians that trains in a second or two.
func conditional(t testing.TB) Experiment {
	t.Helper()
	t.Setenv("IDFF_RUNS", t.TempDir())
	return Experiment{Name: "conditional", Data: datasets.MustLabelled(datasets.EightGaussians()), Objective: flow.Velocity(),
		Net: net.IndexedMLP{MLP: net.MLP{Width: 64}}, DropCond: .2, Batch: 128, Steps: 300, LearningRate: 5e-3, Seed: 1}
}

// vectors is data with a condition of two numbers: the direction that a point lies in.
type vectors struct{ null []float32 }

func (vectors) Name() string          { return "vectors" }
func (vectors) Dim() int              { return 2 }
func (v vectors) String() string      { return "vectors" }
func (v vectors) ID() string          { return "vectors" }
func (v vectors) NullCond() []float32 { return v.null }
func (v vectors) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	for range n {
		sin, cos := math.Sincos(2 * math.Pi * rng.Float64())
		x1 = append(x1, float32(3*cos), float32(3*sin))
		cond = append(cond, float32(cos), float32(sin))
	}
	return nil, x1, cond
}

// TestDropCond: of 60 steps of 500 points .2 are dropped within 6 standard errors (false alarm 2e-9); a row that is not dropped is that of
// the same step without dropping, and everything else of the batch is untouched. A step's draw depends on the step alone.
func TestDropCond(t *testing.T) {
	for _, data := range []Data{datasets.MustLabelled(datasets.EightGaussians()), vectors{null: []float32{7, 8}}} {
		e := conditional(t)
		e.Data, e.Net, e.Batch = data, nil, 500
		whole := e
		whole.DropCond = 0
		e, whole = e.withDefaults(), whole.withDefaults()
		null := data.(nullable).NullCond()
		dropped, patterns := 0, map[int]bool{}
		for step := range 60 {
			a, b := e.makeBatch(step), whole.makeBatch(step)
			if !slices.Equal(a.x0, b.x0) || !slices.Equal(a.x1, b.x1) || !slices.Equal(a.t, b.t) || !slices.Equal(a.eps, b.eps) {
				t.Fatal("dropping conditions changed the rest of the batch")
			}
			first := -1
			for i := 0; i < len(a.cond); i += len(null) {
				row, kept := a.cond[i:i+len(null)], b.cond[i:i+len(null)]
				switch {
				case slices.Equal(row, null):
					dropped++
					if first < 0 {
						first = i
					}
				case !slices.Equal(row, kept):
					t.Fatalf("row %v is neither %v nor the null condition", row, kept)
				}
			}
			patterns[first] = true
			if again := e.makeBatch(step); !slices.Equal(again.cond, a.cond) {
				t.Fatal("the same step dropped other conditions")
			}
		}
		const n = 60 * 500
		if math.Abs(float64(dropped)-.2*n) > 6*math.Sqrt(n*.2*.8) {
			t.Errorf("%s: dropped %d of %d, want a fifth", data.Name(), dropped, n)
		}
		if len(patterns) < 5 {
			t.Errorf("%s: every step drops the same rows", data.Name())
		}
	}
}

// TestIdentityWithoutConditions: run folders of experiments that know no conditions keep their names, which are pinned from before there were any.
func TestIdentityWithoutConditions(t *testing.T) {
	indexed := small(t)
	indexed.Net = net.IndexedMLP{Indices: 3}
	for want, e := range map[string]Experiment{
		"4c2c40a8a4": small(t), "d1c71261f7": indexed, "fc0a74271d": {Name: "checkerboard", Data: datasets.Checkerboard()},
	} {
		identity, err := e.withDefaults().identity()
		if err != nil || hash(identity) != want || strings.Contains(string(identity), "drop") {
			t.Errorf("%s has hash %s, want %s: %v", e.Name, hash(identity), want, err)
		}
	}
	e := conditional(t)
	a, _ := e.withDefaults().identity()
	e.DropCond = .1
	b, _ := e.withDefaults().identity()
	if hash(a) == hash(b) || !strings.Contains(string(b), `"drop_cond": 0.1`) {
		t.Errorf("the identity does not tell how often conditions are dropped:\n%s", b)
	}
}

func TestNetOfLabelledData(t *testing.T) {
	e := conditional(t)
	e.Net = nil
	if n := e.withDefaults().Net; n != (net.IndexedMLP{MLP: net.MLP{Heads: 1}, Indices: 9}) {
		t.Errorf("network %+v", n)
	}
	e.DropCond = 0
	if n := e.withDefaults().Net.(net.IndexedMLP); n.Indices != 8 {
		t.Errorf("%d indices without dropping, want 8", n.Indices)
	}
	e.Net = net.IndexedMLP{Indices: 12}
	if n := e.withDefaults().Net.(net.IndexedMLP); n.Indices != 12 {
		t.Errorf("%d indices, want the 12 asked for", n.Indices)
	}
}

// TestConditionalResume: a training with dropped conditions in pieces ends with the same bits as one in a single go.
func TestConditionalResume(t *testing.T) {
	e := conditional(t)
	e.Steps = 60
	whole := mustOpen(t, e)
	whole.backend = pureGo(t)
	if err := whole.Train(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("IDFF_RUNS", t.TempDir())
	var pieces *Run
	for _, stop := range []int{13, 37, 60} {
		pieces = mustOpen(t, e)
		pieces.backend = pureGo(t)
		trainTo(t, pieces, stop)
	}
	want := weights(t, whole)
	for path, got := range weights(t, pieces) {
		if !slices.Equal(got, want[path]) {
			t.Errorf("%s differs after a resumed training", path)
		}
	}
}

// TestConditionalRun trains a little and looks at where samples of each label go. Measured at 2000 points with midpoint x5, on pure Go: after 60 steps
// the share nearest to the centre of its label is .856 with the condition, .972, .995 and 1.000 at scales 1.5, 2 and 3; after 300 steps it is .992 with the condition, .983 for the
// worst label. Chance is .125, and scale 0 gives it, since labels then do not count: .116 and .131. The bounds leave room for the rounding of other
// machines; the seeds are fixed, so that there is no false alarm.
func TestConditionalRun(t *testing.T) {
	e := conditional(t)
	r := mustOpen(t, e)
	r.backend = pureGo(t)
	centres, _, _ := e.Data.(datasets.LabelledToy).Modes()
	hits := func(scale float64) (mean, least float64) {
		t.Helper()
		out, err := r.Sample(2000, flow.Guided(flow.CFM(), scale), solver.Midpoint(5), Unkept())
		if err != nil {
			t.Fatal(err)
		}
		shares, err := out.Hits(centres)
		if err != nil || len(shares) != 8 {
			t.Fatal(shares, err)
		}
		for _, v := range shares {
			mean += v / 8
		}
		t.Logf("step %d, scale %g: %.3f, worst label %.3f", r.step, scale, mean, slices.Min(shares))
		return mean, slices.Min(shares)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := r.train(ctx, func() {
		if r.step == 60 {
			cancel()
		}
	}); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	last := 0.
	for _, scale := range []float64{0, 1, 1.5, 2} {
		mean, _ := hits(scale)
		if scale == 0 && math.Abs(mean-.125) > .06 || mean < last+.01 {
			t.Errorf("barely trained, scale %g: %.3f of the points are nearest to their centre, %.3f at the scale before", scale, mean, last)
		}
		last = mean
	}
	if last < .97 {
		t.Errorf("barely trained, scale 2: %.3f of the points are nearest to their centre, want .995", last)
	}
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	if mean, _ := hits(0); math.Abs(mean-.125) > .06 {
		t.Errorf("without the condition %.3f of the points are nearest to the centre of a label that does not count, want .125", mean)
	}
	if mean, least := hits(1); mean < .95 || least < .9 {
		t.Errorf("%.3f of the points are nearest to their centre, %.3f of the worst label: want .992 and .983", mean, least)
	}
}

// TestSampleByLabel: labels given are those sampled with, one sampler serves them all, and scales too; what is kept says which label it is of.
func TestSampleByLabel(t *testing.T) {
	r := trainedBriefly(t, conditional(t))
	draw := func(field flow.Field, options ...SampleOption) *Samples {
		t.Helper()
		out, err := r.Sample(6, field, solver.Euler(2), options...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	three := draw(flow.CFM(), WithLabel(3))
	if !slices.Equal(three.Labels(), []int{3, 3, 3, 3, 3, 3}) || !slices.Equal(three.Cond, []float32{3, 3, 3, 3, 3, 3}) {
		t.Errorf("labels %v, cond %v", three.Labels(), three.Cond)
	}
	mixed := draw(flow.CFM(), WithLabels([]int{3, 0, 3, 7, 5, 3}))
	for i, k := range mixed.Labels() {
		if same := mixed.X[2*i] == three.X[2*i] && mixed.X[2*i+1] == three.X[2*i+1]; same != (k == 3) {
			t.Errorf("point %d has label %d; equal to that of label 3: %t", i, k, same)
		}
	}
	if again := draw(flow.CFM(), WithCond(mixed.Cond)); !slices.Equal(again.X, mixed.X) || !slices.Equal(again.Labels(), mixed.Labels()) {
		t.Error("labels as cond give other samples")
	}
	if a, b := draw(flow.CFM(), WithSeed(4)), draw(flow.CFM(), WithSeed(5)); a.Labels() == nil || slices.Equal(a.Labels(), b.Labels()) {
		t.Error("labels that are not given are not drawn with the seed")
	}
	// The null class samples without the condition, as scale 0 does.
	none := draw(flow.CFM(), WithCond(slices.Repeat([]float32{8}, 6)))
	if zero := draw(flow.Guided(flow.CFM(), 0), WithLabel(3)); !slices.Equal(none.X, zero.X) {
		t.Errorf("without the condition %v, at scale 0 %v", none.X, zero.X)
	}
	if one := draw(flow.Guided(flow.CFM(), 1), WithLabel(3)); !slices.Equal(one.X, three.X) {
		t.Error("scale 1 is not sampling with the condition")
	}
	before := len(r.samplers)
	two := draw(flow.Guided(flow.CFM(), 2), WithLabel(3))
	four := draw(flow.Guided(flow.CFM(), 4), WithLabel(1))
	if len(r.samplers) != before+1 || slices.Equal(two.X, four.X) {
		t.Errorf("%d graphs were compiled for two scales", len(r.samplers)-before)
	}
	if c := two.Cost; c.Steps != 2 || c.Forwards != 4 || c.Equivalents != 4 {
		t.Errorf("cost %+v of two guided steps, want 4 forwards", c)
	}
	kept, _, err := checkpoint.Read(filepath.Join(r.Dir, "samples", "CFM_guided_2-euler_x2-shrink1-seed0-n6-label3.safetensors"))
	if err != nil || len(kept) != 2 {
		t.Fatalf("kept samples: %d tensors, %v", len(kept), err)
	}
	for _, tensor := range kept {
		if values, err := checkpoint.Values[float32](tensor); err != nil || tensor.Name == "cond" && !slices.Equal(values, two.Cond) {
			t.Errorf("%s: %v, %v", tensor.Name, values, err)
		}
	}
	// An adaptive solver, in an interval too.
	for _, field := range []flow.Field{flow.Guided(flow.CFM(), 2), flow.GuidedWithin(flow.CFM(), 2, .1, .6)} {
		if _, err := r.Sample(6, field, solver.Dopri5(1e-3, 1e-3), WithLabel(1)); err != nil {
			t.Error(err)
		}
	}
	// Guidance with noise and with IDFF's terms.
	if _, err := r.Sample(6, flow.Guided(flow.Stochastic(flow.DecayingNoise(1)), 2), solver.EulerMaruyama(3), WithLabel(1)); err != nil {
		t.Error(err)
	}
	if out := draw(flow.Guided(flow.IDFF(.6, .1), 2), WithLabel(1)); out.Cost.Forwards != 4 || out.Cost.Equivalents != 2+8 {
		t.Errorf("cost %+v of guided IDFF of order 2, one step of it at t = 0", out.Cost)
	}
}

// trainedBriefly trains an experiment for 5 steps, on pure Go, which compiles in no time.
func trainedBriefly(t testing.TB, e Experiment) *Run {
	t.Helper()
	e.Steps = 5
	r := mustOpen(t, e)
	r.backend = pureGo(t)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLabelsRefuse(t *testing.T) {
	r, plain := trainedBriefly(t, conditional(t)), trained(t)
	e := conditional(t)
	e.DropCond = 0
	undropped := trainedBriefly(t, e)
	nan := float32(math.NaN())
	for _, tc := range []struct {
		want    string
		r       *Run
		field   flow.Field
		options []SampleOption
	}{
		{"label 8: data 8gaussians with labels has the labels 0 to 7", r, flow.CFM(), []SampleOption{WithLabel(8)}},
		{"label -1: data", r, flow.CFM(), []SampleOption{WithLabels([]int{0, -1})}},
		{"3 labels given, want 1 for each of 2 points, 2 in all", r, flow.CFM(), []SampleOption{WithLabels([]int{1, 2, 3})}},
		{"0 labels given", r, flow.CFM(), []SampleOption{WithLabels(nil)}},
		{"labels are given, and data moons has none", plain, flow.CFM(), []SampleOption{WithLabel(0)}},
		{"data moons has no condition", plain, flow.CFM(), []SampleOption{WithCond([]float32{1, 2})}},
		{"both cond and labels", r, flow.CFM(), []SampleOption{WithLabel(0), WithCond([]float32{1, 2})}},
		{"4 values of cond given, want 1 for each of 2 points", r, flow.CFM(), []SampleOption{WithCond([]float32{1, 2, 1, 2})}},
		{"row 1 of cond is NaN", r, flow.CFM(), []SampleOption{WithCond([]float32{1, nan})}},
		{"row 0 of cond is 1.5", r, flow.CFM(), []SampleOption{WithCond([]float32{1.5, 1})}},
		{"row 1 of cond is 9", r, flow.CFM(), []SampleOption{WithCond([]float32{8, 9})}},
		{"row 0 of cond is 8", undropped, flow.CFM(), []SampleOption{WithCond([]float32{8, 1})}},
		{"set DropCond", undropped, flow.Guided(flow.CFM(), 2), []SampleOption{WithLabel(1)}},
		{"set DropCond", plain, flow.Guided(flow.CFM(), 2), nil},
		{"scale NaN", r, flow.Guided(flow.CFM(), math.NaN()), nil},
	} {
		_, err := tc.r.Sample(2, tc.field, solver.Euler(2), tc.options...)
		expectLine(t, tc.want, err, tc.want)
	}
	if _, err := undropped.Sample(2, flow.Guided(flow.CFM(), 1), solver.Euler(2)); err != nil {
		t.Errorf("scale 1 needs no dropping: %v", err)
	}
	out, err := plain.Sample(2, flow.CFM(), solver.Euler(2))
	if err != nil || out.Cond != nil || out.Labels() != nil {
		t.Errorf("cond %v without conditions, %v", out.Cond, err)
	}
	_, err = out.Hits([][2]float64{{0, 0}})
	expectLine(t, "hits", err, "samples without labels")
	if out, err = r.Sample(2, flow.CFM(), solver.Euler(2), WithLabel(5)); err != nil {
		t.Fatal(err)
	}
	_, err = out.Hits([][2]float64{{0, 0}})
	expectLine(t, "hits", err, "label 5, and there are 1 centres")
}

// plainData is data without what is said about conditions.
type plainData struct{ Data }

func TestExperimentRefusesConditions(t *testing.T) {
	labelled := datasets.MustLabelled(datasets.EightGaussians())
	for want, change := range map[string]func(e *Experiment){
		"DropCond is -0.1":                       func(e *Experiment) { e.DropCond = -.1 },
		"DropCond is 1:":                         func(e *Experiment) { e.DropCond = 1 },
		"DropCond is NaN":                        func(e *Experiment) { e.DropCond = math.NaN() },
		"gives no condition to drop":             func(e *Experiment) { e.Data, e.Net = datasets.Moons(), nil },
		"does not say what stands for no":        func(e *Experiment) { e.Data = plainData{labelled}; e.Net = net.IndexedMLP{Indices: 9} },
		"of 2 numbers and a null condition of 3": func(e *Experiment) { e.Data, e.Net = vectors{null: make([]float32, 3)}, nil },
		"want finite numbers":                    func(e *Experiment) { e.Data, e.Net = vectors{null: []float32{0, float32(math.Inf(1))}}, nil },
		"which net.MLP would take for numbers: use net.IndexedMLP{Indices: 9}":                    func(e *Experiment) { e.Net = net.MLP{} },
		"tells 8 indices apart, and data 8gaussians with labels needs 9: 8 classes, and one more": func(e *Experiment) { e.Net = net.IndexedMLP{Indices: 8} },
		"tells 7 indices apart, and data 8gaussians with labels needs 8: 8 classes":               func(e *Experiment) { e.Net, e.DropCond = net.IndexedMLP{Indices: 7}, 0 },
	} {
		e := conditional(t)
		change(&e)
		_, err := Open(e)
		expectLine(t, want, err, want)
	}
}

// TestConditionOfNumbers: a condition that is a vector, for net.MLP, with a null that the data says.
func TestConditionOfNumbers(t *testing.T) {
	e := conditional(t)
	e.Data, e.Net = vectors{null: []float32{0, 0}}, net.MLP{Width: 16, Layers: 2}
	r := trainedBriefly(t, e)
	out, err := r.Sample(3, flow.Guided(flow.CFM(), 2), solver.Euler(2), WithCond([]float32{1, 0, 0, 1, 1, 0}))
	if err != nil || out.Labels() != nil || len(out.Cond) != 6 || out.Cost.Forwards != 4 {
		t.Fatalf("%+v, %v", out, err)
	}
	_, err = r.Sample(3, flow.CFM(), solver.Euler(2), WithCond([]float32{1, 0, 0}))
	expectLine(t, "too few", err, "want 2 for each of 3 points, 6 in all")
	_, err = r.Sample(3, flow.CFM(), solver.Euler(2), WithLabel(0))
	expectLine(t, "no labels", err, "data vectors has none")
}

// TestJudgedConditions: an evaluation draws its conditions from the data, in the data's proportions: three quarters of 4000 labels within 6 standard errors
// (false alarm 2e-9). Guided fields of other fields or scales are judged apart.
func TestJudgedConditions(t *testing.T) {
	e := conditional(t)
	e.Data = datasets.MustFromLabelledPoints("uneven", []float32{1, 1, 1, 2, 2, 1, -4, -4}, 2, []int{0, 0, 0, 1})
	r := trainedBriefly(t, e)
	out, err := r.Sample(4000, flow.CFM(), solver.Euler(1), WithSeed(2))
	if err != nil {
		t.Fatal(err)
	}
	zeros := 0
	for _, k := range out.Labels() {
		if k == 0 {
			zeros++
		}
	}
	if math.Abs(float64(zeros)-3000) > 6*math.Sqrt(4000*.75*.25) {
		t.Errorf("%d of 4000 labels are 0, want about 3000", zeros)
	}
	judge := Judge{N: 50, Seeds: Seeds(1, 1), Metrics: []string{"w2"}}
	seen := map[string]bool{}
	for _, field := range []flow.Field{flow.CFM(), flow.Guided(flow.CFM(), 2), flow.Guided(flow.CFM(), 3), flow.Guided(flow.ReleasedCFM(), 2), flow.GuidedWithin(flow.CFM(), 2, 0, .5),
		flow.Guided(flow.IDFF(.5), 2), flow.Guided(flow.IDFF(.6), 2)} {
		key := r.evaluationKey(field, solver.Euler(2), judge)
		if key == "" || seen[key] {
			t.Errorf("%s shares its evaluation with another field", field.Name())
		}
		seen[key] = true
	}
	report, err := r.Evaluate(flow.Guided(flow.CFM(), 2), solver.Euler(2), judge)
	if err != nil || report.Field != "CFM guided ×2" || report.Cost.Forwards != 4 {
		t.Errorf("%+v, %v", report, err)
	}
	if key := r.evaluationKey(flow.Guided(ownField{flow.CFM()}, 2), solver.Euler(2), judge); key != "" {
		t.Error("the evaluation of a user's field is kept where it is guided")
	}
}

// TestLearnScheduleOfConditionalRun: learning draws conditions with its data, and what it learned samples, guided as well.
func TestLearnScheduleOfConditionalRun(t *testing.T) {
	e := conditional(t)
	e.Net = net.IndexedMLP{MLP: net.MLP{Width: 8, Layers: 1}}
	r := trainedBriefly(t, e)
	for _, how := range []Learning{{Steps: 4, Points: 32}, {Steps: 4, Points: 32, Loss: LossTeacher}} {
		s, err := r.LearnSchedule(3, how)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Sample(8, s.Field(), s.Solver(), WithLabel(2)); err != nil {
			t.Error(err)
		}
		out, err := r.Sample(8, flow.Guided(s.Field(), 2), s.Solver(), WithLabel(2))
		if err != nil || out.Cost.Forwards != 6 {
			t.Errorf("guided: %+v, %v", out, err)
		}
		_, err = r.Sample(8, flow.GuidedWithin(s.Field(), 2, 0, .5), s.Solver(), WithLabel(2))
		expectLine(t, "an interval of learned times", err, "learned schedules and adaptive solvers compute theirs")
	}
}
