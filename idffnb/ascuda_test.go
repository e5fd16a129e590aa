package idffnb

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// asCUDA is XLA on the CPU that passes for CUDA, so that graphs are built as for a GPU.
type asCUDA struct{ compute.Backend }

func (asCUDA) IsCUDA() bool { return true }

func (b asCUDA) Builder(name string) compute.Builder {
	return asCUDABuilder{b.Backend.Builder(name), b}
}

func (b asCUDA) BufferFromFlatData(device compute.DeviceNum, flat any, shape shapes.Shape) (compute.Buffer, error) {
	buffer, err := b.Backend.BufferFromFlatData(device, flat, shape)
	return asCUDABuffer{buffer, b}, err
}

func (b asCUDA) NewSharedBuffer(device compute.DeviceNum, shape shapes.Shape) (compute.Buffer, any, error) {
	buffer, flat, err := b.Backend.NewSharedBuffer(device, shape)
	return asCUDABuffer{buffer, b}, flat, err
}

type asCUDABuilder struct {
	compute.Builder
	backend asCUDA
}

func (b asCUDABuilder) Compile() (compute.Executable, error) {
	e, err := b.Builder.Compile()
	return asCUDAExecutable{e, b.backend}, err
}

type asCUDAExecutable struct {
	compute.Executable
	backend asCUDA
}

func (e asCUDAExecutable) Execute(inputs []compute.Buffer, donate []bool, device compute.DeviceNum) ([]compute.Buffer, error) {
	plain := make([]compute.Buffer, len(inputs))
	for i, b := range inputs {
		plain[i] = b.(asCUDABuffer).Buffer
	}
	out, err := e.Executable.Execute(plain, donate, device)
	for i, b := range out {
		out[i] = asCUDABuffer{b, e.backend}
	}
	return out, err
}

// asCUDABuffer is a buffer of XLA that says it is asCUDA's, since tensors go where their buffers say they are.
type asCUDABuffer struct {
	compute.Buffer
	backend asCUDA
}

func (b asCUDABuffer) Backend() compute.Backend { return b.backend }

func (b asCUDABuffer) CopyToDevice(device compute.DeviceNum) (compute.Buffer, error) {
	buffer, err := b.Buffer.CopyToDevice(device)
	return asCUDABuffer{buffer, b.backend}, err
}
