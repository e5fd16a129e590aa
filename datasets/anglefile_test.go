package datasets

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const pickles = "../unpickle/testdata"

func anglesFile(name string) string {
	if strings.HasSuffix(name, ".pkl") {
		return filepath.Join(pickles, name)
	}
	return filepath.Join("testdata", "angles", name)
}

func bytesOf(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// npy is a .npy file of version 1 with this header.
func npy(header string, data ...byte) []byte {
	return append([]byte(npyMagic+"\x01\x00"+string([]byte{byte(len(header)), byte(len(header) >> 8)})+header), data...)
}

func zipOf(t testing.TB, entries ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		f, err := w.Create(entries[i])
		if err == nil {
			_, err = f.Write([]byte(entries[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestReadAngles: one array in every format of testdata's make.py.
func TestReadAngles(t *testing.T) {
	want := make([]float32, 12)
	for i := range want {
		want[i] = float32(i)*31.5 - 170
	}
	for _, name := range []string{
		"c.npy", "fortran.npy", "big_endian.npy", "one.npz", "two.npz",
		"protocol2.pkl", "protocol3.pkl", "protocol4.pkl", "protocol5.pkl", "numpy1.pkl", "python2.pkl", "fortran.pkl", "fortran5.pkl",
	} {
		a, err := ReadAngles(anglesFile(name))
		if err != nil {
			t.Error(err)
			continue
		}
		if a.Replicas != 1 || a.Frames != 3 || a.Count != 4 || !slices.Equal(a.Degrees, want) || a.Name() != strings.Split(name, ".")[0] || a.Names[3] != "psi3" {
			t.Errorf("%s: %+v", name, a)
		}
	}
	a, err := ReadAngles(anglesFile("replicas.npy"))
	if err != nil || a.Replicas != 2 || a.Frames != 3 || a.Degrees[12] != 170 {
		t.Errorf("replicas: %+v, %v", a, err)
	}
}

// TestBadAngleFiles: one clear line each.
func TestBadAngleFiles(t *testing.T) {
	c := bytesOf(t, anglesFile("c.npy"))
	pickle := bytesOf(t, anglesFile("protocol4.pkl"))
	bomb := zipOf(t, "a.npy", npyMagic+strings.Repeat("\x00", 20<<20))
	for _, x := range []struct {
		what string
		file []byte
		want string
	}{
		{"empty", nil, "the file is empty"},
		{"text", []byte("-60 -40\n-61 -41\n"), `this is no .npy, .npz or pickle of protocol 2 to 5 (it starts with "-60 -40\n-61 "); save the array with numpy.save`},
		{"gzip", []byte("\x1f\x8b\x08"), "compressed with gzip"},
		{"a DCD", bytesOf(t, filepath.Join("testdata", "trajectory", "ala5.dcd")), "this is a DCD trajectory; read it with its PDB file by ReadTrajectory"},
		{"npy cut in its header", c[:50], "cut short: its header should take 118 bytes, but 40 are left"},
		{"npy cut in its data", c[:len(c)-1], "there are 95 bytes of data, not [3 4] elements of 8 bytes as the header says; the file is cut short"},
		{"npy cut at once", c[:8], "cut short: it has 8 bytes"},
		{"npy of version 9", slices.Concat(c[:6], []byte{9}, c[7:]), "version 9"},
		{"npy without a shape", npy("{'descr': '<f4', 'fortran_order': False, }"), "gives no plain type, order and shape"},
		{"npy of records", npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }"), "gives no plain type"},
		{"npy of objects", npy("{'descr': '|O', 'fortran_order': False, 'shape': (1, 2), }", 1, 2), `of numpy type "|O"; save them as float32 or float64`},
		{"npy of whole numbers", npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1, 1), }", make([]byte, 8)...), `of numpy type "<i8"`},
		{"npy of one axis", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", make([]byte, 8)...), "the array has shape [2]; want [frames, angles] or [replicas, frames, angles]"},
		{"npy of no axis", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", make([]byte, 4)...), "the array has shape []"},
		{"npy that is empty", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 46), }"), "the array is empty: its shape is [0 46]"},
		{"npy of odd angles", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }", make([]byte, 4)...), "a frame has 1 angles, which are not pairs"},
		{"npy of a shape beyond all", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 4), }", make([]byte, 8)...), "there are 8 bytes of data"},
		{"npy of a number that is none", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 4), }"), "is none"},
		{"npy of zeros", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }", make([]byte, 8)...), "so they seem to be radians"},
		{"npz cut", bytesOf(t, anglesFile("one.npz"))[:200], "the .npz file cannot be read"},
		{"npz without arrays", zipOf(t, "a.txt", "x"), "holds no arrays"},
		{"npz with two arrays", zipOf(t, "a.npy", "x", "b.npy", "y"), `holds 2 arrays ("a", "b") and none is called "angles"`},
		{"npz with what is no npy", zipOf(t, "a.npy", "x"), `array "a" of the .npz file does not start as a .npy file`},
		{"npz that unpacks without end", bomb, `array "a" of the .npz file unpacks to more than`},
		{"a pickled dict", bytesOf(t, anglesFile("dict.pkl")), `the pickle holds a dict of 1 items ("angles"), not an array. Save the array alone`},
		{"a pickled list", bytesOf(t, anglesFile("list.pkl")), "the pickle holds a list of 2 items, not an array"},
		{"a pickled number", []byte("\x80\x02K\x01."), "the pickle holds a single value, not an array"},
		{"a pickled object", []byte("\x80\x02c__main__\nRun\n)\x81."), "the pickle holds an object of class __main__.Run, not an array"},
		{"a pickled call", bytesOf(t, anglesFile("eval.pkl")), "refused: the pickle wants to call builtins.eval; nothing in it was run. Save the array alone"},
		{"pickled objects", bytesOf(t, anglesFile("objects.pkl")), "holds Python objects"},
		{"a pickle cut short", pickle[:len(pickle)-20], "it is cut short"},
		{"a pickle that goes on", append(slices.Clone(pickle), 'x'), "the file goes on for 1 bytes after the pickled array"},
	} {
		path := filepath.Join(t.TempDir(), "angles.npy")
		if err := os.WriteFile(path, x.file, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadAngles(path)
		if err == nil || !strings.Contains(err.Error(), x.want) || !strings.HasPrefix(err.Error(), "datasets: "+path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", x.what, err, x.want)
		}
	}
	if _, err := ReadAngles(t.TempDir()); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := ReadAngles("missing.npy"); err == nil || !strings.Contains(err.Error(), "missing.npy: no such file") {
		t.Errorf("no file: %v", err)
	}
}

// FuzzAngles: whatever the file, an error of one line or sound angles.
func FuzzAngles(f *testing.F) {
	for _, folder := range []string{pickles, filepath.Join("testdata", "angles")} {
		files, err := filepath.Glob(filepath.Join(folder, "*.[np]*"))
		if err != nil || len(files) < 5 {
			f.Fatal(err, len(files))
		}
		for _, path := range files {
			f.Add(bytesOf(f, path))
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := parseAngles("fuzz", file)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %q", err)
			}
			return
		}
		if err := a.check(); err != nil || len(a.Degrees) == 0 {
			t.Fatal(err, len(a.Degrees))
		}
	})
}

func ExampleReadAngles() {
	a, err := ReadAngles("testdata/angles/c.npy")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.Name(), a.Replicas, a.Frames, a.Names, a.Frame(0, 1))
	// Output: c 1 3 [phi2 psi2 phi3 psi3] [-44 -12.5 19 50.5]
}
