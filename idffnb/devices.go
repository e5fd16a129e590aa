package idffnb

import (
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/dtensor"
	"github.com/gomlx/gomlx/ml/model"
)

// devicesVariable says how many of the backend's devices share the work of training and sampling: a number, or "all"; unset: one. Points of a batch are split
// evenly among them, the weights are on each, and XLA's partitioner (Shardy) puts sums over all of them where the program needs them. So results differ from those of one device by
// rounding alone. Numbers of points that cannot be split evenly are computed on one. On the CPU a device is a share of the cores: that is for tests.
const devicesVariable = "IDFF_DEVICES"

// allDevices stands for as many as there are.
const allDevices = 0

// wantedDevices reads the environment.
func wantedDevices() (int, error) {
	wish := os.Getenv(devicesVariable)
	switch wish {
	case "":
		return 1, nil
	case "all":
		return allDevices, nil
	}
	n, err := strconv.Atoi(wish)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("idffnb: %s=%q: want a number of devices from 1, or all", devicesVariable, wish)
	}
	return n, nil
}

// devices is the number of devices that n points are split among.
func (r *Run) devices(n int) int {
	wanted, err := wantedDevices() // an error would have been the backend's, when the run was opened
	there := r.backend.NumDevices()
	if wanted == allDevices || wanted > there {
		wanted = there
	}
	if err != nil || n%max(wanted, 1) != 0 {
		return 1
	}
	return wanted
}

// enoughDevices refuses a wish for more devices than the backend has.
func enoughDevices(backend compute.Backend, name string) error {
	wanted, err := wantedDevices()
	if there := backend.NumDevices(); err == nil && wanted > there {
		err = fmt.Errorf("idffnb: %s=%d, but backend %s has %d: set it to %d or less, or to all", devicesVariable, wanted, name, there, there)
	}
	return err
}

// whole stands for an input that every device sees as it is.
const whole = -1

// spread is a compiled program whose inputs are split along an axis each, or whole, among some devices; on one device it is the program as it is.
// Its outputs are whole.
type spread struct {
	exec  *model.Exec
	specs []*distributed.ShardingSpec // of the inputs; nil on one device
	count int                         // devices
}

// compileOver compiles the program for inputs of these shapes, split along these axes among the devices that n points are split among.
func (r *Run) compileOver(n int, exec *model.Exec, in []shapes.Shape, axes []int) (*spread, error) {
	devices := r.devices(n)
	s := &spread{exec: exec, count: devices}
	if devices == 1 {
		_, err := exec.Compile(in...)
		return s, err
	}
	if r.mesh == nil { // all programs of a run must have the same one
		var err error
		if r.mesh, err = distributed.NewDeviceMesh([]int{devices}, []string{"points"}); err != nil {
			return nil, err
		}
	}
	mesh := r.mesh
	parts := make([]shapes.Shape, len(in)) // what one device sees
	for i, shape := range in {
		spec := distributed.BuildSpec(mesh)
		for axis := range shape.Rank() {
			if axis == axes[i] {
				spec = spec.S("points")
			} else {
				spec = spec.R()
			}
		}
		done, err := spec.Done()
		if err != nil {
			return nil, err
		}
		s.specs, parts[i] = append(s.specs, done), done.ShardShape(shape)
	}
	exec.AutoSharding(mesh).WithInputShardingSpecs(s.specs...).WithOutputShardingSpecs(distributed.NewReplicatedShardingSpec(mesh))
	_, err := exec.Compile(slices.Repeat(parts, devices)...)
	return s, err
}

// run executes the program and returns its outputs.
func (s *spread) run(in ...*tensors.Tensor) ([]*tensors.Tensor, error) {
	args := make([]any, len(in))
	for i, t := range in {
		args[i] = t
		if s.specs != nil {
			shards, err := dtensor.ShardTensor(s.specs[i], t)
			if err != nil {
				return nil, err
			}
			args[i] = shards
		}
	}
	out, err := s.exec.Exec(args...)
	return out[:len(out)/s.count], err // those of the first device
}

// finalize frees what the compiled program holds.
func (s *spread) finalize() {
	if s != nil {
		s.exec.Finalize()
	}
}
