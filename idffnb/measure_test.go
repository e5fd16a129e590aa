package idffnb

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/idff-go/workbench/idffnb/net"
)

// What MeasureTraining finds is kept for Measured, without a checkpoint, and measured anew each time; another backend's, or that of other settings, is not taken for this one's.
func TestMeasureTraining(t *testing.T) {
	e := small(t)
	e.Net, e.WarmUp, e.EMA = net.MLP{Width: 8, Layers: 1}, 40, .9
	c, err := MeasureTraining(e, 3)
	if err != nil {
		t.Fatal(err)
	}
	if want := 3*8 + 8 + 8*2 + 2; c.Steps != 3 || c.Batch != 32 || !(c.Seconds > 0) || !(c.Start > 0) || c.Parameters != want {
		t.Errorf("measured %+v, want 3 steps of batch 32 and %d parameters", c, want)
	}
	if c.Memory.Bytes <= 0 || c.Memory.Of == "" {
		t.Errorf("memory %+v", c.Memory)
	}
	dirs, err := filepath.Glob(filepath.Join(Root(), "small-*"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("run folders %v, %v; want one", dirs, err)
	}
	if ckpt, _ := filepath.Glob(filepath.Join(dirs[0], "*.safetensors")); len(ckpt) > 0 {
		t.Errorf("checkpoints were written: %v", ckpt)
	}
	path := filepath.Join(dirs[0], "measured.json")
	again, err := Measured(e, 3)
	if err != nil || *again != *c {
		t.Errorf("afterwards measured is %+v, %v; want what was found", again, err)
	}
	old := *c
	old.Seconds = 1000
	write := func(c StepCost) {
		t.Helper()
		data, err := json.Marshal(c)
		if err == nil {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(old)
	if again, err = MeasureTraining(e, 3); err != nil || again.Seconds == 1000 {
		t.Errorf("a new measurement is the old one: %+v, %v", again, err)
	}
	other := old
	other.Backend = "another"
	write(other)
	if again, err = Measured(e, 3); err != nil || again.Seconds == 1000 {
		t.Errorf("what another backend took is given: %+v, %v", again, err)
	}
	write(old)
	t.Setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=0")
	if again, err = Measured(e, 3); err != nil || again.Seconds == 1000 || again.Settings == c.Settings {
		t.Errorf("what was taken under settings %q is given for %q: %+v, %v", c.Settings, settings(), again, err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Measured(e, 3)
	expectLine(t, "a damaged file", err, "is damaged")
	_, err = MeasureTraining(e, 0)
	expectLine(t, "no steps", err, "want 1 or more")
	if got := c.Project(1000, 64); got != time.Duration(1000*c.Seconds*2*float64(time.Second)) {
		t.Errorf("1000 steps of batch 64 take %v at %g s for batch 32", got, c.Seconds)
	}
}

func TestGPUMemory(t *testing.T) {
	pid := os.Getpid()
	for _, test := range []struct{ name, apps, gpus, want string }{
		{"no nvidia-smi", "", "", "memory not known"},
		{"its own", fmt.Sprintf("1, 500\n%d, 2048\n", pid), "3000\n", "2.1 GB of the GPU's memory, held by this program"},
		{"a container", "4711, 2048\n", "81559\n1\n", "85.5 GB of the GPU's memory, in use by all programs"},
		{"not told", fmt.Sprintf("%d, [N/A]\n", pid), "1000\n", "1.0 GB of the GPU's memory, in use by all programs"},
		{"nothing told", "", "[N/A]\n", "memory not known"},
	} {
		bin := t.TempDir()
		t.Setenv("PATH", bin+":/usr/bin:/bin")
		if test.gpus != "" {
			script := fmt.Sprintf("#!/bin/sh\ncase $1 in *apps*) printf '%%s' '%s';; *) printf '%%s' '%s';; esac\n", test.apps, test.gpus)
			if err := os.WriteFile(filepath.Join(bin, "nvidia-smi"), []byte(script), 0o700); err != nil { //nolint:gosec // a script
				t.Fatal(err)
			}
		} else {
			t.Setenv("PATH", bin)
		}
		if got := newMemoryMeter(BackendInfo{Name: "cuda"}).peak().String(); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// Saving takes at most a twentieth of the time, however large a checkpoint is.
func TestSaveTime(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{0: saveEvery, time.Second: saveEvery, 6 * time.Second: 114 * time.Second} {
		if got := (&Run{saveTook: took}).saveTime(); got != want {
			t.Errorf("after a checkpoint of %v the next is %v later, want %v", took, got, want)
		}
	}
	if got := (&Run{saveTook: time.Hour, saves: 1}).saveTime(); got != 1 {
		t.Errorf("a test's own time is %v, want 1 ns", got)
	}
}
