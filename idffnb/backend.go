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
	Name      string    // "cuda", "cpu" (XLA on the CPU) or "go"
	Device    string    // what computes, e.g. "NVIDIA H100 80GB HBM3" or "2 cores"
	Plugin    string    // the version of the PJRT plugin, e.g. "PJRT 0.115"; "" in pure Go
	Precision Precision // of matrix products; Float32 unless asked for
	Why       string    // the reason for the choice
}

// String is one line for captions, e.g. "XLA on the CPU, 2 cores, PJRT 0.115: no NVIDIA GPU".
func (i BackendInfo) String() string {
	text := map[string]string{"cuda": "XLA on CUDA", "cpu": "XLA on the CPU", "go": "pure Go"}[i.Name] + ", " + i.Device
	if i.Plugin != "" {
		text += ", " + i.Plugin
	}
	if i.Precision != "" && i.Precision != Float32 {
		text += ", matrix products in " + string(i.Precision)
	}
	return text + ": " + i.Why
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
// "xla" for the better of the two): then it is that or an error. Unset, it is CUDA if there are a GPU and a plugin that fits its driver,
// else XLA on the CPU if there is a plugin, else pure Go, and the info says why nothing before it was taken. Package plugin says where plugins are
// looked for; nothing is ever downloaded. IDFF_PRECISION sets the precision of matrix products, see Precision.
func Backend() (compute.Backend, BackendInfo, error) {
	chosen.Do(func() {
		if chosen.backend, chosen.info, chosen.err = chooseBackend(os.Getenv("GOMLX_BACKEND")); chosen.err == nil {
			chosen.err = enoughDevices(chosen.backend, chosen.info.Name)
		}
	})
	return chosen.backend, chosen.info, chosen.err
}

func chooseBackend(wish string) (compute.Backend, BackendInfo, error) {
	if wish != "" && !slices.Contains(backendNames, wish) {
		return nil, BackendInfo{}, fmt.Errorf("idffnb: GOMLX_BACKEND=%q is no backend of this workbench; valid names: %s", wish, strings.Join(backendNames, ", "))
	}
	precision, err := precisionOf(os.Getenv(precisionVariable))
	if err != nil {
		return nil, BackendInfo{}, err
	}
	var whyNot []string // of what would have been better
	for _, c := range []struct {
		name string
		try  func(Precision) (compute.Backend, BackendInfo, error)
	}{{"xla:cuda", cudaBackend}, {"xla:cpu", cpuBackend}, {"go", goBackend}} {
		if wish != "" && wish != c.name && (wish != "xla" || c.name == "go") {
			continue
		}
		backend, info, err := c.try(precision)
		if err == nil {
			info.Precision = precision
			if wish != "" {
				whyNot = append([]string{"GOMLX_BACKEND=" + wish}, whyNot...)
			}
			if info.Why = strings.Join(whyNot, "; "); info.Why == "" {
				info.Why = "GPU and plugin found"
			}
			return backend, info, nil
		}
		if missing, ok := err.(notHere); ok {
			whyNot = append(whyNot, missing.short)
		} else {
			whyNot = append(whyNot, strings.TrimPrefix(err.Error(), "idffnb: "))
		}
		if wish == c.name || wish == "xla" && c.name == "xla:cpu" {
			return nil, BackendInfo{}, fmt.Errorf("idffnb: GOMLX_BACKEND=%s: %s", wish, strings.TrimPrefix(err.Error(), "idffnb: "))
		}
	}
	return nil, BackendInfo{}, fmt.Errorf("idffnb: no backend works: %s", strings.Join(whyNot, "; "))
}

// notHere is the error of a backend that this machine lacks, rather than one that is broken.
type notHere struct{ short, advice string }

func (n notHere) Error() string { return n.short + ": " + n.advice }

func goBackend(p Precision) (compute.Backend, BackendInfo, error) {
	if p != Float32 {
		return nil, BackendInfo{}, fmt.Errorf("idffnb: %s=%s needs XLA: pure Go computes in float32", precisionVariable, p)
	}
	// One operation after the other, each on all cores. Side by side, compute v0.1.2 can lock up: matrix products that hold
	// all workers each wait for a free one to share their work with.
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		return nil, BackendInfo{}, fmt.Errorf("idffnb: pure Go backend: %w", err)
	}
	return backend, BackendInfo{Name: "go", Device: cores()}, nil
}

// cores is what computes on the CPU, in words.
func cores() string {
	if n := runtime.NumCPU(); n != 1 {
		return fmt.Sprintf("%d cores", n)
	}
	return "1 core"
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
