package netcdf

// dense is a variable stored without gaps, but for record variables of the
// classic format, whose records lie record bytes apart.
type dense struct {
	at     uint64
	record uint64 // bytes from one index of the first dimension to the next; 0: without gaps
	inline []byte // the data where it is part of the structure
	absent bool   // nothing is written: all values are the fill value
	size   int64  // of the file
}

func (d *dense) stored() int64 { return d.size }

// read reads what lies side by side at once: rows of the last dimension, or more
// where the part has all of it.
func (d *dense) read(f *File, v *Var, start, count []int, out []float64) error {
	if d.absent {
		for i := range out {
			out[i] = v.fill
		}
		return nil
	}
	rank := len(v.Shape)
	stride := make([]uint64, rank)
	step := uint64(v.kind.size)
	for i := rank - 1; i >= 0; i-- {
		stride[i] = step
		step *= uint64(v.Shape[i])
	}
	if d.record > 0 && rank > 0 {
		stride[0] = d.record
	}
	run, last := 1, rank-1 // values that lie side by side, and the last dimension that is stepped through
	for last >= 0 && stride[last] == uint64(run*v.kind.size) {
		run *= count[last]
		last--
		if count[last+1] != v.Shape[last+1] {
			break
		}
	}
	index := make([]int, rank)
	for n := 0; n < len(out); n += run {
		at := d.at
		for i := range rank {
			at += uint64(start[i]+index[i]) * stride[i]
		}
		b, err := d.bytes(f, at, int64(run)*int64(v.kind.size))
		if err != nil {
			return err
		}
		for i := range run {
			out[n+i] = v.kind.number(b[i*v.kind.size:])
		}
		advance(index, count, last)
	}
	return nil
}

func (d *dense) bytes(f *File, at uint64, n int64) ([]byte, error) {
	if d.inline == nil {
		return f.src.bytes(at, n)
	}
	if at > uint64(len(d.inline)) || n > int64(len(d.inline))-int64(at) {
		return nil, errDamaged
	}
	return d.inline[at : at+uint64(n)], nil
}

// advance counts an index up over the dimensions 0..last, the last one fastest.
func advance(index, count []int, last int) {
	for i := last; i >= 0; i-- {
		if index[i]++; index[i] < count[i] {
			return
		}
		index[i] = 0
	}
}
