package datasets

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// classFolder has cats, dogs and an owl, in pictures of sizes of their own.
func classFolder(t *testing.T) string {
	dir := t.TempDir()
	t.Setenv(DataVariable, t.TempDir())
	for i, path := range []string{"cat/1.png", "cat/old/2.png", "dog b/1.png", "dog/1.png", "dog/3.png", "owl/9.png"} {
		write(t, filepath.Join(dir, filepath.FromSlash(path)), pngOf(t, picture(10+i, 10)))
	}
	write(t, filepath.Join(dir, "empty", "notes.txt"), []byte("no picture"))
	return dir
}

func TestClassFolders(t *testing.T) {
	dir := classFolder(t)
	m, err := ReadClassFolders("animals", dir, Crop{Cut: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close() //nolint:errcheck // only read
	if want := []string{"cat", "dog", "dog b", "owl"}; !slices.Equal(m.ClassNames(), want) {
		t.Errorf("classes %q, want %q", m.ClassNames(), want)
	}
	for i, want := range []struct{ label, width int }{{0, 10}, {0, 11}, {1, 13}, {1, 14}, {2, 12}, {3, 15}} {
		x, err := m.At(i)
		if err != nil {
			t.Fatal(err)
		}
		pixels, _ := Crop{Cut: 8}.apply(picture(want.width, 10))
		if m.Label(i) != want.label || x[0] != float32(pixels[0])/127.5-1 || x[5] != float32(pixels[5])/127.5-1 {
			t.Errorf("picture %d has the label %d and begins with %v; want %d, and the picture %d wide", i, m.Label(i), x[:6], want.label, want.width)
		}
	}
	if _, err := m.Labelled(); err != nil {
		t.Error(err)
	}
	// The same pictures in the same order, one of another class, are other data.
	if err := os.Rename(filepath.Join(dir, "dog b"), filepath.Join(dir, "dog", "b")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "dog", "3.png"), filepath.Join(dir, "dog", "0.png")); err != nil {
		t.Fatal(err)
	}
	again, err := ReadClassFolders("animals", dir, Crop{Cut: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close() //nolint:errcheck // only read
	if len(again.ClassNames()) != 3 || again.ID() == m.ID() {
		t.Errorf("after a change: classes %q, ID %s, before %s", again.ClassNames(), again.ID(), m.ID())
	}
}

// TestClassesInTheID: the labels are part of the data's identity, whatever the pictures' order.
func TestClassesInTheID(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(DataVariable, t.TempDir())
	ids := map[string]bool{}
	for _, of := range []string{"a/1.png", "b/1.png"} { // the second of three pictures, in the same order both times
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		for i, path := range []string{"a/0.png", of, "b/2.png"} {
			write(t, filepath.Join(dir, filepath.FromSlash(path)), pngOf(t, picture(10+i, 10)))
		}
		m, err := ReadClassFolders("x", dir, Crop{Cut: 8})
		if err != nil {
			t.Fatal(err)
		}
		ids[m.ID()] = true
		_ = m.Close()
	}
	if len(ids) != 2 {
		t.Errorf("IDs %v: want two", ids)
	}
}

func TestClassFoldersRefuse(t *testing.T) {
	many := make([]string, maxClasses+1)
	for i := range many {
		many[i] = fmt.Sprintf("%03d/1.png", i)
	}
	for _, tc := range []struct {
		what, want string
		paths      []string
	}{
		{"a picture beside the folders", "top.png is in no class's folder: put it into one", []string{"a/1.png", "b/1.png", "top.png"}},
		{"one class", "all pictures are in the folder a: want one for each of two classes", []string{"a/1.png", "a/2.png"}},
		{"no pictures", "has no pictures", []string{"a/notes.txt"}},
		{"too many", "there are more than 256 classes", many},
	} {
		dir := t.TempDir()
		t.Setenv(DataVariable, t.TempDir())
		for _, path := range tc.paths {
			write(t, filepath.Join(dir, filepath.FromSlash(path)), pngOf(t, picture(10, 10)))
		}
		_, err := ReadClassFolders("x", dir, Crop{Cut: 8})
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q and the folder", tc.what, err, tc.want)
		}
	}
}

// TestImagesHoldOut: a random part and the rest are all images, each once, with their own pixels and labels, in memory and packed, also of a part.
func TestImagesHoldOut(t *testing.T) {
	packed, err := ReadClassFolders("animals", classFolder(t), Crop{Cut: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close() //nolint:errcheck // only read
	pixels, labels := make([]byte, 12*4), make([]byte, 12)
	for i := range pixels {
		pixels[i], labels[i/4] = byte(i), byte(i/4%3)
	}
	inMemory, err := NewImages("numbers", pixels, [3]int{2, 2, 1}, labels, []string{"a", "b", "c"})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*Images{packed, inMemory, packed.MustPart(1, 6), inMemory.MustPart(2, 9)} {
		train, held, err := m.HoldOut(2, 7)
		if err != nil {
			t.Fatal(err)
		}
		again, _, _ := held.HoldOut(1, 1) // a part of a part
		if held.Len() != 2 || train.Len() != m.Len()-2 || again.Len() != 1 {
			t.Fatalf("%s: %d and %d images of %d", m.Name(), train.Len(), held.Len(), m.Len())
		}
		var all []string
		for _, part := range []*Images{train, held.MustPart(0, 1), held.MustPart(1, 2)} {
			for i := range part.Len() {
				x, err := part.At(i)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, fmt.Sprint(x, part.Label(i)))
			}
		}
		if x, err := again.At(0); err != nil || !slices.Contains(all, fmt.Sprint(x, again.Label(0))) {
			t.Errorf("%s: a part of a part: %v", m.Name(), err)
		}
		var want []string
		for i := range m.Len() {
			x, err := m.At(i)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, fmt.Sprint(x, m.Label(i)))
		}
		slices.Sort(all)
		slices.Sort(want)
		if !slices.Equal(all, want) {
			t.Errorf("%s: the parts have other images than the whole", m.Name())
		}
		_, other, _ := m.HoldOut(2, 8)
		if ids := []string{m.ID(), train.ID(), held.ID(), other.ID(), again.ID()}; len(slices.Compact(slices.Sorted(slices.Values(ids)))) != len(ids) {
			t.Errorf("IDs %q are not all different", ids)
		}
	}
	for _, n := range []int{-1, 0, 6} {
		if _, _, err := packed.HoldOut(n, 1); err == nil || !strings.Contains(err.Error(), "of 6 images cannot be held out; hold out 1 to 5") {
			t.Errorf("holding out %d: %v", n, err)
		}
	}
}
