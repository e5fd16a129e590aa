package idffnb

import (
	"fmt"
	"math"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// RollOut asks for trajectories, each frame drawn from those before: forecasts of one frame or more, ensembles of them, or free runs.
type RollOut struct {
	Starts  []float32 // the frames to go on from, row-major [n, FrameDim]; where the data has a History, [n, History, FrameDim], the latest last
	First   int       // the number of the first frame drawn, where the data or the field ask for it
	Frames  int       // frames to draw; 0: one
	Members int       // trajectories from each start; 0: one
	Seed    uint64    // of start points and noise
	Unkept  bool      // leaves nothing in the run folder
	Lossy   bool      // a trajectory that leaves the finite numbers is NaN from there on, and the others go on; else it is an error
}

// Trajectories are what RollOut drew.
type Trajectories struct {
	X                   []float32 // row-major [Members, Starts, Frames, Dim], the starts not among them; of data with a method Newest(states) what it takes out of the frames
	Members, Starts     int
	Frames, Dim, First  int
	Cost                solver.Cost // of a trajectory: of all its frames together; Seconds is that of all trajectories
	Seed                uint64
	Field, Solver, Data string
}

// withNewest is Dynamics whose frames carry more than was drawn, such as the frames before: Newest takes that out of frames [n, FrameDim], shape [n, Dim].
type withNewest interface {
	Newest(frames []float32) []float32
}

// streams of a roll-out, + number of the frame
const (
	streamRollStart = 0x726f6c6c73
	streamRollNoise = 0x726f6c6c6e
)

// RollOut draws trajectories of data that is Dynamics. All members and starts of a frame are one batch of one compiled graph, which every frame uses again. A flow.FrameField
// changes its factors with the number of the frame. Noise on the way is drawn on the host for each frame by itself: a longer roll-out begins as a shorter one does, and the seed fixes
// everything; but other than Sample's, it does not follow one Brownian path for every number of steps. The result is kept in the folder samples of the run, unless Unkept, and with the
// fields and solvers of the workbench read there the next time; its seconds are those measured then.
func (r *Run) RollOut(ask RollOut, field flow.Field, s solver.Solver) (*Trajectories, error) {
	fail := func(err error) (*Trajectories, error) {
		return nil, fmt.Errorf("idffnb: %s: roll-out: %w", r.exp.Name, inner(err))
	}
	setDefault(&ask.Frames, 1)
	setDefault(&ask.Members, 1)
	data, ok := r.exp.Data.(Dynamics)
	if !ok {
		return fail(fmt.Errorf("data %s is no trajectory: it needs the methods FrameDim, Before and After of idffnb.Dynamics, as idffnb.IndexedFrames has them", r.exp.Data.Name()))
	}
	if err := ask.check(history(data), data.FrameDim()); err != nil {
		return fail(err)
	}
	if err := r.checkSampling(field, s); err != nil {
		return fail(err)
	}
	out := ask.trajectories(data, field, s)
	key := r.rollOutKey(ask, field, s)
	if r.keptTrajectories(key, out) {
		return out, nil
	}
	err := r.rollOut(out, data, ask, field, s)
	if err != nil {
		return fail(err)
	}
	if ask.Unkept {
		return out, nil
	}
	return out, r.keepTrajectories(out, key)
}

// MustRollOut is RollOut for notebooks.
func (r *Run) MustRollOut(ask RollOut, field flow.Field, s solver.Solver) *Trajectories {
	out, err := r.RollOut(ask, field, s)
	Must(err)
	return out
}

// rollOut draws the values of out.
func (r *Run) rollOut(out *Trajectories, data Dynamics, ask RollOut, field flow.Field, s solver.Solver) error {
	width := data.FrameDim()
	size := history(data) * width
	n := out.Members * out.Starts
	frames := make([]float32, 0, n*size) // row m*starts + i: member m from start i
	for range ask.Members {
		frames = append(frames, ask.Starts...)
	}
	out.X = make([]float32, n*ask.Frames*out.Dim)
	lost := make([]bool, n)
	for k := range ask.Frames {
		next, cost, err := r.nextFrame(data, frames, ask.First+k, ask.Seed, field, s)
		if err != nil {
			return err
		}
		for i, v := range next {
			if v != v || math.IsInf(float64(v), 0) {
				if !ask.Lossy {
					return fmt.Errorf("%s with %v gave %g in frame %d of trajectory %d: %w; take smaller factors or more steps", field.Name(), s, v, ask.First+k, i/width, errDiverged)
				}
				lost[i/width] = true
			}
		}
		for i := range n {
			row := frames[i*size : (i+1)*size]
			copy(row, row[width:])
			copy(row[size-width:], next[i*width:(i+1)*width])
			if lost[i] { // goes on from zeros, unseen
				clear(row)
			}
		}
		if d, ok := data.(withNewest); ok {
			next = d.Newest(next)
		}
		for i := range n {
			drawn := out.X[(i*ask.Frames+k)*out.Dim : (i*ask.Frames+k+1)*out.Dim]
			copy(drawn, next[i*out.Dim:])
			for j := range drawn {
				if lost[i] {
					drawn[j] = float32(math.NaN())
				}
			}
		}
		out.Cost = addCost(out.Cost, cost)
	}
	return nil
}

// trajectories are those asked for, still without values.
func (ask RollOut) trajectories(data Dynamics, field flow.Field, s solver.Solver) *Trajectories {
	dim := data.FrameDim()
	if _, ok := data.(withNewest); ok {
		dim = data.Dim()
	}
	return &Trajectories{Members: ask.Members, Starts: len(ask.Starts) / (history(data) * data.FrameDim()), Frames: ask.Frames, Dim: dim, First: ask.First,
		Seed: ask.Seed, Field: field.Name(), Solver: fmt.Sprint(s), Data: data.Name()}
}

// check says in one line what is wrong with what is asked for, or nil.
func (ask RollOut) check(history, width int) error {
	size := history * width
	switch {
	case len(ask.Starts) == 0 || len(ask.Starts)%size != 0:
		each := fmt.Sprintf("one frame of size %d", width)
		if history > 1 {
			each = fmt.Sprintf("%d frames of size %d", history, width)
		}
		return fmt.Errorf("%d values of Starts: want %s for each trajectory", len(ask.Starts), each)
	case ask.Frames < 1 || ask.Members < 1:
		return fmt.Errorf("%d frames for %d members: want at least 1 of each", ask.Frames, ask.Members)
	case ask.First < 0:
		return fmt.Errorf("first frame %d: frames count from 0", ask.First)
	}
	return checkFinite("Starts", ask.Starts, size)
}

// nextFrame draws frame number k of all trajectories from the frames before it [n, history, FrameDim].
func (r *Run) nextFrame(data Dynamics, frames []float32, k int, seed uint64, field flow.Field, s solver.Solver) (next []float32, cost solver.Cost, err error) {
	width, dim := data.FrameDim(), data.Dim()
	n := len(frames) / (history(data) * width)
	rng := generator(seed, streamRollStart, uint64(k))
	x0, cond := data.Before(rng, frames, k)
	if x0 == nil {
		x0 = normal(rng, n*dim)
	}
	if err := r.exp.checkBefore(x0, cond, n, k); err != nil {
		return nil, cost, err
	}
	if by, ok := field.(flow.FrameField); ok {
		field = by.AtFrame(k)
	}
	sampler, err := r.sampler(n, len(cond), field, s)
	if err != nil {
		return nil, cost, err
	}
	states, cost, err := sampler.run(x0, cond, append(field.Factors(), solverFactors(s)...), frameNoise(field, s, seed, k, n*dim))
	if err != nil {
		return nil, cost, err
	}
	next = data.After(frames, states[len(states)-1], k)
	if len(next) != n*width {
		return nil, cost, fmt.Errorf("data %s made %d values of frame %d, want %d frames of size %d", data.Name(), len(next), k, n, width)
	}
	return next, cost, nil
}

// checkBefore refuses start points and conditions that are not finite, not of the right size, or no label.
func (e Experiment) checkBefore(x0, cond []float32, n, k int) error {
	if len(x0) != n*e.Data.Dim() || len(cond)%n != 0 {
		return fmt.Errorf("data %s gives %d numbers of x0 and %d of cond for frame %d, want %d points of size %d, and equally much of cond for each", e.Data.Name(), len(x0), len(cond), k, n, e.Data.Dim())
	}
	if err := checkFinite(fmt.Sprintf("x0 of frame %d", k), x0, e.Data.Dim()); err != nil {
		return err
	}
	if err := checkFinite(fmt.Sprintf("cond of frame %d", k), cond, max(len(cond)/n, 1)); err != nil {
		return err
	}
	if classes := e.classes(); classes > 0 {
		for _, v := range cond {
			if v < 0 || v >= float32(classes) {
				return fmt.Errorf("frame %d has index %g: data %s has the indices 0 to %d, and the network knows no others", k, v, e.Data.Name(), classes-1)
			}
		}
	}
	return nil
}

// checkFinite names the first row that is not of finite numbers.
func checkFinite(what string, x []float32, width int) error {
	for i, v := range x {
		if v != v || math.IsInf(float64(v), 0) {
			return fmt.Errorf("row %d of %s is %g, want finite numbers", i/width, what, v)
		}
	}
	return nil
}

// frameNoise draws the Brownian motion of a frame for size components on the solver's grid, as increments does: rows of the increments dW, then, where the solver needs them, of the integrals
// I10 = h/2 dW + sqrt(h^3/12) z, z ~ N(0, 1) (solver.Brownian.Areas has their joint law). nil where there is no noise.
func frameNoise(field flow.Field, s solver.Solver, seed uint64, k, size int) []float32 {
	_, stochastic := withNoise(field, s)
	if stochastic == nil {
		return nil
	}
	rng, grid := generator(seed, streamRollNoise, uint64(k)), s.Grid()
	rows := make([]float32, noiseRows(stochastic)*size)
	areas := rows[stochastic.Steps()*size:]
	for step := range stochastic.Steps() {
		h := grid[step+1] - grid[step]
		for i := step * size; i < (step+1)*size; i++ {
			w := math.Sqrt(h) * rng.NormFloat64()
			rows[i] = float32(w)
			if stochastic.NeedsArea() {
				areas[i] = float32(h/2*w + h*math.Sqrt(h/12)*rng.NormFloat64())
			}
		}
	}
	return rows
}

// addCost is the cost of two samplings one after the other.
func addCost(a, b solver.Cost) solver.Cost {
	return solver.Cost{Steps: a.Steps + b.Steps, Rejected: a.Rejected + b.Rejected, Forwards: a.Forwards + b.Forwards, Backwards: a.Backwards + b.Backwards,
		Equivalents: a.Equivalents + b.Equivalents, Seconds: a.Seconds + b.Seconds}
}

// Frame is frame k of all trajectories, counted from 0, row-major [Members, Starts, Dim]: the ensemble at that horizon, as metric.CRPS takes it.
func (t *Trajectories) Frame(k int) []float32 {
	out := make([]float32, 0, t.Members*t.Starts*t.Dim)
	for i := range t.Members * t.Starts {
		out = append(out, t.row(i, k)...)
	}
	return out
}

// Trajectory is the trajectory of a member from a start, row-major [Frames, Dim]. It shares memory.
func (t *Trajectories) Trajectory(member, start int) []float32 {
	size := t.Frames * t.Dim
	i := member*t.Starts + start
	return t.X[i*size : (i+1)*size]
}

func (t *Trajectories) row(i, k int) []float32 {
	return t.X[(i*t.Frames+k)*t.Dim : (i*t.Frames+k+1)*t.Dim]
}

// String is one line for captions: what was drawn, with what, at what cost.
func (t *Trajectories) String() string {
	return fmt.Sprintf("%d frames of %d trajectories of %s, %s with %s, %v", t.Frames, t.Members*t.Starts, t.Data, t.Field, t.Solver, t.Cost)
}
