package checkpoint

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
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
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	if _, err := formatOf(f, info.Size()); err != nil { // before all of it is read
		return nil, fmt.Errorf("checkpoint: %s: %w", path, err)
	}
	file := make([]byte, info.Size())
	if err := readFull(f, file); err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", path, err)
	}
	w, err := parseWeights(file)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %s: %w", path, err)
	}
	w.SHA256 = sha256.Sum256(file)
	return w, nil
}

// parseWeights reads a file of any of the formats.
func parseWeights(file []byte) (*Weights, error) {
	format, err := formatOf(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	if format == safetensorsFile {
		tensors, _, err := decode(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return nil, err
		}
		return &Weights{Dicts: []StateDict{{Tensors: tensors}}}, nil
	}
	b := unpickle.NewBudget(len(file))
	read := readZip
	if format == legacyFile {
		read = readLegacy
	}
	root, err := read(file, b)
	if err != nil {
		return nil, err
	}
	return findDicts(root, b)
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
