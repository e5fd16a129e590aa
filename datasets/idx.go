package datasets

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
)

// idxArray is an array of bytes in the IDX format of MNIST's files: two zeros, the
// type (8 for bytes), the number of dimensions, each dimension as a big-endian
// uint32, and the values, the last index running fastest.
type idxArray struct {
	shape  []int
	values []byte // a part of the file
	file   []byte // the whole, unpacked
}

// parseIDX reads an IDX file of bytes, compressed by gzip or not, of as many
// dimensions as rank says; at most limit bytes unpacked.
func parseIDX(file []byte, rank int, limit int64) (idxArray, error) {
	if bytes.HasPrefix(file, []byte("\x1f\x8b")) {
		var err error
		if file, err = gunzip(file, limit); err != nil {
			return idxArray{}, err
		}
	}
	head := 4 + 4*rank
	switch {
	case len(file) < 4 || file[0] != 0 || file[1] != 0:
		return idxArray{}, fmt.Errorf("this is no IDX file (it starts with %.8q)", file[:min(len(file), 8)])
	case file[2] != 8:
		return idxArray{}, fmt.Errorf("the IDX file has values of type %#x; only bytes (0x8) are read", file[2])
	case int(file[3]) != rank:
		return idxArray{}, fmt.Errorf("the IDX file has %d dimensions, want %d", file[3], rank)
	case len(file) < head:
		return idxArray{}, fmt.Errorf("the IDX file is cut short: it has %d bytes", len(file))
	}
	a := idxArray{values: file[head:], file: file}
	want := uint64(1)
	for k := range rank {
		d := binary.BigEndian.Uint32(file[4+4*k:])
		if d == 0 {
			return idxArray{}, fmt.Errorf("the IDX file is empty: dimension %d is 0", k)
		}
		if want *= uint64(d); want > uint64(len(a.values)) { // before it could overflow
			return idxArray{}, fmt.Errorf("the IDX file is cut short: it has %d values, and fewer than its shape says", len(a.values))
		}
		a.shape = append(a.shape, int(d))
	}
	if want != uint64(len(a.values)) {
		return idxArray{}, fmt.Errorf("the IDX file has %d values of shape %v, and %d bytes more", want, a.shape, uint64(len(a.values))-want)
	}
	return a, nil
}

// gunzip unpacks at most limit bytes.
func gunzip(file []byte, limit int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("the gzip file cannot be read: %w", err)
	}
	said := int64(binary.LittleEndian.Uint32(file[len(file)-4:]))                   // bytes in all, of a whole file below 4 GiB
	return readLimited(r, "the gzip file", min(said, 1032*int64(len(file))), limit) // DEFLATE's largest ratio
}
