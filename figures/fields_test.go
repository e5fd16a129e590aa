package figures_test

import (
	"bytes"
	"fmt"
	"image/gif"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/idff-go/workbench/figures"
)

// The fields of the examples: two eddies that drift on a gradient, with an island, made up.
const fieldSide = 30

func eddies(k int, noise float64) []float32 {
	r := rand.New(rand.NewPCG(uint64(k), 7))
	m := make([]float32, fieldSide*fieldSide)
	for i := range m {
		x, y := float64(i%fieldSide)/fieldSide, float64(i/fieldSide)/fieldSide
		bump := func(cx, cy float64) float64 {
			return math.Exp(-((x-cx)*(x-cx) + (y-cy)*(y-cy)) / 0.02)
		}
		t := float64(k)
		m[i] = float32(28 - 8*y + 3*bump(0.2+0.07*t, 0.3) - 4*bump(0.85-0.06*t, 0.6) + noise*r.NormFloat64())
	}
	return m
}

func island() []bool {
	land := make([]bool, fieldSide*fieldSide)
	for i := range land {
		x, y := float64(i%fieldSide)/fieldSide-0.75, float64(i/fieldSide)/fieldSide-0.15
		land[i] = x*x+y*y < 0.015
	}
	return land
}

func fieldPanel(columns int) figures.FieldPanel {
	f := figures.FieldPanel{Height: fieldSide, Width: fieldSide, Land: island(), Unit: "°C", XLabel: "horizon (days)",
		Rows: []figures.FieldRow{{Name: "truth"}, {Name: "forecast"}}}
	for k := range columns {
		f.Rows[0].Maps = append(f.Rows[0].Maps, eddies(k, 0))
		f.Rows[1].Maps = append(f.Rows[1].Maps, eddies(k, 0.15*float64(k+1)))
	}
	return f
}

func anomalies() figures.FieldPanel {
	f := fieldPanel(3)
	f.Diverging, f.Title, f.Columns, f.XLabel, f.Land = true, "anomalies", []string{"May", "June", "July"}, "month", nil
	usual := eddies(30, 0)
	for _, row := range f.Rows {
		for _, m := range row.Maps {
			for i := range m {
				m[i] -= usual[i]
			}
		}
	}
	f.Rows[1].Maps[0] = nil
	return f
}

func fieldGIF() figures.FieldGIF {
	g := figures.FieldGIF{Height: fieldSide, Width: fieldSide, Land: island(), Unit: "°C", Title: "eddies", Films: []figures.FieldRow{{Name: "truth"}, {Name: "forecast"}}}
	for k := range 9 {
		g.Films[0].Maps = append(g.Films[0].Maps, eddies(k, 0))
		g.Films[1].Maps = append(g.Films[1].Maps, eddies(k, 0.1*float64(k)))
		g.Names = append(g.Names, fmt.Sprintf("day %d", k+1))
	}
	return g
}

func rankHistogram() figures.RankHistogram {
	r := figures.RankHistogram{Independent: 300, Panels: []figures.RankPanel{{Title: "CFM"}, {Title: "IDFF"}, {Title: "SF2M\nbiased"}}}
	for i := range r.Panels {
		for k := range 21 {
			u := float64(k)/10 - 1
			r.Panels[i].Counts = append(r.Panels[i].Counts, int(1000*[]float64{1 + 1.6*u*u*u*u, 1 + 0.1*math.Sin(9*u), 1 + 0.7*u}[i]))
		}
	}
	return r
}

func spreadError() figures.SpreadError {
	s := figures.SpreadError{Title: "spread against error, 20 members"}
	for i, name := range []string{"CFM, 5 evaluations", "SF2M, 5 evaluations"} {
		c := figures.SpreadCurve{Name: name}
		for k := 1.; k <= 9; k++ {
			e := 1.3 * (1 - math.Exp(-k/4))
			c.Error = append(c.Error, e)
			c.Spread = append(c.Spread, e*(0.6+0.3*float64(i))+0.01*k)
			label := ""
			if k == 1 || k == 5 || k == 9 {
				label = fmt.Sprintf("day %g", k)
			}
			c.Labels = append(c.Labels, label)
		}
		s.Curves = append(s.Curves, c)
	}
	return s
}

// lorenz is Euler's method in small steps.
func lorenz(x [3]float64, n int) [][3]float64 {
	p := make([][3]float64, n)
	for k := range p {
		p[k] = x
		for range 10 {
			d := [3]float64{10 * (x[1] - x[0]), x[0]*(28-x[2]) - x[1], x[0]*x[1] - 8./3*x[2]}
			for a := range x {
				x[a] += 0.001 * d[a]
			}
		}
	}
	return p
}

func attractor() figures.Attractor {
	truth, model := lorenz([3]float64{1, 2, 20}, 3000)[500:], lorenz([3]float64{3, -2, 25}, 3000)[500:]
	var frames [][3]float64
	for k := 0; k < len(model); k += 5 {
		frames = append(frames, model[k])
	}
	return figures.Attractor{Panels: []figures.AttractorPanel{
		{Title: "truth", Curves: []figures.SpaceCurve{{Name: "truth", Points: truth}}},
		{Title: "generated\n5 evaluations a frame", Curves: []figures.SpaceCurve{{Name: "generated", Points: model}}},
		{Title: "generated, its frames", Curves: []figures.SpaceCurve{{Name: "frames", Points: frames, Dots: true}}},
	}}
}

func timeSeries() figures.TimeSeries {
	f := figures.TimeSeries{XLabel: "time (Lyapunov times)", YLabel: "x", MarkName: "error above 0.5 standard deviations"}
	truth, model := lorenz([3]float64{1, 2, 20}, 800), lorenz([3]float64{1.01, 2, 20}, 800)
	good, lost := figures.TimeRow{Title: "CFM, 5", Mark: 4}, figures.TimeRow{Title: "quadratic AR", Mark: 1}
	for k := range truth {
		f.Times = append(f.Times, float64(k+1)*.01)
		good.Truth, lost.Truth = append(good.Truth, truth[k][0]), append(lost.Truth, truth[k][0])
		good.Forecast = append(good.Forecast, model[k][0])
		if k < 150 {
			lost.Forecast = append(lost.Forecast, truth[k][0]*(1+float64(k)/80))
		}
	}
	f.Rows = []figures.TimeRow{good, lost}
	return f
}

func TestGoldenFields(t *testing.T) {
	wide := fieldPanel(2)
	wide.Height, wide.Width, wide.Land, wide.Min, wide.Max = 9, 100, nil, 20, 30
	wide.Rows[1].Name = "forecast\n5 evaluations"
	one := attractor()
	one.Panels, one.Azimuth, one.Elevation, one.Labels = one.Panels[:1], 120, 35, [3]string{"x₁", "x₂", "x₃"}
	plain := rankHistogram()
	plain.Panels, plain.Independent = plain.Panels[:1], 0
	for _, c := range []struct {
		name string
		d    figures.Drawer
	}{
		{"fieldpanel.png", fieldPanel(9)},
		{"fieldpanel_anomalies.png", anomalies()},
		{"fieldpanel_wide.png", wide},
		{"fieldgif.png", fieldGIF()},
		{"rankhistogram.png", rankHistogram()},
		{"rankhistogram_one.png", plain},
		{"spreaderror.png", spreadError()},
		{"attractor.png", attractor()},
		{"attractor_one.png", one},
		{"timeseries.png", timeSeries()},
	} {
		t.Run(c.name, func(t *testing.T) { golden(t, c.d, c.name) })
	}
}

func TestFieldGIF(t *testing.T) {
	fig := figures.Must(fieldGIF())
	data, err := fig.GIF()
	if err != nil {
		t.Fatal(err)
	}
	g, err := gif.DecodeAll(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Image) != 9 || g.Delay[0] != 16 || g.Delay[8] != 150 || len(data) > 200_000 {
		t.Errorf("%d frames, delays %v, %d bytes", len(g.Image), g.Delay, len(data))
	}
}

// TestFieldErrors gives each figure bad input: one clear line each, no panic.
func TestFieldErrors(t *testing.T) {
	nan := float32(math.NaN())
	maps := func(m ...[]float32) figures.FieldPanel {
		return figures.FieldPanel{Rows: []figures.FieldRow{{Name: "truth", Maps: m}}, Height: 1, Width: 2}
	}
	with := func(change func(f *figures.FieldPanel)) figures.FieldPanel {
		f := maps([]float32{1, 2})
		change(&f)
		return f
	}
	film := func(change func(f *figures.FieldGIF)) figures.FieldGIF {
		f := figures.FieldGIF{Films: []figures.FieldRow{{Name: "truth", Maps: [][]float32{{1, 2}, {3, 4}}}}, Height: 1, Width: 2}
		change(&f)
		return f
	}
	ranks := func(counts ...int) figures.RankHistogram {
		return figures.RankHistogram{Panels: []figures.RankPanel{{Title: "CFM", Counts: counts}}}
	}
	spread := func(c figures.SpreadCurve) figures.SpreadError {
		c.Name = "CFM"
		return figures.SpreadError{Curves: []figures.SpreadCurve{c}}
	}
	space := func(p ...[3]float64) figures.Attractor {
		return figures.Attractor{Panels: []figures.AttractorPanel{{Title: "truth", Curves: []figures.SpaceCurve{{Name: "lorenz", Points: p}}}}}
	}
	tilted := space([3]float64{}, [3]float64{1})
	tilted.Elevation = 91
	two := []float64{1, 2}
	for _, c := range []struct {
		d    figures.Drawer
		want string
	}{
		{figures.FieldPanel{}, "no rows"},
		{maps(), "no maps given"},
		{maps([]float32{1}), "row 0 (truth), map 0 has 1 values, a map has 1 x 2"},
		{maps([]float32{1, nan}), "row 0, column 1 is NaN: mark it as Land"},
		{with(func(f *figures.FieldPanel) { f.Width = 0 }), "maps of 1 x 0"},
		{with(func(f *figures.FieldPanel) { f.Land = []bool{true} }), "Land has 1 pixels"},
		{with(func(f *figures.FieldPanel) { f.Land = []bool{true, true} }), "every pixel is Land"},
		{with(func(f *figures.FieldPanel) { f.Min, f.Max = 2, 1 }), "Min 2 to Max 1: Min must be less"},
		{with(func(f *figures.FieldPanel) { f.Columns = []string{"a", "b"} }), "2 names of columns for 1 columns"},
		{maps(make([][]float32, 25)...), "no maps given"},
		{maps(append(make([][]float32, 24), []float32{1, 2})...), "25 columns: give 24 at most"},
		{figures.FieldGIF{}, "no films"},
		{film(func(f *figures.FieldGIF) { f.Films[0].Maps = f.Films[0].Maps[:1] }), "film 0 (truth) has 1 maps"},
		{film(func(f *figures.FieldGIF) { f.Films = append(f.Films, figures.FieldRow{Name: "b"}) }), "film 1 (b) has 0 maps, the first film 2"},
		{film(func(f *figures.FieldGIF) { f.Films[0].Maps[1][0] = nan }), "film 0 (truth), map 1: row 0, column 0 is NaN"},
		{film(func(f *figures.FieldGIF) { f.Names = []string{"a"} }), "1 names for 2 frames"},
		{film(func(f *figures.FieldGIF) { f.Size = 9 }), "size 9"},
		{film(func(f *figures.FieldGIF) { f.Rate = 99 }), "rate 99"},
		{film(func(f *figures.FieldGIF) { f.Hold = math.NaN() }), "hold"},
		{film(func(f *figures.FieldGIF) { f.Strip = -1 }), "a strip of -1 frames"},
		{figures.RankHistogram{}, "no panels"},
		{ranks(1), "panel 0 (CFM) has 1 counts"},
		{ranks(0, 0), "all counts are 0"},
		{ranks(5, -1), "count 1 is -1"},
		{figures.RankHistogram{Panels: ranks(1, 2).Panels, Independent: -3}, "independent cases -3"},
		{figures.SpreadError{}, "no curves"},
		{spread(figures.SpreadCurve{}), "curve 0 (CFM), Spread is empty"},
		{spread(figures.SpreadCurve{Spread: two, Error: two[:1]}), "has 2 spreads, 1 errors and 0 labels"},
		{spread(figures.SpreadCurve{Spread: two, Error: two, Labels: []string{"a"}}), "2 errors and 1 labels"},
		{spread(figures.SpreadCurve{Spread: []float64{-1}, Error: two[:1]}), "point 0 has spread -1"},
		{spread(figures.SpreadCurve{Spread: []float64{math.NaN()}, Error: two[:1]}), "Spread: 1 of 1"},
		{figures.Attractor{}, "no panels"},
		{figures.Attractor{Panels: make([]figures.AttractorPanel, 1)}, "has no curves"},
		{space([3]float64{}), `curve "lorenz" has 1 point(s)`},
		{space([3]float64{}, [3]float64{math.Inf(1)}), "point 1 (+Inf, 0, 0) is not finite"},
		{tilted, "elevation 91"},
		{figures.TimeSeries{}, "no rows"},
		{figures.TimeSeries{Rows: make([]figures.TimeRow, 1)}, "Times is empty"},
		{figures.TimeSeries{Rows: make([]figures.TimeRow, 1), Times: []float64{2, 1}}, "time 1 is 1 after 2"},
		{figures.TimeSeries{Rows: []figures.TimeRow{{Title: "CFM"}}, Times: two}, "row 0 (CFM), Truth is empty"},
		{figures.TimeSeries{Rows: []figures.TimeRow{{Title: "CFM", Truth: two[:1]}}, Times: two}, "row 0 (CFM) has 1 true values and 0 of a forecast at 2 times"},
		{figures.TimeSeries{Rows: []figures.TimeRow{{Title: "CFM", Truth: two, Forecast: []float64{math.NaN()}}}, Times: two}, "row 0 (CFM), Forecast"},
		{figures.TimeSeries{Rows: []figures.TimeRow{{Title: "CFM", Truth: two, Mark: math.Inf(1)}}, Times: two}, "mark +Inf"},
	} {
		fig, err := c.d.Draw()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "figures: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%T: %v (%v), want %q", c.d, err, fig != nil, c.want)
		}
	}
	for _, d := range []figures.Drawer{maps([]float32{3, 3}), space([3]float64{1, 2, 3}, [3]float64{1, 2, 3}), spread(figures.SpreadCurve{Spread: []float64{0}, Error: []float64{0}})} {
		fig, err := d.Draw()
		if err != nil {
			t.Fatalf("%T: %v", d, err)
		}
		if _, err := fig.PNG(); err != nil { // what does not vary is drawn too
			t.Errorf("%T: %v", d, err)
		}
	}
}

func ExampleFieldPanel() {
	var truth, forecast [][]float32 // a map for each horizon
	for k := range 9 {
		truth, forecast = append(truth, eddies(k, 0)), append(forecast, eddies(k, 0.2))
	}
	draw(figures.FieldPanel{
		Rows:   []figures.FieldRow{{Name: "truth", Maps: truth}, {Name: "forecast", Maps: forecast}},
		Height: fieldSide, Width: fieldSide, Land: island(), // of datasets.Maps
		Unit: "°C", XLabel: "horizon (days)",
	}, "fieldpanel.png")
	// Output: fieldpanel.png: 12.4 x 3.2 inches
}

func ExampleTimeSeries() {
	draw(timeSeries(), "timeseries.png")
	// Output: timeseries.png: 10.0 x 3.9 inches
}

func ExampleAttractor() {
	a := attractor()
	draw(a, "attractor.png")
	// Output: attractor.png: 12.6 x 4.5 inches
}
