package unpickle_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/idff-go/workbench/unpickle"
)

func read(file []byte) (any, error) {
	r := unpickle.Reader{Budget: unpickle.NewBudget(len(file)), Calls: unpickle.NumPy(), Advice: "Save one array.", Latin1: true}
	v, n, err := r.Read(file)
	if err == nil && n > len(file) {
		return nil, fmt.Errorf("length %d of %d", n, len(file))
	}
	return v, err
}

func load(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNumPy: the array of make.py by every way that NumPy pickles it.
func TestNumPy(t *testing.T) {
	want := make([]float32, 12)
	for i := range want {
		want[i] = float32(i)*31.5 - 170
	}
	for _, name := range []string{"protocol2", "protocol3", "protocol4", "protocol5", "numpy1", "python2", "fortran", "fortran5"} {
		v, err := read(load(t, name+".pkl"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		a, ok := v.(*unpickle.Array)
		if !ok || !slices.Equal(a.Shape, []int{3, 4}) || a.Fortran != strings.HasPrefix(name, "fortran") {
			t.Errorf("%s: %+v", name, v)
			continue
		}
		if x, err := a.Float32s(); err != nil || !slices.Equal(x, want) {
			t.Errorf("%s: %v, %v", name, x, err)
		}
	}
	v, err := read(load(t, "list.pkl"))
	if l, ok := v.(*unpickle.List); err != nil || !ok || len(l.Items) != 2 {
		t.Errorf("list: %v, %v", v, err)
	}
	v, err = read(load(t, "dict.pkl"))
	d, ok := v.(*unpickle.Dict)
	if err != nil || !ok || len(d.Keys) != 1 {
		t.Fatalf("dict: %v, %v", v, err)
	}
	if a, ok := d.Get("angles").(*unpickle.Array); !ok || !slices.Equal(a.Shape, []int{3, 4}) {
		t.Errorf("dict: %v", d.Values)
	}
}

// array is the pickle of an array of this shape, type, order and data, as
// instructions.
func array(shape, typ, order, data string) []byte {
	return []byte("\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01" + shape +
		"cnumpy\ndtype\nU" + string(rune(len(typ))) + typ + "K\x00K\x01\x87R(K\x03" + order + "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89" + data + "tb.")
}

func TestBadArrays(t *testing.T) {
	for _, c := range []struct {
		what    string
		file    []byte
		refused bool
		want    string
	}{
		{"a call", load(t, "eval.pkl"), true, "refused: the pickle wants to call builtins.eval; nothing in it was run. Save one array."},
		{"objects", load(t, "objects.pkl"), true, `holds Python objects (numpy type "|O8"), not numbers`},
		{"a subclass", []byte("\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy.ma.core\nMaskedArray\nK\x00\x85U\x01b\x87R."), true, "it is of numpy.ma.core.MaskedArray; convert it with numpy.asarray"},
		{"a persistent id", []byte("\x80\x02K\x01Q."), true, "refers to data outside of itself"},
		{"fewer bytes than the shape", array("K\x03\x85", "f4", "U\x01<", "U\x04\x00\x00\x00\x00"), false, "there are 4 bytes of data, not [3] elements of 4 bytes"},
		{"a shape beyond int", array("\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x40\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x40\x86", "f4", "U\x01<", "U\x04\x00\x00\x00\x00"), false, "there are 4 bytes of data"},
		{"a negative shape", array("J\xff\xff\xff\xff\x85", "f4", "U\x01<", "U\x04\x00\x00\x00\x00"), false, "no whole number, 0 or more"},
		{"integers", array("K\x01\x85", "i4", "U\x01<", "U\x04\x00\x00\x00\x00"), false, `of numpy type "<i4"; save them as float32 or float64`},
		{"no byte order", array("K\x01\x85", "f4", "U\x01?", "U\x04\x00\x00\x00\x00"), false, "has no byte order"},
		{"a type that is no dtype", []byte("\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x01\x85K\x05\x89U\x00tb."), false, "no numpy.dtype"},
		{"a state that is none", []byte("\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87RK\x01b."), false, "not (version, shape, type, order, data)"},
		{"no arguments", []byte("\x80\x02cnumpy.core.numeric\n_frombuffer\n)R."), false, "0 arguments, want 4"},
		{"cut short", load(t, "protocol4.pkl")[:100], false, "it is cut short"},
		{"text", []byte("hello"), false, "the pickle cannot be read at byte 0: nothing is stored under number 101"},
	} {
		v, err := read(c.file)
		if a, ok := v.(*unpickle.Array); err == nil && ok {
			_, err = a.Float32s()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || errors.Is(err, unpickle.ErrRefused) != c.refused {
			t.Errorf("%s: %v, want %q (refused: %v)", c.what, err, c.want, c.refused)
		}
	}
}

// TestTorn: every part of a file is an error, never an array.
func TestTorn(t *testing.T) {
	for _, name := range []string{"protocol2.pkl", "protocol5.pkl", "python2.pkl"} {
		file := load(t, name)
		for n := range file {
			if v, err := read(file[:n]); err == nil {
				t.Errorf("%s cut after %d bytes: %v", name, n, v)
			}
		}
	}
}

// FuzzRead: whatever the pickle, an error of one line, or a value whose arrays
// are as large as the file allows.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.pkl"))
	if err != nil || len(files) < 10 {
		f.Fatal(err, len(files))
	}
	for _, path := range files {
		f.Add(load(f, filepath.Base(path)))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		v, err := read(file)
		if a, ok := v.(*unpickle.Array); err == nil && ok {
			var x []float32
			x, err = a.Float32s()
			if len(x) > len(file) {
				t.Fatalf("%d numbers in a file of %d bytes", len(x), len(file))
			}
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Fatalf("error %q", err)
		}
	})
}

func ExampleReader_Read() {
	file, err := os.ReadFile("testdata/protocol4.pkl")
	if err != nil {
		fmt.Println(err)
		return
	}
	r := unpickle.Reader{Budget: unpickle.NewBudget(len(file)), Calls: unpickle.NumPy(), Advice: "Save one array."}
	value, _, err := r.Read(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	a := value.(*unpickle.Array)
	x, err := a.Float32s()
	fmt.Println(a.Descr, a.Shape, x[:4], err)
	// Output: <f8 [3 4] [-170 -138.5 -107 -75.5] <nil>
}
