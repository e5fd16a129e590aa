package checkpoint

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// The safetensors format (github.com/huggingface/safetensors, README "Format"):
//
//	8 bytes   N, the header's length, unsigned little-endian
//	N bytes   JSON {"name": {"dtype": "F32", "shape": [3,256], "data_offsets": [0,3072]}, …,
//	          "__metadata__": {"key": "value", …}}, padded with spaces
//	the rest  the elements; offsets count from here, without gaps or overlaps
//
// Ours carry two more keys in the metadata: formatKey, and checksumKey, the
// SHA-256 of all that follows the first 8 bytes, taken with its own 64 digits
// as zeros. So one changed byte anywhere is noticed: in either key by the
// other, elsewhere by the sum.
const (
	metadataKey = "__metadata__"
	formatKey   = "idffnb.format"
	format      = "checkpoint-1"
	checksumKey = "idffnb.sha256"
	maxHeader   = 100_000_000 // bytes; the limit of the safetensors library
)

var noSum = strings.Repeat("0", 2*sha256.Size)

// ErrCorrupt is wrapped by the errors of Read about what a file holds: it is
// cut short, damaged, or no checkpoint.
var ErrCorrupt = errors.New("not a whole checkpoint")

// entry is a tensor in the header.
type entry struct {
	DType   DType `json:"dtype"`
	Shape   []int `json:"shape"`
	Offsets []int `json:"data_offsets"`
}

// Write writes the tensors and metadata to path, which then holds either them
// or, after an error or a crash, what it held before. The bytes depend only on
// the arguments: tensors are ordered by element size, largest first (so that
// each is aligned), then by name. Two keys of the metadata are reserved,
// "idffnb.format" and "idffnb.sha256".
func Write(path string, tensors []Tensor, meta map[string]string) error {
	header, tensors, err := encodeHeader(tensors, meta)
	if err != nil {
		return fmt.Errorf("checkpoint: %s: nothing was written: %w", path, err)
	}
	return writeAtomic(path, func(w io.Writer) error {
		if _, err := w.Write(header); err != nil {
			return err
		}
		for _, t := range tensors {
			if _, err := w.Write(t.Data); err != nil {
				return err
			}
		}
		return nil
	})
}

// encodeHeader gives the header with its length before it, and the tensors in
// the order of the file.
func encodeHeader(tensors []Tensor, meta map[string]string) ([]byte, []Tensor, error) {
	tensors = slices.Clone(tensors)
	slices.SortFunc(tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(sizes[b.DType], sizes[a.DType]), cmp.Compare(a.Name, b.Name))
	})
	entries := make(map[string]any, len(tensors)+1)
	offset := 0
	for _, t := range tensors {
		if err := t.check(); err != nil {
			return nil, nil, err
		}
		if entries[t.Name] != nil {
			return nil, nil, fmt.Errorf("two tensors have the name %q", t.Name)
		}
		end := offset + len(t.Data)
		entries[t.Name] = entry{t.DType, append([]int{}, t.Shape...), []int{offset, end}}
		offset = end
	}
	all := map[string]string{formatKey: format, checksumKey: noSum}
	for k, v := range meta {
		if all[k] != "" {
			return nil, nil, fmt.Errorf("the metadata key %q is reserved", k)
		}
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			return nil, nil, fmt.Errorf("the metadata %q: %q is not UTF-8", k, v)
		}
		all[k] = v
	}
	entries[metadataKey] = all

	var b bytes.Buffer
	b.Write(make([]byte, 8))
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(entries); err != nil { // keys come sorted
		return nil, nil, err
	}
	b.Truncate(b.Len() - 1) // the encoder's newline
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	header := b.Bytes()
	if len(header)-8 > maxHeader {
		return nil, nil, fmt.Errorf("the names and metadata take %d bytes; at most %d", len(header)-8, maxHeader)
	}
	binary.LittleEndian.PutUint64(header, uint64(len(header)-8))
	h := sha256.New()
	h.Write(header[8:])
	for _, t := range tensors {
		h.Write(t.Data)
	}
	i := bytes.Index(header, sumField(noSum))
	copy(header[i:], sumField(hex.EncodeToString(h.Sum(nil))))
	return header, tensors, nil
}

// sumField is the checksum as it stands in the header.
func sumField(sum string) []byte { return []byte(`"` + checksumKey + `":"` + sum + `"`) }

// Read reads any safetensors file: the tensors in the order of the file, and
// its metadata (never nil) without the reserved keys. All of it is checked
// before it is used, the checksum too where there is one, and no more memory is
// asked for than the file's size calls for. An error that is about the content
// wraps ErrCorrupt.
func Read(path string) ([]Tensor, map[string]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("checkpoint: %s is not a file but a %s", path, kind(info.Mode()))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint: %w", err)
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, nil, fmt.Errorf("checkpoint: %w", err)
	}
	tensors, meta, err := decode(f, info.Size())
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint: %s: %w", path, err)
	}
	return tensors, meta, nil
}

func kind(m os.FileMode) string {
	if m.IsDir() {
		return "folder"
	}
	return "device or pipe"
}

// corrupt makes an error about the content of a file.
func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrCorrupt, fmt.Errorf(format, args...))
}

// decode reads a file of the given size.
func decode(r io.Reader, size int64) ([]Tensor, map[string]string, error) {
	var length [8]byte
	if size < 8 {
		return nil, nil, corrupt("the file is cut short: %d bytes, where the header's length alone takes 8", size)
	}
	if err := readFull(r, length[:]); err != nil {
		return nil, nil, err
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > uint64(size-8) || n > maxHeader {
		return nil, nil, corrupt("the header should take %d bytes, but the file has %d after its length and a header at most %d; it is cut short or no safetensors file", n, size-8, maxHeader)
	}
	header := make([]byte, n)
	if err := readFull(r, header); err != nil {
		return nil, nil, err
	}
	tensors, offsets, meta, err := parseHeader(header)
	if err != nil {
		return nil, nil, err
	}
	if err := layOut(tensors, offsets, size-8-int64(n)); err != nil {
		return nil, nil, err
	}
	data := make([]byte, size-8-int64(n))
	if err := readFull(r, data); err != nil {
		return nil, nil, err
	}
	if err := verify(header, data, meta); err != nil {
		return nil, nil, err
	}
	for i, o := range offsets {
		tensors[i].Data = data[o[0]:o[1]:o[1]]
	}
	delete(meta, formatKey)
	delete(meta, checksumKey)
	return tensors, meta, nil
}

// readFull fills b; a file that ends before is corrupt, other failures are not.
func readFull(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return corrupt("the file became shorter while it was read")
	}
	return err
}

// parseHeader takes the JSON apart, name by name, so that a name given twice
// is noticed.
func parseHeader(header []byte) (tensors []Tensor, offsets [][]int, meta map[string]string, err error) {
	bad := func(format string, args ...any) ([]Tensor, [][]int, map[string]string, error) {
		return nil, nil, nil, corrupt("the header "+format, args...)
	}
	if len(header) == 0 || header[0] != '{' || !utf8.Valid(header) {
		return bad("is no JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(header))
	d.DisallowUnknownFields()
	if _, err := d.Token(); err != nil {
		return bad("is no JSON object: %w", brief(err))
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return bad("is no JSON object: %w", brief(err))
		}
		name := token.(string) // a key, or Token had failed
		if len(name) > maxName {
			return bad("has a name longer than %d bytes: %s", maxName, shortened(name))
		}
		if seen[name] {
			return bad("has %q twice", name)
		}
		seen[name] = true
		if name == metadataKey {
			if err := d.Decode(&meta); err != nil {
				return bad("has metadata other than strings: %w", brief(err))
			}
			continue
		}
		var e entry
		if err := d.Decode(&e); err != nil {
			return bad("does not describe tensor %q: %w", name, brief(err))
		}
		if e.Shape == nil || len(e.Offsets) != 2 {
			return bad("gives tensor %q no shape or no two offsets", name)
		}
		tensors = append(tensors, Tensor{Name: name, DType: e.DType, Shape: e.Shape})
		offsets = append(offsets, e.Offsets)
	}
	if _, err := d.Token(); err != nil {
		return bad("is cut short: %w", brief(err))
	}
	if rest := bytes.Trim(header[d.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return bad("goes on after its end with %.20q", rest)
	}
	if meta == nil {
		meta = map[string]string{}
	}
	return tensors, offsets, meta, nil
}

// brief is an error of package json, cut short: it may quote the file at any length.
func brief(err error) error {
	if text := err.Error(); len(text) > 150 {
		return fmt.Errorf("%s…", strings.ToValidUTF8(text[:150], ""))
	}
	return err
}

// layOut sorts tensors and offsets by their place and checks that they fill
// the size bytes of data exactly and fit their shapes.
func layOut(tensors []Tensor, offsets [][]int, size int64) error {
	order := make([]int, len(tensors))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return slices.Compare(offsets[a], offsets[b]) })
	sortedTensors, sortedOffsets := make([]Tensor, len(order)), make([][]int, len(order))
	end := 0
	for i, j := range order {
		t, o := tensors[j], offsets[j]
		sortedTensors[i], sortedOffsets[i] = t, o
		if t.Name == "" {
			return corrupt("a tensor has no name")
		}
		want, err := byteSize(t.DType, t.Shape)
		if err != nil {
			return corrupt("tensor %q: %w", t.Name, err)
		}
		if o[0] != end || o[1] < o[0] {
			return corrupt("tensor %q lies at bytes %d to %d, but the one before ends at %d", t.Name, o[0], o[1], end)
		}
		if o[1]-o[0] != want {
			return corrupt("tensor %q lies at bytes %d to %d, but %s of shape %v takes %d", t.Name, o[0], o[1], t.DType, t.Shape, want)
		}
		end = o[1]
	}
	switch {
	case int64(end) > size:
		return corrupt("the file is cut short: the data should take %d bytes, but it has %d", end, size)
	case int64(end) < size:
		return corrupt("the file goes on for %d bytes after the last tensor", size-int64(end))
	}
	copy(tensors, sortedTensors)
	copy(offsets, sortedOffsets)
	return nil
}

// verify checks the checksum, which files of other programs do not have.
func verify(header, data []byte, meta map[string]string) error {
	sum, hasSum := meta[checksumKey]
	switch f, hasFormat := meta[formatKey]; {
	case !hasSum && !hasFormat:
		return nil
	case hasSum != hasFormat:
		return corrupt("the file is damaged: of the metadata %q and %q one is gone", formatKey, checksumKey)
	case f != format:
		return corrupt("the format is %.40q; this program reads %q", f, format)
	}
	field := sumField(sum)
	before, after, found := bytes.Cut(header, field)
	h := sha256.New()
	h.Write(before)
	h.Write(sumField(noSum))
	h.Write(after)
	h.Write(data)
	if !found || hex.EncodeToString(h.Sum(nil)) != sum {
		return corrupt("the file is damaged, or was changed after it was written: its checksum does not match")
	}
	return nil
}

// clonedMeta is meta with one more entry.
func clonedMeta(meta map[string]string, key, value string) map[string]string {
	m := maps.Clone(meta)
	if m == nil {
		m = map[string]string{}
	}
	m[key] = value
	return m
}
