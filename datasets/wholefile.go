package datasets

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// writeWhole puts what fill writes at path, whole or not at all: into a temporary file beside it, flushed to the disk and renamed. It makes the folder, and removes the temporary files of writers of path that were killed.
func writeWhole(path string, fill func(file *os.File) error) error {
	prefix := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"-")
	for _, old := range abandoned(prefix) {
		discard(old)
	}
	file, err := createLocked(prefix)
	if err != nil {
		return err
	}
	if err = fill(file); err == nil {
		err = publish(file, path)
	}
	if err != nil {
		discard(file)
	}
	return err
}

// createLocked makes a new file called prefix and a number, and its folder, and locks it until it is closed. The system frees the lock of a program that ends, however it ends: whoever gets it knows that the writer is gone.
func createLocked(prefix string) (*os.File, error) {
	dir, base := filepath.Split(prefix)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	for {
		file, err := os.CreateTemp(dir, base+"*")
		if err != nil {
			return nil, err
		}
		if err := lock(file); err != syscall.EWOULDBLOCK && isAt(file, file.Name()) { // where the file system has no locks, we write all the same
			return file, nil
		}
		_ = file.Close() // taken for abandoned between the two lines
	}
}

// abandoned opens the files called prefix and a number whose writers have ended, and locks them. Where the file system has no locks, there are none.
func abandoned(prefix string) (files []*os.File) {
	dir, base := filepath.Split(prefix)
	entries, _ := os.ReadDir(dir) // without a folder there are none
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), base)
		if !ok || number == "" || strings.Trim(number, "0123456789") != "" || !e.Type().IsRegular() {
			continue
		}
		file, err := os.OpenFile(filepath.Join(dir, e.Name()), os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if lock(file) == nil && isAt(file, file.Name()) {
			files = append(files, file)
			continue
		}
		_ = file.Close()
	}
	return files
}

// publish flushes a file to the disk and renames it to path. It is closed afterwards, so that it stays locked as long as it has its first name.
func publish(file *os.File, path string) error {
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	_ = file.Close() // flushed above
	return nil
}

// discard removes a file and closes it.
func discard(file *os.File) {
	_ = os.Remove(file.Name())
	_ = file.Close()
}

// flock is the system's; tests replace it.
var flock = syscall.Flock

// lock takes the exclusive lock of an open file, or gives EWOULDBLOCK where another has it.
func lock(file *os.File) error {
	for {
		if err := flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != syscall.EINTR {
			return err
		}
	}
}

// isAt is whether an open file is still the one at path.
func isAt(file *os.File, path string) bool {
	open, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(path)
	return err == nil && os.SameFile(open, named)
}
