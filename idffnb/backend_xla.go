//go:build ((linux && (amd64 || arm64)) || (darwin && arm64)) && cgo && !noxla

package idffnb

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/idff-go/workbench/idffnb/plugin"
)

// prepareXLA runs once, before the first plugin is loaded.
var prepareXLA = sync.OnceFunc(func() {
	xla.EnableAutoInstall(false) // left to itself GoMLX would download plugins
})

// addXLAFlag adds a flag to XLA_FLAGS, which plugins read once, unless the user has set it there.
func addXLAFlag(name, value string) {
	flags := os.Getenv("XLA_FLAGS")
	if !strings.Contains(flags, name+"=") {
		_ = os.Setenv("XLA_FLAGS", strings.TrimSpace(flags+" "+name+"="+value)) // fails only for names that cannot be
	}
}

// xlaPlugin is the path of the plugin "cpu" or "cuda", or "" if there is none.
func xlaPlugin(name string) string { return plugin.Find(name, plugin.Folders(moduleRoot())) }

func cpuBackend(p Precision) (compute.Backend, BackendInfo, error) {
	if p == TF32 {
		return nil, BackendInfo{}, fmt.Errorf("idffnb: %s=%s is for CUDA's tensor cores: XLA on the CPU computes in %s or %s", precisionVariable, p, Float32, BF16)
	}
	path := xlaPlugin("cpu")
	if path == "" {
		return nil, BackendInfo{}, notHere{"no XLA plugin for the CPU", "run `make setup`, or name the plugin's folder in " + plugin.PathsVariable + ", or set GOMLX_BACKEND=go"}
	}
	devices, err := wantedDevices()
	if err != nil {
		return nil, BackendInfo{}, err
	}
	backend, info, err := startPlugin("cpu", path, plugin.ProgramsFolder(moduleRoot()), func(id string) (compute.Backend, error) { return newCPU(id+",shared_buffers=true", max(devices, 1)) })
	if err != nil {
		return nil, BackendInfo{}, fmt.Errorf("idffnb: %w", err)
	}
	info.Device = cores()
	return backend, info, nil
}

func cudaBackend(p Precision) (compute.Backend, BackendInfo, error) {
	if why := plugin.NoGPU(); why != "" {
		return nil, BackendInfo{}, notHere{why, "set GOMLX_BACKEND=xla:cpu or go, or unset it"}
	}
	path := xlaPlugin("cuda")
	if path == "" {
		return nil, BackendInfo{}, notHere{"no CUDA plugin", "run `make cuda`, or name the plugin's folder in " + plugin.PathsVariable + ", or set GOMLX_BACKEND=xla:cpu or go"}
	}
	if err := plugin.FitsDriver(path); err != nil {
		return nil, BackendInfo{}, fmt.Errorf("idffnb: %w", err)
	}
	if dir := plugin.CUDAFolder(path); dir != "" {
		addXLAFlag("--xla_gpu_cuda_data_dir", dir) // ptxas and libdevice
	}
	// go-xla asks for TF32 in matrix products unless told otherwise. Convolutions always leave it to NVIDIA's libraries, which this variable rules.
	options := "tf32=true"
	if p != TF32 {
		options = "tf32=false"
		if os.Getenv("NVIDIA_TF32_OVERRIDE") == "" {
			_ = os.Setenv("NVIDIA_TF32_OVERRIDE", "0") // fails only for names that cannot be
		}
	}
	backend, info, err := startPlugin("cuda", path, plugin.ProgramsOnRequest(), func(id string) (compute.Backend, error) { return xla.New(id + "," + options) })
	if err != nil {
		return nil, BackendInfo{}, fmt.Errorf("idffnb: %s", explainCUDA(err.Error()))
	}
	info.Device = deviceName(backend.DeviceDescription(0), backend.NumDevices())
	return backend, info, nil
}

// startPlugin loads a plugin, whose programs are kept in a folder where one is given, and has start make it a backend.
func startPlugin(name, path, programs string, start func(id string) (compute.Backend, error)) (compute.Backend, BackendInfo, error) {
	prepareXLA()
	p, err := plugin.Load(name, path, programs)
	if err != nil {
		return nil, BackendInfo{}, err
	}
	backend, err := start(p.ID())
	if err != nil {
		text := firstLine(err)
		if _, xla, found := strings.Cut(text, "PJRT error "); found {
			text = xla
		}
		return nil, BackendInfo{}, fmt.Errorf("plugin %s (%s) does not start: %s", path, p.Version(), text)
	}
	return backend, BackendInfo{Name: name, Plugin: p.Version()}, nil
}

// deviceName is the GPUs' name, or what the plugin calls the first, with their number where there are several.
func deviceName(description string, devices int) string {
	name := plugin.GPUModel()
	if name == "" {
		name = description
	}
	if devices > 1 {
		name = fmt.Sprintf("%d x %s", devices, name)
	}
	return name
}
