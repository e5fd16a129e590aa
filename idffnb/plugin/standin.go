//go:build ((linux && (amd64 || arm64)) || (darwin && arm64)) && cgo && !noxla

package plugin

/*
#include "pjrt.h"

extern void *idffnbRehearse(compile_args *args);
table *stand_in(const table *cpu, void *(*compile)(void *));
char *topology_of(const table *cuda, const char *gpu, size_t size, void **topology);
char *compile_ahead(const table *cuda, void *topology, const compile_args *args, int64_t *bytes);

static table *rehearsing(const table *cpu) { return stand_in(cpu, (void *(*)(void *))idffnbRehearse); }
*/
import "C"

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// h100 describes the GPU that programs are rehearsed for, as XLA's compiler wants it.
//
//go:embed h100.txtpb
var h100 string

// Rehearsal is a program that was compiled for a GPU which is not here.
type Rehearsal struct {
	Bytes   int64   // of the GPU's memory: arguments, results and what XLA keeps in between; workspace of NVIDIA's libraries comes on top
	Seconds float64 // that compiling took
	Err     error   // why it does not compile
}

// rehearsing is what a process has of a plugin that stands in.
var rehearsing struct {
	sync.Mutex
	cpu, cuda *C.table
	topology  unsafe.Pointer
	programs  []Rehearsal
}

// StandIn has the CPU's plugin stand in for CUDA's where there is no GPU: it is loaded under the name "cuda", so that go-xla builds programs as for a GPU, and the CPU computes them. Where
// cuda is not "" it is the path of CUDA's plugin, which then compiles each program for an H100 beforehand, without a GPU or a driver; Rehearsals says with what success.
// Choosing the fastest of several ways, as on a GPU, and running are left out. Once in a process, in place of Load of "cuda".
func StandIn(cpu, cuda string) (Plugin, error) {
	loaded.Lock()
	defer loaded.Unlock()
	p, api, err := open("cuda", cpu)
	if err != nil {
		return p, err
	}
	own := (*C.table)(api)
	table := C.rehearsing(own)
	if table == nil {
		return p, fmt.Errorf("plugin: %s has too short a table of functions to stand in for a GPU's", cpu)
	}
	rehearsing.cpu = own
	if cuda != "" {
		if err := rehearseWith(cuda); err != nil {
			return p, err
		}
	}
	return p, register(p, unsafe.Pointer(table))
}

// rehearseWith loads CUDA's plugin for its compiler alone.
func rehearseWith(path string) error {
	_, api, err := open("CUDA's compiler", path)
	if err != nil {
		return err
	}
	rehearsing.cuda = (*C.table)(api)
	if why := C.topology_of(rehearsing.cuda, (*C.char)(unsafe.Pointer(unsafe.StringData(h100))), C.size_t(len(h100)), &rehearsing.topology); why != nil {
		return fmt.Errorf("plugin: %s cannot compile for a GPU that is not here: %s", path, text(why))
	}
	return nil
}

// Rehearsals are the programs that were compiled for the GPU so far, in order.
func Rehearsals() []Rehearsal {
	rehearsing.Lock()
	defer rehearsing.Unlock()
	return slices.Clone(rehearsing.programs)
}

// idffnbRehearse is PJRT_Client_Compile of a plugin that stands in.
//
//export idffnbRehearse
func idffnbRehearse(args *C.compile_args) unsafe.Pointer {
	rehearsing.Lock()
	if rehearsing.topology != nil {
		var r Rehearsal
		began, bytes := time.Now(), C.int64_t(0)
		if why := C.compile_ahead(rehearsing.cuda, rehearsing.topology, args, &bytes); why != nil {
			r.Err = fmt.Errorf("a program of %d bytes does not compile for an H100: %s", args.program.code_size, text(why))
		}
		r.Bytes, r.Seconds = int64(bytes), time.Since(began).Seconds()
		rehearsing.programs = append(rehearsing.programs, r)
	}
	rehearsing.Unlock()
	return C.compile(rehearsing.cpu, args)
}

// text is C's text in one line, and frees it.
func text(c *C.char) string {
	defer C.free(unsafe.Pointer(c))
	line, _, _ := strings.Cut(C.GoString(c), "\n")
	return line
}
