package idffnb

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
)

// BackendInfo says what computes, and why it was chosen.
type BackendInfo struct {
	Name   string // "cuda", "cpu" (XLA on the CPU) or "go"
	Device string // the backend's own description
	Why    string // the reason for the choice
}

// String is one line for captions, e.g. "XLA on the CPU (2 cores): PJRT plugin found".
func (i BackendInfo) String() string {
	name := map[string]string{"cuda": "XLA on CUDA", "cpu": "XLA on the CPU", "go": "pure Go"}[i.Name]
	return fmt.Sprintf("%s, %d cores: %s", name, runtime.NumCPU(), i.Why)
}

// backendNames are the values of GOMLX_BACKEND that the workbench takes.
var backendNames = []string{"go", "xla", "xla:cpu", "xla:cuda"}

var chosen struct {
	sync.Once
	backend compute.Backend
	info    BackendInfo
	err     error
}

// Backend returns the backend of this process. The environment variable GOMLX_BACKEND chooses ("go", "xla:cpu", "xla:cuda", or
// "xla" for the better of the two); unset, it is CUDA if there are a device and a plugin, else XLA on the CPU if there is a
// plugin, else pure Go. Plugins are looked for where PJRT_PLUGIN_LIBRARY_PATH says and in .nb/plugins of the module that
// the program runs in; nothing is ever downloaded.
func Backend() (compute.Backend, BackendInfo, error) {
	chosen.Do(func() { chosen.backend, chosen.info, chosen.err = chooseBackend(os.Getenv("GOMLX_BACKEND")) })
	return chosen.backend, chosen.info, chosen.err
}

func chooseBackend(wish string) (compute.Backend, BackendInfo, error) {
	if wish != "" && !slices.Contains(backendNames, wish) {
		return nil, BackendInfo{}, fmt.Errorf("idffnb: GOMLX_BACKEND=%q is no backend of this workbench; valid names: %s", wish, strings.Join(backendNames, ", "))
	}
	if wish == "go" {
		return goBackend("GOMLX_BACKEND=go")
	}
	if wish == "xla:cuda" || (wish != "xla:cpu" && hasNvidiaDevice()) {
		if plugin := xlaPlugin("cuda"); plugin != "" {
			return xlaBackend("cuda", plugin, because(wish, "device and PJRT plugin found"))
		}
		if wish == "xla:cuda" {
			return nil, BackendInfo{}, fmt.Errorf("idffnb: GOMLX_BACKEND=xla:cuda, but no CUDA PJRT plugin was found: install one and name its folder in PJRT_PLUGIN_LIBRARY_PATH, or unset GOMLX_BACKEND")
		}
	}
	if plugin := xlaPlugin("cpu"); plugin != "" {
		return xlaBackend("cpu", plugin, because(wish, "PJRT plugin found"))
	}
	if wish != "" {
		return nil, BackendInfo{}, fmt.Errorf("idffnb: GOMLX_BACKEND=%s, but no PJRT plugin was found: run `make setup`, or name the plugin's folder in PJRT_PLUGIN_LIBRARY_PATH, or set GOMLX_BACKEND=go", wish)
	}
	return goBackend("no PJRT plugin found")
}

func because(wish, found string) string {
	if wish == "" {
		return found
	}
	return "GOMLX_BACKEND=" + wish + ", " + found
}

func goBackend(why string) (compute.Backend, BackendInfo, error) {
	// One operation after the other, each on all cores. Side by side, compute v0.1.2 can lock up: matrix products that hold
	// all workers each wait for a free one to share their work with.
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		return nil, BackendInfo{}, fmt.Errorf("idffnb: pure Go backend: %w", err)
	}
	return backend, BackendInfo{Name: "go", Device: backend.Description(), Why: why}, nil
}

func hasNvidiaDevice() bool {
	_, err := os.Stat("/dev/nvidia0")
	return err == nil
}

// moduleRoot is the folder of the first go.mod at or above the working directory, or "" if there is none.
func moduleRoot() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
