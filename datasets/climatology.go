package datasets

import (
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/mat"
)

// Season says what a Climatology takes for usual.
type Season string

// The kinds of climatology. Those with a season need dates.
const (
	NoSeason  Season = "none"      // the mean over all training frames, at each pixel
	Monthly   Season = "monthly"   // the mean of each calendar month
	Harmonics Season = "harmonics" // the mean and three waves of the year, fitted by least squares: for daily maps
)

// waves is how many harmonics of the year Harmonics fits. Narapusetty, DelSole and
// Tippett (Optimal estimation of the climatological mean, J. Climate 22, 2009)
// found one to four best for daily temperatures, and better than means of each
// calendar day, which keep the weather of the few years that they are taken from.
const waves = 3

// Climatology is what is usual at a pixel and a time of the year, estimated from
// training frames alone.
type Climatology struct {
	Season Season
	maps   *Maps       // the grid; its values are not used
	parts  [][]float32 // [terms][Size]: means of months, or coefficients
}

// NewClimatology estimates a climatology from training maps. It is an error if the
// season is unknown, needs dates that the maps lack, or more of the year than they
// have: each calendar month once, or 360 days.
func NewClimatology(train *Maps, season Season) (*Climatology, error) {
	c := &Climatology{Season: season, maps: train.with("")}
	c.maps.Values = nil
	var err error
	switch season {
	case NoSeason:
		c.parts = [][]float32{train.mean(nil)}
	case Monthly, Harmonics:
		if train.Times == nil {
			return nil, fmt.Errorf("datasets: %s: a climatology %q needs dates, which the maps lack; take %q", train.name, season, NoSeason)
		}
		if season == Monthly {
			err = c.monthly(train)
		} else {
			err = c.harmonics(train)
		}
	default:
		err = fmt.Errorf("there is no climatology %q; valid are %q, %q, %q", season, NoSeason, Monthly, Harmonics)
	}
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", train.name, err)
	}
	return c, nil
}

// MustClimatology is NewClimatology for notebooks: an error prints one line and
// ends the program.
func MustClimatology(train *Maps, season Season) *Climatology {
	return must(NewClimatology(train, season))
}

// mean is the mean over the frames of all series that use accepts, nil: all.
func (m *Maps) mean(use func(k int) bool) []float32 {
	sum, n := make([]float64, m.Size()), 0.
	for s := range m.Series {
		for k := range m.Frames {
			if use != nil && !use(k) {
				continue
			}
			n++
			for i, v := range m.Frame(s, k) {
				sum[i] += float64(v)
			}
		}
	}
	out := make([]float32, len(sum))
	for i := range out {
		out[i] = float32(sum[i] / n)
	}
	return out
}

func (c *Climatology) monthly(train *Maps) error {
	for month := time.January; month <= time.December; month++ {
		here := func(k int) bool { return train.Times[k].Month() == month }
		if !slices.ContainsFunc(train.Times, func(t time.Time) bool { return t.Month() == month }) {
			return fmt.Errorf("no training frame is in %v, which a monthly climatology needs; train on a year or more", month)
		}
		c.parts = append(c.parts, train.mean(here))
	}
	return nil
}

// harmonics solves the normal equations, which all pixels share.
func (c *Climatology) harmonics(train *Maps) error {
	first, last := train.Times[0], train.Times[len(train.Times)-1]
	if days := last.Sub(first).Hours()/24 + 1; days < 360 || train.Frames < 36 {
		return fmt.Errorf("%d training frames over %.0f days; waves of the year need 360 days or more, with 36 frames or more", train.Frames, days)
	}
	const terms = 1 + 2*waves
	normal := mat.NewSymDense(terms, nil)
	right := make([][]float64, terms)
	for j := range right {
		right[j] = make([]float64, train.Size())
	}
	for k, t := range train.Times {
		x := yearWaves(t)
		normal.SymRankOne(normal, 1, mat.NewVecDense(terms, x))
		for i, v := range train.meanFrame(k) {
			for j := range terms {
				right[j][i] += x[j] * v
			}
		}
	}
	var cholesky mat.Cholesky
	if !cholesky.Factorize(normal) {
		return fmt.Errorf("the training frames do not cover the year, so that its waves cannot be told apart")
	}
	b := mat.NewDense(terms, train.Size(), nil)
	for j := range right {
		b.SetRow(j, right[j])
	}
	var solution mat.Dense
	if err := cholesky.SolveTo(&solution, b); err != nil {
		return fmt.Errorf("the waves of the year cannot be fitted: %w", err)
	}
	for j := range terms {
		row := make([]float32, train.Size())
		for i := range row {
			row[i] = float32(solution.At(j, i))
		}
		c.parts = append(c.parts, row)
	}
	return nil
}

// meanFrame is frame k averaged over the series.
func (m *Maps) meanFrame(k int) []float64 {
	out := make([]float64, m.Size())
	for s := range m.Series {
		for i, v := range m.Frame(s, k) {
			out[i] += float64(v) / float64(m.Series)
		}
	}
	return out
}

// yearWaves are 1, cos a, sin a, cos 2a, sin 2a, ... at the angle a = 2 pi day/365.2425
// of the year.
func yearWaves(t time.Time) []float64 {
	a := 2 * math.Pi * (float64(t.YearDay()-1) + float64(t.Hour())/24) / 365.2425
	x := []float64{1}
	for k := 1.; k <= waves; k++ {
		sin, cos := math.Sincos(k * a)
		x = append(x, cos, sin)
	}
	return x
}

// At is the climatology of a time, shape [Size]; without a season the time does
// not matter.
func (c *Climatology) At(t time.Time) []float32 {
	out := make([]float32, c.maps.Size())
	switch c.Season {
	case Monthly:
		copy(out, c.parts[t.Month()-1])
	case Harmonics:
		for j, x := range yearWaves(t) {
			for i, v := range c.parts[j] {
				out[i] += float32(x) * v
			}
		}
	default:
		copy(out, c.parts[0])
	}
	return out
}

// Anomalies are the maps less the climatology of their times. It is an error if
// they are on another grid, or lack dates where there is a season.
func (c *Climatology) Anomalies(m *Maps) (*Maps, error) {
	if err := c.fits(m); err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", m.name, err)
	}
	out := m.with("-anomalies")
	out.Values = slices.Clone(m.Values)
	for k := range m.Frames {
		usual := c.At(m.timeOf(k))
		for s := range m.Series {
			for i, v := range usual {
				out.Frame(s, k)[i] -= v
			}
		}
	}
	return out, nil
}

// timeOf is the time of frame k, the zero time where there are none.
func (m *Maps) timeOf(k int) time.Time {
	if m.Times == nil {
		return time.Time{}
	}
	return m.Times[k]
}

// fits says what is wrong with maps for the climatology, or nil.
func (c *Climatology) fits(m *Maps) error {
	own := c.maps
	switch {
	case m.Height != own.Height || m.Width != own.Width:
		return fmt.Errorf("its maps are %d x %d, the climatology of %s is %d x %d", m.Height, m.Width, own.name, own.Height, own.Width)
	case !slices.Equal(m.Land, own.Land):
		return fmt.Errorf("its land is elsewhere than in %s, which the climatology is from", own.name)
	case !near(m.Lat, own.Lat) || !near(m.Lon, own.Lon):
		return fmt.Errorf("its grid lies elsewhere than that of %s, which the climatology is from", own.name)
	case c.Season != NoSeason && m.Times == nil:
		return fmt.Errorf("its frames have no dates, which the %s climatology of %s needs", c.Season, own.name)
	}
	return nil
}

// near says whether two grids are the same, to a thousandth of a degree.
func near(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Abs(x-y) <= 1e-3 })
}
