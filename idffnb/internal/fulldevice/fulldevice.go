// Package fulldevice has a device whose memory is full, for tests.
package fulldevice

import (
	"errors"

	"github.com/gomlx/compute"
)

// Backend is a backend on such a device: nothing compiles, or what is compiled does not run.
type Backend struct {
	compute.Backend
	Compiles bool
}

// errFull is as go-xla says it.
var errFull = errors.New("x failed: PJRT error (code=8): RESOURCE_EXHAUSTED: Out of memory allocating 12 bytes.\nmore")

// Says is what the workbench makes of it, up to how much was computed.
const Says = "the device's memory is full ((code=8): RESOURCE_EXHAUSTED: Out of memory allocating 12 bytes.) at "

// Builder implements compute.Backend.
func (b Backend) Builder(name string) compute.Builder {
	return builder{b.Backend.Builder(name), b.Compiles}
}

type builder struct {
	compute.Builder
	compiles bool
}

func (b builder) Compile() (compute.Executable, error) {
	if !b.compiles {
		return nil, errFull
	}
	e, err := b.Builder.Compile()
	return executable{e}, err
}

type executable struct{ compute.Executable }

func (executable) Execute([]compute.Buffer, []bool, compute.DeviceNum) ([]compute.Buffer, error) {
	return nil, errFull
}
