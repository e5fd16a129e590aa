package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// AppendJSONL appends each value as a line of JSON to the file at path, which
// is made if there is none, and flushes it to the disk. What a crash has left
// of a line without an end is cut off before. Either all values are appended
// or, with an error, none; a value that JSON cannot hold, such as NaN, is one.
func AppendJSONL(path string, values ...any) error {
	var lines bytes.Buffer
	for i, v := range values {
		b, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("checkpoint: %s: nothing was appended: value %d (counted from 0): %w", path, i, err)
		}
		lines.Write(b)
		lines.WriteByte('\n')
	}
	if lines.Len() == 0 {
		return nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return fmt.Errorf("checkpoint: nothing was appended: %w", err)
	}
	defer f.Close()
	end, err := wholeLines(f)
	if err == nil {
		err = f.Truncate(end)
	}
	if err != nil {
		return fmt.Errorf("checkpoint: nothing was appended: %w", err)
	}
	err = stage("append")
	if err == nil {
		_, err = f.WriteAt(lines.Bytes(), end)
	}
	if err == nil {
		err = stage("appended")
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		_ = f.Truncate(end) // what is left of a torn line is cut off at the next append
		return unwritten(path, err)
	}
	if end == 0 { // the file may be new
		if err := syncDir(filepath.Dir(path)); err != nil {
			return fmt.Errorf("checkpoint: %s is written, but a power failure now might undo that: %w", path, err)
		}
	}
	return nil
}

// wholeLines is the size of the file up to the end of its last whole line.
func wholeLines(f *os.File) (int64, error) {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	block := make([]byte, 4096)
	for end > 0 {
		b := block[:min(end, int64(len(block)))]
		if _, err := f.ReadAt(b, end-int64(len(b))); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			return end - int64(len(b)) + int64(i) + 1, nil
		}
		end -= int64(len(b))
	}
	return 0, nil
}

// ReadJSONL reads the lines that AppendJSONL wrote. A last line without an end
// is ignored, as are empty lines; a file that does not exist has no lines. It
// is an error if another line is not JSON for T.
func ReadJSONL[T any](path string) ([]T, error) {
	var values []T
	err := eachLine(path, func(line []byte) error {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return err
		}
		values = append(values, v)
		return nil
	})
	return values, err
}

// TruncateJSONL removes the lines whose field "step" is above step, so that a
// run resumed from there does not write them twice, and a last line without an
// end. Lines without that field stay. The file is replaced as a whole or not
// at all.
func TruncateJSONL(path string, step int) (removed int, err error) {
	var kept bytes.Buffer
	err = eachLine(path, func(line []byte) error {
		var v struct {
			Step *float64 `json:"step"`
		}
		if err := json.Unmarshal(line, &v); err != nil {
			return err
		}
		if v.Step != nil && *v.Step > float64(step) {
			removed++
			return nil
		}
		kept.Write(line)
		kept.WriteByte('\n')
		return nil
	})
	if err != nil {
		return 0, err
	}
	if info, err := os.Stat(path); err != nil || info.Size() == int64(kept.Len()) {
		return 0, nil // there is no file, or nothing to remove
	}
	if err := WriteFileAtomic(path, kept.Bytes()); err != nil {
		return 0, err
	}
	return removed, nil
}

// eachLine calls do with each whole line that is not empty.
func eachLine(path string, do func(line []byte) error) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	for n := 1; ; n++ {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		if !whole {
			return nil
		}
		b = rest
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := do(line); err != nil {
			return fmt.Errorf("checkpoint: %s: line %d is not as expected; mend or remove it: %w", path, n, err)
		}
	}
}
