package checkpoint

import (
	"fmt"
	"syscall"
)

// freeBytes is what the file system of a path has free for this user; ok is false where it does not say. Tests replace it.
var freeBytes = func(path string) (free int64, ok bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(path, &s) != nil || s.Blocks == 0 {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}

// Room says in one line if the disk has no room for checkpoints of a size in bytes: for Keep of them and the one that Save writes before it removes the oldest, less those that are there.
func (f *Folder) Room(size int64) error {
	steps, err := f.steps()
	if err != nil {
		return err
	}
	keep := f.keep()
	missing := int64(keep + 1 - min(len(steps), keep))
	free, ok := freeBytes(f.Dir)
	if !ok || free >= missing*size {
		return nil
	}
	return fmt.Errorf("checkpoint: the disk of %s has %s free, and this run needs %s: %d checkpoints of %s, since a new one is written before an old one is removed; free some space", f.Dir, inBytes(free), inBytes(missing*size), missing, inBytes(size))
}

// inBytes writes a size for people.
func inBytes(n int64) string {
	for _, unit := range []struct {
		bytes int64
		name  string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if n >= unit.bytes {
			return fmt.Sprintf("%.3g %s", float64(n)/float64(unit.bytes), unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
