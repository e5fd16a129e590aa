package checkpoint

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/idff-go/workbench/unpickle"
)

// The files of torch.save (github.com/pytorch/pytorch, torch/serialization.py).
// Since PyTorch 1.6:
//
//	archive/data.pkl   the object, pickled, with tensors as (storage, offset, size, stride)
//	archive/data/N     the elements of storage N
//	archive/byteorder  "little" or "big"; little where it is missing
//
// in a zip file that is not compressed ("archive" may be any name). Before:
// pickles of a magic number, a version, the sizes of types, the object and the
// storages' names, one after the other, then each storage with its number of
// elements before it.

// ErrRefused is wrapped by the error about a file that asks for what only a
// program could give: a call, or more memory than its size accounts for.
var ErrRefused = unpickle.ErrRefused

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrRefused, fmt.Errorf(format, args...))
}

// torchCalls are the functions of PyTorch whose results are known without calling them.
var torchCalls = map[unpickle.Global]unpickle.Call{
	{Module: "torch._utils", Name: "_rebuild_tensor"}:               rebuildTensor,
	{Module: "torch._utils", Name: "_rebuild_tensor_v2"}:            rebuildTensor,
	{Module: "torch._utils", Name: "_rebuild_tensor_v3"}:            rebuildTensorV3,
	{Module: "torch._utils", Name: "_rebuild_parameter"}:            firstTensor,
	{Module: "torch._utils", Name: "_rebuild_parameter_with_state"}: firstTensor,
	{Module: "torch._tensor", Name: "_rebuild_from_type_v2"}:        rebuildFromType,
	{Module: "torch", Name: "Size"}:                                 unpickle.AsTuple,
	{Module: "torch", Name: "device"}:                               unpickle.Unused,
	// Values kept beside the tensors.
	{Module: "numpy.core.multiarray", Name: "scalar"}:        unpickle.Unused,
	{Module: "numpy.core.multiarray", Name: "_reconstruct"}:  unpickle.Unused,
	{Module: "numpy._core.multiarray", Name: "scalar"}:       unpickle.Unused,
	{Module: "numpy._core.multiarray", Name: "_reconstruct"}: unpickle.Unused,
	{Module: "numpy", Name: "dtype"}:                         unpickle.Unused,
	{Module: "pathlib", Name: "PosixPath"}:                   unpickle.Unused,
	{Module: "pathlib", Name: "WindowsPath"}:                 unpickle.Unused,
	{Module: "pathlib._local", Name: "PosixPath"}:            unpickle.Unused, // of Python 3.13
	{Module: "pathlib._local", Name: "WindowsPath"}:          unpickle.Unused,
	{Module: "datetime", Name: "datetime"}:                   unpickle.Unused,
	{Module: "datetime", Name: "date"}:                       unpickle.Unused,
	{Module: "datetime", Name: "timedelta"}:                  unpickle.Unused,
}

// readPickle reads the pickle at the start of data and gives its value and length.
func readPickle(data []byte, b *unpickle.Budget, persistent func(id any) (any, error)) (value any, length int, err error) {
	r := unpickle.Reader{Budget: b, Calls: torchCalls, Persistent: persistent, Advice: "Save the parameters alone, with torch.save(model.state_dict(), path)"}
	value, length, err = r.Read(data)
	if err != nil && !errors.Is(err, ErrRefused) && !errors.Is(err, ErrCorrupt) {
		err = corrupt("%w", err)
	}
	return value, length, err
}

// readZip gives the object of a file of PyTorch 1.6 or later, whose tensors find
// their elements in file.
func readZip(file []byte, b *unpickle.Budget) (any, error) {
	a, err := openArchive(file)
	if err != nil {
		return nil, err
	}
	if order, err := a.read("byteorder"); err != nil {
		return nil, err
	} else if order != nil && string(order) != "little" {
		return nil, refused("the byte order is %.20q; this program reads little-endian files: save it again on such a machine", order)
	}
	pickle, err := a.read("data.pkl")
	if err != nil {
		return nil, err
	}
	storages := map[string]*storage{}
	root, n, err := readPickle(pickle, b, func(id any) (any, error) {
		s, known, err := findStorage(id, storages)
		if err != nil || known {
			return s, err
		}
		s.data, err = a.read("data/" + s.key)
		if err == nil && s.data == nil {
			err = fmt.Errorf("the file has no storage %.40q", s.key)
		}
		if err != nil {
			return nil, err
		}
		return s, s.check()
	})
	if err != nil {
		return nil, err
	}
	if n != len(pickle) {
		return nil, corrupt("data.pkl goes on for %d bytes after its end", len(pickle)-n)
	}
	return root, nil
}

// archive is a zip file that torch.save may have written.
type archive struct {
	file    []byte
	folder  string // "archive/"
	entries map[string]*zip.File
}

// openArchive checks what all entries must be, so that reading one is to take
// a part of the file.
func openArchive(file []byte) (*archive, error) {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, corrupt("the zip file cannot be read: %w; it is cut short or damaged", err)
	}
	a := &archive{file: file, entries: map[string]*zip.File{}}
	type span struct {
		from, to uint64
		name     string
	}
	var spans []span
	for _, f := range z.File {
		if folder, ok := strings.CutSuffix(f.Name, "/constants.pkl"); ok && folder != "" && !strings.Contains(folder, "/") {
			return nil, refused("this is a TorchScript program (torch.jit.save); save its parameters with torch.save(model.state_dict(), path)")
		}
	}
	for _, f := range z.File {
		name := shortened(f.Name)
		at, err := f.DataOffset()
		switch {
		case err != nil:
			return nil, corrupt("entry %s cannot be read: %w", name, err)
		case a.entries[f.Name] != nil:
			return nil, refused("the zip file has two entries %s", name)
		case strings.ContainsAny(f.Name, "\\:") || strings.HasPrefix(f.Name, "/") || slices.Contains(strings.Split(f.Name, "/"), ".."):
			return nil, refused("entry %s of the zip file names a place outside of it", name)
		case f.Method != zip.Store || f.Flags&1 != 0 || f.CompressedSize64 != f.UncompressedSize64:
			return nil, refused("entry %s is compressed or encrypted, which torch.save never does; unpack and zip it without compression, or save it again", name)
		case uint64(at) > uint64(len(file)) || f.UncompressedSize64 > uint64(len(file))-uint64(at):
			return nil, corrupt("entry %s should take %d bytes, more than the file has", name, f.UncompressedSize64)
		}
		a.entries[f.Name] = f
		if f.UncompressedSize64 > 0 {
			spans = append(spans, span{uint64(at), uint64(at) + f.UncompressedSize64, name})
		}
		if folder, ok := strings.CutSuffix(f.Name, "data.pkl"); ok && strings.Count(folder, "/") == 1 && len(folder) > 1 && strings.HasSuffix(folder, "/") {
			if a.folder != "" {
				return nil, refused("the zip file has two objects, %s and %s", shortened(a.folder+"data.pkl"), name)
			}
			a.folder = folder
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return nil, refused("entries %s and %s of the zip file overlap", spans[i-1].name, spans[i].name)
		}
	}
	if a.folder == "" {
		return nil, corrupt("the zip file has no data.pkl, so it is not of torch.save")
	}
	return a, nil
}

func shortened(name string) string {
	if len(name) > 60 {
		name = name[:60] + "…"
	}
	return fmt.Sprintf("%q", name)
}

// read gives an entry as a part of the file, nil where there is none.
func (a *archive) read(name string) ([]byte, error) {
	f := a.entries[a.folder+name]
	if f == nil {
		return nil, nil
	}
	at, err := f.DataOffset()
	if err != nil {
		return nil, corrupt("entry %q cannot be read: %w", name, err)
	}
	data := a.file[at : at+int64(f.UncompressedSize64) : at+int64(f.UncompressedSize64)]
	if crc32.ChecksumIEEE(data) != f.CRC32 {
		return nil, corrupt("entry %s is damaged: its checksum does not match", shortened(f.Name))
	}
	return data, nil
}

// legacyMagic starts a file of PyTorch before 1.6: 0x1950a86a20f9469cfc6c.
const legacyMagic = unpickle.Long("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")

// readLegacy gives the object of a file of PyTorch before 1.6.
func readLegacy(file []byte, b *unpickle.Budget) (any, error) {
	rest := file
	storages := map[string]*storage{}
	next := func() (any, error) {
		v, n, err := readPickle(rest, b, func(id any) (any, error) {
			if tuple, ok := id.(*unpickle.Tuple); ok && len(tuple.Items) == 4 && tuple.Items[0] == "module" {
				return tuple.Items[1], nil // a class and its source, which is not looked at
			}
			s, _, err := findStorage(id, storages)
			return s, err
		})
		rest = rest[n:]
		return v, err
	}
	if v, err := next(); err != nil || v != any(legacyMagic) {
		return nil, corrupt("this is no file of torch.save: it does not start as one")
	}
	if v, err := next(); err != nil || v != any(int64(1001)) {
		return nil, corrupt("the version of the file is not 1001")
	}
	system, err := next()
	if err != nil {
		return nil, err
	}
	if d, ok := system.(*unpickle.Dict); !ok || d.Get("little_endian") != any(true) {
		return nil, refused("the file is big-endian; save it again on a little-endian machine")
	}
	root, err := next()
	if err != nil {
		return nil, err
	}
	keys, err := next()
	if err != nil {
		return nil, err
	}
	list, ok := keys.(*unpickle.List)
	if !ok {
		return nil, corrupt("the file does not list its storages")
	}
	for _, item := range list.Items {
		key, _ := item.(string)
		s := storages[key]
		if s == nil || s.data != nil {
			return nil, corrupt("the file lists storage %.40q, which nothing refers to, or lists it twice", key)
		}
		if len(rest) < 8 {
			return nil, corrupt("the file is cut short before storage %.40q", key)
		}
		n, size := binary.LittleEndian.Uint64(rest), uint64(max(sizes[s.dtype], 1))
		rest = rest[8:]
		if n > uint64(len(rest))/size {
			return nil, corrupt("the file is cut short: storage %.40q should have %d elements of %d bytes, but %d bytes are left", key, n, size, len(rest))
		}
		s.data, rest = rest[:n*size:n*size], rest[n*size:]
		if err := s.check(); err != nil {
			return nil, corrupt("%w", err)
		}
	}
	for key, s := range storages {
		if s.data == nil {
			return nil, corrupt("the elements of storage %.40q are missing", key)
		}
	}
	return root, nil
}
