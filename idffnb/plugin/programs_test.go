package plugin

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestProgramsFolder(t *testing.T) {
	root, cache := t.TempDir(), t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache) // on Linux
	t.Setenv("HOME", cache)
	user, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	user = filepath.Join(user, "idff", "programs")
	expect := func(root, wish, want string) {
		t.Helper()
		t.Setenv(ProgramsVariable, wish)
		if got := ProgramsFolder(root); got != want {
			t.Errorf("root %q, %s=%q: %q, want %q", root, ProgramsVariable, wish, got, want)
		}
	}
	expect("", "", user)
	expect(root, "", user)
	if err := os.Mkdir(filepath.Join(root, ".nb"), 0o777); err != nil {
		t.Fatal(err)
	}
	expect(root, "", filepath.Join(root, ".nb", "programs"))
	expect(root, "/x/y", "/x/y")
	expect(root, "off", "")
	for wish, want := range map[string]string{"": "", "off": "", "/x/y": "/x/y"} {
		t.Setenv(ProgramsVariable, wish)
		if got := ProgramsOnRequest(); got != want {
			t.Errorf("on request, %s=%q: %q, want %q", ProgramsVariable, wish, got, want)
		}
	}
}

// TestProgramKey: everything that a program was made from has a part in its name, and parts do not run into each other.
func TestProgramKey(t *testing.T) {
	t.Setenv("XLA_FLAGS", "")
	if len(processor()) == 0 {
		if key := programKey([]byte("a")); key != "" {
			t.Errorf("a program for a processor that is not known is named %s", key)
		}
		t.Skip("this machine does not tell its processor")
	}
	keys := []string{programKey([]byte("a"), []byte("bc")), programKey([]byte("ab"), []byte("c")), programKey([]byte("abc"))}
	t.Setenv("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
	keys = append(keys, programKey([]byte("abc")))
	if again := programKey([]byte("abc")); again != keys[3] {
		t.Errorf("the same program is named %s and %s", keys[3], again)
	}
	slices.Sort(keys)
	if len(slices.Compact(keys)) != 4 {
		t.Errorf("different programs have one name: %v", keys)
	}
}

// TestProcessorOf: texts as Linux gives them, for two processors that are busy in different ways.
func TestProcessorOf(t *testing.T) {
	const one = "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC\ncpu MHz\t\t: %\nflags\t\t: fpu avx2\nbogomips\t: 5200.00\n"
	at := func(mhz string) string { return strings.Replace(one, "%", mhz, 1) }
	got := string(processorOf([]byte(at("2599.9") + "\n" + at("1500.0"))))
	if want := "vendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC\nflags\t\t: fpu avx2\n"; got != want {
		t.Errorf("kind %q, want %q", got, want)
	}
	if other := string(processorOf([]byte(strings.Replace(at("2599.9"), "avx2", "avx2 avx512f", 1)))); other == got {
		t.Error("a processor with AVX-512 is of the same kind as one without")
	}
	if none := processorOf(nil); len(none) != 0 {
		t.Errorf("no text gives %q", none)
	}
}

func TestProgramsKeep(t *testing.T) {
	p := programs{filepath.Join(t.TempDir(), "a", "b"), 1000}
	if got := p.read("x"); got != nil {
		t.Errorf("an empty folder has %q", got)
	}
	code := bytes.Repeat([]byte{7}, 300-len(programHead)-sha256.Size) // files of 300 bytes
	for _, key := range []string{"a", "b", "c"} {
		p.keep(key, code)
		if got := p.read(key); !bytes.Equal(got, code) {
			t.Errorf("%s holds %d bytes, want %d", key, len(got), len(code))
		}
	}
	for i, key := range []string{"b", "c", "a"} { // a was used last
		then := time.Now().Add(time.Duration(i-10) * time.Minute)
		if err := os.Chtimes(filepath.Join(p.folder, key), then, then); err != nil {
			t.Fatal(err)
		}
	}
	p.keep("d", code)
	for key, want := range map[string]bool{"a": true, "b": false, "c": true, "d": true} {
		if got := p.read(key) != nil; got != want {
			t.Errorf("of four programs, three of which have room, %s is kept: %t, want %t", key, got, want)
		}
	}
	if left, err := os.ReadDir(p.folder); err != nil || len(left) != 3 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
	p = programs{filepath.Join(p.folder, "a", "under a file"), 1000} // where nothing can be written
	p.keep("a", code)
	if got := p.read("a"); got != nil {
		t.Errorf("%d bytes were kept under a file", len(got))
	}
}

// TestDamagedProgram: a file of which a byte is another, or the end is missing, is no program, and goes.
func TestDamagedProgram(t *testing.T) {
	p := programs{t.TempDir(), 1 << 20}
	p.keep("x", []byte("code"))
	path := filepath.Join(p.folder, "x")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	expect := func(what string, i int, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := p.read("x"); got != nil {
			t.Errorf("%s %d: %q passes for a program", what, i, got)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s %d: the file is still there", what, i)
		}
	}
	for i := range whole {
		other := bytes.Clone(whole)
		other[i] ^= 1
		expect("byte changed", i, other)
		expect("cut at", i, whole[:i])
	}
}

// FuzzProgram: whatever a file holds, it is a program only as keep would have written it.
func FuzzProgram(f *testing.F) {
	sum := sha256.Sum256([]byte("code"))
	f.Add([]byte(programHead + string(sum[:]) + "code"))
	f.Add([]byte(programHead))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		code := checkedProgram(data)
		if code == nil {
			return
		}
		p := programs{t.TempDir(), 1 << 20}
		p.keep("x", code)
		if again, err := os.ReadFile(filepath.Join(p.folder, "x")); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%q passes for a program, and would be kept as %q, %v", data, again, err)
		}
	})
}

// TestGPUKind: programs of CUDA are told apart by the GPU's model, the driver and TF32, and not kept where these are not known.
func TestGPUKind(t *testing.T) {
	defer func(files, file string) { modelFiles, driverFile = files, file }(modelFiles, driverFile)
	dir := t.TempDir()
	modelFiles, driverFile = filepath.Join(dir, "information"), filepath.Join(dir, "version")
	t.Setenv("NVIDIA_TF32_OVERRIDE", "0")
	const model, driver = "Model: \t\t NVIDIA H100 80GB HBM3\n", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul\n"
	for _, tc := range []struct{ model, driver, tf32, want string }{
		{"", driver, "0", ""},
		{model, "", "0", ""},
		{model, driver, "0", "NVIDIA H100 80GB HBM3, driver 580.65.06, TF32 0"},
		{model, driver, "1", "NVIDIA H100 80GB HBM3, driver 580.65.06, TF32 1"},
	} {
		t.Setenv("NVIDIA_TF32_OVERRIDE", tc.tf32)
		for path, text := range map[string]string{modelFiles: tc.model, driverFile: tc.driver} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := gpuKind(); got != tc.want {
			t.Errorf("model %q, driver %q: %q, want %q", tc.model, tc.driver, got, tc.want)
		}
	}
}
