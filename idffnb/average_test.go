package idffnb

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestAverageFollowsTheWeights compares the averages with their recursion in float64 on the weights of each step; they must not change the training.
func TestAverageFollowsTheWeights(t *testing.T) {
	for name, backend := range backends(t) {
		for _, decay := range map[string][]float64{"go": {.5, .99}, "xla:cpu": {.5}}[name] { // less and more than (1 + n)/(10 + n) gets to
			e := small(t)
			e.Steps = 20
			plain := mustOpen(t, e)
			plain.backend = backend
			if err := plain.Train(); err != nil {
				t.Fatal(err)
			}
			t.Setenv("IDFF_RUNS", t.TempDir())
			e.EMA = decay
			r := mustOpen(t, e)
			r.backend, r.chunkSteps = backend, 1
			want := map[string][]float64{}
			initial := initialWeights(t, e)
			for path, w := range initial {
				for _, v := range w {
					want[path] = append(want[path], float64(v))
				}
			}
			err := r.train(context.Background(), func() {
				n := float64(r.step)
				d := min(decay, (1+n)/(10+n))
				w := weights(t, r)
				for path := range initial {
					for i := range want[path] {
						want[path][i] = d*want[path][i] + (1-d)*float64(w[path][i])
						if got := w[averageScope+path][i]; math.Abs(float64(got)-want[path][i]) > 1e-6 { // weights are of order .1 to 1
							t.Fatalf("%s, decay %g, step %d: the average of %s[%d] is %g, want %g", name, decay, r.step, path, i, got, want[path][i])
						}
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			got := weights(t, r)
			for path := range initial {
				if slices.Equal(got[averageScope+path], got[path]) {
					t.Errorf("%s: the average of %s is the weight itself", name, path)
				}
				closeBy(t, name+", training with EMA: "+path, got[path], weights(t, plain)[path], 1e-5)
			}
		}
	}
}

// initialWeights are the weights that an experiment starts from.
func initialWeights(t *testing.T, e Experiment) map[string][]float32 {
	t.Helper()
	r := mustOpen(t, e)
	r.backend = pureGo(t)
	c := &chunk{capacity: r.capacity(), parts: r.exp.parts()}
	c.add(r.exp.makeBatch(0), r.exp.Batch)
	if err := r.makeVariables(c); err != nil {
		t.Fatal(err)
	}
	out := map[string][]float32{}
	for v := range r.store.IterVariables() {
		if v.Trainable {
			data, err := tensors.CopyFlatData[float32](v.MustValue())
			if err != nil {
				t.Fatal(err)
			}
			out[v.Path()] = data
		}
	}
	return out
}

// TestSamplesComeFromTheAverage: what a run with EMA samples, judges and exports is what its averages give as the weights of another run, before and after it is reopened; Raw has the others.
func TestSamplesComeFromTheAverage(t *testing.T) {
	for name, backend := range backends(t) {
		e := small(t)
		e.EMA = .9
		r := mustOpen(t, e)
		r.backend = backend
		if err := r.Train(); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		averages, last := filepath.Join(dir, "averages.safetensors"), filepath.Join(dir, "last.safetensors")
		r.MustExport(averages)
		r.Raw().MustExport(last)
		draw := func(r *Run) []float32 {
			r.backend = backend
			return r.MustSample(32, flow.IDFF(.5), solver.Midpoint(3)).X
		}
		of := func(path string) []float32 {
			plain := e
			plain.EMA, plain.Name = 0, "plain"
			return draw(MustImport(path, plain))
		}
		got, raw := draw(r), draw(r.Raw())
		if !slices.Equal(got, of(averages)) || !slices.Equal(raw, of(last)) || slices.Equal(got, raw) {
			t.Errorf("%s: samples are not those of the averages, or those of Raw not those of the weights", name)
		}
		again := mustOpen(t, e)
		if !slices.Equal(got, draw(again)) || !slices.Equal(raw, draw(again.Raw())) {
			t.Errorf("%s: the run reopened samples otherwise", name)
		}
		judge := Judge{N: 64, Seeds: []uint64{0}}
		a, b := r.mustScore(t, judge), r.Raw().mustScore(t, judge)
		if a == b || a != again.mustScore(t, judge) || b != again.Raw().mustScore(t, judge) {
			t.Errorf("%s: evaluations %g of the averages and %g of the weights are not kept apart", name, a, b)
		}
		if s := r.String(); !strings.Contains(s, "weights averaged with decay 0.9") || !strings.Contains(r.Raw().String(), "weights of the last step") {
			t.Errorf("captions do not tell the weights: %q, %q", s, r.Raw().String())
		}
		if plain := mustOpen(t, small(t)); plain.Raw() != plain {
			t.Error("without EMA Raw is another run")
		}
	}
}

// mustScore is the MMD² of a cheap sampler.
func (r *Run) mustScore(t *testing.T, judge Judge) float64 {
	t.Helper()
	report, err := r.Evaluate(flow.CFM(), solver.Euler(3), judge)
	if err != nil {
		t.Fatal(err)
	}
	return report.Mean("mmd2")
}
