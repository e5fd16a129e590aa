package datasets

import (
	_ "embed" // the data are part of the program
)

//go:embed polyala/polyala25_vac.npy
var polyalaFile []byte

//go:embed polyala/ace_ala5_gb.npy
var aceAla5File []byte

// Polyala is the collapse of stretched polyalanine in vacuum, by the protocol
// behind the data of the IDFF paper: 16 replicas x 200 frames, 2 ps apart, x 46
// angles of residues 2 to 24 of Ala25. The last 4 replicas are held out. Our own
// simulation; polyala/README.md says how it was made.
func Polyala() *Angles { return simulated("polyala", polyalaFile, 2, 4) }

// AceAla5 is the peptide ACE-Ala5-NME at equilibrium in implicit water: 4
// replicas x 1000 frames, 1 ps apart, x 10 angles. The last replica is held out.
// Its alanines are residues 2 to 6; residue 1 is the cap. Our own simulation;
// polyala/README.md says how it was made.
func AceAla5() *Angles { return simulated("ace-ala5", aceAla5File, 1, 1) }

func simulated(name string, file []byte, interval float64, test int) *Angles {
	a := must(parseAngles(name, file))
	a.Interval, a.test = interval, test
	return a
}
