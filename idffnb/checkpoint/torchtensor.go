package checkpoint

import (
	"fmt"
	"math"

	"github.com/idff-go/workbench/unpickle"
)

// storage is a block of elements that tensors look into.
type storage struct {
	key   string
	dtype DType // "" for bytes without a type
	numel int
	data  []byte // nil until it is read
}

// torchTensor is a view of a storage.
type torchTensor struct {
	storage        *storage
	dtype          DType
	offset         int // of the first element
	shape, strides []int

	data []byte // the elements row by row, once they were asked for
}

// SetState drops the attributes of a tensor.
func (*torchTensor) SetState(any) error { return nil }

// storageTypes are the types of storages, by their names in package torch.
var storageTypes = map[string]DType{
	"FloatStorage": F32, "DoubleStorage": F64, "HalfStorage": "F16", "BFloat16Storage": "BF16", "ByteStorage": U8, "CharStorage": "I8",
	"ShortStorage": "I16", "IntStorage": I32, "LongStorage": I64, "BoolStorage": "BOOL",
}

// torchTypes are the types of elements, by their names in package torch.
var torchTypes = map[string]DType{
	"float32": F32, "float64": F64, "float16": "F16", "bfloat16": "BF16", "uint8": U8, "int8": "I8", "int16": "I16", "int32": I32, "int64": I64, "bool": "BOOL",
	"uint16": "U16", "uint32": U32, "uint64": U64, "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2",
}

const maxRank = 64 // PyTorch's own limit

// findStorage takes apart the persistent id ("storage", type, key, device,
// number of elements), which files before PyTorch 1.6 follow by a view. known
// is whether the key was seen before.
func findStorage(id any, storages map[string]*storage) (s *storage, known bool, err error) {
	fail := func() (*storage, bool, error) {
		return nil, false, fmt.Errorf("a reference to a storage is not (\"storage\", type, key, device, number)")
	}
	tuple, ok := id.(*unpickle.Tuple)
	if !ok || len(tuple.Items) < 5 || len(tuple.Items) > 6 || tuple.Items[0] != "storage" {
		return fail()
	}
	class, ok1 := tuple.Items[1].(*unpickle.Global)
	key, ok2 := tuple.Items[2].(string)
	numel, ok3 := tuple.Items[4].(int64)
	if !ok1 || !ok2 || !ok3 {
		return fail()
	}
	if len(tuple.Items) == 6 && tuple.Items[5] != nil {
		return nil, false, refused("a storage is a view of another one, as PyTorch before 0.4 wrote it; save the file again with a newer one")
	}
	dtype, ok := storageTypes[class.Name]
	untyped := *class == unpickle.Global{Module: "torch.storage", Name: "UntypedStorage"}
	if !untyped && (class.Module != "torch" && class.Module != "torch.cuda" || !ok) {
		return nil, false, refused("there is no reader for storages of type %v", class)
	}
	if numel < 0 {
		return nil, false, fmt.Errorf("storage %.40q has %d elements", key, numel)
	}
	if s := storages[key]; s != nil {
		if s.dtype != dtype || s.numel != int(numel) {
			return nil, false, fmt.Errorf("storage %.40q is described in two ways", key)
		}
		return s, true, nil
	}
	s = &storage{key: key, dtype: dtype, numel: int(numel)}
	storages[key] = s
	return s, false, nil
}

// check compares the size of a storage that was read with what it should be.
func (s *storage) check() error {
	size := max(sizes[s.dtype], 1)
	if s.numel > len(s.data)/size || s.numel*size != len(s.data) {
		return fmt.Errorf("storage %.40q should have %d elements of %d bytes, but there are %d bytes", s.key, s.numel, size, len(s.data))
	}
	return nil
}

// rebuildTensor is torch._utils._rebuild_tensor_v2(storage, offset, size, stride, ...).
func rebuildTensor(_ *unpickle.Budget, args []any) (any, error) {
	if len(args) < 4 {
		return nil, fmt.Errorf("%d arguments, want at least 4", len(args))
	}
	s, ok := args[0].(*storage)
	if !ok || s.dtype == "" {
		return nil, fmt.Errorf("its first argument is no storage with a type")
	}
	return newView(s, s.dtype, s.numel, args)
}

// rebuildTensorV3 is _rebuild_tensor_v3(storage, offset, size, stride,
// requires_grad, hooks, dtype, ...), where the storage has bytes.
func rebuildTensorV3(_ *unpickle.Budget, args []any) (any, error) {
	if len(args) < 7 {
		return nil, fmt.Errorf("%d arguments, want at least 7", len(args))
	}
	s, ok := args[0].(*storage)
	if !ok || s.dtype != "" {
		return nil, fmt.Errorf("its first argument is no untyped storage")
	}
	name, ok := args[6].(*unpickle.Global)
	if !ok || name.Module != "torch" || torchTypes[name.Name] == "" {
		return nil, refused("there is no reader for tensors of type %v", args[6])
	}
	dtype := torchTypes[name.Name]
	return newView(s, dtype, s.numel/sizes[dtype], args)
}

// newView checks that a tensor lies inside its storage of numel elements.
func newView(s *storage, dtype DType, numel int, args []any) (any, error) {
	offset, ok := args[1].(int64)
	if !ok || offset < 0 || offset > int64(numel) {
		return nil, fmt.Errorf("offset %v into a storage of %d elements", plain(args[1]), numel)
	}
	shape, ok1 := dimensions(args[2])
	strides, ok2 := dimensions(args[3])
	if !ok1 || !ok2 || len(shape) != len(strides) {
		return nil, fmt.Errorf("shape and strides are not equally many whole numbers, 0 or more and at most %d of them", maxRank)
	}
	if _, err := byteSize(dtype, shape); err != nil {
		return nil, err
	}
	last := int(offset) // the highest index
	for i, d := range shape {
		if d == 0 {
			last = -1
			break
		}
		if strides[i] > 0 && d-1 > (math.MaxInt-last)/strides[i] {
			return nil, fmt.Errorf("shape %v with strides %v is too large", shape, strides)
		}
		last += (d - 1) * strides[i]
	}
	if last >= numel {
		return nil, fmt.Errorf("shape %v with strides %v from %d on reaches element %d of a storage of %d", shape, strides, offset, last, numel)
	}
	return &torchTensor{storage: s, dtype: dtype, offset: int(offset), shape: shape, strides: strides}, nil
}

// plain is a value as an error shows it.
func plain(v any) any {
	switch v := v.(type) {
	case int64, bool, float64, nil:
		return v
	}
	return fmt.Sprintf("%T", v)
}

// dimensions are the numbers of a tuple or list.
func dimensions(v any) ([]int, bool) {
	var items []any
	switch v := v.(type) {
	case *unpickle.Tuple:
		items = v.Items
	case *unpickle.List:
		items = v.Items
	default:
		return nil, false
	}
	if len(items) > maxRank {
		return nil, false
	}
	out := make([]int, len(items))
	for i, item := range items {
		n, ok := item.(int64)
		if !ok || n < 0 {
			return nil, false
		}
		out[i] = int(n)
	}
	return out, true
}

// firstTensor is torch._utils._rebuild_parameter(tensor, ...).
func firstTensor(_ *unpickle.Budget, args []any) (any, error) {
	if len(args) > 0 {
		if t, ok := args[0].(*torchTensor); ok {
			return t, nil
		}
	}
	return nil, fmt.Errorf("its first argument is no tensor")
}

// rebuildFromType is torch._tensor._rebuild_from_type_v2(function, type, args,
// state): a tensor with attributes, or of a class of its own.
func rebuildFromType(b *unpickle.Budget, args []any) (any, error) {
	if len(args) != 4 {
		return nil, fmt.Errorf("%d arguments, want 4", len(args))
	}
	name, ok1 := args[0].(*unpickle.Global)
	inner, ok2 := args[2].(*unpickle.Tuple)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("want a function, a type, arguments and a state")
	}
	switch *name {
	case unpickle.Global{Module: "torch._utils", Name: "_rebuild_tensor_v2"}:
		return rebuildTensor(b, inner.Items)
	case unpickle.Global{Module: "torch._utils", Name: "_rebuild_tensor_v3"}:
		return rebuildTensorV3(b, inner.Items)
	}
	return nil, refused("the pickle wants to call %v", name)
}

// tensor gives the elements row by row. Contiguous ones are a part of the file;
// others are copied.
func (t *torchTensor) tensor(name string, b *unpickle.Budget) (Tensor, error) {
	out := Tensor{Name: name, DType: t.dtype, Shape: t.shape}
	if t.data == nil {
		size, _ := byteSize(t.dtype, t.shape) // checked by newView
		width := sizes[t.dtype]
		switch {
		case size == 0:
			t.data = []byte{}
		case t.contiguous():
			t.data = t.storage.data[t.offset*width : t.offset*width+size : t.offset*width+size]
		default:
			if err := b.Take(size); err != nil {
				return Tensor{}, fmt.Errorf("tensor %s of shape %v: %w", shortened(name), t.shape, err)
			}
			t.data = t.gather(size, width)
		}
	}
	out.Data = t.data
	return out, nil
}

func (t *torchTensor) contiguous() bool {
	stride := 1
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] != 1 && t.strides[i] != stride {
			return false
		}
		stride *= t.shape[i]
	}
	return true
}

// gather copies the elements one by one.
func (t *torchTensor) gather(size, width int) []byte {
	out := make([]byte, 0, size)
	index := make([]int, len(t.shape))
	at := t.offset
	for len(out) < size {
		out = append(out, t.storage.data[at*width:(at+1)*width]...)
		for i := len(index) - 1; i >= 0; i-- {
			index[i]++
			at += t.strides[i]
			if index[i] < t.shape[i] {
				break
			}
			at -= index[i] * t.strides[i]
			index[i] = 0
		}
	}
	return out
}
