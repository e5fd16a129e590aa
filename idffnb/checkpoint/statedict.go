package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/idff-go/workbench/unpickle"
)

// Weights is what a file of another program holds: named tensors, in one state
// dict or several.
type Weights struct {
	Dicts  []StateDict // in the file's order
	Notes  []string    // what was not taken, a line each
	SHA256 [sha256.Size]byte
}

// A StateDict is a set of named tensors in a file, such as PyTorch's
// model.state_dict(). Key says where it is: the keys that lead to it, with dots
// between; "" is the file itself. Tensors may share memory: do not change it.
type StateDict struct {
	Key     string
	Tensors []Tensor
}

// ReadWeights reads the tensors of a safetensors file or of a file of PyTorch's
// torch.save (.pt, .pth, .ckpt): a state dict, a whole module, or a training
// checkpoint that holds some of these beside an optimizer.
//
// Nothing in the file is run. Of its pickle, only tensors and plain containers
// are understood; an object of an unknown class is not loaded, but the tensors
// that it holds as an nn.Module are found, under the names that its
// state_dict() would give them. A pickle that wants to call a function, and one
// that wants much more memory than its size accounts for, is an error that
// wraps ErrRefused; a damaged file is one that wraps ErrCorrupt.
func ReadWeights(path string) (*Weights, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("checkpoint: %s is not a file but a %s", path, kind(info.Mode()))
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	w, err := parseWeights(file)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", path, err)
	}
	w.SHA256 = sha256.Sum256(file)
	return w, nil
}

// parseWeights tells the formats apart by their first bytes.
func parseWeights(file []byte) (*Weights, error) {
	switch {
	case len(file) == 0:
		return nil, corrupt("the file is empty")
	case bytes.HasPrefix(file, []byte("PK\x03\x04")), file[0] == 0x80 && (len(file) < 9 || file[8] != '{'):
		b := unpickle.NewBudget(len(file))
		root, err := readTorch(file, b)
		if err != nil {
			return nil, err
		}
		return findDicts(root, b)
	case len(file) > 8 && file[8] == '{':
		tensors, _, err := decode(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return nil, err
		}
		return &Weights{Dicts: []StateDict{{Tensors: tensors}}}, nil
	case bytes.HasPrefix(file, []byte("\x89HDF")):
		return nil, corrupt("this is an HDF5 file; the formats are safetensors and PyTorch's .pt")
	case len(file) > 262 && string(file[257:262]) == "ustar":
		return nil, refused("this is a tar file, as PyTorch before 0.2 wrote them, or a packed folder; save it again with a newer PyTorch")
	}
	return nil, corrupt("this is neither a safetensors file nor one of torch.save: it starts with %.12q", file)
}

// Choose gives the state dict of the key. A key may end in a prefix of names,
// which is then taken off them: "state_dict.model" gives the tensors of
// "state_dict" whose names start with "model.". Without a key ("") there must
// be one state dict only; "." is the one that is the file itself.
func (w *Weights) Choose(key string) (StateDict, error) {
	if key == "" && len(w.Dicts) == 1 {
		return w.Dicts[0], nil
	}
	var keys []string
	for _, d := range w.Dicts {
		if key != "" && (d.Key == key || key == "." && d.Key == "") {
			return d, nil
		}
		name := strconv.Quote(d.Key)
		if d.Key == "" {
			name = `"." (the file itself)`
		}
		keys = append(keys, fmt.Sprintf("%s with %d tensors", name, len(d.Tensors)))
	}
	if key == "" {
		return StateDict{}, fmt.Errorf("the file holds %d state dicts; choose one by its key: %s", len(w.Dicts), enumerate(keys))
	}
	for _, d := range w.Dicts {
		prefix, ok := key+".", true
		if d.Key != "" {
			prefix, ok = strings.CutPrefix(prefix, d.Key+".")
		}
		if !ok {
			continue
		}
		part := StateDict{Key: key}
		for _, t := range d.Tensors {
			if name, ok := strings.CutPrefix(t.Name, prefix); ok && name != "" {
				t.Name = name
				part.Tensors = append(part.Tensors, t)
			}
		}
		if len(part.Tensors) > 0 {
			return part, nil
		}
	}
	return StateDict{}, fmt.Errorf("the file holds no state dict and no names under the key %q; its state dicts: %s", key, enumerate(keys))
}

// enumerate lists a few names.
func enumerate(names []string) string {
	const most = 8
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

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
	switch v.(type) {
	case *unpickle.Dict, *unpickle.Object, *unpickle.List, *unpickle.Tuple:
	default:
		return nil
	}
	if len(name) > maxName {
		name = name[:maxName+1] // enough for charge to refuse it
	}
	return f.walk(join(key, name), v, depth+1)
}

// walk looks for state dicts in v, which is at the key.
func (f *finder) walk(key string, v any, depth int) error {
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
