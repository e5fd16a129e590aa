package notebooks

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestWrongUses: make run and make lab say in one line what they cannot do, before they set anything up.
func TestWrongUses(t *testing.T) {
	for _, tc := range []struct {
		command, value, want string
	}{
		{"run", "nonsense", "no notebook nonsense; there are: 01_quickstart "},
		{"run", "", "no notebook ; there are: 01_quickstart "},
		{"execute", "README.md", "no notebook README.md; there are: 01_quickstart "},
		{"execute", "/etc/passwd", "there is no notebook at /etc/passwd: "},
		{"execute", "backup/01_quickstart.ipynb", "there is no notebook at backup/01_quickstart.ipynb: "}, // and not the one of that name in notebooks
		{"run", "notebooks/old/01_quickstart", "there is no notebook at notebooks/old/01_quickstart: "},
		{"lab", "abc", "PORT=abc is no port: want a number from 1 to 65535"},
		{"lab", "0", "PORT=0 is no port"},
		{"lab", "80000", "PORT=80000 is no port"},
		{"lab", "-1", "PORT=-1 is no port"},
	} {
		out, err := exec.Command("bash", "tools/nb", tc.command, tc.value).CombinedOutput()
		if err == nil || !strings.HasPrefix(string(out), "nb: "+tc.want) || strings.Count(string(out), "\n") != 1 {
			t.Errorf("nb %s %q: %v, %q; want one line with %q", tc.command, tc.value, err, out, tc.want)
		}
	}
}

// TestPageLinks: a page that make run writes keeps links into the web and within itself, and of a link to a file beside the notebook the text: the page lies elsewhere.
func TestPageLinks(t *testing.T) {
	python, err := filepath.Abs("../.nb/venv/bin/python")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(python); err != nil {
		t.Skip("not set up: make setup")
	}
	for source, want := range map[string]string{
		"[a](https://b.org/c)":       `<p><a href="https://b.org/c">a</a></p>`,
		"[a](#b)":                    `<p><a href="#b">a</a></p>`,
		"[*a* 6](06_solvers.ipynb)":  "<p><em>a</em> 6</p>",
		"[a](../docs/cluster.md)":    "<p>a</p>",
		"see https://b.org and more": `<p>see <a href="https://b.org">https://b.org</a> and more</p>`,
	} {
		out, err := exec.Command(python, "-c", "import sys, pathlib; sys.path.insert(0, 'tools'); import page; print(page.markdown(sys.argv[1], pathlib.Path('.')))", source).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("%s: %q, %v; want %q", source, out, err, want)
		}
	}
}

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
