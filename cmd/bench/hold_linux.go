package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// holdTo holds this process, and those it starts, to the first n of the cores that it may use.
func holdTo(n int) error {
	var may, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		return fmt.Errorf("which cores may be used: %w", err)
	}
	if n < 1 || n > may.Count() {
		return fmt.Errorf("-cores %d: this process may use %d", n, may.Count())
	}
	for i := 0; set.Count() < n; i++ {
		if may.IsSet(i) {
			set.Set(i)
		}
	}
	runtime.GOMAXPROCS(n)
	for _, thread := range threads() {
		if err := unix.SchedSetaffinity(thread, &set); err != nil {
			return fmt.Errorf("holding to %d cores: %w", n, err)
		}
	}
	return nil
}

// threads are those that the Go runtime has started by now; later ones inherit.
func threads() (list []int) {
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return []int{0} // this thread at least
	}
	for _, e := range entries {
		if id, err := strconv.Atoi(e.Name()); err == nil {
			list = append(list, id)
		}
	}
	return list
}

// canRest tells that processes can be stopped between their turns.
const canRest = true

// rest stops a process, all its threads, until wake: PyTorch's would spin on a core that others are measured on.
func rest(p *os.Process) error { return p.Signal(syscall.SIGSTOP) }

func wake(p *os.Process) error { return p.Signal(syscall.SIGCONT) }

// tie has a process end with this one, also where it rests.
func tie(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
