package idffnb

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestEvaluate judges the reference network on 8gaussians: true CFM with midpoint x4 (8 forwards) is better than with Euler x4, and
// neither is below the floor by more than its scatter.
func TestEvaluate(t *testing.T) {
	r := reference(t, "8gaussians")
	judge := Judge{N: 500, Seeds: Seeds(1, 3), Metrics: []string{"mmd2", "sliced-w2"}}
	report := func(s solver.Solver) *Report {
		t.Helper()
		out, err := r.Evaluate(flow.CFM(), s, judge)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	euler, midpoint := report(solver.Euler(2)), report(solver.Midpoint(4))
	floor, err := r.Floor(judge)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range judge.Metrics {
		if len(euler.Scores[name]) != 3 {
			t.Fatalf("%d values of %s, want 3", len(euler.Scores[name]), name)
		}
		if !(floor.Mean(name) < midpoint.Mean(name)+midpoint.Std(name)) || !(midpoint.Mean(name) < euler.Mean(name)) {
			t.Errorf("%s: floor %g, midpoint x4 %g, Euler x2 %g: want them in this order", name, floor.Mean(name), midpoint.Mean(name), euler.Mean(name))
		}
	}
	if midpoint.Cost.Equivalents != 8 || midpoint.Cost.Seconds <= 0 {
		t.Errorf("cost of midpoint x4: %+v", midpoint.Cost)
	}
	if Best("mmd2", euler, midpoint, nil) != midpoint || Best("mmd2") != nil {
		t.Error("Best does not find the best")
	}
	// Kept: a second run of the same folder finds the same, seconds included, and computes nothing.
	again := mustOpen(t, r.exp)
	again.store, again.step = nil, r.step
	kept, err := again.Evaluate(flow.CFM(), solver.Midpoint(4), judge)
	if err != nil || kept.Cost != midpoint.Cost || kept.Mean("mmd2") != midpoint.Mean("mmd2") {
		t.Errorf("kept report %+v, %v; want %+v", kept, err, midpoint)
	}
	if key := r.evaluationKey(flow.CFM(), solver.Midpoint(4), judge); key == r.evaluationKey(flow.CFM(), solver.Midpoint(4), Judge{N: 500, Seeds: Seeds(1, 4)}) {
		t.Error("another judge has the same key")
	}
}

// ownField is a user's field: its code may change, so what it gives is never taken from the folder.
type ownField struct{ flow.Field }

func TestOwnFieldIsNotKept(t *testing.T) {
	r := reference(t, "8gaussians")
	judge := Judge{N: 50, Seeds: Seeds(1, 1), Metrics: []string{"mmd2"}}
	if _, err := r.Evaluate(ownField{flow.CFM()}, solver.Euler(2), judge); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(r.Dir, evaluationsFile)); err == nil {
		t.Error("the evaluation of a user's field was kept")
	}
}

func TestJudgeRefuses(t *testing.T) {
	r := trained(t)
	for want, judge := range map[string]Judge{
		"valid names: mmd2": {Metrics: []string{"fid"}},
		"1 points":          {N: 1},
		"0 seeds":           {Seeds: []uint64{}},
		"at most 536870912": {N: math.MaxInt},
		"shrunk by -1":      {Shrink: -1},
		"seed 3 twice":      {Seeds: []uint64{3, 1, 3}},
		"metric w2 twice":   {Metrics: []string{"w2", "mmd2", "w2"}},
	} {
		_, err := r.Evaluate(flow.CFM(), solver.Euler(1), judge)
		expectLine(t, want, err, want)
	}
	_, err := r.Evaluate(flow.IDFF(500), solver.RK4(1), Judge{})
	expectLine(t, "gamma", err, "negative at t")
}

func TestTable(t *testing.T) {
	a := &Report{Field: "CFM", Solver: "euler x2", N: 10, Seeds: Seeds(5, 6), Cost: solver.Cost{Steps: 2, Forwards: 2, Equivalents: 2, Seconds: .5},
		Scores: map[string][]float64{"w2": {1, 3}, "mmd2": {.5, .5}}}
	b := &Report{Field: "data", Solver: "none", N: 10, Seeds: Seeds(5, 6), Scores: map[string][]float64{"w2": {.25}, "mmd2": {math.Pi}}}
	text := Table(a, b)
	for _, want := range []string{
		"| field | solver | steps | forwards | backwards | cost | seconds | mmd2 | w2 |",
		"| CFM | euler x2 | 2 | 2 | 0 | 2 | 0.500 | 0.5000 ± 0.0000 | 2.0000 ± 1.4142 |",
		"| data | none | 0 | 0 | 0 | 0 | 0.000 | 3.1416 | 0.2500 |",
		"10 points, seeds 5 to 6",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	if got, want := a.String(), "CFM, euler x2, 10 points, 2 seeds from 5: mmd2 0.5000 ± 0.0000, w2 2.0000 ± 1.4142 at 2 steps, 2 forwards + 0 backwards = 2 forward-equivalents, 0.500 s"; got != want {
		t.Errorf("the report is %q, want %q", got, want)
	}
	if Table() != "" {
		t.Error("a table of nothing is not empty")
	}
}

// far is a Scorer that says how far from 0 the first component of a cloud is, and how often it was asked.
type far struct {
	asked *int
	value float64
	id    string
}

func (f far) ID() string { return f.id }

func (f far) Score(x []float32, dim int, seed uint64) (map[string]float64, error) {
	*f.asked++
	return map[string]float64{"far": f.value + float64(seed), "points": float64(len(x) / dim)}, nil
}

func (f far) Floor(n, dim int, seed uint64) (map[string]float64, error) {
	return f.Score(make([]float32, n*dim), dim, seed)
}

// failing is a Scorer that says nothing about some clouds: with 1 the second, with 2 all.
type failing struct {
	far
	how int
}

func (f failing) Score(x []float32, dim int, seed uint64) (map[string]float64, error) {
	values, err := f.far.Score(x, dim, seed)
	if *f.asked > 1 || f.how == 2 {
		return nil, err
	}
	return map[string]float64{"far": values["far"]}, err
}

// TestReportsAreTheCallers: what a caller does to a report changes nothing that is remembered.
func TestReportsAreTheCallers(t *testing.T) {
	r := trained(t)
	judge := Judge{N: 16, Seeds: Seeds(1, 2)}
	for range 3 {
		report := r.MustEvaluate(flow.CFM(), solver.Euler(2), judge)
		if report.Field != "CFM" || report.Scores["w2"][0] < 0 || report.Seeds[0] != 1 {
			t.Fatalf("report %+v", report)
		}
		report.Field, report.Scores["w2"][0], report.Seeds[0] = "mine", -1, 9
		delete(report.Scores, "mmd2")
	}
}

// TestSeeds: both ends are included, also the last number there is.
func TestSeeds(t *testing.T) {
	if got := Seeds(math.MaxUint64-1, math.MaxUint64); len(got) != 2 || got[1] != math.MaxUint64 {
		t.Errorf("seeds %v", got)
	}
	if got := Seeds(3, 2); got != nil {
		t.Errorf("seeds from 3 to 2: %v", got)
	}
}

// A Scorer judges in place of metrics, and what it says is kept under its ID.
func TestScorer(t *testing.T) {
	r := trained(t)
	f := far{asked: new(int), id: "a"}
	judge := Judge{N: 16, Seeds: Seeds(3, 4), Scorer: f}
	report := r.MustEvaluate(flow.CFM(), solver.Euler(2), judge)
	if got := report.Scores["far"]; !slices.Equal(got, []float64{3, 4}) || report.Scores["points"][0] != 16 || len(report.Scores) != 2 {
		t.Errorf("scores %v, want far 3 and 4 of 16 points", report.Scores)
	}
	if r.MustEvaluate(flow.CFM(), solver.Euler(2), judge); *f.asked != 2 {
		t.Errorf("asked %d times, want 2: the evaluation is kept", *f.asked)
	}
	if got := r.MustFloor(judge).Scores["far"]; !slices.Equal(got, []float64{3, 4}) {
		t.Errorf("floor %v", got)
	}
	f.id = "b"
	judge.Scorer = f
	if r.MustEvaluate(flow.CFM(), solver.Euler(2), judge); *f.asked != 6 {
		t.Errorf("asked %d times, want 6: another scorer's evaluation is another", *f.asked)
	}
	f.value, f.id = math.Inf(1), "c"
	judge.Scorer = f
	if _, err := r.Evaluate(flow.CFM(), solver.Euler(2), judge); err == nil || !strings.Contains(err.Error(), "far of CFM is +Inf") {
		t.Errorf("a score that is no number: error %v", err)
	}
	_, err := r.Evaluate(flow.CFM(), solver.Euler(2), Judge{N: 1, Scorer: f})
	expectLine(t, "one point", err, "judge with 1 points and 5 seeds: want at least 2 and 1")
	f.value, f.id = 0, "d"
	for asked, want := range map[int]string{1: "gave far of CFM for 1 of 2 seeds: it must give the same names for each", 2: "gave no scores of CFM"} {
		*f.asked, judge.Scorer = 0, failing{f, asked}
		_, err := r.Evaluate(flow.CFM(), solver.Euler(2), judge)
		expectLine(t, want, err, want)
	}
	judge.Metrics = []string{"w2"}
	if _, err := r.Floor(judge); err == nil || !strings.Contains(err.Error(), "both Metrics (w2) and a Scorer") {
		t.Errorf("metrics and a scorer: error %v", err)
	}
}
