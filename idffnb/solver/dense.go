package solver

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
)

// dense is the state at the part theta of a step of length dt from x to next, with slopes k and l there (Hairer, Norsett, Wanner I, section II.6):
//
//	x + theta ( d + (1-theta) ( p + theta ( d - dt l - p + (1-theta) fifth ) ) ),   d = next - x,  p = dt k - d
//
// Without the fifth term it is the cubic that has these states and slopes at both ends (Hermite), of order 3. With that of dopri5 the order is 4.
// It is evaluated on the host, in float64, since the states of the times asked for go there anyway.
func dense(theta, dt float64, x, next, k, l, fifth *tensors.Tensor) (*tensors.Tensor, error) {
	return onHost(func(v []float64) float64 {
		d := v[1] - v[0]
		p := dt*v[2] - d
		q := d - dt*v[3] - p
		if len(v) > 4 {
			q += (1 - theta) * v[4]
		}
		return v[0] + theta*(d+(1-theta)*(p+theta*q))
	}, x, next, k, l, fifth)
}

// line is x + dt k.
func line(dt float64, x, k *tensors.Tensor) (*tensors.Tensor, error) {
	return onHost(func(v []float64) float64 { return v[0] + dt*v[1] }, x, k)
}

// onHost computes a tensor number by number from those of tensors of its shape and type; nil tensors are left out.
func onHost(f func(values []float64) float64, in ...*tensors.Tensor) (*tensors.Tensor, error) {
	var columns [][]float64
	for _, t := range in {
		if t == nil {
			continue
		}
		values, err := numbers(t)
		if err != nil {
			return nil, err
		}
		columns = append(columns, values)
	}
	out, row := make([]float64, len(columns[0])), make([]float64, len(columns))
	for i := range out {
		for j, column := range columns {
			row[j] = column[i]
		}
		out[i] = f(row)
	}
	dims := in[0].Shape().Dimensions
	if in[0].DType() == dtypes.Float64 {
		return tensors.FromFlatDataAndDimensions(out, dims...), nil
	}
	return tensors.FromFlatDataAndDimensions(convert[float32](out), dims...), nil
}

// numbers are a tensor's, row-major.
func numbers(t *tensors.Tensor) ([]float64, error) {
	if t.DType() == dtypes.Float64 {
		return tensors.CopyFlatData[float64](t)
	}
	values, err := tensors.CopyFlatData[float32](t)
	return convert[float64](values), err
}

func convert[To, From float32 | float64](values []From) []To {
	out := make([]To, len(values))
	for i, v := range values {
		out[i] = To(v)
	}
	return out
}
