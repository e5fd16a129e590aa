package idffnb

import (
	"context"
	"fmt"
	"time"
)

// TrainOption changes what Train does beside training.
type TrainOption func(*watcher)

// Watch has Train call a function every so many steps, and after the last one, with the run as it is then: it may sample, judge, export and show what it finds, with the averages of the weights where the
// experiment has EMA (run.Raw() has the others). The weights, and so the end of the training, are the same with and without it; the time it takes is not counted as training's. An error of the function ends the
// training: all steps so far are saved, and Train returns the error. Training the run in it is refused.
//
// A cell that shows a sheet of samples as they become better, in one place:
//
//	run.MustTrain(idffnb.Watch(500, func(run *idffnb.Run) error {
//		out, err := run.Sample(64, flow.CFM(), solver.Euler(10), idffnb.Unkept())
//		if err != nil {
//			return err
//		}
//		return figures.Update("sheet", figures.Samples{Clouds: []figures.Cloud{{Title: out.Title(), Points: out.At(1)[0]}}})
//	}))
func Watch(every int, see func(run *Run) error) TrainOption {
	return func(w *watcher) { w.every, w.see, w.asked = every, see, true }
}

// Until has Train end when the context does, as at an interrupt: after the steps that the device is at, all are saved, Train returns ErrInterrupted, and the next Train goes on from there.
func Until(ctx context.Context) TrainOption {
	return func(w *watcher) { w.until, w.bounded = ctx, true }
}

// watcher is what Watch and Until asked for.
type watcher struct {
	every          int
	see            func(*Run) error
	until          context.Context
	asked, bounded bool
}

// watching puts the options together.
func (r *Run) watching(options []TrainOption) (*watcher, error) {
	w := &watcher{}
	for _, option := range options {
		option(w)
	}
	switch {
	case r.training:
		return nil, fmt.Errorf("idffnb: %s: Train was called by a function that watches this training: it may sample and judge, not train", r.exp.Name)
	case w.asked && w.every < 1:
		return nil, fmt.Errorf("idffnb: %s: Watch every %d steps: want 1 or more", r.exp.Name, w.every)
	case w.asked && w.see == nil:
		return nil, fmt.Errorf("idffnb: %s: Watch has no function to call", r.exp.Name)
	case w.bounded && w.until == nil:
		return nil, fmt.Errorf("idffnb: %s: Until has no context", r.exp.Name)
	}
	return w, nil
}

// within is a context that ends with ctx or with Until's.
func (w *watcher) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if !w.bounded {
		return context.WithCancel(ctx)
	}
	both, cancel := context.WithCancel(w.until)
	stop := context.AfterFunc(ctx, cancel)
	return both, func() { stop(); cancel() }
}

// most is how many of the next steps may be made in one go.
func (w *watcher) most(step, steps int) int {
	if !w.asked {
		return steps
	}
	return min(steps, w.every-step%w.every)
}

// look calls the function where the step calls for it.
func (w *watcher) look(r *Run) (err error) {
	if !w.asked || r.step%w.every != 0 && r.step < r.exp.Steps {
		return nil
	}
	began, cpu := time.Now(), cpuTime()
	if err := w.see(r); err != nil {
		return fmt.Errorf("the function that watches it: %w", err)
	}
	r.speed.pause(time.Since(began), cpuTime()-cpu)
	return nil
}
