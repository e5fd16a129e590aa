//go:build linux && (amd64 || arm64) && cgo && !noxla

package plugin

import (
	"strings"
	"testing"
)

// TestStandInRefused: what cannot stand in, or cannot compile ahead, is refused in one line that names the file.
func TestStandInRefused(t *testing.T) {
	short := build(t)
	for _, tc := range []struct{ what, cpu, cuda, want string }{
		{"no plugin", write(t, "a.so", nil), "", "is no shared library (0 bytes"},
		{"a short table", short, "", short + " has too short a table of functions to stand in for a GPU's"},
	} {
		_, err := StandIn(tc.cpu, tc.cuda)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", tc.what, err, tc.want)
		}
	}
	if err := rehearseWith(short); err == nil || !strings.Contains(err.Error(), short+" cannot compile for a GPU that is not here: its table of functions is too short") {
		t.Errorf("a compiler with a short table: %v", err)
	}
	if n := len(Rehearsals()); n != 0 {
		t.Errorf("%d programs rehearsed without a compiler", n)
	}
}
