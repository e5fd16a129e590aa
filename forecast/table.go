package forecast

import (
	"fmt"
	"math"
	"strings"

	"github.com/idff-go/workbench/idffnb/metric"
)

// Table is a Markdown table of the scores at some horizons, in frames from 1: the true cost of a frame of a member, in forward passes and in milliseconds of the whole batch's time; the fair CRPS
// with its 95% interval over time, where there are two blocks of starts or more; the error of the ensemble's mean; the spread-skill ratio.
func (r *Result) Table(horizons ...int) (string, error) {
	columns := []string{"cost", "ms"}
	for _, what := range []string{"CRPS", "RMSE", "spread-skill"} {
		for _, h := range horizons {
			if h < 1 || h > r.Trial.Ahead {
				return "", fmt.Errorf("forecast: horizon %d: forecasts are 1 to %d frames long", h, r.Trial.Ahead)
			}
			columns = append(columns, what+", "+r.Trial.after(h))
		}
	}
	t := r.Trial
	var text strings.Builder
	fmt.Fprintf(&text, "| %s, %d starts, %d members | %s |\n|---%s|\n", t.Held.Name(), t.Held.Series*t.each(), t.Members, strings.Join(columns, " | "), strings.Repeat("|--:", len(columns)))
	for i, s := range r.Scores {
		fmt.Fprintf(&text, "| %s", s.Name)
		if s.Cost > 0 {
			fmt.Fprintf(&text, " | %.3g | %.3g", s.Cost, 1e3*s.Seconds/float64(t.Members*t.Held.Series*t.each()*t.Ahead))
		} else {
			text.WriteString(" | – | –")
		}
		for _, h := range horizons {
			v, err := r.Interval(i, h-1)
			if err != nil {
				return "", err
			}
			text.WriteString(" | " + between(v))
		}
		for _, h := range horizons {
			fmt.Fprintf(&text, " | %.3f", s.RMSE(h-1))
		}
		for _, h := range horizons {
			fmt.Fprintf(&text, " | %.2f", s.Ratio(h-1, t.Members))
		}
		text.WriteString(" |\n")
	}
	return text.String(), nil
}

// MustTable is Table for notebooks.
func (r *Result) MustTable(horizons ...int) string { return must(r.Table(horizons...)) }

// between is a value with its interval, or by itself where the interval has no ends.
func between(v metric.Interval) string {
	if math.IsInf(v.High, 1) {
		return fmt.Sprintf("%.3f", v.Value)
	}
	return fmt.Sprintf("%.3f (%.3f–%.3f)", v.Value, v.Low, v.High)
}

// Against is a Markdown table of by how much each entry's CRPS differs from that of one of them, in percent of the latter's, with 95% intervals of the paired block bootstrap: below 0 is better than
// the reference, and where the interval holds 0 the trial cannot tell. Fewer than two blocks of starts have no intervals.
func (r *Result) Against(reference string, horizons ...int) (string, error) {
	at, err := r.At(reference)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "| CRPS against %s (%%)", reference)
	for _, h := range horizons {
		if h < 1 || h > r.Trial.Ahead {
			return "", fmt.Errorf("forecast: horizon %d: forecasts are 1 to %d frames long", h, r.Trial.Ahead)
		}
		text.WriteString(" | " + r.Trial.after(h))
	}
	fmt.Fprintf(&text, " |\n|---%s|\n", strings.Repeat("|--:", len(horizons)))
	for i, s := range r.Scores {
		if i == at {
			continue
		}
		text.WriteString("| " + s.Name)
		for _, h := range horizons {
			d, err := r.Difference(i, at, h-1)
			if err != nil {
				return "", err
			}
			scale := 100 / mean(r.Scores[at].CRPS[h-1])
			if fmt.Fprintf(&text, " | %+.1f", scale*d.Value); !math.IsInf(d.High, 1) {
				fmt.Fprintf(&text, " (%+.1f to %+.1f)", scale*d.Low, scale*d.High)
			}
		}
		text.WriteString(" |\n")
	}
	return text.String(), nil
}

// MustAgainst is Against for notebooks.
func (r *Result) MustAgainst(reference string, horizons ...int) string {
	return must(r.Against(reference, horizons...))
}

// after is a horizon in words.
func (t Trial) after(frames int) string {
	unit := t.Unit
	if unit == "" {
		unit = "frame"
	}
	v := float64(frames) * t.step()
	if v != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%.3g %s", v, unit)
}

func (t Trial) step() float64 {
	if t.Step == 0 {
		return 1
	}
	return t.Step
}
