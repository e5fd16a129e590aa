package datasets

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/idff-go/workbench/unpickle"
)

// ReadAngles reads backbone angles in degrees from a file of NumPy: .npy, .npz
// (one array, or the one called "angles") or a pickled array, as the data of
// the IDFF paper's code are. The array is float32 or float64 of shape [frames,
// angles] or [replicas, frames, angles]; the last axis is phi and psi of each
// residue in turns, taken as residues 2, 3, and so on. What kind of file it is
// shows in its first bytes, not its name.
//
// Nothing in a pickle is run: one with anything but an array is an error. So are
// a file that is cut short, other shapes, and values that NewAngles refuses.
func ReadAngles(path string) (*Angles, error) {
	file, err := readRegular(path)
	if err != nil {
		return nil, err
	}
	a, err := parseAngles(stem(path), file)
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	return a, nil
}

// MustReadAngles is ReadAngles for notebooks: an error prints one line and ends
// the program.
func MustReadAngles(path string) *Angles { return must(ReadAngles(path)) }

// readRegular reads a file, and nothing that never ends or that memory cannot hold.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("datasets: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("datasets: %s is not a file", path)
	}
	if err := room("datasets: "+path, info.Size()); err != nil {
		return nil, err
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("datasets: %w", err)
	}
	return file, nil
}

func parseAngles(name string, file []byte) (*Angles, error) {
	array, err := parseArray(file)
	if err != nil {
		return nil, err
	}
	var shape [3]int
	switch len(array.Shape) {
	case 2:
		shape = [3]int{1, array.Shape[0], array.Shape[1]}
	case 3:
		shape = [3]int(array.Shape)
	default:
		return nil, fmt.Errorf("the array has shape %v; want [frames, angles] or [replicas, frames, angles]", array.Shape)
	}
	degrees, err := float32s(array)
	if err != nil {
		return nil, err
	}
	if len(degrees) == 0 {
		return nil, fmt.Errorf("the array is empty: its shape is %v", array.Shape)
	}
	a := &Angles{Degrees: degrees, Replicas: shape[0], Frames: shape[1], Count: shape[2], Names: residueNames(shape[2]), name: name}
	if err := a.check(); err != nil {
		return nil, err
	}
	return a, nil
}

// float32s are the numbers of an array, if there is memory for a copy.
func float32s(array *unpickle.Array) ([]float32, error) {
	if err := room("the array", int64(len(array.Data))); err != nil {
		return nil, err
	}
	return array.Float32s()
}

const npyMagic = "\x93NUMPY"

// parseArray tells the formats apart by their first bytes.
func parseArray(file []byte) (*unpickle.Array, error) {
	switch {
	case len(file) == 0:
		return nil, fmt.Errorf("the file is empty")
	case bytes.HasPrefix(file, []byte(npyMagic)):
		return parseNPY(file)
	case bytes.HasPrefix(file, []byte("PK\x03\x04")):
		return parseNPZ(file)
	case file[0] == 0x80:
		return parsePickle(file)
	case bytes.HasPrefix(file, []byte("\x1f\x8b")):
		return nil, fmt.Errorf("the file is compressed with gzip; unpack it first (gunzip)")
	case isDCD(file):
		return nil, fmt.Errorf("this is a DCD trajectory; read it with its PDB file by ReadTrajectory")
	}
	return nil, fmt.Errorf("this is no .npy, .npz or pickle of protocol 2 to 5 (it starts with %.12q); save the array with numpy.save(path, array)", file)
}

// parsePickle reads a pickled array.
func parsePickle(file []byte) (*unpickle.Array, error) {
	const advice = "Save the array alone, with numpy.save(path, array)"
	r := unpickle.Reader{Budget: unpickle.NewBudget(len(file)), Calls: unpickle.NumPy(), Advice: advice, Latin1: true}
	value, n, err := r.Read(file)
	if err != nil {
		return nil, err
	}
	array, ok := value.(*unpickle.Array)
	if !ok {
		return nil, fmt.Errorf("the pickle holds %s, not an array. %s", kindOf(value), advice)
	}
	if n != len(file) {
		return nil, fmt.Errorf("the file goes on for %d bytes after the pickled array. %s", len(file)-n, advice)
	}
	return array, nil
}

// kindOf says what a pickle holds in place of an array.
func kindOf(value any) string {
	switch v := value.(type) {
	case *unpickle.Dict:
		var keys []string
		for _, k := range v.Keys {
			if k, ok := k.(string); ok && len(keys) < 8 {
				keys = append(keys, fmt.Sprintf("%.40q", k))
			}
		}
		return fmt.Sprintf("a dict of %d items (%s)", len(v.Keys), strings.Join(keys, ", "))
	case *unpickle.List:
		return fmt.Sprintf("a list of %d items", len(v.Items))
	case *unpickle.Tuple:
		return fmt.Sprintf("a tuple of %d items", len(v.Items))
	case *unpickle.Object:
		if v.Class.Module == "" {
			return "a single value"
		}
		return "an object of class " + v.Class.String()
	case nil:
		return "None"
	}
	return "a single value"
}

// The header of a .npy file is a dict as Python writes it
// (numpy/lib/format.py): {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
var (
	npyDescr   = regexp.MustCompile(`'descr'\s*:\s*'([^']{1,20})'`)
	npyFortran = regexp.MustCompile(`'fortran_order'\s*:\s*(True|False)`)
	npyShape   = regexp.MustCompile(`'shape'\s*:\s*\(([0-9, ]*)\)`)
)

// parseNPY reads a .npy file of version 1 to 3.
func parseNPY(file []byte) (*unpickle.Array, error) {
	width := map[byte]int{1: 2, 2: 4, 3: 4} // of the header's length
	if len(file) < 12 {
		return nil, fmt.Errorf("the .npy file is cut short: it has %d bytes", len(file))
	}
	w, ok := width[file[6]]
	if !ok {
		return nil, fmt.Errorf("the .npy file is of version %d; versions 1 to 3 are read", file[6])
	}
	length := uint64(binary.LittleEndian.Uint16(file[8:]))
	if w == 4 {
		length = uint64(binary.LittleEndian.Uint32(file[8:]))
	}
	rest := file[8+w:]
	if length > uint64(len(rest)) {
		return nil, fmt.Errorf("the .npy file is cut short: its header should take %d bytes, but %d are left", length, len(rest))
	}
	header, data := rest[:length], rest[length:]
	descr, fortran, shape := npyDescr.FindSubmatch(header), npyFortran.FindSubmatch(header), npyShape.FindSubmatch(header)
	if descr == nil || fortran == nil || shape == nil {
		return nil, fmt.Errorf("the header of the .npy file gives no plain type, order and shape: %.120q", header)
	}
	a := &unpickle.Array{Descr: string(descr[1]), Fortran: string(fortran[1]) == "True", Shape: []int{}, Data: data}
	for _, d := range strings.Split(string(shape[1]), ",") {
		if d = strings.TrimSpace(d); d == "" {
			continue
		}
		n, err := strconv.Atoi(d)
		if err != nil || len(a.Shape) == 64 {
			return nil, fmt.Errorf("the shape (%.60s) of the .npy file is none", shape[1])
		}
		a.Shape = append(a.Shape, n)
	}
	return a, nil
}

// parseNPZ reads the array of a .npz file, a zip file of .npy files.
func parseNPZ(file []byte) (*unpickle.Array, error) {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fmt.Errorf("the .npz file cannot be read: %w; it is cut short or damaged", err)
	}
	var entries []*zip.File
	var names []string
	for _, f := range z.File {
		if name, ok := strings.CutSuffix(f.Name, ".npy"); ok {
			entries, names = append(entries, f), append(names, fmt.Sprintf("%.40q", name))
		}
	}
	at := 0
	switch {
	case len(entries) == 0:
		return nil, fmt.Errorf("the zip file holds no arrays (.npy), so it is no .npz file")
	case len(entries) > 1:
		at = slices.Index(names, `"angles"`)
		if at < 0 {
			return nil, fmt.Errorf("the .npz file holds %d arrays (%s) and none is called \"angles\"; save the one alone: numpy.save(path, array)", len(entries), strings.Join(names[:min(len(names), 8)], ", "))
		}
	}
	r, err := entries[at].Open()
	if err != nil {
		return nil, fmt.Errorf("array %s of the .npz file cannot be read: %w; the file is damaged", names[at], err)
	}
	defer r.Close()                       //nolint:errcheck // only read
	most := 16<<20 + 100*int64(len(file)) // arrays of numbers shrink less
	data, err := readLimited(r, fmt.Sprintf("array %s of the .npz file", names[at]), int64(min(entries[at].UncompressedSize64, uint64(most))), most)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(data, []byte(npyMagic)) {
		return nil, fmt.Errorf("array %s of the .npz file does not start as a .npy file", names[at])
	}
	return parseNPY(data)
}
