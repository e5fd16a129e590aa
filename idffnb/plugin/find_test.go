package plugin

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestFind(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a/pjrt_c_api_cuda13_plugin.so", "a/libother.so", "b/pjrt_c_api_cpu_v0.98.0_plugin.so", "c/pjrt_c_api_cpu_plugin.so", "c/pjrt_c_api_cpufancy_plugin.so"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	folders := []string{filepath.Join(root, "none"), filepath.Join(root, "a"), filepath.Join(root, "b"), filepath.Join(root, "c")}
	for name, want := range map[string]string{"cpu": "b/pjrt_c_api_cpu_v0.98.0_plugin.so", "cuda": "a/pjrt_c_api_cuda13_plugin.so", "tpu": ""} {
		if want != "" {
			want = filepath.Join(root, want)
		}
		if got := Find(name, folders); got != want {
			t.Errorf("found %q for %s, want %q", got, name, want)
		}
	}
}

func TestFolders(t *testing.T) {
	t.Setenv(PathsVariable, "/a::/b")
	if got := Folders("/root"); !slices.Equal(got, []string{"/a", "/b"}) {
		t.Errorf("folders %q", got)
	}
	if err := os.Unsetenv(PathsVariable); err != nil {
		t.Fatal(err)
	}
	if got := Folders("/checkout"); got[0] != "/checkout/.nb/plugins" || !slices.Contains(got, "/usr/local/lib/go-xla/nvidia") {
		t.Errorf("folders %q", got)
	}
}

func TestNoGPU(t *testing.T) {
	defer func(files []string) { deviceFiles = files }(deviceFiles)
	dir := t.TempDir()
	deviceFiles = []string{filepath.Join(dir, "nvidia[0-9]*")}
	if why := NoGPU(); why != "no NVIDIA GPU" {
		t.Errorf("without devices: %q", why)
	}
	for _, name := range []string{"nvidiactl", "nvidia3"} { // in a container the one device may have any number
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if why := NoGPU(); why != "" {
		t.Errorf("with a device: %q", why)
	}
	t.Setenv("CUDA_VISIBLE_DEVICES", "-1")
	if why := NoGPU(); why != "CUDA_VISIBLE_DEVICES hides every GPU" {
		t.Errorf("hidden: %q", why)
	}
}

func TestCUDAFolder(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "plugins", "pjrt_c_api_cuda_plugin.so")
	if dir := CUDAFolder(path); dir != "" {
		t.Errorf("found %q where nothing is", dir)
	}
	want := filepath.Join(root, "nvidia", "cuda_nvcc")
	if err := os.MkdirAll(filepath.Join(want, "nvvm", "libdevice"), 0o777); err != nil {
		t.Fatal(err)
	}
	if dir := CUDAFolder(path); dir != want {
		t.Errorf("found %q, want %q", dir, want)
	}
}

func TestGPUModel(t *testing.T) {
	defer func(files string) { modelFiles = files }(modelFiles)
	dir := t.TempDir()
	modelFiles = filepath.Join(dir, "*", "information")
	const h100 = "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 172\n"
	for _, step := range []struct{ bus, text, want string }{
		{"", "", ""},
		{"0000:01:00.0", h100, "NVIDIA H100 80GB HBM3"},
		{"0000:02:00.0", h100, "NVIDIA H100 80GB HBM3"},
		{"0000:03:00.0", "Model: \t\t NVIDIA A2\n", ""},
	} {
		if step.bus != "" {
			if err := os.Mkdir(filepath.Join(dir, step.bus), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, step.bus, "information"), []byte(step.text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if got := GPUModel(); got != step.want {
			t.Errorf("with %q the model is %q, want %q", step.bus, got, step.want)
		}
	}
}
