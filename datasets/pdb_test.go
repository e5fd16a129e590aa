package datasets

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// ala5 are the lines of ala5.pdb.
func ala5(t testing.TB) []string {
	t.Helper()
	return strings.SplitAfter(string(bytesOf(t, trajectoryFile("ala5.pdb"))), "\n")
}

// without drops the lines with any of the parts.
func without(lines []string, parts ...string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(line, p) })
	})
}

// after puts a line behind the last one with the part.
func after(lines []string, part, line string) []string {
	at := 0
	for i := range lines {
		if strings.Contains(lines[i], part) {
			at = i + 1
		}
	}
	return slices.Insert(slices.Clone(lines), at, line)
}

func atomLine(name, kind, chain string, number int, x float64) string {
	return fmt.Sprintf("ATOM      1 %-4s %3s %1s%4d    %8.3f%8.3f%8.3f  1.00  0.00\n", name, kind, chain, number, x, 0., 0.)
}

// replaced replaces text in the lines with the part.
func replaced(lines []string, part, from, to string) []string {
	out := slices.Clone(lines)
	for i := range out {
		if strings.Contains(out[i], part) {
			out[i] = strings.ReplaceAll(out[i], from, to)
		}
	}
	return out
}

// TestPDBKinds: water, ions, alternative positions, several models and chains.
func TestPDBKinds(t *testing.T) {
	lines := ala5(t)
	inner := []string{"phi2", "psi2", "phi3", "psi3", "phi4", "psi4"}
	two := slices.Concat(without(lines, "CONECT", "END", "TER"), []string{"TER\n"}, replaced(without(lines, "CONECT", "REMARK"), "ALA A", "ALA A", "ALA B"))
	same := slices.Concat(without(lines, "CONECT", "END", "TER"), []string{"TER\n"}, without(lines, "CONECT", "REMARK"))
	model := slices.Concat([]string{"MODEL        1\n"}, without(lines, "CONECT", "REMARK", "END"), []string{"ENDMDL\nMODEL        2\n"}, without(lines, "CONECT", "REMARK", "END"), []string{"ENDMDL\nEND\n"})
	marked := func(mark string, names []string) []string {
		var out []string
		for _, n := range names {
			out = append(out, mark+n)
		}
		return out
	}
	for _, c := range []struct {
		what  string
		lines []string
		atoms int
		names []string
	}{
		{"as it is", lines, 53, inner},
		{"several models", model, 53, inner},
		{"lines that end in \\r\\n", replaced(lines, "", "\n", "\r\n"), 53, inner},
		{"a calcium ion and water", after(lines, "ALA A   5", "TER\n"+atomLine("CA", " CA", "A", 6, 90)+atomLine("O", "HOH", "A", 7, 95)), 55, inner},
		{"water in the chain", after(lines, "ALA A   5", atomLine("O", "HOH", "A", 6, 90)), 54, inner},
		{"an alternative position", after(lines, " CA  ALA A   2", strings.Replace(atomLine(" CA", "ALA", "A", 2, 90), " ALA", "BALA", 1)), 54, inner},
		{"two chains", two, 106, slices.Concat(marked("A:", inner), marked("B:", inner))},
		{"two chains of one name", same, 106, slices.Concat(marked("1:", inner), marked("2:", inner))},
		{"a gap marked by TER", after(without(lines, "ALA A   3"), "ALA A   2", "TER\n"), -1, nil},
	} {
		b, err := parsePDB(strings.NewReader(strings.Join(c.lines, "")))
		if c.atoms < 0 { // Ala2 and Ala2: no inner residue
			if err == nil || !strings.Contains(err.Error(), "no residue has both neighbours") {
				t.Errorf("%s: %v", c.what, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if b.atoms != c.atoms || !slices.Equal(b.names, c.names) || len(b.pairs) != len(b.names)/2 {
			t.Errorf("%s: %d atoms, %v", c.what, b.atoms, b.names)
		}
	}
}

// TestBadPDB: one clear line each.
func TestBadPDB(t *testing.T) {
	lines := ala5(t)
	for _, c := range []struct {
		what  string
		lines []string
		want  string
	}{
		{"empty", nil, "there are no ATOM lines: this is no PDB file"},
		{"text", []string{"hello\n"}, "this is no PDB file"},
		{"a missing atom", without(lines, " CA  ALA A   3"), "atoms are missing: ALA 3 of chain A has no CA; give a PDB and a DCD with the whole backbone"},
		{"missing atoms", without(lines, " N   ALA A   2", " C   ALA A   2", " N   ALA A   4"), "atoms are missing: ALA 2 of chain A has no N, C, ALA 4 of chain A has no N;"},
		{"alpha carbons alone", slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.HasPrefix(l, "ATOM") && !strings.Contains(l, " CA ") }), "ALA 4 of chain A has no N, C and 1 more"},
		{"a missing residue", without(lines, "ALA A   3"), "the chain breaks: between ALA 2 of chain A and ALA 4 of chain A (C and N are"},
		{"a missing residue is named", without(lines, "ALA A   3"), "; residue 3 is missing); give the whole chain, or mark its end there with a TER line"},
		{"missing residues are named", without(lines, "ALA A   2", "ALA A   3"), "; residues 2 to 3 are missing)"},
		{"a gap without numbers", replaced(without(lines, "ALA A   3"), "ALA A   4", "ALA A   4", "ALA A  2A"), "between ALA 2 of chain A and ALA 2A of chain A (C and N are"},
		{"the same number twice", replaced(lines, "ALA A   3", "ALA A   3", "ALA A   2"), "ALA 2 of chain A has two atoms N; number its residues one by one"},
		{"cut in a line", []string{strings.Join(lines, "")[:2000]}, "an atom's line has"},
		{"cut between lines", lines[:26], "ALA 3 of chain A has no C"},
		{"a position that is none", replaced(lines, " CA  ALA A   3", "5.595", "  nan"), `line 26: "nan" in columns 31 to 38 is no position`},
		{"tabs", replaced(lines, " CA  ALA A   3", "ALA A", "ALA\tA"), "0x09 in column 21 is no printable character"},
		{"a line without end", []string{strings.Repeat("x", 1<<17)}, "line 1 is longer than 65536 bytes"},
		{"water alone", []string{atomLine("O", "HOH", "A", 1, 0)}, "no residue has both neighbours, so there are no backbone angles (1 atoms, 1 residues)"},
	} {
		_, err := parsePDB(strings.NewReader(strings.Join(c.lines, "")))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

// FuzzPDB: whatever the file, an error of one line or a chain whose atoms exist.
func FuzzPDB(f *testing.F) {
	f.Add(bytesOf(f, trajectoryFile("ala5.pdb")))
	f.Add(bytesOf(f, trajectoryFile("ace_ala5.pdb")))
	f.Add([]byte(strings.Join(without(ala5(f), "ALA A   3", "CONECT"), "")))
	f.Fuzz(func(t *testing.T, file []byte) {
		b, err := parsePDB(bytes.NewReader(file))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %q", err)
			}
			return
		}
		if len(b.names) != 2*len(b.pairs) || len(b.pairs) == 0 {
			t.Fatalf("%d names of %d pairs", len(b.names), len(b.pairs))
		}
		for _, p := range b.pairs {
			if slices.Min(p[:]) < 0 || slices.Max(p[:]) >= b.atoms {
				t.Fatalf("atoms %v of %d", p, b.atoms)
			}
		}
		for _, p := range b.bonds {
			if min(p.a, p.b) < 0 || max(p.a, p.b) >= b.atoms {
				t.Fatalf("bond %v of %d atoms", p, b.atoms)
			}
		}
	})
}
