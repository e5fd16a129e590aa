package metric

import (
	"fmt"
	"math"
)

// Transitions counts how residues move between basins; it is made by CountTransitions.
type Transitions struct {
	Counts [BasinCount][BasinCount]int // [from][to] in successive frames; the diagonal are stays; NoBasin has none
	Time   [BasinCount]float64         // ps spent in each basin and followed by a frame
}

// CountTransitions counts over basins [frames, residues] of one trajectory, with ps picoseconds between frames. A residue
// that is in no basin counts as in the one that it left, until it enters another; so brief excursions and returns are no
// transitions (transition-based assignment: Buchete and Hummer, Coarse master equations for peptide folding dynamics, J.
// Phys. Chem. B 112, 2008). Frames before its first basin are left out.
//
// Rates depend on the frame spacing, since returns within it go unseen: compare trajectories of equal spacing only.
//
// It fails on fewer than two frames, lengths that do not fit, unknown basins, and a spacing that is not above 0.
func CountTransitions(basins []Basin, residues int, ps float64) (Transitions, error) {
	if residues < 1 || len(basins)%residues != 0 || len(basins) < 2*residues {
		return Transitions{}, fmt.Errorf("metric: transitions of %d basins of %d residues: they must be [frames, residues], two frames or more", len(basins), residues)
	}
	if err := checkSpacing(ps); err != nil {
		return Transitions{}, err
	}
	var t Transitions
	for r := range residues {
		last := NoBasin
		for i := r; i < len(basins); i += residues {
			b := basins[i]
			if b >= BasinCount {
				return Transitions{}, fmt.Errorf("metric: frame %d, residue %d: unknown basin %d; AssignBasins gives the valid ones", i/residues, r, b)
			}
			if b == NoBasin {
				b = last
			}
			if last != NoBasin {
				t.Counts[last][b]++
				t.Time[last] += ps
			}
			last = b
		}
	}
	return t, nil
}

// Add adds the counts of another trajectory.
func (t *Transitions) Add(u Transitions) {
	for i := range t.Counts {
		t.Time[i] += u.Time[i]
		for j := range t.Counts[i] {
			t.Counts[i][j] += u.Counts[i][j]
		}
	}
}

// Rate returns the transitions from one basin to another, per ps spent in the first: counts/time, the likeliest rate of a
// jump process where few jumps fall between frames. It is NaN where no time was spent, and for from = to.
func (t Transitions) Rate(from, to Basin) float64 {
	if from >= BasinCount || to >= BasinCount || from == to || t.Time[from] == 0 {
		return math.NaN()
	}
	return float64(t.Counts[from][to]) / t.Time[from]
}

// Total returns all transitions between different basins, per residue and ps; NaN without time.
func (t Transitions) Total() float64 {
	jumps, time := 0, 0.0
	for i := range t.Counts {
		time += t.Time[i]
		for j, c := range t.Counts[i] {
			if i != j {
				jumps += c
			}
		}
	}
	if time == 0 {
		return math.NaN()
	}
	return float64(jumps) / time
}

func checkSpacing(ps float64) error {
	if !(ps > 0) || math.IsInf(ps, 1) {
		return fmt.Errorf("metric: %v ps between frames: it must be above 0 and finite", ps)
	}
	return nil
}
