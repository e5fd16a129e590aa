package forecast

import (
	"fmt"
	"math"
	"strings"

	"github.com/idff-go/workbench/idffnb/metric"
	"github.com/idff-go/workbench/internal/quantile"
)

// Table is a Markdown table of the scores: the true cost of a frame, in forward passes and in microseconds of the whole batch's time; the valid time, its median over starts for each seed (mean and standard
// deviation over seeds), the median over both with its 95% interval over starts, and the quartiles; then how the free runs compare with held-out data, where the last row is what other held-out data
// score, mean and standard deviation over pieces of them. A valid time that is as long as the trial looks ahead is marked with ">".
func (r *SeriesResult) Table() (string, error) {
	t := r.Trial
	var text strings.Builder
	fmt.Fprintf(&text, "| %s, %d starts, %d seeds | cost | µs | valid time (%s) | over starts | quartiles | histogram, bits | spectrum | left, %% | stuck, %% |\n|---%s|\n",
		t.Held.Name(), t.starts(), len(t.Seeds), t.unit(), strings.Repeat("|--:", 9))
	for i, s := range r.Scores {
		fmt.Fprintf(&text, "| %s", s.Name)
		if s.Cost > 0 {
			fmt.Fprintf(&text, " | %.3g | %.2g", s.Cost, 1e6*s.Seconds/float64(t.starts()*(t.Ahead+t.Free)))
		} else {
			text.WriteString(" | – | –")
		}
		var medians, all []float64
		for _, v := range s.Valid {
			medians, all = append(medians, quantile.Of(v.Times, .5)), append(all, v.Times...)
		}
		v, err := r.Median(i)
		if err != nil {
			return "", err
		}
		if fmt.Fprintf(&text, " | %s | %s", overSeeds(medians), t.time(v.Value)); !math.IsInf(v.High, 1) {
			fmt.Fprintf(&text, " (%s–%s)", t.time(v.Low), t.time(v.High))
		}
		fmt.Fprintf(&text, " | %s–%s", t.time(quantile.Of(all, .25)), t.time(quantile.Of(all, .75)))
		text.WriteString(climates(s.Climate))
	}
	text.WriteString("| *other held-out data* | – | – | – | – | –" + climates(r.Floor))
	return text.String(), nil
}

// climates are the last columns of a row.
func climates(list []Climate) string {
	columns := make([][]float64, 4)
	for _, c := range list {
		for k, v := range []float64{c.Histogram, c.Spectrum, 100 * c.Left, 100 * c.Stuck} {
			columns[k] = append(columns[k], v)
		}
	}
	text := ""
	for _, c := range columns {
		text += " | " + overSeeds(c)
	}
	return text + " |\n"
}

// MustTable is Table for notebooks.
func (r *SeriesResult) MustTable() string { return must(r.Table()) }

// overSeeds is the mean and the standard deviation, which is left out where values are all alike; of those that are finite, a dash where none is.
func overSeeds(values []float64) string {
	var finite []float64
	for _, v := range values {
		if v-v == 0 {
			finite = append(finite, v)
		}
	}
	s, err := metric.Summarize(finite)
	if err != nil {
		return "–"
	}
	return s.Short()
}

// longest is the greatest valid time that the trial can see.
func (t SeriesTrial) longest() float64 { return t.axis(t.Ahead) }

// axis is the time of so many frames, in Lyapunov times where there is chaos.
func (t SeriesTrial) axis(frames int) float64 {
	v := float64(frames) * t.Step
	if t.Lyapunov > 0 {
		v *= t.Lyapunov
	}
	return v
}

// time is a valid time, marked where it is the longest.
func (t SeriesTrial) time(v float64) string {
	if math.Abs(v-t.longest()) < 1e-9*t.longest() {
		return fmt.Sprintf(">%.3g", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// unit is that of valid times.
func (t SeriesTrial) unit() string {
	switch {
	case t.Lyapunov > 0:
		return "Lyapunov times"
	case t.Step == 1:
		return "frames"
	}
	return "units of time"
}
