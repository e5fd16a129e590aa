package checkpoint

import (
	"strings"
	"testing"
)

// TestRoom: what is there already is not asked for again; a file system that does not say what is free is trusted.
func TestRoom(t *testing.T) {
	old := freeBytes
	defer func() { freeBytes = old }()
	f := open(t, t.TempDir())
	for saved, missing := range map[int]int64{0: 3, 1: 2, 2: 1, 3: 1} {
		f := &Folder{Dir: t.TempDir()}
		for step := range saved {
			if err := f.Save(step+1, state(step+1), nil); err != nil {
				t.Fatal(err)
			}
		}
		freeBytes = func(string) (int64, bool) { return missing * 2e6, true }
		if err := f.Room(2e6); err != nil {
			t.Errorf("%d checkpoints are there: %v", saved, err)
		}
		freeBytes = func(string) (int64, bool) { return missing*2e6 - 1, true }
		if err := f.Room(2e6); err == nil || !strings.Contains(err.Error(), "2 MB") || !strings.Contains(err.Error(), f.Dir) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%d checkpoints are there: %v, want one line that says that there is no room", saved, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	freeBytes = func(string) (int64, bool) { return 0, false }
	if err := f.Room(2e6); err != nil {
		t.Error(err)
	}
	freeBytes = old
	if err := f.Room(1); err != nil {
		t.Errorf("the folder of the tests has no byte left: %v", err)
	}
	for n, want := range map[int64]string{12: "12 bytes", 1500: "1.5 kB", 123456789: "123 MB", 1.5e10: "15 GB"} {
		if got := inBytes(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
