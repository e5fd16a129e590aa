package plugin

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Where the kernel shows what NVIDIA's driver offers; tests replace them.
var (
	deviceFiles = []string{"/dev/nvidia[0-9]*", "/dev/dxg"} // /dev/dxg: Windows' Linux subsystem
	driverFile  = "/proc/driver/nvidia/version"
	modelFiles  = "/proc/driver/nvidia/gpus/*/information"
)

// NoGPU says in few words why there is no NVIDIA GPU that this process could use, or "".
func NoGPU() string {
	if visible, set := os.LookupEnv("CUDA_VISIBLE_DEVICES"); set && (visible == "" || strings.HasPrefix(visible, "-")) {
		return "CUDA_VISIBLE_DEVICES hides every GPU"
	}
	for _, pattern := range deviceFiles {
		if found, _ := filepath.Glob(pattern); len(found) > 0 { // fails only for bad patterns
			return ""
		}
	}
	return "no NVIDIA GPU"
}

var (
	driverRule  = regexp.MustCompile(`(?m)^NVRM version:.*?\s(\d+)\.(\d+(?:\.\d+)?)\s`)
	oldestOf    = map[int]int{12: 525, 13: 580} // driver branches: NVIDIA's table of minor version compatibility, CUDA 12.x and 13.x
	cudaFolders = []struct {
		cuda   int
		folder string // under nvidia/: has bin/ptxas and nvvm/libdevice
	}{{13, "cu13"}, {12, "cuda_nvcc"}}
)

// Driver is the version of NVIDIA's driver, e.g. "580.65.06", and its branch, 580; "" and 0 where the kernel does not tell.
func Driver() (version string, branch int) {
	text, err := os.ReadFile(driverFile)
	if err != nil {
		return "", 0
	}
	found := driverRule.FindSubmatch(text)
	if found == nil {
		return "", 0
	}
	branch, _ = strconv.Atoi(string(found[1])) // digits
	return string(found[1]) + "." + string(found[2]), branch
}

var modelRule = regexp.MustCompile(`(?m)^Model:\s*(\S.*?)\s*$`)

// GPUModel is the name of this machine's GPUs, e.g. "NVIDIA H100 80GB HBM3", or "" where the kernel does not tell or they differ.
func GPUModel() string {
	model := ""
	files, _ := filepath.Glob(modelFiles) // fails only for bad patterns
	for _, file := range files {
		text, err := os.ReadFile(file)
		found := modelRule.FindSubmatch(text)
		if err != nil || found == nil || (model != "" && model != string(found[1])) {
			return ""
		}
		model = string(found[1])
	}
	return model
}

// FitsDriver says in one line that the driver is too old for the CUDA plugin at path, or nil, also where one of the versions cannot be told.
func FitsDriver(path string) error {
	version, branch := Driver()
	cuda := cudaOf(path)
	if oldest := oldestOf[cuda]; branch > 0 && branch < oldest {
		return fmt.Errorf("plugin: %s is for CUDA %d, which needs NVIDIA's driver %d or later, and this is %s: run `make cuda`, which takes the plugin that fits, or update the driver", path, cuda, oldest, version)
	}
	return nil
}

// cudaOf is the major version of CUDA whose libraries the plugin looks for, or 0 if that cannot be told.
func cudaOf(path string) int {
	f, err := elf.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close() //nolint:errcheck // only read
	for _, tag := range []elf.DynTag{elf.DT_RPATH, elf.DT_RUNPATH} {
		paths, err := f.DynString(tag)
		if err != nil {
			continue
		}
		for _, folder := range strings.Split(strings.Join(paths, ":"), ":") {
			switch {
			case strings.Contains(folder, "nvidia/cu13"):
				return 13
			case strings.Contains(folder, "nvidia/cublas"): // CUDA 12's wheels have a folder each
				return 12
			}
		}
	}
	return 0
}

// CUDAFolder is the folder with the compiler's parts (bin/ptxas, nvvm/libdevice) that belongs to the CUDA plugin at path, or "": the plugin lies in X/plugins or in X/nvidia, and
// the libraries of NVIDIA's wheels in X/nvidia.
func CUDAFolder(path string) string {
	for _, c := range cudaFolders {
		dir := filepath.Join(filepath.Dir(filepath.Dir(path)), "nvidia", c.folder)
		if info, err := os.Stat(filepath.Join(dir, "nvvm", "libdevice")); err == nil && info.IsDir() {
			return dir
		}
	}
	return ""
}
