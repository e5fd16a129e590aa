package notebooks

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// shared makes a checkout with one notebook, and shares its set-up, which stand-ins for Go and Python make. as runs a command as another user with that home, who may not write in the checkout.
func shared(t *testing.T) (dir, home string, share *exec.Cmd, as func(command ...string) *exec.Cmd) {
	t.Helper()
	_, dir = foreign(t)
	home, fakes := filepath.Join(filepath.Dir(dir), "home"), filepath.Join(filepath.Dir(dir), "fakes")
	real := "/usr/bin/python3" // which others may use, as the one on PATH may be not
	if _, err := os.Stat(real); err != nil {
		t.Skip(err)
	}
	if err := errors.Join(os.Chmod(filepath.Join(dir, ".nb/log"), 0o777), os.Mkdir(home, 0o777), os.Mkdir(fakes, 0o777), os.WriteFile(filepath.Join(dir, "go.sum"), nil, 0o666),
		os.WriteFile(filepath.Join(dir, "notebooks/01_first.ipynb"), []byte("theirs"), 0o444)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"python3": `case "$*" in *version_info*) echo 3.11 ;; *"-m venv"*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;; "- "*) exec ` + real + ` "$@" ;; *"-m jupyter lab"*) echo "lab in $PWD: $*" ;; */run.py*) echo "run in $PWD: $*" ;; esac`,
		"go":      `case $* in "env GOROOT") dirname "$0" ;; env*) printf '%s\n' go1.99 /nowhere /nowhere ;; build*) printf '#!/bin/sh\necho here\n' >"$4" && chmod +x "$4" ;; esac`,
	} {
		if err := os.WriteFile(filepath.Join(fakes, name), []byte("#!/bin/sh\n"+text+"\n"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	env := append(os.Environ(), "PATH="+fakes+":"+os.Getenv("PATH"), "IDFF_RUNS=", "IDFF_HOME=", "NB=", "NB_SHARED=")
	share = exec.Command("bash", filepath.Join(dir, "notebooks/tools/nb"), "share")
	share.Env = env
	return dir, home, share, func(command ...string) *exec.Cmd {
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Env = append(env, "HOME="+home)
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			if err := os.Chown(home, 65534, 65534); err != nil {
				t.Fatal(err)
			}
			if err := filepath.WalkDir(filepath.Join(dir, ".nb"), func(path string, _ os.DirEntry, err error) error { return errors.Join(err, os.Lchown(path, 0, 0)) }); err != nil {
				t.Fatal(err)
			}
		} else if err := os.Chmod(filepath.Join(dir, ".nb"), 0o555); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
}

// TestShare: who may not write in a checkout whose set-up is shared has all that is written in a folder of their own, and copies of the notebooks that stay their own.
func TestShare(t *testing.T) {
	dir, home, share, as := shared(t)
	if out, err := share.CombinedOutput(); err != nil || !strings.Contains(string(out), "nb: who may not write here has the same workbench") {
		t.Fatalf("%v, %s", err, out)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, ".nb"), 0o755) })
	own, tool := filepath.Join(home, "idff"), filepath.Join(dir, "notebooks/tools/nb")
	note := filepath.Join(own, "notebooks/01_first.ipynb")
	for _, tc := range []struct {
		command []string
		want    string // in what it prints
	}{
		{[]string{"bash", tool, "setup"}, "nb: the set-up of " + dir + "; your notebooks, runs/ and out/ are in " + own + "\nnb: backend: "},
		{[]string{"bash", tool, "lab"}, "lab in " + own + ": "},
		{[]string{"bash", tool, "lab"}, "--ServerApp.root_dir=" + own + " "},
		{[]string{"bash", tool, "run", "01"}, "run in " + own + ": " + dir + "/notebooks/tools/run.py --out " + own + "/out notebooks/01_first.ipynb\n"},
		{[]string{"sh", "-euc", `. "$0/.nb/env"; printf '%s\n' "$NB" "$GOCACHE" "$GOMODCACHE" "$GOCACHEPROG" "$IDFF_RUNS" "$XDG_CACHE_HOME"`, dir}, strings.Join([]string{own + "/.nb", own + "/.nb/go/build",
			dir + "/.nb/go/pkg/mod", "'" + dir + "/.nb/bin/buildcache' '" + dir + "/.nb/go/build'", own + "/runs", own + "/.nb/cache"}, "\n")},
		{[]string{"sh", "-euc", `IDFF_HOME=$HOME/a IDFF_RUNS=/srv/runs; . "$0/.nb/env"; printf '%s\n' "$NB" "$IDFF_RUNS"`, dir}, home + "/a/.nb\n/srv/runs\n"},
	} {
		if out, err := as(tc.command...).CombinedOutput(); err != nil || !strings.Contains(string(out), tc.want) {
			t.Errorf("%v: %v, %s\nwant %q", tc.command, err, out, tc.want)
		}
	}
	// A copy may be written, whatever the original allows, and is not made again.
	if info, err := os.Stat(note); err != nil || info.Mode()&0o200 == 0 {
		t.Fatalf("%v, %v", info, err)
	}
	if err := os.WriteFile(note, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := as("bash", tool, "setup").CombinedOutput(); err != nil {
		t.Fatalf("%v, %s", err, out)
	}
	if text, err := os.ReadFile(note); err != nil || string(text) != "mine" {
		t.Errorf("the copy has %q, %v", text, err)
	}
	// What is of the checkout itself is said not to be for them; what is their own can be taken away.
	for command, want := range map[string]string{"test": "nb: make test works in a checkout of your own", "share": "nb: make share works in a checkout of your own"} {
		if out, err := as("bash", tool, command).CombinedOutput(); err == nil || !strings.HasPrefix(string(out), want) || strings.Count(string(out), "\n") != 1 {
			t.Errorf("nb %s: %v, %s", command, err, out)
		}
	}
	if out, err := as("bash", tool, "distclean").CombinedOutput(); err != nil {
		t.Errorf("%v, %s", err, out)
	}
	for path, want := range map[string]bool{filepath.Join(own, ".nb"): false, note: true, filepath.Join(dir, ".nb/venv/bin/python"): true, filepath.Join(dir, ".nb/env"): true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("after distclean: %s: %v", path, err)
		}
	}
	// Where nothing may be written, one line says so.
	cmd := as("bash", tool, "lab")
	cmd.Env = append(cmd.Env, "IDFF_HOME=/proc/idff")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.HasPrefix(string(out), "nb: /proc/idff may not be written") || strings.Count(string(out), "\n") != 1 {
		t.Errorf("%v, %s", err, out)
	}
	// The owner's own environment stays the checkout's.
	if err := os.Chmod(filepath.Join(dir, ".nb"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command("sh", "-euc", `. "$0/.nb/env"; printf %s "$NB"`, dir)
	cmd.Env = append(share.Env, "HOME="+home)
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != filepath.Join(dir, ".nb") {
		t.Errorf("%s, %v", out, err)
	}
}

// TestShareOutOfReach: make share says what others cannot reach.
func TestShareOutOfReach(t *testing.T) {
	dir, _, share, _ := shared(t)
	closed := filepath.Dir(dir)
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := share.CombinedOutput()
	if want := "nb: others cannot use " + dir + ": " + closed + " lets nobody else in"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("%v, %s; want %q", err, out, want)
	}
}
