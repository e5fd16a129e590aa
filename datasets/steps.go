package datasets

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Steps are Maps as data of a forecast: training batches lead from frames to the
// frame after them, or some frames after. It has the methods of idffnb.Dynamics,
// so that a run on it draws trajectories.
//
// What goes on from one frame to the next is a state, shape [StateMaps, Height,
// Width] in a row: the mask of land where Mask asks for it (1 at sea), then the last
// History frames, the oldest first; where Lead is above 1 also the frame that was
// drawn last. Newest takes the newest map out of states, Starts makes those to
// begin with.
//
//	FromNoise  Lead  x0            cond                                    state after a step
//	no         1     newest frame  older frames and mask, nil if none      shifted by one frame
//	yes        1     nil: N(0, I)  History frames and mask                 shifted by one frame
//	no         L     newest frame  older frames, mask, and the lead        the frames stay, the drawn one is replaced
//	yes        L     nil: N(0, I)  History frames, mask, and the lead      the frames stay, the drawn one is replaced
//
// A row of cond is CondMaps maps, the mask last, and then, where Lead is above 1,
// a single number: how many frames ahead, 1 to Lead. With Lead = 1 a roll-out is
// autoregressive; with Lead = L its frame number k, counted from 1, is a forecast k
// frames ahead from the start itself.
type Steps struct {
	StepOptions
	name, id string
	parts    []*Maps
	starts   []int     // of each part: places in one series where a batch may begin
	masks    [][]uint8 // of each part; 1 at sea
	total    int       // places in all
}

// StepOptions are the choices of Steps. Zero values are sensible.
type StepOptions struct {
	History   int  // frames that a forecast knows; 0: 1
	Lead      int  // the farthest lead that is trained; 0: 1, the next frame
	FromNoise bool // the flow starts from noise, and the frames are its condition
	Mask      bool // the mask of land is part of the condition
}

// NewSteps makes data of maps of one size, standardised ones as a rule: one part,
// or several, such as boxes of an ocean. Pairs never cross from one series or part
// to another. It is an error if there is no part, sizes differ, or a series is
// shorter than History + Lead.
func NewSteps(name string, opt StepOptions, parts ...*Maps) (*Steps, error) {
	if opt.History == 0 {
		opt.History = 1
	}
	if opt.Lead == 0 {
		opt.Lead = 1
	}
	d := &Steps{StepOptions: opt, name: name, parts: parts}
	switch {
	case name == "" || len(parts) == 0:
		return nil, fmt.Errorf("datasets: NewSteps: give a name and one part or more")
	case opt.History < 0 || opt.Lead < 0:
		return nil, fmt.Errorf("datasets: %s: a history of %d and a lead of %d frames; both are 1 or more", name, opt.History, opt.Lead)
	}
	d.id = fmt.Sprintf("%s, history %d, lead %d, from noise %v, mask %v", name, opt.History, opt.Lead, opt.FromNoise, opt.Mask)
	for _, m := range parts {
		if m.Height != parts[0].Height || m.Width != parts[0].Width {
			return nil, fmt.Errorf("datasets: %s: %s has maps of %d x %d, %s of %d x %d; all parts must have one size", name, m.name, m.Height, m.Width, parts[0].name, parts[0].Height, parts[0].Width)
		}
		n := m.Frames - opt.History - opt.Lead + 1
		if n < 1 {
			return nil, fmt.Errorf("datasets: %s: %s has %d frames in a series; a history of %d and a lead of %d need %d", name, m.name, m.Frames, opt.History, opt.Lead, opt.History+opt.Lead)
		}
		d.starts = append(d.starts, n)
		d.total += n * m.Series
		mask := make([]uint8, m.Size())
		for _, i := range m.Sea() {
			mask[i] = 1
		}
		d.masks = append(d.masks, mask)
		d.id += ", " + m.ID()
	}
	return d, nil
}

// MustSteps is NewSteps for notebooks: an error prints one line and ends the
// program.
func MustSteps(name string, opt StepOptions, parts ...*Maps) *Steps {
	return must(NewSteps(name, opt, parts...))
}

// Name is the name of the data.
func (d *Steps) Name() string { return d.name }

// ID identifies the data when an experiment is hashed: the name, the options and
// a hash of every part.
func (d *Steps) ID() string { return d.id }

// Dim is the size of a map, land included: what a flow draws.
func (d *Steps) Dim() int { return d.parts[0].Size() }

// Len is the number of places where a batch may begin.
func (d *Steps) Len() int { return d.total }

// Grid is the height and width of a map.
func (d *Steps) Grid() (height, width int) { return d.parts[0].Height, d.parts[0].Width }

// Shape is that of a map as an image: height, width, one colour.
func (d *Steps) Shape() [3]int { return [3]int{d.parts[0].Height, d.parts[0].Width, 1} }

// CondMaps is the number of maps in a row of cond.
func (d *Steps) CondMaps() int {
	n := d.History
	if !d.FromNoise {
		n--
	}
	if d.Mask {
		n++
	}
	return n
}

// StateMaps is the number of maps in a state.
func (d *Steps) StateMaps() int {
	n := d.History
	if d.Lead > 1 {
		n++
	}
	if d.Mask {
		n++
	}
	return n
}

// FrameDim is the size of a state.
func (d *Steps) FrameDim() int { return d.StateMaps() * d.Dim() }

// Batch draws n places, all equally likely, and where Lead is above 1 a lead for
// each, uniform in 1..Lead. x1 is the frame that many frames after the newest one;
// x0 and cond are as Steps says. It panics if n is negative or rng is nil.
func (d *Steps) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	checkDraw(d.name, rng, n)
	for range n {
		at, part := rng.IntN(d.total), 0
		for at >= d.starts[part]*d.parts[part].Series {
			at -= d.starts[part] * d.parts[part].Series
			part++
		}
		m := d.parts[part]
		series, newest := at/d.starts[part], at%d.starts[part]+d.History-1
		lead := 1
		if d.Lead > 1 {
			lead += rng.IntN(d.Lead)
		}
		state := d.state(part, series, newest)
		from, more := d.given(state, 1, lead)
		x0, cond = append(x0, from...), append(cond, more...)
		x1 = append(x1, m.Frame(series, newest+lead)...)
	}
	return x0, x1, cond
}

// state is the state whose newest frame is number k of a series.
func (d *Steps) state(part, series, k int) []float32 {
	var s []float32
	if d.Mask {
		for _, v := range d.masks[part] {
			s = append(s, float32(v))
		}
	}
	for j := k - d.History + 1; j <= k; j++ {
		s = append(s, d.parts[part].Frame(series, j)...)
	}
	if d.Lead > 1 {
		s = append(s, d.parts[part].Frame(series, k)...)
	}
	return s
}

// given makes x0 and cond of n states.
func (d *Steps) given(states []float32, n, lead int) (x0, cond []float32) {
	size, width := d.Dim(), d.FrameDim()
	for r := range n {
		s := states[r*width : (r+1)*width]
		var mask []float32
		if d.Mask {
			mask, s = s[:size], s[size:]
		}
		frames := s[:d.History*size]
		if !d.FromNoise {
			x0 = append(x0, frames[(d.History-1)*size:]...)
			frames = frames[:(d.History-1)*size]
		}
		cond = append(append(cond, frames...), mask...)
		if d.Lead > 1 {
			cond = append(cond, float32(lead))
		}
	}
	return x0, cond
}

// Before gives what frame number k is drawn from after the states [n, FrameDim],
// as Batch does. With Lead above 1, k is the lead, and it panics beyond 1..Lead:
// let RollOut begin with First = 1.
func (d *Steps) Before(_ *rand.Rand, states []float32, k int) (x0, cond []float32) {
	if d.Lead > 1 && (k < 1 || k > d.Lead) {
		panic(fmt.Sprintf("datasets: %s: there is no lead of %d frames; leads are 1 to %d, so that a roll-out begins with First = 1", d.name, k, d.Lead))
	}
	return d.given(states, len(states)/d.FrameDim(), k)
}

// After makes the states after maps x [n, Dim] were drawn from states. Land, where
// the mask or, in a single part, the data say it is, stays 0.
func (d *Steps) After(states, x []float32, _ int) []float32 {
	size, width := d.Dim(), d.FrameDim()
	out := slices.Clone(states)
	first := 0 // where the frames begin
	if d.Mask {
		first = size
	}
	for r := range len(states) / width {
		s, drawn := out[r*width:(r+1)*width], x[r*size:(r+1)*size]
		if d.Lead == 1 {
			copy(s[first:], s[first+size:])
		}
		newest := s[width-size:]
		copy(newest, drawn)
		for i := range newest {
			if d.Mask && s[i] == 0 || !d.Mask && len(d.parts) == 1 && d.masks[0][i] == 0 {
				newest[i] = 0
			}
		}
	}
	return out
}

// Newest takes the newest maps out of states [n, FrameDim]: shape [n, Dim].
func (d *Steps) Newest(states []float32) []float32 {
	var out []float32
	for at := d.FrameDim(); at <= len(states); at += d.FrameDim() {
		out = append(out, states[at-d.Dim():at]...)
	}
	return out
}

// States are the states to begin with from frames of your own, shape [n, history, Dim],
// the newest last, as Starts makes them of the data's: shape [n, FrameDim]. Of more
// frames than History the newest are taken. The mask is that of the first part. It is
// an error if there are fewer, or the numbers are no whole frames.
func (d *Steps) States(frames []float32, history int) ([]float32, error) {
	size := d.Dim()
	if history < d.History {
		return nil, fmt.Errorf("datasets: %s: starts of %d frames; a forecast needs the last %d", d.name, history, d.History)
	}
	if len(frames) == 0 || len(frames)%(history*size) != 0 {
		return nil, fmt.Errorf("datasets: %s: %d values are no starts of %d frames of size %d", d.name, len(frames), history, size)
	}
	states := make([]float32, 0, len(frames)/(history*size)*d.FrameDim())
	for start := range slices.Chunk(frames, history*size) {
		if d.Mask {
			for _, v := range d.masks[0] {
				states = append(states, float32(v))
			}
		}
		states = append(states, start[(history-d.History)*size:]...)
		if d.Lead > 1 {
			states = append(states, start[(history-1)*size:]...)
		}
	}
	return states, nil
}

// Starts are the states whose newest frames have the numbers at (counted from 0) in
// a series of a part, for a roll-out: shape [len(at), FrameDim]. It is an error if
// a frame has not enough before it, or there is no such part, series or frame.
func (d *Steps) Starts(part, series int, at ...int) ([]float32, error) {
	if part < 0 || part >= len(d.parts) || series < 0 || series >= d.parts[part].Series {
		return nil, fmt.Errorf("datasets: %s: there is no series %d of part %d", d.name, series, part)
	}
	var states []float32
	for _, k := range at {
		if k < d.History-1 || k >= d.parts[part].Frames {
			return nil, fmt.Errorf("datasets: %s: a forecast cannot start from frame %d; with a history of %d frames the starts are %d to %d", d.name, k, d.History, d.History-1, d.parts[part].Frames-1)
		}
		states = append(states, d.state(part, series, k)...)
	}
	return states, nil
}

// MustStarts is Starts for notebooks: an error prints one line and ends the program.
func (d *Steps) MustStarts(part, series int, at ...int) []float32 {
	return must(d.Starts(part, series, at...))
}

// Later are the frames lead after those of Starts, for a judge: shape [len(at),
// Dim]. It is an error if a frame is beyond the series.
func (d *Steps) Later(part, series, lead int, at ...int) ([]float32, error) {
	if part < 0 || part >= len(d.parts) || series < 0 || series >= d.parts[part].Series {
		return nil, fmt.Errorf("datasets: %s: there is no series %d of part %d", d.name, series, part)
	}
	var maps []float32
	for _, k := range at {
		if k+lead < 0 || k+lead >= d.parts[part].Frames {
			return nil, fmt.Errorf("datasets: %s: there is no frame %d, %d after frame %d; frames are 0 to %d", d.name, k+lead, lead, k, d.parts[part].Frames-1)
		}
		maps = append(maps, d.parts[part].Frame(series, k+lead)...)
	}
	return maps, nil
}
