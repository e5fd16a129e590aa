//go:build ((linux && (amd64 || arm64)) || (darwin && arm64)) && cgo && !noxla

package idffnb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/golden"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/plugin"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestCUDARehearsal does what TestCUDA does where there is no GPU: the CPU stands in for it, so that programs are built as for CUDA, with convolutions and gradients of GoMLX's own, a stride as products, means of groups
// without products, products in the highest precision, and 512 points an evaluation. Where there is CUDA's plugin (`make cuda CUDA=13`), each program is compiled for an H100 before it runs.
// With IDFF_REHEARSAL=full (`make cuda-rehearse`) that is all of TestCUDA, what cmd/device measures, and the training steps of notebook 10. In another IDFF_PRECISION than float32 nothing is compared.
func TestCUDARehearsal(t *testing.T) {
	if plugin.NoGPU() == "" {
		t.Skip("there is a GPU: TestCUDA is no rehearsal")
	}
	if xlaPlugin("cpu") == "" {
		t.Skip("no PJRT plugin: the paths of CUDA need XLA")
	}
	cuda, info, err := standIn()
	if err != nil {
		t.Fatal(err)
	}
	full := os.Getenv("IDFF_REHEARSAL") == "full"
	if info.Precision == Float32 {
		t.Run("convolutions", func(t *testing.T) { checkConvolution(t, cuda) })
		for name := range golden.UNets {
			if full || name == "plain" {
				t.Run("U-Net "+name, func(t *testing.T) { golden.CheckUNet(t, cuda, name, name == "all") })
			}
		}
		t.Run("a U-Net against pure Go", func(t *testing.T) {
			checkAgainst(t, cudaUNet(t), [2]compute.Backend{cuda, pureGo(t)}, [2]BackendInfo{info, {Name: "go"}})
		})
		if full {
			t.Run("training steps", func(t *testing.T) { checkTrainingSteps(t, "cuda", cuda) })
			t.Run("samples", func(t *testing.T) { checkSamples(t, "cuda", cuda) })
		}
	}
	if full {
		rehearse := func(name string, work func(t *testing.T)) {
			t.Run(name, func(t *testing.T) {
				t.Setenv("IDFF_RUNS", t.TempDir())
				before := len(plugin.Rehearsals())
				work(t)
				for _, p := range plugin.Rehearsals()[before:] {
					t.Logf("%.2f GB on an H100, compiled in %.0f s", float64(p.Bytes)/1e9, p.Seconds)
				}
			})
		}
		rehearse("cmd-device", func(t *testing.T) {
			r := openOn(t, Experiment{Name: "device", Data: datasets.EightGaussians(), Steps: 10}, cuda, info)
			if err := r.Train(); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Sample(250_000, flow.IDFF(.2, -.2), solver.RK4(2), Unkept()); err != nil {
				t.Fatal(err)
			}
		})
		for _, e := range gpuExperiments() {
			rehearse(e.Name, func(t *testing.T) { compileTraining(t, openOn(t, e, cuda, info)) })
		}
	}
	programs := plugin.Rehearsals()
	for _, p := range programs {
		if p.Err != nil {
			t.Error(p.Err)
		}
	}
	if xlaPlugin("cuda") != "" && len(programs) == 0 {
		t.Error("no program was compiled for the GPU")
	}
	t.Logf("%d programs compiled for an H100", len(programs))
}

// standIn is XLA on the CPU in the place of CUDA, with IDFF_PRECISION.
func standIn() (compute.Backend, BackendInfo, error) {
	precision, err := precisionOf(os.Getenv(precisionVariable))
	if err != nil {
		return nil, BackendInfo{}, err
	}
	prepareXLA()
	cuda := xlaPlugin("cuda")
	if dir := plugin.CUDAFolder(cuda); dir != "" {
		addXLAFlag("--xla_gpu_cuda_data_dir", dir)
	}
	p, err := plugin.StandIn(xlaPlugin("cpu"), cuda)
	if err != nil {
		return nil, BackendInfo{}, err
	}
	backend, err := xla.New(fmt.Sprintf("%s,tf32=%t", p.ID(), precision == TF32))
	return backend, BackendInfo{Name: "cuda", Device: "a CPU that stands in", Precision: precision, Why: "rehearsal"}, err
}

// compileTraining compiles a training step, and computes none.
func compileTraining(t *testing.T, r *Run) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	steps, err := r.compileSteps(r.newFeed(ctx).next(1))
	if err != nil {
		t.Fatal(err)
	}
	steps.finalize()
}

// gpuExperiments are those of notebook 10 at their batch, on pictures in one colour.
func gpuExperiments() (list []Experiment) {
	for _, s := range []struct {
		name        string
		side        int
		multipliers []int
		heads       int
		objective   flow.Objective
		path        flow.Path
	}{
		{"cifar-cfm", 32, []int{1, 2, 2, 2}, 1, flow.Velocity(), flow.Straight()},
		{"cifar-idff", 32, []int{1, 2, 2, 4}, 2, flow.X1Start(), flow.Bridge(.2)},
		{"celeba-idff", 64, []int{1, 2, 2, 4, 4}, 2, flow.X1Start(), flow.Bridge(.2)},
	} {
		list = append(list, Experiment{Name: s.name, Data: flat(s.side), Objective: s.objective, Path: s.path, Batch: 128, EMA: .9999, ClipNorm: 1, Steps: 10,
			Net: net.UNet{Channels: 128, Multipliers: s.multipliers, Blocks: 2, Attention: []int{16}, HeadChannels: 64, Heads: s.heads, Dropout: .1}})
	}
	return list
}

// flat are pictures in one colour, of so many pixels a side.
type flat int

func (f flat) Name() string  { return "flat" }
func (f flat) ID() string    { return fmt.Sprintf("flat %d", int(f)) }
func (f flat) Dim() int      { return 3 * int(f*f) }
func (f flat) Shape() [3]int { return [3]int{int(f), int(f), 3} }
func (f flat) Batch(_ *rand.Rand, n int) (x0, x1, cond []float32) {
	return nil, make([]float32, n*f.Dim()), nil
}
