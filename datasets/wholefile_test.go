package datasets

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestMain is also the program that the tests below kill.
func TestMain(m *testing.M) {
	switch path := os.Getenv("DATASETS_TEST_WRITES"); filepath.Ext(path) {
	case ".whole":
		_ = writeWhole(path, func(file *os.File) error {
			_, err := file.Write(make([]byte, 1000))
			return waitForever(err)
		})
	case ".folder":
		_ = WriteImages(path, 2, [3]int{1, 2, 1}, func(from int) (x, labels []float32) {
			if from == 1 {
				_ = waitForever(nil)
			}
			return make([]float32, 2), nil
		})
	case ".images":
		p := newPacking(filepath.Dir(path), [3]int{1, 2, 3}, 100, ramp(600))
		whole := p.load
		var n atomic.Int64
		p.load = func(i int) ([]byte, error) {
			if n.Add(1) > 50 { // of which all but one for each core are written
				return nil, waitForever(nil)
			}
			return whole(i)
		}
		_ = p.run()
	default:
		os.Exit(m.Run())
	}
	os.Exit(3) // nothing was to end
}

// waitForever says that it waits, and waits until the program is killed.
func waitForever(err error) error {
	if err == nil {
		_, err = os.Stdout.WriteString("waiting\n")
	}
	if err == nil {
		_, err = io.Copy(io.Discard, os.Stdin)
	}
	return err
}

// writer starts a program that writes path and waits in the middle.
func writer(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "DATASETS_TEST_WRITES="+path)
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stdin.Close(); _ = c.Process.Kill(); _ = c.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "waiting\n" {
		t.Fatalf("the writer says %q, %v", line, err)
	}
	return c
}

func TestWriteWholeRemovesWhatKilledWritersLeft(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file.whole")
	others := []string{".file.whole-notes", "file.whole.bak", ".file.whole2-123"}
	for _, name := range others {
		write(t, filepath.Join(dir, name), nil)
	}
	put := func(text string) {
		t.Helper()
		err := writeWhole(path, func(file *os.File) error { _, err := file.WriteString(text); return err })
		if got := bytesOf(t, path); err != nil || string(got) != text {
			t.Fatalf("%q, %v; want %q", got, err, text)
		}
	}
	for _, signal := range []os.Signal{os.Interrupt, os.Kill} {
		living, killed := writer(t, path), writer(t, path)
		if err := killed.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		_ = killed.Wait()
		if left := names(t, dir); len(left) < len(others)+2 {
			t.Fatalf("%v: there are %v, want two temporary files", signal, left)
		}
		put("while one writes")
		if left := names(t, dir); len(left) != len(others)+2 { // the file, and that of the living
			t.Errorf("%v: there are %v, want one temporary file", signal, left)
		}
		if err := living.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = living.Wait()
		put("while none writes")
		if left := names(t, dir); len(left) != len(others)+1 {
			t.Errorf("%v: there are %v", signal, left)
		}
	}
}

// Of two that write the same file at once the last one stays, whole.
func TestWriteWholeAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	done := make(chan error)
	for k := range 8 {
		go func() {
			var err error
			for range 20 {
				if e := writeWhole(path, func(file *os.File) error { _, err := file.Write(bytes.Repeat([]byte{byte(k)}, 9000)); return err }); e != nil {
					err = e
				}
			}
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	got := bytesOf(t, path)
	if len(got) != 9000 || slices.Min(got) != slices.Max(got) || len(names(t, filepath.Dir(path))) != 1 {
		t.Errorf("%d bytes from %d to %d, files %v", len(got), slices.Min(got), slices.Max(got), names(t, filepath.Dir(path)))
	}
}

// What a killed program had packed is not decoded again, and what a living one packs is left alone.
func TestPackingGoesOn(t *testing.T) {
	dir := t.TempDir()
	p := newPacking(dir, [3]int{1, 2, 3}, 100, ramp(600))
	whole := p.load
	var loads atomic.Int64
	p.load = func(i int) ([]byte, error) { loads.Add(1); return whole(i) }
	c := writer(t, p.path)
	if err := p.run(); err != nil || loads.Load() != 100 || len(names(t, dir)) != 2 {
		t.Errorf("beside a living one: %d decoded, files %v: %v", loads.Load(), names(t, dir), err)
	}
	want := bytesOf(t, p.path)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	loads.Store(0)
	if err := p.run(); err != nil || len(names(t, dir)) != 1 {
		t.Errorf("after it was killed: files %v: %v", names(t, dir), err)
	}
	if n := loads.Load(); n < 50 || n > 80 {
		t.Errorf("%d pictures are decoded again, want those 50 that were not there", n)
	}
	if !bytes.Equal(bytesOf(t, p.path), want) {
		t.Error("the packed file is not that of one go")
	}
}
