package netcdf

import (
	"fmt"
	"math/bits"
)

// global reads an object of a global heap (section III.E), given its address and index.
func (s *source) global(where *cursor) ([]byte, error) {
	at, index := where.u64(), uint16(where.u32())
	if where.err != nil {
		return nil, where.err
	}
	head, err := s.structure(at, 16)
	if err != nil {
		return nil, err
	}
	c := little(head)
	c.expect("GCOL")
	c.skip(4)
	size := c.u64()
	if c.err != nil {
		return nil, c.err
	}
	for at, end := at+16, at+size; at+16 <= end && at >= 16; {
		if head, err = s.structure(at, 16); err != nil {
			return nil, err
		}
		c = little(head)
		found := c.u16()
		c.skip(6)
		n := c.u64()
		switch {
		case n > uint64(s.size):
			return nil, fmt.Errorf("%w: a heap's object of %d bytes", errDamaged, n)
		case found == index && found != 0:
			return s.structure(at+16, int64(n))
		case found == 0:
			at = end
		default:
			at += 16 + (n+7)&^7
		}
	}
	return nil, fmt.Errorf("%w: a heap lacks object %d", errDamaged, index)
}

// fractalHeap is where a group with many links and an object with many attributes
// keep them (section III.G).
type fractalHeap struct {
	s              *source
	idBytes        int
	width          uint64 // blocks in a row of the table
	start, largest uint64 // bytes of its first, and of its largest direct blocks
	offsetBytes    int
	root           uint64
	rows           int // of the root's table; 0: the root is a block itself
}

// heapObjects reads all objects of a heap that an index lists, a B-tree of
// version 2. skip is how many bytes of a record stand before the object's ID.
func (s *source) heapObjects(heap, index uint64, skip int) ([][]byte, error) {
	h, err := s.fractalHeap(heap)
	if err != nil {
		return nil, err
	}
	b, err := s.structure(index, 38)
	if err != nil {
		return nil, err
	}
	c := little(b)
	c.expect("BTHD")
	c.skip(2)
	node, record, depth := c.u32(), int(c.u16()), c.u16()
	c.skip(2)
	root, records := c.u64(), int(c.u16())
	if c.err != nil {
		return nil, c.err
	}
	if record < skip+h.idBytes || records == 0 {
		return nil, nil
	}
	list, err := s.records(root, records, record, int(node), int(depth))
	if err != nil {
		return nil, err
	}
	var objects [][]byte
	for _, r := range list {
		object, err := h.object(little(r[skip:]))
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// records reads the records of a node of a B-tree of version 2 (section III.A.2), and
// of those below it: a leaf, or a node above leaves.
func (s *source) records(at uint64, n, size, nodeBytes, depth int) ([][]byte, error) {
	if depth > 1 || nodeBytes < 16 {
		return nil, fmt.Errorf("so many variables or attributes that their index has %d levels; 2 are read", depth+1)
	}
	wide := 0 // bytes of a pointer to a child: its address, and how many records it has
	if depth == 1 {
		wide = 8 + (bits.Len(uint((nodeBytes-10)/size))-1)/8 + 1
	}
	b, err := s.structure(at, int64(6+n*size+(n+1)*wide))
	if err != nil {
		return nil, err
	}
	c := little(b)
	c.expect([]string{"BTLF", "BTIN"}[depth])
	c.skip(2)
	var list [][]byte
	for range n {
		list = append(list, c.bytes(size))
	}
	for range min(depth, 1) * (n + 1) {
		child, count := c.u64(), int(c.uint(wide-8))
		if c.err != nil {
			return nil, c.err
		}
		more, err := s.records(child, count, size, nodeBytes, depth-1)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, c.err
}

func (s *source) fractalHeap(at uint64) (*fractalHeap, error) {
	b, err := s.structure(at, 142)
	if err != nil {
		return nil, err
	}
	c := little(b)
	h := &fractalHeap{s: s}
	c.expect("FRHP")
	c.skip(1)
	h.idBytes = int(c.u16())
	filters := c.u16()
	c.skip(1 + 4 + 12*8)
	h.width, h.start, h.largest = uint64(c.u16()), c.u64(), c.u64()
	h.offsetBytes = (int(c.u16()) + 7) / 8
	c.skip(2)
	h.root = c.u64()
	h.rows = int(c.u16())
	switch {
	case c.err != nil:
		return nil, c.err
	case filters != 0:
		return nil, fmt.Errorf("a compressed heap is not read")
	case h.width == 0 || bits.OnesCount64(h.start) != 1 || bits.OnesCount64(h.largest) != 1 || h.largest < h.start || h.largest > 1<<40 || h.offsetBytes > 8 || h.idBytes < h.offsetBytes+2:
		return nil, fmt.Errorf("%w: a heap of odd measures", errDamaged)
	}
	return h, nil
}

// object reads the object of an ID: its offset in the heap and its length.
func (h *fractalHeap) object(c *cursor) ([]byte, error) {
	if kind := c.u8() >> 4 & 3; kind != 0 {
		return nil, fmt.Errorf("attributes of more than 64 KiB are not read")
	}
	offset := c.uint(h.offsetBytes)
	n := c.uint(min(h.idBytes-1-h.offsetBytes, 8))
	if c.err != nil {
		return nil, c.err
	}
	block, within, err := h.block(offset)
	if err != nil {
		return nil, err
	}
	if n > uint64(h.s.size) {
		return nil, fmt.Errorf("%w: an object of %d bytes", errDamaged, n)
	}
	return h.s.structure(block+within, int64(n))
}

// block finds the direct block that holds an offset: row 0 and 1 of the table have
// blocks of the first size, each further row of twice the size of the one before.
func (h *fractalHeap) block(offset uint64) (address, within uint64, err error) {
	if h.rows == 0 {
		return h.root, offset, nil
	}
	size, start := h.start, uint64(0)
	for row := range h.rows {
		if row > 1 {
			size *= 2
		}
		if size > h.largest {
			break
		}
		if k := (offset - start) / size; k < h.width {
			table := h.root + uint64(5+8+h.offsetBytes)
			b, err := h.s.structure(table+8*(uint64(row)*h.width+k), 8)
			if err != nil {
				return 0, 0, err
			}
			return little(b).u64(), offset - start - k*size, nil
		}
		start += h.width * size
	}
	return 0, 0, fmt.Errorf("%w or its attributes are many: an object at %d of a heap", errDamaged, offset)
}
