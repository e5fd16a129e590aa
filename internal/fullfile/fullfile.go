// Package fullfile lets tests run out of room without a disk of their own: files of the process may not grow beyond a size. It is for tests alone.
//
//	if !fullfile.Alone(t) {
//		return
//	}
//	fullfile.Limit(t, 20_000, func() { err = write(path) })
package fullfile

import (
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

const child = "IDFF_TEST_FULL_FILE"

// Alone runs the test in another process, and reports there, and only there, that it should go on: a limit holds for a whole process, in which the testing package writes a log of its own.
func Alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(child) == t.Name() {
		return true
	}
	command := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	command.Env = append(os.Environ(), child+"="+t.Name())
	if out, err := command.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// Limit calls f while no file may grow beyond so many bytes; writing more is the error of a full disk.
func Limit(t *testing.T, bytes uint64, f func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	tight := limit
	tight.Cur = bytes
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &tight); err != nil {
		t.Fatal(err)
	}
	f()
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
}
