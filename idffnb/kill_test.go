package idffnb

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/net"
)

const (
	kills     = 50
	killSaves = 5 // steps between checkpoints
	killVar   = "IDFF_TEST_KILL"
)

// killed is an experiment with all that a checkpoint can hold.
func killed() Experiment {
	return Experiment{Name: "killed", Data: datasets.Moons(), Net: net.MLP{Width: 8, Layers: 2}, Batch: 16, Steps: 1500, EMA: .99, WarmUp: 100, Decay: DecayCosine, Accumulate: 2}
}

// killChild trains, saving every killSaves steps, and says what it does until it is killed.
func killChild(t *testing.T) {
	r := mustOpen(t, killed())
	r.chunkSteps, r.saves = 1, time.Hour
	err := r.train(context.Background(), func() {
		fmt.Println("saved", r.savedStep)
		if r.saves = time.Hour; r.step%killSaves == 0 {
			r.saves = 1
			fmt.Println("saving", r.step)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestKill kills a program that trains, with SIGKILL, at random moments: 25 times between any steps, 25 times as it writes a checkpoint. The folder always opens, without a warning, at the checkpoint that was
// last said to be saved or at a later one, holds three at the most, and the training ends in the same bits as an undisturbed one. The program is this test itself.
func TestKill(t *testing.T) {
	if os.Getenv(killVar) != "" {
		killChild(t)
		return
	}
	t.Setenv("GOMLX_BACKEND", "go")
	t.Setenv("IDFF_RUNS", t.TempDir())
	rng := rand.New(rand.NewPCG(3, 4))
	last, writing := 0, 0
	for kill := range kills {
		saved := killOne(t, rng, kill%2 == 0)
		writing += killFiles(t, ".tmp-", 1)
		killFiles(t, "ckpt-*.safetensors", 3)
		r := mustOpen(t, killed())
		if r.Step() < max(saved, last) || r.Step()%killSaves != 0 {
			t.Fatalf("kill %d: the folder is at step %d, but step %d was saved, and it was at %d before", kill, r.Step(), saved, last)
		}
		last = r.Step()
		if last == killed().Steps {
			t.Fatalf("kill %d: the training had ended", kill)
		}
	}
	if last < 2*kills || writing < kills/10 {
		t.Errorf("%d kills in %d steps, %d of them in the middle of a file: the test saw too little", kills, last, writing)
	}
	t.Logf("%d kills in %d steps, %d of them in the middle of a file", kills, last, writing)

	r := mustOpen(t, killed())
	r.backend = pureGo(t) // that of the program, whatever this process has chosen before
	if err := r.Train(); err != nil {
		t.Fatal(err)
	}
	killFiles(t, ".tmp-", 0)
	killFiles(t, "ckpt-*.safetensors", 2)
	got, gotLoss := weights(t, r), lossFile(t, r)
	t.Setenv("IDFF_RUNS", t.TempDir())
	whole := mustOpen(t, killed())
	whole.backend = r.backend
	if err := whole.Train(); err != nil {
		t.Fatal(err)
	}
	want := weights(t, whole)
	if len(got) != len(want) || !bytes.Equal(gotLoss, lossFile(t, whole)) {
		t.Errorf("%d variables and %d bytes of metrics.jsonl, want %d and %d of an undisturbed training, the same", len(got), len(gotLoss), len(want), len(lossFile(t, whole)))
	}
	for path := range want {
		for i := range want[path] {
			if math.Float32bits(got[path][i]) != math.Float32bits(want[path][i]) {
				t.Fatalf("%s[%d] is %g, and %g after an undisturbed training", path, i, got[path][i], want[path][i])
			}
		}
	}
}

// killOne runs the program until a moment of its training, which is that of writing a checkpoint or any, and kills it. It returns the last step that the program said to be saved.
func killOne(t *testing.T, rng *rand.Rand, atSave bool) (saved int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKill$")
	cmd.Env = append(os.Environ(), killVar+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	wait, lines, sign := 1+rng.IntN(20), bufio.NewScanner(out), "saved"
	if atSave {
		wait, sign = 1+wait/killSaves, "saving"
	}
	note := func() {
		text := lines.Text()
		fmt.Sscanf(text, "saved %d", &saved) //nolint:errcheck // other lines leave it
		if strings.HasPrefix(text, sign) {
			wait--
		}
	}
	for wait > 0 && lines.Scan() {
		note()
	}
	time.Sleep(time.Duration(rng.IntN(1500)) * time.Microsecond)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // what it said before it died
		note()
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err == nil || wait > 0 {
		t.Fatalf("the program ended by itself: %v", err)
	}
	return saved
}

// killFiles counts the files of the run folder whose names match, and have no more than most.
func killFiles(t *testing.T, pattern string, most int) int {
	t.Helper()
	if !strings.Contains(pattern, "*") {
		pattern = "*" + pattern + "*"
	}
	list, err := filepath.Glob(filepath.Join(Root(), "killed-*", pattern))
	if err != nil || len(list) > most {
		t.Fatalf("%d files %s, want %d at most: %v", len(list), pattern, most, err)
	}
	return len(list)
}

func lossFile(t *testing.T, r *Run) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(r.Dir, metricsFile))
	if err != nil || len(data) == 0 {
		t.Fatal("no metrics.jsonl: ", err)
	}
	return data
}
