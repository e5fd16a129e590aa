package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// others is the number of cores that others keep busy, in this machine or, where it is a guest, in its host (stolen time): the mean of some seconds in which nothing is measured; or "unknown".
func others() string {
	before, errBefore := os.ReadFile("/proc/stat")
	const span = 3 * time.Second
	time.Sleep(span)
	after, errAfter := os.ReadFile("/proc/stat")
	first, okFirst := busyTicks(string(before))
	last, okLast := busyTicks(string(after))
	if errBefore != nil || errAfter != nil || !okFirst || !okLast {
		return "unknown"
	}
	const ticks = 100 // a second, on every machine that Linux shows these numbers on
	return fmt.Sprintf("%.2f", float64(last-first)/ticks/span.Seconds())
}

// busyTicks is the time that all cores together were not idle, from the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal.
func busyTicks(stat string) (ticks int, ok bool) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, false
	}
	for i, field := range fields[1:9] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, false
		}
		if i != 3 && i != 4 {
			ticks += n
		}
	}
	return ticks, true
}

// isBusy tells whether others keep more than half a core busy, so that the clock says little.
func isBusy(cores string) bool {
	value, err := strconv.ParseFloat(cores, 64)
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
