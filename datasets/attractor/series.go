package attractor

import (
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Tolerance is the relative and absolute tolerance of the integration. In a chaotic
// system no trajectory stays near the true one of the same start for ever; it is
// near a true one of another start, which serves as well.
const Tolerance = 1e-10

// Ask says which series to make. Zero values are sensible.
type Ask struct {
	Trajectories int       // 0: 10
	Frames       int       // of each; 0: 500
	Step         float64   // time between frames; 0: the system's own
	Seed         uint64    // of the starts
	Starts       []float64 // where the first frames are, shape [Trajectories, Dim], in place of random starts; nothing passes before them
}

// Series are trajectories of a system.
type Series struct {
	System               System
	Values               []float64 // row-major, shape [Trajectories, Frames, Dim]
	Trajectories, Frames int
	Step                 float64 // time between frames
	Solver               string  // with its tolerances
}

// Series integrates trajectories, in pure Go: 10 x 500 frames of Lorenz in about a
// second. A trajectory's last digits depend on how many there are, since they share
// their steps, and in chaos last digits become first ones. It is an error if a
// number is out of range, or a start flies off.
func (s System) Series(ask Ask) (*Series, error) {
	out, err := s.series(ask)
	if err != nil {
		return nil, fmt.Errorf("attractor: %s: %w", s.Name, err)
	}
	return out, nil
}

// MustSeries is Series for notebooks: an error prints one line and ends the program.
func (s System) MustSeries(ask Ask) *Series {
	out, err := s.Series(ask)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return out
}

// segment is how many frames one integration covers.
const segment = 50

func (s System) series(ask Ask) (*Series, error) {
	if s.slope == nil {
		return nil, fmt.Errorf("an empty System; take Lorenz(), Rossler(), Spiral() or ByName")
	}
	if ask.Starts != nil && ask.Trajectories == 0 {
		ask.Trajectories = len(ask.Starts) / s.Dim
	}
	if ask.Trajectories == 0 {
		ask.Trajectories = 10
	}
	if ask.Frames == 0 {
		ask.Frames = 500
	}
	if ask.Step == 0 {
		ask.Step = s.Step
	}
	switch {
	case ask.Trajectories < 1 || ask.Frames < 1 || ask.Trajectories > 1<<26/ask.Frames:
		return nil, fmt.Errorf("%d trajectories of %d frames; want 1 or more of each, and 67 million frames at most", ask.Trajectories, ask.Frames)
	case !(ask.Step > 0 && ask.Step <= 1000):
		return nil, fmt.Errorf("frames every %g units of time; want above 0, at most 1000", ask.Step)
	case ask.Starts != nil && len(ask.Starts) != ask.Trajectories*s.Dim:
		return nil, fmt.Errorf("%d numbers of Starts for %d trajectories in %d dimensions", len(ask.Starts), ask.Trajectories, s.Dim)
	}
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		return nil, err
	}
	run, err := s.prepare(backend, ask.Trajectories)
	if err != nil {
		return nil, err
	}
	state := ask.Starts
	if state == nil {
		const stream = 0x617474726163
		rng := rand.New(rand.NewPCG(ask.Seed, stream))
		for range ask.Trajectories {
			state = append(state, s.start(rng)...)
		}
		if s.transient > 0 {
			frames, err := run.integrate(state, s.transient, 1)
			if err != nil {
				return nil, err
			}
			state = frames[0]
		}
	}
	out := &Series{System: s, Values: make([]float64, ask.Trajectories*ask.Frames*s.Dim), Trajectories: ask.Trajectories, Frames: ask.Frames, Step: ask.Step, Solver: run.solver.String()}
	put := func(k int, state []float64) {
		for i := range ask.Trajectories {
			copy(out.Values[(i*ask.Frames+k)*s.Dim:], state[i*s.Dim:(i+1)*s.Dim])
		}
	}
	put(0, state)
	for k := 1; k < ask.Frames; k += segment {
		frames, err := run.integrate(state, ask.Step, min(segment, ask.Frames-k))
		if err != nil {
			return nil, err
		}
		for j, f := range frames {
			put(k+j, f)
		}
		state = frames[len(frames)-1]
	}
	return out, nil
}

// integrator is a compiled system.
type integrator struct {
	solver  solver.Adaptive
	program *solver.Program
	rows    int
	dim     int
}

// prepare compiles a system for so many trajectories. The solver's time runs from 0
// to 1, so that the slope is multiplied with how long that is, an input.
func (s System) prepare(backend compute.Backend, rows int) (*integrator, error) {
	a := solver.Dopri8(Tolerance, Tolerance)
	a.MaxEvaluations = 200_000
	field := func(inputs []*graph.Node) solver.Field {
		return func(x *graph.Node, _ solver.Time) *graph.Node {
			var parts []*graph.Node
			for i := range s.Dim {
				parts = append(parts, graph.Slice(x, graph.AxisRange(), graph.AxisElem(i)))
			}
			return graph.Mul(inputs[0], graph.Concatenate(s.slope(parts), 1))
		}
	}
	begin, step := a.Graphs(field)
	first, err := graph.NewExec(backend, begin)
	if err != nil {
		return nil, err
	}
	next, err := graph.NewExec(backend, step)
	if err != nil {
		return nil, err
	}
	x := tensors.FromFlatDataAndDimensions(make([]float64, rows*s.Dim), rows, s.Dim)
	program, err := a.Prepare(first, next, x.Shape(), tensors.FromValue(1.).Shape())
	if err != nil {
		return nil, err
	}
	return &integrator{solver: a, program: program, rows: rows, dim: s.Dim}, nil
}

// integrate gives the states at the ends of n steps.
func (r *integrator) integrate(state []float64, step float64, n int) ([][]float64, error) {
	a := r.solver
	for k := 1; k < n; k++ {
		a.At = append(a.At, float64(k)/float64(n))
	}
	x := tensors.FromFlatDataAndDimensions(append([]float64(nil), state...), r.rows, r.dim)
	solution, err := a.Run(r.program, x, tensors.FromValue(step*float64(n)))
	if err != nil {
		return nil, err
	}
	var frames [][]float64
	for _, t := range solution.States[1:] {
		values, err := tensors.CopyFlatData[float64](t)
		if err != nil {
			return nil, err
		}
		frames = append(frames, values)
	}
	return frames, nil
}

// Trajectory is trajectory i, shape [Frames, Dim]; it shares memory.
func (s *Series) Trajectory(i int) []float64 {
	size := s.Frames * s.System.Dim
	return s.Values[i*size : (i+1)*size : (i+1)*size]
}

// Points are the frames of trajectory i for figures in space; a missing third
// coordinate is 0.
func (s *Series) Points(i int) [][3]float64 {
	p := make([][3]float64, s.Frames)
	for k := range p {
		copy(p[k][:], s.Trajectory(i)[k*s.System.Dim:(k+1)*s.System.Dim])
	}
	return p
}

// Maps are the series as datasets.Maps of 1 x Dim pixels, for standardisation and
// batches.
func (s *Series) Maps() *datasets.Maps {
	values := make([]float32, len(s.Values))
	for i, v := range s.Values {
		values[i] = float32(v)
	}
	m, err := datasets.NewMaps(s.System.Name, values, s.Trajectories, s.Frames, 1, s.System.Dim, nil)
	if err != nil {
		panic(err) // a Series has finite values
	}
	return m
}
