package moldyn

import (
	"fmt"
	"slices"

	"github.com/idff-go/workbench/figures"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/metric"
)

// Skill is what ensemble forecasts score at each horizon, over all starts and angles.
type Skill struct {
	CRPS  []float64 // metric.FairCircularCRPS, in degrees
	MAE   []float64 // of the ensemble's mean direction, in degrees
	Ratio []float64 // of metric.NewCircularSpreadSkill: 1 is honest, below 1 too sure of itself
	Cost  float64   // forward-equivalents for a frame of a member; 0 for baselines
}

// Forecasts are an entry's skills, by seed.
func (t Trial) Forecasts(e Entry) ([]Skill, error) {
	t, err := t.withDefaults()
	if err != nil {
		return nil, err
	}
	starts, truth := t.cases(t.Every, t.Ahead)
	var list []Skill
	for _, seed := range t.Seeds {
		drawn, err := t.ask(e, idffnb.RollOut{Starts: starts, Frames: t.Ahead, Members: t.Members, Seed: seed})
		if err != nil {
			return nil, err
		}
		s, err := skill(drawn, truth)
		if err != nil {
			return nil, fmt.Errorf("moldyn: %s: %w", e.Name, err)
		}
		list = append(list, s)
	}
	return list, nil
}

// MustForecasts is Forecasts for notebooks.
func (t Trial) MustForecasts(e Entry) []Skill { return must(t.Forecasts(e)) }

func skill(drawn *idffnb.Trajectories, truth [][]float32) (s Skill, err error) {
	s.Cost = drawn.Cost.Equivalents / float64(drawn.Frames)
	for k, now := range truth {
		x := drawn.Frame(k)
		scores, err := metric.FairCircularCRPS(x, now)
		if err != nil {
			return s, err
		}
		middle, err := metric.CircularEnsembleMean(x, len(now))
		if err != nil {
			return s, err
		}
		mae, err := metric.CircularMAE(middle, now)
		if err != nil {
			return s, err
		}
		spread, err := metric.NewCircularSpreadSkill(x, now, nil)
		if err != nil {
			return s, err
		}
		ratio := spread.Ratio
		if ratio < 1e-6 { // members that are all alike, but for rounding
			ratio = 0
		}
		s.CRPS, s.MAE, s.Ratio = append(s.CRPS, mean(scores)), append(s.MAE, mae), append(s.Ratio, ratio)
	}
	return s, nil
}

func mean(values []float64) (m float64) {
	for _, v := range values {
		m += v / float64(len(values))
	}
	return m
}

// ForecastTable is a Markdown table of the entries' skills at some horizons, in frames from 1: mean and standard deviation over the seeds.
func (t Trial) ForecastTable(horizons []int, entries ...Entry) (string, error) {
	t, err := t.withDefaults()
	if err != nil {
		return "", err
	}
	columns := []string{"cost"}
	for _, what := range []string{"CRPS", "MAE", "spread-skill"} {
		for _, h := range horizons {
			if h < 1 || h > t.Ahead {
				return "", fmt.Errorf("moldyn: horizon %d: forecasts are 1 to %d frames long", h, t.Ahead)
			}
			columns = append(columns, fmt.Sprintf("%s, %s", what, t.after(h)))
		}
	}
	text := newTable(fmt.Sprintf("%s, %d replicas", t.Held.Name(), t.Held.Replicas), columns...)
	for _, e := range entries {
		list, err := t.Forecasts(e)
		if err != nil {
			return "", err
		}
		values := make([][]float64, len(columns))
		for _, s := range list {
			values[0] = append(values[0], s.Cost)
			for i, of := range [][]float64{s.CRPS, s.MAE, s.Ratio} {
				for j, h := range horizons {
					at := 1 + i*len(horizons) + j
					values[at] = append(values[at], of[h-1])
				}
			}
		}
		text.row(e.Name, values)
	}
	return text.String(), nil
}

// MustForecastTable is ForecastTable for notebooks.
func (t Trial) MustForecastTable(horizons []int, entries ...Entry) string {
	return must(t.ForecastTable(horizons, entries...))
}

// after is the time of a horizon.
func (t Trial) after(frames int) string {
	if t.Held.Interval > 0 {
		return fmt.Sprintf("%.4g ps", float64(frames)*t.Held.Interval) // DCD files round it
	}
	if frames == 1 {
		return "1 frame"
	}
	return fmt.Sprintf("%d frames", frames)
}

// Horizon is a figure of the entries' skills against the horizon: medians over the seeds in a band from the least to the greatest. References, such as persistence, are drawn without.
func (t Trial) Horizon(entries, references []Entry) (figures.Horizon, error) {
	t, err := t.withDefaults()
	if err != nil {
		return figures.Horizon{}, err
	}
	f := figures.Horizon{XLabel: "horizon (ps)", BandName: "least and greatest of the seeds",
		Panels: []figures.HorizonPanel{{YLabel: "fair CRPS (deg)"}, {YLabel: "MAE of the mean (deg)"}, {YLabel: "spread-skill ratio"}}}
	unit := t.Held.Interval
	if unit == 0 {
		f.XLabel, unit = "horizon (frames)", 1
	}
	for i, e := range slices.Concat(entries, references) {
		list, err := t.Forecasts(e)
		if err != nil {
			return f, err
		}
		for p, of := range []func(Skill) []float64{func(s Skill) []float64 { return s.CRPS }, func(s Skill) []float64 { return s.MAE }, func(s Skill) []float64 { return s.Ratio }} {
			c := figures.HorizonCurve{Name: e.Name}
			for k := range t.Ahead {
				var values []float64
				for _, s := range list {
					values = append(values, of(s)[k])
				}
				slices.Sort(values)
				n := len(values)
				c.X, c.Y = append(c.X, float64(k+1)*unit), append(c.Y, (values[(n-1)/2]+values[n/2])/2)
				c.Lower, c.Upper = append(c.Lower, values[0]), append(c.Upper, values[n-1])
			}
			switch {
			case i < len(entries):
				f.Panels[p].Curves = append(f.Panels[p].Curves, c)
			case p < 2: // a single forecast has no spread
				c.Lower, c.Upper = nil, nil
				f.Panels[p].References = append(f.Panels[p].References, c)
			}
		}
	}
	return f, nil
}

// MustHorizon is Horizon for notebooks.
func (t Trial) MustHorizon(entries, references []Entry) figures.Horizon {
	return must(t.Horizon(entries, references))
}
