package metric

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// spectraFile is testdata/spectra.json, written by spectra.py.
type spectraFile struct {
	Welch struct {
		Values      []float32
		Frequency   []float64
		Power       [][]float64
		Frequency15 []float64   `json:"frequency_15"`
		Power15     [][]float64 `json:"power_15"`
	}
	Fields []float32
	Plain  []float64 `json:"radial_plain"`
	Hann   []float64 `json:"radial_hann"`
	Maps   struct {
		Members            int
		Truth, Forecast    []float32
		Weights, CRPS, MSE []float64
		RMSE, Spread       float64
	}
}

func spectra(t *testing.T) (s spectraFile) {
	t.Helper()
	data, err := os.ReadFile("testdata/spectra.json")
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func nearEach(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		near(t, fmt.Sprintf("%s %d", what, i), got[i], want[i], 1e-9*math.Max(1, math.Abs(want[i])))
	}
}

// TestSpectraOfReference compares with scipy.signal.welch and numpy.fft.
func TestSpectraOfReference(t *testing.T) {
	ref := spectra(t)
	for _, c := range []struct {
		segment   int
		frequency []float64
		power     [][]float64
	}{{16, ref.Welch.Frequency, ref.Welch.Power}, {15, ref.Welch.Frequency15, ref.Welch.Power15}} {
		got, err := SeriesSpectrum(ref.Welch.Values, 60, 2, c.segment, .25)
		if err != nil {
			t.Fatal(err)
		}
		for d := range got {
			nearEach(t, "frequency", got[d].Frequency, c.frequency)
			nearEach(t, "power", got[d].Power, c.power[d])
		}
	}
	for window, want := range map[bool][]float64{false: ref.Plain, true: ref.Hann} {
		got, err := RadialSpectrum(ref.Fields, 10, 12, 2.5, window)
		if err != nil {
			t.Fatal(err)
		}
		nearEach(t, "ring", got.Power, want)
		near(t, "first wavenumber", got.Frequency[0], 1/30., 1e-15)
	}
}

// TestMapScoresOfReference compares scores with latitude weights, frame by frame, with xskillscore.
func TestMapScoresOfReference(t *testing.T) {
	ref := spectra(t).Maps
	scores, err := CRPS(ref.Forecast, ref.Truth)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := RowMeans(scores, 15, ref.Weights)
	if err != nil {
		t.Fatal(err)
	}
	nearEach(t, "CRPS of frame", frames, ref.CRPS)
	mean, err := EnsembleMean(ref.Forecast, len(ref.Truth))
	if err != nil {
		t.Fatal(err)
	}
	squared, err := SquaredErrors(mean, ref.Truth)
	if err != nil {
		t.Fatal(err)
	}
	mse, err := RowMeans(squared, 15, ref.Weights)
	if err != nil {
		t.Fatal(err)
	}
	for i := range mse {
		near(t, "MSE of frame", mse[i], ref.MSE[i], 1e-6) // the mean is rounded to float32
	}
	ss, err := NewSpreadSkill(ref.Forecast, ref.Truth, ref.Weights)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "RMSE", ss.RMSE, ref.RMSE, 1e-9)
	near(t, "spread", ss.Spread, ref.Spread, 1e-9)
	near(t, "ratio", ss.Ratio, math.Sqrt(7./6)*ref.Spread/ref.RMSE, 1e-9)
}

// TestSpectraKeepVariance: a wave's power is all in its band, and a spectrum sums to the variance.
func TestSpectraKeepVariance(t *testing.T) {
	const n, dx = 32, .5
	field := make([]float32, n*n)
	for i := range field {
		field[i] = 7 + float32(3*math.Cos(2*math.Pi*(3*float64(i%n)+4*float64(i/n))/n)) // |(3, 4)| = 5
	}
	s, err := RadialSpectrum(field, n, n, dx, false)
	if err != nil {
		t.Fatal(err)
	}
	for k, p := range s.Power {
		want := 0.
		if k == 4 {
			want = 4.5 * n * dx // the variance over dk
		}
		near(t, fmt.Sprintf("power of ring %d", k+1), p, want, 1e-4)
	}
	series := make([]float32, 400)
	for i := range series {
		series[i] = float32(2 * math.Sin(2*math.Pi*float64(i)*6/40))
	}
	w, err := SeriesSpectrum(series, 400, 1, 40, .1)
	if err != nil {
		t.Fatal(err)
	}
	total, best := 0., 0
	for j, p := range w[0].Power {
		total += p * w[0].Frequency[1]
		if p > w[0].Power[best] {
			best = j
		}
	}
	near(t, "variance of the series", total, 2, 1e-6)
	near(t, "frequency", w[0].Frequency[best], 1.5, 1e-12)
}

// TestValidTimes: forecasts that part from the truth at known frames.
func TestValidTimes(t *testing.T) {
	const frames, dim = 10, 2
	truth := make([]float32, 4*frames*dim)
	forecast := slices.Clone(truth)
	for k := range frames {
		for i, from := range []int{0, 4, 99, 7} { // forecast i is off by one standard deviation in both from there
			if k >= from {
				forecast[(i*frames+k)*dim], forecast[(i*frames+k)*dim+1] = 3, -.5
			} else {
				forecast[(i*frames+k)*dim] = 1 // sqrt((1/3)^2/2) = .24
			}
		}
	}
	forecast[(3*frames+2)*dim] = float32(math.NaN())
	v, err := NewValidTimes(forecast, truth, frames, dim, []float64{3, .5}, .1, .5, 0)
	if err != nil {
		t.Fatal(err)
	}
	nearEach(t, "time", v.Times, []float64{0, .4, 1, .2})
	if v.Censored != 1 || v.Unit != "" {
		t.Error(v)
	}
	v, err = NewValidTimes(forecast, truth, frames, dim, []float64{3, .5}, .1, .5, .9)
	if err != nil {
		t.Fatal(err)
	}
	// The threshold itself holds, a hundredth more does not.
	edge, err := NewValidTimes([]float32{.5, .5, .5, .505}, make([]float32, 4), 4, 1, []float64{1}, 1, .5, 0)
	near(t, "at the threshold", value(t)(edge.Times[0], err), 3, 0)
	near(t, "Lyapunov times", v.Times[1], .36, 1e-12)
	if got := v.String(); got != "0.36 ± 0.62 (95% interval of the mean, n = 4) Lyapunov times; 1 of 4 held to the end" {
		t.Error(got)
	}
}

// TestHistogramDistance: equal clouds score 0, disjoint ones 1, what is beyond the data's range counts as apart, on each side by itself, and independent draws of one distribution
// score what theory says, over 64 cells: the mean of 40 pairs within 4.5 standard errors, false-alarm rate 6e-5 (t with 39 degrees). A single pair scatters by 18 %, as chi-square with 63 degrees does.
func TestHistogramDistance(t *testing.T) {
	a, b := normal(4000, 2, 0, 1, 1), normal(4000, 2, 50, 1, 2)
	get := value(t)
	near(t, "equal", get(HistogramDistance(a, a, 2, 8)), 0, 0)
	near(t, "disjoint", get(HistogramDistance(b, a, 2, 8)), 1, 1e-12)
	uniform := func(seed uint64) []float32 {
		x := normal(40000, 1, 0, 1, seed)
		for i, v := range x {
			x[i] = float32(.5 * math.Erfc(-float64(v)/math.Sqrt2))
		}
		return x
	}
	var floors []float64
	for seed := range uint64(40) {
		floors = append(floors, get(HistogramDistance(uniform(100+2*seed), uniform(101+2*seed), 2, 8)))
	}
	mean, std := meanStd(floors)
	near(t, "floor", mean, 63*(2./20000)/(8*math.Ln2)+2./20000, 4.5*std/math.Sqrt(39))
	one := get(HistogramDistance([]float32{.1, .6, .9, 2}, []float32{0, .3, .7, 1}, 1, 2)) // cells: samples 1, 2 and one outside; data 2, 2
	m := []float64{(.25 + .5) / 2, .5, .125}
	want := .5*(.25*math.Log2(.25/m[0])+.5*math.Log2(.5/m[1])+.25*math.Log2(.25/m[2])) + .5*(.5*math.Log2(.5/m[0])+.5*math.Log2(.5/m[1]))
	near(t, "by hand", one, want, 1e-12)
	one = get(HistogramDistance([]float32{-.5, .1, .6, 2}, []float32{0, .3, .7, 1}, 1, 2)) // one on each side outside: 1, 1, 1, 1 against 0, 2, 2, 0
	near(t, "both sides", one, .5*(.5*math.Log2(.25/.125)+.5*math.Log2(.25/.375))+.5*math.Log2(.5/.375), 1e-12)
}

// TestSpectrumDistance: sums over shapes by hand; how much power there is does not matter.
func TestSpectrumDistance(t *testing.T) {
	of := func(powers ...[]float64) (list []Spectrum) {
		for _, p := range powers {
			list = append(list, Spectrum{Frequency: []float64{0, 1, 2}, Power: p})
		}
		return list
	}
	get := value(t)
	near(t, "equal but for a factor", get(SpectrumDistance(of([]float64{0, 1, 3}), of([]float64{0, 2, 6}))), 0, 1e-7)
	near(t, "disjoint", get(SpectrumDistance(of([]float64{0, 1, 3}), of([]float64{2, 0, 0}))), 1, 1e-12)
	near(t, "by hand", get(SpectrumDistance(of([]float64{1, 1, 0}, []float64{0, 1, 3}), of([]float64{0, 1, 1}, []float64{2, 0, 0}))), (math.Sqrt(.5)+1)/2, 1e-12)
	other := of([]float64{1, 1, 1})
	other[0].Frequency = []float64{0, 2, 4}
	for want, b := range map[string][]Spectrum{"1 series from 2": of(nil, nil), "3 and 2 frequencies": of([]float64{1, 2}), "or others": other,
		"want 0 or more": of([]float64{1, -1, 0}), "1 and NaN": of([]float64{1, math.NaN(), 0}), "0 in all": of([]float64{0, 0, 0})} {
		if _, err := SpectrumDistance(of([]float64{1, 1, 1}), b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestBadForecastScores: one clear line each.
func TestBadForecastScores(t *testing.T) {
	nan := []float32{0, float32(math.NaN())}
	field := make([]float32, 16)
	for _, c := range []struct {
		what string
		f    func() error
		want string
	}{
		{"ensemble for errors", func() error { _, err := SquaredErrors(make([]float32, 4), make([]float32, 2)); return err }, "4 forecasts for a truth of 2 values: give one for each; EnsembleMean"},
		{"NaN in errors", func() error { _, err := SquaredErrors(nan, make([]float32, 2)); return err }, "NaN"},
		{"no members", func() error { _, err := EnsembleMean(make([]float32, 5), 2); return err }, "an ensemble of 5 values with n = 2"},
		{"small field", func() error { _, err := RadialSpectrum(field, 2, 8, 1, false); return err }, "fields of 2 x 8: they need 4 rows"},
		{"part of a field", func() error { _, err := RadialSpectrum(field[:15], 4, 4, 1, false); return err }, "15 values, which are not whole fields of 4 x 4"},
		{"distance", func() error { _, err := RadialSpectrum(field, 4, 4, 0, false); return err }, "pixels 0 apart"},
		{"NaN in fields", func() error { _, err := RadialSpectrum(append(nan, field[:14]...), 4, 4, 1, false); return err }, "NaN"},
		{"segment", func() error { _, err := SeriesSpectrum(field, 8, 2, 9, 1); return err }, "segments of 9 frames: 4 to 8"},
		{"shape", func() error { _, err := SeriesSpectrum(field, 7, 2, 4, 1); return err }, "16 values with frames = 7, dim = 2"},
		{"step", func() error { _, err := SeriesSpectrum(field, 8, 2, 4, math.Inf(1)); return err }, "frames +Inf apart"},
		{"valid time's shape", func() error { _, err := NewValidTimes(field, field, 5, 2, []float64{1, 1}, 1, .5, 0); return err }, "16 values with frames = 5, dim = 2"},
		{"valid time's forecast", func() error { _, err := NewValidTimes(field[:8], field, 8, 2, []float64{1, 1}, 1, .5, 0); return err }, "8 forecast values for a truth of 16"},
		{"valid time's spread", func() error { _, err := NewValidTimes(field, field, 8, 2, []float64{1, 0}, 1, .5, 0); return err }, "standard deviation 0 of coordinate 1"},
		{"valid time's threshold", func() error { _, err := NewValidTimes(field, field, 8, 2, []float64{1, 1}, 1, 0, 0); return err }, "threshold 0"},
		{"bins", func() error { _, err := HistogramDistance(field, field, 2, 0); return err }, "histograms of 0 bins"},
		{"cells", func() error { _, err := HistogramDistance(field, field, 8, 20); return err }, "a million cells at most"},
		{"constant", func() error { _, err := HistogramDistance(field, field, 2, 4); return err }, "coordinate 0 of the data is 0 everywhere"},
	} {
		if err := c.f(); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "metric: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

func ExampleNewValidTimes() {
	truth := []float32{0, 1, 2, 1, 0, -1}         // one series of 6 frames of one value
	forecast := []float32{0, 1.1, 1.9, 1.4, 1, 0} // parts from it after the fourth
	v, err := NewValidTimes(forecast, truth, 6, 1, []float64{1}, .05, .5, .9056)
	fmt.Printf("%.3f %s, %v\n", v.Times[0], v.Unit, err)
	// Output: 0.181 Lyapunov times, <nil>
}
