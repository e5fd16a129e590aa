package plugin

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestProgramKeyFollowsAffinity: programs made for one core have other names than those for all, also where a process that had all was held to one afterwards.
func TestProgramKeyFollowsAffinity(t *testing.T) {
	runtime.LockOSThread() // and never unlocked: the thread ends with the test
	var may, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		t.Fatal(err)
	}
	if may.Count() < 2 {
		t.Skip("one core alone")
	}
	for i := 0; one.Count() < 1; i++ {
		if may.IsSet(i) {
			one.Set(i)
		}
	}
	all := programKey([]byte("x"))
	if all == "" {
		t.Skip("this machine does not tell its processor")
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		t.Fatal(err)
	}
	if held := programKey([]byte("x")); held == all || usableCores() != 1 {
		t.Errorf("on %d of %d cores a program is named %s, and on all %s", usableCores(), may.Count(), held, all)
	}
}
