//go:build !(((linux && (amd64 || arm64)) || (darwin && arm64)) && cgo && !noxla)

package idffnb

import (
	"fmt"

	"github.com/gomlx/compute"
)

// This build has no XLA: no plugin is ever found.
func xlaPlugin(string) string { return "" }

func xlaBackend(name, _, _ string) (compute.Backend, BackendInfo, error) {
	return nil, BackendInfo{}, fmt.Errorf("idffnb: this program was built without XLA: backend %s is not there", name)
}
