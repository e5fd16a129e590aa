package netcdf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// errDamaged is the error of a file whose parts contradict one another.
var errDamaged = errors.New("the file is damaged")

// source is the file, with a budget for what is read of its structure.
type source struct {
	r      io.ReaderAt
	size   int64
	budget int64
}

func newSource(r io.ReaderAt, size int64) *source {
	return &source{r: r, size: size, budget: 1<<20 + 2*size}
}

// structure reads n bytes of a file's structure. A structure that leads in
// circles runs out of budget.
func (s *source) structure(at uint64, n int64) ([]byte, error) {
	if n < 0 || n > s.budget {
		return nil, fmt.Errorf("%w: its structure leads in circles", errDamaged)
	}
	s.budget -= n
	return s.bytes(at, n)
}

// bytes reads n bytes.
func (s *source) bytes(at uint64, n int64) ([]byte, error) {
	if n < 0 || at > uint64(s.size) || n > s.size-int64(at) {
		return nil, fmt.Errorf("the file is cut short or damaged: %d bytes at %d are beyond its %d bytes", n, at, s.size)
	}
	b := make([]byte, n)
	if _, err := s.r.ReadAt(b, int64(at)); err != nil && (err != io.EOF || int64(at)+n != s.size) {
		return nil, err
	}
	return b, nil
}

// cursor walks over bytes. After the first failure it gives zeros.
type cursor struct {
	b     []byte
	at    int
	order binary.ByteOrder
	err   error
}

func newCursor(b []byte, order binary.ByteOrder) *cursor { return &cursor{b: b, order: order} }

// bytes takes n bytes.
func (c *cursor) bytes(n int) []byte {
	if c.err != nil || n < 0 || n > len(c.b)-c.at {
		if c.err == nil {
			c.err = fmt.Errorf("%w: a part of its structure ends early", errDamaged)
		}
		return nil
	}
	c.at += n
	return c.b[c.at-n : c.at : c.at]
}

func (c *cursor) skip(n int) { c.bytes(n) }

// uint takes a whole number of n bytes, at most 8.
func (c *cursor) uint(n int) uint64 {
	b := c.bytes(n)
	if n > 8 && c.err == nil {
		c.err = errDamaged
	}
	if c.err != nil {
		return 0
	}
	v := uint64(0)
	for i := range b {
		if c.order == binary.BigEndian {
			v = v<<8 | uint64(b[i])
		} else {
			v |= uint64(b[i]) << (8 * i)
		}
	}
	return v
}

func (c *cursor) u8() byte    { return byte(c.uint(1)) }
func (c *cursor) u16() uint16 { return uint16(c.uint(2)) }
func (c *cursor) u32() uint32 { return uint32(c.uint(4)) }
func (c *cursor) u64() uint64 { return c.uint(8) }

// rest is how many bytes are left.
func (c *cursor) rest() int { return len(c.b) - c.at }

// expect checks a signature.
func (c *cursor) expect(signature string) {
	if got := c.bytes(len(signature)); c.err == nil && string(got) != signature {
		c.err = fmt.Errorf("%w: there is %.8q where %q should be", errDamaged, got, signature)
	}
}
