package metric

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// 300 AR(1) series of 400 frames, coefficient .5: 95% intervals of blocks of 20 hold the mean in nearly that share, those of single frames in
// far fewer. A share of .93 of 300 has a standard error of .015, one of .73 of .026: bounds of 4 of them and more, false-alarm rate 1e-4.
func TestBlocksCover(t *testing.T) {
	const reps, frames = 300, 400
	covered := map[int]float64{}
	for seed := range uint64(reps) {
		x := autoregressive(frames, .5, seed)
		for _, length := range []int{1, 20} {
			i, err := Blocks{Frames: frames, Length: length, Resamples: 300, Seed: seed}.Mean(x)
			if err != nil {
				t.Fatal(err)
			}
			if i.Low <= 0 && i.High >= 0 {
				covered[length] += 1. / reps
			}
		}
	}
	t.Logf("coverage by block length: %v", covered)
	if covered[20] < .87 || covered[20] > .99 || covered[1] > .84 {
		t.Errorf("coverage by block length: %v", covered)
	}
}

// The shares that the comment of Blocks gives for few blocks, of independent frames and of correlated ones: 2000 times each, standard errors of .0041 to .0087. 4 of them and .01 for
// the 400 resamples: false-alarm rate 6e-5 each at most. Quantiles as they are would hold the mean in .86, .81, .85, .76 and .48.
func TestFewBlocksCover(t *testing.T) {
	const reps = 2000
	for _, c := range []struct {
		b    Blocks
		a    float64
		want float64
	}{
		{Blocks{Series: 2, Frames: 7, Length: 2}, 0, .946}, {Blocks{Series: 2, Frames: 7, Length: 2}, .3, .90}, {Blocks{Frames: 10, Length: 2}, 0, .954},
		{Blocks{Frames: 15, Length: 5}, 0, .964}, {Blocks{Frames: 15, Length: 5}, .8, .81},
	} {
		covered := 0.
		for seed := range uint64(reps) {
			var x []float64
			for k := range max(1, c.b.Series) {
				x = append(x, autoregressive(c.b.Frames, c.a, 2*seed+uint64(k))...)
			}
			c.b.Resamples, c.b.Seed = 400, seed
			i, err := c.b.Mean(x)
			if err != nil {
				t.Fatal(err)
			}
			if i.Low <= 0 && i.High >= 0 {
				covered += 1. / reps
			}
		}
		near(t, fmt.Sprintf("coverage of %d series of %d frames, blocks of %d, coefficient %g", max(1, c.b.Series), c.b.Frames, c.b.Length, c.a), covered, c.want, 4*math.Sqrt(c.want*(1-c.want)/reps)+.01)
	}
}

// Resampled means are means of frames/Length block means: their variance is that of all block means over the number of blocks, and the interval is normal where these are many. 20,000 resamples:
// the width scatters by .8 %, of which 5 are allowed (false-alarm rate 6e-7), and 1 % for what is not normal.
func TestBlocksWidth(t *testing.T) {
	x := autoregressive(800, .5, 4)
	for _, length := range []int{1, 10} {
		var means []float64
		for s := range 2 {
			for first := 0; first+length <= 400; first++ {
				m, _ := meanStd(x[s*400+first : s*400+first+length])
				means = append(means, m)
			}
		}
		_, std := meanStd(means)
		i, err := Blocks{Series: 2, Frames: 400, Length: length, Resamples: 20_000, Seed: 1}.Mean(x)
		student := map[int]float64{1: 1.962941, 10: 1.990450}[length] // t_{.975} of 799 and 79 degrees of freedom
		k := 800 / float64(length)
		want := 2 * student * math.Sqrt(k/(k-1)) * std / math.Sqrt(k)
		near(t, fmt.Sprintf("width, blocks of %d", length), value(t)(i.High-i.Low, err), want, .05*want)
	}
}

func TestBlocks(t *testing.T) {
	// Blocks are runs of frames within one series.
	b := Blocks{Series: 3, Frames: 10, Length: 4, Resamples: 50, Seed: 1}
	first, seen := true, map[int]bool{}
	_, err := b.Interval(func(rows []int) float64 {
		if len(rows) != 30 {
			t.Fatalf("%d rows", len(rows))
		}
		for i, r := range rows {
			seen[r] = seen[r] || !first
			if i%4 > 0 && !first && (r != rows[i-1]+1 || r/10 != rows[i-1]/10) {
				t.Fatalf("rows %v", rows)
			}
			if first && r != i {
				t.Fatalf("the first call has %v", rows)
			}
		}
		first = false
		return 0
	})
	if err != nil || len(seen) != 30 {
		t.Errorf("%v; %d of 30 frames seen", err, len(seen))
	}
	// Deterministic, by the seed.
	x := autoregressive(100, .3, 1)
	of := func(seed uint64) Interval {
		i, err := Blocks{Frames: 100, Length: 5, Seed: seed}.Mean(x)
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	if of(1) != of(1) || of(1) == of(2) {
		t.Errorf("%v, %v, %v", of(1), of(1), of(2))
	}
	mean, std := meanStd(x)
	i := of(1)
	near(t, "value", i.Value, mean, 1e-12)
	if !(i.Low < mean && mean < i.High) || i.High-i.Low < 2*std/10 || i.High-i.Low > 10*std/10 {
		t.Errorf("%v, standard deviation %v", i, std)
	}
	// Independent frames, Length 1: the normal interval, 2*1.96 std/sqrt(n), within 10% (quantiles of 2000 resamples vary by 3%).
	i, err = Blocks{Frames: 100, Length: 1, Seed: 3}.Mean(x)
	near(t, "width", value(t)(i.High-i.Low, err), 2*1.96*std/10, .1*2*1.96*std/10)
	// Fewer than two blocks have an interval without ends.
	for _, length := range []int{51, 100} {
		i, err = Blocks{Frames: 100, Length: length, Seed: 3}.Mean(x)
		if near(t, "value", value(t)(i.Value, err), mean, 1e-12); !math.IsInf(i.Low, -1) || !math.IsInf(i.High, 1) {
			t.Errorf("blocks of %d: %v", length, i)
		}
	}
	// Factors over the quantiles: t_{.975} of 2, 4 and 1 degrees of freedom from a table, 4.302653, 2.776445, 12.706205, over 1.959964, and the root of k/(k-1).
	for _, c := range []struct {
		b    Blocks
		want float64
	}{
		{Blocks{Series: 1, Frames: 15, Length: 5}, 4.302653 / 1.959964 * math.Sqrt(3./2)},
		{Blocks{Series: 2, Frames: 5, Length: 2}, 2.776445 / 1.959964 * math.Sqrt(5./4)},
		{Blocks{Series: 2, Frames: 1, Length: 1}, 12.706205 / 1.959964 * math.Sqrt2},
	} {
		near(t, fmt.Sprintf("wider, %+v", c.b), c.b.wider(), c.want, 1e-5)
	}
	// A constant is known for certain, and an interval holds the value.
	i, err = Blocks{Frames: 6, Length: 2}.Mean([]float64{3, 3, 3, 3, 3, 3})
	if near(t, "constant", value(t)(i.Value, err), 3, 1e-12); i.High-i.Low > 1e-12 {
		t.Errorf("%v", i)
	}
	if got := (Interval{1, .5, 2.25}).String(); got != "1 (95% interval 0.5 to 2.25)" {
		t.Error(got)
	}
}

func TestBlocksErrors(t *testing.T) {
	nan := func([]int) float64 { return math.NaN() }
	late := func(rows []int) float64 {
		if slices.Equal(rows, []int{0, 1, 2}) {
			return 0
		}
		return math.NaN()
	}
	of := func(_ Interval, err error) error { return err }
	for what, c := range map[string]struct {
		err   error
		words string
	}{
		"frames":     {of(Blocks{Length: 1}.Interval(nan)), "1 series of 0 frames"},
		"length 0":   {of(Blocks{Frames: 3}.Interval(nan)), "blocks of 0 frames"},
		"too long":   {of(Blocks{Frames: 3, Length: 4}.Interval(nan)), "blocks of 4 frames: 1 to 3"},
		"series":     {of(Blocks{Series: -1, Frames: 3, Length: 1}.Interval(nan)), "-1 series"},
		"resamples":  {of(Blocks{Frames: 3, Length: 1, Resamples: 5}.Interval(nan)), "5 resamples"},
		"nil":        {of(Blocks{Frames: 3, Length: 1}.Interval(nil)), "without a statistic"},
		"NaN":        {of(Blocks{Frames: 3, Length: 1}.Interval(nan)), "of all frames is NaN"},
		"late NaN":   {of(Blocks{Frames: 3, Length: 1}.Interval(late)), "resample"},
		"values":     {of(Blocks{Frames: 3, Length: 1}.Mean([]float64{1})), "1 values for 1 series of 3"},
		"value":      {of(Blocks{Frames: 2, Length: 1}.Mean([]float64{1, math.NaN()})), "value 1 of 2 is NaN"},
		"series neg": {of(Blocks{Series: -2, Frames: 1, Length: 1}.Mean([]float64{1})), "-2 series"},
	} {
		failing(t, what, c.err, c.words)
	}
}
