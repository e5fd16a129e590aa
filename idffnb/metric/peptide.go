package metric

import (
	"fmt"
	"math"
	"slices"

	"github.com/idff-go/workbench/internal/errtext"
)

// Peptide are trajectories of backbone angles: Angles [replicas, Frames, Residues, 2], phi and psi in degrees, PS picoseconds between frames.
type Peptide struct {
	Angles           []float32
	Frames, Residues int
	PS               float64
}

// PeptideScores are what a user of molecular dynamics asks of generated trajectories; Judge makes them. Where they are: JS, Populations, Outside. How they move: Transitions, Time, Helix.
type PeptideScores struct {
	JS          float64     // RamachandranJS to the data, in bits, bins of 10 degrees
	Populations BasinShares // of the basins
	Off         float64     // total variation of Populations from those of the data, in [0, 1]
	Outside     float64     // share of (phi, psi) where training data never were, see Support
	Transitions float64     // between basins, for each residue and ns; NaN where no residue was in any
	Time        float64     // ps: the median over the angles of their integrated autocorrelation time, +Inf where most never move
	Helix       []float64   // HelixFraction in each frame, the mean over the replicas
}

// Judge scores trajectories against data of the same peptide, which may be longer or more. seen are angles of the training data, phi and psi in turn, whatever the frames: where they never
// were, nor within a bin of 10 degrees, counts as Outside.
//
// It fails on lengths that do not fit, fewer than two frames, a spacing that is not above 0, and angles as NewRamachandran does.
func (p Peptide) Judge(data Peptide, seen []float32) (s PeptideScores, err error) {
	for _, c := range []struct {
		what string
		p    Peptide
	}{{"trajectories", p}, {"data", data}} {
		if err := c.p.check(); err != nil {
			return s, fmt.Errorf("metric: peptide %s: %w", c.what, errtext.Inner("metric: ", err))
		}
	}
	known, err := NewRamachandran(seen, 10)
	if err != nil {
		return s, err
	}
	support, err := known.Support(1)
	if err != nil {
		return s, err
	}
	if s.JS, err = RamachandranJS(p.Angles, data.Angles, 10); err != nil {
		return s, err
	}
	if s.Outside, err = support.Outside(p.Angles); err != nil {
		return s, err
	}
	if s.Populations, err = Populations(p.Angles); err != nil {
		return s, err
	}
	theirs, err := Populations(data.Angles)
	if err != nil {
		return s, err
	}
	for b, share := range s.Populations {
		s.Off += math.Abs(share-theirs[b]) / 2
	}
	if s.Transitions, err = p.transitions(); err != nil {
		return s, err
	}
	s.Time = p.medianTime()
	s.Helix, err = p.helix()
	return s, err
}

func (p Peptide) check() error {
	switch size := p.Frames * p.Residues * 2; {
	case p.Frames < 2 || p.Residues < 1:
		return fmt.Errorf("%d frames of %d residues: want at least 2 frames and 1 residue", p.Frames, p.Residues)
	case len(p.Angles) == 0 || len(p.Angles)%size != 0:
		return fmt.Errorf("%d angles are no replicas of %d frames of %d residues", len(p.Angles), p.Frames, p.Residues)
	}
	if err := checkSpacing(p.PS); err != nil {
		return err
	}
	return checkAngles("angle", p.Angles)
}

// replicas calls visit with each trajectory.
func (p Peptide) replicas(visit func(angles []float32) error) error {
	size := p.Frames * p.Residues * 2
	for i := 0; i < len(p.Angles); i += size {
		if err := visit(p.Angles[i : i+size]); err != nil {
			return err
		}
	}
	return nil
}

// transitions are those of all replicas, for each residue and ns.
func (p Peptide) transitions() (float64, error) {
	var all Transitions
	err := p.replicas(func(angles []float32) error {
		basins, err := AssignBasins(angles)
		if err != nil {
			return err
		}
		one, err := CountTransitions(basins, p.Residues, p.PS)
		all.Add(one)
		return err
	})
	return 1000 * all.Total(), err
}

// medianTime is the median over the angles of their autocorrelation time.
func (p Peptide) medianTime() float64 {
	dim := 2 * p.Residues
	times := make([]float64, dim)
	for c := range times {
		x := column(p.Angles, c, dim)
		if constant(x) {
			times[c] = math.Inf(1)
			continue
		}
		y := make([]float64, len(x))
		for i, a := range x {
			y[i], x[i] = math.Sincos(a * math.Pi / 180)
		}
		times[c] = newSeries(p.Frames, x, y).time(p.PS).PS
	}
	slices.Sort(times)
	return (times[(dim-1)/2] + times[dim/2]) / 2
}

// helix is the helix fraction in each frame.
func (p Peptide) helix() ([]float64, error) {
	mean := make([]float64, p.Frames)
	n := float64(len(p.Angles) / (p.Frames * p.Residues * 2))
	err := p.replicas(func(angles []float32) error {
		fraction, err := HelixFraction(angles, p.Residues)
		for k, v := range fraction {
			mean[k] += v / n
		}
		return err
	})
	return mean, err
}
