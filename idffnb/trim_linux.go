//go:build linux && cgo && !noxla

package idffnb

/*
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
static void trim(void) { malloc_trim(0); }
#else
static void trim(void) {}
#endif
*/
import "C"

// returnMemory gives the system back what XLA's compiler has freed: hundreds of megabytes after a large network, which the C library keeps to itself otherwise.
func returnMemory() { C.trim() }
