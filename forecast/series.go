package forecast

import (
	"fmt"
	"math"
	"slices"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/metric"
	"github.com/idff-go/workbench/internal/quantile"
)

// SeriesTrial asks entries what is asked of chaotic series, beside the ensembles of Trial: for how long a single forecast holds, and whether a run that is left to itself stays on the attractor and moves
// there as the data do. Each start is one run of one member: its first Ahead frames are compared with the truth, the Free frames after them, when even the best forecast has parted from it, with the
// places and the spectra of the held-out data. Zero values are defaults.
type SeriesTrial struct {
	Held      *datasets.Maps     // series that no entry has seen, standardised as the training series are
	Other     *datasets.Maps     // more of them: what data score against data is the floor for runs
	Standard  *datasets.Standard // takes figures back to the data's unit; nil: they are standardised
	Step      float64            // time between frames; 0: 1
	Lyapunov  float64            // largest Lyapunov exponent of the system, per unit of time: its inverse is the unit of valid times; 0: they are in units of time
	Threshold float64            // error at which a forecast is no longer valid, see metric.NewValidTimes; 0: .5
	History   int                // frames that an entry is given; 0: 1
	Ahead     int                // frames that are compared with the truth; 0: 200
	Every     int                // frames from one start to the next; 0: Ahead
	Free      int                // frames of a run after those; 0: 300
	Bins      int                // of metric.HistogramDistance along each axis; 0: 10
	Segment   int                // of metric.SeriesSpectrum, in frames; 0: 128, or Free where that is less
	Seeds     []uint64           // of networks and draws; nil: 0
}

// Climate is how runs compare with held-out data.
type Climate struct {
	Histogram float64 // metric.HistogramDistance of the places visited, in bits; what is not finite counts as outside
	Spectrum  float64 // metric.SpectrumDistance, of the runs that stayed; NaN where none did, or none moves
	Left      float64 // share of runs with a frame that is not finite or lies outside the box of the held-out data made wider by half its width on every side
	Stuck     float64 // share of runs that stayed, but of whose last quarter every number varies less than a hundredth as much as in the data
}

// SeriesScore is what an entry scored.
type SeriesScore struct {
	Name    string
	Valid   []metric.ValidTimes // by seed; the starts of one held-out series after those of the other
	Climate []Climate           // by seed
	Cost    float64             // forward-equivalents of a frame; 0 for baselines
	Seconds float64             // of all frames of all runs, mean over seeds; 0 for baselines

	drawn *idffnb.Trajectories // of the first seed
}

// SeriesResult is how the entries of a SeriesTrial scored.
type SeriesResult struct {
	Trial  SeriesTrial // with its defaults
	Scores []SeriesScore
	Floor  []Climate // of other held-out series: pieces of as many frames as the runs have
}

// withDefaults fills in what was left out, and says in one line what is wrong.
func (t SeriesTrial) withDefaults() (SeriesTrial, error) {
	if t.Held == nil || t.Other == nil {
		return t, fmt.Errorf("forecast: a trial of series needs Held and Other: series that no entry was trained on, and more of them")
	}
	for _, d := range []struct {
		field *int
		value int
	}{{&t.History, 1}, {&t.Ahead, 200}, {&t.Free, 300}, {&t.Bins, 10}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if t.Every == 0 {
		t.Every = t.Ahead
	}
	if t.Segment == 0 {
		t.Segment = min(128, t.Free)
	}
	if t.Step == 0 {
		t.Step = 1
	}
	if t.Threshold == 0 {
		t.Threshold = .5
	}
	if t.Seeds == nil {
		t.Seeds = idffnb.Seeds(0, 0)
	}
	switch {
	case t.History < 1 || t.Ahead < 1 || t.Every < 1 || t.Free < 4 || t.Bins < 1 || len(t.Seeds) == 0:
		return t, fmt.Errorf("forecast: a trial of series with history %d, %d frames ahead, every %d, %d free, %d bins, %d seeds: want at least 1, 1, 1, 4, 1 and 1",
			t.History, t.Ahead, t.Every, t.Free, t.Bins, len(t.Seeds))
	case t.Segment < 4 || t.Segment > t.Free:
		return t, fmt.Errorf("forecast: spectra with segments of %d frames: want 4 to %d, the free frames", t.Segment, t.Free)
	case t.History+t.Ahead > t.Held.Frames:
		return t, fmt.Errorf("forecast: %d frames after a history of %d: the series of %s have %d in all", t.Ahead, t.History, t.Held.Name(), t.Held.Frames)
	case t.Other.Size() != t.Held.Size():
		return t, fmt.Errorf("forecast: frames of %s have %d numbers, those of %s %d: they are not of one system", t.Other.Name(), t.Other.Size(), t.Held.Name(), t.Held.Size())
	case t.Other.Series*(t.Other.Frames/t.Free) < t.starts():
		return t, fmt.Errorf("forecast: %s has %d series of %d frames, which have no %d pieces of %d frames, as many as the runs: give it more",
			t.Other.Name(), t.Other.Series, t.Other.Frames, t.starts(), t.Free)
	}
	return t, nil
}

// each is the number of starts in a series.
func (t SeriesTrial) each() int { return (t.Held.Frames-t.History-t.Ahead)/t.Every + 1 }

// starts is their number in all.
func (t SeriesTrial) starts() int { return t.Held.Series * t.each() }

// cases are the starts of all series and the true frames after them, [starts, Ahead, Dim].
func (t SeriesTrial) cases() (c Case, truth []float32) {
	c = Case{History: t.History, Dim: t.Held.Size(), Frames: t.Ahead + t.Free, Members: 1, Lossy: true}
	for s := range t.Held.Series {
		for i := range t.each() {
			for k := range t.History + t.Ahead {
				frame := t.Held.Frame(s, i*t.Every+k)
				if k < t.History {
					c.Starts = append(c.Starts, frame...)
				} else {
					truth = append(truth, frame...)
				}
			}
		}
	}
	return c, truth
}

// Judge lets every entry run once for each seed, and scores the runs.
func (t SeriesTrial) Judge(entries ...Entry) (*SeriesResult, error) {
	t, err := t.withDefaults()
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("forecast: a trial of series without entries: give one or more")
	}
	ground, err := t.ground()
	if err != nil {
		return nil, fmt.Errorf("forecast: %s: %w", t.Held.Name(), err)
	}
	result := &SeriesResult{Trial: t}
	if result.Floor, err = t.floor(ground); err != nil {
		return nil, fmt.Errorf("forecast: %s: %w", t.Other.Name(), err)
	}
	for _, e := range entries {
		s, err := t.score(e, ground)
		if err != nil {
			return nil, fmt.Errorf("forecast: %s: %w", e.Name, err)
		}
		result.Scores = append(result.Scores, s)
	}
	return result, nil
}

// MustJudge is Judge for notebooks.
func (t SeriesTrial) MustJudge(entries ...Entry) *SeriesResult { return must(t.Judge(entries...)) }

// score judges one entry.
func (t SeriesTrial) score(e Entry, ground *ground) (SeriesScore, error) {
	c, truth := t.cases()
	s := SeriesScore{Name: e.Name}
	share := 1 / float64(len(t.Seeds))
	for _, seed := range t.Seeds {
		c.Seed = seed
		drawn, err := Trial{}.ask(e, c)
		if err != nil {
			return s, err
		}
		if s.drawn == nil {
			s.drawn = drawn
		}
		s.Cost += share * drawn.Cost.Equivalents / float64(drawn.Frames)
		s.Seconds += share * drawn.Cost.Seconds
		var forecasts []float32
		for run := range slices.Chunk(drawn.X, c.Frames*c.Dim) {
			forecasts = append(forecasts, run[:t.Ahead*c.Dim]...)
		}
		valid, err := metric.NewValidTimes(forecasts, truth, t.Ahead, c.Dim, ground.std, t.Step, t.Threshold, t.Lyapunov)
		if err != nil {
			return s, err
		}
		climate, err := ground.climate(drawn.X, c.Frames, t.Free)
		if err != nil {
			return s, err
		}
		s.Valid, s.Climate = append(s.Valid, valid), append(s.Climate, climate)
	}
	return s, nil
}

// ground is what the held-out data are like.
type ground struct {
	trial     SeriesTrial
	std       []float64
	low, high []float64 // of the box that a run must not leave
	spectra   []metric.Spectrum
}

func (t SeriesTrial) ground() (*ground, error) {
	dim := t.Held.Size()
	g := &ground{trial: t, std: make([]float64, dim), low: slices.Repeat([]float64{math.Inf(1)}, dim), high: slices.Repeat([]float64{math.Inf(-1)}, dim)}
	for i := range dim {
		var mean, square float64
		for at := i; at < len(t.Held.Values); at += dim {
			v, n := float64(t.Held.Values[at]), float64(len(t.Held.Values)/dim)
			mean, square = mean+v/n, square+v*v/n
			g.low[i], g.high[i] = min(g.low[i], v), max(g.high[i], v)
		}
		g.std[i] = math.Sqrt(max(0, square-mean*mean))
		width := g.high[i] - g.low[i]
		g.low[i], g.high[i] = g.low[i]-width/2, g.high[i]+width/2
	}
	var err error
	g.spectra, err = metric.SeriesSpectrum(t.Held.Values, t.Held.Frames, dim, min(t.Segment, t.Held.Frames), t.Step)
	return g, err
}

// outside tells whether a frame is not finite or lies outside the box.
func (g *ground) outside(frame []float32) bool {
	for i, v := range frame {
		if !(float64(v) >= g.low[i] && float64(v) <= g.high[i]) {
			return true
		}
	}
	return false
}

// still tells whether no number of frames varies as much as a hundredth of what it does in the data.
func (g *ground) still(frames []float32) bool {
	dim := len(g.std)
	for i, std := range g.std {
		var mean, square float64
		for at := i; at < len(frames); at += dim {
			mean += float64(frames[at]) / float64(len(frames)/dim)
		}
		for at := i; at < len(frames); at += dim {
			d := float64(frames[at]) - mean
			square += d * d / float64(len(frames)/dim)
		}
		if square >= .01*std*std {
			return false
		}
	}
	return true
}

// climate judges runs [n, frames, dim] by their last free frames.
func (g *ground) climate(runs []float32, frames, free int) (c Climate, err error) {
	const far = 1e9 // in place of what is not finite: outside
	dim := len(g.std)
	var all, stayed []float32
	n := float64(len(runs) / (frames * dim))
	for run := range slices.Chunk(runs, frames*dim) {
		last := slices.Clone(run[(frames-free)*dim:])
		left := false
		for frame := range slices.Chunk(run, dim) {
			left = left || g.outside(frame)
		}
		switch {
		case left:
			c.Left += 1 / n
		case g.still(run[(frames-max(1, free/4))*dim:]):
			c.Stuck += 1 / n
			fallthrough
		default:
			stayed = append(stayed, last...)
		}
		for i, v := range last {
			if v-v != 0 {
				last[i] = far
			}
		}
		all = append(all, last...)
	}
	if c.Histogram, err = metric.HistogramDistance(all, g.trial.Held.Values, dim, g.trial.Bins); err != nil {
		return c, err
	}
	c.Spectrum = math.NaN()
	if len(stayed) == 0 {
		return c, nil
	}
	spectra, err := metric.SeriesSpectrum(stayed, free, dim, min(g.trial.Segment, g.trial.Held.Frames), g.trial.Step)
	if err != nil {
		return c, err
	}
	for _, s := range spectra {
		if slices.Max(s.Power) == 0 { // no run moves
			return c, nil
		}
	}
	c.Spectrum, err = metric.SpectrumDistance(spectra, g.spectra)
	return c, err
}

// floor cuts the other series into runs of Free frames, and judges as many of them together as the trial has runs, as often as there are so many.
func (t SeriesTrial) floor(g *ground) (list []Climate, err error) {
	var runs []float32
	for k := range t.Other.Frames / t.Free {
		for s := range t.Other.Series {
			at := (s*t.Other.Frames + k*t.Free) * t.Other.Size()
			runs = append(runs, t.Other.Values[at:at+t.Free*t.Other.Size()]...)
		}
	}
	size := t.starts() * t.Free * t.Other.Size()
	for ; len(runs) >= size; runs = runs[size:] {
		c, err := g.climate(runs[:size], t.Free, t.Free)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// Median is the median valid time of an entry over starts and seeds, with the 95% interval of a bootstrap over the starts, all seeds of a start together: where starts are nearer than a forecast is long,
// over blocks of them.
func (r *SeriesResult) Median(entry int) (metric.Interval, error) {
	t, s := r.Trial, r.Scores[entry]
	blocks := metric.Blocks{Series: t.Held.Series, Frames: t.each(), Length: min((t.Ahead+t.Every-1)/t.Every, t.each())}
	return blocks.Interval(func(rows []int) float64 {
		var times []float64
		for _, v := range s.Valid {
			for _, i := range rows {
				times = append(times, v.Times[i])
			}
		}
		return quantile.Of(times, .5)
	})
}

// At is the number of the entry of that name, or an error that lists the names.
func (r *SeriesResult) At(name string) (int, error) {
	return find(name, len(r.Scores), func(i int) string { return r.Scores[i].Name })
}
