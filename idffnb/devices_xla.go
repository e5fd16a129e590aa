//go:build ((linux && (amd64 || arm64)) || (darwin && arm64)) && cgo && !noxla

package idffnb

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

// newCPU starts a plugin for the CPU with so many devices. One device uses all cores. Left to itself the plugin of jaxlib's sources shows four, whatever XLA_FLAGS says,
// and starts at least as many threads as it has devices: on two cores four of them, which get in each other's way. A single device runs a program in the thread
// that asks for it; several need threads of their own, since they wait for each other. A plugin that knows no such options is started without them.
func newCPU(config string, devices int) (compute.Backend, error) {
	options := pjrt.NamedValuesMap{"cpu_device_count": int64(devices)}
	if devices == 1 {
		options["asynchronous"] = false
	}
	backend, err := xla.NewWithOptions(config, options)
	if err == nil {
		return backend, nil
	}
	return xla.New(config)
}
