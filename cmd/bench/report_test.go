package main

import (
	"errors"
	"strings"
	"testing"
)

// row is a task whose peer took twice, three times and ten times as long by the clock, and 1.5 times by the cores' time.
func row() measured {
	return measured{task: task{name: "work", what: "some work", peers: []string{torch}, targets: map[string]float64{torch: 2}},
		costs: map[string][]cost{"": {{.01, .02}, {.02, .02}, {.01, .04}}, torch: {{.02, .03}, {.06, .03}, {.1, .06}}}}
}

func TestRatiosWithinRounds(t *testing.T) {
	clock, cpu := row().times(torch)
	if clock != 3 || cpu != 1.5 {
		t.Errorf("%g times by the clock, %g by the cores' time; want the medians 3 and 1.5", clock, cpu)
	}
	if m := median([]float64{4, 1, 3, 2}); m != 2.5 {
		t.Errorf("median %g, want 2.5", m)
	}
}

func TestTableSaysWhatCounts(t *testing.T) {
	for busy, want := range map[bool]string{
		false: "| some work | 10 ms | 60 ms | – | 3.00 x | – | 1.50 x | PyTorch 2 x: met |",
		true:  "| some work | 10 ms | 60 ms | – | 3.00 x | – | 1.50 x | PyTorch 2 x: missed |",
	} {
		page := report{before: "1", after: "1", busy: busy, rows: []measured{row()}, cellError: errors.New("no Jupyter")}.markdown()
		if !strings.Contains(page, want) {
			t.Errorf("busy %v: no line %q in\n%s", busy, want, page)
		}
		if strings.Contains(page, "was busy") != busy || !strings.Contains(page, "not measured: no Jupyter") {
			t.Errorf("busy %v, in\n%s", busy, page)
		}
	}
	if n, ok := busyTicks("cpu  10 2 3 1000 50 4 5 6 7 8\ncpu0 1 1 1 1 1 1 1 1 0 0\n"); n != 30 || !ok {
		t.Errorf("busy for %d ticks (%v), want 30", n, ok)
	}
	for _, text := range []string{"", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8 9", "cpu a b c d e f g h"} {
		if _, ok := busyTicks(text); ok {
			t.Errorf("%q is taken for a line of /proc/stat", text)
		}
	}
	if !isBusy("0.51") || isBusy("0.2") || isBusy("unknown") {
		t.Error("busy is more than half a core")
	}
}

func TestScalesBesideOneDevice(t *testing.T) {
	page := report{scaling: []scale{{Devices: 1, Train: cost{.1, .2}, Sample: cost{1, 2}, Backend: "go"}, {Devices: 2, Failed: "there is one"}, {Devices: 4, Train: cost{.05, .3}, Sample: cost{1, 2}}}}.markdown()
	for _, want := range []string{"| 1 | 100 ms (1.00 x, 1.00 x of", "| 2 | there is one | – |", "| 4 | 50 ms (0.50 x, 1.50 x of the cores' time) | 1000 ms"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
}

func TestCellsBothWays(t *testing.T) {
	page := report{cell: []float64{1, 3, 1.5}, cellAnew: []float64{2, 9, 2.25}}.markdown()
	for _, want := range []string{"loaded (`IDFF_PROGRAMS`): 1.50 s", "anew too: 2.25 s; medians of 3"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
}
