package idffnb

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestSeveralDevices trains and samples on one device and on four virtual ones of the CPU, in a run with a condition and one without. They add up in another order, and AdamW divides
// small gradients by their own size: after 25 steps weights of order .1 to 1 may differ by 1e-5
// (measured: 1.2e-7), and samples of the same weights, of order 1 to 5, by 1e-5 (4e-7).
func TestSeveralDevices(t *testing.T) {
	if xlaPlugin("cpu") == "" {
		t.Skip("no PJRT plugin: pure Go has one device")
	}
	labelled := small(t)
	labelled.Data, labelled.Net = datasets.MustLabelled(datasets.EightGaussians()), net.IndexedMLP{MLP: net.MLP{Width: 16}}
	for name, e := range map[string]Experiment{"moons": small(t), "labelled": labelled} {
		var trained [2]map[string][]float32
		var drawn [2][2][]float32
		for i, devices := range []string{"1", "4"} {
			t.Setenv("IDFF_RUNS", t.TempDir())
			t.Setenv(devicesVariable, devices)
			backend, _, err := chooseBackend("xla:cpu")
			if err != nil {
				t.Fatal(err)
			}
			defer backend.Finalize()
			r := mustOpen(t, e)
			r.backend = backend
			if i == 1 && (backend.NumDevices() != 4 || r.devices(e.Batch) != 4 || r.devices(30) != 1) {
				t.Fatalf("%d devices, of which %d share a batch of %d and %d one of 30", backend.NumDevices(), r.devices(e.Batch), e.Batch, r.devices(30))
			}
			trainTo(t, r, 12)
			r = mustOpen(t, e) // from its checkpoint
			r.backend = backend
			trainTo(t, r, 25)
			trained[i] = weights(t, r)
			if i == 1 { // the same weights, so that samples differ by the sampling alone
				setWeights(t, r, trained[0])
			}
			for k, s := range []struct {
				field  flow.Field
				solver solver.Solver
			}{{flow.IDFF(.5, -.2), solver.RK4(2)}, {flow.Stochastic(flow.ConstantNoise(.3)), solver.EulerMaruyama(3)}} {
				out, err := r.Sample(64, s.field, s.solver, Unkept())
				if err != nil {
					t.Fatal(err)
				}
				drawn[i][k] = out.X
			}
		}
		for path, want := range trained[0] {
			closeBy(t, name+" "+path, trained[1][path], want, 1e-5)
		}
		for k, want := range drawn[0] {
			closeBy(t, name+" samples", drawn[1][k], want, 1e-5)
		}
	}
}

func closeBy(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) || len(got) == 0 {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	worst := 0.
	for i := range got {
		worst = max(worst, math.Abs(float64(got[i]-want[i])))
	}
	if !(worst <= tolerance) {
		t.Errorf("%s on several devices differs from one by %g, want %g at most", what, worst, tolerance)
	}
}

func TestDevicesVariable(t *testing.T) {
	for wish, want := range map[string]int{"": 1, "1": 1, "3": 3, "all": allDevices} {
		t.Setenv(devicesVariable, wish)
		if got, err := wantedDevices(); got != want || err != nil {
			t.Errorf("%q: %d, %v; want %d", wish, got, err, want)
		}
	}
	for _, wish := range []string{"0", "-1", "two", "1.5", "ALL "} {
		t.Setenv(devicesVariable, wish)
		_, err := wantedDevices()
		expectLine(t, wish, err, "want a number of devices from 1, or all")
	}
	t.Setenv(devicesVariable, "2")
	expectLine(t, "two devices on Go", enoughDevices(pureGo(t), "go"), "backend go has 1")
}

// TestUNetOnTwoDevices does the same with a U-Net, on two devices; on one, batches are cut into parts for the caches. AdamW's first moments are sums of gradients, of order .1, and may differ by 1e-5 (measured: 3.4e-7): weights
// themselves are no measure, since a bias that the next normalisation takes away again has no gradient but rounding, by which Adam then divides.
func TestUNetOnTwoDevices(t *testing.T) {
	if xlaPlugin("cpu") == "" {
		t.Skip("no PJRT plugin: pure Go has one device")
	}
	e := unetExperiment(t)
	e.Net = net.UNet{Channels: 32, Blocks: 1, Multipliers: []int{1}, Attention: []int{}, AttentionHeads: 1, Heads: 2}
	var losses []float32
	var trained map[string][]float32
	var drawn [2][]float32
	for i, devices := range []string{"1", "2"} {
		t.Setenv("IDFF_RUNS", t.TempDir())
		t.Setenv(devicesVariable, devices)
		backend, info, err := chooseBackend("xla:cpu")
		if err != nil {
			t.Fatal(err)
		}
		defer backend.Finalize()
		r := openOn(t, e, backend, info)
		if got := r.devices(e.Batch); fmt.Sprint(got) != devices {
			t.Fatalf("%d devices share a batch, want %s", got, devices)
		}
		if err := r.Train(); err != nil {
			t.Fatal(err)
		}
		losses = append(losses, float32(r.Losses()[len(r.Losses())-1].Loss))
		if i == 0 {
			trained = weights(t, r)
		} else {
			moments := 0
			for path, got := range weights(t, r) {
				if strings.HasSuffix(path, "_1st_moment") {
					closeBy(t, path, got, trained[path], 1e-5)
					moments++
				}
			}
			if moments == 0 {
				t.Error("AdamW has no first moments")
			}
			setWeights(t, r, trained)
		}
		out, err := r.Sample(100, flow.CFM(), solver.AdamsBashforth(2, 2), WithLabel(1), Unkept())
		if err != nil {
			t.Fatal(err)
		}
		drawn[i] = out.X
	}
	closeBy(t, "the loss", losses[1:], losses[:1], 1e-5)
	closeBy(t, "samples", drawn[1], drawn[0], 1e-5)
}
