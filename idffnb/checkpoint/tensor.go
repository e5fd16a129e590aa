package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"unicode/utf8"
)

// A DType is the type of a tensor's elements, by its name in safetensors.
type DType string

// The types that New and Values convert. Read and Write also pass on BOOL, I8,
// I16, U16, F16, BF16, F8_E4M3 and F8_E5M2 as bytes.
const (
	F32 DType = "F32"
	F64 DType = "F64"
	I32 DType = "I32"
	I64 DType = "I64"
	U8  DType = "U8"
	U32 DType = "U32"
	U64 DType = "U64"
)

// sizes holds the bytes per element of each known type.
var sizes = map[DType]int{
	"BOOL": 1, U8: 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1,
	"I16": 2, "U16": 2, "F16": 2, "BF16": 2,
	I32: 4, U32: 4, F32: 4,
	I64: 8, U64: 8, F64: 8,
}

// An Element is a Go type that tensors convert from and to.
type Element interface {
	float32 | float64 | int32 | int64 | uint8 | uint32 | uint64
}

// A Tensor is a named array: its elements row by row (C order), little-endian.
// An empty shape is a scalar.
type Tensor struct {
	Name  string
	DType DType
	Shape []int
	Data  []byte
}

// New makes a tensor of values in the given shape; with no shape given it is a
// scalar. Whether values and shape agree is checked by Write.
func New[T Element](name string, values []T, shape ...int) Tensor {
	data, err := binary.Append(make([]byte, 0, binary.Size(values)), binary.LittleEndian, values)
	if err != nil {
		panic(err) // not for the types of Element
	}
	return Tensor{Name: name, DType: dtypeOf[T](), Shape: append([]int{}, shape...), Data: data}
}

// Values gives the tensor's elements. It is an error if they are of another
// type than T: nothing is converted silently.
func Values[T Element](t Tensor) ([]T, error) {
	if want := dtypeOf[T](); t.DType != want {
		return nil, fmt.Errorf("checkpoint: tensor %q holds %s, not %s", t.Name, t.DType, want)
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	values := make([]T, len(t.Data)/sizes[t.DType])
	if _, err := binary.Decode(t.Data, binary.LittleEndian, values); err != nil {
		return nil, fmt.Errorf("checkpoint: tensor %q: %w", t.Name, err)
	}
	return values, nil
}

// Floats gives the elements of a tensor of any floating-point type of 16 bits
// or more (F16, BF16, F32, F64) as float32. Those of F64 are rounded; one beyond
// the range of float32 is an error, as are tensors of other types.
func Floats(t Tensor) ([]float32, error) {
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	data := t.Data
	switch t.DType {
	case F32:
		return Values[float32](t)
	case F64:
		values := make([]float32, len(data)/8)
		for i := range values {
			v := math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
			values[i] = float32(v)
			if math.IsInf(float64(values[i]), 0) && !math.IsInf(v, 0) {
				return nil, fmt.Errorf("checkpoint: tensor %q: element %d is %g, too large for float32", t.Name, i, v)
			}
		}
		return values, nil
	case "F16", "BF16":
		values := make([]float32, len(data)/2)
		for i := range values {
			v := binary.LittleEndian.Uint16(data[2*i:])
			if t.DType == "F16" {
				values[i] = half(v)
			} else {
				values[i] = math.Float32frombits(uint32(v) << 16)
			}
		}
		return values, nil
	}
	return nil, fmt.Errorf("checkpoint: tensor %q holds %s, no floating-point numbers of 16 bits or more", t.Name, t.DType)
}

// half is the number with the bits of an IEEE 754 binary16.
func half(bits uint16) float32 {
	exponent, fraction := int(bits>>10&0x1f), float64(bits&0x3ff)
	var v float64
	switch exponent {
	case 0:
		v = math.Ldexp(fraction, -24)
	case 0x1f:
		v = math.Inf(1)
		if fraction != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(1024+fraction, exponent-25)
	}
	if bits>>15 == 1 {
		v = -v
	}
	return float32(v)
}

func dtypeOf[T Element]() DType {
	switch any(*new(T)).(type) {
	case float32:
		return F32
	case float64:
		return F64
	case int32:
		return I32
	case int64:
		return I64
	case uint8:
		return U8
	case uint32:
		return U32
	default:
		return U64
	}
}

// check says what is wrong with a tensor, if anything.
func (t Tensor) check() error {
	if t.Name == "" || t.Name == metadataKey || !utf8.ValidString(t.Name) || len(t.Name) > maxName {
		return fmt.Errorf("a tensor cannot have the name %s", shortened(t.Name))
	}
	size, err := byteSize(t.DType, t.Shape)
	if err != nil {
		return fmt.Errorf("tensor %q: %w", t.Name, err)
	}
	if size != len(t.Data) {
		return fmt.Errorf("tensor %q: %s of shape %v takes %d bytes, but there are %d", t.Name, t.DType, t.Shape, size, len(t.Data))
	}
	return nil
}

// byteSize is the product of the shape and the element's size, with overflow
// an error.
func byteSize(dtype DType, shape []int) (int, error) {
	n, ok := sizes[dtype]
	if !ok {
		return 0, fmt.Errorf("unknown type %.20q; the types are BOOL, U8, I8, I16, U16, I32, U32, I64, U64, F8_E4M3, F8_E5M2, F16, BF16, F32, F64", dtype)
	}
	if len(shape) > maxRank {
		return 0, fmt.Errorf("the shape has %d dimensions; at most %d", len(shape), maxRank)
	}
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("shape %v has a negative dimension", shape)
		}
		hi, lo := bits.Mul64(uint64(n), uint64(d))
		if hi != 0 || lo > math.MaxInt {
			return 0, fmt.Errorf("shape %v is too large", shape)
		}
		n = int(lo)
	}
	return n, nil
}
