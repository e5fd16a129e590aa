package datasets

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// ReadTrajectory computes the backbone angles of a trajectory: phi and psi of
// every residue that has both neighbours, caps such as ACE and NME counting as
// neighbours,
//
//	phi(i) = Dihedral(C(i-1), N(i), CA(i), C(i))
//	psi(i) = Dihedral(N(i), CA(i), C(i), N(i+1))
//
// in every frame. dcd is a DCD file of CHARMM, NAMD, OpenMM or MDTraj, of any
// length, read frame by frame; pdb is a PDB file of the same atoms in the same
// order, whose first model says which atom is which. The angles are called
// "phi2" by the residue's number, "A:phi2" where there are several chains.
// Interval is what the DCD says. The result is one replica; JoinAngles puts
// several together.
//
// It is an error if the numbers of atoms differ, if the PDB lacks atoms of a
// backbone or has a gap that no TER line marks, if a file is cut short, or if in
// a frame two bonded atoms are not 0.8 to 2.5 Å apart, as they are if the order
// of atoms differs or a molecule is broken over a periodic boundary.
func ReadTrajectory(dcd, pdb string) (*Angles, error) {
	var b *backbone
	err := withFile(pdb, func(r io.Reader) (err error) {
		b, err = parsePDB(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	var a *Angles
	err = withFile(dcd, func(r io.Reader) (err error) {
		a, err = readTrajectory(r, b)
		return err
	})
	if err != nil {
		return nil, err
	}
	a.name = stem(dcd)
	return a, nil
}

// MustReadTrajectory is ReadTrajectory for notebooks: an error prints one line
// and ends the program.
func MustReadTrajectory(dcd, pdb string) *Angles { return must(ReadTrajectory(dcd, pdb)) }

// withFile opens a file for f; errors have its path.
func withFile(path string, f func(io.Reader) error) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("datasets: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("datasets: %s is not a file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("datasets: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	if err := f(file); err != nil {
		return fmt.Errorf("datasets: %s: %w", path, err)
	}
	return nil
}

func readTrajectory(r io.Reader, b *backbone) (*Angles, error) {
	d, err := openDCD(r, b.atoms)
	if err != nil {
		return nil, err
	}
	a := &Angles{Replicas: 1, Count: len(b.names), Names: b.names, Interval: d.interval}
	var axes [3][]float32
	for i := range axes {
		axes[i] = make([]float32, d.atoms)
	}
	at := func(i int) [3]float64 {
		return [3]float64{float64(axes[0][i]), float64(axes[1][i]), float64(axes[2][i])}
	}
	for {
		if err := d.next(&axes); errors.Is(err, io.EOF) {
			return a, nil
		} else if err != nil {
			return nil, err
		}
		for _, bond := range b.bonds {
			if length := norm(minus(at(bond.a), at(bond.b))); !(length >= 0.8 && length <= 2.5) { // NaN too
				return nil, fmt.Errorf("in frame %d (counted from 0), %s are %.2f Å apart, which no bond is: the DCD is of other atoms than the PDB, or the molecule is broken over the periodic boundary (make it whole first) or blew up",
					a.Frames, bond.name, length)
			}
		}
		for _, p := range b.pairs {
			a.Degrees = append(a.Degrees, float32(Dihedral(at(p[0]), at(p[1]), at(p[2]), at(p[3]))), float32(Dihedral(at(p[1]), at(p[2]), at(p[3]), at(p[4]))))
		}
		a.Frames++
	}
}
