package idffnb

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// held is data that gives parts of what it holds, and from the fourth batch on a null condition that has changed.
type held struct {
	X0, X1, Cond []float32
	Null         string
	batches      *atomic.Int64
}

func (held) Name() string { return "held" }
func (held) ID() string   { return "held" }
func (held) Dim() int     { return 2 }
func (h held) Batch(_ *rand.Rand, n int) (x0, x1, cond []float32) {
	h.batches.Add(1)
	return h.X0[:2*n], h.X1[:2*n], h.Cond[:n]
}
func (h held) NullCond() []float32 {
	if h.batches.Load() > 3 {
		switch h.Null {
		case "none":
			return nil
		case "long":
			return make([]float32, 3)
		case "panic":
			panic("no null")
		}
	}
	return []float32{9}
}

func holds(null string) held {
	h := held{Null: null, batches: &atomic.Int64{}}
	for i := range 256 {
		h.X0, h.X1, h.Cond = append(h.X0, float32(1+i%5), float32(1+i%3)), append(h.X1, float32(i%7), 1), append(h.Cond, float32(i%2))
	}
	return h
}

// TestDataAreNotChanged: data may give parts of what they hold, and options what the caller holds, and find them as they were; what was drawn has memory of its own.
func TestDataAreNotChanged(t *testing.T) {
	e := small(t)
	data := holds("")
	e.Data, e.Net, e.DropCond = data, net.MLP{Width: 8}, .5
	x0, x1, cond := slices.Clone(data.X0), slices.Clone(data.X1), slices.Clone(data.Cond)
	r := trainedBriefly(t, e)
	start, given := []float32{1, 2, 3, 4}, []float32{0, 1}
	out, err := r.Sample(2, flow.CFM(), solver.Euler(1), WithShrink(2), WithStart(start), WithCond(given))
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := r.Sample(2, flow.CFM(), solver.Euler(1), WithShrink(2))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.LearnSchedule(2, Learning{Steps: 2, Points: 8, Shrink: 2}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(data.X0, x0) || !slices.Equal(data.X1, x1) || !slices.Equal(data.Cond, cond) || !slices.Equal(start, []float32{1, 2, 3, 4}) {
		t.Error("what was given has changed")
	}
	out.Cond[0], drawn.Cond[0] = 5, 5
	if given[0] != 0 || data.Cond[0] != 0 {
		t.Error("samples share their condition with who gave it")
	}
}

// TestNullConditionThatChanges: a null condition of another size than before, or a panic instead, is an error: the batches are made in goroutines, where it would end the program or never end.
func TestNullConditionThatChanges(t *testing.T) {
	for fault, want := range map[string]string{"none": "a null condition of 0 numbers", "long": "a null condition of 3 numbers, and conditions of 1", "panic": "panicked: no null"} {
		e := small(t)
		e.Data, e.Net, e.DropCond = holds(fault), net.MLP{Width: 8}, .5
		r := mustOpen(t, e)
		r.backend = pureGo(t)
		expectLine(t, fault, soon(t, fault, func() error { return r.Train() }), want)
	}
}
