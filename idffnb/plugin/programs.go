package plugin

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ProgramsVariable is the environment variable that names the folder of compiled programs, or is "off".
const ProgramsVariable = "IDFF_PROGRAMS"

// ProgramsFolder is where compiled programs are kept: the folder that ProgramsVariable names; without it .nb/programs of the module at root where that has been set up, else
// idff/programs in the user's cache. It is "", which keeps none, where the variable is "off" or there is no such folder.
func ProgramsFolder(root string) string {
	switch dir := os.Getenv(ProgramsVariable); dir {
	case "":
	case "off":
		return ""
	default:
		return dir
	}
	if info, err := os.Stat(filepath.Join(root, ".nb")); root != "" && err == nil && info.IsDir() {
		return filepath.Join(root, ".nb", "programs")
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "idff", "programs")
}

// ProgramsOnRequest is the folder that ProgramsVariable names, and "" where it names none: for a plugin whose programs are kept only where that is asked for.
func ProgramsOnRequest() string {
	if os.Getenv(ProgramsVariable) == "" {
		return ""
	}
	return ProgramsFolder("")
}

const (
	programHead = "IDFF program 1\n" // what a file of a program begins with, before the SHA-256 of what follows
	programsMax = 1 << 30            // bytes of programs that are kept, in all
)

// programs are compiled programs in files, one each, named by what they were made from. Nothing that goes wrong with them is an error: then there is no program, and it is compiled.
type programs struct {
	folder string
	most   int64 // bytes
}

// programKey is the name of what is made from the parts, and from the machine: code compiled for one processor may end a program on another. It is "" where the processor is not known.
func programKey(parts ...[]byte) string {
	kind := processorKind()
	if len(kind) == 0 {
		return ""
	}
	// The compiler takes from the machine also how many cores it may use, and reads variables.
	parts = append(parts, kind, fmt.Appendf(nil, "%s %d", runtime.GOARCH, usableCores()), []byte(os.Getenv("XLA_FLAGS")), []byte(os.Getenv("NPROC")))
	h := sha256.New()
	for _, part := range parts {
		_ = binary.Write(h, binary.LittleEndian, uint64(len(part))) // hashes never fail
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// gpuKind is what programs of CUDA depend on beside the plugin and the processor, or "" where that is not known, or differs from GPU to GPU.
func gpuKind() string {
	driver, _ := Driver()
	model := GPUModel()
	if driver == "" || model == "" {
		return ""
	}
	return fmt.Sprintf("%s, driver %s, TF32 %s", model, driver, os.Getenv("NVIDIA_TF32_OVERRIDE"))
}

var processorKind = sync.OnceValue(processor) // on many cores the kernel takes its time to describe them all

// processorOf is what the kernel's text says of the first processor's kind: its model and what it can do, without what changes as it runs.
func processorOf(text []byte) []byte {
	first, _, _ := bytes.Cut(text, []byte("\n\n"))
	var kind []byte
	for line := range bytes.Lines(first) {
		name, _, _ := bytes.Cut(line, []byte(":"))
		switch strings.TrimSpace(string(name)) {
		case "vendor_id", "cpu family", "model", "model name", "stepping", "flags", "CPU implementer", "CPU architecture", "CPU variant", "CPU part", "Features":
			kind = append(kind, line...)
		}
	}
	return kind
}

// read is the program of that name, or nil. What is damaged is removed.
func (p programs) read(key string) []byte {
	path := filepath.Join(p.folder, key)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	code := checkedProgram(data)
	if code == nil {
		p.remove(key)
		return nil
	}
	now := time.Now()
	_ = os.Chtimes(path, now, now) // used last, so removed last
	return code
}

// checkedProgram is what a file of a program holds, or nil if it is damaged.
func checkedProgram(data []byte) []byte {
	rest, ok := bytes.CutPrefix(data, []byte(programHead))
	if !ok || len(rest) <= sha256.Size {
		return nil
	}
	code := rest[sha256.Size:]
	if sum := sha256.Sum256(code); !bytes.Equal(sum[:], rest[:sha256.Size]) {
		return nil
	}
	return code
}

func (p programs) remove(key string) { _ = os.Remove(filepath.Join(p.folder, key)) }

// keep writes the program, whole or not at all, and removes those not used for longest where there are too many.
func (p programs) keep(key string, code []byte) {
	if os.MkdirAll(p.folder, 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(p.folder, "new-*")
	if err != nil {
		return
	}
	sum := sha256.Sum256(code)
	_, err = f.Write(slices.Concat([]byte(programHead), sum[:], code))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(p.folder, key))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return
	}
	p.prune()
}

// prune removes files, those not used for longest first, until the rest fits.
func (p programs) prune() {
	entries, _ := os.ReadDir(p.folder) // what cannot be listed cannot be removed
	var files []fs.FileInfo
	var size int64
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			files = append(files, info)
			size += info.Size()
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if size <= p.most {
			return
		}
		p.remove(f.Name())
		size -= f.Size()
	}
}

var anew atomic.Int32

// Anew has programs compiled, kept or not, until end is called: for measuring what compiling takes.
func Anew() (end func()) {
	anew.Add(1)
	return func() { anew.Add(-1) }
}

var compiled, loadedPrograms atomic.Int64

// Programs is how many programs this process has compiled and kept, and how many it has loaded that were kept.
func Programs() (made, kept int) { return int(compiled.Load()), int(loadedPrograms.Load()) }
