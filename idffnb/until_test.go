package idffnb

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// TestUntil: a training ends with the context, saved as at an interrupt; it goes on from there to the same bits.
func TestUntil(t *testing.T) {
	e := small(t)
	whole := mustOpen(t, e)
	whole.backend = pureGo(t)
	if err := whole.Train(Until(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Setenv("IDFF_RUNS", t.TempDir())
	for _, at := range []int{0, 21} { // 0: it has ended before
		ctx, cancel := context.WithCancel(t.Context())
		if at == 0 {
			cancel()
		}
		r := mustOpen(t, e)
		r.backend = pureGo(t)
		err := r.Train(Until(ctx), Watch(7, func(r *Run) error {
			if r.Step() == at {
				cancel()
			}
			return nil
		}))
		cancel()
		expectLine(t, "ended", err, "of 60, and saved; run the cell again to go on")
		if again := mustOpen(t, e); !errors.Is(err, ErrInterrupted) || again.Step() != r.Step() || r.Step() < at || r.Step() == e.Steps {
			t.Errorf("ended at step %d, and %d in the folder, want %d or soon after: %v", r.Step(), again.Step(), at, err)
		}
	}
	r := mustOpen(t, e)
	r.backend = pureGo(t)
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	want := weights(t, whole)
	for path, got := range weights(t, r) {
		if !slices.Equal(got, want[path]) {
			t.Fatalf("%s differs from that of an undisturbed training", path)
		}
	}
	var none context.Context
	expectLine(t, "no context", r.Train(Until(none)), "Until has no context")
}
