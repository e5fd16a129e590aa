package datasets

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
)

// A packed file holds pictures as they are trained on: packMagic, height, width and
// channels as uint32, their number as uint64, all little-endian, the SHA-256 of the
// pixels, and the pixels, row-major [n, height, width, channels].
const (
	packMagic  = "IDFFIMG1"
	packHeader = 8 + 3*4 + 8 + sha256.Size
)

// packName is the file for pictures of a key, cropped.
func packName(name, key string, crop Crop) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s\n%d %d", key, crop.Cut, crop.Size)))
	return fmt.Sprintf("%s-%x.images", strings.ReplaceAll(name, " ", "-"), sum[:8])
}

// writePack writes n pictures that fill yields: whole, or not at all.
func writePack(path string, shape [3]int, n int, fill func(yield func([]byte) error) error) error {
	return writeWhole(path, func(file *os.File) error {
		if _, err := file.Write(make([]byte, packHeader)); err != nil {
			return err
		}
		sum, w := sha256.New(), bufio.NewWriterSize(file, 1<<20)
		to := io.MultiWriter(w, sum)
		if err := fill(func(pixels []byte) error { _, err := to.Write(pixels); return err }); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
		head := []byte(packMagic)
		for _, d := range shape {
			head = binary.LittleEndian.AppendUint32(head, uint32(d))
		}
		head = append(binary.LittleEndian.AppendUint64(head, uint64(n)), sum.Sum(nil)...)
		_, err := file.WriteAt(head, 0)
		return err
	})
}

// openPack opens a packed file of n pictures of a shape.
func openPack(name, path string, shape [3]int, n int) (*Images, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", name, err)
	}
	m, err := parsePack(name, file, shape, n)
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("datasets: %s: %s: %w", name, path, err)
	}
	return m, nil
}

func parsePack(name string, file *os.File, shape [3]int, n int) (*Images, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	head := make([]byte, packHeader)
	if _, err := file.ReadAt(head, 0); err != nil || !bytes.HasPrefix(head, []byte(packMagic)) {
		return nil, fmt.Errorf("this is no packed file of images")
	}
	for k, d := range shape {
		if got := binary.LittleEndian.Uint32(head[8+4*k:]); got != uint32(d) {
			return nil, fmt.Errorf("the packed file has images of another size")
		}
	}
	if binary.LittleEndian.Uint64(head[20:]) != uint64(n) || info.Size() != packHeader+int64(n)*int64(shape[0]*shape[1]*shape[2]) {
		return nil, fmt.Errorf("the packed file is cut short, or of other images")
	}
	id := name + "-" + hex.EncodeToString(head[28:36])
	return &Images{shape: shape, n: n, file: file, start: packHeader, name: name, id: id}, nil
}
