package checkpoint

import (
	"archive/zip"
	"bytes"
	"io"

	"github.com/idff-go/workbench/unpickle"
)

// fileFormat is a format of weights.
type fileFormat int

const (
	safetensorsFile fileFormat = iota
	zipFile                    // of torch.save since PyTorch 1.6
	legacyFile                 // of torch.save before
)

// maxFile is the size of the largest file that is read, in bytes. All of it is
// held in memory; the networks here take a thousandth of it.
const maxFile = 4 << 30

// formatOf tells the formats apart by their first bytes, and looks at the least
// that a whole file of the format must have, so that of a file of another kind,
// or a large one that is cut short, no more is read than that.
func formatOf(file io.ReaderAt, size int64) (fileFormat, error) {
	head := make([]byte, min(size, 512))
	if _, err := file.ReadAt(head, 0); err != nil && err != io.EOF {
		return 0, err
	}
	switch {
	case len(head) == 0:
		return 0, corrupt("the file is empty")
	case size > maxFile:
		return 0, refused("the file has %d bytes; at most %d are read", size, int64(maxFile))
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		if _, err := zip.NewReader(file, size); err != nil {
			return 0, corrupt("the zip file cannot be read: %w; it is cut short or damaged", err)
		}
		return zipFile, nil
	case head[0] == 0x80 && (len(head) < 9 || head[8] != '{'):
		if v, _, err := readPickle(head, unpickle.NewBudget(len(head)), nil); err != nil || v != any(legacyMagic) {
			return 0, corrupt("this is no file of torch.save: it does not start as one")
		}
		return legacyFile, nil
	case len(head) > 8 && head[8] == '{':
		return safetensorsFile, nil
	case bytes.HasPrefix(head, []byte("\x89HDF")):
		return 0, corrupt("this is an HDF5 file; the formats are safetensors and PyTorch's .pt")
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return 0, refused("this is a tar file, as PyTorch before 0.2 wrote them, or a packed folder; save it again with a newer PyTorch")
	}
	return 0, corrupt("this is neither a safetensors file nor one of torch.save: it starts with %.12q", head)
}
