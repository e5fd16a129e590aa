package idffnb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// mustSays calls Must and returns what it wrote to stderr and the code it ended with, -1 if it returned.
func mustSays(t *testing.T, err error) (text string, code int) {
	t.Helper()
	code = -1
	old := exit
	defer func() { exit = old }()
	exit = func(c int) { code = c }
	return stderrOf(t, func() { Must(err) }), code
}

// stderrOf is what the function writes to stderr.
func stderrOf(t *testing.T, do func()) string {
	t.Helper()
	old := os.Stderr
	defer func() { os.Stderr = old }()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	os.Stderr = w
	do()
	_ = w.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestNotKept: a result stands where the folder may not be written, and that is said once; other errors stay errors.
func TestNotKept(t *testing.T) {
	refused := &os.PathError{Op: "open", Path: "/runs/board/samples", Err: syscall.EACCES}
	for _, tc := range []struct {
		what, name string
		err        error
		fails      bool
		says       string
	}{
		{"samples are", "board", nil, false, ""},
		{"samples are", "board", refused, false, "idffnb: board: samples are not kept: open /runs/board/samples: permission denied; set IDFF_RUNS to a folder that you may write in"},
		{"samples are", "board", refused, false, ""}, // once
		{"the evaluation is", "board", refused, false, "the evaluation is not kept"},
		{"samples are", "moons", &os.PathError{Op: "open", Path: "/runs", Err: syscall.EROFS}, false, "moons: samples are not kept"},
		{"samples are", "full", &os.PathError{Op: "write", Path: "/runs", Err: syscall.ENOSPC}, true, ""},
	} {
		var err error
		said := stderrOf(t, func() { err = notKept(tc.name, tc.what, tc.err) })
		if (err != nil) != tc.fails || err != nil && !errors.Is(err, tc.err) || !strings.Contains(said, tc.says) || (said == "") != (tc.says == "") || strings.Count(said, "\n") > 1 {
			t.Errorf("%s, %s, %v: error %v, said %q", tc.name, tc.what, tc.err, err, said)
		}
	}
}

// TestElsewhere: where a folder of runs may not be written, the error says what to do; other errors stay as they are.
func TestElsewhere(t *testing.T) {
	const advice = "set IDFF_RUNS to a folder that you may write in"
	for _, tc := range []struct {
		err     error
		advised bool
	}{
		{&os.PathError{Op: "open", Path: "/runs/a/lock", Err: syscall.EACCES}, true},
		{fmt.Errorf("checkpoint: x: %w", fs.ErrPermission), true},
		{&os.PathError{Op: "mkdir", Path: "/runs/a", Err: syscall.EROFS}, true},
		{&os.PathError{Op: "write", Path: "/runs/a", Err: syscall.ENOSPC}, false},
		{errors.New("permission denied, says another"), false},
	} {
		got := elsewhere(tc.err)
		if !errors.Is(got, tc.err) || strings.Contains(got.Error(), advice) != tc.advised {
			t.Errorf("%v: %v; want advice: %v", tc.err, got, tc.advised)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	e := small(t)
	t.Setenv("IDFF_RUNS", filepath.Join(file, "runs"))
	_, err := Open(e)
	expectLine(t, "runs in a file", err, advice)
}

func TestMust(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		name, note string
		err        error
		text       string
		code       int
		noted      bool
	}{
		{"no error", filepath.Join(dir, "none"), nil, "", -1, false},
		{"an error", filepath.Join(dir, "one"), errors.New("boom: do this"), "boom: do this\n", 1, true},
		{"an error with a stack", filepath.Join(dir, "stack"), errors.New("boom\nmain.go:3\nproc.go:9"), "boom\n", 1, true},
		{"outside a notebook", "", errors.New("boom"), "boom\n", 1, false},
		{"no place for the note", filepath.Join(dir, "missing", "note"), errors.New("boom"), "boom\n", 1, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("IDFF_CELL_FAILED", tc.note)
			text, code := mustSays(t, tc.err)
			if text != tc.text || code != tc.code {
				t.Errorf("%q and exit code %d, want %q and %d", text, code, tc.text, tc.code)
			}
			note, err := os.ReadFile(tc.note)
			if noted := err == nil && len(strings.TrimSpace(string(note))) > 0; noted != tc.noted {
				t.Errorf("noted for the kernel: %t, want %t", noted, tc.noted)
			}
		})
	}
}
