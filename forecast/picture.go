package forecast

import (
	"fmt"
	"math"
	"slices"

	"github.com/idff-go/workbench/figures"
)

// Horizon is a figure of CRPS, error and spread-skill ratio against the horizon, with 95% intervals over time of the CRPS. Entries without cost, the baselines, are drawn as references.
func (r *Result) Horizon() (figures.Horizon, error) {
	t := r.Trial
	f := figures.Horizon{XLabel: "horizon (" + t.plural() + ")", Panels: []figures.HorizonPanel{{YLabel: "fair CRPS"}, {YLabel: "RMSE of the mean"}, {YLabel: "spread-skill ratio"}}}
	for i, s := range r.Scores {
		curves := make([]figures.HorizonCurve, 3)
		for h := range t.Ahead {
			v, err := r.Interval(i, h)
			if err != nil {
				return f, err
			}
			for p, y := range []float64{v.Value, s.RMSE(h), s.Ratio(h, t.Members)} {
				curves[p].Name = s.Name
				curves[p].X, curves[p].Y = append(curves[p].X, float64(h+1)*t.step()), append(curves[p].Y, y)
			}
			if !math.IsInf(v.High, 1) {
				curves[0].Lower, curves[0].Upper = append(curves[0].Lower, v.Low), append(curves[0].Upper, v.High)
			}
		}
		for p, c := range curves {
			switch panel := &f.Panels[p]; {
			case p == 2 && s.Single: // a single forecast has no spread
			case s.Cost > 0:
				panel.Curves = append(panel.Curves, c)
			default:
				c.Lower, c.Upper = nil, nil
				panel.References = append(panel.References, c)
			}
		}
	}
	f.Panels = slices.DeleteFunc(f.Panels, func(p figures.HorizonPanel) bool { return len(p.Curves) == 0 })
	return f, nil
}

// MustHorizon is Horizon for notebooks.
func (r *Result) MustHorizon() figures.Horizon { return must(r.Horizon()) }

// Ranks are the rank histograms of ensembles at a horizon, in frames from 1. The band is drawn for as many independent cases as there are starts: pixels of a map are far from independent.
func (r *Result) Ranks(horizon int) (figures.RankHistogram, error) {
	t := r.Trial
	if horizon < 1 || horizon > t.Ahead {
		return figures.RankHistogram{}, fmt.Errorf("forecast: horizon %d: forecasts are 1 to %d frames long", horizon, t.Ahead)
	}
	f := figures.RankHistogram{Title: "rank of the truth after " + t.after(horizon)}
	for _, s := range r.Scores {
		if !s.Single {
			f.Panels = append(f.Panels, figures.RankPanel{Title: s.Name, Counts: s.Ranks[horizon-1]})
		}
	}
	return f, nil
}

// MustRanks is Ranks for notebooks.
func (r *Result) MustRanks(horizon int) figures.RankHistogram { return must(r.Ranks(horizon)) }

// SpreadError draws the error of each ensemble against its spread times sqrt((M+1)/M), a point for each horizon: reliable ones lie on the diagonal.
func (r *Result) SpreadError() figures.SpreadError {
	f := figures.SpreadError{XLabel: "spread", YLabel: "RMSE of the mean"}
	m := float64(r.Trial.Members)
	for _, s := range r.Scores {
		if s.Single {
			continue
		}
		c := figures.SpreadCurve{Name: s.Name}
		for h := range r.Trial.Ahead {
			c.Spread, c.Error = append(c.Spread, math.Sqrt((m+1)/m*mean(s.Variance[h]))), append(c.Error, s.RMSE(h))
		}
		f.Curves = append(f.Curves, c)
	}
	return f
}

// Panel is the figure of the IDFF paper: truth and forecasts from one start, a column for each horizon, one colour scale. A row of an entry is its first member. start counts the trial's starts,
// those of one series after those of the other.
func (t Trial) Panel(start int, entries ...Entry) (figures.FieldPanel, error) {
	rows, t, err := t.films(start, 1, entries)
	if err != nil {
		return figures.FieldPanel{}, err
	}
	f := figures.FieldPanel{Rows: rows, Height: t.Held.Height, Width: t.Held.Width, Land: t.Held.Land, XLabel: "horizon (" + t.plural() + ")", Unit: t.mapUnit(), Diverging: t.Standard == nil}
	for h := range t.Ahead {
		f.Columns = append(f.Columns, fmt.Sprintf("%.3g", float64(h+1)*t.step()))
	}
	return f, nil
}

// MustPanel is Panel for notebooks.
func (t Trial) MustPanel(start int, entries ...Entry) figures.FieldPanel {
	return must(t.Panel(start, entries...))
}

// Film is the animation of what Panel shows, with so many members of each entry side by side.
func (t Trial) Film(start, members int, entries ...Entry) (figures.FieldGIF, error) {
	rows, t, err := t.films(start, members, entries)
	if err != nil {
		return figures.FieldGIF{}, err
	}
	f := figures.FieldGIF{Films: rows, Height: t.Held.Height, Width: t.Held.Width, Land: t.Held.Land, Unit: t.mapUnit(), Diverging: t.Standard == nil, Rate: 2}
	for h := range t.Ahead {
		f.Names = append(f.Names, t.after(h+1))
	}
	return f, nil
}

// MustFilm is Film for notebooks.
func (t Trial) MustFilm(start, members int, entries ...Entry) figures.FieldGIF {
	return must(t.Film(start, members, entries...))
}

// films are the truth and members of entries after one start, in the unit of the data.
func (t Trial) films(start, members int, entries []Entry) ([]figures.FieldRow, Trial, error) {
	t, err := t.withDefaults()
	if err != nil {
		return nil, t, err
	}
	if n := t.Held.Series * t.each(); start < 0 || start >= n {
		return nil, t, fmt.Errorf("forecast: start %d: the trial has the starts 0 to %d", start, n-1)
	}
	if members < 1 || members > t.Members {
		return nil, t, fmt.Errorf("forecast: %d members in the picture: the trial has 1 to %d", members, t.Members)
	}
	c, truth := t.cases()
	size := t.History * c.Dim
	c.Starts, c.Seed = c.Starts[start*size:(start+1)*size], t.Seeds[0]
	first := start%t.each()*t.Every + t.History
	row := func(name string, frames []float32) (figures.FieldRow, error) {
		r := figures.FieldRow{Name: name}
		frames, err := t.undo(frames, first)
		if err != nil {
			return r, err
		}
		for frame := range slices.Chunk(frames, c.Dim) {
			r.Maps = append(r.Maps, frame)
		}
		return r, nil
	}
	var now []float32
	for h := range truth {
		now = append(now, truth[h][start*c.Dim:(start+1)*c.Dim]...)
	}
	rows := make([]figures.FieldRow, 1, 1+members*len(entries))
	if rows[0], err = row("truth", now); err != nil {
		return nil, t, err
	}
	for _, e := range entries {
		drawn, err := t.ask(e, c)
		if err != nil {
			return nil, t, fmt.Errorf("forecast: %s: %w", e.Name, err)
		}
		for m := range members {
			name := e.Name
			if members > 1 {
				name = fmt.Sprintf("%s, member %d", e.Name, m+1)
			}
			r, err := row(name, drawn.Trajectory(m, 0))
			if err != nil {
				return nil, t, err
			}
			rows = append(rows, r)
		}
	}
	return rows, t, nil
}

// mapUnit is the unit of pictures.
func (t Trial) mapUnit() string {
	if t.Standard == nil {
		return "σ"
	}
	return t.Standard.Unit()
}

// plural is the unit of the horizon.
func (t Trial) plural() string {
	if t.Unit == "" {
		return "frames"
	}
	return t.Unit + "s"
}
