package netcdf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
)

// File is an open NetCDF file. It is not for use by several goroutines at once.
type File struct {
	vars   []*Var
	src    *source
	closer io.Closer
	name   string
}

// Var is a variable of a file.
type Var struct {
	Name  string
	Dims  []string // names of the dimensions; "" where the file does not say
	Shape []int    // as stored: of a variable with fewer records than others have, shorter than its unlimited dimension

	file  *File
	attrs []attribute
	kind  kind
	fill  float64 // what was never written
	store store
}

// attribute is text or numbers.
type attribute struct {
	name    string
	text    string
	numbers []float64
}

// kind is how a number is stored.
type kind struct {
	class byte // 'i' signed, 'u' unsigned, 'f' float, 'c' text, '?' another
	size  int
	order binary.ByteOrder
}

// store reads a part of a variable into out, row by row.
type store interface {
	read(f *File, v *Var, start, count []int, out []float64) error
}

// Open opens a file. Its errors have the path.
func Open(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("netcdf: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("netcdf: %s is not a file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("netcdf: %w", err)
	}
	f, err := read(file, info.Size())
	if err != nil {
		_ = file.Close() // only read
		return nil, fmt.Errorf("netcdf: %s: %w", path, err)
	}
	f.closer, f.name = file, path
	return f, nil
}

// New reads from bytes of the given size, such as a file in memory.
func New(r io.ReaderAt, size int64) (*File, error) {
	f, err := read(r, size)
	if err != nil {
		return nil, fmt.Errorf("netcdf: %w", err)
	}
	return f, nil
}

// read tells the formats apart by their first bytes.
func read(r io.ReaderAt, size int64) (*File, error) {
	f := &File{src: newSource(r, size), name: "file"}
	head, err := f.src.bytes(0, min(size, 8))
	if err != nil {
		return nil, err
	}
	switch {
	case len(head) == 0:
		return nil, errors.New("the file is empty")
	case string(head) == hdf5Signature:
		err = f.readHDF5()
	case len(head) >= 4 && string(head[:3]) == "CDF":
		err = f.readClassic()
	case len(head) >= 2 && string(head[:2]) == "\x1f\x8b":
		return nil, errors.New("the file is compressed with gzip; unpack it first (gunzip)")
	case len(head) >= 4 && string(head[:4]) == "GRIB":
		return nil, errors.New("this is a GRIB file, not NetCDF; convert it first (cdo -f nc copy in.grb out.nc)")
	default:
		return nil, fmt.Errorf("this is no NetCDF file: it starts with %.8q", head)
	}
	if err != nil {
		return nil, err
	}
	for _, v := range f.vars {
		v.file = f
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// Names lists the variables.
func (f *File) Names() []string {
	names := make([]string, len(f.vars))
	for i, v := range f.vars {
		names[i] = v.Name
	}
	return names
}

// Has says whether there is a variable of that name.
func (f *File) Has(name string) bool { return slices.Contains(f.Names(), name) }

// Var finds a variable. The error lists those that there are.
func (f *File) Var(name string) (*Var, error) {
	for _, v := range f.vars {
		if v.Name == name {
			return v, nil
		}
	}
	return nil, fmt.Errorf("netcdf: %s has no variable %q; it has %s", f.name, name, shorten(f.Names()))
}

// shorten joins some names.
func shorten(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	const most = 12
	var some []string
	for _, n := range names[:min(len(names), most)] {
		some = append(some, strings.Trim(fmt.Sprintf("%.40q", n), `"`))
	}
	if len(names) > most {
		some = append(some, "...")
	}
	return strings.Join(some, ", ")
}

// Text is an attribute that is text, "" where there is none.
func (v *Var) Text(name string) string {
	for _, a := range v.attrs {
		if a.name == name {
			return a.text
		}
	}
	return ""
}

// Number is the first number of an attribute; false where there is none.
func (v *Var) Number(name string) (float64, bool) {
	for _, a := range v.attrs {
		if a.name == name && len(a.numbers) > 0 {
			return a.numbers[0], true
		}
	}
	return 0, false
}

// String gives name, shape and type.
func (v *Var) String() string {
	name := map[byte]string{'i': "int", 'u': "uint", 'f': "float", 'c': "char"}[v.kind.class]
	if name == "" {
		return fmt.Sprintf("%s%v of a type that is not read", v.Name, v.Shape)
	}
	return fmt.Sprintf("%s%v of %s%d", v.Name, v.Shape, name, 8*v.kind.size)
}

// Read reads the part of a variable that begins at the index start of each
// dimension and has count values there, row by row, as stored: neither scale
// and offset nor the fill value are applied; what was never written holds the
// variable's fill value, NetCDF's default where it names none. It is an error if the part is not
// within Shape, its type is not read, or the file is damaged there.
func (v *Var) Read(start, count []int) ([]float64, error) {
	out, err := v.readPart(start, count)
	if err != nil {
		return nil, fmt.Errorf("netcdf: %s: variable %.40s: %w", v.file.name, v.Name, err)
	}
	return out, nil
}

// ReadAll reads a whole variable.
func (v *Var) ReadAll() ([]float64, error) { return v.Read(make([]int, len(v.Shape)), v.Shape) }

func (v *Var) readPart(start, count []int) ([]float64, error) {
	if len(start) != len(v.Shape) || len(count) != len(v.Shape) {
		return nil, fmt.Errorf("a part with %d and %d indices of an array of shape %v", len(start), len(count), v.Shape)
	}
	n := 1
	for i, d := range v.Shape {
		if start[i] < 0 || count[i] < 0 || start[i] > d || count[i] > d-start[i] {
			return nil, fmt.Errorf("part [%d, %d) of dimension %d, which has %d values", start[i], start[i]+count[i], i, d)
		}
		if count[i] > 0 && n > math.MaxInt32/count[i] {
			return nil, fmt.Errorf("a part of shape %v is more than can be read at once", count)
		}
		n *= count[i]
	}
	if !v.kind.isNumber() || v.store == nil {
		return nil, errors.New("its type is not read: only integers and floats are")
	}
	if reader, ok := v.store.(interface{ stored() int64 }); ok && int64(n) > 1<<18+1032*reader.stored() {
		return nil, fmt.Errorf("%w: a part of shape %v is far more than the file's size accounts for", errDamaged, count)
	}
	out := make([]float64, n)
	if n == 0 {
		return out, nil
	}
	return out, v.store.read(v.file, v, start, count, out)
}

func (k kind) isNumber() bool {
	switch k.class {
	case 'i', 'u':
		return k.size == 1 || k.size == 2 || k.size == 4 || k.size == 8
	case 'f':
		return k.size == 4 || k.size == 8
	}
	return false
}

// number decodes one.
func (k kind) number(b []byte) float64 {
	var u uint64
	switch k.size {
	case 1:
		u = uint64(b[0])
	case 2:
		u = uint64(k.order.Uint16(b))
	case 4:
		u = uint64(k.order.Uint32(b))
	default:
		u = k.order.Uint64(b)
	}
	switch {
	case k.class == 'f' && k.size == 4:
		return float64(math.Float32frombits(uint32(u)))
	case k.class == 'f':
		return math.Float64frombits(u)
	case k.class == 'u':
		return float64(u)
	}
	shift := 64 - 8*k.size
	return float64(int64(u<<shift) >> shift)
}

// numbers decodes all of b.
func (k kind) numbers(b []byte) []float64 {
	out := make([]float64, len(b)/k.size)
	for i := range out {
		out[i] = k.number(b[i*k.size:])
	}
	return out
}
