//go:build ((linux && (amd64 || arm64)) || (darwin && arm64)) && cgo && !noxla

package plugin

/*
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

// How every table of the PJRT C API begins, whatever its version.
typedef struct {
	size_t size;
	void *extensions;
	struct {
		size_t size;
		void *extensions;
		int major, minor;
	} version;
} head;

static head *call_entry(void *entry) { return ((head *(*)(void))entry)(); }
*/
import "C"

import (
	"fmt"
	"sync"
	"unsafe"

	"github.com/gomlx/go-xla/pjrt"
)

// loaded are the plugins of this process: one of each name.
var loaded = struct {
	sync.Mutex
	byName map[string]Plugin
}{byName: map[string]Plugin{}}

// Load loads the plugin and hands it to go-xla, which knows it by its ID from then on. What is wrong with the file, its version or the libraries that it needs
// is said in one line before any function of it is called. A name can be loaded once; again, with the same path, it returns what is there.
//
// Programs that the plugin compiles are kept in the folder programs, and loaded from there when they are wanted again, by any process; where it is "" none are. One plugin of a process can
// keep them.
func Load(name, path, programs string) (Plugin, error) {
	loaded.Lock()
	defer loaded.Unlock()
	if p, ok := loaded.byName[name]; ok && p.Path == path {
		return p, nil
	}
	p, api, err := open(name, path)
	if err != nil {
		return p, err
	}
	return p, register(p, keepPrograms(p, api, programs))
}

// open loads the library and gives its table of functions. Those who call it have loaded's lock, as with register.
func open(name, path string) (Plugin, unsafe.Pointer, error) {
	if err := Check(path); err != nil {
		return Plugin{}, nil, err
	}
	if p, ok := loaded.byName[name]; ok {
		return Plugin{}, nil, fmt.Errorf("plugin: %s cannot be loaded: this program has already loaded %s", path, p.Path)
	}
	p := Plugin{Name: name, Path: path}
	cPath, cEntry := C.CString(path), C.CString(entry)
	defer C.free(unsafe.Pointer(cPath))
	defer C.free(unsafe.Pointer(cEntry))
	handle := C.dlopen(cPath, C.RTLD_LAZY|C.RTLD_LOCAL)
	if handle == nil {
		return p, nil, fmt.Errorf("plugin: %s cannot be loaded: %s", path, C.GoString(C.dlerror()))
	}
	// From here on the library stays, also where it is refused: unloading one runs its code too.
	function := C.dlsym(handle, cEntry)
	if function == nil {
		return p, nil, fmt.Errorf("plugin: %s cannot be loaded: %s", path, C.GoString(C.dlerror()))
	}
	api := C.call_entry(function)
	if api == nil || api.version.size < C.size_t(unsafe.Sizeof(api.version)) {
		return p, nil, fmt.Errorf("plugin: %s gives no table of functions: it is no PJRT plugin, or a very old one", path)
	}
	p.Major, p.Minor = int(api.version.major), int(api.version.minor)
	return p, unsafe.Pointer(api), p.checkVersion()
}

// register hands the plugin's table to go-xla.
func register(p Plugin, api unsafe.Pointer) error {
	if err := pjrt.RegisterPreloadedPlugin(p.ID(), uintptr(api)); err != nil {
		return fmt.Errorf("plugin: %s does not start: %s", p.Path, plain(err))
	}
	loaded.byName[p.Name] = p
	return nil
}
