package checkpoint

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The tests below run the test program again as a child that is killed with
// SIGKILL, which nothing can catch, while it saves.
const (
	crashDir   = "CHECKPOINT_CRASH_DIR"   // where the child saves
	crashStage = "CHECKPOINT_CRASH_STAGE" // "name nth": where it kills itself; "" to go on until it is killed
)

func kill() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // until the signal is there
}

// crashChild is the child: it goes on from the latest checkpoint, saves each
// step with a line of metrics, and prints the steps that are safe.
func crashChild(t *testing.T, dir, where string) {
	f := open(t, dir)
	c, warning, err := f.Latest()
	if err != nil || warning != "" {
		t.Fatal(warning, err)
	}
	step := 0
	if c != nil {
		step = c.Step
	}
	if err := f.Lock(); err != nil {
		t.Fatal(err)
	}
	if _, err := TruncateJSONL(f.Path("m.jsonl"), step); err != nil {
		t.Fatal(err)
	}
	if name, nth, ok := strings.Cut(where, " "); ok {
		n, err := strconv.Atoi(nth)
		if err != nil {
			t.Fatal(err)
		}
		atStage = func(s string) error {
			if s == name {
				if n--; n == 0 {
					kill()
				}
			}
			return nil
		}
	}
	for {
		step++
		if err := AppendJSONL(f.Path("m.jsonl"), row{step, .5}); err != nil {
			t.Fatal(err)
		}
		if err := f.Save(step, state(step), map[string]string{"seed": "1"}); err != nil {
			t.Fatal(err)
		}
		fmt.Println("saved", step)
	}
}

// crash runs a child until it is dead, killing it after a while if it does not
// do so itself, and gives the last step that it said to be saved.
func crash(t *testing.T, dir, where string, after time.Duration) (saved int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrash$")
	cmd.Env = append(os.Environ(), crashDir+"="+dir, crashStage+"="+where)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	if stopped := timer.Stop(); stopped == (where == "") {
		t.Fatalf("the child at %q ended by itself: %v; killed by the clock: %v\n%s", where, stopped, !stopped, out.String())
	}
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !ws.Signaled() {
		t.Fatalf("the child at %q was not killed: %v\n%s", where, err, out.String())
	}
	for line := range strings.Lines(out.String()) {
		if _, err := fmt.Sscanf(line, "saved %d\n", &saved); err != nil {
			t.Fatalf("the child at %q printed %q", where, out.String())
		}
	}
	return saved
}

// TestCrash kills a program at each stage of saving, then at any time, and
// looks at what is left: the step last said to be saved or the one after it,
// whole, without a warning, its metrics too; and the next program goes on.
func TestCrash(t *testing.T) {
	if dir := os.Getenv(crashDir); dir != "" {
		crashChild(t, dir, os.Getenv(crashStage))
		return
	}
	check := func(t *testing.T, dir, where string, saved int) (step int) {
		t.Helper()
		f := open(t, dir)
		c, warning, err := f.Latest()
		if err != nil || warning != "" {
			t.Fatalf("%q: %v, warning %q", where, err, warning)
		}
		if c != nil {
			step = c.Step
			if !sameTensors(c.Tensors, state(step)) {
				t.Errorf("%q: step %d is not what was saved", where, step)
			}
		}
		if step != saved && step != saved+1 {
			t.Errorf("%q: the latest is step %d, but %d was saved", where, step, saved)
		}
		if err := f.Lock(); err != nil { // the system has freed the lock
			t.Errorf("%q: %v", where, err)
		}
		defer f.Close()
		if got := files(t, dir); strings.Contains(got, ".tmp-") {
			t.Errorf("%q: left are %s", where, got)
		}
		if _, err := TruncateJSONL(f.Path("m.jsonl"), step); err != nil {
			t.Errorf("%q: %v", where, err)
		}
		rows, err := ReadJSONL[row](f.Path("m.jsonl"))
		if err != nil || len(rows) != step {
			t.Errorf("%q: %d lines of metrics for %d steps, %v", where, len(rows), step, err)
		}
		for i, r := range rows {
			if r != (row{i + 1, .5}) {
				t.Errorf("%q: line %d is %v", where, i, r)
			}
		}
		return step
	}
	t.Run("stages", func(t *testing.T) {
		// Each save has three writes: header, "step", "w". The numbers are of the
		// first, second and fourth save.
		for _, c := range []struct {
			where       string
			saved, left int
		}{
			{"created 1", 0, 0}, {"created 4", 3, 3},
			{"write 1", 0, 0}, {"write 2", 0, 0}, {"write 5", 1, 1}, {"write 12", 3, 3},
			{"written 1", 0, 0}, {"written 2", 1, 1}, {"written 4", 3, 3},
			{"synced 1", 0, 0}, {"synced 4", 3, 3},
			{"renamed 1", 0, 1}, {"renamed 2", 1, 2}, {"renamed 4", 3, 4},
			{"prune 1", 2, 3}, {"prune 2", 3, 4},
			{"append 1", 0, 0}, {"append 4", 3, 3}, {"appended 1", 0, 0}, {"appended 4", 3, 3},
		} {
			dir := t.TempDir()
			if saved := crash(t, dir, c.where, time.Minute); saved != c.saved {
				t.Errorf("%q: the child saved %d steps, want %d", c.where, saved, c.saved)
			}
			if left := check(t, dir, c.where, c.saved); left != c.left {
				t.Errorf("%q: the latest is step %d, want %d", c.where, left, c.left)
			}
			// The next program goes on from there, until it has a third to remove: at once where the one before has left three.
			next := max(c.left+1, 3)
			if strings.Count(files(t, dir), "ckpt-") > 2 {
				next = c.left
			}
			crash(t, dir, "prune 1", time.Minute)
			if left := check(t, dir, c.where, next); left != next {
				t.Errorf("%q: the next program got to step %d, want %d", c.where, left, next)
			}
		}
	})
	t.Run("any time", func(t *testing.T) {
		dir, step := t.TempDir(), 0
		for i := range 12 {
			if saved := crash(t, dir, "", time.Duration(30+7*i)*time.Millisecond); saved > 0 {
				step = saved
			}
			step = check(t, dir, "", step)
		}
		if step == 0 {
			t.Error("no child lived long enough to save")
		}
		t.Logf("%d steps in 12 lives", step)
	})
}
