package checkpoint

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/idff-go/workbench/unpickle"
)

const (
	maxDepth = 100  // of dicts and modules in each other
	maxName  = 1000 // bytes of a tensor's name

	// What they take at most, roughly.
	nameSize, setItemSize = 160, 48
)

// finder walks through a file's object.
type finder struct {
	budget  *unpickle.Budget
	seen    map[any]bool
	found   []StateDict
	classes []string
}

// findDicts finds the state dicts in a file's object.
func findDicts(root any, b *unpickle.Budget) (*Weights, error) {
	f := &finder{budget: b, seen: map[any]bool{}}
	if err := f.child("", "", root, -1); err != nil {
		if errors.Is(err, ErrRefused) || errors.Is(err, ErrCorrupt) {
			return nil, err
		}
		return nil, corrupt("%w", err)
	}
	if len(f.found) == 0 {
		return nil, corrupt("the file holds no state dict and no module, but %s", describe(root))
	}
	w := &Weights{Dicts: f.found}
	for _, d := range f.found {
		names := make(map[string]bool, len(d.Tensors))
		for _, t := range d.Tensors {
			if names[t.Name] {
				return nil, corrupt("two tensors have the name %s", shortened(t.Name))
			}
			names[t.Name] = true
		}
	}
	for _, class := range f.classes {
		w.Notes = append(w.Notes, fmt.Sprintf("class %s not loaded, its tensors were taken", class))
	}
	return w, nil
}

// describe says what an object is that holds no tensors to take.
func describe(v any) string {
	switch v := v.(type) {
	case *torchTensor:
		return fmt.Sprintf("a single tensor of shape %v without a name", v.shape)
	case *unpickle.Dict:
		var keys []string
		for _, k := range v.Keys {
			keys = append(keys, shortened(fmt.Sprint(plainKey(k))))
			if len(keys) == 9 {
				break
			}
		}
		return "a dict with the keys " + enumerate(keys)
	case *unpickle.Object:
		return "an object of class " + v.Class.String() + " without tensors"
	case *unpickle.List, *unpickle.Tuple:
		return "a list without tensors"
	}
	return "a value without tensors"
}

func plainKey(k any) any {
	switch k := k.(type) {
	case string, int64:
		return k
	}
	return "…"
}

// child looks for state dicts in v, which is called name in what is at the key.
func (f *finder) child(key, name string, v any, depth int) error {
	if len(name) > maxName {
		name = name[:maxName+1] // enough for charge to refuse it
	}
	return f.walk(join(key, name), v, depth+1)
}

// walk looks for state dicts in v, which is at the key.
func (f *finder) walk(key string, v any, depth int) error {
	switch v.(type) {
	case *unpickle.Dict, *unpickle.Object, *unpickle.List, *unpickle.Tuple:
	default:
		return nil // and no key of seen: bytes cannot be one
	}
	if f.seen[v] {
		return nil
	}
	f.seen[v] = true
	if err := f.charge(key, depth); err != nil {
		return err
	}
	switch v := v.(type) {
	case *unpickle.Dict:
		return f.dict(key, v, depth)
	case *unpickle.List:
		return f.list(key, v.Items, depth)
	case *unpickle.Tuple:
		return f.list(key, v.Items, depth)
	case *unpickle.Object:
		if state, ok := moduleState(v); ok {
			d := StateDict{Key: key}
			if err := f.module(&d, "", v, state, depth); err != nil || len(d.Tensors) == 0 {
				return err
			}
			f.found = append(f.found, d)
			return nil
		}
		before := len(f.found)
		for _, part := range parts(v) {
			if err := f.walk(key, part, depth+1); err != nil {
				return err
			}
		}
		if len(f.found) > before {
			f.note(v.Class)
		}
	}
	return nil
}

// charge pays for a name.
func (f *finder) charge(name string, depth int) error {
	if depth > maxDepth {
		return refused("objects lie in each other more than %d deep", maxDepth)
	}
	if len(name) > maxName {
		return refused("a name is longer than %d bytes: %s", maxName, shortened(name))
	}
	return f.budget.Take(len(name) + nameSize)
}

func (f *finder) note(class unpickle.Global) {
	name := class.String()
	if strings.HasPrefix(name, "torch.nn.") || slices.Contains(f.classes, name) || len(f.classes) == 20 {
		return
	}
	f.classes = append(f.classes, name)
}

// parts are what an object holds: its attributes, and its content as a dict or list.
func parts(o *unpickle.Object) []any {
	var out []any
	switch s := o.State.(type) {
	case *unpickle.Tuple: // (attributes, those in slots)
		out = append(out, s.Items...)
	case nil:
	default:
		out = append(out, s)
	}
	if o.Dict != nil {
		out = append(out, o.Dict)
	}
	if o.List != nil {
		out = append(out, o.List)
	}
	return out
}

// dict takes the tensors of a dict as one state dict, and looks further in its
// other values. A few numbers of rank 0 beside those, such as a step, are none.
func (f *finder) dict(key string, d *unpickle.Dict, depth int) error {
	if d.Get("param_groups") != nil && d.Get("state") != nil {
		return nil // an optimizer
	}
	own := StateDict{Key: key}
	place, scalars := len(f.found), true
	for i, v := range d.Values {
		name, ok := keyName(d.Keys[i])
		if !ok {
			continue
		}
		if t, ok := v.(*torchTensor); ok {
			if err := f.add(&own, name, t, depth); err != nil {
				return err
			}
			scalars = scalars && len(t.shape) == 0
			continue
		}
		if err := f.child(key, name, v, depth); err != nil {
			return err
		}
	}
	if len(own.Tensors) > 0 && (!scalars || len(f.found) == place) {
		f.found = slices.Insert(f.found, place, own)
	}
	return nil
}

// list is like dict, with the places in the list as keys.
func (f *finder) list(key string, items []any, depth int) error {
	d := StateDict{Key: key}
	place := len(f.found)
	for i, v := range items {
		name := strconv.Itoa(i)
		if t, ok := v.(*torchTensor); ok {
			if err := f.add(&d, name, t, depth); err != nil {
				return err
			}
			continue
		}
		if err := f.child(key, name, v, depth); err != nil {
			return err
		}
	}
	if len(d.Tensors) > 0 {
		f.found = slices.Insert(f.found, place, d)
	}
	return nil
}

func keyName(key any) (string, bool) {
	switch key := key.(type) {
	case string:
		return key, true
	case int64:
		return strconv.FormatInt(key, 10), true
	}
	return "", false
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "." + b
}

func (f *finder) add(d *StateDict, name string, t *torchTensor, depth int) error {
	if err := f.charge(name, depth); err != nil {
		return err
	}
	tensor, err := t.tensor(name, f.budget)
	if err == nil {
		err = tensor.check()
	}
	if err != nil {
		return err
	}
	d.Tensors = append(d.Tensors, tensor)
	return nil
}

// moduleState gives the attributes of an nn.Module.
func moduleState(v any) (*unpickle.Dict, bool) {
	o, ok := v.(*unpickle.Object)
	if !ok {
		return nil, false
	}
	state, ok := o.State.(*unpickle.Dict)
	if !ok {
		return nil, false
	}
	_, ok1 := state.Get("_parameters").(*unpickle.Dict)
	_, ok2 := state.Get("_modules").(*unpickle.Dict)
	return state, ok1 && ok2
}

// module adds the tensors of an nn.Module in the order and under the names of
// its state_dict(): parameters, persistent buffers, then the modules in it.
func (f *finder) module(d *StateDict, prefix string, o *unpickle.Object, state *unpickle.Dict, depth int) error {
	if err := f.charge(prefix, depth); err != nil {
		return err
	}
	f.note(o.Class)
	modules := state.Get("_modules").(*unpickle.Dict) // moduleState has seen to that
	cost := len(modules.Keys)
	for _, kind := range []string{"_parameters", "_buffers"} {
		if list, ok := state.Get(kind).(*unpickle.Dict); ok {
			cost += len(list.Keys)
		}
	}
	if err := f.budget.Take(8 * cost); err != nil {
		return err
	}
	passing := map[any]bool{}
	if set, ok := state.Get("_non_persistent_buffers_set").(*unpickle.List); ok {
		if err := f.budget.Take(setItemSize * len(set.Items)); err != nil {
			return err
		}
		for _, name := range set.Items {
			if name, ok := name.(string); ok {
				passing[name] = true
			}
		}
	}
	for _, kind := range []string{"_parameters", "_buffers"} {
		list, ok := state.Get(kind).(*unpickle.Dict)
		if !ok {
			continue
		}
		for i, v := range list.Values {
			name, ok1 := list.Keys[i].(string)
			t, ok2 := v.(*torchTensor)
			if !ok1 || !ok2 || kind == "_buffers" && passing[name] {
				continue
			}
			if err := f.add(d, join(prefix, name), t, depth); err != nil {
				return err
			}
		}
	}
	for i, v := range modules.Values {
		name, ok := modules.Keys[i].(string)
		inner, isModule := moduleState(v)
		if !ok || !isModule {
			continue
		}
		if err := f.module(d, join(prefix, name), v.(*unpickle.Object), inner, depth+1); err != nil {
			return err
		}
	}
	return nil
}
