package metric

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// TestPeptideByHand: two replicas of four frames of one residue, and data that never leave the helix.
func TestPeptideByHand(t *testing.T) {
	helix, beta, nowhere := []float32{-60, -40}, []float32{-120, 130}, []float32{60, -90}
	data := Peptide{slices.Repeat(helix, 8), 4, 1, 2}
	p := Peptide{slices.Concat(helix, helix, beta, helix, helix, beta, beta, nowhere), 4, 1, 2}
	s, err := p.Judge(data, slices.Concat(helix, beta))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "alphaR", s.Populations[AlphaR], 4./8, 1e-15)
	near(t, "beta", s.Populations[Beta], 3./8, 1e-15)
	near(t, "off", s.Off, 4./8, 1e-15)
	near(t, "outside", s.Outside, 1./8, 1e-15)
	// From a to b, back, and from a to b in the other replica, where none counts as b: three in 2 ps x (3 + 3) frames.
	near(t, "transitions", s.Transitions, 1000*3./12, 1e-10)
	mixed := .5*1 + .5*.5 // p = (1/2, 3/8, 1/8), q = (1, 0, 0): JS = 1/2 sum p log2(p/m) + 1/2 log2(1/m_1), m_1 = 3/4
	want := .5*(.5*math.Log2(.5/.75)+mixed-.25-.5+.5) + .5*math.Log2(1/.75)
	near(t, "JS", s.JS, want, 1e-12)
	if !slices.Equal(s.Helix, []float64{0, 0, 0, 0}) { // a single residue is no helix
		t.Errorf("helix %v", s.Helix)
	}
	same, err := data.Judge(data, data.Angles)
	if err != nil {
		t.Fatal(err)
	}
	if same.JS != 0 || same.Off != 0 || same.Outside != 0 || same.Transitions != 0 || !math.IsInf(same.Time, 1) {
		t.Errorf("data against itself: %+v", same)
	}
}

// TestPeptideAgrees: on simulated data the scores are those of the functions that make them, one by one.
func TestPeptideAgrees(t *testing.T) {
	angles := jumps(400*6, .05, 1)[:400*6]
	p := Peptide{angles, 200, 3, 2}
	s, err := p.Judge(p, angles)
	if err != nil {
		t.Fatal(err)
	}
	times, err := AngleTimes(angles, 200, 6, 2)
	if err != nil {
		t.Fatal(err)
	}
	var ps []float64
	for _, a := range times {
		ps = append(ps, a.PS)
	}
	slices.Sort(ps)
	near(t, "time", s.Time, (ps[2]+ps[3])/2, 1e-12)
	for r := range 2 {
		fraction, err := HelixFraction(angles[r*1200:(r+1)*1200], 3)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range fraction {
			s.Helix[k] -= v / 2
		}
	}
	if worst := max(slices.Max(s.Helix), -slices.Min(s.Helix)); len(s.Helix) != 200 || worst > 1e-12 {
		t.Errorf("%d frames, helix off by %g", len(s.Helix), worst)
	}
}

// TestCircularEnsembleMean: over the seam, and where members cancel.
func TestCircularEnsembleMean(t *testing.T) {
	mean, err := CircularEnsembleMean([]float32{170, 10, -150, 30}, 2)
	if err != nil || math.Abs(float64(mean[0])+170) > 1e-4 || math.Abs(float64(mean[1])-20) > 1e-4 {
		t.Errorf("%v, %v, want -170 and 20", mean, err)
	}
	if mean, err = CircularEnsembleMean([]float32{0, 180}, 1); err != nil || mean[0] != mean[0] {
		t.Errorf("members that cancel: %v, %v", mean, err)
	}
}

func TestPeptideErrors(t *testing.T) {
	good := Peptide{[]float32{-60, -40, -70, -30}, 2, 1, 2}
	judge := func(p, data Peptide, seen []float32) error { _, err := p.Judge(data, seen); return err }
	mean := func(x []float32, n int) error { _, err := CircularEnsembleMean(x, n); return err }
	nan := float32(math.NaN())
	for want, err := range map[string]error{
		"trajectories: 1 frames":            judge(Peptide{good.Angles, 1, 2, 2}, good, good.Angles),
		"data: 4 angles are no replicas":    judge(good, Peptide{good.Angles, 3, 1, 2}, good.Angles),
		"0 ps between":                      judge(Peptide{good.Angles, 2, 1, 0}, good, good.Angles),
		"is NaN":                            judge(Peptide{[]float32{-60, nan, -70, -30}, 2, 1, 2}, good, good.Angles),
		"must be pairs":                     judge(good, good, good.Angles[:3]),
		"no members of 3":                   mean(good.Angles, 3),
		"angle of the ensemble 1 of 4 is N": mean([]float32{-60, nan, -70, -30}, 2),
	} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || strings.Count(err.Error(), "metric: ") != 1 {
			t.Errorf("%v, want one line with %q", err, want)
		}
	}
}
