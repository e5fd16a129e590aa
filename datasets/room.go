package datasets

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// freeMemory is what a program can still take of the memory; ok is false where the system does not say. Tests replace it.
var freeMemory = func() (free int64, ok bool) { return memoryLeft("/proc", "/sys/fs/cgroup") }

// littleMemory is as any program takes: nobody is asked. Tests replace it.
var littleMemory int64 = 1 << 24

// room says in one line if there is not enough memory for what is to be held in it.
func room(what string, need int64) error {
	if need < littleMemory {
		return nil
	}
	if free, ok := freeMemory(); ok && need > free {
		return fmt.Errorf("%s: this takes %.2f GB of memory, and %.2f GB are free: end other programs, take a part of the data, or a larger machine", what, float64(need)/1e9, float64(free)/1e9)
	}
	return nil
}

// diskRoom says in one line if the disk of a path has not as many bytes free as need says, and what to do beside freeing some.
func diskRoom(path string, need int64, other string) error {
	var s syscall.Statfs_t
	if syscall.Statfs(path, &s) != nil || s.Blocks == 0 {
		return nil // it does not say
	}
	if free := int64(s.Bavail) * int64(s.Bsize); free < need {
		return fmt.Errorf("the disk of %s has %.2f GB free, and %.2f GB are to be written: free some space, or %s", filepath.Dir(path), float64(free)/1e9, float64(need)/1e9, other)
	}
	return nil
}

// memoryLeft is MemAvailable and free swap of Linux, or what a limit of the control groups leaves to a container or a cluster's job, if that is less: the limit without what is held there beside copies of files, which give way.
func memoryLeft(proc, sys string) (free int64, ok bool) {
	machine := filepath.Join(proc, "meminfo")
	if free, ok = numberOf(machine, "MemAvailable:"); !ok {
		return 0, false
	}
	swap, _ := numberOf(machine, "SwapFree:")
	free = (free + swap) << 10
	groups, _ := os.ReadFile(filepath.Join(proc, "self", "cgroup")) // without it there are none
	for _, line := range strings.Split(string(groups), "\n") {
		part := strings.SplitN(line, ":", 3) // number, controllers, path
		if len(part) < 3 {
			continue
		}
		base, limit, held := sys, "memory.max", []string{"anon", "shmem"} // version 2
		if slices.Contains(strings.Split(part[1], ","), "memory") {
			base, limit, held = filepath.Join(sys, "memory"), "memory.limit_in_bytes", []string{"total_rss", "total_shmem"}
		} else if part[1] != "" {
			continue
		}
		for dir := filepath.Clean("/" + part[2]); ; dir = filepath.Dir(dir) { // groups that it is in
			at := filepath.Join(base, dir)
			if left, ok := numberOf(filepath.Join(at, limit), ""); ok {
				for _, key := range held {
					n, _ := numberOf(filepath.Join(at, "memory.stat"), key)
					left -= n
				}
				free = min(free, max(left, 0))
			}
			if dir == "/" {
				break
			}
		}
	}
	return free, true
}

// numberOf is the number after a key at the start of a line, or the only word of a file for "".
func numberOf(path, key string) (n int64, ok bool) {
	file, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	for _, line := range strings.Split(string(file), "\n") {
		word := strings.Fields(line)
		if key == "" {
			word = append([]string{""}, word...)
		}
		if len(word) < 2 || word[0] != key {
			continue
		}
		n, err := strconv.ParseInt(word[1], 10, 64)
		return n, err == nil
	}
	return 0, false
}

// readLimited unpacks at most limit bytes, of which as many are likely as likely says; more are an error, and so are more than there is memory for.
func readLimited(r io.Reader, what string, likely, limit int64) ([]byte, error) {
	free, ok := freeMemory()
	if !ok {
		free = math.MaxInt64
	}
	most := min(limit, max(free, littleMemory))
	data := bytes.NewBuffer(make([]byte, 0, min(likely, most)+bytes.MinRead))
	if _, err := data.ReadFrom(io.LimitReader(r, most+1)); err != nil {
		return nil, fmt.Errorf("%s is cut short or damaged: %w", what, err)
	}
	switch n := int64(data.Len()); {
	case n > limit:
		return nil, fmt.Errorf("%s unpacks to more than %d bytes", what, limit)
	case n > most:
		return nil, fmt.Errorf("%s unpacks to more than the %.2f GB of memory that are free: end other programs, or take a larger machine", what, float64(free)/1e9)
	}
	return data.Bytes(), nil
}
