package idffnb

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/plugin"
	"github.com/idff-go/workbench/idffnb/solver"
)

const programsVar = "IDFF_TEST_PROGRAMS"

// programsChild trains and samples, and says what came out to the last bit, and how many programs it compiled and loaded.
func programsChild(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	r := mustOpen(t, small(t))
	trainTo(t, r, 25)
	out, err := r.Sample(64, flow.IDFF(.5), solver.RK4(2), Unkept())
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	all := weights(t, r)
	for _, path := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintln(h, path, all[path])
	}
	fmt.Fprintln(h, out.X)
	made, kept := plugin.Programs()
	fmt.Printf("came out %x %d %d\n", h.Sum(nil), made, kept)
}

// TestProgramsAreKept runs a program, which is this test itself, several times: programs are compiled once, those that are loaded give the same bits, and what became of their files is never an error.
func TestProgramsAreKept(t *testing.T) {
	if os.Getenv(programsVar) != "" {
		programsChild(t)
		return
	}
	if xlaPlugin("cpu") == "" {
		t.Skip("no PJRT plugin: pure Go compiles nothing")
	}
	run := func(folder, devices string) (bits string, made, kept int) {
		t.Helper()
		cmd := exec.Command(os.Args[0], "-test.run=^TestProgramsAreKept$", "-test.v")
		cmd.Env = append(os.Environ(), programsVar+"=1", "GOMLX_BACKEND=xla:cpu", plugin.ProgramsVariable+"="+folder, devicesVariable+"="+devices)
		text, err := cmd.CombinedOutput()
		_, line, found := strings.Cut(string(text), "came out ")
		if _, scanned := fmt.Sscan(line, &bits, &made, &kept); err != nil || !found || scanned != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		return bits, made, kept
	}
	for _, devices := range []string{"1", "4"} {
		folder := filepath.Join(t.TempDir(), "programs")
		want, made, kept := run(folder, devices)
		files, err := filepath.Glob(filepath.Join(folder, "*"))
		if err != nil || len(files) < 2 || made != len(files) {
			t.Fatalf("%s devices: %d compiled, %d loaded again and %d files, %v; want one each for training and sampling at the least", devices, made, kept, len(files), err)
		}
		const garbage = "no program at all"
		sum := sha256.Sum256([]byte(garbage))
		for _, tc := range []struct {
			what   string
			before func(path string) error
			made   int
		}{
			{"again", func(string) error { return nil }, 0},
			{"cut short", func(path string) error { return os.Truncate(path, 1000) }, made},
			{"again", func(string) error { return nil }, 0},
			{"not for this plugin", func(path string) error {
				return os.WriteFile(path, []byte("IDFF program 1\n"+string(sum[:])+garbage), 0o600)
			}, made},
			{"again", func(string) error { return nil }, 0},
		} {
			for _, path := range files {
				if err := tc.before(path); err != nil {
					t.Fatal(err)
				}
			}
			bits, m, k := run(folder, devices)
			if bits != want || m != tc.made || m+k != made+kept {
				t.Errorf("%s devices, %s: %d compiled and %d loaded, want %d and %d; the same results: %t", devices, tc.what, m, k, tc.made, made+kept-tc.made, bits == want)
			}
		}
		if bits, m, k := run("off", devices); bits != want || m != 0 || k != 0 {
			t.Errorf("%s devices, off: %d compiled to be kept and %d loaded; the same results: %t", devices, m, k, bits == want)
		}
	}
}
