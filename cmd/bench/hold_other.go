//go:build !linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// holdTo cannot hold a process to some cores here: all of them must be meant.
func holdTo(n int) error {
	if n != runtime.NumCPU() {
		return fmt.Errorf("-cores %d: only Linux can hold a process to some of %d cores", n, runtime.NumCPU())
	}
	return nil
}

const canRest = false // rest, wake and tie are for Linux only

func rest(*os.Process) error { return nil }
func wake(*os.Process) error { return nil }
func tie(*exec.Cmd)          {}
