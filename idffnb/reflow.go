package idffnb

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/idff-go/workbench/idffnb/checkpoint"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Pairs is Data made of the start and end points of a trained flow's trajectories, for reflow: an experiment on it trains on the pairs (x0, x1), while its
// samples start as the first run's do, from fresh noise, and are judged against that run's data, Truth.
type Pairs struct {
	id           string
	truth        Data
	x0, x1, cond []float32
	n            int
}

// reflowChunk is how many pairs are sampled at a time, by one compiled graph.
const reflowChunk = 4096

// Reflow draws n pairs (x0, x1) from the run by following its velocity, flow.CFM, with the solver from start points of the seed: the coupling that rectified flow learns from
// in its second round (Liu et al., arXiv 2209.03003, section 2.2). It is deterministic; the pairs are kept in the folder pairs of the run, and read there the next
// time. Take a solver that follows the flow closely, e.g. solver.Euler(100) or solver.RK4(10): what it gets wrong the next flow learns.
//
//	second := idffnb.RectifiedFlow("second", run.MustReflow(50_000, solver.RK4(10), 0))
//
// Each round straightens the trajectories (Samples.Straightness) and adds the errors of the run before. What the pairs stand for is in the experiment's identity: the run, its
// step, solver, n and seed. The coupling must be independent, since the pairs are coupled already.
func (r *Run) Reflow(n int, s solver.Solver, seed uint64) (*Pairs, error) {
	if most := mostValues / r.exp.Data.Dim(); n < 1 || n > most {
		return nil, fmt.Errorf("idffnb: %s: reflow with %d pairs: want 1 to %d", r.exp.Name, n, most)
	}
	if err := r.checkSampling(flow.CFM(), s); err != nil {
		return nil, err
	}
	id, err := r.pairsID(n, s, seed)
	if err != nil {
		return nil, err
	}
	p := &Pairs{id: id, truth: r.exp.truth().Data, n: n}
	path := filepath.Join(r.Dir, "pairs", hash([]byte(id))+".safetensors")
	switch err := p.read(path); {
	case err == nil:
		return p, nil
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, checkpoint.ErrCorrupt): // a damaged file is made again
		return nil, fmt.Errorf("idffnb: %s: pairs: %w", r.exp.Name, err)
	}
	if err := r.fill(p, s, seed); err != nil {
		return nil, err
	}
	return p, p.write(path, r.info.String())
}

// MustReflow is Reflow for notebooks.
func (r *Run) MustReflow(n int, s solver.Solver, seed uint64) *Pairs {
	p, err := r.Reflow(n, s, seed)
	Must(err)
	return p
}

// pairsID says what pairs depend on.
func (r *Run) pairsID(n int, s solver.Solver, seed uint64) (string, error) {
	identity, err := r.exp.identity()
	if err != nil {
		return "", err
	}
	by := solver.GraphKey(s)
	if by == "" {
		return "", fmt.Errorf("idffnb: %s: reflow: solver %s (%T) holds a function or a channel, so that its pairs could not be told from another's: give it numbers, or a type of its own", r.exp.Name, s.Name(), s)
	}
	return fmt.Sprintf("reflow: %d pairs of %s-%s at step %d, %v, %s %v, seed %d", n, r.exp.Name, hash(identity), r.step, s, by, solverFactors(s), seed) + r.whichWeights(), nil
}

// fill samples the pairs.
func (r *Run) fill(p *Pairs, s solver.Solver, seed uint64) error {
	chunk := min(p.n, reflowChunk)
	chunks := (p.n + chunk - 1) / chunk
	show := newProgress(fmt.Sprintf("%s: %d pairs for reflow", r.exp.Name, p.n), 0, chunks, nil)
	for k := range chunks {
		out, err := r.sample(chunk, flow.CFM(), s, WithSeed(generator(seed, streamReflow, uint64(k)).Uint64()), endsOnly())
		if err != nil {
			return err
		}
		p.x0, p.x1, p.cond = append(p.x0, out.States[0]...), append(p.x1, out.X...), append(p.cond, out.Cond...)
		show.update(k + 1)
	}
	width := len(p.cond) / (chunks * chunk)
	p.x0, p.x1, p.cond = p.x0[:p.n*r.exp.Data.Dim()], p.x1[:p.n*r.exp.Data.Dim()], p.cond[:p.n*width]
	return nil
}

// write keeps the pairs.
func (p *Pairs) write(path, backend string) error {
	kept := []checkpoint.Tensor{checkpoint.New("x0", p.x0, p.n, p.Dim()), checkpoint.New("x1", p.x1, p.n, p.Dim())}
	if len(p.cond) > 0 {
		kept = append(kept, checkpoint.New("cond", p.cond, p.n, len(p.cond)/p.n))
	}
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	if err == nil {
		err = checkpoint.Write(path, kept, map[string]string{"id": p.id, "backend": backend})
	}
	return notKept(p.Name(), "pairs are", err)
}

// read reads the pairs that write kept.
func (p *Pairs) read(path string) error {
	kept, meta, err := checkpoint.Read(path)
	if err != nil {
		return err
	}
	if meta["id"] != p.id {
		return fmt.Errorf("%s holds %q, want %q: move it away", path, meta["id"], p.id)
	}
	for _, t := range kept {
		values, err := checkpoint.Values[float32](t)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		switch t.Name {
		case "x0":
			p.x0 = values
		case "x1":
			p.x1 = values
		case "cond":
			p.cond = values
		}
	}
	if want := p.n * p.Dim(); len(p.x0) != want || len(p.x1) != want || len(p.cond)%p.n != 0 {
		return fmt.Errorf("%s holds %d, %d and %d values, want %d pairs of size %d: move it away", path, len(p.x0), len(p.x1), len(p.cond), p.n, p.Dim())
	}
	return nil
}

// Name implements Data.
func (p *Pairs) Name() string { return "reflow of " + p.truth.Name() }

// ID is everything the pairs depend on, for the experiment's identity.
func (p *Pairs) ID() string { return p.id }

// Dim implements Data.
func (p *Pairs) Dim() int { return p.truth.Dim() }

// Truth is the data of the first run, which samples are judged against.
func (p *Pairs) Truth() Data { return p.truth }

// Classes is the number of classes if the first run's data is labelled, else 0.
func (p *Pairs) Classes() int { return Experiment{Data: p.truth}.classes() }

// NullCond is that of the first run's data, or nil.
func (p *Pairs) NullCond() []float32 {
	if data, ok := p.truth.(nullable); ok {
		return data.NullCond()
	}
	return nil
}

// Batch implements Data: n of the pairs, drawn with replacement.
func (p *Pairs) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	index := make([]int, n)
	for k := range index {
		index[k] = rng.IntN(p.n)
	}
	if width := len(p.cond) / p.n; width > 0 {
		cond = rows(p.cond, index, width)
	}
	return rows(p.x0, index, p.Dim()), rows(p.x1, index, p.Dim()), cond
}

// coupled is Data that stands in for other data in training.
type coupled interface{ Truth() Data }

// truth is the experiment on the data that its samples start from and are judged against: its own but for reflow.
func (e Experiment) truth() Experiment {
	if data, ok := e.Data.(coupled); ok {
		e.Data = data.Truth()
	}
	return e
}

// checkCoupled refuses to couple anew what is coupled.
func (e Experiment) checkCoupled() error {
	switch e.Data.(type) {
	case coupled, Dynamics:
	default:
		return nil
	}
	if _, ok := e.Coupling.(flow.IndependentCoupling); !ok {
		return fmt.Errorf("data %s gives pairs of its own, which coupling %s would undo: use flow.Independent()", e.Data.Name(), e.Coupling.Name())
	}
	return nil
}

// Straightness is S(Z) = int_0^1 E |x_1 - x_0 - v(x_t, t)|^2 dt of the samples' trajectories, 0 where all are straight lines (arXiv 2209.03003, eq. 3), in squared units of
// the data. v is the mean slope of each step: for Euler's method the velocity itself; for others the integral is exact as their steps become small. Two steps at least tell anything.
func (s *Samples) Straightness() float64 {
	total := 0.
	for k := range len(s.Times) - 1 {
		dt := s.Times[k+1] - s.Times[k]
		for i, x := range s.States[k] {
			slope := (float64(s.States[k+1][i]) - float64(x)) / dt
			off := float64(s.X[i]) - float64(s.States[0][i]) - slope
			total += dt * off * off
		}
	}
	return total / float64(s.N)
}
