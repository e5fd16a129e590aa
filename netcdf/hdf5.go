package netcdf

import (
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"
)

// HDF5 (File Format Specification 3.0): a superblock leads to the root group,
// whose links lead to objects. An object is a list of messages: its shape, type,
// layout, filters and attributes. All little-endian but for the data.

const (
	hdf5Signature = "\x89HDF\r\n\x1a\n"
	undefined     = ^uint64(0) // an address that leads nowhere
)

// The kinds of messages that are used (section IV.A.2).
const (
	messageDataspace    = 0x01
	messageLinkInfo     = 0x02
	messageDatatype     = 0x03
	messageFill         = 0x05
	messageLink         = 0x06
	messageLayout       = 0x08
	messageFilters      = 0x0b
	messageAttribute    = 0x0c
	messageContinuation = 0x10
	messageSymbolTable  = 0x11
	messageAttributes   = 0x15
)

type message struct {
	kind  uint16
	flags byte
	body  []byte
}

func little(b []byte) *cursor { return newCursor(b, binary.LittleEndian) }

// readHDF5 reads the superblock, the links of the root group, and what they lead to.
func (f *File) readHDF5() error {
	b, err := f.src.structure(0, min(f.src.size, 128))
	if err != nil {
		return err
	}
	c := little(b)
	c.skip(len(hdf5Signature))
	version := c.u8()
	var offsets, lengths byte
	switch version {
	case 0, 1:
		c.skip(4)
		offsets, lengths = c.u8(), c.u8()
		c.skip(9 + 4*int(version))
	case 2, 3:
		offsets, lengths = c.u8(), c.u8()
		c.skip(1)
	default:
		return fmt.Errorf("version %d of HDF5's superblock; 0 to 3 are read", version)
	}
	if c.err == nil && (offsets != 8 || lengths != 8) {
		return fmt.Errorf("HDF5 with offsets of %d and lengths of %d bytes; 8 and 8 are read", offsets, lengths)
	}
	base := c.u64()
	c.skip(8)
	end := c.u64()
	var root uint64
	if version < 2 {
		c.skip(8 + 8) // driver information; the root's name
	}
	root = c.u64()
	if c.err != nil {
		return fmt.Errorf("the file is cut short: it has %d bytes", f.src.size)
	}
	if base != 0 {
		return fmt.Errorf("HDF5 that begins at byte %d of another file is not read", base)
	}
	if end > uint64(f.src.size) {
		return fmt.Errorf("the file is cut short: it should have %d bytes, but has %d", end, f.src.size)
	}
	messages, err := f.src.object(root)
	if err != nil {
		return err
	}
	links, err := f.src.links(messages)
	if err != nil {
		return err
	}
	slices.SortFunc(links, func(a, b link) int { return strings.Compare(a.name, b.name) }) // a heap has the order of hashes
	addresses := map[uint64]string{}
	for _, l := range links {
		addresses[l.address] = l.name
	}
	for _, l := range links {
		v, err := f.src.variable(l, addresses)
		if err != nil {
			return fmt.Errorf("variable %.40q: %w", l.name, err)
		}
		if v != nil {
			f.vars = append(f.vars, v)
		}
	}
	return nil
}

// object reads the messages of an object (section IV.A.1), version 1 or 2.
func (s *source) object(at uint64) ([]message, error) {
	head, err := s.structure(at, 16)
	if err != nil {
		return nil, err
	}
	if string(head[:4]) == "OHDR" {
		return s.objectV2(at, head)
	}
	c := little(head)
	if version := c.u8(); version != 1 {
		return nil, fmt.Errorf("%w: there is no object at byte %d", errDamaged, at)
	}
	c.skip(7)
	size := c.u32()
	return s.blocks(at+16, uint64(size), 8, 8, 0)
}

func (s *source) objectV2(at uint64, head []byte) ([]message, error) {
	c := little(head)
	c.skip(4)
	version, flags := c.u8(), c.u8()
	if version != 2 {
		return nil, fmt.Errorf("version %d of an HDF5 object; 1 and 2 are read", version)
	}
	start := uint64(6)
	if flags&0x20 != 0 {
		start += 16 // times
	}
	if flags&0x10 != 0 {
		start += 4 // when attributes move to a heap
	}
	width := uint64(1) << (flags & 3)
	b, err := s.structure(at+start, int64(width))
	if err != nil {
		return nil, err
	}
	size := little(b).uint(int(width))
	prefix := 4
	if flags&4 != 0 {
		prefix = 6 // with the order of creation
	}
	return s.blocks(at+start+width, size, prefix, 1, 4)
}

// blocks reads messages from the first block and those that continue it. head is
// the length of a message's head (8 in version 1), align that to which bodies are
// padded, tail that of a continuation's checksum.
func (s *source) blocks(at, size uint64, head, align, tail int) ([]message, error) {
	type block struct{ at, size uint64 }
	var messages []message
	for queue := []block{{at, size}}; len(queue) > 0; queue = queue[1:] {
		if queue[0].size > uint64(s.size) {
			return nil, fmt.Errorf("%w: an object of %d bytes", errDamaged, queue[0].size)
		}
		b, err := s.structure(queue[0].at, int64(queue[0].size))
		if err != nil {
			return nil, err
		}
		c := little(b)
		if queue[0].at != at && tail > 0 {
			c.expect("OCHK")
			c.b = c.b[:max(len(c.b)-tail, c.at)]
		}
		for c.err == nil && c.rest() >= head {
			var m message
			var length int
			if align == 8 {
				m.kind, length, m.flags = c.u16(), int(c.u16()), c.u8()
				c.skip(3)
			} else {
				m.kind, length, m.flags = uint16(c.u8()), int(c.u16()), c.u8()
				c.skip(head - 4)
			}
			m.body = c.bytes(length)
			if m.kind == messageContinuation && c.err == nil {
				at := little(m.body)
				queue = append(queue, block{at.u64(), at.u64()})
				c.err = at.err
				continue
			}
			messages = append(messages, m)
		}
		if c.err != nil {
			return nil, c.err
		}
	}
	return messages, nil
}

// variable makes a variable of an object, nil where it is none: a group, a named
// type, or a dimension without values.
func (s *source) variable(l link, addresses map[uint64]string) (*Var, error) {
	messages, err := s.object(l.address)
	if err != nil {
		return nil, err
	}
	v := &Var{Name: l.name}
	var layout *message
	var filters []filter
	var fill []byte
	found := 0
	for i, m := range messages {
		switch m.kind {
		case messageDataspace:
			v.Shape, err = dataspace(little(m.body))
			found++
		case messageDatatype:
			if m.flags&2 == 0 { // else a named type, which is not read
				v.kind = datatype(little(m.body))
			}
			found++
		case messageLayout:
			layout = &messages[i]
		case messageFill:
			fill = fillValue(little(m.body))
		case messageFilters:
			filters, err = readFilters(little(m.body))
		}
		if err != nil {
			return nil, err
		}
	}
	if layout == nil || found < 2 {
		return nil, nil
	}
	attrs, references, err := s.attributes(messages)
	if err != nil {
		return nil, err
	}
	v.attrs = attrs
	if strings.HasPrefix(v.Text("NAME"), pureDimension) {
		return nil, nil
	}
	v.Dims = make([]string, len(v.Shape))
	for i := range v.Dims {
		if i < len(references) {
			v.Dims[i] = path.Base(addresses[references[i]])
		} else if len(v.Shape) == 1 && v.Text("CLASS") == "DIMENSION_SCALE" {
			v.Dims[i] = v.Name
		}
	}
	if v.kind.isNumber() {
		if v.fill, _ = v.Number("_FillValue"); len(fill) == v.kind.size {
			v.fill = v.kind.number(fill)
		}
		if v.store, err = s.layout(v, little(layout.body), filters); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// pureDimension begins the NAME of a dimension that has no variable.
const pureDimension = "This is a netCDF dimension but not a netCDF variable"

// dataspace reads a shape (section IV.A.2.b).
func dataspace(c *cursor) ([]int, error) {
	version, rank := c.u8(), int(c.u8())
	switch version {
	case 1:
		c.skip(6)
	case 2:
		c.skip(2)
	default:
		return nil, fmt.Errorf("%w: version %d of a dataspace", errDamaged, version)
	}
	shape := make([]int, 0, rank)
	for range rank {
		shape = append(shape, clip(c.u64()))
	}
	if rank > 32 && c.err == nil {
		c.err = fmt.Errorf("%w: an array of %d dimensions", errDamaged, rank)
	}
	return shape, c.err
}

// datatype reads a type (section IV.A.2.d).
func datatype(c *cursor) kind {
	class, bits := c.u8()&15, c.bytes(3)
	k := kind{class: '?', size: int(c.u32()), order: binary.LittleEndian}
	if c.err != nil {
		return kind{class: '?'}
	}
	if bits[0]&1 != 0 {
		k.order = binary.BigEndian
	}
	switch {
	case class == 0 && bits[0]&8 != 0:
		k.class = 'i'
	case class == 0:
		k.class = 'u'
	case class == 1 && bits[0]&0x40 == 0:
		k.class = 'f'
	case class == 3:
		k.class = 'c'
	case class == 9 && bits[0]&15 == 1:
		k.class = 's' // text of any length
	case class == 9:
		k.class = 'r' // a list of any length: of references, in DIMENSION_LIST
	}
	return k
}

// fillValue reads the value of what was never written, as it is stored (section IV.A.2.f); nil where the file gives none. Without an
// attribute _FillValue, NetCDF's default is there, such as 9.97e36.
func fillValue(c *cursor) []byte {
	switch version := c.u8(); version {
	case 1, 2:
		c.skip(2)
		if defined := c.u8(); version == 2 && defined == 0 {
			return nil
		}
	case 3:
		if flags := c.u8(); flags&0x20 == 0 {
			return nil
		}
	default:
		return nil
	}
	return c.bytes(int(c.u32()))
}

// attributes reads the attributes of an object, and the addresses of its dimensions.
func (s *source) attributes(messages []message) (attrs []attribute, dims []uint64, err error) {
	var bodies [][]byte
	for _, m := range messages {
		switch m.kind {
		case messageAttribute:
			if m.flags&2 == 0 { // else shared, which NetCDF does not do
				bodies = append(bodies, m.body)
			}
		case messageAttributes:
			c := little(m.body)
			c.skip(1)
			if c.u8()&1 != 0 {
				c.skip(2)
			}
			heap, index := c.u64(), c.u64()
			if c.err != nil {
				return nil, nil, c.err
			}
			if heap != undefined {
				more, err := s.heapObjects(heap, index, 0)
				if err != nil {
					return nil, nil, fmt.Errorf("its attributes: %w", err)
				}
				bodies = append(bodies, more...)
			}
		}
	}
	for _, body := range bodies {
		a, k, data, err := readAttribute(little(body))
		if err != nil {
			return nil, nil, err
		}
		switch {
		case k.class == 'c':
			a.text = untilZero(data)
		case k.class == 's' && len(data) >= 16:
			text, err := s.global(little(data[4:16]))
			if err != nil {
				return nil, nil, fmt.Errorf("attribute %.40q: %w", a.name, err)
			}
			n := little(data).u32()
			a.text = untilZero(text[:min(uint64(n), uint64(len(text)))])
		case k.class == 'r' && a.name == "DIMENSION_LIST":
			for c := little(data); c.rest() >= 16; {
				c.skip(4)
				reference, err := s.global(little(c.bytes(12)))
				if err != nil {
					return nil, nil, fmt.Errorf("attribute %s: %w", a.name, err)
				}
				dims = append(dims, little(reference).u64())
			}
		case k.isNumber():
			a.numbers = k.numbers(data)
		}
		attrs = append(attrs, a)
	}
	return attrs, dims, nil
}

// readAttribute reads name, type and data (section IV.A.2.m).
func readAttribute(c *cursor) (a attribute, k kind, data []byte, err error) {
	version, flags := c.u8(), c.u8()
	sizes := [3]int{int(c.u16()), int(c.u16()), int(c.u16())}
	pad := 0
	switch version {
	case 1:
		pad = 7
		flags = 0
	case 2:
	case 3:
		c.skip(1)
	default:
		return a, k, nil, fmt.Errorf("%w: version %d of an attribute", errDamaged, version)
	}
	var parts [3][]byte
	for i, n := range sizes {
		parts[i] = c.bytes((n + pad) &^ pad)
	}
	if c.err != nil {
		return a, k, nil, c.err
	}
	a.name = untilZero(parts[0])
	if flags&3 != 0 { // of a named type
		return a, kind{class: '?'}, nil, nil
	}
	return a, datatype(little(parts[1])), c.b[c.at:], nil
}

func untilZero(b []byte) string {
	if i := slices.Index(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}
