package datasets

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// numbered are maps whose pixel i of frame k of series s holds 1000 s + 10 k + i/10, with pixel 2 land where asked.
func numbered(t *testing.T, name string, series, frames int, land bool) *Maps {
	t.Helper()
	var values []float32
	for s := range series {
		for k := range frames {
			for i := range 6 {
				values = append(values, float32(1000*s+10*k)+float32(i)/10)
			}
		}
	}
	var mask []bool
	if land {
		mask = []bool{false, false, true, false, false, false}
	}
	m, err := NewMaps(name, values, series, frames, 2, 3, mask)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestSteps: batches of every kind lead from frames to the frame lead later of the same series, all pairs are drawn, and a roll-out sees what training does.
func TestSteps(t *testing.T) {
	a, b := numbered(t, "a", 2, 5, true), numbered(t, "b", 1, 6, false)
	for _, opt := range []StepOptions{{}, {History: 2}, {History: 2, FromNoise: true}, {Mask: true}, {History: 2, Lead: 3, Mask: true}, {FromNoise: true, Lead: 2}} {
		d := MustSteps("steps", opt, a, b)
		opt = d.StepOptions
		const n = 400
		x0, x1, cond := d.Batch(rand.New(rand.NewPCG(1, 1)), n)
		if opt.FromNoise != (x0 == nil) || len(x1) != n*6 || d.Dim() != 6 {
			t.Fatalf("%+v: %d and %d values", opt, len(x0), len(x1))
		}
		width := d.CondMaps() * 6
		if opt.Lead > 1 {
			width++
		}
		if len(cond) != n*width {
			t.Fatalf("%+v: %d values of cond, want %d", opt, len(cond), n*width)
		}
		seen := map[[3]int]bool{}
		for r := range n {
			next := x1[r*6 : r*6+6]
			row := cond[r*width : (r+1)*width]
			lead := 1
			if opt.Lead > 1 {
				lead = int(row[width-1])
				row = row[:width-1]
			}
			if opt.Mask {
				mask := row[len(row)-6:]
				row = row[:len(row)-6]
				if want := next[2] != 0; mask[0] != 1 || (mask[2] == 1) != want {
					t.Fatalf("%+v: mask %v for %v", opt, mask, next)
				}
			}
			frames := slices.Clone(row)
			if !opt.FromNoise {
				frames = append(frames, x0[r*6:r*6+6]...)
			}
			if len(frames) != 6*opt.History || lead < 1 || lead > opt.Lead {
				t.Fatalf("%+v: %d values of frames, lead %d", opt, len(frames), lead)
			}
			for j := range opt.History {
				if frames[6*j] != next[0]-float32(10*(lead+opt.History-1-j)) {
					t.Fatalf("%+v: frames %v lead by %d to %v", opt, frames, lead, next)
				}
			}
			part := 0
			if next[2] != 0 {
				part = 1
			}
			seen[[3]int{part, int(next[0]), lead}] = true
		}
		want := opt.Lead * (2*(5-opt.History-opt.Lead+1) + 6 - opt.History - opt.Lead + 1)
		if len(seen) != want {
			t.Errorf("%+v: %d pairs are drawn, want %d", opt, len(seen), want)
		}

		// A perfect forecast from the first possible frame of series 1, rolled out.
		first := opt.History - 1
		states, err := d.Starts(0, 1, first)
		if err != nil || len(states) != d.FrameDim() {
			t.Fatal(len(states), err)
		}
		var shown []float32 // one frame more than it needs, if there is one
		for k := max(0, first-opt.History); k <= first; k++ {
			shown = append(shown, a.Frame(1, k)...)
		}
		if own, err := d.States(shown, len(shown)/d.Dim()); err != nil || !slices.Equal(own, states) {
			t.Errorf("%+v: states of frames %v, want %v, %v", opt, own, states, err)
		}
		for k := 1; k <= 2; k++ {
			given, more := d.Before(nil, states, k)
			if opt.FromNoise != (given == nil) || len(more) != width {
				t.Fatalf("%+v: before frame %d: %v, %v", opt, k, given, more)
			}
			from := first + k - 1
			if opt.Lead > 1 {
				from = first // direct forecasts start from the start
			}
			if !opt.FromNoise && !slices.Equal(given, a.Frame(1, from)) {
				t.Errorf("%+v: frame %d is drawn from %v, want %v", opt, k, given, a.Frame(1, from))
			}
			truth, err := d.Later(0, 1, k, first)
			if err != nil || !slices.Equal(truth, a.Frame(1, first+k)) {
				t.Fatal(truth, err)
			}
			before := slices.Clone(states)
			drawn := slices.Clone(truth)
			drawn[2] = 7 // what a network leaves on land
			masked := d
			if !opt.Mask {
				masked = MustSteps("one", opt, a) // a single part
			}
			states = masked.After(states, drawn, k)
			if newest := d.Newest(states); !slices.Equal(newest, truth) {
				t.Errorf("%+v: the newest map is %v, want %v", opt, newest, truth)
			}
			if slices.Equal(before, states) {
				t.Errorf("%+v: the state did not move", opt)
			}
		}
	}
	if MustSteps("s", StepOptions{}, a).ID() == MustSteps("s", StepOptions{}, b).ID() || MustSteps("s", StepOptions{}, a).ID() == MustSteps("s", StepOptions{Mask: true}, a).ID() {
		t.Error("different data have the same ID")
	}
}
