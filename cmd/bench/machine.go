package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// load is the machine's load average of the last minute, or "unknown".
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// isBusy tells whether others keep more than half a core busy, so that the clock says little.
func isBusy(load string) bool {
	value, err := strconv.ParseFloat(load, 64)
	return err == nil && value > .5
}

// machine names the processor and its cores.
func machine() string {
	name := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				name = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %s/%s, %d of %d cores", name, runtime.GOOS, runtime.GOARCH, *cores, machineCores)
}

var machineCores = runtime.NumCPU() // before the process is held to fewer
