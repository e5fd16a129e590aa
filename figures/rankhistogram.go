package figures

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// RankPanel is one forecast of [RankHistogram].
type RankPanel struct {
	Title  string
	Counts []int // how often the truth had each rank, 0 to M, among M members
}

// RankHistogram draws how often the truth had each rank among the members of an
// ensemble, over what is expected where both are draws of one distribution: 1.
// A U says that the ensemble is too narrow, a dome that it is too wide, a slope
// that it is biased.
type RankHistogram struct {
	Panels []RankPanel

	Title string
	// Independent is the number of independent cases behind the counts, which for
	// maps in time is far less than their number: the band in which 95 % of the
	// bars of a reliable ensemble lie is drawn for it; 0 draws none.
	Independent float64
	Columns     int // panels per row; 0 means up to 3
}

// Draw draws the figure.
func (r RankHistogram) Draw() (*Figure, error) {
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("figures: RankHistogram: %w", err)
	}
	n := len(r.Panels)
	cols := r.Columns
	if cols <= 0 {
		cols = min(n, 3)
		if n == 4 {
			cols = 2
		}
	}
	cols = min(cols, n)
	highest := 1.
	for _, p := range r.Panels {
		for _, v := range relative(p.Counts) {
			highest = max(highest, v)
		}
	}
	entries := []legendEntry{{text: "flat: members and truth are of one distribution", color: softColor, width: 1.1, dashes: []vg.Length{5, 3}}}
	if r.Independent > 0 {
		entries = append(entries, legendEntry{text: fmt.Sprintf("95 %% of a reliable ensemble's bars, %.3g independent cases", r.Independent), kind: legendBand, color: translucent(softColor, 0.2)})
	}
	plots := make([]axes, n)
	for i, panel := range r.Panels {
		xl, yl := "", ""
		if i+cols >= n {
			xl = "rank of the truth"
		}
		if i%cols == 0 {
			yl = "frequency / flat"
		}
		p := newAxes(panel.Title, xl, yl)
		bars := relative(panel.Counts)
		p.X.Min, p.X.Max = -0.5-0.02*float64(len(bars)), float64(len(bars))-0.5+0.02*float64(len(bars))
		p.Y.Min, p.Y.Max = 0, highest*1.07
		p.X.Tick.Marker = wholeTicks{}
		if r.Independent > 0 {
			share := 1 / float64(len(bars))
			half := 1.96 * math.Sqrt((1-share)/(share*r.Independent))
			p.Add(intervalPlotter{[]float64{p.X.Min, p.X.Max}, []float64{max(0, 1-half), max(0, 1-half)}, []float64{min(1+half, p.Y.Max), min(1+half, p.Y.Max)}, translucent(softColor, 0.2)})
		}
		p.Add(barPlotter(bars))
		p.Add(strokePlotter{x: []float64{p.X.Min, p.X.Max}, y: []float64{1, 1}, line: draw.LineStyle{Color: softColor, Width: 1.1, Dashes: []vg.Length{5, 3}}})
		plots[i] = p
	}
	width := 5.4
	if cols > 1 {
		width = min(4.2*float64(cols), 12.6)
	}
	rows := (n + cols - 1) / cols
	return plotsFigure(r.Title, plots, cols, width, 3.3*float64(rows), 22, entries)
}

// relative are counts over their mean.
func relative(counts []int) []float64 {
	total := 0
	for _, c := range counts {
		total += c
	}
	out := make([]float64, len(counts))
	for i, c := range counts {
		out[i] = float64(c) * float64(len(counts)) / float64(total)
	}
	return out
}

// wholeTicks puts ticks at whole numbers.
type wholeTicks struct{}

// Ticks implements plot.Ticker.
func (wholeTicks) Ticks(lo, hi float64) []plot.Tick {
	var out []plot.Tick
	for _, t := range (linearTicks{}).Ticks(lo, hi) {
		if t.Value == math.Trunc(t.Value) && t.Value >= 0 {
			out = append(out, t)
		}
	}
	return out
}

// barPlotter draws bars at 0, 1, 2, ...
type barPlotter []float64

// Plot implements plot.Plotter.
func (b barPlotter) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	for i, v := range b {
		x0, x1 := tx(float64(i)-0.42), tx(float64(i)+0.42)
		fillRect(c, translucent(seriesColors[0], 0.75), x0, ty(0), x1, ty(v))
	}
}

func (r RankHistogram) check() error {
	if len(r.Panels) == 0 {
		return errors.New("no panels given")
	}
	if r.Independent != 0 && !(r.Independent > 0 && finite(r.Independent)) {
		return fmt.Errorf("independent cases %g: give a number above 0, or 0 for no band", r.Independent)
	}
	for i, p := range r.Panels {
		where := fmt.Sprintf("panel %d (%s)", i, firstLine(p.Title))
		if len(p.Counts) < 2 {
			return fmt.Errorf("%s has %d counts: M members have M + 1 ranks, 2 at least", where, len(p.Counts))
		}
		total := 0
		for k, c := range p.Counts {
			if c < 0 {
				return fmt.Errorf("%s: count %d is %d", where, k, c)
			}
			total += c
		}
		if total == 0 {
			return fmt.Errorf("%s: all counts are 0", where)
		}
	}
	return nil
}
