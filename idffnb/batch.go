package idffnb

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Streams of random numbers: one generator per purpose and number, so that a step's batch does not depend on the steps before
// it, and no sample drawn for judging is ever one of training.
const (
	streamBatch  = 0x6261746368 // + training step
	streamStart  = 0x7374617274 // start points of a sampling
	streamTruth  = 0x7472757468 // data to judge against
	streamSecond = 0x7365636f6e // a second draw of data, for the floor
	streamLearn  = 0x6c6561726e // + step of learning a schedule
	streamBrown  = 0x62726f776e // Brownian motion of a sampling
	streamGiven  = 0x676976656e // start points and conditions that the data gives
	streamReflow = 0x7265666c6f // + chunk of pairs for reflow
	streamDrop   = 0x64726f70   // + training step: conditions that are dropped
	streamProbe  = 0x70726f6265 // probes of a divergence
)

func generator(seed uint64, stream, number uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed^stream<<20, number))
}

// batch is one coupled training batch on the host, row-major.
type batch struct {
	x0, x1, t, eps, cond []float32
	interval             []float32 // r - t of meanflow; nil for other objectives
	err                  error
}

// inputs are what the network's step takes, in order; those that the experiment has none of are left out.
func (b batch) inputs() [][]float32 {
	list := [][]float32{b.x0, b.x1, b.t, b.eps}
	if b.interval != nil {
		list = append(list, b.interval)
	}
	if b.cond != nil {
		list = append(list, b.cond)
	}
	return list
}

// makeBatch draws the batch of a step: data, noise, coupling, the path's noise and the objective's times. It is called in goroutines, where a panic would end the program.
func (e Experiment) makeBatch(step int) batch {
	var b batch
	if err := e.fillBatch(&b, step); err != nil {
		return batch{err: fmt.Errorf("step %d: %w", step, err)}
	}
	return b
}

func (e Experiment) fillBatch(b *batch, step int) (err error) {
	defer caught("data or coupling", &err)
	rng := generator(e.Seed, streamBatch, uint64(step))
	n, dim := e.Batch, e.Data.Dim()
	x0, x1, cond, err := e.draw(rng, n)
	if err != nil {
		return err
	}
	if x0 == nil {
		x0 = normal(rng, n*dim)
	}
	i, j, err := e.pairs(rng, x0, x1)
	if err != nil {
		return err
	}
	*b = batch{x0: rows(x0, i, dim), x1: rows(x1, j, dim), eps: normal(rng, n*dim)}
	if cond != nil {
		b.cond = rows(cond, j, len(cond)/n)
		if err := e.dropCond(b.cond, step); err != nil {
			return err
		}
	}
	b.t, b.interval, err = e.times(rng)
	return err
}

// times draws those of a batch, and the intervals of meanflow; it refuses what are no times.
func (e Experiment) times(rng *rand.Rand) (t, interval []float32, err error) {
	name := "times " + e.Times.Name()
	defer caught(name, &err)
	t, interval = e.Objective.Times(rng, e.Times, e.Batch)
	if len(t) != e.Batch {
		return nil, nil, fmt.Errorf("%s: %d of them, want %d", name, len(t), e.Batch)
	}
	for k, v := range t {
		if !(v >= 0 && (v < 1 || v == 1 && e.Objective.Averages())) {
			return nil, nil, fmt.Errorf("%s: time %d is %g, want 0 or more and less than 1", name, k, v)
		}
	}
	return t, interval, nil
}

// pairs couples the rows of a batch; it refuses what are no rows of it.
func (e Experiment) pairs(rng *rand.Rand, x0, x1 []float32) (i, j []int, err error) {
	name, n := "coupling "+e.Coupling.Name(), e.Batch
	defer caught(name, &err)
	if i, j, err = e.Coupling.Pairs(rng, x0, x1, e.Data.Dim()); err != nil {
		return nil, nil, err
	}
	if len(i) != n || len(j) != n {
		return nil, nil, fmt.Errorf("%s returned %d and %d rows, want %d", name, len(i), len(j), n)
	}
	for k := range n {
		if min(i[k], j[k]) < 0 || max(i[k], j[k]) >= n {
			return nil, nil, fmt.Errorf("%s returned the pair (%d, %d): want rows from 0 to %d", name, i[k], j[k], n-1)
		}
	}
	return i, j, nil
}

// draw draws n points of the data, and x0 and cond where the data gives them; it refuses what is not finite, not of the right size, or no label.
func (e Experiment) draw(rng *rand.Rand, n int) (x0, x1, cond []float32, err error) {
	defer caught("data "+e.Data.Name(), &err)
	dim := e.Data.Dim()
	x0, x1, cond = e.Data.Batch(rng, n)
	for _, part := range []struct {
		name   string
		values []float32
		width  int
	}{{"x0", x0, dim}, {"x1", x1, dim}, {"cond", cond, max(len(cond)/n, 1)}} {
		if part.name != "x1" && part.values == nil {
			continue
		}
		if len(part.values) != n*part.width {
			return nil, nil, nil, fmt.Errorf("data %s: %s has %d values, want %d points of size %d", e.Data.Name(), part.name, len(part.values), n, part.width)
		}
		for k, v := range part.values {
			if v != v || math.IsInf(float64(v), 0) {
				return nil, nil, nil, fmt.Errorf("data %s: row %d of %s is %g, want finite numbers", e.Data.Name(), k/part.width, part.name, v)
			}
		}
	}
	if classes := e.classes(); classes > 0 {
		if len(cond) != n {
			return nil, nil, nil, fmt.Errorf("data %s has %d classes, and %d labels for %d points: its cond must be one label each", e.Data.Name(), classes, len(cond), n)
		}
		for k, v := range cond {
			if v != float32(math.Trunc(float64(v))) || v < 0 || v >= float32(classes) {
				return nil, nil, nil, fmt.Errorf("data %s: the label of row %d is %g, want whole numbers from 0 to %d", e.Data.Name(), k, v, classes-1)
			}
		}
	}
	return x0, x1, cond, nil
}

func normal(rng *rand.Rand, n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	return values
}

func rows(x []float32, index []int, width int) []float32 {
	out := make([]float32, 0, len(index)*width)
	for _, i := range index {
		out = append(out, x[i*width:(i+1)*width]...)
	}
	return out
}

// shrunk is x/by, in memory of its own: x may be the data's.
func shrunk(x []float32, by float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(float64(v) / by)
	}
	return out
}

// Noise draws n start points ~ N(0, I) of a seed, row-major [n, dim], those that Sample starts from with that seed. It panics unless n is 0 or more, dim is at least 1, and they make 2^30 numbers at most.
func Noise(seed uint64, n, dim int) []float32 {
	if n < 0 || dim < 1 || n > mostValues/dim {
		panic(fmt.Errorf("idffnb: noise of %d points of size %d: want 0 or more points, a size of at least 1, and at most %d numbers", n, dim, mostValues))
	}
	return normal(generator(seed, streamStart, 0), n*dim)
}
