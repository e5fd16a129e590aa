package graphs

import (
	"errors"
	"fmt"
	"testing"
)

// TestTry: errors and panics become one line; XLA's and CUDA's of a full memory say at which load, and what to do.
func TestTry(t *testing.T) {
	batch := Load{"a batch of 256", "take a smaller Batch"}
	const others = "free what other programs hold (on a GPU, nvidia-smi lists them)"
	for _, tc := range []struct {
		name, text string
		at         Load
		want       string
	}{
		{"XLA's", "x failed: PJRT error (code=8): RESOURCE_EXHAUSTED: Out of memory allocating 12 bytes.\nmore", batch,
			"training: the device's memory is full ((code=8): RESOURCE_EXHAUSTED: Out of memory allocating 12 bytes.) at a batch of 256: take a smaller Batch, or " + others},
		{"CUDA's", "INTERNAL: CUDA_ERROR_OUT_OF_MEMORY", Points("a sampling of %d points", 64),
			"training: the device's memory is full (INTERNAL: CUDA_ERROR_OUT_OF_MEMORY) at a sampling of 64 points: take fewer points at a time, or " + others},
		{"of no load", "out of memory", Load{}, "training: the device's memory is full (out of memory): " + others},
		{"another", "INVALID_ARGUMENT: y\nmain.go:3", batch, "training: INVALID_ARGUMENT: y"},
		{"a panic of a graph", "x failed during graph construction: f panicked: boom", batch, "training: x boom"},
	} {
		for how, f := range map[string]func() error{"error": func() error { return errors.New(tc.text) }, "panic": func() error { panic(errors.New(tc.text)) }} {
			if err := Try("training", tc.at, f); err == nil || err.Error() != tc.want {
				t.Errorf("%s, %s: %v\nwant %s", tc.name, how, err, tc.want)
			}
		}
	}
	mine := errors.New("mine")
	if err := Try("training", batch, func() error { panic(fmt.Errorf("net: %w\nmore", mine)) }); !errors.Is(err, mine) || err.Error() != "training: net: mine" {
		t.Errorf("%v does not wrap what was wrong", err)
	}
	if err := Try("training", batch, func() error { return nil }); err != nil {
		t.Error(err)
	}
}
