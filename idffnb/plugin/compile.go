//go:build ((linux && (amd64 || arm64)) || (darwin && arm64)) && cgo && !noxla

package plugin

/*
#include "pjrt.h"

extern void *idffnbCompile(compile_args *args);

// with_compile is a copy of the table whose programs are compiled by idffnbCompile, or NULL if the table is too short.
static table *with_compile(const table *t) {
	table *copy = copy_of(t, LOAD);
	if (copy != NULL) copy->functions[CLIENT_COMPILE] = (void *(*)(void *))idffnbCompile;
	return copy;
}

static size_t devices(const table *t, void *client) {
	devices_args args = {sizeof args, NULL, client};
	return succeeds(t, CLIENT_DEVICES, &args) ? args.number : 0;
}

// load makes a program of its code, ready to run, or gives NULL.
static void *load(const table *t, void *client, const char *code, size_t size) {
	load_args args = {sizeof args, NULL, client, code, size};
	return succeeds(t, LOAD, &args) ? args.loaded : NULL;
}

// serialize gives the code of a program, to be released, and tells whether it could.
static int serialize(const table *t, void *loaded, serialize_args *out) {
	executable_args get = {sizeof get, NULL, loaded};
	if (!succeeds(t, GET_EXECUTABLE, &get)) return 0;
	memset(out, 0, sizeof *out);
	out->size = sizeof *out;
	out->executable = get.executable;
	int done = succeeds(t, EXECUTABLE_SERIALIZE, out);
	destroy_args destroy = {sizeof destroy, NULL, get.executable};
	succeeds(t, EXECUTABLE_DESTROY, &destroy);
	return done;
}

static void release(serialize_args *out) { if (out->release != NULL) out->release(out->backing); }
*/
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

// keeper compiles for the plugin whose programs are kept; there is one in a process.
var keeper struct {
	table    *C.table // the plugin's own
	identity []byte   // of the plugin
	programs programs
}

// keepPrograms has a plugin's programs kept. go-xla has no call for PJRT_Executable_Serialize and PJRT_Executable_DeserializeAndLoad; but it calls whatever stands in the table that it is handed, so it gets a copy
// in which PJRT_Client_Compile is ours. keepPrograms gives that table of a plugin that keeps its programs in the folder, or the plugin's own where that cannot be.
func keepPrograms(p Plugin, api unsafe.Pointer, folder string) unsafe.Pointer {
	info, err := os.Stat(p.Path)
	if folder == "" || err != nil || keeper.table != nil {
		return api
	}
	gpu := ""
	if p.Name == "cuda" {
		if gpu = gpuKind(); gpu == "" {
			return api
		}
	}
	own := (*C.table)(api)
	keeping := C.with_compile(own)
	if keeping == nil {
		return api
	}
	keeper.table, keeper.programs = own, programs{folder, programsMax}
	keeper.identity = fmt.Appendf(nil, "%s %s %d %d %s", p.Name, p.Version(), info.Size(), info.ModTime().UnixNano(), gpu)
	return unsafe.Pointer(keeping)
}

// idffnbCompile is PJRT_Client_Compile with a memory: the plugin compiles what is not kept.
//
//export idffnbCompile
func idffnbCompile(args *C.compile_args) unsafe.Pointer {
	key := programKey(keeper.identity, fmt.Append(nil, C.devices(keeper.table, args.client)),
		view(args.program.format, args.program.format_size), view(args.program.code, args.program.code_size), view(args.options, args.options_size))
	if key != "" && anew.Load() == 0 {
		if code := keeper.programs.read(key); code != nil {
			if args.loaded = C.load(keeper.table, args.client, (*C.char)(unsafe.Pointer(unsafe.SliceData(code))), C.size_t(len(code))); args.loaded != nil {
				loadedPrograms.Add(1)
				return nil
			}
			keeper.programs.remove(key)
		}
	}
	if err := C.compile(keeper.table, args); err != nil {
		return err
	}
	compiled.Add(1)
	var out C.serialize_args
	if key != "" && C.serialize(keeper.table, args.loaded, &out) != 0 {
		keeper.programs.keep(key, view(out.code, out.code_size))
		C.release(&out)
	}
	return nil
}

// view is C's memory as bytes.
func view(p *C.char, size C.size_t) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), int(size))
}
