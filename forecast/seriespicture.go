package forecast

import (
	"fmt"
	"slices"
	"strings"

	"github.com/idff-go/workbench/figures"
	"github.com/idff-go/workbench/idffnb/metric"
	"github.com/idff-go/workbench/internal/quantile"
)

// picked are the entries of these names, all without one.
func (r *SeriesResult) picked(names []string) ([]SeriesScore, error) {
	if len(names) == 0 {
		return r.Scores, nil
	}
	var list []SeriesScore
	for _, name := range names {
		i, err := r.At(name)
		if err != nil {
			return nil, err
		}
		list = append(list, r.Scores[i])
	}
	return list, nil
}

// Attractor shows held-out data and runs of the first seed of the entries of these names, all without one, in space: the runs from the first starts of so many series, each with its start. A run that leaves the box
// of Climate ends there. Of frames of more than three numbers the first three are drawn.
func (r *SeriesResult) Attractor(runs int, names ...string) (figures.Attractor, error) {
	t := r.Trial
	f := figures.Attractor{}
	scores, err := r.picked(names)
	if err != nil {
		return f, err
	}
	if runs < 1 || runs > t.Held.Series {
		return f, fmt.Errorf("forecast: %d runs in the picture: there are 1 to %d series", runs, t.Held.Series)
	}
	g, err := t.ground()
	if err != nil {
		return f, err
	}
	curve := func(name string, frames []float32) (figures.SpaceCurve, error) {
		c := figures.SpaceCurve{Name: name}
		inside := 0
		for ; inside < len(frames)/len(g.std) && !g.outside(frames[inside*len(g.std):(inside+1)*len(g.std)]); inside++ {
		}
		frames, err := t.undo(frames[:inside*len(g.std)])
		for frame := range slices.Chunk(frames, len(g.std)) {
			var p [3]float64
			for i := range min(3, len(frame)) {
				p[i] = float64(frame[i])
			}
			c.Points = append(c.Points, p)
		}
		return c, err
	}
	panel := func(title, name string, of func(run int) []float32) error {
		p := figures.AttractorPanel{Title: title}
		for run := range runs {
			c, err := curve(name, of(run))
			if err != nil {
				return fmt.Errorf("forecast: %s: %w", title, err)
			}
			if len(c.Points) == 1 { // it left at once
				c.Points = append(c.Points, c.Points[0])
			}
			p.Curves = append(p.Curves, c)
		}
		f.Panels = append(f.Panels, p)
		return nil
	}
	size := len(g.std)
	err = panel("held-out data", "data", func(run int) []float32 {
		return t.Held.Values[run*t.Held.Frames*size : (run*t.Held.Frames+min(t.Held.Frames, t.Ahead+t.Free))*size]
	})
	for _, s := range scores {
		if err == nil {
			err = panel(s.Name, "generated", func(run int) []float32 {
				return slices.Concat(t.Held.Frame(run, t.History-1), s.drawn.Trajectory(0, run*t.each()))
			})
		}
	}
	return f, err
}

// MustAttractor is Attractor for notebooks.
func (r *SeriesResult) MustAttractor(runs int, names ...string) figures.Attractor {
	return must(r.Attractor(runs, names...))
}

// undo takes frames back to the data's unit where the trial has a Standard.
func (t SeriesTrial) undo(frames []float32) ([]float32, error) {
	if t.Standard == nil {
		return frames, nil
	}
	return t.Standard.Undo(frames)
}

// TimeSeries shows one number of the frames after a start, counted over all series, against the truth: a row for each of the entries of these names, all without one, with the end of its validity marked.
// label is the number's name. A forecast ends where it leaves the box of Climate.
func (r *SeriesResult) TimeSeries(start, number int, label string, names ...string) (figures.TimeSeries, error) {
	t := r.Trial
	f := figures.TimeSeries{YLabel: label, XLabel: "time (" + t.unit() + ")", MarkName: fmt.Sprintf("error above %.2g standard deviations", t.Threshold)}
	scores, err := r.picked(names)
	if err != nil {
		return f, err
	}
	dim := t.Held.Size()
	if start < 0 || start >= t.starts() || number < 0 || number >= dim {
		return f, fmt.Errorf("forecast: number %d after start %d: frames have the numbers 0 to %d, and the trial the starts 0 to %d", number, start, dim-1, t.starts()-1)
	}
	g, err := t.ground()
	if err != nil {
		return f, err
	}
	values := func(frames []float32) ([]float64, error) {
		inside := 0
		for ; inside < len(frames)/dim && !g.outside(frames[inside*dim:(inside+1)*dim]); inside++ {
		}
		frames, err := t.undo(frames[:inside*dim])
		var out []float64
		for at := number; at < len(frames); at += dim {
			out = append(out, float64(frames[at]))
		}
		return out, err
	}
	_, truth := t.cases()
	now, err := values(truth[start*t.Ahead*dim : (start+1)*t.Ahead*dim])
	if err != nil {
		return f, fmt.Errorf("forecast: %w", err)
	}
	for k := range t.Ahead {
		f.Times = append(f.Times, t.axis(k+1))
	}
	for _, s := range scores {
		row := figures.TimeRow{Title: s.Name, Truth: now, Mark: s.Valid[0].Times[start]}
		if row.Forecast, err = values(s.drawn.Trajectory(0, start)[:t.Ahead*dim]); err != nil {
			return f, fmt.Errorf("forecast: %s: %w", s.Name, err)
		}
		f.Rows = append(f.Rows, row)
	}
	return f, nil
}

// MustTimeSeries is TimeSeries for notebooks.
func (r *SeriesResult) MustTimeSeries(start, number int, label string, names ...string) figures.TimeSeries {
	return must(r.TimeSeries(start, number, label, names...))
}

// ValidCost draws the median valid time against the true cost of a frame: mean over seeds, with a bar of one standard deviation. Entries whose names differ only after the last comma, such as "CFM, 3" and
// "CFM, 5", are one curve. The level is the best of those without cost, the baselines.
func (r *SeriesResult) ValidCost() (figures.Lines, error) {
	f := figures.Lines{XLabel: "true cost of a frame (forward-equivalents)", YLabel: "valid time (" + r.Trial.unit() + ")", LogX: true, Markers: true}
	at := map[string]int{}
	for _, s := range r.Scores {
		var medians []float64
		for _, v := range s.Valid {
			medians = append(medians, quantile.Of(v.Times, .5))
		}
		m, err := metric.Summarize(medians)
		if err != nil {
			return f, fmt.Errorf("forecast: %s: %w", s.Name, err)
		}
		if s.Cost == 0 {
			if m.Mean > f.Level {
				f.Level, f.LevelName = m.Mean, s.Name
			}
			continue
		}
		name := s.Name
		if comma := strings.LastIndex(name, ", "); comma > 0 {
			name = name[:comma]
		}
		i, ok := at[name]
		if !ok {
			i, at[name] = len(f.Series), len(f.Series)
			f.Series = append(f.Series, figures.Series{Name: name})
		}
		spread := m.Std
		if spread-spread != 0 { // one seed
			spread = 0
		}
		line := &f.Series[i]
		line.X, line.Y, line.Spread = append(line.X, s.Cost), append(line.Y, m.Mean), append(line.Spread, spread)
	}
	if len(f.Series) == 0 {
		return f, fmt.Errorf("forecast: no entry has a cost: give flows beside the baselines")
	}
	return f, nil
}

// MustValidCost is ValidCost for notebooks.
func (r *SeriesResult) MustValidCost() figures.Lines { return must(r.ValidCost()) }
