package forecast

import (
	"fmt"
	"math"

	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/metric"
)

// Result is how the entries of a trial scored.
type Result struct {
	Trial  Trial // with its defaults
	Scores []Score
}

// Score is what an entry scored. Means over a frame are over its sea, rows weighted by the cosine of their latitude where the maps have one; means over seeds are taken first, so that what is left
// is a series in time for each horizon: [Ahead][Starts], the starts of one held-out series after those of the other.
type Score struct {
	Name     string
	CRPS     [][]float64 // metric.FairCRPS
	Squared  [][]float64 // squared error of the ensemble's mean
	Variance [][]float64 // of the members, M - 1 in the denominator
	Ranks    [][]int     // by horizon, metric.RankHistogram of all sea pixels, starts and seeds
	Cost     float64     // forward-equivalents of a frame of a member; 0 for baselines
	Seconds  float64     // of all frames of all members, mean over seeds; 0 for baselines
	Single   bool        // all members are alike: the entry is deterministic
	bySeed   []float64   // CRPS of the first horizon, one for each seed: mean over starts
}

// Judge asks every entry once for each seed, and scores what it draws.
func (t Trial) Judge(entries ...Entry) (*Result, error) {
	t, err := t.withDefaults()
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("forecast: a trial without entries: give one or more")
	}
	result := &Result{Trial: t}
	for _, e := range entries {
		s, err := t.score(e)
		if err != nil {
			return nil, fmt.Errorf("forecast: %s: %w", e.Name, err)
		}
		result.Scores = append(result.Scores, s)
	}
	return result, nil
}

// MustJudge is Judge for notebooks.
func (t Trial) MustJudge(entries ...Entry) *Result { return must(t.Judge(entries...)) }

// score judges one entry.
func (t Trial) score(e Entry) (Score, error) {
	c, truth := t.cases()
	n := t.Held.Series * t.each()
	s := Score{Name: e.Name, CRPS: zeros(t.Ahead, n), Squared: zeros(t.Ahead, n), Variance: zeros(t.Ahead, n), Ranks: make([][]int, t.Ahead)}
	share := 1 / float64(len(t.Seeds))
	for _, seed := range t.Seeds {
		c.Seed = seed
		drawn, err := t.ask(e, c)
		if err != nil {
			return s, err
		}
		s.Cost += share * drawn.Cost.Equivalents / float64(drawn.Frames)
		s.Seconds += share * drawn.Cost.Seconds
		for h := range truth {
			f, err := t.scoreFrame(t.Held.AtSea(drawn.Frame(h)), t.Held.AtSea(truth[h]), seed)
			if err != nil {
				return s, err
			}
			for i := range n {
				s.CRPS[h][i] += share * f.crps[i]
				s.Squared[h][i] += share * f.squared[i]
				s.Variance[h][i] += share * f.variance[i]
			}
			if s.Ranks[h] == nil {
				s.Ranks[h] = make([]int, len(f.ranks))
			}
			for k, count := range f.ranks {
				s.Ranks[h][k] += count
			}
			if h == 0 {
				s.bySeed = append(s.bySeed, mean(f.crps))
			}
		}
	}
	s.Single = mean(s.Variance[0]) <= 1e-6*mean(s.Squared[0]) // but for rounding
	return s, nil
}

// ask lets an entry draw, and checks what it has drawn.
func (t Trial) ask(e Entry, c Case) (*idffnb.Trajectories, error) {
	if e.Forecast == nil {
		return nil, fmt.Errorf("the entry has no Forecast")
	}
	drawn, err := e.Forecast(c)
	if err != nil {
		return nil, err
	}
	n := len(c.Starts) / (c.History * c.Dim)
	if drawn.Members != c.Members || drawn.Starts != n || drawn.Frames != c.Frames || drawn.Dim != c.Dim || len(drawn.X) != c.Members*n*c.Frames*c.Dim {
		return nil, fmt.Errorf("drew %d numbers as [%d, %d, %d, %d], asked for %d members, %d starts, %d frames of size %d: is it made for a history of %d frames, the trial's?",
			len(drawn.X), drawn.Members, drawn.Starts, drawn.Frames, drawn.Dim, c.Members, n, c.Frames, c.Dim, c.History)
	}
	return drawn, nil
}

// frameScores are scores of one horizon: one number for each start, and the ranks.
type frameScores struct {
	crps, squared, variance []float64
	ranks                   []int
}

// scoreFrame scores an ensemble [members, starts, sea] against a truth [starts, sea].
func (t Trial) scoreFrame(ensemble, truth []float32, seed uint64) (f frameScores, err error) {
	weights := t.Held.SeaWeights()
	sea := len(weights)
	row := func(values []float64) []float64 {
		if err != nil {
			return nil
		}
		var means []float64
		means, err = metric.RowMeans(values, sea, weights)
		return means
	}
	crps, err := metric.FairCRPS(ensemble, truth)
	if err != nil {
		return f, err
	}
	middle, err := metric.EnsembleMean(ensemble, len(truth))
	if err != nil {
		return f, err
	}
	squared, err := metric.SquaredErrors(middle, truth)
	if err != nil {
		return f, err
	}
	if f.ranks, err = metric.RankHistogram(ensemble, truth, seed); err != nil {
		return f, err
	}
	f.crps, f.squared, f.variance = row(crps), row(squared), row(variances(ensemble, middle))
	return f, err
}

// variances are those of the members at each point.
func variances(ensemble, middle []float32) []float64 {
	n := len(middle)
	members := len(ensemble) / n
	out := make([]float64, n)
	for i, v := range ensemble {
		d := float64(v) - float64(middle[i%n])
		out[i%n] += d * d / float64(members-1)
	}
	return out
}

// RMSE is the root of the mean squared error of the ensemble's mean at a horizon, counted from 0.
func (s Score) RMSE(horizon int) float64 { return math.Sqrt(mean(s.Squared[horizon])) }

// Ratio is the spread-skill ratio at a horizon, counted from 0, as metric.NewSpreadSkill has it: 1 for a reliable ensemble, below 1 for one that is too sure of itself.
func (s Score) Ratio(horizon, members int) float64 {
	m := float64(members)
	if s.Single {
		return 0
	}
	return math.Sqrt((m + 1) / m * mean(s.Variance[horizon]) / mean(s.Squared[horizon]))
}

// blocks is the bootstrap over starts.
func (t Trial) blocks() metric.Blocks {
	return metric.Blocks{Series: t.Held.Series, Frames: t.each(), Length: min(t.Block, t.each())}
}

// Interval is the mean CRPS of an entry at a horizon, counted from 0, with the 95% interval of a moving-block bootstrap over the starts.
func (r *Result) Interval(entry, horizon int) (metric.Interval, error) {
	return r.Trial.blocks().Mean(r.Scores[entry].CRPS[horizon])
}

// Difference is by how much the CRPS of entry a is above that of entry b at a horizon, start by start, with its interval: below 0 a is better.
func (r *Result) Difference(a, b, horizon int) (metric.Interval, error) {
	x, y := r.Scores[a].CRPS[horizon], r.Scores[b].CRPS[horizon]
	d := make([]float64, len(x))
	for i := range d {
		d[i] = x[i] - y[i]
	}
	return r.Trial.blocks().Mean(d)
}

// At is the number of the entry of that name, or an error that lists the names.
func (r *Result) At(name string) (int, error) {
	return find(name, len(r.Scores), func(i int) string { return r.Scores[i].Name })
}

// find is the number of the name among n, or an error that lists them.
func find(name string, n int, at func(int) string) (int, error) {
	var names []string
	for i := range n {
		if at(i) == name {
			return i, nil
		}
		names = append(names, at(i))
	}
	return 0, fmt.Errorf("forecast: no entry %q among %q", name, names)
}

func zeros(rows, columns int) [][]float64 {
	out := make([][]float64, rows)
	for i := range out {
		out[i] = make([]float64, columns)
	}
	return out
}

func mean(values []float64) (m float64) {
	for _, v := range values {
		m += v / float64(len(values))
	}
	return m
}

// undo takes standardised frames [n, dim] that follow a start back to the data's unit where the trial has a Standard.
func (t Trial) undo(frames []float32, first int) ([]float32, error) {
	if t.Standard == nil {
		return frames, nil
	}
	n := len(frames) / t.Held.Size()
	if t.Held.Times == nil {
		return t.Standard.Undo(frames)
	}
	return t.Standard.Undo(frames, t.Held.Times[first:first+n]...)
}
