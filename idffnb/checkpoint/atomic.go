package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
)

// atStage is called, if set, when a write has come to a stage: tests fail or
// kill the program there.
var atStage func(stage string) error

func stage(name string) error {
	if atStage == nil {
		return nil
	}
	return atStage(name)
}

// WriteFileAtomic writes data to path so that path holds either data or, after
// an error or a crash, what it held before.
func WriteFileAtomic(path string, data []byte) error {
	return writeAtomic(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// writeAtomic lets write fill a temporary file beside path, flushes it to the
// disk, renames it to path and flushes the folder. On failure the temporary
// file is removed; after a crash Folder.Lock removes it.
func writeAtomic(path string, write func(io.Writer) error) error {
	f, err := createTemp(path)
	if err != nil {
		return unwritten(path, err)
	}
	defer f.Close()
	if err = stage("created"); err == nil {
		err = write(stagedWriter{f})
	}
	if err == nil {
		err = stage("written")
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = stage("synced")
	}
	// Renamed while open, since closing it ends the lock that shows it is in use.
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return unwritten(path, err)
	}
	err = stage("renamed")
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %s is written, but a power failure now might undo that: %w", path, err)
	}
	return nil
}

// unwritten is the error of a file that was not written.
func unwritten(path string, err error) error {
	var op *fs.PathError
	if errors.As(err, &op) { // op.Path is the temporary file
		err = op.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		err = link.Err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("checkpoint: the disk is full: %s was not written and is as it was before; free some space and run again: %w", path, err)
	}
	return fmt.Errorf("checkpoint: %s was not written and is as it was before: %w", path, err)
}

// tempName matches the names of createTemp.
var tempName = regexp.MustCompile(`\.tmp-\d+-\d+$`)

// createTemp makes a new file path.tmp-PID-N and locks it, as a sign that it is
// in use. Unlike os.CreateTemp it leaves the permissions to the umask.
func createTemp(path string) (*os.File, error) {
	for i := 0; ; i++ {
		f, err := os.OpenFile(fmt.Sprintf("%s.tmp-%d-%d", path, os.Getpid(), i), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			_ = flock(f) // where the file system has no locks, we write all the same
		}
		return f, err
	}
}

// removeTemps removes the temporary files that crashed programs left in dir,
// not those that others are writing.
func removeTemps(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !tempName.MatchString(e.Name()) {
			continue
		}
		f, err := os.OpenFile(filepath.Join(dir, e.Name()), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if flock(f) == nil {
			err = os.Remove(f.Name())
		}
		f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// sysFlock is the system's; a test replaces it.
var sysFlock = syscall.Flock

// flock takes the exclusive lock of an open file, which the system frees when
// the file is closed or the program ends, however it ends. It does not wait:
// while another holds it, the error is EWOULDBLOCK.
func flock(f *os.File) error {
	for {
		err := sysFlock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EINTR {
			return err
		}
	}
}

// syncDir flushes a folder, so that a renamed file stays renamed. File systems
// that cannot do that say EINVAL or ENOTSUP.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}

// stagedWriter makes each write a stage.
type stagedWriter struct{ w io.Writer }

func (s stagedWriter) Write(b []byte) (int, error) {
	if err := stage("write"); err != nil {
		return 0, err
	}
	return s.w.Write(b)
}
