package notebooks

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// TestCellsKeepMemory: what cells are started with has glibc keep memory in an arena for every four cores, unless the user has chosen.
func TestCellsKeepMemory(t *testing.T) {
	const file = "../.nb/env"
	if _, err := os.Stat(file); err != nil {
		t.Skip("not set up: make setup")
	}
	if _, err := exec.LookPath("nproc"); err != nil {
		t.Skip("no nproc: left to glibc")
	}
	for chosen, want := range map[string]string{
		"":                        fmt.Sprintf("glibc.malloc.arena_max=%d:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=4294967296", (runtime.NumCPU()+3)/4),
		"glibc.malloc.perturb=10": "glibc.malloc.perturb=10",
	} {
		cmd := exec.Command("sh", "-eu", "-c", ". "+file+` && printf %s "$GLIBC_TUNABLES"`)
		cmd.Env = append(os.Environ(), "GLIBC_TUNABLES="+chosen)
		if got, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(got)) != want {
			t.Errorf("GLIBC_TUNABLES=%q: cells have %q, want %q; %v", chosen, got, want, err)
		}
	}
}
