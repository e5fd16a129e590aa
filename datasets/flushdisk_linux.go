package datasets

import (
	"os"

	"golang.org/x/sys/unix"
)

// flushDisk flushes all files of the disk of a folder: one by one 50,000 small ones would take minutes.
func flushDisk(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // only read
	return unix.Syncfs(int(d.Fd()))
}
