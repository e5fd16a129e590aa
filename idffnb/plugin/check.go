package plugin

import (
	"debug/elf"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
)

// entry is the function by which a library is a plugin: it returns the table of the PJRT C API.
const entry = "GetPjrtApi"

// Check says in one line why the file cannot be a plugin for this machine, or nil, without loading it: a library that was cut short would end the program with a
// bus error, and no error could be returned. Where libraries are not ELF files (macOS), only the file's being there is checked.
func Check(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("plugin: %w", err)
	}
	if runtime.GOOS != "linux" {
		return nil
	}
	f, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("plugin: %s is no shared library (%d bytes, %v): remove it and run `make setup` or `make cuda` again", path, info.Size(), plain(err))
	}
	defer f.Close() //nolint:errcheck // only read
	if want, ok := machines[runtime.GOARCH]; ok && f.Machine != want {
		return fmt.Errorf("plugin: %s is for another processor (%v, this is %s): install the one for linux/%s", path, f.Machine, runtime.GOARCH, runtime.GOARCH)
	}
	for _, p := range f.Progs {
		if size := uint64(info.Size()); p.Type == elf.PT_LOAD && (p.Off > size || p.Filesz > size-p.Off) {
			return fmt.Errorf("plugin: %s is cut short (it has %d bytes): remove it and run `make setup` or `make cuda` again", path, size)
		}
	}
	symbols, err := f.DynamicSymbols()
	if err != nil && !strings.Contains(err.Error(), "no symbol section") {
		return fmt.Errorf("plugin: %s is damaged (%v): remove it and run `make setup` or `make cuda` again", path, plain(err))
	}
	if !slices.ContainsFunc(symbols, func(s elf.Symbol) bool { return s.Name == entry && s.Section != elf.SHN_UNDEF }) {
		return fmt.Errorf("plugin: %s is a shared library, but no PJRT plugin: it has no function %s; name the folder of one in %s", path, entry, PathsVariable)
	}
	return nil
}

var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// plain is an error's first line.
func plain(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}
