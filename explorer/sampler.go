package explorer

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// sampler samples settings, and CFM beside them. A graph is compiled for each order and number of steps, which takes a second or more
// with XLA; to have them ready when they are asked for, compileAhead compiles them all. A run is for one goroutine at a time, so that each graph
// has a run of its own: compiling one does not hold up sampling with another.
type sampler struct {
	run *idffnb.Run
	o   Options

	painting chan struct{} // holds one while a picture is painted: compileAhead then starts nothing new

	mu    sync.Mutex
	slots map[graphKey]*slot
}

// graphKey names a graph; order 0 is CFM.
type graphKey struct{ order, steps int }

// slot is one graph and its run.
type slot struct {
	mu    sync.Mutex
	run   *idffnb.Run
	ready bool // compiled, and run once: the first run is slower
}

func newSampler(run *idffnb.Run, o Options) *sampler {
	return &sampler{run: run, o: o, slots: map[graphKey]*slot{}, painting: make(chan struct{}, 1)}
}

// sample draws from the field of the given order.
func (s *sampler) sample(field flow.Field, order, steps int) (*idffnb.Samples, error) {
	slot, err := s.compile(field, order, steps)
	if err != nil {
		return nil, err
	}
	slot.mu.Lock()
	defer slot.mu.Unlock()
	return s.draw(slot.run, field, steps)
}

// compile makes the graph ready, if it is not yet.
func (s *sampler) compile(field flow.Field, order, steps int) (*slot, error) {
	s.mu.Lock()
	key := graphKey{order, steps}
	found := s.slots[key]
	if found == nil {
		found = &slot{}
		s.slots[key] = found
	}
	s.mu.Unlock()

	found.mu.Lock()
	defer found.mu.Unlock()
	if found.ready {
		return found, nil
	}
	if found.run == nil {
		run, err := idffnb.Open(s.run.Experiment())
		if err != nil {
			return nil, err
		}
		if run.Step() != s.run.Step() {
			return nil, fmt.Errorf("explorer: %s was trained on meanwhile, to step %d from %d: run the cell again", run.Experiment().Name, run.Step(), s.run.Step())
		}
		found.run = run
	}
	if _, err := s.draw(found.run, field, steps); err != nil {
		return nil, err
	}
	found.ready = true
	return found, nil
}

func (s *sampler) draw(run *idffnb.Run, field flow.Field, steps int) (*idffnb.Samples, error) {
	method, err := solver.ByName(s.o.Solver, steps)
	if err != nil {
		return nil, err
	}
	return run.Sample(s.o.N, field, method, idffnb.WithSeed(s.o.Seed), idffnb.Unkept())
}

// pair samples a setting and CFM with as many steps. Both are sampled each time, so that their seconds compare.
func (s *sampler) pair(at setting) (idff, cfm *idffnb.Samples, err error) {
	s.painting <- struct{}{}
	defer func() { <-s.painting }()
	compiled := make(chan struct{})
	go func() { // beside the other one; an error comes again below
		_, _ = s.compile(flow.CFM(), 0, at.steps)
		close(compiled)
	}()
	_, err = s.compile(at.field(s.o.Written), at.order(), at.steps)
	<-compiled
	if err != nil {
		return nil, nil, err
	}
	if idff, err = s.sample(at.field(s.o.Written), at.order(), at.steps); err != nil {
		return nil, nil, err
	}
	cfm, err = s.sample(flow.CFM(), 0, at.steps)
	return idff, cfm, err
}

// graphs are those of all numbers of steps, near to the first setting first.
func (s *sampler) graphs() (all []graphKey) {
	least := s.o.leastSteps()
	for distance := range s.o.MaxSteps {
		for _, steps := range []int{s.o.Steps - distance, s.o.Steps + distance} {
			if steps < least || steps > s.o.MaxSteps || distance == 0 && len(all) > 0 {
				continue
			}
			all = append(all, graphKey{1, steps}, graphKey{0, steps}, graphKey{2, steps})
		}
	}
	return all
}

// compileAhead compiles all graphs, and says after each how many are left. One that fails is left out: whoever asks for it gets the error.
func (s *sampler) compileAhead(ctx context.Context, left chan<- int) {
	all := s.graphs()
	for i, key := range all {
		s.painting <- struct{}{} // wait
		<-s.painting
		_, _ = s.compile(s.fieldOf(key), key.order, key.steps)
		select {
		case left <- len(all) - 1 - i:
		case <-ctx.Done():
			return
		}
	}
}

// fieldOf is a field with that graph; its factors do not matter, so that they are mild.
func (s *sampler) fieldOf(key graphKey) flow.Field {
	at := s.o.start()
	switch at.gamma2 = 0; key.order {
	case 0:
		return flow.CFM()
	case 2:
		at.gamma2 = s.o.Gamma2[0]
		for _, g := range s.o.Gamma2 {
			if g != 0 && (at.gamma2 == 0 || math.Abs(g) < math.Abs(at.gamma2)) {
				at.gamma2 = g
			}
		}
	}
	return at.field(s.o.Written)
}
