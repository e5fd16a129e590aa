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
