package checkpoint

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func open(t *testing.T, dir string) *Folder {
	t.Helper()
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// state is the content that the tests save at a step.
func state(step int) []Tensor {
	v := make([]float32, 1000)
	for i := range v {
		v[i] = float32(step)
	}
	return []Tensor{New("w", v, 10, 100), New("step", []int64{int64(step)})}
}

func save(t *testing.T, f *Folder, steps ...int) {
	t.Helper()
	for _, s := range steps {
		if err := f.Save(s, state(s), map[string]string{"seed": "1"}); err != nil {
			t.Fatal(err)
		}
	}
}

// wantLatest checks Latest: its step (-1 for none), its content, and that the
// warning holds each of the words, or is empty if there are none.
func wantLatest(t *testing.T, f *Folder, step int, warning ...string) {
	t.Helper()
	c, w, err := f.Latest()
	if err != nil {
		t.Fatal(err)
	}
	if step < 0 && c != nil || step >= 0 && (c == nil || c.Step != step || !sameTensors(c.Tensors, state(step)) ||
		c.Meta["step"] != fmt.Sprint(step) || c.Meta["seed"] != "1" || c.Path != f.Path(fileName(step))) {
		t.Errorf("Latest = %+v, want step %d", c, step)
	}
	if (w == "") != (len(warning) == 0) || strings.Contains(w, "\n") {
		t.Errorf("warning %q, want %q", w, warning)
	}
	for _, word := range warning {
		if !strings.Contains(w, word) {
			t.Errorf("warning %q lacks %q", w, word)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs", "a")
	f := open(t, dir)
	wantLatest(t, f, -1)
	if files(t, dir) != "" {
		t.Errorf("opening made %s", files(t, dir))
	}
	save(t, f, 0)
	wantLatest(t, f, 0)
	save(t, f, 10, 20, 20)
	wantLatest(t, f, 20)
	if got := files(t, dir); got != "ckpt-000000010.safetensors ckpt-000000020.safetensors lock" {
		t.Errorf("the folder holds %s", got)
	}
	f.Keep = 1
	save(t, f, 2_000_000_000)
	if got := files(t, dir); got != "ckpt-2000000000.safetensors lock" {
		t.Errorf("the folder holds %s", got)
	}
	wantLatest(t, open(t, dir), 2_000_000_000)
	f.Keep = 3
	save(t, f, 2_000_000_001, 2_000_000_002, 2_000_000_003)
	if got := files(t, dir); strings.Count(got, "ckpt-") != 3 {
		t.Errorf("the folder holds %s", got)
	}
}

func TestFolderRefuses(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	save(t, f, 5)
	nan := state(6)
	nan[0].Shape = []int{7}
	file := filepath.Join(dir, fileName(5))
	_, errFile := OpenFolder(file)
	_, errInFile := OpenFolder(filepath.Join(file, "run"))
	_, errNoName := OpenFolder("")
	negative := *f
	negative.Keep = -1
	for _, c := range []struct {
		what string
		err  error
		want string
	}{
		{"a file", errFile, "is not a folder"},
		{"in a file", errInFile, "cannot make the run folder"},
		{"no name", errNoName, "no name"},
		{"negative step", f.Save(-1, state(1), nil), "step -1"},
		{"negative keep", negative.Save(6, state(6), nil), "keep -1"},
		{"the key step", f.Save(6, state(6), map[string]string{"step": "7"}), `"step" is set by Save`},
		{"earlier step", f.Save(4, state(4), nil), "has a later one, ckpt-000000005.safetensors"},
		{"wrong shape", f.Save(6, nan, nil), "takes 28 bytes"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) || strings.Contains(c.err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, c.err, c.want)
		}
	}
	wantLatest(t, f, 5)
	if got := files(t, dir); got != "ckpt-000000005.safetensors lock" {
		t.Errorf("the folder holds %s", got)
	}
	// NaN is a value like any other here: whether to save it is the trainer's choice.
	if err := f.Save(6, []Tensor{New("x", []float64{math.NaN()})}, nil); err != nil {
		t.Error(err)
	}
}

// TestLatestSkips damages the newest checkpoints in several ways.
func TestLatestSkips(t *testing.T) {
	for what, damage := range map[string]func(path string, b []byte) error{
		"cut short": func(path string, b []byte) error { return os.WriteFile(path, b[:len(b)/2], 0o666) },
		"empty":     func(path string, b []byte) error { return os.WriteFile(path, nil, 0o666) },
		"changed":   func(path string, b []byte) error { b[len(b)-1]++; return os.WriteFile(path, b, 0o666) },
		"zeros":     func(path string, b []byte) error { return os.WriteFile(path, make([]byte, len(b)), 0o666) },
		"other step": func(path string, b []byte) error {
			return Write(path, state(30), map[string]string{"step": "31", "seed": "1"})
		},
	} {
		f := open(t, t.TempDir())
		f.Keep = 3
		save(t, f, 10, 20, 30)
		for _, s := range []int{30, 20} {
			b, err := os.ReadFile(f.Path(fileName(s)))
			if err != nil {
				t.Fatal(err)
			}
			if err := damage(f.Path(fileName(s)), b); err != nil {
				t.Fatal(err)
			}
		}
		wantLatest(t, f, 10, fileName(30), fileName(20), "not a whole checkpoint", "going on from step 10")
		// Training goes on below the damaged ones, which then are replaced or
		// go first; the whole ones stay.
		save(t, f, 15)
		wantLatest(t, f, 15, fileName(30), fileName(20))
		save(t, f, 30)
		wantLatest(t, f, 30)
		if got := files(t, f.Dir); got != strings.Join([]string{fileName(10), fileName(15), fileName(30), "lock"}, " ") {
			t.Errorf("%s: the folder holds %s", what, got)
		}
	}
	f := open(t, t.TempDir())
	save(t, f, 1)
	if err := os.Truncate(f.Path(fileName(1)), 5); err != nil {
		t.Fatal(err)
	}
	wantLatest(t, f, -1, fileName(1), "no whole checkpoint is left")
	save(t, open2(f), 0) // another Folder, which did not see the damage
	wantLatest(t, f, 0, fileName(1))
}

// open2 gives the lock of f to a new Folder of the same directory.
func open2(f *Folder) *Folder {
	g := &Folder{Dir: f.Dir, lock: f.lock}
	f.lock = nil
	return g
}

// TestLatestError: what is not damage is an error, not a reason to go back.
func TestLatestError(t *testing.T) {
	f := open(t, t.TempDir())
	save(t, f, 1)
	if err := os.Mkdir(f.Path(fileName(2)), 0o777); err != nil {
		t.Fatal(err)
	}
	if c, w, err := f.Latest(); c != nil || w != "" || err == nil || !strings.Contains(err.Error(), "not a file but a folder") {
		t.Errorf("a folder as checkpoint: %v, %q, %v", c, w, err)
	}
	f = open(t, filepath.Join(t.TempDir(), "gone"))
	if err := os.Remove(f.Dir); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Latest(); err == nil || !strings.Contains(err.Error(), "cannot read the run folder") {
		t.Errorf("a folder that is gone: %v", err)
	}
}

// TestNoLocks: on a file system without locks nothing is trained, since two jobs with one run would not know of each other, and the line says what to do.
func TestNoLocks(t *testing.T) {
	before := sysFlock
	t.Cleanup(func() { sysFlock = before })
	for _, errno := range []syscall.Errno{syscall.ENOSYS, syscall.ENOTSUP, syscall.ENOLCK} {
		sysFlock = func(int, int) error { return errno }
		err := open(t, t.TempDir()).Lock()
		if !errors.Is(err, errno) || errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "set IDFF_RUNS to a folder on one that has") {
			t.Errorf("%v: %v", errno, err)
		}
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "x.tmp-1-0"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	save(t, a, 1)
	if got := files(t, dir); got != "ckpt-000000001.safetensors lock" {
		t.Errorf("the folder holds %s", got)
	}
	for what, err := range map[string]error{"Lock": b.Lock(), "Save": b.Save(2, state(2), nil)} {
		if want := fmt.Sprintf("checkpoint: the run is in use: another program (process %d on %s) is training %s; wait for it or stop it", os.Getpid(), host, dir); !errors.Is(err, ErrLocked) || err.Error() != want {
			t.Errorf("%s while locked: %v", what, err)
		}
	}
	wantLatest(t, b, 1) // reading needs no lock
	for range 2 {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := b.Lock(); err != nil {
		t.Error(err)
	}
	save(t, b, 2)
	if err := a.Save(3, state(3), nil); !errors.Is(err, ErrLocked) {
		t.Errorf("Save after Close: %v", err)
	}
}

// TestSaveFails: a full disk while saving leaves the checkpoints before.
func TestSaveFails(t *testing.T) {
	f := open(t, t.TempDir())
	save(t, f, 1, 2)
	for _, s := range []string{"created", "write", "written", "synced"} {
		failAt(t, s, 1, syscall.ENOSPC)
		if err := f.Save(3, state(3), nil); !errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", s, err)
		}
		atStage = nil
		wantLatest(t, f, 2)
		if got := files(t, f.Dir); got != "ckpt-000000001.safetensors ckpt-000000002.safetensors lock" {
			t.Errorf("%s: the folder holds %s", s, got)
		}
	}
	failAt(t, "prune", 1, syscall.EIO)
	if err := f.Save(3, state(3), map[string]string{"seed": "1"}); err == nil || !strings.Contains(err.Error(), "step 3 is saved, but") || strings.Count(err.Error(), "checkpoint: ") != 1 {
		t.Errorf("prune: %v", err)
	}
	atStage = nil
	wantLatest(t, f, 3)
	save(t, f, 4) // tidies up
	if got := files(t, f.Dir); got != "ckpt-000000003.safetensors ckpt-000000004.safetensors lock" {
		t.Errorf("the folder holds %s", got)
	}
}

// TestReadWhileSaving reads the latest checkpoint while another goroutine
// saves and removes them.
func TestReadWhileSaving(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir)
	w.Keep = 1
	save(t, w, 0)
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		defer close(done)
		for s := 1; s <= 100; s++ {
			if err := w.Save(s, state(s), nil); err != nil {
				t.Error(err)
				return
			}
		}
	})
	r, last := open(t, dir), 0
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		c, warning, err := r.Latest()
		if err != nil || c == nil || warning != "" || c.Step < last || !sameTensors(c.Tensors, state(c.Step)) {
			t.Fatalf("%+v, %q, %v after step %d", c, warning, err, last)
		}
		last = c.Step
	}
	wg.Wait()
	if last != 100 {
		t.Errorf("the last step read is %d", last)
	}
}

func ExampleFolder() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	run, err := OpenFolder(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer run.Close()
	for step := 100; step <= 300; step += 100 {
		w := New("w", []float32{float32(step)})
		if err := run.Save(step, []Tensor{w}, map[string]string{"loss": "0.5"}); err != nil {
			fmt.Println(err)
			return
		}
	}
	last, warning, err := run.Latest()
	if err != nil || last == nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d %s %q\n", last.Step, last.Meta["loss"], warning)
	// Output: 300 0.5 ""
}
