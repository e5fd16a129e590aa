package datasets

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// A packed file holds pictures as they are trained on:
//
//	header  packMagic, height, width and channels as uint32 and the number n of pictures as uint64, little-endian, and the SHA-256 of all these and the sums
//	pixels  row-major [n, height, width, channels]
//	sums    the SHA-256 of each picture's pixels [n, 32]
//
// The sums are checked when it is opened, a picture whenever it is read: what has another content than the ID says is an error, and opening does not read the pixels.
const (
	packMagic  = "IDFFIMG2"
	packShape  = 8 + 3*4 + 8
	packHeader = packShape + sha256.Size
)

// pack is a packed file, open for reading.
type pack struct {
	file io.ReaderAt
	size int    // of a picture in bytes
	sums []byte // [n, 32]
	id   string // of the content
}

// packHead is the beginning of a header.
func packHead(magic string, shape [3]int, n int) []byte {
	head := []byte(magic)
	for _, d := range shape {
		head = binary.LittleEndian.AppendUint32(head, uint32(d))
	}
	return binary.LittleEndian.AppendUint64(head, uint64(n))
}

// openPack opens a packed file of n pictures of a shape.
func openPack(name, path string, shape [3]int, n int) (*Images, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", name, err)
	}
	p, err := statPack(file, shape, n)
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("datasets: %s: %s: %w", name, path, err)
	}
	return &Images{shape: shape, n: n, pack: p, name: name, id: name + "-" + p.id}, nil
}

func statPack(file *os.File, shape [3]int, n int) (*pack, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return parsePack(file, info.Size(), shape, n)
}

// parsePack reads the header and the sums of a packed file with as many bytes as length says.
func parsePack(file io.ReaderAt, length int64, shape [3]int, n int) (*pack, error) {
	head := make([]byte, packHeader)
	if _, err := file.ReadAt(head, 0); err != nil || !bytes.HasPrefix(head, []byte(packMagic)) {
		return nil, errors.New("this is no packed file of images, or one of another version")
	}
	size := shape[0] * shape[1] * shape[2]
	if !bytes.Equal(head[:packShape], packHead(packMagic, shape, n)) || length != packHeader+int64(n)*int64(size+sha256.Size) {
		return nil, errors.New("the packed file is cut short, or of other images")
	}
	p := &pack{file: file, size: size, sums: make([]byte, n*sha256.Size)}
	if _, err := file.ReadAt(p.sums, packHeader+int64(n)*int64(size)); err != nil {
		return nil, err
	}
	root := packRoot(head[:packShape], p.sums)
	if !bytes.Equal(root, head[packShape:]) {
		return nil, errors.New("the packed file is damaged: its checksums are not those that were written")
	}
	p.id = hex.EncodeToString(root[:8])
	return p, nil
}

// packRoot is the sum of a packed file's content.
func packRoot(head, sums []byte) []byte {
	root := sha256.New()
	root.Write(head)
	root.Write(sums)
	return root.Sum(nil)
}

// read reads picture i, and checks it.
func (p *pack) read(pixels []byte, i int) error {
	if _, err := p.file.ReadAt(pixels, packHeader+int64(i)*int64(p.size)); err != nil {
		return err
	}
	if sum := sha256.Sum256(pixels); bytes.Equal(sum[:], p.sums[i*sha256.Size:(i+1)*sha256.Size]) {
		return nil
	}
	where := "the packed file"
	if f, ok := p.file.(*os.File); ok {
		where = f.Name()
	}
	return fmt.Errorf("%s is damaged: the pixels are not those that were packed; remove it, and the pictures are packed again", where)
}

func (p *pack) close() error {
	if f, ok := p.file.(io.Closer); ok {
		return f.Close()
	}
	return nil
}
