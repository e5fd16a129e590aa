package datasets

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// The DCD format of CHARMM, NAMD, X-PLOR and OpenMM: records of Fortran, each
// with its length in 4 bytes before and after it.
//
//	header   "CORD", then 20 numbers: frames, first step, steps between frames, ...
//	titles   a number, then as many lines of 80 bytes
//	atoms    a number
//	frames   [unit cell, 48 bytes,] x, y and z of all atoms, float32 in Å [, a fourth dimension]

// akma is CHARMM's unit of time in ps.
const akma = 0.04888821

// dcdReader reads a DCD file frame by frame.
type dcdReader struct {
	r        *bufio.Reader
	order    binary.ByteOrder
	atoms    int
	frames   int     // that the header announces; 0 where it does not say
	interval float64 // ps between frames; 0 where it is not known
	cell     bool    // each frame starts with a unit cell
	fourth   bool    // each frame ends with a fourth dimension
	read     int     // frames read so far
	buffer   []byte
}

// isDCD is whether a file starts as one.
func isDCD(file []byte) bool {
	return len(file) >= 8 && (string(file[4:8]) == "CORD" && (file[0] == 84 || file[3] == 84) || len(file) >= 12 && string(file[8:12]) == "CORD")
}

// openDCD reads the header. It is an error if the file has another number of
// atoms than its PDB.
func openDCD(r io.Reader, atoms int) (*dcdReader, error) {
	d := &dcdReader{r: bufio.NewReaderSize(r, 1<<20), order: binary.LittleEndian}
	start := make([]byte, 92)
	switch n, err := io.ReadFull(d.r, start); {
	case n == 0 && err != nil:
		return nil, shortOr(err, "the file is empty")
	case !isDCD(start[:n]):
		for _, record := range []string{"ATOM", "REMARK", "HEADER", "CRYST1", "MODEL", "TITLE"} {
			if bytes.HasPrefix(start, []byte(record)) {
				return nil, fmt.Errorf("this is a PDB file, not a DCD trajectory; the order is ReadTrajectory(dcd, pdb)")
			}
		}
		return nil, fmt.Errorf("this is no DCD trajectory: it starts with %.12q", start[:n])
	case err != nil:
		return nil, shortOr(err, fmt.Sprintf("it is cut short in the header: %d bytes", n))
	case string(start[8:12]) == "CORD":
		return nil, fmt.Errorf("its records have lengths of 8 bytes, which are not read; write it again with lengths of 4 bytes (as OpenMM, NAMD and MDTraj do)")
	}
	if start[3] == 84 {
		d.order = binary.BigEndian
	}
	if a, b := d.order.Uint32(start), d.order.Uint32(start[88:]); a != 84 || b != 84 {
		return nil, fmt.Errorf("the header's record should take 84 bytes, not %d and %d; the file is damaged", a, b)
	}
	control := func(i int) int { return int(int32(d.order.Uint32(start[8+4*i:]))) }
	d.frames = max(control(0), 0)
	step := 0.0 // of the integrator, in units of akma
	if control(19) != 0 {
		step = float64(math.Float32frombits(d.order.Uint32(start[8+4*9:])))
		d.cell, d.fourth = control(10) == 1, control(11) == 1
	} else { // X-PLOR
		step = math.Float64frombits(d.order.Uint64(start[8+4*9:]))
	}
	// A step of 1, which is 49 fs, is what MDTraj and VMD write where they know none.
	if t := step * akma * float64(control(2)); t > 0 && t < 1e9 && step != 1 {
		d.interval = t
	}
	if fixed := control(8); fixed != 0 {
		return nil, fmt.Errorf("%d of its atoms are fixed and not in every frame, which is not read; write all atoms of all frames (with MDTraj or VMD)", fixed)
	}
	if _, err := d.record(4, 4+80*1000, "the titles"); err != nil {
		return nil, err
	}
	count, err := d.record(4, 4, "the number of atoms")
	if err != nil {
		return nil, err
	}
	d.atoms = int(int32(d.order.Uint32(count)))
	if d.atoms != atoms {
		return nil, fmt.Errorf("the DCD has %d atoms, the PDB has %d; both must be of the same atoms in the same order", d.atoms, atoms)
	}
	return d, nil
}

// record reads a record of least to most bytes; it is valid until the next.
func (d *dcdReader) record(least, most int, what string) ([]byte, error) {
	var mark [4]byte
	if _, err := io.ReadFull(d.r, mark[:]); err != nil {
		return nil, shortOr(err, "it is cut short before "+what)
	}
	n := d.order.Uint32(mark[:])
	if uint64(n) < uint64(least) || uint64(n) > uint64(most) {
		return nil, fmt.Errorf("%s should take %d bytes, but the record says %d; the file is damaged or of another kind", what, least, n)
	}
	if cap(d.buffer) < int(n)+4 {
		d.buffer = make([]byte, int(n)+4)
	}
	b := d.buffer[:n+4]
	if _, err := io.ReadFull(d.r, b); err != nil {
		return nil, shortOr(err, "it is cut short in "+what)
	}
	if end := d.order.Uint32(b[n:]); end != n {
		return nil, fmt.Errorf("the record of %s says %d bytes at its start and %d at its end; the file is damaged", what, n, end)
	}
	return b[:n], nil
}

// shortOr is the message where the file ends too early, or another failure to read.
func shortOr(err error, message string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New(message)
	}
	return err
}

// next reads the positions of a frame into x, y, z (one for each atom); it gives
// io.EOF after the last frame.
func (d *dcdReader) next(axes *[3][]float32) error {
	what := fmt.Sprintf("frame %d (counted from 0)", d.read)
	if d.frames > 0 {
		what = fmt.Sprintf("frame %d (counted from 0) of %d", d.read, d.frames)
	}
	switch _, err := d.r.Peek(1); {
	case errors.Is(err, io.EOF) && d.read < d.frames:
		return fmt.Errorf("it is cut short: it ends before %s", what)
	case errors.Is(err, io.EOF) && d.read == 0:
		return fmt.Errorf("it has no frames")
	case err != nil:
		return err
	}
	if d.cell {
		if _, err := d.record(48, 48, "the unit cell of "+what); err != nil {
			return err
		}
	}
	for i := range axes {
		b, err := d.record(4*d.atoms, 4*d.atoms, what)
		if err != nil {
			return err
		}
		for j := range axes[i] {
			axes[i][j] = math.Float32frombits(d.order.Uint32(b[4*j:]))
		}
	}
	if d.fourth {
		if _, err := d.record(4*d.atoms, 4*d.atoms, "the fourth dimension of "+what); err != nil {
			return err
		}
	}
	d.read++
	return nil
}
