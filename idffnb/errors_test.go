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
	oldExit, oldErr := exit, os.Stderr
	defer func() { exit, os.Stderr = oldExit, oldErr }()
	exit = func(c int) { code = c }
	r, w, pipeErr := os.Pipe()
	if pipeErr != nil {
		t.Fatal(pipeErr)
	}
	os.Stderr = w
	Must(err)
	_ = w.Close()
	data, readErr := io.ReadAll(r)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return string(data), code
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
