package idffnb

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/images"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/golden"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/plugin"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestCUDA compares the GPU with the references and with the CPU, in float32: three training steps and nine samplings with PyTorch's arrays, U-Nets and their gradients with PyTorch's, to the tolerances of the CPU,
// and convolutions with sums in float64, all of which rounding to TF32 would miss; and a training and a sampling of an MLP and of a U-Net with the same on the CPU. `make cuda-check` runs it.
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
	host, hostInfo, err := chooseBackend("xla:cpu")
	if err != nil {
		host, hostInfo, err = chooseBackend("go")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Run("training steps", func(t *testing.T) { checkTrainingSteps(t, "cuda", cuda) })
	t.Run("samples", func(t *testing.T) { checkSamples(t, "cuda", cuda) })
	t.Run("convolutions", func(t *testing.T) { checkConvolution(t, cuda) })
	for name := range golden.UNets {
		t.Run("U-Net "+name, func(t *testing.T) { golden.CheckUNet(t, cuda, name, name == "all") })
	}
	t.Run("against the CPU", func(t *testing.T) {
		checkAgainst(t, small(t), [2]compute.Backend{cuda, host}, [2]BackendInfo{info, hostInfo})
	})
	t.Run("a U-Net against the CPU", func(t *testing.T) {
		checkAgainst(t, cudaUNet(t), [2]compute.Backend{cuda, host}, [2]BackendInfo{info, hostInfo})
	})
}

// cudaUNet is an experiment whose network has all that CUDA computes in ways of its own: convolutions, a stride, groups of several channels.
func cudaUNet(t testing.TB) Experiment {
	e := unetExperiment(t)
	e.Batch, e.Net = 8, net.UNet{Channels: 64, Blocks: 1, Multipliers: []int{1, 1}, Attention: []int{}, AttentionHeads: 1, Heads: 2}
	return e
}

// checkAgainst trains and samples on two backends; the second is the one to agree with.
func checkAgainst(t *testing.T, e Experiment, on [2]compute.Backend, info [2]BackendInfo) {
	t.Helper()
	var losses [2]float64
	var points [2][]float32
	var first map[string][]float32
	for i := range points {
		t.Setenv("IDFF_RUNS", t.TempDir()) // the run of the other backend is another
		r := openOn(t, e, on[i], info[i])
		if err := r.Train(); err != nil {
			t.Fatal(err)
		}
		options := []SampleOption{WithSeed(3)}
		n, field, s := 256, flow.Field(flow.IDFF(.5, -.1)), solver.Solver(solver.RK4(2))
		if r.large() { // more points than an evaluation takes, from the same weights: after a few steps Adam's magnify the rounding of small gradients
			if i == 0 {
				first = weights(t, r)
			}
			setWeights(t, r, first)
			n, field, s, options = 600, flow.CFM(), solver.AdamsBashforth(2, 3), append(options, WithLabel(1))
			if info[i].Name == "cuda" && r.batchOf(n) != 304 {
				t.Errorf("on CUDA %d points are computed %d at a time, want 304", n, r.batchOf(n))
			}
		}
		out, err := r.Sample(n, field, s, options...)
		if err != nil {
			t.Fatal(err)
		}
		losses[i], points[i] = r.Losses()[len(r.Losses())-1].Loss, out.X
	}
	if d := math.Abs(losses[0] - losses[1]); !(d <= 1e-4*losses[1]) {
		t.Errorf("the loss ends at %g on %v and at %g on %v", losses[0], info[0], losses[1], info[1])
	}
	// XLA on the CPU and pure Go differ by 6e-6 here for the MLP, whose numbers are up to 7, and on CUDA's paths by 4e-6 for the U-Net, whose numbers are up to 4.
	tolerance := 1e-3
	if first != nil {
		tolerance = 1e-4
	}
	golden.Compare(t, "samples", points[0], points[1], tolerance, nil)
}

// checkConvolution compares a convolution of 64 channels, and its gradients, with sums in float64: to 1e-5 of the largest value.
// XLA on the CPU differs by 4e-7 of it at the most; rounding the factors to TF32's 10 bits makes 3e-4.
func checkConvolution(t *testing.T, backend compute.Backend) {
	t.Helper()
	const side, in, out = 6, 64, 32
	x, k, w := golden.Formula("x", []int{side * side * in}), golden.Formula("k", []int{9 * in * out}), golden.Formula("w", []int{side * side * out})
	tensor := tensors.FromFlatDataAndDimensions[float32]
	got, err := ExecOnceN(backend, func(x, k, w *Node) []*Node {
		y := Convolve(x, k).ChannelsAxis(images.ChannelsLast).PadSame().Done()
		return append([]*Node{y}, Gradient(ReduceAllSum(Mul(y, w)), x, k)...)
	}, tensor(x, 1, side, side, in), tensor(k, 3, 3, in, out), tensor(w, 1, side, side, out))
	if err != nil {
		t.Fatal(err)
	}
	want := [][]float64{make([]float64, len(w)), make([]float64, len(x)), make([]float64, len(k))}
	for h := range side {
		for v := range side {
			for i := range 9 {
				a, b := h+i/3-1, v+i%3-1
				if min(a, b) < 0 || max(a, b) >= side {
					continue
				}
				for c := range in {
					for o := range out {
						ix, ik, iw := (a*side+b)*in+c, (i*in+c)*out+o, (h*side+v)*out+o
						want[0][iw] += float64(x[ix]) * float64(k[ik])
						want[1][ix] += float64(w[iw]) * float64(k[ik])
						want[2][ik] += float64(w[iw]) * float64(x[ix])
					}
				}
			}
		}
	}
	for i, what := range []string{"convolution", "gradient in the image", "gradient in the kernel"} {
		flat, err := tensors.CopyFlatData[float32](got[i])
		if err != nil {
			t.Fatal(err)
		}
		worst, largest := 0., 0.
		for j, v := range flat {
			worst, largest = max(worst, math.Abs(float64(v)-want[i][j])), max(largest, math.Abs(want[i][j]))
		}
		if !(worst <= 1e-5*largest) {
			t.Errorf("%s: differs by %g of the largest value from sums in float64, want at most 1e-5", what, worst/largest)
		}
	}
}
