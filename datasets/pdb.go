package datasets

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// The PDB format, version 3.3: lines of fixed columns, an atom each. Only what
// backbone angles need is read.

// backbone is the chain of a molecule: the residues that have phi and psi.
type backbone struct {
	atoms int // of the whole file, water and all
	pairs []phiPsi
	names []string // "phi2", "psi2", ...
	bonds []bond   // along the chain, to check positions with
}

// phiPsi are the atoms of both angles of a residue: C of the one before, its N,
// CA, C, and N of the next one.
type phiPsi [5]int

// bond is a bond of the chain, with what a message calls it.
type bond struct {
	a, b int
	name string
}

// residue is a residue of a PDB file.
type residue struct {
	chain, name, number string // columns 22, 18-20, 23-27
	atom                map[string]int
	at                  map[string][3]float64
	segment             int // the parts between TER lines and of other chains
}

func (r *residue) String() string {
	s := fmt.Sprintf("%s %s", r.name, r.number)
	if r.chain != "" {
		s += " of chain " + r.chain
	}
	return s
}

// aminoAcids are the names by which a residue counts as one even if it lacks
// atoms, among them those of force fields for other charges.
var aminoAcids = map[string]bool{}

func init() {
	for _, name := range strings.Fields("ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL " +
		"ASH CYM CYX GLH HID HIE HIP HSD HSE HSP LYN MSE ARN TYM SEC PYL") {
		aminoAcids[name] = true
	}
}

// isAminoAcid: by its atoms, or by its name.
func (r *residue) isAminoAcid() bool { return len(r.missing()) == 0 || aminoAcids[r.name] }

func (r *residue) missing() []string {
	var names []string
	for _, name := range []string{"N", "CA", "C"} {
		if _, ok := r.atom[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}

const peptideBond = 2.0 // Å; C and N of neighbours are 1.33 Å apart

// joined is whether the next residue hangs on this one.
func (r *residue) joined(next *residue) bool {
	c, ok1 := r.at["C"]
	n, ok2 := next.at["N"]
	return ok1 && ok2 && r.segment == next.segment && norm(minus(n, c)) <= peptideBond
}

// parsePDB reads the first model of a PDB file. It is an error if an amino acid
// lacks an atom of the backbone, if a chain has a gap that no TER line marks, or
// if no residue has both neighbours.
func parsePDB(r io.Reader) (*backbone, error) {
	residues, atoms, err := pdbResidues(r)
	if err != nil {
		return nil, err
	}
	b := &backbone{atoms: atoms}
	if err := b.whole(residues); err != nil {
		return nil, err
	}
	label := labels(residues)
	for i := range residues {
		here := residues[i]
		if i > 0 && residues[i-1].joined(here) {
			b.bonds = append(b.bonds, bond{residues[i-1].atom["C"], here.atom["N"], fmt.Sprintf("C of %v and N of %v", residues[i-1], here)})
		}
		if !here.isAminoAcid() {
			continue
		}
		b.bonds = append(b.bonds,
			bond{here.atom["N"], here.atom["CA"], fmt.Sprintf("N and CA of %v", here)},
			bond{here.atom["CA"], here.atom["C"], fmt.Sprintf("CA and C of %v", here)})
		if i == 0 || i == len(residues)-1 || !residues[i-1].joined(here) || !here.joined(residues[i+1]) {
			continue
		}
		b.pairs = append(b.pairs, phiPsi{residues[i-1].atom["C"], here.atom["N"], here.atom["CA"], here.atom["C"], residues[i+1].atom["N"]})
		b.names = append(b.names, label[here.segment]+"phi"+here.number, label[here.segment]+"psi"+here.number)
	}
	if len(b.pairs) == 0 {
		return nil, fmt.Errorf("no residue has both neighbours, so there are no backbone angles (%d atoms, %d residues)", atoms, len(residues))
	}
	return b, nil
}

// pdbResidues reads the residues in the order of the file.
func pdbResidues(r io.Reader) (residues []*residue, atoms int, err error) {
	s := bufio.NewScanner(r)
	segment, line := 0, 0
	var last *residue
	for s.Scan() {
		text := s.Text()
		line++
		record := strings.TrimRight(text[:min(len(text), 6)], " \r")
		if line == 1 && isDCD(s.Bytes()) {
			return nil, 0, errSwapped
		}
		if record == "ENDMDL" || record == "END" {
			break
		}
		if record == "TER" {
			segment, last = segment+1, nil
		}
		if record != "ATOM" && record != "HETATM" {
			continue
		}
		at, err := pdbPosition(text)
		if err != nil {
			return nil, 0, fmt.Errorf("line %d: %w", line, err)
		}
		field := func(from, to int) string { return strings.TrimSpace(text[from:to]) }
		name, altLoc, kind, chain, number := field(12, 16), field(16, 17), field(17, 20), field(21, 22), field(22, 27)
		if last != nil && last.chain != chain {
			segment, last = segment+1, nil
		}
		if last == nil || last.number != number || last.name != kind {
			last = &residue{chain: chain, name: kind, number: number, atom: map[string]int{}, at: map[string][3]float64{}, segment: segment}
			residues = append(residues, last)
		}
		if _, again := last.atom[name]; again && altLoc == "" && (name == "N" || name == "CA" || name == "C") && last.isAminoAcid() {
			return nil, 0, fmt.Errorf("line %d: %v has two atoms %s; number its residues one by one", line, last, name)
		} else if !again { // the first of alternative positions
			last.atom[name], last.at[name] = atoms, at
		}
		atoms++
	}
	switch err := s.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, 0, fmt.Errorf("line %d is longer than %d bytes: this is no PDB file", line+1, bufio.MaxScanTokenSize)
	case err != nil:
		return nil, 0, err
	case atoms == 0:
		return nil, 0, fmt.Errorf("there are no ATOM lines: this is no PDB file")
	}
	return residues, atoms, nil
}

// errSwapped is about a DCD given as PDB.
var errSwapped = errors.New("this is a DCD trajectory, not a PDB file; the order is ReadTrajectory(dcd, pdb)")

// pdbPosition is x, y, z of columns 31 to 54, in Å.
func pdbPosition(text string) (at [3]float64, err error) {
	if len(text) < 54 {
		return at, fmt.Errorf("an atom's line has %d columns, and its position ends in column 54; the file is cut short or no PDB file", len(text))
	}
	for i, c := range []byte(text[:54]) {
		if c < ' ' || c > '~' {
			return at, fmt.Errorf("%#02x in column %d is no printable character; columns are filled with spaces", c, i+1)
		}
	}
	for i := range at {
		field := strings.TrimSpace(text[30+8*i : 38+8*i])
		v, err := strconv.ParseFloat(field, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return at, fmt.Errorf("%.8q in columns %d to %d is no position", field, 31+8*i, 38+8*i)
		}
		at[i] = v
	}
	return at, nil
}

// whole is an error about amino acids without N, CA or C and about gaps.
func (b *backbone) whole(residues []*residue) error {
	var lacking, gaps []string
	for i, here := range residues {
		if !here.isAminoAcid() {
			continue
		}
		if missing := here.missing(); len(missing) > 0 {
			lacking = append(lacking, fmt.Sprintf("%v has no %s", here, strings.Join(missing, ", ")))
		}
		if i == 0 {
			continue
		}
		if before := residues[i-1]; before.isAminoAcid() && before.segment == here.segment && len(before.missing())+len(here.missing()) == 0 && !before.joined(here) {
			gaps = append(gaps, gap(before, here))
		}
	}
	const most = 4
	if len(lacking) > 0 {
		return fmt.Errorf("atoms are missing: %s; give a PDB and a DCD with the whole backbone", few(lacking, most))
	}
	if len(gaps) > 0 {
		return fmt.Errorf("the chain breaks: %s; give the whole chain, or mark its end there with a TER line", few(gaps, most))
	}
	return nil
}

// gap describes a break of a chain.
func gap(before, after *residue) string {
	s := fmt.Sprintf("between %v and %v (C and N are %.1f Å apart", before, after, norm(minus(after.at["N"], before.at["C"])))
	from, err1 := strconv.Atoi(before.number)
	to, err2 := strconv.Atoi(after.number)
	if err1 == nil && err2 == nil && to == from+2 {
		s += fmt.Sprintf("; residue %d is missing", from+1)
	} else if err1 == nil && err2 == nil && to > from+2 {
		s += fmt.Sprintf("; residues %d to %d are missing", from+1, to-1)
	}
	return s + ")"
}

func few(items []string, most int) string {
	if len(items) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
	}
	return strings.Join(items, ", ")
}

// labels are what tells the angles of several chains apart, by segment: "" where
// there is one, "A:" by the chains' names where those differ, "2:" by their
// order else.
func labels(residues []*residue) map[int]string {
	label, names := map[int]string{}, map[string]bool{}
	var order []int // segments with amino acids
	distinct := true
	for _, r := range residues {
		if _, seen := label[r.segment]; seen || !r.isAminoAcid() {
			continue
		}
		label[r.segment] = r.chain + ":"
		order = append(order, r.segment)
		distinct = distinct && r.chain != "" && !names[r.chain]
		names[r.chain] = true
	}
	for i, segment := range order {
		if len(order) == 1 {
			label[segment] = ""
		} else if !distinct {
			label[segment] = strconv.Itoa(i+1) + ":"
		}
	}
	return label
}
