package netcdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"math"
)

// Filters by their number.
const (
	filterDeflate  = 1
	filterShuffle  = 2
	filterFletcher = 3
)

type filter struct{ id, parameter int }

// readFilters reads the filters of a variable in the order of writing (section IV.A.2.l).
func readFilters(c *cursor) ([]filter, error) {
	version, n := c.u8(), int(c.u8())
	if version == 1 {
		c.skip(6)
	}
	var filters []filter
	for range n {
		f := filter{id: int(c.u16())}
		name := 0
		if version == 1 || f.id >= 256 {
			name = int(c.u16())
		}
		c.skip(2)
		values := int(c.u16())
		if version == 1 {
			name = (name + 7) &^ 7
		}
		c.skip(name)
		for i := range values {
			if v := int(c.u32()); i == 0 {
				f.parameter = v
			}
		}
		if version == 1 && values%2 == 1 {
			c.skip(4)
		}
		filters = append(filters, f)
	}
	return filters, c.err
}

// layout reads where the data are (section IV.A.2.i).
func (s *source) layout(v *Var, c *cursor, filters []filter) (store, error) {
	version, class, rank := c.u8(), byte(0), 0
	switch version {
	case 1, 2:
		rank, class = int(c.u8()), c.u8()
		c.skip(5)
	case 3:
		class = c.u8()
	case 4, 5:
		class = c.u8()
		if class == 2 {
			return nil, fmt.Errorf("the file was written with HDF5's libver=\"latest\", whose chunks are not read; write it again without (nccopy -k nc4 in.nc out.nc)")
		}
	default:
		return nil, fmt.Errorf("version %d of HDF5's data layout; 1 to 5 are read", version)
	}
	switch {
	case class == 0 && version >= 3:
		data := c.bytes(int(c.u16()))
		return &dense{inline: append([]byte{}, data...), size: s.size}, c.err
	case class == 1:
		at := c.u64()
		return &dense{at: at, absent: at == undefined, size: s.size}, c.err
	case class == 2:
		if version == 3 {
			rank = int(c.u8())
		}
		k := &chunked{tree: c.u64(), filters: filters, size: s.size}
		for range rank {
			k.dims = append(k.dims, int(c.u32()))
		}
		if version < 3 {
			k.dims = append(k.dims, int(c.u32()))
		}
		if c.err != nil {
			return nil, c.err
		}
		return k, k.check(v)
	}
	return nil, fmt.Errorf("HDF5's data layout %d of version %d is not read", class, version)
}

// chunked is a variable in chunks of equal shape, found by a B-tree.
type chunked struct {
	dims    []int // of a chunk; after check without the last, the size of a number
	bytes   int64 // of a chunk
	filters []filter
	tree    uint64
	size    int64 // of the file

	index map[uint64]chunk // by number, row by row; nil before the first reading
	last  uint64           // the number of the chunk in raw
	raw   []byte           // before the shuffle is undone; nil: none yet
	mask  uint32
}

// chunk is where one lies in the file; a bit of mask says that a filter was left out.
type chunk struct {
	at, size uint64
	mask     uint32
}

func (k *chunked) stored() int64 { return k.size }

func (k *chunked) check(v *Var) error {
	if n := len(k.dims); n != len(v.Shape)+1 || n < 2 || k.dims[n-1] != v.kind.size {
		return fmt.Errorf("%w: chunks %v of an array %v of %d-byte numbers", errDamaged, k.dims, v.Shape, v.kind.size)
	}
	k.dims = k.dims[:len(v.Shape)]
	k.bytes = int64(v.kind.size)
	for _, d := range k.dims {
		if d < 1 || k.bytes > math.MaxInt32/int64(d) {
			return fmt.Errorf("chunks of shape %v are too large", k.dims)
		}
		k.bytes *= int64(d)
	}
	for _, f := range k.filters {
		switch {
		case f.id == filterShuffle && f.parameter != v.kind.size:
			return fmt.Errorf("%w: a shuffle of %d bytes", errDamaged, f.parameter)
		case f.id != filterDeflate && f.id != filterShuffle && f.id != filterFletcher:
			return fmt.Errorf("compressed with filter %d of HDF5; deflate (1), shuffle (2) and fletcher32 (3) are read", f.id)
		}
	}
	return nil
}

// read goes over the chunks that touch the part.
func (k *chunked) read(f *File, v *Var, start, count []int, out []float64) error {
	if err := k.find(f.src, v); err != nil {
		return err
	}
	rank := len(v.Shape)
	first, many, at := make([]int, rank), make([]int, rank), make([]int, rank)
	total := 1
	for i := range rank {
		first[i] = start[i] / k.dims[i]
		many[i] = (start[i]+count[i]-1)/k.dims[i] - first[i] + 1
		total *= many[i]
	}
	for range total {
		number := uint64(0)
		for i := range rank {
			number = number*uint64(k.across(v, i)) + uint64(first[i]+at[i])
		}
		there, err := k.load(f.src, number)
		if err != nil {
			return err
		}
		origin := make([]int, rank)
		for i := range rank {
			origin[i] = (first[i] + at[i]) * k.dims[i]
		}
		k.gather(v, origin, start, count, out, there)
		advance(at, many, rank-1)
	}
	return nil
}

// across is how many chunks lie along a dimension.
func (k *chunked) across(v *Var, i int) int { return (v.Shape[i]-1)/k.dims[i] + 1 }

// find reads the tree of chunks.
func (k *chunked) find(s *source, v *Var) error {
	if k.index != nil {
		return nil
	}
	index := map[uint64]chunk{}
	k.index = index
	if k.tree == undefined {
		return nil
	}
	rank := len(v.Shape)
	return s.tree(k.tree, 1, 8+8*(rank+1), 16, func(key *cursor, child uint64) error {
		c := chunk{at: child, size: uint64(key.u32()), mask: key.u32()}
		number := uint64(0)
		for i := range rank {
			at := key.u64()
			if at >= uint64(v.Shape[i]) {
				return nil // beyond what was last said to be the shape
			}
			number = number*uint64(k.across(v, i)) + at/uint64(k.dims[i])
		}
		index[number] = c
		return key.err
	})
}

// load makes raw the data of a chunk; false where it was never written.
func (k *chunked) load(s *source, number uint64) (bool, error) {
	if k.raw != nil && k.last == number {
		return true, nil
	}
	c, ok := k.index[number]
	if !ok {
		return false, nil
	}
	stored, err := s.bytes(c.at, int64(c.size))
	if err != nil {
		return false, err
	}
	k.raw = nil
	for i := len(k.filters) - 1; i >= 0; i-- {
		if c.mask>>i&1 != 0 {
			continue
		}
		switch k.filters[i].id {
		case filterFletcher:
			stored = stored[:max(len(stored)-4, 0)]
		case filterDeflate:
			if stored, err = k.inflate(stored); err != nil {
				return false, fmt.Errorf("a compressed chunk at byte %d cannot be read: %w; the file is damaged", c.at, err)
			}
		case filterShuffle:
			if i > 0 { // the first filter's shuffle is undone by gather
				stored = unshuffle(stored, k.filters[i].parameter)
			}
		}
	}
	if int64(len(stored)) != k.bytes {
		return false, fmt.Errorf("%w: a chunk of %d bytes, not %d", errDamaged, len(stored), k.bytes)
	}
	k.raw, k.last, k.mask = stored, number, c.mask
	return true, nil
}

// unshuffle puts the bytes of numbers of the given size together.
func unshuffle(b []byte, size int) []byte {
	out := append([]byte{}, b...) // what is left over at the end stays
	n := len(b) / size
	for i := range n {
		for j := range size {
			out[i*size+j] = b[j*n+i]
		}
	}
	return out
}

// inflate decompresses a chunk. Deflate makes at most 1032 bytes of one.
func (k *chunked) inflate(b []byte) ([]byte, error) {
	if k.bytes > 1032*int64(len(b)) {
		return nil, fmt.Errorf("%d bytes cannot hold the %d of a chunk", len(b), k.bytes)
	}
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	extra := int64(4 * len(k.filters)) // checksums taken before
	raw := make([]byte, k.bytes, k.bytes+extra)
	if _, err := io.ReadFull(z, raw); err != nil {
		return nil, err
	}
	for i := range k.filters { // a checksum within the compressed data
		if k.filters[i].id == filterDeflate {
			break
		}
		if k.filters[i].id == filterFletcher {
			raw = raw[:k.bytes+4]
			if _, err := io.ReadFull(z, raw[k.bytes:]); err != nil {
				return nil, err
			}
		}
	}
	return raw, z.Close()
}

// gather copies what the part has of the chunk at origin. Shuffled numbers are
// put together on the way: byte b of number i is raw[b n + i] of n numbers.
func (k *chunked) gather(v *Var, origin, start, count []int, out []float64, there bool) {
	rank, size := len(v.Shape), v.kind.size
	low, many := make([]int, rank), make([]int, rank)
	total := 1
	for i := range rank {
		low[i] = max(origin[i], start[i])
		many[i] = min(origin[i]+k.dims[i], start[i]+count[i]) - low[i]
		total *= many[i]
	}
	step, spacing := size, 1
	if len(k.filters) > 0 && k.filters[0].id == filterShuffle && k.mask&1 == 0 {
		step, spacing = 1, int(k.bytes)/size
	}
	last := rank - 1
	at := make([]int, rank)
	var b [8]byte
	for n := 0; n < total; n += many[last] {
		from, to := 0, 0
		for i := range rank {
			from = from*k.dims[i] + low[i] + at[i] - origin[i]
			to = to*count[i] + low[i] + at[i] - start[i]
		}
		row := out[to : to+many[last]]
		for i := range row {
			if !there {
				row[i] = v.fill
				continue
			}
			for j := range size {
				b[j] = k.raw[(from+i)*step+j*spacing]
			}
			row[i] = v.kind.number(b[:size])
		}
		advance(at, many, last-1)
	}
}
