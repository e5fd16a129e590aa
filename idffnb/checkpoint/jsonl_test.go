package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

type row struct {
	Step int     `json:"step"`
	Loss float64 `json:"loss"`
}

func TestJSONL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.jsonl")
	if rows, err := ReadJSONL[row](path); rows != nil || err != nil {
		t.Errorf("no file: %v, %v", rows, err)
	}
	var want []row
	for i := range 200 {
		r := row{i, 1 / float64(i+1)}
		want = append(want, r)
		switch i % 3 {
		case 0:
			if err := AppendJSONL(path, r); err != nil {
				t.Fatal(err)
			}
		case 2:
			if err := AppendJSONL(path, want[i-1], r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := AppendJSONL(path); err != nil {
		t.Error(err)
	}
	want = want[:199] // the last was not given
	if rows, err := ReadJSONL[row](path); err != nil || !slices.Equal(rows, want) {
		t.Errorf("read %v, %v", rows, err)
	}
	for _, c := range []struct{ step, removed, left int }{{500, 0, 199}, {198, 0, 199}, {150, 48, 151}, {150, 0, 151}, {-1, 151, 0}, {5, 0, 0}} {
		removed, err := TruncateJSONL(path, c.step)
		if err != nil || removed != c.removed {
			t.Errorf("truncate after %d removed %d, %v; want %d", c.step, removed, err, c.removed)
		}
		if rows, err := ReadJSONL[row](path); err != nil || !slices.Equal(rows, want[:c.left]) {
			t.Errorf("after truncating to %d: %d rows, %v; want %d", c.step, len(rows), err, c.left)
		}
	}
	if removed, err := TruncateJSONL(path+".none", 1); removed != 0 || err != nil {
		t.Errorf("no file: %d, %v", removed, err)
	}
}

func TestTruncateJSONLKeepsOtherLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m")
	content := "{\"seed\": 1}\n{\"step\": 10,\"x\":1}\n\n{\"step\":20}\n[1,2]\n"
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	removed, err := TruncateJSONL(path, 10)
	if err == nil || removed != 0 || !strings.Contains(err.Error(), "line 5") {
		t.Errorf("a line that is no object: %d, %v", removed, err)
	}
	if b, _ := os.ReadFile(path); string(b) != content {
		t.Errorf("the file was changed to %q", b)
	}
	if err := os.WriteFile(path, []byte(content[:len(content)-6]+`{"st`), 0o666); err != nil {
		t.Fatal(err)
	}
	if removed, err = TruncateJSONL(path, 10); removed != 1 || err != nil {
		t.Errorf("removed %d, %v", removed, err)
	}
	if b, _ := os.ReadFile(path); string(b) != "{\"seed\": 1}\n{\"step\": 10,\"x\":1}\n" {
		t.Errorf("the file holds %q", b)
	}
}

// TestTornLine cuts the file at every length: whole lines are read, and the
// next append goes on after them.
func TestTornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m")
	all := []row{{1, .5}, {2, .25}, {3, .125}}
	if err := AppendJSONL(path, all[0], all[1], all[2]); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(b) + 1 {
		whole := all[:bytes.Count(b[:n], []byte("\n"))]
		if err := os.WriteFile(path, b[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		if rows, err := ReadJSONL[row](path); err != nil || !slices.Equal(rows, whole) {
			t.Errorf("cut to %d: %v, %v; want %v", n, rows, err, whole)
		}
		if err := AppendJSONL(path, row{9, 9}); err != nil {
			t.Fatal(err)
		}
		if rows, err := ReadJSONL[row](path); err != nil || !slices.Equal(rows, append(slices.Clone(whole), row{9, 9})) {
			t.Errorf("cut to %d and appended to: %v, %v", n, rows, err)
		}
	}
	// A torn line longer than the block in which the end is looked for.
	if err := os.WriteFile(path, append([]byte("{\"step\":1}\n"), bytes.Repeat([]byte("x"), 10_000)...), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := AppendJSONL(path, row{2, 0}); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "{\"step\":1}\n{\"step\":2,\"loss\":0}\n" {
		t.Errorf("the file holds %q", b)
	}
}

func TestJSONLRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m")
	if err := AppendJSONL(path, row{1, 1}); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	check := func(what string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
		if b, _ := os.ReadFile(path); !bytes.Equal(b, before) {
			t.Errorf("%s: the file holds %q", what, b)
		}
	}
	check("NaN", AppendJSONL(path, row{2, 2}, row{3, math.NaN()}), "value 1 (counted from 0): json: unsupported value: NaN")
	for _, s := range []string{"append", "appended"} {
		failAt(t, s, 1, syscall.ENOSPC)
		err := AppendJSONL(path, row{2, 2})
		check(s, err, "the disk is full")
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%v does not wrap ENOSPC", err)
		}
		atStage = nil
	}
	failAt(t, "write", 1, syscall.ENOSPC)
	_, err := TruncateJSONL(path, 0)
	check("truncate", err, "the disk is full")
	atStage = nil

	before = []byte("{\"step\":1}\nnonsense\n{\"step\":2}\n")
	if err := os.WriteFile(path, before, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = ReadJSONL[row](path)
	check("read", err, "line 2 ")
	_, err = TruncateJSONL(path, 1)
	check("truncate", err, "line 2 ")
	if _, err := ReadJSONL[row](filepath.Dir(path)); err == nil {
		t.Error("a folder was read")
	}
	if err := AppendJSONL(filepath.Dir(path), 1); err == nil {
		t.Error("a folder was appended to")
	}
}

// FuzzJSONL: whatever the file holds, reading does not crash, an append goes
// to the end of the whole lines and leaves them alone, and truncating gives
// lines that are up to the step or says which line it cannot read.
func FuzzJSONL(f *testing.F) {
	for _, s := range []string{"", "\n", "{\"step\":1}\n{\"step\":2}\n", "{\"step\":1}\n{\"st", "x\n", "{\"step\":1e99}\n{}\n", "null\n\n\r\n"} {
		f.Add([]byte(s), 1)
	}
	path := filepath.Join(f.TempDir(), "m") // one file a process: the cases of a process run in turn
	f.Fuzz(func(t *testing.T, b []byte, step int) {
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
		rows, errRead := ReadJSONL[map[string]any](path)
		if err := AppendJSONL(path, "end"); err != nil {
			t.Fatal(err)
		}
		whole := b[:bytes.LastIndexByte(b, '\n')+1]
		if got, _ := os.ReadFile(path); string(got) != string(whole)+"\"end\"\n" {
			t.Fatalf("appended: %q, was %q", got, b)
		}
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
		removed, err := TruncateJSONL(path, step)
		after, _ := os.ReadFile(path)
		if err != nil {
			if !bytes.Equal(after, b) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v; the file holds %q", err, after)
			}
			return
		}
		if !bytes.HasSuffix(after, []byte("\n")) && len(after) > 0 {
			t.Fatalf("truncated: %q", after)
		}
		if again, err := TruncateJSONL(path, step); again != 0 || err != nil {
			t.Fatalf("truncated again: %d, %v", again, err)
		}
		if left, err := ReadJSONL[map[string]any](path); errRead == nil && (err != nil || len(left)+removed != len(rows)) {
			t.Fatalf("%d rows, %d removed, %d left, %v", len(rows), removed, len(left), err)
		}
	})
}

func ExampleReadJSONL() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "metrics.jsonl")
	for step := range 3 {
		if err := AppendJSONL(path, row{step, 1 / float64(1+step)}); err != nil {
			fmt.Println(err)
			return
		}
	}
	removed, err := TruncateJSONL(path, 1) // resumed from step 1
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, err := ReadJSONL[row](path)
	fmt.Println(removed, rows, err)
	// Output: 1 [{0 1} {1 0.5}] <nil>
}
