package idffnb

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomlx/compute"
)

// chunk is the batches of some training steps in a row, stacked as the device takes them.
type chunk struct {
	capacity int     // batches that it has room for
	steps    int     // batches in it
	inputs   []input // x0, x1, t, eps, and where there are such r - t and cond
	err      error   // of the first batch that could not be made; the ones before it are there
}

// input is one input of the steps of a chunk.
type input struct {
	values []float32
	shape  []int // [capacity, batch] or [capacity, batch, width]
}

const (
	stepsAtOnce  = 100     // in a chunk
	valuesAtOnce = 4 << 20 // in x0 of a chunk, where points are large
)

// capacity is the number of steps that a chunk has room for. It depends on the experiment and the backend alone, as the compiled program does.
func (r *Run) capacity() int {
	if able := r.backend.Capabilities(); !able.Functions || !able.Operations[compute.OpTypeDynamicSlice] {
		return 1
	}
	return min(stepsAtOnce, max(1, valuesAtOnce/(r.exp.Batch*r.exp.Data.Dim())))
}

// chunks makes the batches of the steps that are left on other cores, while the device works on those before, and yields them in order until ctx ends: in chunks
// of as many steps as the pace says when each is begun.
func (r *Run) chunks(ctx context.Context, p *pace) <-chan *chunk {
	queue, capacity := make(chan *chunk), r.capacity()
	from, to := r.step, r.exp.Steps
	go func() {
		defer close(queue)
		cond := -1 // numbers of cond in the first batch
		for from < to {
			c := r.exp.makeChunk(capacity, from, min(p.steps(), to-from), &cond)
			select {
			case queue <- c:
			case <-ctx.Done():
				return
			}
			from += c.steps
			if c.err != nil {
				return
			}
		}
	}()
	return queue
}

// makeChunk makes the batches of the steps first..first+steps-1, and stacks them up to the first that cannot be had.
func (e Experiment) makeChunk(capacity, first, steps int, cond *int) *chunk {
	batches, c := e.makeBatches(first, steps), &chunk{capacity: capacity}
	for i, b := range batches {
		if *cond < 0 {
			*cond = len(b.cond)
		}
		if b.err == nil && len(b.cond) != *cond {
			b.err = fmt.Errorf("step %d: data %s gives %d numbers of cond for %d points, and gave %d before: their number must not change", first+i, e.Data.Name(), len(b.cond), e.Batch, *cond)
		}
		if b.err != nil {
			c.err = b.err
			break
		}
		c.add(b, e.Batch)
	}
	return c
}

// makeBatches makes batches side by side: each depends on its step alone.
func (e Experiment) makeBatches(first, steps int) []batch {
	batches, next := make([]batch, steps), make(chan int, steps)
	for i := range steps {
		next <- i
	}
	close(next)
	var work sync.WaitGroup
	for range min(steps, runtime.GOMAXPROCS(0)) {
		work.Go(func() {
			for i := range next {
				batches[i] = e.makeBatch(first + i)
			}
		})
	}
	work.Wait()
	return batches
}

// add puts the batch of n points behind those of the chunk.
func (c *chunk) add(b batch, n int) {
	for k, values := range b.inputs() {
		if k == len(c.inputs) {
			shape := []int{c.capacity, n}
			if width := len(values) / n; width > 1 {
				shape = append(shape, width)
			}
			c.inputs = append(c.inputs, input{make([]float32, c.capacity*len(values)), shape})
		}
		copy(c.inputs[k].values[c.steps*len(values):], values)
	}
	c.steps++
}

// pace chooses how many steps a chunk has: as many as take a quarter of a second, so that progress is seen, checkpoints are in time and an interrupt is soon heard.
type pace struct {
	most int
	next atomic.Int64 // read where chunks are made
}

const chunkTime = time.Second / 4

func (r *Run) newPace() *pace {
	p := &pace{most: r.capacity()}
	if r.chunkSteps > 0 {
		p.most = min(p.most, r.chunkSteps)
	}
	p.next.Store(int64(min(p.most, logEvery)))
	return p
}

func (p *pace) steps() int { return int(p.next.Load()) }

// took notes how long the device took for some steps.
func (p *pace) took(steps int, d time.Duration) {
	fit := float64(steps) * float64(chunkTime) / float64(max(d, 1))
	p.next.Store(int64(min(max(fit, 1), float64(2*steps), float64(p.most))))
}
