package datasets

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func trajectoryFile(name string) string { return filepath.Join("testdata", "trajectory", name) }

// TestDihedral: the sign, the two flat cases, and that turning and mirroring do
// what they should.
func TestDihedral(t *testing.T) {
	for _, c := range []struct {
		d    [3]float64
		want float64
	}{
		{[3]float64{1, 0, 1}, 90}, {[3]float64{1, 0, -1}, -90}, {[3]float64{1, 1, 0}, 0}, {[3]float64{2, 1, 1}, 45}, {[3]float64{5, -1, 1}, 135}, {[3]float64{1, -1, 0}, 180},
	} {
		a, b, p := [3]float64{0, 1, 0}, [3]float64{0, 0, 0}, [3]float64{1, 0, 0}
		got := Dihedral(a, b, p, c.d)
		if math.Abs(got-c.want) > 1e-12 && math.Abs(math.Abs(got)-180)+math.Abs(c.want-180) > 1e-12 {
			t.Errorf("%v: %v, want %v", c.d, got, c.want)
		}
		if back := Dihedral(c.d, p, b, a); math.Abs(back-got) > 1e-12 {
			t.Errorf("%v: %v from the other end", c.d, back)
		}
		mirror := func(x [3]float64) [3]float64 { return [3]float64{x[0], x[1], -x[2]} }
		if m := Dihedral(mirror(a), mirror(b), mirror(p), mirror(c.d)); math.Abs(math.Mod(m+got, 360)) > 1e-12 {
			t.Errorf("%v: %v in the mirror", c.d, m)
		}
	}
}

// TestReadTrajectory compares with the angles of MDTraj.
func TestReadTrajectory(t *testing.T) {
	var reference map[string]struct {
		Names   []string
		Degrees [][]float64
	}
	if err := json.Unmarshal(bytesOf(t, trajectoryFile("reference.json")), &reference); err != nil {
		t.Fatal(err)
	}
	for name, interval := range map[string]float64{"ala5": 1, "ace_ala5": 2} {
		want := reference[name]
		a, err := ReadTrajectory(trajectoryFile(name+".dcd"), trajectoryFile(name+".pdb"))
		if err != nil {
			t.Fatal(err)
		}
		if a.Name() != name || a.Replicas != 1 || a.Frames != len(want.Degrees) || !slices.Equal(a.Names, want.Names) || math.Abs(a.Interval-interval) > 1e-6 {
			t.Errorf("%s: %d replicas, %d frames every %g ps of %v, want %d of %v", name, a.Replicas, a.Frames, a.Interval, a.Names, len(want.Degrees), want.Names)
			continue
		}
		if err := a.check(); err != nil {
			t.Error(err)
		}
		for k, frame := range want.Degrees {
			for i, w := range frame {
				// MDTraj computes in float32 and the reference is rounded to .001.
				if d := math.Abs(math.Remainder(float64(a.Frame(0, k)[i])-w, 360)); !(d < .002) {
					t.Errorf("%s: frame %d, %s: %v, want %v", name, k, a.Names[i], a.Frame(0, k)[i], w)
				}
			}
		}
	}
}

// dcdOf takes the file of ala5 apart: header with titles and number of atoms,
// then frames.
func dcdOf(t testing.TB) (head []byte, frames [][]byte) {
	t.Helper()
	file := bytesOf(t, trajectoryFile("ala5.dcd"))
	const start, atoms, count = 92 + 172 + 12, 53, 8
	size := 3 * (4*atoms + 8)
	if len(file) != start+count*size {
		t.Fatalf("the file has %d bytes", len(file))
	}
	for i := range count {
		frames = append(frames, file[start+i*size:start+(i+1)*size])
	}
	return file[:start:start], frames
}

// setWord is a copy of the file with the number of 4 bytes at a place.
func setWord(file []byte, at int, v uint32) []byte {
	c := slices.Clone(file)
	binary.LittleEndian.PutUint32(c[at:], v)
	return c
}

// bigEndian turns every word around but those of "CORD" and the titles.
func bigEndian(file []byte) []byte {
	c := slices.Clone(file)
	for i := 0; i < len(c); i += 4 {
		if i != 4 && (i < 100 || i >= 260) {
			slices.Reverse(c[i : i+4])
		}
	}
	return c
}

func parseTrajectory(dcd, pdb []byte) (*Angles, error) {
	b, err := parsePDB(bytes.NewReader(pdb))
	if err != nil {
		return nil, err
	}
	return readTrajectory(bytes.NewReader(dcd), b)
}

// TestDCDKinds: what other programs write: the other byte order, unit cells, a
// fourth dimension, X-PLOR's header, a header that does not count its frames.
func TestDCDKinds(t *testing.T) {
	pdb := bytesOf(t, trajectoryFile("ala5.pdb"))
	head, frames := dcdOf(t)
	file := slices.Concat(head, slices.Concat(frames...))
	want, err := parseTrajectory(file, pdb)
	if err != nil {
		t.Fatal(err)
	}
	cells := setWord(head, 48, 1)
	fourth := setWord(head, 52, 1)
	for _, f := range frames {
		cell := binary.LittleEndian.AppendUint32(nil, 48)
		cell = binary.LittleEndian.AppendUint32(append(cell, make([]byte, 48)...), 48)
		cells = append(append(cells, cell...), f...)
		fourth = append(append(fourth, f...), f[:len(f)/3]...)
	}
	unknown, err := parseTrajectory(setWord(setWord(file, 44, math.Float32bits(1)), 16, 1), pdb)
	if err != nil || unknown.Interval != 0 || unknown.Frames != 8 {
		t.Errorf("a step of 1: %+v, %v", unknown, err)
	}
	xplor := setWord(file, 84, 0)
	binary.LittleEndian.PutUint64(xplor[44:], math.Float64bits(.002/akma))
	for what, f := range map[string][]byte{
		"the other byte order": bigEndian(file), "unit cells": cells, "a fourth dimension": fourth, "no count of frames": setWord(file, 8, 0), "X-PLOR": xplor,
	} {
		a, err := parseTrajectory(f, pdb)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if a.Frames != 8 || !slices.Equal(a.Degrees, want.Degrees) || math.Abs(a.Interval-1) > 1e-6 {
			t.Errorf("%s: %d frames every %v ps", what, a.Frames, a.Interval)
		}
	}
}

// TestBadTrajectories: one clear line each, with the file's name.
func TestBadTrajectories(t *testing.T) {
	pdb := bytesOf(t, trajectoryFile("ala5.pdb"))
	head, frames := dcdOf(t)
	file := slices.Concat(head, slices.Concat(frames...))
	position := func(frame, axis, atom int) int { return len(head) + frame*len(frames[0]) + axis*(4*53+8) + 4 + 4*atom }
	for _, c := range []struct {
		what string
		dcd  []byte
		want string
	}{
		{"empty", nil, "the file is empty"},
		{"text", []byte("hello, this is no trajectory"), `this is no DCD trajectory: it starts with "hello, this "`},
		{"a PDB", pdb, "this is a PDB file, not a DCD trajectory; the order is ReadTrajectory(dcd, pdb)"},
		{"other atoms", bytesOf(t, trajectoryFile("ace_ala5.dcd")), "the DCD has 62 atoms, the PDB has 53; both must be of the same atoms in the same order"},
		{"cut in the header", file[:50], "it is cut short in the header: 50 bytes"},
		{"cut in the titles", file[:150], "it is cut short in the titles"},
		{"cut before the atoms", file[:264], "it is cut short before the number of atoms"},
		{"no frames", setWord(head, 8, 0), "it has no frames"},
		{"cut in a frame", file[:len(head)+3*len(frames[0])+300], "it is cut short in frame 3 (counted from 0) of 8"},
		{"cut between frames", file[:len(head)+3*len(frames[0])], "it is cut short: it ends before frame 3 (counted from 0) of 8"},
		{"cut in a mark", file[:len(head)+3*len(frames[0])+2], "it is cut short before frame 3"},
		{"8-byte lengths", slices.Concat([]byte{84, 0, 0, 0, 0, 0, 0, 0}, file[4:]), "its records have lengths of 8 bytes, which are not read; write it again with lengths of 4 bytes"},
		{"a header of another size", setWord(file, 88, 80), "the header's record should take 84 bytes, not 84 and 80"},
		{"fixed atoms", setWord(file, 40, 3), "3 of its atoms are fixed and not in every frame"},
		{"a frame of another size", setWord(file, len(head), 300), "frame 0 (counted from 0) of 8 should take 212 bytes, but the record says 300"},
		{"a damaged end of a record", setWord(file, len(head)+216, 7), "says 212 bytes at its start and 7 at its end"},
		{"a NaN", setWord(file, position(2, 0, 12), math.Float32bits(float32(math.NaN()))), "in frame 2 (counted from 0), C of ALA 1 of chain A and N of ALA 2 of chain A are"},
		{"an atom elsewhere", setWord(file, position(5, 1, 14), math.Float32bits(50)), "N and CA of ALA 2 of chain A are"},
		{"a frame of zeros", slices.Concat(head, frames[0], zeroed(frames[1]), slices.Concat(frames[2:]...)), "in frame 1 (counted from 0), N and CA of ALA 1 of chain A are 0.00 Å apart, which no bond is"},
	} {
		path := filepath.Join(t.TempDir(), "run.dcd")
		if err := os.WriteFile(path, c.dcd, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadTrajectory(path, trajectoryFile("ala5.pdb"))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "datasets: "+path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
	for _, pair := range [][2]string{{"missing.dcd", "ala5.pdb"}, {"ala5.dcd", "missing.pdb"}} {
		if _, err := ReadTrajectory(trajectoryFile(pair[0]), trajectoryFile(pair[1])); err == nil || !strings.Contains(err.Error(), "no such file") {
			t.Errorf("%v: %v", pair, err)
		}
	}
	if _, err := ReadTrajectory(trajectoryFile("ala5.pdb"), trajectoryFile("ala5.dcd")); err == nil || !strings.Contains(err.Error(), "this is a DCD trajectory, not a PDB file; the order is ReadTrajectory(dcd, pdb)") {
		t.Errorf("in the wrong order: %v", err)
	}
	if _, err := ReadTrajectory(t.TempDir(), trajectoryFile("ala5.pdb")); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a folder: %v", err)
	}
}

// zeroed is a frame with all atoms at 0.
func zeroed(frame []byte) []byte {
	z := slices.Clone(frame)
	record := len(frame) / 3
	for i := range z {
		if in := i % record; in >= 4 && in < record-4 {
			z[i] = 0
		}
	}
	return z
}

// FuzzDCD: whatever the file, an error of one line or angles.
func FuzzDCD(f *testing.F) {
	b, err := parsePDB(bytes.NewReader(bytesOf(f, trajectoryFile("ala5.pdb"))))
	if err != nil {
		f.Fatal(err)
	}
	head, frames := dcdOf(f)
	file := slices.Concat(head, frames[0], frames[1])
	f.Add(setWord(file, 8, 2))
	f.Add(bigEndian(setWord(file, 8, 0)))
	f.Add(setWord(file, 48, 1))
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := readTrajectory(bytes.NewReader(file), b)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %q", err)
			}
			return
		}
		if a.Frames < 1 || len(a.Degrees) != a.Frames*a.Count {
			t.Fatalf("%d frames of %d angles, %d numbers", a.Frames, a.Count, len(a.Degrees))
		}
		for i, v := range a.Degrees {
			if !(v >= -180 && v <= 180) {
				t.Fatalf("angle %d is %v", i, v)
			}
		}
	})
}

func ExampleReadTrajectory() {
	a, err := ReadTrajectory("testdata/trajectory/ace_ala5.dcd", "testdata/trajectory/ace_ala5.pdb")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.Frames, "frames,", a.Residues(), "residues from", a.Names[0], "on")
	fmt.Printf("%.1f\n", a.Pair(0)[0])
	// Output:
	// 20 frames, 5 residues from phi2 on
	// [-57.6 122.1]
}
