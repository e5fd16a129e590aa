package idffnb

import (
	"testing"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/internal/fulldevice"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Where the device's memory is full, while compiling or while running, the error names what was computed, in the user's numbers, and what takes less.
func TestOutOfMemory(t *testing.T) {
	const others = ", or free what other programs hold (on a GPU, nvidia-smi lists them)"
	parts := small(t)
	parts.Batch, parts.Accumulate = 64, 4
	unet := unetExperiment(t)
	remat := unetExperiment(t)
	u := remat.Net.(net.UNet)
	u.Remat = true
	remat.Net, remat.Accumulate = u, 2
	training := func(r *Run) error { return r.Train() }
	sampling := func(s solver.Solver) func(*Run) error {
		return func(r *Run) error {
			_, err := r.Sample(16, flow.CFM(), s, Unkept())
			return err
		}
	}
	for _, tc := range []struct {
		name string
		e    Experiment
		do   func(*Run) error
		want string
	}{
		{"training", small(t), training, "a batch of 32: take a smaller Batch, or cut it into parts (Accumulate)"},
		{"training in parts", parts, training, "a batch of 64 in 4 parts: take a smaller Batch, or more parts (Accumulate)"},
		{"training a U-Net", unet, training, "a batch of 4: take a smaller Batch, or cut it into parts (Accumulate), or set the network's Remat"},
		{"training a U-Net with Remat", remat, training, "a batch of 4 in 2 parts: take a smaller Batch, or more parts (Accumulate)"},
		{"sampling", small(t), sampling(solver.Euler(2)), "a sampling of 16 points: take fewer points at a time"},
		{"adaptive", small(t), sampling(solver.Dopri5(1e-3, 1e-3)), "a step of 16 points: take fewer points at a time"},
		{"a U-Net", unet, func(r *Run) error {
			_, err := r.Sample(16, flow.CFM(), solver.Euler(2), Unkept(), WithLabel(1))
			return err
		}, "an evaluation of 16 points: take fewer points at a time"},
		{"likelihood", small(t), func(r *Run) error {
			_, err := r.LogLikelihood(make([]float32, 16), flow.CFM(), solver.Euler(2))
			return err
		}, "a way back of 8 points: take fewer points at a time"},
		{"learning", small(t), func(r *Run) error {
			l := &lesson{run: r, form: form{Learning{Points: 8, Steps: 1, Loss: LossMMD}, 2}, budget: 2, sigmas: []float64{1}}
			if err := l.compile(l.as(l.form.start())); err != nil {
				return err
			}
			_, _, err := l.step(l.form.start(), 0)
			return err
		}, "a lesson of 8 points: take fewer Points in Learning"},
	} {
		for how, compiles := range map[string]bool{"compiling": false, "running": true} {
			t.Setenv("IDFF_RUNS", t.TempDir())
			r := mustOpen(t, tc.e)
			r.backend = pureGo(t)
			trainTo(t, r, 1) // so that there are weights
			r = mustOpen(t, tc.e)
			r.backend = fulldevice.Backend{Backend: pureGo(t), Compiles: compiles}
			expectLine(t, tc.name+", "+how, tc.do(r), fulldevice.Says+tc.want+others)
		}
	}
}
