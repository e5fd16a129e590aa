package idffnb

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
)

// Dynamics is Data of trajectories: its training batches lead from frames to the next, and it says how a trajectory goes on, so that Run.RollOut can draw frame after
// frame. What the flow draws need not be a frame: it may be a change, or sines and cosines of angles; and what the network is conditioned on is the data's to choose.
// Batches are pairs already, so that the coupling must be independent.
//
// Data that draws a frame from more than the one before it also has the method History() int, that many.
type Dynamics interface {
	Data
	// FrameDim is the size of a frame.
	FrameDim() int
	// Before gives what frame number k is drawn from after frames [n, History, FrameDim], the latest last: start points x0 [n, Dim], nil for N(0, I), and the condition [n, m], nil where
	// there is none, as Batch gives them. It must not change frames.
	Before(rng *rand.Rand, frames []float32, k int) (x0, cond []float32)
	// After makes frame number k [n, FrameDim] from what the flow drew, x [n, Dim], and from the frames before it, which it must not change.
	After(frames, x []float32, k int) []float32
}

// history is the number of frames that the next one is drawn from.
func history(d Dynamics) int {
	if d, ok := d.(interface{ History() int }); ok {
		return d.History()
	}
	return 1
}

// IndexedFrames is Dynamics of a single trajectory, as IDFF's released code for molecular dynamics trains on it: x0 is frame k-1, x1 is frame k, and the condition is the index k
// itself, which net.IndexedMLP turns into a learned vector; k is uniform in 1 .. frames-1. So the network may learn the trajectory by heart, and can draw no other: scores on it are
// in-sample. Index 0 is never trained, and RollOut from 0 draws frame 0 with a random vector for it, as released.
type IndexedFrames struct {
	name, id string
	frames   []float32
	dim      int
}

// NewIndexedFrames makes the data from the frames of one trajectory, row-major [n, dim], which are copied: at least two, of finite numbers.
func NewIndexedFrames(name string, frames []float32, dim int) (*IndexedFrames, error) {
	switch {
	case dim < 1 || len(frames)%dim != 0:
		return nil, fmt.Errorf("idffnb: trajectory %s: %d values are no frames of size %d", name, len(frames), dim)
	case len(frames) < 2*dim:
		return nil, fmt.Errorf("idffnb: trajectory %s has %d frames: a step to the next frame needs two", name, len(frames)/dim)
	}
	for i, v := range frames {
		if v != v || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("idffnb: trajectory %s: value %d of frame %d is %g, want finite numbers", name, i%dim, i/dim, v)
		}
	}
	id := fmt.Sprintf("%s, %d frames of size %d, %s", name, len(frames)/dim, dim, hashValues(frames))
	return &IndexedFrames{name: name, id: id, frames: append([]float32(nil), frames...), dim: dim}, nil
}

// hashValues is a short name for values.
func hashValues(values []float32) string {
	bytes, _ := binary.Append(nil, binary.LittleEndian, values) // numbers have a binary form
	return hash(bytes)
}

// MustIndexedFrames is NewIndexedFrames for notebooks.
func MustIndexedFrames(name string, frames []float32, dim int) *IndexedFrames {
	data, err := NewIndexedFrames(name, frames, dim)
	Must(err)
	return data
}

// Name implements Data.
func (d *IndexedFrames) Name() string { return d.name }

// ID is the name and a hash of the frames, for the experiment's identity.
func (d *IndexedFrames) ID() string { return d.id }

// Dim implements Data.
func (d *IndexedFrames) Dim() int { return d.dim }

// FrameDim implements Dynamics.
func (d *IndexedFrames) FrameDim() int { return d.dim }

// Len is the number of frames.
func (d *IndexedFrames) Len() int { return len(d.frames) / d.dim }

// Classes is the number of indices, one for each frame.
func (d *IndexedFrames) Classes() int { return d.Len() }

// Batch implements Data.
func (d *IndexedFrames) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	for range n {
		k := 1 + rng.IntN(d.Len()-1)
		x0 = append(x0, d.frames[(k-1)*d.dim:k*d.dim]...)
		x1 = append(x1, d.frames[k*d.dim:(k+1)*d.dim]...)
		cond = append(cond, float32(k))
	}
	return x0, x1, cond
}

// Before implements Dynamics: the flow starts from the frame before.
func (d *IndexedFrames) Before(_ *rand.Rand, frames []float32, k int) (x0, cond []float32) {
	cond = make([]float32, len(frames)/d.dim)
	for i := range cond {
		cond[i] = float32(k)
	}
	return frames, cond
}

// After implements Dynamics: what the flow drew is the frame. Angles may leave +-180 degrees, as released.
func (d *IndexedFrames) After(_, x []float32, _ int) []float32 { return x }
