package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// folder is a build cache on disk, in the go command's own layout (cmd/go/internal/cache): in 256 subfolders by the first byte, XX-a is a line that says which output action XX has, and XX-d is output XX.
// Go programs read what the go command has written there and the other way round; were the layout another one day, nothing would be found, and packages would be compiled.
type folder string

type entry struct {
	output []byte
	size   int64
	made   time.Time
	path   string
}

const (
	noteUse  = time.Hour          // how old the time of last use may be
	trimEach = 24 * time.Hour     // how often what is old is removed
	trimAge  = 5 * 24 * time.Hour // what is old: not used for so long
	trimmed  = "trim.txt"         // has the time of the last removal
)

func (f folder) name(id []byte, kind string) string {
	h := hex.EncodeToString(id)
	return filepath.Join(string(f), h[:2], h+"-"+kind)
}

// get is what the action has made, and whether it is there whole. What one may is noted as used.
func (f folder) get(action []byte) (e entry, found bool) {
	if len(action) == 0 {
		return e, false
	}
	line, err := os.ReadFile(f.name(action, "a"))
	if err != nil {
		return e, false
	}
	var version, id, output string
	var nanoseconds int64
	if n, err := fmt.Sscan(string(line), &version, &id, &output, &e.size, &nanoseconds); n != 5 || err != nil || version != "v1" || id != hex.EncodeToString(action) {
		return e, false
	}
	if e.output, err = hex.DecodeString(output); err != nil || len(e.output) == 0 {
		return e, false
	}
	e.made, e.path = time.Unix(0, nanoseconds), f.name(e.output, "d")
	info, err := os.Stat(e.path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != e.size {
		return e, false
	}
	if now := time.Now(); now.Sub(info.ModTime()) > noteUse {
		for _, path := range []string{f.name(action, "a"), e.path} {
			_ = os.Chtimes(path, now, now) // in the shared one only its owner may
		}
	}
	return e, true
}

// put keeps body as the action's output, and returns its path.
func (f folder) put(action, output, body []byte, now time.Time) (path string, err error) {
	if len(action) == 0 || len(output) == 0 {
		return "", fmt.Errorf("buildcache: an entry without a name")
	}
	path = f.name(output, "d")
	if err := write(path, body); err != nil {
		return "", fmt.Errorf("buildcache: %w", err)
	}
	line := fmt.Sprintf("v1 %x %x %20d %20d\n", action, output, len(body), now.UnixNano())
	if err := write(f.name(action, "a"), []byte(line)); err != nil {
		return "", fmt.Errorf("buildcache: %w", err)
	}
	return path, nil
}

// write makes a file, whole or not at all, as several go commands may at once.
func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if closed := tmp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
	}
	return err
}

// trim removes, once a day, what has not been used for five days, as the go command does. What cannot be removed stays.
func (f folder) trim(now time.Time) {
	mark := filepath.Join(string(f), trimmed)
	if info, err := os.Stat(mark); err == nil && now.Sub(info.ModTime()) < trimEach {
		return
	}
	if write(mark, fmt.Appendf(nil, "%d", now.Unix())) != nil {
		return
	}
	files, _ := filepath.Glob(filepath.Join(string(f), "[0-9a-f][0-9a-f]", "*-*"))
	for _, path := range files {
		kept := strings.HasSuffix(path, "-a") || strings.HasSuffix(path, "-d") || strings.HasPrefix(filepath.Base(path), "new-")
		if info, err := os.Stat(path); kept && err == nil && info.Mode().IsRegular() && now.Sub(info.ModTime()) > trimAge {
			_ = os.Remove(path)
		}
	}
}
