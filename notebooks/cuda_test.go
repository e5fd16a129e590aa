package notebooks

import (
	"archive/zip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCUDAWithoutDriver: make cuda, where there is no driver, or one that is too old, or a wish that cannot be, says so in one line, and leaves the checkout as it was.
func TestCUDAWithoutDriver(t *testing.T) {
	if _, err := os.Stat("/proc/driver/nvidia/version"); err == nil {
		t.Skip("there is an NVIDIA driver here")
	}
	root := t.TempDir()
	tools := filepath.Join(root, "notebooks", "tools")
	if err := os.CopyFS(tools, os.DirFS("tools")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ what, smi, wish, want string }{
		{"no driver", "", "", "no NVIDIA driver here"},
		{"nvidia-smi fails", "echo 'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver'; exit 9", "", "no NVIDIA driver here"},
		{"an old driver", "echo 470.57.02", "", "NVIDIA's driver 470.57.02 is too old: CUDA 12 needs 525 or later"},
		{"no such CUDA", "echo 580.65.06", "11", "CUDA=11 is no version the workbench has; valid: 12"},
		{"a path", "", "/usr/local/cuda", "CUDA=/usr/local/cuda is no version the workbench has"},
	} {
		bin := t.TempDir()
		if test.smi != "" {
			if err := os.WriteFile(filepath.Join(bin, "nvidia-smi"), []byte("#!/bin/sh\n"+test.smi+"\n"), 0o777); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command("bash", filepath.Join(tools, "nb"), "cuda")
		cmd.Env = append(os.Environ(), "PATH="+bin+":/usr/bin:/bin", "CUDA="+test.wish)
		out, err := cmd.CombinedOutput()
		line := string(out)
		if err == nil || !strings.HasPrefix(line, "nb: "+test.want) || !strings.Contains(strings.ToLower(line), "nothing was changed") || strings.Count(line, "\n") != 1 {
			t.Errorf("%s: %v, %q; want one line with %q", test.what, err, line, test.want)
		}
		entries, err := os.ReadDir(root)
		if err != nil || len(entries) != 1 {
			t.Errorf("%s: the checkout holds %v, %v; want notebooks alone", test.what, entries, err)
		}
	}
}

// TestCUDAWheels unpacks wheels with cuda.py: what belongs under the target gets there, headers do not, and a member that would leave it ends the unpacking.
func TestCUDAWheels(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	for _, test := range []struct {
		what    string
		members []string
		link    string // of the members: a symbolic link
		want    []string
		refuse  string
	}{
		{"plugin", []string{"jax_plugins/xla_cuda13/xla_cuda_plugin.so", "jax_plugins/xla_cuda13/version.py", "x.dist-info/METADATA"}, "", []string{"plugins/pjrt_c_api_cuda_plugin.so"}, ""},
		{"libraries", []string{"nvidia/cu13/lib/libcublas.so.13", "nvidia/cu13/include/cublas.h", "nvidia/cu13/bin/ptxas", "nvidia/cu13/lib/libx.a"}, "",
			[]string{"nvidia/cu13/bin/ptxas", "nvidia/cu13/lib/libcublas.so.13", "nvidia/cublas", "nvidia/cuda_nvrtc"}, ""},
		{"out of it", []string{"nvidia/../../evil.so"}, "", nil, "does not stay inside"},
		{"absolute", []string{"/nvidia/evil.so"}, "", nil, "nothing under nvidia/"},
		{"link", []string{"nvidia/cu13/lib/libx.so"}, "nvidia/cu13/lib/libx.so", nil, "does not stay inside"},
		{"something else", []string{"numpy/core.so"}, "", nil, "nothing under nvidia/"},
	} {
		dir := t.TempDir()
		wheel := filepath.Join(dir, "a.whl")
		f, err := os.Create(wheel)
		if err != nil {
			t.Fatal(err)
		}
		z := zip.NewWriter(f)
		for _, name := range test.members {
			h := &zip.FileHeader{Name: name, Method: zip.Deflate}
			h.SetMode(0o644)
			if name == test.link {
				h.SetMode(0o777 | os.ModeSymlink)
			}
			w, err := z.CreateHeader(h)
			if err == nil {
				_, err = w.Write([]byte("/etc/passwd"))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(dir, "in", "target")
		out, err := exec.Command(python, "tools/cuda.py", wheel, target).CombinedOutput()
		if (err != nil) != (test.refuse != "") || !strings.Contains(string(out), test.refuse) || strings.Count(string(out), "\n") > 1 {
			t.Errorf("%s: %v, %q; want %q", test.what, err, out, test.refuse)
		}
		var got []string
		walk := func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() && path != wheel {
				got = append(got, strings.TrimPrefix(path, target+"/"))
			}
			return err
		}
		if err := filepath.WalkDir(dir, walk); err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		slices.Sort(test.want)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: unpacked %q, want %q", test.what, got, test.want)
		}
	}
}
