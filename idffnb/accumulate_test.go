package idffnb

import (
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors/images"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
)

// TestAccumulation: a batch in four parts trains as the batch at once, but for rounding, on every backend and on several devices. Sums are taken in another order, and AdamW divides small gradients by
// their own size: after 25 steps weights of order .1 to 1 may differ by 1e-5.
func TestAccumulation(t *testing.T) {
	run := func(e Experiment, backend compute.Backend, parts int) map[string][]float32 {
		t.Setenv("IDFF_RUNS", t.TempDir())
		e.Accumulate = parts
		r := mustOpen(t, e)
		r.backend = backend
		if err := r.Train(); err != nil {
			t.Fatal(err)
		}
		out := weights(t, r)
		for _, l := range r.Losses() {
			out["losses"] = append(out["losses"], float32(l.Loss))
		}
		return out
	}
	compare := func(what string, got, want map[string][]float32) {
		t.Helper()
		for path := range want {
			tolerance := 1e-5
			if path == "losses" {
				tolerance = 1e-4 * float64(slices.Max(want[path]))
			}
			closeBy(t, what+" "+path, got[path], want[path], tolerance)
		}
	}
	labelled := small(t)
	labelled.Data, labelled.Net = datasets.MustLabelled(datasets.EightGaussians()), net.IndexedMLP{MLP: net.MLP{Width: 16}}
	moons := small(t)
	moons.Coupling = flow.ExactOT()
	for name, backend := range backends(t) {
		e := moons
		if name == "xla:cpu" {
			e = labelled
		}
		e.Steps, e.EMA, e.WarmUp = 25, .9, 5
		whole := run(e, backend, 0)
		compare(name, run(e, backend, 4), whole)
		if name != "xla:cpu" {
			continue
		}
		t.Setenv(devicesVariable, "4")
		four, _, err := chooseBackend("xla:cpu")
		if err != nil {
			t.Fatal(err)
		}
		defer four.Finalize()
		compare("four devices", run(e, four, 4), whole)
	}
}

func TestExtrasAreChecked(t *testing.T) {
	for want, set := range map[string]func(*Experiment){
		"EMA 1: want":                                            func(e *Experiment) { e.EMA = 1 },
		"EMA -0.1: want":                                         func(e *Experiment) { e.EMA = -.1 },
		"WarmUp of 61 steps: want 0 to the":                      func(e *Experiment) { e.WarmUp = 61 },
		`unknown Decay "step"`:                                   func(e *Experiment) { e.Decay = "step" },
		"WarmUp of all 60 steps leaves none":                     func(e *Experiment) { e.WarmUp, e.Decay = 60, DecayLinear },
		"a batch of 32 points cannot be cut into Accumulate = 5": func(e *Experiment) { e.Accumulate = 5 },
		"Accumulate = -1":                                        func(e *Experiment) { e.Accumulate = -1 },
	} {
		e := small(t)
		set(&e)
		_, err := Open(e)
		expectLine(t, want, err, want)
	}
}

// TestExtrasAreIdentity: each setting makes another run; left out, all of them leave the run folder its name.
func TestExtrasAreIdentity(t *testing.T) {
	name := func(set func(*Experiment)) string {
		e := small(t)
		set(&e)
		identity, err := e.withDefaults().identity()
		if err != nil {
			t.Fatal(err)
		}
		return hash(identity)
	}
	seen := map[string]bool{}
	for _, set := range []func(*Experiment){func(*Experiment) {}, func(e *Experiment) { e.EMA = .9 }, func(e *Experiment) { e.WarmUp = 3 }, func(e *Experiment) { e.Decay = DecayCosine },
		func(e *Experiment) { e.Decay = DecayLinear }, func(e *Experiment) { e.Accumulate = 2 }} {
		h := name(set)
		if seen[h] {
			t.Errorf("two experiments have the identity %s", h)
		}
		seen[h] = true
	}
	if plain := name(func(*Experiment) {}); plain != smallHash || plain != name(func(e *Experiment) { e.Accumulate = 1 }) {
		t.Errorf("an experiment without these settings is %s, and was %s before there were any", plain, smallHash)
	}
}

// smallHash is that of small before these settings were there.
const smallHash = "4c2c40a8a4"

func TestCuts(t *testing.T) {
	for _, c := range []struct{ n, atOnce, want int }{
		{32, 8, 4}, {8, 8, 1}, {4, 8, 1}, {30, 8, 5}, {9, 8, 1}, {10, 8, 2}, {31, 8, 1}, {100, 8, 20}, {1, 1, 1}, {16, 0, 1},
	} {
		if got := cuts(c.n, c.atOnce); got != c.want {
			t.Errorf("%d points, %d at once: %d parts, want %d", c.n, c.atOnce, got, c.want)
		}
	}
}

// uncut is a U-Net that works on whole batches.
type uncut struct{ net.UNet }

func (uncut) AtOnce() int { return 1 << 20 }

// ownConv is a network with a convolution of GoMLX's.
type ownConv struct{ net.Net }

func (o ownConv) Predict(scope *model.Scope, x, t, cond *Node) *Node {
	n := x.Shape().Dim(0)
	kernel := scope.VariableWithShape("kernel", shapes.Make(dtypes.Float32, 3, 3, 1, 1)).NodeValue(x.Graph())
	x = Reshape(Convolve(Reshape(x, n, 4, 4, 1), kernel).ChannelsAxis(images.ChannelsLast).PadSame().Done(), n, 16)
	return o.Net.Predict(scope, x, t, cond)
}

// TestPartsFitTheCache: on XLA's CPU backend the steps of a U-Net are a loop over parts of batches, which changes nothing but rounding; where a network has GoMLX's gradients of convolutions, which are slow in
// loops, each step is a program of its own.
func TestPartsFitTheCache(t *testing.T) {
	backend := backends(t)["xla:cpu"]
	if backend == nil {
		t.Skip("needs XLA on the CPU: make setup")
	}
	train := func(wrap func(net.UNet) net.Net) (*Run, map[string][]float32) {
		e := unetExperiment(t)
		e.Batch, e.Steps = 24, 6
		u := e.Net.(net.UNet)
		u.Dropout = 0 // which draws other numbers for other parts
		e.Net = u
		r := mustOpen(t, e)
		r.backend, r.info = backend, BackendInfo{Name: "cpu"}
		r.exp.Net = wrap(r.exp.Net.(net.UNet))
		if err := r.Train(); err != nil {
			t.Fatal(err)
		}
		return r, weights(t, r)
	}
	r, parts := train(func(u net.UNet) net.Net { return u })
	if n := r.inCache().parts(); n != 3 || r.oneByOne {
		t.Errorf("a batch of 24 is cut into %d parts, one by one: %v; want 3, in a loop", n, r.oneByOne)
	}
	whole, want := train(func(u net.UNet) net.Net { return uncut{u} })
	if n := whole.inCache().parts(); n != 1 {
		t.Errorf("a network that asks for whole batches has %d parts", n)
	}
	for path := range want {
		closeBy(t, path, parts[path], want[path], 3e-4) // of .012 that AdamW moves them, by as much however small a gradient is
	}
	if own, _ := train(func(u net.UNet) net.Net { return ownConv{uncut{u}} }); !own.oneByOne {
		t.Error("steps with GoMLX's gradients of convolutions are turns of a loop")
	}
}
