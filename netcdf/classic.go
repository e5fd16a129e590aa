package netcdf

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The classic format (NetCDF Classic Format Specification): a header of
// dimensions, attributes and variables, all big-endian, then the data.

const (
	tagDimension = 0x0a
	tagVariable  = 0x0b
	tagAttribute = 0x0c
)

// classicKinds are the types by their number.
var classicKinds = map[uint32]kind{
	1: {'i', 1, binary.BigEndian}, 2: {'c', 1, binary.BigEndian}, 3: {'i', 2, binary.BigEndian}, 4: {'i', 4, binary.BigEndian},
	5: {'f', 4, binary.BigEndian}, 6: {'f', 8, binary.BigEndian}, 7: {'u', 1, binary.BigEndian}, 8: {'u', 2, binary.BigEndian},
	9: {'u', 4, binary.BigEndian}, 10: {'i', 8, binary.BigEndian}, 11: {'u', 8, binary.BigEndian},
}

// header walks over the header; wide is the size of a count, that of a position is place.
type header struct {
	cursor
	wide, place int
}

// readClassic reads the header. Where it ends is not known before it is read,
// so ever more of the file is taken.
func (f *File) readClassic() error {
	for n := int64(64 << 10); ; n *= 8 {
		n = min(n, f.src.size)
		b, err := f.src.bytes(0, n)
		if err != nil {
			return err
		}
		h := &header{cursor: cursor{b: b, order: binary.BigEndian}}
		vars, err := h.read(f.src.size)
		if h.err != nil && n < f.src.size {
			continue
		}
		if h.err != nil {
			return fmt.Errorf("the header is cut short or damaged: %w", h.err)
		}
		f.vars = vars
		return err
	}
}

func (h *header) read(size int64) ([]*Var, error) {
	h.skip(3)
	version := h.u8()
	switch version {
	case 1:
		h.wide, h.place = 4, 4
	case 2:
		h.wide, h.place = 4, 8
	case 5:
		h.wide, h.place = 8, 8
	default:
		return nil, fmt.Errorf("version %d of the classic format; 1, 2 and 5 are read", version)
	}
	records := h.uint(h.wide)
	type dimension struct {
		name   string
		length uint64
	}
	var dims []dimension
	for range h.list(tagDimension) {
		dims = append(dims, dimension{h.name(), h.uint(h.wide)})
		if h.err != nil {
			return nil, h.err
		}
	}
	h.attributes() // the file's own are not kept
	var vars []*Var
	var recordBytes []uint64 // of each record variable
	var stores []*dense
	for range h.list(tagVariable) {
		v := &Var{Name: h.name()}
		record := false
		for i := range h.count() {
			id := h.uint(h.wide)
			if h.err != nil {
				return nil, h.err
			}
			if id >= uint64(len(dims)) || i >= 64 {
				return nil, fmt.Errorf("%w: variable %.40q has dimension %d of %d", errDamaged, v.Name, id, len(dims))
			}
			d := dims[id]
			if d.length == 0 { // the record dimension
				if i > 0 {
					return nil, fmt.Errorf("%w: variable %.40q has its records in dimension %d", errDamaged, v.Name, i)
				}
				record = true
			}
			v.Dims, v.Shape = append(v.Dims, d.name), append(v.Shape, clip(d.length))
		}
		v.attrs = h.attributes()
		var known bool
		if v.kind, known = classicKinds[h.u32()]; !known && h.err == nil {
			return nil, fmt.Errorf("%w: variable %.40q has an unknown type", errDamaged, v.Name)
		}
		h.uint(h.wide) // its size, which is not reliable for great ones
		store := &dense{at: h.uint(h.place), size: size}
		if h.err != nil {
			return nil, h.err
		}
		v.store = store
		if record {
			bytes := uint64(v.kind.size)
			for _, d := range v.Shape[1:] {
				if d > 0 && bytes > math.MaxInt64/2/uint64(d) {
					return nil, fmt.Errorf("%w: variable %.40q is too large", errDamaged, v.Name)
				}
				bytes *= uint64(d)
			}
			recordBytes, stores = append(recordBytes, bytes), append(stores, store)
		}
		vars = append(vars, v)
	}
	if h.err != nil {
		return nil, h.err
	}
	return vars, placeRecords(vars, stores, recordBytes, records, size, h.wide)
}

// placeRecords finds how far apart records are, and how many there are.
func placeRecords(vars []*Var, stores []*dense, bytes []uint64, records uint64, size int64, wide int) error {
	stride, first := uint64(0), uint64(math.MaxUint64)
	for i, b := range bytes {
		if len(bytes) > 1 {
			b = (b + 3) &^ 3 // padded, but for a single record variable
		}
		stride += b
		first = min(first, stores[i].at)
	}
	if streaming := uint64(1)<<(8*wide-1)*2 - 1; records == streaming && stride > 0 && first < uint64(size) {
		records = (uint64(size) - first) / stride
	}
	for _, v := range vars {
		d := v.store.(*dense)
		for _, s := range stores {
			if s == d {
				v.Shape[0], d.record = clip(records), stride
			}
		}
		if end := d.end(v); end > uint64(size) {
			return fmt.Errorf("the file is cut short: variable %.40s reaches to byte %d, the file has %d", v.Name, end, size)
		}
	}
	return nil
}

// end is where the data ends, MaxUint64 where the numbers overflow.
func (d *dense) end(v *Var) uint64 {
	bytes := uint64(v.kind.size)
	for i, n := range v.Shape {
		if n == 0 {
			return 0
		}
		if i == 0 && d.record > 0 {
			continue
		}
		if bytes > math.MaxInt64/uint64(n) {
			return math.MaxUint64
		}
		bytes *= uint64(n)
	}
	if d.record > 0 {
		more := uint64(v.Shape[0] - 1)
		if more > 0 && d.record > math.MaxInt64/more {
			return math.MaxUint64
		}
		bytes += more * d.record
	}
	if bytes > math.MaxUint64-d.at {
		return math.MaxUint64
	}
	return d.at + bytes
}

// clip makes a length an int; what does not fit is too large for any file.
func clip(n uint64) int { return int(min(n, math.MaxInt/2)) }

// count is a number of things that each take a byte at least.
func (h *header) count() int {
	n := h.uint(h.wide)
	if h.err == nil && n > uint64(h.rest()) {
		h.err = fmt.Errorf("%w: %d things in %d bytes", errDamaged, n, h.rest())
	}
	if h.err != nil {
		return 0
	}
	return int(n)
}

// list begins a list of a kind, or of none: its length.
func (h *header) list(tag uint32) int {
	got := h.u32()
	n := h.count()
	if h.err == nil && got != tag && (got != 0 || n != 0) {
		h.err = fmt.Errorf("%w: a list of kind %d where %d should be", errDamaged, got, tag)
	}
	return n
}

func (h *header) name() string { return string(h.padded(h.count())) }

// padded takes n bytes and what fills them up to four.
func (h *header) padded(n int) []byte {
	b := h.bytes(n)
	h.skip(-n & 3)
	return b
}

func (h *header) attributes() []attribute {
	var attrs []attribute
	for range h.list(tagAttribute) {
		a := attribute{name: h.name()}
		k, known := classicKinds[h.u32()]
		n := h.count()
		if h.err != nil {
			return nil
		}
		if !known {
			h.err = fmt.Errorf("%w: attribute %.40q has an unknown type", errDamaged, a.name)
			return nil
		}
		b := h.padded(n * k.size)
		if k.class == 'c' {
			a.text = string(b)
		} else {
			a.numbers = k.numbers(b)
		}
		attrs = append(attrs, a)
	}
	return attrs
}
