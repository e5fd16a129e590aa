package datasets

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
)

// Angles are backbone angles of a peptide over time, from molecular dynamics:
// several replicas of a simulation, each a series of frames, each with phi and
// psi in turns of the residues that have both neighbours.
//
// Polyala and AceAla5 are in the package; ReadAngles, ReadTrajectory and
// NewAngles make others. The fields are for reading.
type Angles struct {
	Degrees  []float32 // row-major, shape [Replicas, Frames, Count], in [-180, 180]
	Replicas int
	Frames   int      // of each replica
	Count    int      // angles of a frame, two for each residue
	Names    []string // of the angles: "phi2", "psi2", "phi3", ...
	Interval float64  // ps between frames; 0 where it is not known

	name string
	test int // how many replicas, the last ones, are held out
}

// NewAngles makes Angles of your own data: degrees is row-major, shape
// [replicas, frames, count], and is copied. Where names is nil, the angles are
// called phi and psi of residues 2, 3, and so on.
//
// It is an error if the shape does not fit, the number of angles is odd, a value
// is NaN, infinite or beyond [-180, 180], or if all are within [-pi, pi], which
// is a sign of radians.
func NewAngles(name string, degrees []float32, replicas, frames, count int, names []string) (*Angles, error) {
	if names == nil && count <= len(degrees) {
		names = residueNames(count)
	}
	a := &Angles{Degrees: slices.Clone(degrees), Replicas: replicas, Frames: frames, Count: count, Names: slices.Clone(names), name: name}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", name, err)
	}
	return a, nil
}

// residueNames are those of the inner residues of a chain that starts with 1.
func residueNames(count int) []string {
	var names []string
	for i := range max(count, 0) / 2 {
		names = append(names, fmt.Sprintf("phi%d", i+2), fmt.Sprintf("psi%d", i+2))
	}
	return names
}

// check tells what is wrong with the shape or the values.
func (a *Angles) check() error {
	switch n := len(a.Degrees); {
	case a.name == "":
		return fmt.Errorf("the name is empty; give the data a name")
	case a.Replicas < 1 || a.Frames < 1 || a.Count < 1:
		return fmt.Errorf("the shape is [%d, %d, %d]; there must be at least one replica, one frame and one residue's angles", a.Replicas, a.Frames, a.Count)
	case a.Count%2 != 0:
		return fmt.Errorf("a frame has %d angles, which are not pairs of phi and psi; the last axis holds phi and psi of each residue in turns", a.Count)
	case len(a.Names) != a.Count:
		return fmt.Errorf("there are %d names for %d angles", len(a.Names), a.Count)
	case n%a.Count != 0 || n/a.Count%a.Frames != 0 || n/a.Count/a.Frames != a.Replicas:
		return fmt.Errorf("there are %d values, not as many as the shape [%d, %d, %d] has", n, a.Replicas, a.Frames, a.Count)
	}
	greatest := 0.0
	for i, v := range a.Degrees {
		x := math.Abs(float64(v))
		if !(x <= 180) { // NaN too
			return fmt.Errorf("%s is %v; %s", a.place(i), v, remedy(v))
		}
		greatest = max(greatest, x)
	}
	if greatest <= math.Pi+1e-5 {
		return fmt.Errorf("all angles lie within ±%.4f, so they seem to be radians; angles are in degrees: multiply them by 180/pi", greatest)
	}
	return nil
}

// remedy is what to do about a value that is no angle.
func remedy(v float32) string {
	if x := float64(v); math.IsNaN(x) || math.IsInf(x, 0) {
		return "remove or mend that frame"
	}
	return "angles lie in [-180, 180] degrees: subtract 360 from those above 180, add 360 to those below -180"
}

// place names where a value is.
func (a *Angles) place(i int) string {
	frame := i / a.Count
	return fmt.Sprintf("replica %d, frame %d (counted from 0), %s", frame/a.Frames, frame%a.Frames, a.Names[i%a.Count])
}

// Name is the name of the data.
func (a *Angles) Name() string { return a.name }

// ID identifies the data when an experiment is hashed: the name and a hash of
// the content.
func (a *Angles) ID() string { return contentID(a.name, a.Degrees, a.Count) }

// Residues is the number of pairs (phi, psi) of a frame.
func (a *Angles) Residues() int { return a.Count / 2 }

// Frame is frame k of replica r, shape [Count], a part of Degrees. It panics if
// there is none.
func (a *Angles) Frame(r, k int) []float32 {
	if k < 0 || k >= a.Frames {
		panic(fmt.Sprintf("datasets: %s: there is no frame %d; frames are 0 to %d", a.name, k, a.Frames-1))
	}
	one := a.Replica(r)
	return one.Degrees[k*a.Count : (k+1)*a.Count : (k+1)*a.Count]
}

// Replica is replica r alone, counted from 0; it shares memory. It panics if
// there is none.
func (a *Angles) Replica(r int) *Angles {
	if r < 0 || r >= a.Replicas {
		panic(fmt.Sprintf("datasets: %s: there is no replica %d; replicas are 0 to %d", a.name, r, a.Replicas-1))
	}
	return a.replicas(r, r+1, fmt.Sprintf("%s-replica%d", a.name, r))
}

// Train are the replicas that are not held out; it shares memory.
func (a *Angles) Train() *Angles { return a.replicas(0, a.Replicas-a.test, a.name+"-train") }

// Test are the replicas that are held out: the last 4 of Polyala, the last of
// AceAla5, as many as HoldOut says of others. It shares memory, and has 0
// replicas where none is held out.
func (a *Angles) Test() *Angles { return a.replicas(a.Replicas-a.test, a.Replicas, a.name+"-test") }

func (a *Angles) replicas(from, to int, name string) *Angles {
	part := *a
	size := a.Frames * a.Count
	part.Degrees, part.Replicas, part.name, part.test = a.Degrees[from*size:to*size:to*size], to-from, name, 0
	return &part
}

// HoldOut gives the same data with the last n replicas as Test. It is an error
// if n is negative or no replica is left for training.
func (a *Angles) HoldOut(n int) (*Angles, error) {
	if n < 0 || n >= a.Replicas {
		return nil, fmt.Errorf("datasets: %s: %d of %d replicas cannot be held out; hold out 0 to %d (where there is one replica, take later frames as test with Window)", a.name, n, a.Replicas, a.Replicas-1)
	}
	held := *a
	held.test = n
	return &held, nil
}

// Window is a copy with the frames from (counted from 0) up to, not including,
// to. It is an error if there are no such frames.
func (a *Angles) Window(from, to int) (*Angles, error) {
	if from < 0 || to > a.Frames || from >= to {
		return nil, fmt.Errorf("datasets: %s: there are no frames from %d up to %d; frames are 0 to %d", a.name, from, to, a.Frames-1)
	}
	w := *a
	w.Degrees, w.Frames, w.name = nil, to-from, fmt.Sprintf("%s-frames%d-%d", a.name, from, to-1)
	for r := range a.Replicas {
		at := r * a.Frames * a.Count
		w.Degrees = append(w.Degrees, a.Degrees[at+from*a.Count:at+to*a.Count]...)
	}
	return &w, nil
}

// JoinAngles puts replicas together, of simulations of one peptide with equally
// many frames, such as several trajectories that were read one by one. None is
// held out; see HoldOut. It is an error if they differ in their angles, frames
// or interval.
func JoinAngles(name string, parts ...*Angles) (*Angles, error) {
	if len(parts) == 0 || name == "" {
		return nil, fmt.Errorf("datasets: JoinAngles: give a name and one part or more")
	}
	first := parts[0]
	joined := *first
	joined.Degrees, joined.Replicas, joined.name, joined.test = nil, 0, name, 0
	for _, p := range parts {
		switch {
		case !slices.Equal(p.Names, first.Names):
			return nil, fmt.Errorf("datasets: %s: %s has other angles (%s) than %s (%s)", name, p.name, span(p.Names), first.name, span(first.Names))
		case p.Frames != first.Frames:
			return nil, fmt.Errorf("datasets: %s: %s has %d frames, %s has %d; cut them to equal length with Window", name, p.name, p.Frames, first.name, first.Frames)
		case math.Abs(p.Interval-first.Interval) > 1e-6*first.Interval:
			return nil, fmt.Errorf("datasets: %s: %s has a frame every %g ps, %s every %g ps", name, p.name, p.Interval, first.name, first.Interval)
		}
		joined.Degrees = append(joined.Degrees, p.Degrees...)
		joined.Replicas += p.Replicas
	}
	return &joined, nil
}

func span(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d: %s to %s", len(names), names[0], names[len(names)-1])
}

// Pair is (phi, psi) of residue j, counted from 0, in every frame of every
// replica, in the form that figures take. It panics if there is no such residue.
func (a *Angles) Pair(j int) [][2]float64 {
	if j < 0 || j >= a.Residues() {
		panic(fmt.Sprintf("datasets: %s: there is no pair %d; pairs are 0 to %d", a.name, j, a.Residues()-1))
	}
	p := make([][2]float64, a.Replicas*a.Frames)
	for i := range p {
		p[i] = [2]float64{float64(a.Degrees[i*a.Count+2*j]), float64(a.Degrees[i*a.Count+2*j+1])}
	}
	return p
}

// PhiPsi is (phi, psi) of every residue in every frame, frame by frame: the
// points of a Ramachandran plot.
func (a *Angles) PhiPsi() [][2]float64 {
	p := make([][2]float64, len(a.Degrees)/2)
	for i := range p {
		p[i] = [2]float64{float64(a.Degrees[2*i]), float64(a.Degrees[2*i+1])}
	}
	return p
}

// Lagged are the frames and those lag frames later in the same replica, both
// row-major, shape [Replicas*(Frames-lag), Count]. It is an error if lag is
// below 1 or not below Frames.
func (a *Angles) Lagged(lag int) (now, later []float32, err error) {
	if lag < 1 || lag >= a.Frames {
		return nil, nil, fmt.Errorf("datasets: %s: a lag of %d frames; with %d frames it is 1 to %d", a.name, lag, a.Frames, a.Frames-1)
	}
	size, shift := a.Frames*a.Count, lag*a.Count
	for r := range a.Replicas {
		x := a.Degrees[r*size : (r+1)*size]
		now, later = append(now, x[:size-shift]...), append(later, x[shift:]...)
	}
	return now, later, nil
}

// stem is the name of a file without folder and ending.
func stem(path string) string {
	base := filepath.Base(path)
	if s := strings.TrimSuffix(base, filepath.Ext(base)); s != "" {
		return s
	}
	return base
}

// Part is the replicas from, counted from 0, up to, not including, to; none of them is held out. It shares memory. It panics if there are no such replicas.
func (a *Angles) Part(from, to int) *Angles {
	if from < 0 || to > a.Replicas || from >= to {
		panic(fmt.Sprintf("datasets: %s: there are no replicas %d to %d; it has %d", a.name, from, to-1, a.Replicas))
	}
	part := *a
	size := a.Frames * a.Count
	part.Degrees, part.Replicas, part.test, part.name = a.Degrees[from*size:to*size:to*size], to-from, 0, fmt.Sprintf("%s-replicas%d-%d", a.name, from, to-1)
	return &part
}
