package idffnb

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/plugin"
)

func TestBackendNames(t *testing.T) {
	for _, name := range []string{"xla:gpu", "cuda", "GO", "xla:cuda,tf32=true"} {
		_, _, err := chooseBackend(name)
		expectLine(t, name, err, "is no backend of this workbench; valid names: go, xla, xla:cpu, xla:cuda")
	}
	b, info, err := chooseBackend("go")
	if err != nil || b == nil || info.Name != "go" || !strings.HasPrefix(info.String(), "pure Go, ") || !strings.HasSuffix(info.String(), ": GOMLX_BACKEND=go") {
		t.Errorf("go: %v, %v", info, err)
	}
}

// TestAutomaticChoice: without a wish the next best is taken, and its line says why what is better was not.
func TestAutomaticChoice(t *testing.T) {
	t.Setenv("CUDA_VISIBLE_DEVICES", "")
	const hidden = "CUDA_VISIBLE_DEVICES hides every GPU"
	if path := xlaPlugin("cpu"); path != "" {
		_, info, err := chooseBackend("")
		if err != nil || info.Name != "cpu" || info.Why != hidden || !strings.HasPrefix(info.Plugin, "PJRT 0.") {
			t.Errorf("with a CPU plugin: %+v, %v", info, err)
		}
	}
	t.Setenv(plugin.PathsVariable, t.TempDir())
	_, info, err := chooseBackend("")
	if err != nil || info.Name != "go" || xlaBuilt() && info.Why != hidden+"; no XLA plugin for the CPU" {
		t.Errorf("without a plugin: %+v, %v", info, err)
	}
}

// xlaBuilt tells whether this test was built with XLA.
func xlaBuilt() bool {
	_, _, err := cpuBackend(Float32)
	return !errors.Is(err, notHere{"built without XLA", "build with cgo (a C compiler) and without the tag noxla, or set GOMLX_BACKEND=go"})
}

// TestBadPlugin: a file that is no plugin ends a wish in one line, and without a wish the next best is taken, with the reason.
func TestBadPlugin(t *testing.T) {
	if !xlaBuilt() {
		t.Skip("built without XLA")
	}
	t.Setenv("CUDA_VISIBLE_DEVICES", "")
	dir := t.TempDir()
	path := filepath.Join(dir, "pjrt_c_api_cpu_plugin.so")
	if err := os.WriteFile(path, []byte("not found\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv(plugin.PathsVariable, dir)
	for _, wish := range []string{"xla:cpu", "xla"} {
		_, _, err := chooseBackend(wish)
		expectLine(t, wish, err, "GOMLX_BACKEND="+wish+": plugin: "+path+" is no shared library")
	}
	_, info, err := chooseBackend("")
	if err != nil || info.Name != "go" || !strings.Contains(info.String(), path+" is no shared library (10 bytes") {
		t.Errorf("no wish: %v, %v", info, err)
	}
	t.Setenv(plugin.PathsVariable, t.TempDir())
	_, _, err = chooseBackend("xla:cpu")
	expectLine(t, "no plugin", err, "GOMLX_BACKEND=xla:cpu: no XLA plugin for the CPU: run `make setup`")
	_, _, err = chooseBackend("xla:cuda")
	expectLine(t, "no GPU", err, "GOMLX_BACKEND=xla:cuda: CUDA_VISIBLE_DEVICES hides every GPU: set GOMLX_BACKEND=xla:cpu or go")
}

func TestBackendLine(t *testing.T) {
	for want, info := range map[string]BackendInfo{
		"XLA on CUDA, NVIDIA H100 80GB HBM3, PJRT 0.115, matrix products in tf32: GPU and plugin found": {"cuda", "NVIDIA H100 80GB HBM3", "PJRT 0.115", TF32, "GPU and plugin found"},
		"XLA on the CPU, 2 cores, PJRT 0.115: no NVIDIA GPU":                                            {"cpu", "2 cores", "PJRT 0.115", Float32, "no NVIDIA GPU"},
		"pure Go, 2 cores: no NVIDIA GPU; no XLA plugin for the CPU":                                    {"go", "2 cores", "", Float32, "no NVIDIA GPU; no XLA plugin for the CPU"},
	} {
		if got := info.String(); got != want {
			t.Errorf("line %q, want %q", got, want)
		}
	}
}

// TestCUDAAdvice: words of CUDA and XLA, and what is said to do about them.
func TestCUDAAdvice(t *testing.T) {
	for text, want := range map[string]string{
		"PJRT error (code=13): INTERNAL: CUDA driver version is insufficient for CUDA runtime version":    "the driver is too old for this plugin: run `make cuda`",
		"PJRT error (code=5): NOT_FOUND: no supported devices found for platform CUDA":                    "docker run --gpus all",
		"(code=9): No visible GPU devices.":                                                               "see whether nvidia-smi lists one",
		"failed call to cuInit: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH: system has unsupported display driver": "reboot",
		"plugin: x.so cannot be loaded: libcudnn.so.9: cannot open shared object file":                    "run `make cuda` again",
		"PJRT error (code=8): RESOURCE_EXHAUSTED: failed to allocate":                                     "nvidia-smi",
	} {
		if got := explainCUDA(text); !strings.HasPrefix(got, text+"; ") || !strings.Contains(got, want) {
			t.Errorf("%q is explained as %q, want %q", text, got, want)
		}
	}
	if got := explainCUDA("something else"); got != "something else" {
		t.Errorf("an unknown error became %q", got)
	}
}

// TestOutOfMemoryInXLA asks XLA on the CPU for 512 TiB, more than a process can address.
func TestOutOfMemoryInXLA(t *testing.T) {
	if xlaPlugin("cpu") == "" {
		t.Skip("no XLA plugin for the CPU")
	}
	backend, _, err := chooseBackend("xla:cpu")
	if err != nil {
		t.Fatal(err)
	}
	err = tryGraph("sampling", load{}, func() error {
		_, err := ExecOnce(backend, func(x *Node) *Node { return Add(IotaFull(x.Graph(), shapes.Make(dtypes.Float32, 1<<25, 1<<22)), x) }, float32(1))
		return err
	})
	expectLine(t, "512 TiB", err, "idffnb: sampling: the device's memory is full ((code=8): Out of memory allocating 562949953421312 bytes.)")
}
