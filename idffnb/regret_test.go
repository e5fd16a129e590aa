package idffnb

import (
	"math"
	"strings"
	"testing"

	"github.com/idff-go/workbench/idffnb/solver"
)

func TestRegret(t *testing.T) {
	report := func(cost float64, scores ...float64) *Report {
		return &Report{Cost: solver.Cost{Equivalents: cost}, Scores: map[string][]float64{"mmd2": scores}}
	}
	one := map[string][]*Report{"a": {report(2, .1, .3), report(4, .1)}, "b": {report(2, .4), report(4, .05)}, "c": {report(8, 0)}, "d": {report(2, math.NaN())}}
	two := map[string][]*Report{"a": {report(2, .8)}, "b": {report(2, .1), report(4, .05)}, "c": {report(8, .1)}}
	got := strings.Split(Regret("mmd2", []string{"b", "a", "c", "d"}, one, two), "\n")
	want := []string{
		"| mmd2 over the best | 2 | 4 | 8 |",
		"|---|--:|--:|--:|",
		"| b | 1.41 | 1.00 |  |", // sqrt(2 * 1)
		"| a | 2.83 |  |  |",     // sqrt(1 * 8); at cost 4 it is missing in one study
		"| c |  |  |  |",         // the least is 0
		"| d |  |  |  |",         // not a number, which spoils no other row
	}
	for i, line := range want {
		if got[i] != line {
			t.Errorf("line %d: %q, want %q", i, got[i], line)
		}
	}
}
