package figures

import (
	"math"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"
)

func TestWrapped(t *testing.T) {
	for n, want := range map[int]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 3, 6: 3, 7: 4, 8: 4, 9: 3, 12: 4, 13: 4} {
		if got := wrapped(n); got != want {
			t.Errorf("%d panels: %d in a row, want %d", n, got, want)
		}
	}
}

// The axes' limits hold all panels and the plain sampler.
func TestScheduleRows(t *testing.T) {
	times := []float64{0, 0.5, 1}
	s := Schedule{GammaLabel: []string{"", "γ₂ σ²"}, Panels: []SchedulePanel{
		{Curves: []ScheduleCurve{{Times: times}, {Times: times, Scale: []float64{1.5, 0.5}, Gamma: [][]float64{{0.1, 0.3}}}}},
		{Curves: []ScheduleCurve{{Times: times, Scale: []float64{2, 1}, Gamma: [][]float64{nil, {-3, -1}}}}},
	}}
	want := []struct {
		label  string
		lo, hi float64
	}{{"scale aₖ", 0.35, 2.15}, {"γ₁", -0.03, 0.33}, {"γ₂ σ²", -3.3, 0.3}}
	rows := s.rows()
	if len(rows) != len(want) {
		t.Fatalf("%d rows, want %d", len(rows), len(want))
	}
	for i, w := range want {
		r := rows[i]
		if r.label != w.label || math.Abs(r.lo-w.lo) > 1e-12 || math.Abs(r.hi-w.hi) > 1e-12 {
			t.Errorf("row %d: %q [%g, %g], want %q [%g, %g]", i, r.label, r.lo, r.hi, w.label, w.lo, w.hi)
		}
	}
}

// probe is a plotter that tells where it draws.
type probe func(draw.Canvas)

// Plot implements plot.Plotter.
func (f probe) Plot(c draw.Canvas, _ *plot.Plot) { f(c) }

// Data areas of axes with and without labels lie where they are wanted, so
// that the same time is at the same place in each row.
func TestDrawOver(t *testing.T) {
	for _, ticks := range []linearTicks{{}, {2}} {
		p := newAxes("", "", "")
		timeAxis(p)
		p.Y.Min, p.Y.Max, p.Y.Tick.Marker = -0.05, 1234.5, ticks
		var at [2]vg.Point
		p.Add(probe(func(c draw.Canvas) { at = [2]vg.Point{c.Min, c.Max} }))
		p.drawOver(draw.NewCanvas(new(recorder.Canvas), 400, 300), 60, 50, 360, 150)
		want := [2]vg.Point{{X: 60, Y: 50}, {X: 360, Y: 150}}
		for i := range at {
			if d := at[i].Sub(want[i]); math.Hypot(float64(d.X), float64(d.Y)) > 0.05 {
				t.Errorf("%d ticks: corner %d of the data is at %v, want %v", ticks.count, i, at[i], want[i])
			}
		}
	}
}
