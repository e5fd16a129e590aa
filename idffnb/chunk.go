package idffnb

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/gomlx/compute"
)

// chunk is the batches of some training steps in a row, stacked as the device takes them.
type chunk struct {
	capacity int     // batches that it has room for
	steps    int     // batches in it
	parts    int     // that each batch is cut into; 0: 1
	inputs   []input // x0, x1, t, eps, and where there are such r - t and cond
	err      error   // of the first batch that could not be made; the ones before it are there
}

// input is one input of the steps of a chunk.
type input struct {
	values []float32
	shape  []int // [capacity, batch] or [capacity, batch, width]; with parts [capacity*parts, batch/parts, ..]
}

const (
	stepsAtOnce  = 100     // in a chunk
	valuesAtOnce = 1 << 20 // in an input of a chunk, where points are large
)

// capacity is the number of steps that a chunk has room for, but for large conditions: see feed.fit. It depends on the experiment and the backend alone, as the compiled program does.
func (r *Run) capacity() int {
	if !r.loops() {
		return 1
	}
	return min(stepsAtOnce, max(1, valuesAtOnce/(r.exp.Batch*r.exp.Data.Dim())))
}

// loops tells whether the backend can make many steps in one program, and does so without loss.
func (r *Run) loops() bool {
	if r.oneByOne {
		return false
	}
	able := r.backend.Capabilities()
	return able.Functions && able.Operations[compute.OpTypeDynamicSlice]
}

// feed makes batches on other cores while the device works, and stacks those that are ready.
type feed struct {
	exp      Experiment
	capacity int
	parts    int               // that each batch is cut into
	queue    <-chan chan batch // a slot for each step, in order, each filled when its batch is made
	pending  chan batch        // taken from the queue, but not filled yet
	step     int               // of the next batch
	cond     int               // numbers of cond in the first batch; -1 before it
}

// newFeed makes the next batch, and starts to make those of the other steps that are left, up to two chunks ahead, until ctx ends. No input of what waits there has more than 2 valuesAtOnce, 8 MiB, where that is not less than two batches.
func (r *Run) newFeed(ctx context.Context) *feed {
	f := &feed{exp: r.exp, capacity: r.capacity(), parts: r.exp.parts(), step: r.step, cond: -1}
	from, first := r.step, batch{}
	if from < f.exp.Steps {
		first = f.exp.makeBatch(from)
		f.fit(first)
	}
	queue, workers := make(chan chan batch, 2*f.capacity), make(chan struct{}, runtime.GOMAXPROCS(0))
	f.queue = queue
	go func() {
		defer close(queue)
		for step := from; step < f.exp.Steps; step++ {
			slot := make(chan batch, 1)
			select {
			case queue <- slot:
			case <-ctx.Done():
				return
			}
			if step == from {
				slot <- first
				continue
			}
			workers <- struct{}{}
			go func() {
				slot <- f.exp.makeBatch(step) // each depends on its step alone
				<-workers
			}()
		}
	}()
	return f
}

// fit leaves room for as many steps as valuesAtOnce allows the largest input of a batch: cond may have many more values than x0, as where it is an image.
func (f *feed) fit(b batch) {
	for _, values := range b.inputs() {
		f.capacity = min(f.capacity, max(1, valuesAtOnce/max(1, len(values))))
	}
}

// next waits for a batch, and stacks it with those after it that are ready, most at the most. It returns nil where there are no more steps.
func (f *feed) next(most int) *chunk {
	c := &chunk{capacity: f.capacity, parts: f.parts}
	for c.steps < most && c.err == nil {
		if f.pending == nil {
			if c.steps > 0 && len(f.queue) == 0 {
				break
			}
			slot, ok := <-f.queue
			if !ok {
				break
			}
			f.pending = slot
		}
		if c.steps > 0 && len(f.pending) == 0 {
			break
		}
		f.stack(c, <-f.pending)
		f.pending = nil
	}
	if c.steps == 0 && c.err == nil {
		return nil
	}
	return c
}

// stack puts a batch behind those of the chunk, or notes why it cannot be had.
func (f *feed) stack(c *chunk, b batch) {
	if f.cond < 0 {
		f.cond = len(b.cond)
	}
	if b.err == nil && len(b.cond) != f.cond {
		b.err = fmt.Errorf("step %d: data %s gives %d numbers of cond for %d points, and gave %d before: their number must not change",
			f.step, f.exp.Data.Name(), len(b.cond), f.exp.Batch, f.cond)
	}
	if c.err = b.err; c.err == nil {
		c.add(b, f.exp.Batch)
		f.step++
	}
}

// add puts the batch of n points behind those of the chunk.
func (c *chunk) add(b batch, n int) {
	for k, values := range b.inputs() {
		if k == len(c.inputs) {
			parts := max(c.parts, 1)
			shape := []int{c.capacity * parts, n / parts}
			if width := len(values) / n; width > 1 {
				shape = append(shape, width)
			}
			c.inputs = append(c.inputs, input{make([]float32, c.capacity*len(values)), shape})
		}
		copy(c.inputs[k].values[c.steps*len(values):], values)
	}
	c.steps++
}

// cutInto cuts each batch into so many parts, no fewer than it is cut into already.
func (c *chunk) cutInto(parts int) {
	for _, i := range c.inputs {
		i.shape[0], i.shape[1] = c.capacity*parts, i.shape[0]*i.shape[1]/(c.capacity*parts)
	}
	c.parts = parts
}

// cutTo leaves room for so many steps, no fewer than there are.
func (c *chunk) cutTo(capacity int) {
	for k, i := range c.inputs {
		i.values, i.shape[0] = i.values[:len(i.values)/c.capacity*capacity], i.shape[0]/c.capacity*capacity
		c.inputs[k] = i
	}
	c.capacity = capacity
}

// pace chooses how many steps a chunk may have: as many as take a quarter of a second, so that progress is seen, checkpoints are in time and an interrupt is soon heard.
type pace struct{ steps, most int }

const chunkTime = time.Second / 4

func (r *Run) newPace() *pace {
	p := &pace{steps: 1, most: r.capacity()} // a step of a large network may take seconds
	if r.chunkSteps > 0 {
		p.most = min(p.most, r.chunkSteps)
	}
	return p
}

// took notes how long the device took for some steps.
func (p *pace) took(steps int, d time.Duration) {
	fit := float64(steps) * float64(chunkTime) / float64(max(d, 1))
	p.steps = int(min(max(fit, 1), float64(2*p.steps), float64(p.most)))
}
