package datasets

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/idff-go/workbench/internal/fullfile"
)

// levels are n images of a shape in all 256 levels, and points for them.
func levels(n int, shape [3]int) (pixels []byte, x []float32) {
	pixels = make([]byte, n*shape[0]*shape[1]*shape[2])
	for i := range pixels {
		pixels[i] = byte(i * 7)
		x = append(x, float32(pixels[i])/127.5-1)
	}
	return pixels, x
}

// inParts gives points in parts of k images.
func inParts(x, labels []float32, size, k int) func(int) (x, labels []float32) {
	return func(from int) ([]float32, []float32) {
		to := min(from+k, len(x)/size)
		if labels == nil {
			return x[from*size : to*size], nil
		}
		return x[from*size : to*size], labels[from:to]
	}
}

// npzArrays are the members of an .npz file, header and values.
func npzArrays(t *testing.T, path string) map[string][2]string {
	t.Helper()
	r, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // only read
	out := map[string][2]string{}
	for _, f := range r.File {
		if f.Method != zip.Store {
			t.Errorf("%s is compressed", f.Name)
		}
		w, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(w)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = [2]string{strings.TrimSpace(string(all[10:128])), string(all[128:])}
	}
	return out
}

// What is written is read again as the same bytes, from a folder and from an .npz file, in colour and in grey, in parts or at once.
func TestWriteImages(t *testing.T) {
	t.Setenv(DataVariable, t.TempDir())
	for _, shape := range [][3]int{{9, 9, 3}, {9, 9, 1}} {
		const n = 7
		size := shape[0] * shape[1] * shape[2]
		pixels, x := levels(n, shape)
		threefold := pixels
		if shape[2] == 1 {
			threefold = nil
			for _, v := range pixels {
				threefold = append(threefold, v, v, v)
			}
		}
		labels := []float32{3, 0, 1, 1, 2, 9, 1000}
		dir := t.TempDir()
		for _, k := range []int{1, 3, n} {
			folder := filepath.Join(dir, "new", fmt.Sprint("folder", k))
			if err := WriteImages(folder, n, shape, inParts(x, labels, size, k)); err != nil {
				t.Fatal(err)
			}
			m, err := ReadImageFolder("written", folder, Crop{Cut: 9})
			if err != nil || m.Len() != n {
				t.Fatal(m, err)
			}
			got := make([]byte, 9*9*3)
			for i := range n {
				if err := m.pack.read(got, i); err != nil || !bytes.Equal(got, threefold[i*243:(i+1)*243]) {
					t.Errorf("%v in parts of %d: image %d is another one: %v", shape, k, i, err)
				}
			}
			_ = m.Close()
			first, err := png.Decode(bytes.NewReader(bytesOf(t, filepath.Join(folder, "00000.png"))))
			if _, grey := first.(*image.Gray); err != nil || grey != (shape[2] == 1) {
				t.Errorf("%v: the PNG file is %T, %v", shape, first, err)
			}
			file := filepath.Join(dir, "new", fmt.Sprintf("%d.NPZ", k))
			if err := WriteImages(file, n, shape, inParts(x, labels, size, k)); err != nil {
				t.Fatal(err)
			}
			arrays := npzArrays(t, file)
			if got := arrays["arr_0.npy"]; got[0] != "{'descr': '|u1', 'fortran_order': False, 'shape': (7, 9, 9, 3), }" || got[1] != string(threefold) {
				t.Errorf("%v in parts of %d: arr_0 is %s with %d bytes", shape, k, got[0], len(got[1]))
			}
			if got := arrays["arr_1.npy"]; len(arrays) != 2 || got[0] != "{'descr': '<i8', 'fortran_order': False, 'shape': (7,), }" || len(got[1]) != 56 || got[1][0] != 3 || got[1][48:50] != "\xe8\x03" {
				t.Errorf("arr_1 is %s %q", got[0], got[1])
			}
		}
		if got := names(t, filepath.Join(dir, "new")); len(got) != 6 {
			t.Errorf("there are %q", got)
		}
		// Fewer than there are, without labels.
		some := filepath.Join(dir, "some.npz")
		if err := WriteImages(some, 5, shape, func(int) ([]float32, []float32) { return x[:3*size], nil }); err != nil {
			t.Fatal(err)
		}
		if arrays := npzArrays(t, some); len(arrays) != 1 || len(arrays["arr_0.npy"][1]) != 5*243 {
			t.Errorf("%d arrays, %d bytes", len(arrays), len(arrays["arr_0.npy"][1]))
		}
	}
}

// Bytes are rounded, and cut off: those that EDM, TorchCFM and IDFF have, x*127.5 + 128, cut off and truncated; and real images keep theirs.
func TestWriteImagesRounds(t *testing.T) {
	x := []float32{-7, -1.001, -1, -.999, -.9961, -.9959, 0, .0038, .0040, .5, .9960, .9962, 1, 40, -.00001, .3}
	want := []byte{0, 0, 0, 0, 0, 1, 128, 128, 128, 191, 254, 255, 255, 255, 127, 166}
	for i, v := range x {
		if theirs := byte(max(0, min(float64(v*127.5)+128, 255))); theirs != want[i] {
			t.Fatalf("%g: want %d, and x*127.5 + 128 gives %d", v, want[i], theirs)
		}
	}
	file := filepath.Join(t.TempDir(), "x.npz")
	if err := WriteImages(file, 1, [3]int{4, 4, 1}, func(int) ([]float32, []float32) { return x, nil }); err != nil {
		t.Fatal(err)
	}
	got := npzArrays(t, file)["arr_0.npy"][1]
	for i, v := range want {
		if got[3*i] != v {
			t.Errorf("%g is written as %d, want %d", x[i], got[3*i], v)
		}
	}
}

// What fails leaves nothing, and what is there already stays.
func TestWriteImagesRefuses(t *testing.T) {
	dir := t.TempDir()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	shape := [3]int{1, 2, 1}
	give := func(x, labels []float32) func(int) ([]float32, []float32) {
		return func(int) ([]float32, []float32) { return x, labels }
	}
	turns := func(labels ...[]float32) func(int) ([]float32, []float32) {
		return func(from int) ([]float32, []float32) { return []float32{0, 0}, labels[from] }
	}
	for _, c := range []struct {
		want  string
		n     int
		shape [3]int
		part  func(int) (x, labels []float32)
	}{
		{"0 images; want 1 or more", 0, shape, give(nil, nil)},
		{"images of 1 x 2 pixels with 2 channels; want", 1, [3]int{1, 2, 2}, give(nil, nil)},
		{"images of 0 x 2 pixels", 1, [3]int{0, 2, 1}, give(nil, nil)},
		{"there is no function that gives the images", 1, shape, nil},
		{"the part from image 0 on has 3 values, and an image of 1 x 2 x 1 has 2", 2, shape, give(make([]float32, 3), nil)},
		{"the part from image 0 on has 0 values", 2, shape, give(nil, nil)},
		{"value 1 of image 1 is NaN", 2, shape, give([]float32{0, 0, 0, nan}, nil)},
		{"value 0 of image 0 is +Inf", 2, shape, give([]float32{inf, 0, 0, 0}, nil)},
		{"the part from image 0 on has 3 labels for 2 images", 2, shape, give(make([]float32, 4), make([]float32, 3))},
		{"the label of image 1 is 0.5, want a whole number from 0 on; give nil", 2, shape, give(make([]float32, 4), []float32{0, .5})},
		{"the label of image 0 is -1, want", 2, shape, give(make([]float32, 4), []float32{-1, 0})},
		{"the label of image 0 is NaN, want", 2, shape, give(make([]float32, 4), []float32{nan, 0})},
		{"the part from image 1 on has 0 labels, and those before have 1", 2, shape, turns([]float32{1}, nil)},
		{"the part from image 1 on has 1 labels, and those before have 0", 2, shape, turns(nil, []float32{1})},
	} {
		for _, name := range []string{"out", "out.npz"} {
			path := filepath.Join(dir, name)
			err := WriteImages(path, c.n, c.shape, c.part)
			wantLine(t, c.want, err, "datasets: "+path+" is not written: "+c.want)
			if left := names(t, dir); len(left) > 0 {
				t.Fatalf("%s: there are %q", c.want, left)
			}
		}
	}
	for _, name := range []string{"x.npy", "x.png", "x.ZIP"} {
		wantLine(t, name, WriteImages(filepath.Join(dir, name), 1, shape, give(make([]float32, 2), nil)), "give the name of a folder, or of a file that ends in .npz")
	}
	for _, path := range []string{write(t, filepath.Join(dir, "a.npz"), []byte("mine")), filepath.Dir(write(t, filepath.Join(dir, "b", "mine"), nil)), t.TempDir(), "."} {
		wantLine(t, path, WriteImages(path, 1, shape, give(make([]float32, 2), nil)), "is not written: it is there already: remove it, or give another name")
	}
	wantLine(t, "no name", WriteImages("", 1, shape, give(make([]float32, 2), nil)), "it is there already")
	if string(bytesOf(t, filepath.Join(dir, "a.npz"))) != "mine" || len(names(t, filepath.Join(dir, "b"))) != 1 {
		t.Error("what was there is another")
	}
	// What comes while it is written stays, too.
	for _, path := range []string{filepath.Join(dir, "c"), filepath.Join(dir, "c.npz")} {
		err := WriteImages(path, 1, shape, func(int) ([]float32, []float32) {
			if err := os.Mkdir(path, 0o777); err != nil {
				t.Fatal(err)
			}
			return make([]float32, 2), nil
		})
		wantLine(t, path, err, "it is there already")
		if len(names(t, path)) > 0 {
			t.Errorf("%s has %q", path, names(t, path))
		}
	}
	if left := names(t, dir); len(left) != 4 {
		t.Errorf("there are %q", left)
	}
	wantLine(t, "a file for a folder", WriteImages(filepath.Join(dir, "a.npz", "x"), 1, shape, give(make([]float32, 2), nil)), "not a directory")
}

// A full disk is said in one line, and leaves nothing. The limit of a file's size holds for a whole process: the test runs in another one.
func TestWriteImagesWithoutRoom(t *testing.T) {
	if !fullfile.Alone(t) {
		return
	}
	shape := [3]int{100, 100, 3}
	x := make([]float32, 30_000)
	for i := range x { // noise, which PNG does not make small
		x[i] = float32(uint32(i*i*2654435761)>>8)/(1<<23) - 1
	}
	dir := t.TempDir()
	fullfile.Limit(t, 20_000, func() {
		for _, name := range []string{"out", "out.npz"} {
			wantLine(t, name, WriteImages(filepath.Join(dir, name), 20, shape, func(int) ([]float32, []float32) { return x, nil }), name+" is not written: ")
		}
	})
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("there are %q", left)
	}
}

// What killed writers left is removed by the next one, and what a living one writes is not.
func TestWriteImagesAfterAKill(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "new.folder")
	c := writer(t, path)
	if left := names(t, dir); len(left) != 2 {
		t.Fatalf("there are %q, want the writer's file and folder", left)
	}
	put := func(path string) {
		t.Helper()
		if err := WriteImages(path, 1, [3]int{1, 2, 1}, func(int) ([]float32, []float32) { return make([]float32, 2), nil }); err != nil {
			t.Fatal(err)
		}
	}
	put(path)
	if left := names(t, dir); len(left) != 3 {
		t.Errorf("beside a living writer: there are %q", left)
	}
	_ = c.Process.Kill()
	_ = c.Wait()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	put(path)
	if left := names(t, dir); !slices.Equal(left, []string{"new.folder"}) {
		t.Errorf("after it was killed: there are %q", left)
	}
}

// A full disk has a line of its own, without the temporary file's name, and the error is in it.
func TestWriteImagesFullDisk(t *testing.T) {
	p := parts{n: 9, done: 4}
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		err := p.notWritten("out", fmt.Errorf("png: %w", &os.PathError{Op: "write", Path: ".out-12", Err: full}))
		if want := "datasets: the disk is full: out is not written, after 4 of 9 images; free some space, or write to another disk: " + full.Error(); err.Error() != want || !errors.Is(err, full) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	dir := os.Getenv("DATASETS_TEST_SMALL_DISK") // a small file system of its own, where there is one: mount -t tmpfs -o size=256k none DIR
	if dir == "" {
		t.Skip("DATASETS_TEST_SMALL_DISK names no small disk")
	}
	x := make([]float32, 64*64*3)
	for i := range x {
		x[i] = float32(uint32(i*i*2654435761)>>8)/(1<<23) - 1
	}
	err := WriteImages(filepath.Join(dir, "out"), 1000, [3]int{64, 64, 3}, func(int) ([]float32, []float32) { return x, nil })
	wantLine(t, "folder", err, "datasets: the disk is full: "+dir+"/out is not written, after ")
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v is not ENOSPC", err)
	}
	err = WriteImages(filepath.Join(dir, "out.npz"), 1000, [3]int{64, 64, 3}, func(int) ([]float32, []float32) { return x, nil })
	wantLine(t, "file", err, "GB are to be written: free some space, or write to another disk")
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("there are %q", left)
	}
}
