package unpickle

import (
	"errors"
	"fmt"
	"slices"
)

// A Call gives the data that a call of a function with these arguments stands
// for. It runs nothing of the pickle's, and pays for large results out of b.
type Call func(b *Budget, args []any) (any, error)

// reduce makes what a call stands for.
func (m *machine) reduce(function, args any) error {
	name, ok := function.(*Global)
	if !ok {
		return refused("the pickle wants to call a value that is no name")
	}
	tuple, ok := args.(*Tuple)
	if !ok {
		return fmt.Errorf("the arguments of %v are no tuple", name)
	}
	stands, ok := m.Calls[*name]
	if !ok {
		stands, ok = python[*name]
	}
	if !ok {
		return refused("the pickle wants to call %v; nothing in it was run. %s", name, m.Advice)
	}
	if err := m.Budget.Take(16 * len(tuple.Items)); err != nil {
		return err
	}
	v, err := stands(m.Budget, tuple.Items)
	if err != nil {
		if errors.Is(err, ErrRefused) {
			return err
		}
		return fmt.Errorf("%v: %w", name, err)
	}
	return m.pushBox(v)
}

// python are the functions of Python's own library whose results are known.
var python map[Global]Call

func init() {
	python = map[Global]Call{
		{"collections", "OrderedDict"}: newDict,
		{"collections", "Counter"}:     newDict,
		{"collections", "defaultdict"}: func(*Budget, []any) (any, error) { return &Dict{}, nil },
		{"_codecs", "encode"}:          encode,
	}
	for _, module := range []string{"builtins", "__builtin__"} { // of Python 3 and 2
		for _, name := range []string{"set", "frozenset", "list"} {
			python[Global{module, name}] = newList
		}
		python[Global{module, "tuple"}] = AsTuple
		python[Global{module, "dict"}] = newDict
		for _, name := range []string{"complex", "slice", "range", "xrange", "bytearray"} {
			python[Global{module, name}] = Unused
		}
	}
	for _, module := range []string{"copyreg", "copy_reg"} {
		python[Global{module, "_reconstructor"}] = reconstruct
	}
}

// Unused is the Call of a function whose result is not looked at.
func Unused(*Budget, []any) (any, error) { return &Object{Class: Global{"", "unused"}}, nil }

// AsTuple is the Call of tuple and of classes like it; it takes a tuple or a list.
func AsTuple(_ *Budget, args []any) (any, error) {
	if len(args) != 1 {
		return &Tuple{}, nil
	}
	if t, ok := args[0].(*Tuple); ok {
		return t, nil
	}
	if l, ok := args[0].(*List); ok {
		return &Tuple{l.Items}, nil
	}
	return nil, fmt.Errorf("its argument is no tuple or list")
}

func newList(b *Budget, args []any) (any, error) {
	if len(args) == 0 {
		return &List{}, nil
	}
	l, ok := args[0].(*List)
	if !ok {
		return nil, fmt.Errorf("its argument is no list")
	}
	if err := b.Take(itemSize * len(l.Items)); err != nil {
		return nil, err
	}
	return &List{slices.Clone(l.Items)}, nil
}

// newDict takes nothing, a dict, or a list of pairs.
func newDict(b *Budget, args []any) (any, error) {
	d := &Dict{}
	if len(args) == 0 {
		return d, nil
	}
	switch from := args[0].(type) {
	case *Dict:
		if err := b.Take(3 * itemSize * len(from.Keys)); err != nil {
			return nil, err
		}
		for i, k := range from.Keys {
			d.set(k, from.Values[i])
		}
		return d, nil
	case *List:
		if err := b.Take(3 * itemSize * len(from.Items)); err != nil {
			return nil, err
		}
		for _, item := range from.Items {
			switch pair := item.(type) {
			case *Tuple:
				if len(pair.Items) == 2 {
					d.set(pair.Items[0], pair.Items[1])
					continue
				}
			case *List: // as Python 2 wrote them
				if len(pair.Items) == 2 {
					d.set(pair.Items[0], pair.Items[1])
					continue
				}
			}
			return nil, fmt.Errorf("an item is no pair")
		}
		return d, nil
	}
	return nil, fmt.Errorf("its argument is no dict and no list of pairs")
}

// encode is _codecs.encode(text, "latin1"), by which protocol 2 writes bytes.
func encode(b *Budget, args []any) (any, error) {
	if len(args) == 2 {
		if text, ok := args[0].(string); ok && (args[1] == "latin1" || args[1] == "latin-1") {
			if err := b.Take(len(text)); err != nil {
				return nil, err
			}
			out := make([]byte, 0, len(text))
			for _, c := range text {
				if c > 0xff {
					return nil, fmt.Errorf("the text is not Latin-1")
				}
				out = append(out, byte(c))
			}
			return out, nil
		}
	}
	return nil, fmt.Errorf("not a text in Latin-1")
}

// reconstruct is copyreg._reconstructor(class, base, state), which makes an
// object without its __init__.
func reconstruct(_ *Budget, args []any) (any, error) {
	if len(args) == 3 {
		if class, ok := args[0].(*Global); ok {
			return &Object{Class: *class}, nil
		}
	}
	return nil, fmt.Errorf("want a class, its base and a state")
}
