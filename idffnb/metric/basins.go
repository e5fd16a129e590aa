package metric

import (
	"fmt"
	"strings"
)

// Basin is a region of the Ramachandran plot.
type Basin uint8

// The basins, in the order of BasinShares and Transitions.
const (
	NoBasin    Basin = iota
	AlphaR           // right-handed helix and its surroundings
	Beta             // extended
	PPII             // polyproline II
	AlphaL           // left-handed helix
	BasinCount       // the number of the above, not a basin
)

var basinNames = [BasinCount]string{"none", "alphaR", "beta", "PPII", "alphaL"}

// String returns the name: none, alphaR, beta, PPII or alphaL.
func (b Basin) String() string {
	if b < BasinCount {
		return basinNames[b]
	}
	return fmt.Sprintf("Basin(%d)", uint8(b))
}

// BasinOf returns the basin of the angles phi, psi, in degrees of any turn:
//
//	alphaR  -160 <= phi < -20, -120 <= psi <  50
//	beta    -180 <= phi < -90,   50 <= psi < 240, and 160 <= phi < 180, 110 <= psi < 180
//	PPII     -90 <= phi < -20,   50 <= psi < 240
//	alphaL    20 <= phi < 125,  -50 <= psi < 110
//
// The first three follow Best, Buchete and Hummer, Are current molecular dynamics force fields too helical?, Biophys. J. 95,
// 2008, who made them for Ala5 (psi = 240 is -120: where alphaR begins, beta and PPII end). AlphaL is ours: the field around
// the left-handed helix at (57, 47), cut at psi = -50 where simulated alanine is rarest on the way to C7ax at about
// (60, -90), which is in no basin.
func BasinOf(phi, psi float64) Basin {
	phi = WrappedDifference(phi, 0)
	psi = WrappedDifference(psi, 0)
	if phi == 180 {
		phi = -180
	}
	if psi < -120 {
		psi += 360
	}
	switch {
	case phi >= -160 && phi < -20 && psi < 50:
		return AlphaR
	case phi < -90 && psi >= 50, phi >= 160 && psi >= 110 && psi < 180:
		return Beta
	case phi >= -90 && phi < -20 && psi >= 50:
		return PPII
	case phi >= 20 && phi < 125 && psi >= -50 && psi < 110:
		return AlphaL
	}
	return NoBasin
}

// AssignBasins returns the basin of each pair in angles [..., 2], phi and psi in turn, in degrees. It fails where
// NewRamachandran does.
func AssignBasins(angles []float32) ([]Basin, error) {
	if err := checkPairs(angles); err != nil {
		return nil, err
	}
	basins := make([]Basin, len(angles)/2)
	for i := range basins {
		basins[i] = BasinOf(float64(angles[2*i]), float64(angles[2*i+1]))
	}
	return basins, nil
}

// BasinShares are the populations of the basins, indexed by Basin; they sum to 1.
type BasinShares [BasinCount]float64

// Populations returns the share of the pairs in angles [..., 2] in each basin, and in none. It fails where NewRamachandran
// does.
func Populations(angles []float32) (BasinShares, error) {
	basins, err := AssignBasins(angles)
	if err != nil {
		return BasinShares{}, err
	}
	var s BasinShares
	for _, b := range basins {
		s[b]++
	}
	for b := range s {
		s[b] /= float64(len(basins))
	}
	return s, nil
}

// String returns the populations in percent.
func (s BasinShares) String() string {
	parts := make([]string, 0, len(s))
	for b := AlphaR; b < BasinCount; b++ {
		parts = append(parts, fmt.Sprintf("%v %.1f%%", b, 100*s[b]))
	}
	return strings.Join(append(parts, fmt.Sprintf("%v %.1f%%", NoBasin, 100*s[NoBasin])), ", ")
}

// Helical returns, for angles [frames, residues, 2], which residues [frames, residues] are in a helix: those in a run of
// three residues or more with
//
//	-100 <= phi <= -30,   -67 <= psi <= -7,
//
// as Best and Hummer count helices (J. Phys. Chem. B 113, 2009, 9004): the core of alphaR, three in a row being what it
// takes for a turn.
//
// It fails on fewer than one residue, lengths that do not fit, and angles as NewRamachandran does.
func Helical(angles []float32, residues int) ([]bool, error) {
	if err := checkPairs(angles); err != nil {
		return nil, err
	}
	if residues < 1 || len(angles)%(2*residues) != 0 {
		return nil, fmt.Errorf("metric: %d angles of %d residues: they must be [frames, residues, 2]", len(angles), residues)
	}
	const turn = 3
	helical := make([]bool, len(angles)/2)
	for first := 0; first < len(helical); first += residues {
		run := 0
		for i := first; i < first+residues; i++ {
			phi, psi := angles[2*i], angles[2*i+1]
			if !(phi >= -100 && phi <= -30 && psi >= -67 && psi <= -7) {
				run = 0
				continue
			}
			run++
			for back := 0; run >= turn && back < turn; back++ {
				helical[i-back] = true
			}
		}
	}
	return helical, nil
}

// HelixFraction returns the share of the residues that are Helical in each frame of angles [frames, residues, 2].
func HelixFraction(angles []float32, residues int) ([]float64, error) {
	helical, err := Helical(angles, residues)
	if err != nil {
		return nil, err
	}
	share := make([]float64, len(helical)/residues)
	for i, h := range helical {
		if h {
			share[i/residues] += 1 / float64(residues)
		}
	}
	return share, nil
}
