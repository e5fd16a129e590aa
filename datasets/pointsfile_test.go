package datasets

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// npyOf is a .npy file as NumPy writes it.
func npyOf(descr, shape string, values []byte) []byte {
	header := fmt.Sprintf("%-117s\n", fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape))
	return append([]byte(npyMagic+"\x01\x00"+string([]byte{byte(len(header)), byte(len(header) >> 8)})+header), values...)
}

func float64sOf(values ...float64) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

func TestReadPoints(t *testing.T) {
	float32Bytes, _ := binary.Append(nil, binary.LittleEndian, []float32{1, 2, -3.5, 4})
	for _, c := range []struct {
		what, name string
		file       []byte
		dim        int
		want       []float32
	}{
		{"npy", "a.npy", npyOf("<f8", "(3, 2)", float64sOf(1, 2, 3, 4, 5, .1)), 2, []float32{1, 2, 3, 4, 5, .1}},
		{"npy of float32", "a.NPY", npyOf("<f4", "(2, 2)", float32Bytes), 2, []float32{1, 2, -3.5, 4}},
		{"npy of numbers", "a.npy", npyOf("<f8", "(3,)", float64sOf(1, 2, 3)), 1, []float32{1, 2, 3}},
		{"csv", "b.csv", []byte("1,2\n-3.5e0, 4\n"), 2, []float32{1, 2, -3.5, 4}},
		{"csv with names", "b.csv", []byte("\ufeffx,\"y, up\"\r\n1,2\r\n3,4\r\n"), 2, []float32{1, 2, 3, 4}},
		{"csv of one column", "b.csv", []byte("1\n\n2"), 1, []float32{1, 2}},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		write(t, path, c.file)
		e, err := ReadPoints(path)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if e.Dim() != c.dim || !slices.Equal(e.points, c.want) || e.Name() != stem(path) {
			t.Errorf("%s: %s of size %d: %v, want %d: %v", c.what, e.Name(), e.Dim(), e.points, c.dim, c.want)
		}
	}
}

func TestReadPointsRefuses(t *testing.T) {
	for _, c := range []struct {
		what, name string
		file       []byte
		want       string
	}{
		{"an empty npy", "a.npy", nil, "a.npy"},
		{"cut short", "a.npy", npyOf("<f8", "(3, 2)", float64sOf(1, 2)), "a.npy"},
		{"three axes", "a.npy", npyOf("<f8", "(1, 1, 2)", float64sOf(1, 2)), "shape [1 1 2]; want [points, size of a point]"},
		{"no columns", "a.npy", npyOf("<f8", "(2, 0)", nil), "shape [2 0]; want"},
		{"no rows", "a.npy", npyOf("<f8", "(0, 2)", nil), "there are no points"},
		{"NaN", "a.npy", npyOf("<f8", "(1, 2)", float64sOf(1, math.NaN())), "row 0, column 1"},
		{"an empty csv", "b.csv", nil, "there are no points"},
		{"names alone", "b.csv", []byte("x,y\n"), "there are no points"},
		{"names later", "b.csv", []byte("1,2\nx,y\n"), `line 2, column 1: "x" is no number`},
		{"some names", "b.csv", []byte("1,y\n"), `line 1, column 2: "y" is no number`},
		{"NaN in a csv", "b.csv", []byte("1,NaN\n"), "row 0, column 1"},
		{"beyond float32", "b.csv", []byte("1,1e39\n"), `line 1, column 2: "1e39" is no number that float32 holds`},
		{"a short line", "b.csv", []byte("1,2\n3\n"), "line 2 has another number of columns than the first, 2"},
		{"a quote", "b.csv", []byte("1,\"2\n"), "b.csv: parse error on line"},
		{"another kind", "c.txt", []byte("1 2\n"), "points are read from .npy, .npz and .csv files"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		write(t, path, c.file)
		_, err := ReadPoints(path)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q and the path", c.what, err, c.want)
		}
	}
	if _, err := ReadPoints(filepath.Join(t.TempDir(), "none.npy")); err == nil || !strings.Contains(err.Error(), "none.npy") {
		t.Errorf("no file: %v", err)
	}
}

// FuzzReadPoints: no file makes it panic, and what it reads has whole rows of finite numbers.
func FuzzReadPoints(f *testing.F) {
	f.Add(npyOf("<f8", "(3, 2)", float64sOf(1, 2, 3, 4, 5, 6)), true)
	f.Add([]byte("x,y\n1,2\n3,4\n"), false)
	f.Add([]byte("1,\"2"), false)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, file []byte, npy bool) {
		path := filepath.Join(dir, map[bool]string{true: "x.npy", false: "x.csv"}[npy])
		if err := os.WriteFile(path, file, 0o666); err != nil {
			t.Fatal(err)
		}
		e, err := ReadPoints(path)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
			return
		}
		if e.Len() < 1 || len(e.points)%e.Dim() != 0 {
			t.Errorf("%d values of points of size %d", len(e.points), e.Dim())
		}
	})
}
