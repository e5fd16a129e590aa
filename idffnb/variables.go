package idffnb

import (
	"fmt"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/checkpoint"
)

// checkpointSize is about how many bytes a checkpoint of the run has: those of the variables of the training step.
func (r *Run) checkpointSize() (bytes int64) {
	for v := range r.store.IterVariables() {
		bytes += int64(v.Shape().Size()) * int64(v.DType().Size())
	}
	return bytes
}

// checkFinite says which of the weights is no finite number.
func (r *Run) checkFinite() error {
	for v := range r.store.IterVariables() {
		if !v.Trainable || !v.DType().IsFloat() {
			continue
		}
		t, err := toCheckpoint(strings.TrimPrefix(v.Path(), "/"), v)
		if err != nil {
			return fmt.Errorf("variable %s: %s", v.Path(), firstLine(err))
		}
		values, err := checkpoint.Floats(t)
		if err != nil {
			return err
		}
		for _, x := range values {
			if !finite(float64(x)) {
				return fmt.Errorf("weight %s has a value that is %g", t.Name, x)
			}
		}
	}
	return nil
}

// toCheckpoint copies a variable's value from the backend.
func toCheckpoint(name string, v *model.Variable) (checkpoint.Tensor, error) {
	value, err := v.Value()
	if err != nil {
		return checkpoint.Tensor{}, err
	}
	shape := v.Shape().Dimensions
	switch v.DType() {
	case dtypes.Float32:
		return copied[float32](name, value, shape)
	case dtypes.Float64:
		return copied[float64](name, value, shape)
	case dtypes.Int32:
		return copied[int32](name, value, shape)
	case dtypes.Int64:
		return copied[int64](name, value, shape)
	case dtypes.Uint64:
		return copied[uint64](name, value, shape)
	}
	return checkpoint.Tensor{}, fmt.Errorf("type %v cannot be saved: use float32, float64, int32, int64 or uint64", v.DType())
}

func copied[T float32 | float64 | int32 | int64 | uint64](name string, value *tensors.Tensor, shape []int) (checkpoint.Tensor, error) {
	data, err := tensors.CopyFlatData[T](value)
	if err != nil {
		return checkpoint.Tensor{}, err
	}
	return checkpoint.New(name, data, shape...), nil
}

// fromCheckpoint is the inverse of toCheckpoint.
func fromCheckpoint(t checkpoint.Tensor) (*tensors.Tensor, error) {
	switch t.DType {
	case checkpoint.F32:
		return restored[float32](t)
	case checkpoint.F64:
		return restored[float64](t)
	case checkpoint.I32:
		return restored[int32](t)
	case checkpoint.I64:
		return restored[int64](t)
	case checkpoint.U64:
		return restored[uint64](t)
	}
	return nil, fmt.Errorf("tensor %s has type %s, which no variable of a run has", t.Name, t.DType)
}

func restored[T float32 | float64 | int32 | int64 | uint64](t checkpoint.Tensor) (*tensors.Tensor, error) {
	values, err := checkpoint.Values[T](t)
	if err != nil {
		return nil, err
	}
	return tensors.FromFlatDataAndDimensions(values, t.Shape...), nil
}
