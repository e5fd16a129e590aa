//go:build linux && (amd64 || arm64) && cgo && !noxla

package plugin

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// build compiles the fake plugin with the compiler's options, and returns its path, name and all.
func build(t testing.TB, options ...string) string {
	t.Helper()
	compiler, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler to build fake plugins with")
	}
	path := filepath.Join(t.TempDir(), "pjrt_c_api_cpu_plugin.so")
	args := append([]string{"-shared", "-fPIC", "-o", path, "-DMAJOR=0", "-DMINOR=104", "testdata/fake.c"}, options...)
	if out, err := exec.Command(compiler, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", compiler, args, err, out)
	}
	return path
}

func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestRefused: each of these files is no plugin for this program; Load says why in one line that names the file, and the program lives on.
func TestRefused(t *testing.T) {
	whole := read(t, build(t))
	foreign := append([]byte(nil), whole...)
	foreign[18], foreign[19] = 8, 0 // e_machine: MIPS
	helper := build(t, "-DNO_ENTRY")
	lonely := build(t, "-Wl,--no-as-needed", "-L"+filepath.Dir(helper), "-l:"+filepath.Base(helper))
	if err := os.Remove(helper); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ what, path, want string }{
		{"missing", filepath.Join(t.TempDir(), "x.so"), "no such file"},
		{"a folder", t.TempDir(), "is no shared library"},
		{"empty", write(t, "a.so", nil), "is no shared library (0 bytes"},
		{"text", write(t, "b.so", []byte("404: not found\n")), "is no shared library (15 bytes"},
		{"header only", write(t, "c.so", whole[:64]), "run `make setup`"},
		{"cut short", write(t, "d.so", whole[:len(whole)/2]), "run `make setup`"},
		{"another processor", write(t, "e.so", foreign), "is for another processor (EM_MIPS"},
		{"no plugin", build(t, "-DNO_ENTRY"), "is a shared library, but no PJRT plugin: it has no function GetPjrtApi"},
		{"no table", build(t, "-DNOTHING"), "gives no table of functions"},
		{"a library missing", lonely, "cannot be loaded: pjrt_c_api_cpu_plugin.so: cannot open shared object file"},
		{"another major version", build(t, "-UMAJOR", "-DMAJOR=1"), "has another binary interface, PJRT 1.104, than this program, PJRT 0"},
		{"an old version", build(t, "-UMINOR", "-DMINOR=54"), "is too old, PJRT 0.54: this program needs 0.98 or later"},
		{"refuses to start", build(t, "-DREFUSE"), "does not start: initializing PJRT"},
	} {
		_, err := Load("cpu", tc.path, "")
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), tc.path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q and the path", tc.what, err, tc.want)
		}
	}
}

// TestCut: whatever the length that a download was cut to, Check says so or lets it pass as a file that the loader takes whole; no length ends the program.
func TestCut(t *testing.T) {
	whole := read(t, build(t))
	for size := 0; size < len(whole); size += 997 {
		path := write(t, "cut.so", whole[:size])
		if err := Check(path); err == nil && size < len(whole)/2 {
			t.Errorf("%d of %d bytes pass for a plugin", size, len(whole))
		}
	}
}

// FuzzCheck: no file makes Check panic or hang, and what it refuses it refuses in one line.
func FuzzCheck(f *testing.F) {
	whole := read(f, build(f))
	for _, size := range []int{0, 4, 64, 4096, len(whole) / 2, len(whole)} {
		f.Add(whole[:size])
	}
	path := filepath.Join(f.TempDir(), "x.so")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := Check(path); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("more than a line: %v", err)
		}
	})
}

func TestLoad(t *testing.T) {
	path := build(t)
	p, err := Load("fake", path, "")
	if err != nil || p.ID() != "/fake" || p.Version() != "PJRT 0.104" {
		t.Fatalf("loaded %+v, %v", p, err)
	}
	if again, err := Load("fake", path, ""); err != nil || again != p {
		t.Errorf("loaded again: %+v, %v, want %+v", again, err, p)
	}
	_, err = Load("fake", build(t), "")
	if err == nil || !strings.Contains(err.Error(), "already loaded "+path) {
		t.Errorf("another file of the same name: %v", err)
	}
}

func TestCUDAOf(t *testing.T) {
	for rpath, want := range map[string]int{"$ORIGIN/../nvidia/cu13/lib": 13, "$ORIGIN/../nvidia/cublas/lib:/x": 12, "/usr/lib": 0} {
		if got := cudaOf(build(t, "-Wl,-rpath,"+rpath)); got != want {
			t.Errorf("a plugin that looks in %s is for CUDA %d, want %d", rpath, got, want)
		}
	}
	if got := cudaOf(write(t, "x", nil)); got != 0 {
		t.Errorf("an empty file is for CUDA %d", got)
	}
}

// TestFitsDriver: texts as NVIDIA's kernel modules give them.
func TestFitsDriver(t *testing.T) {
	defer func(file string) { driverFile = file }(driverFile)
	cuda12, cuda13 := build(t, "-Wl,-rpath,$ORIGIN/../nvidia/cublas/lib"), build(t, "-Wl,-rpath,$ORIGIN/../nvidia/cu13/lib")
	for _, tc := range []struct{ text, version, want12, want13 string }{
		{"NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC 2023\nGCC version:  gcc version 11.4.0\n", "535.129.03", "", "is for CUDA 13, which needs NVIDIA's driver 580 or later, and this is 535.129.03"},
		{"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (dvs-builder@U22-I3)  Sun Jul 27 07:15:19 UTC 2025\n", "580.65.06", "", ""},
		{"NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.57.02  Tue Jul 13 16:14:05 UTC 2021\n", "470.57.02", "is for CUDA 12, which needs NVIDIA's driver 525 or later, and this is 470.57.02", "is for CUDA 13"},
		{"something else\n", "", "", ""},
	} {
		driverFile = write(t, "version", []byte(tc.text))
		if version, _ := Driver(); version != tc.version {
			t.Errorf("driver %q of %q, want %q", version, tc.text, tc.version)
		}
		for path, want := range map[string]string{cuda12: tc.want12, cuda13: tc.want13} {
			err := FitsDriver(path)
			if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "make cuda")) {
				t.Errorf("driver %s: %v, want %q", tc.version, err, want)
			}
		}
	}
	driverFile = filepath.Join(t.TempDir(), "none")
	if err := FitsDriver(cuda13); err != nil {
		t.Errorf("no driver told: %v", err)
	}
}
