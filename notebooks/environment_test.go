package notebooks

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
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

// foreign makes a checkout with what nb needs, whose folder .nb/log the user of the returned command may not write.
func foreign(t *testing.T, args ...string) (cmd *exec.Cmd, dir string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"notebooks/tools", "notebooks/kernel"} {
		if err := os.CopyFS(filepath.Join(dir, folder), os.DirFS("../"+folder)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, ".nb/log"), 0o777); err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command("bash", append([]string{filepath.Join(dir, "notebooks/tools/nb")}, args...)...)
	if os.Getuid() == 0 { // who may write everywhere: be nobody
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, sub := range []string{".nb", ".nb/bin", ".nb/lsp", ".nb/stamps", ".nb/plugins", ".nb/cache", ".nb/config", ".nb/jupyter"} {
			path := filepath.Join(dir, sub)
			if err := errors.Join(os.MkdirAll(path, 0o777), os.Chown(path, 65534, 65534)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Chmod(filepath.Join(dir, ".nb/log"), 0o555); err != nil {
		t.Fatal(err)
	}
	return cmd, dir
}

// TestForeignCheckout: in a checkout that belongs to someone else, or where sudo make has been, the commands end with one line before they change anything.
func TestForeignCheckout(t *testing.T) {
	for _, args := range [][]string{{"setup"}, {"run", "tools/x.ipynb"}, {"lab"}, {"kernel"}, {"clean"}, {"distclean"}} {
		cmd, dir := foreign(t, args...)
		if args[0] == "run" {
			args[1] = filepath.Join(dir, "x.ipynb")
			if err := os.WriteFile(args[1], []byte("{}"), 0o666); err != nil {
				t.Fatal(err)
			}
			cmd.Args[len(cmd.Args)-1] = args[1]
		}
		out, err := cmd.CombinedOutput()
		want := "nb: " + filepath.Join(dir, ".nb/log") + " may not be written; it belongs to "
		if err == nil || !strings.HasPrefix(string(out), want) || strings.Count(string(out), "\n") != 1 {
			t.Errorf("nb %s: %v, %q; want one line with %q", args[0], err, out, want)
		}
		if _, err := os.Stat(filepath.Join(dir, ".nb/stamps")); os.Getuid() == 0 && err != nil {
			t.Errorf("nb %s has removed something: %v", args[0], err)
		}
	}
	// By a link the checkout is the same one: its set-up, which knows its path, is not made again.
	cmd, dir := foreign(t, "setup")
	link := filepath.Join(filepath.Dir(dir), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	cmd.Args[1] = filepath.Join(link, "notebooks/tools/nb")
	cmd.Dir, cmd.Env = link, append(os.Environ(), "PWD="+link)
	if out, err := cmd.CombinedOutput(); err == nil || !strings.HasPrefix(string(out), "nb: "+filepath.Join(dir, ".nb/log")+" may not be written") {
		t.Errorf("by a link: %v, %q", err, out)
	}

	// A file in the place of .nb.
	_, dir = foreign(t)
	if err := errors.Join(os.RemoveAll(filepath.Join(dir, ".nb")), os.WriteFile(filepath.Join(dir, ".nb"), nil, 0o666)); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("bash", filepath.Join(dir, "notebooks/tools/nb"), "setup").CombinedOutput()
	if want := "nb: cannot make " + filepath.Join(dir, ".nb") + ": "; err == nil || !strings.HasPrefix(string(out), want) || strings.Count(string(out), "\n") != 1 {
		t.Errorf("nb setup with a file .nb: %v, %q; want one line with %q", err, out, want)
	}
}

// TestStoppedHalfWay: make run, then make lab, which installs into the same environment and is stopped: make run does not take that environment for whole.
func TestStoppedHalfWay(t *testing.T) {
	_, dir := foreign(t)
	fakes := t.TempDir()
	for path, text := range map[string]string{
		filepath.Join(fakes, "python3"):             "case \"$*\" in *version_info*) echo 3.11 ;; *'-m venv'*) exit 1 ;; esac", // stopped
		filepath.Join(fakes, "go"):                  "[ \"$1\" = env ] || exit 1; printf '%s\\n' go1.99 /nowhere /nowhere",
		filepath.Join(dir, ".nb/venv/bin/python"):   "exit 1",
		filepath.Join(dir, ".nb/stamps/python-run"): "",
	} {
		err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o777))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, ".nb/log"), 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", filepath.Join(dir, "notebooks/tools/nb"), "setup-lab")
	cmd.Env = append(os.Environ(), "PATH="+fakes+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput() // ends when all that it started has
	if err == nil || !strings.Contains(string(out), "installing Python packages") {
		t.Fatalf("%v, %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, ".nb/stamps/python-run")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the environment of make run is still taken for whole: %v", err)
	}
}

// TestPathsOfAnyLetters: a whole set-up, with stand-ins for Go and Python, in a C locale as a scheduler's: what it writes for the kernel is read by any sh, whatever is in the path.
func TestPathsOfAnyLetters(t *testing.T) {
	_, plain := foreign(t)
	dir, fakes := filepath.Join(filepath.Dir(plain), "it's für $5 & \"more\""), t.TempDir()
	if err := errors.Join(os.Rename(plain, dir), os.Chmod(filepath.Join(dir, ".nb/log"), 0o777), os.WriteFile(filepath.Join(dir, "go.sum"), nil, 0o666)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"python3": `case "$*" in *version_info*) echo 3.11 ;; *"-m venv"*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;; esac`,
		"go":      `case $1 in env) printf '%s\n' go1.99 /nowhere /nowhere ;; build) printf '#!/bin/sh\necho here\n' >"$4" && chmod +x "$4" ;; esac`,
	} {
		if err := os.WriteFile(filepath.Join(fakes, name), []byte("#!/bin/sh\n"+text+"\n"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("bash", filepath.Join(dir, "notebooks/tools/nb"), "setup")
	cmd.Env = append(os.Environ(), "LC_ALL=C", "PATH="+fakes+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v, %s", err, out)
	}
	cmd = exec.Command("sh", "-eu", "-c", `. ./.nb/env; printf %s "$NB"`)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != filepath.Join(dir, ".nb") {
		t.Errorf("%q, %v; want %q", out, err, filepath.Join(dir, ".nb"))
	}
}

// TestTemporaryFolder: where programs cannot be built and run in the folder for temporary files, one in .nb takes its place.
func TestTemporaryFolder(t *testing.T) {
	nb, good := t.TempDir(), t.TempDir()
	for _, tc := range []struct {
		tmp, name, fake, why string
	}{
		{good, "", "", ""},
		{filepath.Join(good, "missing"), "", "", "cannot be written"},
		{good, "chmod", "exit 0", "lets no program run (mounted noexec)"}, // without the bit, as noexec has it
		{good, "df", "echo Filesystem; echo tmpfs 9 9 262143 9 /tmp", "has less than 256 MB left"},
		{good, "df", "echo Filesystem; echo tmpfs 9 9 262144 9 /tmp", ""},
		{good, "df", "exit 1", ""}, // not known
	} {
		fakes := t.TempDir()
		if tc.name != "" {
			if err := os.WriteFile(filepath.Join(fakes, tc.name), []byte("#!/bin/sh\n"+tc.fake+"\n"), 0o777); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command("sh", "-eu", "-c", `. kernel/tmpdir; printf '%s\n' "$TMPDIR" "$tmpdir_why"`)
		cmd.Env = append(os.Environ(), "NB="+nb, "TMPDIR="+tc.tmp, "PATH="+fakes+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		want := tc.tmp + "\n\n"
		if tc.why != "" {
			want = filepath.Join(nb, "cache/tmp") + "\n" + tc.why + "\n"
		}
		if err != nil || string(out) != want {
			t.Errorf("TMPDIR=%s with %s %q: %q, %v; want %q", tc.tmp, tc.name, tc.fake, out, err, want)
		}
	}
	if left, err := os.ReadDir(good); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
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
