package checkpoint

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// failAt makes the nth time that a stage is reached fail, until the test ends.
func failAt(t *testing.T, name string, nth int, err error) {
	t.Helper()
	atStage = func(s string) error {
		if s == name {
			nth--
			if nth == 0 {
				return err
			}
		}
		return nil
	}
	t.Cleanup(func() { atStage = nil })
}

// files lists a folder.
func files(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestWriteFileAtomic(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.json")
	for _, content := range []string{"a", "", strings.Repeat("long ", 100_000)} {
		if err := WriteFileAtomic(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != content {
			t.Errorf("read %d bytes, %v; wrote %d", len(b), err, len(content))
		}
	}
	if got := files(t, dir); got != "config.json" {
		t.Errorf("the folder holds %s", got)
	}
	err := WriteFileAtomic(filepath.Join(dir, "none", "x"), nil)
	if !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), "\n") {
		t.Errorf("in a folder that does not exist: %v", err)
	}
	if err := WriteFileAtomic(dir, nil); err == nil {
		t.Error("a folder was replaced by a file")
	}
}

// TestFailedWrite fails at each stage before the rename: the file stays as it
// was, the temporary file goes, and one line says what happened.
func TestFailedWrite(t *testing.T) {
	for _, c := range []struct {
		stage string
		nth   int
		err   error
		want  string
	}{
		{"created", 1, syscall.ENOSPC, "the disk is full"},
		{"write", 1, syscall.ENOSPC, "the disk is full"},
		{"write", 3, syscall.ENOSPC, "the disk is full"},
		{"write", 2, syscall.EDQUOT, "the disk is full"},
		{"written", 1, syscall.EIO, "input/output error"},
		{"synced", 1, syscall.EROFS, "read-only"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "x.safetensors")
		if err := os.WriteFile(path, []byte("before"), 0o666); err != nil {
			t.Fatal(err)
		}
		failAt(t, c.stage, c.nth, c.err)
		err := Write(path, first(sample()), nil)
		atStage = nil
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path+" was not written") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s %d: %v, want %q", c.stage, c.nth, err, c.want)
		}
		if b, err := os.ReadFile(path); string(b) != "before" {
			t.Errorf("%s %d: the file holds %q, %v", c.stage, c.nth, b, err)
		}
		if got := files(t, dir); got != "x.safetensors" {
			t.Errorf("%s %d: the folder holds %s", c.stage, c.nth, got)
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	failAt(t, "renamed", 1, syscall.EIO)
	err := WriteFileAtomic(path, []byte("new"))
	if b, _ := os.ReadFile(path); !errors.Is(err, syscall.EIO) || string(b) != "new" || files(t, dir) != "x" {
		t.Errorf("after the rename: %v, the file holds %q", err, b)
	}
}

// TestDiskFull takes the error from a real full device.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	if err := os.WriteFile(path, []byte("before"), 0o666); err != nil {
		t.Fatal(err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil { // only Linux has it
		full = nil
	} else {
		defer full.Close()
	}
	err = writeAtomic(path, func(w io.Writer) error {
		if _, err := w.Write([]byte("part of it")); err != nil {
			return err
		}
		if full == nil {
			return &os.PathError{Op: "write", Path: path + ".tmp", Err: syscall.ENOSPC}
		}
		_, err := full.Write([]byte("the rest"))
		return err
	})
	want := "checkpoint: the disk is full: " + path + " was not written and is as it was before; free some space and run again: no space left on device"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if b, _ := os.ReadFile(path); string(b) != "before" || files(t, dir) != "x" {
		t.Errorf("the file holds %q, the folder %s", b, files(t, dir))
	}
}

// TestRemoveTemps: temporary files go unless they are in use or not ours.
func TestRemoveTemps(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.tmp-12-0", "ckpt-000000001.safetensors.tmp-99-1", "b.tmp-x-0", "b.tmp-1", "c"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "d.tmp-1-1"), 0o777); err != nil {
		t.Fatal(err)
	}
	used, err := createTemp(filepath.Join(dir, "used"))
	if err != nil {
		t.Fatal(err)
	}
	if err := removeTemps(dir); err != nil {
		t.Fatal(err)
	}
	if got, want := files(t, dir), "b.tmp-1 b.tmp-x-0 c d.tmp-1-1 "+filepath.Base(used.Name()); got != want {
		t.Errorf("left are %s, want %s", got, want)
	}
	used.Close()
	if err := removeTemps(dir); err != nil || files(t, dir) != "b.tmp-1 b.tmp-x-0 c d.tmp-1-1" {
		t.Errorf("left are %s, %v", files(t, dir), err)
	}
}
