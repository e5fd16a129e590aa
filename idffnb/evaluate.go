package idffnb

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/metric"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Judge says how samples are compared with data: how many points, on which seeds, by which metrics. What is chosen on some
// seeds (a gamma, a number of steps) must be reported on others.
type Judge struct {
	N       int      // points of each cloud; 0: 2048
	Seeds   []uint64 // each gives start points and fresh data; nil: 0 to 4
	Metrics []string // names that metric.ByName knows; nil: "mmd2" and "w2"
	Shrink  float64  // start points are divided by this; 0: 1
	Scorer  Scorer   `json:"-"` // compares in a way of its own, in place of Metrics; nil: by Metrics
}

// Scorer compares clouds of samples with data in a way of its own: feature.Scorer does so for images, in the features of a network.
type Scorer interface {
	// ID says all that the scores depend on: results kept in run folders are told apart by it.
	ID() string
	// Score is what it says of samples x [n, dim]: values by name, lower being better unless the name says otherwise. The seed is for what it draws.
	Score(x []float32, dim int, seed uint64) (map[string]float64, error)
	// Floor is what it says of n fresh points of the data.
	Floor(n, dim int, seed uint64) (map[string]float64, error)
}

// Seeds returns the seeds from..to, both included.
func Seeds(from, to uint64) []uint64 {
	var seeds []uint64
	for s := from; s <= to; s++ {
		seeds = append(seeds, s)
		if s == math.MaxUint64 { // the next is 0
			break
		}
	}
	return seeds
}

func (j Judge) withDefaults() Judge {
	setDefault(&j.N, 2048)
	setDefault(&j.Shrink, 1)
	if j.Seeds == nil {
		j.Seeds = Seeds(0, 4)
	}
	if j.Metrics == nil && j.Scorer == nil {
		j.Metrics = []string{"mmd2", "w2"}
	}
	return j
}

// Report is what an evaluation found: a value for each metric and seed, beside the true cost.
type Report struct {
	Field  string               `json:"field"`
	Solver string               `json:"solver"`
	Cost   solver.Cost          `json:"cost"` // seconds: the median over the seeds; counts of a solver.Adaptive: the greatest
	N      int                  `json:"points"`
	Seeds  []uint64             `json:"seeds"`
	Shrink float64              `json:"shrink"`
	Scores map[string][]float64 `json:"scores"` // by metric, in the order of Seeds
}

// Mean is the mean of a metric over the seeds, NaN for a metric that was not asked for.
func (r *Report) Mean(name string) float64 {
	if s, err := metric.Summarize(r.Scores[name]); err == nil {
		return s.Mean
	}
	return math.NaN()
}

// Std is the sample standard deviation of a metric over the seeds, NaN for a single seed.
func (r *Report) Std(name string) float64 {
	if s, err := metric.Summarize(r.Scores[name]); err == nil {
		return s.Std
	}
	return math.NaN()
}

// String is one line, e.g. "CFM, euler x10, 2048 points, 5 seeds from 0: mmd2 0.0106 ± 0.0005 at 10 steps, 10 forwards + 0 backwards = 10 forward-equivalents, 0.035 s".
func (r *Report) String() string {
	var scores []string
	for _, name := range slices.Sorted(maps.Keys(r.Scores)) {
		scores = append(scores, name+" "+meanAndStd(r.Mean(name), r.Std(name)))
	}
	seeds := fmt.Sprintf("%d seeds", len(r.Seeds))
	if len(r.Seeds) > 0 {
		seeds += fmt.Sprintf(" from %d", r.Seeds[0])
	}
	return fmt.Sprintf("%s, %s, %d points, %s: %s at %v", r.Field, r.Solver, r.N, seeds, strings.Join(scores, ", "), r.Cost)
}

// Evaluate samples the field on each seed of the judge and compares with fresh data. Of data that are a list (datasets.FromPoints, images) fresh data are again draws from that list, the one that was
// trained on: a network that has learned the list by heart scores as the floor does. Hold some out and compare with them in a Scorer, as feature.Scorer does for images. Results for the fields and solvers of the
// workbench are kept in the run folder and not computed again; the seconds are those measured then.
func (r *Run) Evaluate(field flow.Field, s solver.Solver, judge Judge) (*Report, error) {
	judge = judge.withDefaults()
	metrics, err := judge.check(r)
	if err != nil {
		return nil, err
	}
	if err := r.checkSampling(field, s); err != nil {
		return nil, err
	}
	key := r.evaluationKey(field, s, judge)
	if found := r.remembered(key); found != nil {
		return found, nil
	}
	report := &Report{Field: field.Name(), Solver: fmt.Sprint(s), N: judge.N, Seeds: slices.Clone(judge.Seeds), Shrink: judge.Shrink, Scores: map[string][]float64{}}
	var seconds []float64
	for _, seed := range judge.Seeds {
		out, err := r.sample(judge.N, field, s, WithSeed(seed), WithShrink(judge.Shrink), endsOnly())
		if err != nil {
			return nil, err
		}
		if out.Cost.Equivalents >= report.Cost.Equivalents {
			report.Cost = out.Cost
		}
		seconds = append(seconds, out.Cost.Seconds)
		if err := r.judge(report, judge, metrics, out.X, seed); err != nil {
			return nil, err
		}
	}
	if err := r.whole(report); err != nil {
		return nil, err
	}
	sort.Float64s(seconds)
	report.Cost.Seconds = seconds[len(seconds)/2]
	return report, r.remember(key, report)
}

// MustEvaluate is Evaluate for notebooks.
func (r *Run) MustEvaluate(field flow.Field, s solver.Solver, judge Judge) *Report {
	report, err := r.Evaluate(field, s, judge)
	Must(err)
	return report
}

// Floor compares data with fresh data in the same way: no sampler can be told from the data below these values.
func (r *Run) Floor(judge Judge) (*Report, error) {
	judge = judge.withDefaults()
	metrics, err := judge.check(r)
	if err != nil {
		return nil, err
	}
	key := r.evaluationKey(nil, nil, judge)
	if found := r.remembered(key); found != nil {
		return found, nil
	}
	report := &Report{Field: "data", Solver: "none", N: judge.N, Seeds: slices.Clone(judge.Seeds), Shrink: judge.Shrink, Scores: map[string][]float64{}}
	for _, seed := range judge.Seeds {
		if judge.Scorer != nil {
			values, err := judge.Scorer.Floor(judge.N, r.exp.Data.Dim(), seed)
			if err := r.addScores(report, values, err); err != nil {
				return nil, err
			}
			continue
		}
		_, x, _, err := r.exp.truth().draw(generator(seed, streamSecond, 0), judge.N)
		if err != nil {
			return nil, fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
		}
		if err := r.score(report, metrics, x, seed); err != nil {
			return nil, err
		}
	}
	if err := r.whole(report); err != nil {
		return nil, err
	}
	return report, r.remember(key, report)
}

// MustFloor is Floor for notebooks.
func (r *Run) MustFloor(judge Judge) *Report {
	report, err := r.Floor(judge)
	Must(err)
	return report
}

// check says in one line what is wrong with the judge, or returns its metrics.
func (j Judge) check(r *Run) ([]metric.Metric, error) {
	if most := mostValues / r.exp.Data.Dim(); j.N > most {
		return nil, fmt.Errorf("idffnb: %s: judge with %d points: want at most %d of size %d", r.exp.Name, j.N, most, r.exp.Data.Dim())
	}
	for i, seed := range j.Seeds {
		if slices.Contains(j.Seeds[:i], seed) {
			return nil, fmt.Errorf("idffnb: %s: judge with seed %d twice: each is a draw of its own, and a repeated one would make the spread too small", r.exp.Name, seed)
		}
	}
	for i, name := range j.Metrics {
		if slices.Contains(j.Metrics[:i], name) {
			return nil, fmt.Errorf("idffnb: %s: judge with metric %s twice: name each once", r.exp.Name, name)
		}
	}
	if j.Scorer != nil {
		if j.N < 2 || len(j.Seeds) == 0 {
			return nil, fmt.Errorf("idffnb: %s: judge with %d points and %d seeds: want at least 2 and 1", r.exp.Name, j.N, len(j.Seeds))
		}
		if len(j.Metrics) > 0 {
			return nil, fmt.Errorf("idffnb: %s: judge with both Metrics (%s) and a Scorer: give one of them", r.exp.Name, strings.Join(j.Metrics, ", "))
		}
		return nil, nil
	}
	if j.N < 2 || len(j.Seeds) == 0 || len(j.Metrics) == 0 {
		return nil, fmt.Errorf("idffnb: %s: judge with %d points, %d seeds and %d metrics: want at least 2, 1 and 1", r.exp.Name, j.N, len(j.Seeds), len(j.Metrics))
	}
	metrics := make([]metric.Metric, len(j.Metrics))
	for i, name := range j.Metrics {
		m, err := metric.ByName(name)
		if err != nil {
			return nil, fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
		}
		metrics[i] = m
	}
	return metrics, nil
}

// judge adds to the report what the judge says of a cloud.
func (r *Run) judge(report *Report, judge Judge, metrics []metric.Metric, x []float32, seed uint64) error {
	if judge.Scorer == nil {
		return r.score(report, metrics, x, seed)
	}
	values, err := judge.Scorer.Score(x, r.exp.Data.Dim(), seed)
	return r.addScores(report, values, err)
}

// addScores adds the values of a Scorer for one more seed, or says why there are none.
func (r *Run) addScores(report *Report, values map[string]float64, err error) error {
	if err != nil {
		return fmt.Errorf("idffnb: %s: scores of %s: %w", r.exp.Name, report.Field, inner(err))
	}
	for name, value := range values {
		if !finite(value) {
			return fmt.Errorf("idffnb: %s: %s of %s is %g", r.exp.Name, name, report.Field, value)
		}
		report.Scores[name] = append(report.Scores[name], value)
	}
	return nil
}

// whole says in one line which score a Scorer did not give for each seed, or nil.
func (r *Run) whole(report *Report) error {
	if len(report.Scores) == 0 {
		return fmt.Errorf("idffnb: %s: the judge's Scorer gave no scores of %s", r.exp.Name, report.Field)
	}
	for name, list := range report.Scores {
		if len(list) != len(report.Seeds) {
			return fmt.Errorf("idffnb: %s: the judge's Scorer gave %s of %s for %d of %d seeds: it must give the same names for each", r.exp.Name, name, report.Field, len(list), len(report.Seeds))
		}
	}
	return nil
}

// score compares a cloud with the fresh data of a seed and adds the values to the report.
func (r *Run) score(report *Report, metrics []metric.Metric, x []float32, seed uint64) error {
	_, truth, _, err := r.exp.truth().draw(generator(seed, streamTruth, 0), report.N)
	if err != nil {
		return fmt.Errorf("idffnb: %s: %w", r.exp.Name, err)
	}
	for _, m := range metrics {
		value, err := m.Compare(x, truth, r.exp.Data.Dim())
		if err != nil {
			return fmt.Errorf("idffnb: %s: %s of %s: %w", r.exp.Name, m.Name(), report.Field, err)
		}
		report.Scores[m.Name()] = append(report.Scores[m.Name()], value)
	}
	return nil
}

const evaluationsFile = "evaluations.jsonl"

// evaluation is a line of evaluations.jsonl.
type evaluation struct {
	Key    string  `json:"key"`
	Report *Report `json:"report"`
}

// evaluationKey names an evaluation by everything it depends on beside the run itself; field and solver are nil for the floor. It is empty where it must not be kept, see samplerKey.
// The number in front changes when the meaning of a result does.
func (r *Run) evaluationKey(field flow.Field, s solver.Solver, judge Judge) string {
	text, err := json.Marshal(judge)
	sampler := fmt.Sprintf("%T %+v; %v", field, field, s)
	if field != nil {
		sampler = samplerKey(field, s)
	}
	if err != nil || sampler == "" {
		return ""
	}
	if judge.Scorer != nil {
		sampler += "; scored by " + judge.Scorer.ID()
	}
	return fmt.Sprintf("1; step %d; %s; %s; %s", r.step, r.info.Name, sampler, text) + r.whichWeights()
}

// samplerKey tells samplers apart by their values; it is empty for fields and solvers of the user's own, whose code may change while their values do not.
func samplerKey(field flow.Field, s solver.Solver) string {
	if !flow.IsBuiltIn(field) || !solver.IsBuiltIn(s) {
		return ""
	}
	key := fmt.Sprintf("%T %+v; %v", field, field, s)
	if s, ok := s.(solver.Tunable); ok {
		key += fmt.Sprintf("; %s %v", solver.GraphKey(s), s.Factors()) // its name does not tell them
	}
	if s, ok := s.(solver.Adaptive); ok {
		key += fmt.Sprintf("; at %v", s.At) // on which the cost depends
	}
	return key
}

func (r *Run) remembered(key string) *Report {
	if key == "" {
		return nil
	}
	if r.evaluations == nil {
		r.evaluations = map[string]*Report{}
		lines, err := checkpoint.ReadJSONL[evaluation](r.folder.Path(evaluationsFile))
		if err != nil {
			return nil // a file that cannot be read is computed again, and written below with a clear error
		}
		for _, l := range lines {
			r.evaluations[l.Key] = l.Report
		}
	}
	return r.evaluations[key].clone()
}

// clone is a report with memory of its own: what is remembered does not change with what was handed out.
func (r *Report) clone() *Report {
	if r == nil {
		return nil
	}
	again := *r
	again.Seeds, again.Scores = slices.Clone(r.Seeds), maps.Clone(r.Scores)
	for name, list := range again.Scores {
		again.Scores[name] = slices.Clone(list)
	}
	return &again
}

func (r *Run) remember(key string, report *Report) error {
	if key == "" {
		return nil
	}
	r.evaluations[key] = report.clone()
	return notKept(r.exp.Name, "the evaluation is", checkpoint.AppendJSONL(r.folder.Path(evaluationsFile), evaluation{key, report}))
}

// Best returns the report with the least mean of a metric, the first of equals; nil if there is none.
func Best(name string, reports ...*Report) *Report {
	reports = slices.DeleteFunc(slices.Clone(reports), func(r *Report) bool { return r == nil || math.IsNaN(r.Mean(name)) })
	if len(reports) == 0 {
		return nil
	}
	return slices.MinFunc(reports, func(a, b *Report) int {
		switch x, y := a.Mean(name), b.Mean(name); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
}
