package idffnb

import (
	"math"
	"strings"
	"testing"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/plugin"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestCUDA compares the GPU with the references and with the CPU, in float32: three training steps and nine samplings with PyTorch's arrays, to the tolerances of the CPU,
// which rounding to TF32 would miss a hundredfold; and one training and one sampling with the same on the CPU. `make cuda-check` runs it.
func TestCUDA(t *testing.T) {
	if why := plugin.NoGPU(); why != "" {
		t.Skipf("%s: TestCUDA needs one, and `make cuda`", why)
	}
	if xlaPlugin("cuda") == "" {
		t.Skip("no CUDA plugin: TestCUDA needs `make cuda`")
	}
	cuda, info, err := chooseBackend("xla:cuda")
	if err != nil {
		t.Fatal(err)
	}
	t.Log(info)
	if info.Name != "cuda" || info.Precision != Float32 || strings.Contains(info.Device, "CPU") {
		t.Fatalf("the backend is %+v, want CUDA in float32", info)
	}
	t.Run("training steps", func(t *testing.T) { checkTrainingSteps(t, "cuda", cuda) })
	t.Run("samples", func(t *testing.T) { checkSamples(t, "cuda", cuda) })
	t.Run("against the CPU", func(t *testing.T) {
		host, hostInfo, err := chooseBackend("xla:cpu")
		if err != nil {
			host, hostInfo, err = chooseBackend("go")
		}
		if err != nil {
			t.Fatal(err)
		}
		e := small(t)
		var losses [2]float64
		var points [2][]float32
		for i := range points {
			r := openOn(t, e, cuda, info)
			if i == 1 {
				t.Setenv("IDFF_RUNS", t.TempDir()) // the run of the other backend is another
				r = openOn(t, e, host, hostInfo)
			}
			if err := r.Train(); err != nil {
				t.Fatal(err)
			}
			out, err := r.Sample(256, flow.IDFF(.5, -.1), solver.RK4(2), WithSeed(3))
			if err != nil {
				t.Fatal(err)
			}
			losses[i], points[i] = r.Losses()[len(r.Losses())-1].Loss, out.X
		}
		if d := math.Abs(losses[0] - losses[1]); d > 1e-4*losses[1] {
			t.Errorf("the loss ends at %g on CUDA and at %g on the CPU", losses[0], losses[1])
		}
		// XLA on the CPU and pure Go differ by 6e-6 here; the numbers are up to 7.
		for i, v := range points[0] {
			if !(math.Abs(float64(v-points[1][i])) <= 1e-3) {
				t.Fatalf("number %d of the samples is %g on CUDA and %g on the CPU", i, v, points[1][i])
			}
		}
	})
}
