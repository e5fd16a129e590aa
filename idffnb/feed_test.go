package idffnb

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/idff-go/workbench/datasets"
)

// TestFeed takes chunks of all sizes, and finds in them the batches that makeBatch makes, in order, however they were cut.
func TestFeed(t *testing.T) {
	e := small(t).withDefaults()
	r := &Run{exp: e, backend: fakeLoops{pureGo(t)}, step: 3}
	if r.capacity() != stepsAtOnce {
		t.Fatalf("room for %d steps, want %d", r.capacity(), stepsAtOnce)
	}
	f := r.newFeed(context.Background())
	step := r.step
	for size := 1; ; size++ {
		c := f.next(size)
		if c == nil {
			break
		}
		if c.err != nil || c.steps < 1 || c.steps > size {
			t.Fatalf("%d steps, %v; want 1 to %d", c.steps, c.err, size)
		}
		for k := range c.steps {
			for i, want := range e.makeBatch(step).inputs() {
				if got := c.inputs[i].values[k*len(want) : (k+1)*len(want)]; !slices.Equal(got, want) {
					t.Fatalf("input %d of step %d differs", i, step)
				}
			}
			step++
		}
	}
	if step != e.Steps {
		t.Errorf("%d steps, want %d", step, e.Steps)
	}
}

// fakeLoops is a backend that says it can do what a loop of steps needs; nothing is computed on it.
type fakeLoops struct{ compute.Backend }

func (f fakeLoops) Capabilities() compute.Capabilities {
	c := f.Backend.Capabilities().Clone()
	c.Functions, c.Operations[compute.OpTypeDynamicSlice] = true, true
	return c
}

// TestFeedFits: a chunk has room for fewer steps where a condition is large, and what waits is two chunks, or two batches.
func TestFeedFits(t *testing.T) {
	for _, c := range []struct{ width, want int }{{8, stepsAtOnce}, {valuesAtOnce / 10 / 4, 10}, {valuesAtOnce / 4, 1}, {valuesAtOnce, 1}} {
		e := small(t).withDefaults()
		e.Data, e.Batch = conditioned{width: c.width}, 4
		ctx, cancel := context.WithCancel(context.Background())
		f := (&Run{exp: e, backend: fakeLoops{pureGo(t)}}).newFeed(ctx)
		k := f.next(1)
		if k.err != nil || k.capacity != c.want || len(k.inputs[4].values) != c.want*4*c.width || k.inputs[0].shape[0] != c.want || cap(f.queue) != 2*c.want {
			t.Errorf("%d numbers of cond a point: room for %d, inputs of shapes %v, %d ahead, %v; want %d and twice as many", c.width, k.capacity, k.inputs[4].shape, cap(f.queue), k.err, c.want)
		}
		cancel()
	}
}

// TestFeedAtTheEnd: another program may have made the last steps since the run was opened.
func TestFeedAtTheEnd(t *testing.T) {
	e := small(t).withDefaults()
	if c := (&Run{exp: e, backend: pureGo(t), step: e.Steps}).newFeed(context.Background()).next(1); c != nil {
		t.Errorf("%d steps after the last", c.steps)
	}
}

// conditioned is data of single numbers with conditions of many.
type conditioned struct{ width int }

func (w conditioned) Name() string { return "conditioned" }
func (w conditioned) ID() string   { return "conditioned" }
func (w conditioned) Dim() int     { return 1 }
func (w conditioned) Batch(_ *rand.Rand, n int) (x0, x1, cond []float32) {
	return nil, make([]float32, n), make([]float32, n*w.width)
}

// TestFeedStops yields what is made when nobody wants more, and ends.
func TestFeedStops(t *testing.T) {
	e := small(t).withDefaults()
	e.Steps = 1 << 30
	ctx, cancel := context.WithCancel(context.Background())
	f := (&Run{exp: e, backend: pureGo(t)}).newFeed(ctx)
	if c := f.next(1); c == nil || c.steps != 1 {
		t.Fatal("no first step")
	}
	cancel()
	for n := 0; f.next(1) != nil; n++ {
		if n > 10 {
			t.Fatal("it goes on after its context has ended")
		}
	}
}

// TestSpeed counts the steps after the first ones.
func TestSpeed(t *testing.T) {
	r := mustOpen(t, small(t))
	r.backend = pureGo(t)
	if r.Speed().PerSecond() != 0 || r.Speed().String() != "no steps counted" {
		t.Errorf("%v before any training", r.Speed())
	}
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	s := r.Speed()
	if s.Steps != 59 || !(s.Seconds > 0) || !(s.Waited >= 0 && s.Waited <= s.Seconds) || !(s.CPU > 0) {
		t.Errorf("%+v, want 59 steps, all but the first", s)
	}
}

// BenchmarkMakeBatch is what a batch of 256 points takes a core.
func BenchmarkMakeBatch(b *testing.B) {
	e := Experiment{Name: "x", Data: datasets.EightGaussians()}.withDefaults()
	for step := range b.N {
		if batch := e.makeBatch(step); batch.err != nil {
			b.Fatal(batch.err)
		}
	}
}
