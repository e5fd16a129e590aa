package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestOSTIA: the sample is what its source is known for: the warm pool, the cold tongue, the Atlantic; land is Africa, South America and islands.
func TestOSTIA(t *testing.T) {
	m := OSTIA()
	if m.Frames != 54 || m.Height != 18 || m.Width != 432 || m.Times[0].Format(time.DateOnly) != "2006-04-16" || m.Times[53].Format(time.DateOnly) != "2010-09-16" || m.Unit != "°C" {
		t.Error(m)
	}
	if share := 1 - float64(len(m.Sea()))/float64(m.Size()); math.Abs(share-.2643) > .001 {
		t.Errorf("land is %g", share)
	}
	for _, c := range []struct {
		lat, lon float64
		land     bool
		low, hi  float64
	}{
		{0, 25, true, 0, 0}, {-3, 300, true, 0, 0}, {0, 160, false, 27, 31}, {0, 260, false, 18, 28}, {0, 340, false, 23, 30}, {0, 80, false, 26, 31},
	} {
		i := nearestTo(m.Lat, c.lat)*m.Width + nearestTo(m.Lon, c.lon)
		if m.Land[i] != c.land {
			t.Errorf("%g N, %g E: land %v", c.lat, c.lon, m.Land[i])
		}
		for k := range m.Frames {
			if v := float64(m.Frame(0, k)[i]); !c.land && !(v > c.low && v < c.hi) || c.land && v != 0 {
				t.Errorf("%g N, %g E, %v: %g", c.lat, c.lon, m.Times[k], v)
			}
		}
	}
	// El Niño of winter 2009/10 against La Niña of 2007/8, in the Niño 3.4 region: about three degrees.
	niño := func(k int) float64 {
		sum, n := 0., 0.
		for _, i := range m.Sea() {
			if lon := m.Lon[i%m.Width]; lon > 190 && lon < 240 {
				sum, n = sum+float64(m.Frame(0, k)[i]), n+1
			}
		}
		return sum / n
	}
	if d := niño(44) - niño(20); d < 2 || d > 4.5 { // Decembers
		t.Errorf("Niño 3.4 of December 2009 less that of December 2007: %g", d)
	}
}

func nearestTo(x []float64, v float64) int {
	best := 0
	for i := range x {
		if math.Abs(x[i]-v) < math.Abs(x[best]-v) {
			best = i
		}
	}
	return best
}

// seasonal are daily or monthly maps of a mean, waves of the year and noise, all known, with one pixel of land.
func seasonal(t *testing.T, frames int, monthly bool, noise float64) *Maps {
	t.Helper()
	const h, w = 3, 4
	rng := rand.New(rand.NewPCG(1, 1))
	values := make([]float32, frames*h*w)
	land := make([]bool, h*w)
	land[5] = true
	var times []time.Time
	for k := range frames {
		at := time.Date(2001, 1, 1+k, 0, 0, 0, 0, time.UTC)
		if monthly {
			at = time.Date(2001, time.Month(1+k), 15, 0, 0, 0, 0, time.UTC)
		}
		times = append(times, at)
		for i := range h * w {
			values[k*h*w+i] = float32(seasonalMean(at, i, monthly) + noise*rng.NormFloat64())
		}
		values[k*h*w+5] = float32(math.NaN()) // land
	}
	m, err := NewMaps("made", values, 1, frames, h, w, land)
	if err != nil {
		t.Fatal(err)
	}
	m.Times = times
	return m
}

func seasonalMean(at time.Time, pixel int, monthly bool) float64 {
	if monthly {
		return 20 + float64(pixel) + float64(at.Month())
	}
	a := 2 * math.Pi * float64(at.YearDay()-1) / 365.2425
	return 20 + float64(pixel) + 3*math.Cos(a-float64(pixel)) + .5*math.Sin(3*a)
}

// TestClimatology: each season is recovered where the data have just that one; with noise of .5 and 4 years of days the harmonics' error is
// .5 sqrt(7/1461) = .035 on average, and what is left is the noise.
func TestClimatology(t *testing.T) {
	for _, c := range []struct {
		season  Season
		monthly bool
		frames  int
		noise   float64
		error   float64
	}{{Harmonics, false, 1461, 0, 1e-4}, {Harmonics, false, 1461, .5, .15}, {Monthly, true, 48, 0, 1e-4}} {
		m := seasonal(t, c.frames, c.monthly, c.noise)
		clim, err := NewClimatology(m, c.season)
		if err != nil {
			t.Fatal(err)
		}
		next := time.Date(2011, 5, 15, 0, 0, 0, 0, time.UTC) // of no frame
		for i, v := range clim.At(next) {
			if want := seasonalMean(next, i, c.monthly); i != 5 && math.Abs(float64(v)-want) > c.error {
				t.Errorf("%s: pixel %d is %g, want %g", c.season, i, v, want)
			}
		}
		a, err := clim.Anomalies(m)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.
		for i, v := range a.Values {
			if i%m.Size() != 5 {
				sum += float64(v) * float64(v)
			}
		}
		if std := math.Sqrt(sum / float64(m.Frames*11)); math.Abs(std-c.noise) > .02 {
			t.Errorf("%s: anomalies of %g, want %g", c.season, std, c.noise)
		}
	}
}

// TestStandard: training anomalies have variance 1, Undo is the inverse, and land stays 0.
func TestStandard(t *testing.T) {
	m := seasonal(t, 1461, false, .5)
	for i := range m.Frames {
		m.Frame(0, i)[7] = -1.8 // ice all the time
	}
	train, _, test, err := m.Split(Years(0, 2003), Period{From: time.Date(2004, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2004, 2, 1, 0, 0, 0, 0, time.UTC)}, Period{From: time.Date(2004, 2, 2, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	for _, season := range []Season{NoSeason, Harmonics} {
		s := MustStandard(train, season)
		z := s.MustApply(train)
		sum := make([]float64, m.Size())
		for i, v := range z.Values {
			sum[i%m.Size()] += float64(v*v) / float64(z.Frames)
		}
		for i, v := range sum {
			if want := 1.; i != 5 && i != 7 && math.Abs(v-want) > 1e-3 || (i == 5 || i == 7) && v != 0 {
				t.Errorf("%s: pixel %d has variance %g", season, i, v)
			}
		}
		later := s.MustApply(test)
		back := s.MustUndo(later.Values, test.Times...)
		for i := range back {
			if math.Abs(float64(back[i]-test.Values[i])) > 1e-4 {
				t.Fatalf("%s: value %d is %g, want %g", season, i, back[i], test.Values[i])
			}
		}
		if later.Unit != "" || later.Frames != test.Frames || later.Times[0] != test.Times[0] {
			t.Error(later)
		}
	}
}

func TestSplit(t *testing.T) {
	m := seasonal(t, 1096, false, 0) // 2001 to 2003
	train, validation, test, err := m.Split(Years(0, 2001), Years(2002, 2002), Years(2003, 0))
	if err != nil || train.Frames != 365 || validation.Frames != 365 || test.Frames != 366 || test.Times[0].Year() != 2003 || !slices.Equal(test.Frame(0, 0), m.Frame(0, 730)) {
		t.Error(train, validation, test, err)
	}
	if train.ID() == validation.ID() || train.Name() != "made-training" {
		t.Error(train.ID(), train.Name())
	}
	if w, err := m.Between(Period{From: m.Times[3], To: m.Times[5]}); err != nil || w.Frames != 3 || w.Times[0] != m.Times[3] {
		t.Error(w, err)
	}
	several, err := NewMaps("runs", make([]float32, 4*2*6), 4, 2, 2, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	several.Values[3*2*6] = 1
	if a, b, err := several.HoldOut(1); err != nil || a.Series != 3 || b.Series != 1 || b.Frame(0, 0)[0] != 1 {
		t.Error(a, b, err)
	}
	rest, last := several.MustHoldOut(2)
	s := MustStandard(rest, NoSeason)
	late, latest := s.MustApply(last).MustHoldOut(1)
	for _, c := range []struct {
		m          *Maps
		name, made string // made is what runs have in their identity
	}{
		{rest, "runs-train", "runs-train"}, {last, "runs-test", "runs-test"}, {s.MustApply(last), "runs-test-standardised", "runs-test-standardised"},
		{late, "runs-series2-standardised", "runs-test-standardised-train"}, {latest, "runs-series3-standardised", "runs-test-standardised-test"},
		{latest.MustWindow(0, 1), "runs-series3-standardised-frames0-0", "runs-test-standardised-test-frames0-0"},
	} {
		if id, ok := strings.CutPrefix(c.m.ID(), c.made+"-"); c.m.Name() != c.name || !ok || len(id) != 16 {
			t.Errorf("%s with ID %s, want %s and %s", c.m.Name(), c.m.ID(), c.name, c.made)
		}
	}
	if a, b, err := rest.HoldOut(1); err != nil || a.Name() != "runs-series0" || b.Name() != "runs-series1" || !slices.Equal(b.Frame(0, 0), several.Frame(1, 0)) {
		t.Error(a, b, err)
	}
	if a, _, err := several.MustWindow(0, 1).HoldOut(1); err != nil || a.Name() != "runs-frames0-0-train" {
		t.Error(a, err)
	} else if b, c, err := a.HoldOut(1); err != nil || b.Name() != "runs-frames0-0-series0-1" || c.Name() != "runs-frames0-0-series2" {
		t.Error(b, c, err)
	}
	if w, err := several.Window(1, 2); err != nil || w.Frames != 1 || len(w.Values) != 4*6 {
		t.Error(w, err)
	}
	sea := OSTIA()
	x := sea.AtSea(sea.Values[:2*sea.Size()])
	if len(x) != 2*len(sea.Sea()) || !slices.Equal(sea.OnSea(x), sea.Values[:2*sea.Size()]) {
		t.Error("AtSea and OnSea are not inverse")
	}
	if w := sea.SeaWeights(); len(w) != len(sea.Sea()) || math.Abs(w[0]-math.Cos(5*math.Pi/180)) > 1e-6 {
		t.Error(w[0])
	}
}

// TestBadMaps: one clear line each.
func TestBadMaps(t *testing.T) {
	m := seasonal(t, 1096, false, 0)
	undated, err := NewMaps("undated", make([]float32, 24), 2, 2, 2, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	short := seasonal(t, 100, false, 0)
	nan := make([]float32, 12)
	nan[7] = float32(math.NaN())
	maps := func(values []float32, s, f, h, w int, land []bool) func() error {
		return func() error { _, err := NewMaps("mine", values, s, f, h, w, land); return err }
	}
	split := func(a, b, c Period) func() error {
		return func() error { _, _, _, err := m.Split(a, b, c); return err }
	}
	steps := func(opt StepOptions, parts ...*Maps) func() error {
		return func() error { _, err := NewSteps("s", opt, parts...); return err }
	}
	d := MustSteps("d", StepOptions{History: 2}, m)
	for _, c := range []struct {
		what string
		f    func() error
		want string
	}{
		{"shape", maps(make([]float32, 13), 1, 2, 2, 3, nil), "there are 13 values, not as many as the shape [1, 2, 2, 3] has"},
		{"none", maps(nil, 0, 0, 2, 3, nil), "the shape is [0, 0, 2, 3]"},
		{"overflow", maps(make([]float32, 12), math.MaxInt, math.MaxInt, 2, 3, nil), "there are 12 values"},
		{"NaN", maps(nan, 1, 2, 2, 3, nil), "series 0, frame 1 (counted from 0), row 0, column 1 is NaN; mend it, or mark it as land"},
		{"mask", maps(make([]float32, 12), 1, 2, 2, 3, make([]bool, 5)), "the mask of land has 5 pixels, a map has 2 x 3"},
		{"all land", maps(make([]float32, 12), 1, 2, 2, 3, slices.Repeat([]bool{true}, 6)), "all 6 pixels are land"},
		{"overlap", split(Years(0, 2002), Years(2002, 2002), Years(2003, 2003)), "training and validation overlap: 2002-01-01 is in both"},
		{"overlap of test", split(Years(0, 2001), Years(2002, 2002), Years(0, 2001)), "training and test overlap"},
		{"empty", split(Years(0, 2001), Years(2002, 2002), Years(2009, 2009)), "test: no frame lies in 2009-01-01 to 2009-12-31; its frames are from 2001-01-01 to 2004-01-01"},
		{"no dates", func() error { _, err := undated.Between(Years(2000, 0)); return err }, "its frames have no dates; part them with Window or HoldOut"},
		{"window", func() error { _, err := m.Window(5, 5); return err }, "there are no frames from 5 up to 5"},
		{"hold out", func() error { _, _, err := m.HoldOut(1); return err }, "1 of 1 series cannot be held out"},
		{"season", func() error { _, err := NewClimatology(m, "weekly"); return err }, `there is no climatology "weekly"; valid are "none", "monthly", "harmonics"`},
		{"season without dates", func() error { _, err := NewClimatology(undated, Monthly); return err }, "needs dates, which the maps lack"},
		{"half a year", func() error { _, err := NewClimatology(short, Harmonics); return err }, "100 training frames over 100 days; waves of the year need 360 days"},
		{"a quarter", func() error { _, err := NewClimatology(short, Monthly); return err }, "no training frame is in May"},
		{"another grid", func() error { _, err := MustStandard(m, NoSeason).Apply(undated); return err }, "its maps are 2 x 3, the climatology of made is 3 x 4"},
		{"times", func() error {
			_, err := MustStandard(m, Harmonics).Undo(make([]float32, 36), m.Times[:2]...)
			return err
		}, "2 times for 3 maps"},
		{"no part", steps(StepOptions{}), "give a name and one part or more"},
		{"sizes", steps(StepOptions{}, m, undated), "undated has maps of 2 x 3, made of 3 x 4; all parts must have one size"},
		{"too short", steps(StepOptions{History: 2, Lead: 2}, undated), "undated has 2 frames in a series; a history of 2 and a lead of 2 need 4"},
		{"negative", steps(StepOptions{Lead: -1}, m), "a lead of -1 frames"},
		{"start", func() error { _, err := d.Starts(0, 0, 0); return err }, "the starts are 1 to 1095"},
		{"series", func() error { _, err := d.Starts(0, 1, 5); return err }, "there is no series 1 of part 0"},
		{"later", func() error { _, err := d.Later(0, 0, 2, 1094); return err }, "there is no frame 1096, 2 after frame 1094"},
		{"lead", func() error {
			return caught(func() { MustSteps("d", StepOptions{Lead: 2}, m).Before(nil, make([]float32, 24), 3) })
		}, "there is no lead of 3 frames; leads are 1 to 2"},
		{"frame", func() error { return caught(func() { m.Frame(1, 0) }) }, "there is no frame 0 of series 1"},
		{"sea", func() error { return caught(func() { m.AtSea(make([]float32, 5)) }) }, "5 values are not whole maps of 12"},
	} {
		if err := c.f(); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "datasets: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

func ExampleOSTIA() {
	m := OSTIA()
	fmt.Println(m)
	train, validation, test, err := m.Split(Years(0, 2008), Years(2009, 2009), Years(2010, 2010))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(train.Frames, validation.Frames, test.Frames)
	standard := MustStandard(train, Monthly) // climatology and spread of training months
	data := MustSteps("sst", StepOptions{}, standard.MustApply(train))
	fmt.Println(data.Len(), "pairs of months")
	// Output:
	// ostia: 54 frames of 18 x 432, latitude -5 to 4.444, longitude 0 to 359.2, 2006-04-16 to 2010-09-16, 26% land
	// 33 12 9
	// 32 pairs of months
}
