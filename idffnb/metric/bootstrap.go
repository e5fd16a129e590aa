package metric

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/idff-go/workbench/internal/quantile"
	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is a value with its 95% bootstrap interval.
type Interval struct{ Value, Low, High float64 }

// String returns the value and its interval.
func (i Interval) String() string {
	return fmt.Sprintf("%.4g (95%% interval %.4g to %.4g)", i.Value, i.Low, i.High)
}

// Blocks draws frames anew for a moving-block bootstrap: intervals for what is measured on time series, whose frames are not
// independent. Blocks of Length successive frames are drawn with replacement from all that a series has, and joined until
// there are as many frames as before (Künsch, The jackknife and the bootstrap for general stationary observations, Ann.
// Stat. 17, 1989).
//
// Blocks must be longer than the memory, yet many: some times the time of SeriesTime, and a tenth of the frames at most.
// Quantiles of few blocks are too narrow, as the normal interval of few numbers is. Their distances from the value are
// therefore made longer, by Student's t over the normal quantile and by what the variance of k values loses to their own mean,
//
//	t_{.975, k-1}/1.96 sqrt(k/(k-1)),   k = all frames/Length
//
// which is 1.02 for 100 blocks, 1.22 for 10, 1.59 for 5 and 2.69 for 3. What is called 95% then holds the mean of simulated AR(1) series,
// whose blocks are the less like independent ones the shorter they are against the memory, in
//
//	frames, Length      coefficient: share          frames, Length      coefficient: share
//	400, 20             .5: 93%                     10, 2               0: 95%   .3: 91%
//	2 series of 7, 2    0: 95%   .3: 90%            15, 5               0: 96%   .5: 92%   .8: 81%
//
// With Length = 1 it is Efron's bootstrap, too narrow for correlated frames. Fewer than two blocks say nothing of how
// they differ: the interval is then -Inf to +Inf.
type Blocks struct {
	Series    int    // replicas, each of Frames frames; 0 means 1. Blocks do not cross from one to the next.
	Frames    int    // of each series
	Length    int    // of a block, in frames, 1 to Frames
	Resamples int    // 0 means 2000
	Seed      uint64 // equal seeds give equal intervals
}

// Interval returns a statistic of all frames, and its 2.5% and 97.5% quantiles over resamples, as much further from it as the
// comment of Blocks says. The statistic is given the frames' indices, series after series, some of them repeated: index i is frame i % Frames of series i / Frames.
//
// It fails on settings out of range, no statistic, and a statistic that is not finite.
func (b Blocks) Interval(statistic func(rows []int) float64) (Interval, error) {
	if b.Series == 0 {
		b.Series = 1
	}
	if b.Resamples == 0 {
		b.Resamples = 2000
	}
	switch {
	case b.Series < 0 || b.Frames < 1:
		return Interval{}, fmt.Errorf("metric: bootstrap of %d series of %d frames: give at least one of each", b.Series, b.Frames)
	case b.Length < 1 || b.Length > b.Frames:
		return Interval{}, fmt.Errorf("metric: bootstrap with blocks of %d frames: 1 to %d, the frames of a series", b.Length, b.Frames)
	case b.Resamples < 40:
		return Interval{}, fmt.Errorf("metric: bootstrap with %d resamples: a 95%% interval needs 40 or more (0 means 2000)", b.Resamples)
	case statistic == nil:
		return Interval{}, fmt.Errorf("metric: bootstrap without a statistic: give a function of the frames' indices")
	}
	rows := make([]int, b.Series*b.Frames)
	for i := range rows {
		rows[i] = i
	}
	value := statistic(rows)
	if value-value != 0 {
		return Interval{}, fmt.Errorf("metric: bootstrap: the statistic of all frames is %v", value)
	}
	if 2*b.Length > b.Series*b.Frames {
		return Interval{value, math.Inf(-1), math.Inf(1)}, nil
	}
	const stream = 0xb10c
	rng := rand.New(rand.NewPCG(b.Seed, stream))
	values := make([]float64, b.Resamples)
	for k := range values {
		for i := 0; i < len(rows); i += b.Length {
			start := rng.IntN(b.Series)*b.Frames + rng.IntN(b.Frames-b.Length+1)
			for j := range min(b.Length, len(rows)-i) {
				rows[i+j] = start + j
			}
		}
		if values[k] = statistic(rows); values[k]-values[k] != 0 {
			return Interval{}, fmt.Errorf("metric: bootstrap: the statistic of resample %d is %v: it must be finite on any frames", k, values[k])
		}
	}
	wider := b.wider()
	return Interval{value, value + wider*(min(quantile.Of(values, .025), value)-value), value + wider*(max(quantile.Of(values, .975), value)-value)}, nil
}

// wider is by how much quantiles of a resampled statistic are too near to it, for k = all frames/Length blocks: a quantile of
// Student's distribution over the normal one, and sqrt(k/(k-1)), since resampled values scatter about their own mean.
func (b Blocks) wider() float64 {
	k := float64(b.Series*b.Frames) / float64(b.Length)
	return distuv.StudentsT{Sigma: 1, Nu: k - 1}.Quantile(.975) / distuv.UnitNormal.Quantile(.975) * math.Sqrt(k/(k-1))
}

// Mean is Interval for the mean of values, one for each frame of each series: scores in time, as RowMeans gives them.
//
// It fails where Interval does, on another number of values, and on values that are not finite.
func (b Blocks) Mean(values []float64) (Interval, error) {
	if n := max(1, b.Series) * b.Frames; len(values) != n {
		return Interval{}, fmt.Errorf("metric: bootstrap of %d values for %d series of %d frames: give one for each frame", len(values), max(1, b.Series), b.Frames)
	}
	for i, v := range values {
		if v-v != 0 {
			return Interval{}, fmt.Errorf("metric: bootstrap: value %d of %d is %v", i, len(values), v)
		}
	}
	return b.Interval(func(rows []int) float64 {
		sum := 0.0
		for _, i := range rows {
			sum += values[i]
		}
		return sum / float64(len(rows))
	})
}
