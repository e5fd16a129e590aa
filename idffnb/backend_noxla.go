//go:build !(((linux && (amd64 || arm64)) || (darwin && arm64)) && cgo && !noxla)

package idffnb

import "github.com/gomlx/compute"

// This build has no XLA: no plugin is ever found.
func xlaPlugin(string) string { return "" }

var withoutXLA = notHere{"built without XLA", "build with cgo (a C compiler) and without the tag noxla, or set GOMLX_BACKEND=go"}

func cpuBackend(Precision) (compute.Backend, BackendInfo, error) {
	return nil, BackendInfo{}, withoutXLA
}
func cudaBackend(Precision) (compute.Backend, BackendInfo, error) {
	return nil, BackendInfo{}, withoutXLA
}
