package unpickle

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// An Array is an array of NumPy.
type Array struct {
	Descr   string // NumPy's name of the elements' type, such as "<f4"
	Shape   []int
	Fortran bool   // the first index runs fastest
	Data    []byte // a part of the file
}

// maxRank is NumPy's own limit of dimensions.
const maxRank = 64

// NumPy are the calls by which NumPy (1 and 2, under Python 2 and 3) pickles its
// arrays; the values are *Array. Single numbers of NumPy are not looked at.
func NumPy() map[Global]Call {
	calls := map[Global]Call{{"numpy", "dtype"}: newDType}
	for _, core := range []string{"numpy.core.", "numpy._core."} {
		calls[Global{core + "multiarray", "_reconstruct"}] = newArray
		calls[Global{core + "multiarray", "scalar"}] = Unused
		calls[Global{core + "numeric", "_frombuffer"}] = fromBuffer
	}
	return calls
}

// dtype is numpy.dtype: a kind and size ("f4"), then, as its state, the byte order.
type dtype struct{ name, order string }

func (d *dtype) descr() string { return d.order + d.name }

func newDType(_ *Budget, args []any) (any, error) {
	if len(args) > 0 {
		if name, ok := args[0].(string); ok && len(name) <= 20 {
			return &dtype{name: name, order: "|"}, nil
		}
	}
	return nil, fmt.Errorf("its first argument is no name of a type")
}

// SetState takes (version, order, ...).
func (d *dtype) SetState(state any) error {
	if t, ok := state.(*Tuple); ok && len(t.Items) >= 2 {
		if order, ok := t.Items[1].(string); ok && (order == "<" || order == ">" || order == "|" || order == "=") {
			d.order = order
			return nil
		}
	}
	return fmt.Errorf("the state of a numpy.dtype has no byte order")
}

// newArray is _reconstruct(numpy.ndarray, (0,), "b"); the content comes as the state.
func newArray(_ *Budget, args []any) (any, error) {
	if len(args) == 3 {
		if class, ok := args[0].(*Global); ok {
			if *class == (Global{"numpy", "ndarray"}) {
				return &Array{}, nil
			}
			return nil, refused("it is of %v; convert it with numpy.asarray", class)
		}
	}
	return nil, fmt.Errorf("want a class, a shape and a type")
}

// SetState takes (version, shape, dtype, is_fortran, data).
func (a *Array) SetState(state any) error {
	t, ok := state.(*Tuple)
	if !ok || len(t.Items) != 5 {
		return fmt.Errorf("the state of an array is not (version, shape, type, order, data)")
	}
	fortran, ok := t.Items[3].(bool)
	if n, isNumber := t.Items[3].(int64); isNumber {
		fortran, ok = n != 0, true
	}
	if !ok {
		return fmt.Errorf("the order of an array is no bool")
	}
	return a.set(t.Items[1], t.Items[2], fortran, t.Items[4])
}

// fromBuffer is _frombuffer(data, dtype, shape, order) of protocol 5.
func fromBuffer(_ *Budget, args []any) (any, error) {
	if len(args) != 4 {
		return nil, fmt.Errorf("%d arguments, want 4", len(args))
	}
	order, ok := args[3].(string)
	if !ok || order != "C" && order != "F" {
		return nil, fmt.Errorf("the order is neither C nor F")
	}
	a := &Array{}
	return a, a.set(args[2], args[1], order == "F", args[0])
}

func (a *Array) set(shape, typ any, fortran bool, data any) error {
	t, ok := shape.(*Tuple)
	if !ok || len(t.Items) > maxRank {
		return fmt.Errorf("the shape of an array is no tuple of at most %d numbers", maxRank)
	}
	dims := make([]int, len(t.Items))
	for i, item := range t.Items {
		n, ok := item.(int64)
		if !ok || n < 0 {
			return fmt.Errorf("the shape of an array has what is no whole number, 0 or more")
		}
		dims[i] = int(n)
	}
	d, ok := typ.(*dtype)
	if !ok {
		return fmt.Errorf("the type of an array is no numpy.dtype")
	}
	*a = Array{Descr: d.descr(), Shape: dims, Fortran: fortran}
	switch data := data.(type) {
	case []byte:
		a.Data = data
	case string: // of Python 2
		a.Data = []byte(data)
	default:
		return refused("it holds Python objects (numpy type %q), not numbers; convert it with numpy.asarray(x, dtype=float)", a.Descr)
	}
	return nil
}

// Float32s gives the elements row by row (the last index runs fastest) as
// float32. It is an error if they are not float32 or float64 ("<f4", "<f8", of
// any byte order) or are not as many as the shape says.
func (a *Array) Float32s() ([]float32, error) {
	var order binary.ByteOrder = binary.LittleEndian
	if len(a.Descr) > 0 && a.Descr[0] == '>' {
		order = binary.BigEndian
	}
	width := 0
	switch a.Descr {
	case "<f4", ">f4", "=f4":
		width = 4
	case "<f8", ">f8", "=f8":
		width = 8
	default:
		return nil, fmt.Errorf("the elements are of numpy type %.20q; save them as float32 or float64: x.astype(\"float32\")", a.Descr)
	}
	n := len(a.Data) / width
	if want, ok := product(a.Shape); !ok || want != n || n*width != len(a.Data) {
		return nil, fmt.Errorf("there are %d bytes of data, not %v elements of %d bytes as the header says; the file is cut short or damaged", len(a.Data), a.Shape, width)
	}
	out := make([]float32, n)
	for i := range out {
		if width == 4 {
			out[i] = math.Float32frombits(order.Uint32(a.Data[4*i:]))
		} else {
			out[i] = float32(math.Float64frombits(order.Uint64(a.Data[8*i:])))
		}
	}
	if a.Fortran && len(a.Shape) > 1 {
		out = rowByRow(out, a.Shape)
	}
	return out, nil
}

// product is the number of elements, not ok where it is beyond int.
func product(shape []int) (n int, ok bool) {
	if slices.Contains(shape, 0) {
		return 0, true
	}
	n = 1
	for _, d := range shape {
		if d < 0 || n > math.MaxInt/d {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// rowByRow copies elements whose first index runs fastest.
func rowByRow(x []float32, shape []int) []float32 {
	out := make([]float32, len(x))
	index := make([]int, len(shape))
	for i := range x { // in the order of x: the first index runs fastest
		at := 0
		for k, d := range shape {
			at = at*d + index[k]
		}
		out[at] = x[i]
		for k := range index {
			if index[k]++; index[k] < shape[k] {
				break
			}
			index[k] = 0
		}
	}
	return out
}
