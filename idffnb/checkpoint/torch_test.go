package checkpoint

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// A pickler writes pickles for the tests, of what PyTorch writes and of what
// nobody should.
type pickler struct{ bytes.Buffer }

func (p *pickler) op(ops ...any) *pickler {
	for _, o := range ops {
		switch o := o.(type) {
		case string: // instructions, as they are
			p.WriteString(o)
		case text:
			p.WriteByte('X')
			_ = binary.Write(p, binary.LittleEndian, uint32(len(o)))
			p.WriteString(string(o))
		case int:
			p.WriteString("\x8a\x08")
			_ = binary.Write(p, binary.LittleEndian, int64(o))
		case tuple:
			p.op("(").op(o...).op("t")
		case name:
			p.WriteString("c" + strings.Replace(string(o), " ", "\n", 1) + "\n")
		default:
			panic(fmt.Sprintf("%T", o))
		}
	}
	return p
}

type (
	text  string
	name  string // "module name"
	tuple []any
)

// tensorOps build a float32 tensor.
func tensorOps(key string, numel, offset int, shape, stride tuple) []any {
	return []any{name("torch._utils _rebuild_tensor_v2"),
		tuple{tuple{text("storage"), name("torch FloatStorage"), text(key), text("cpu"), numel}, "Q", offset, shape, stride, "\x89", "}"}, "R"}
}

// oneTensor is the pickle of {"a": tensor}.
func oneTensor(numel, offset int, shape, stride tuple) []byte {
	p := new(pickler).op("\x80\x02}", text("a"))
	return p.op(tensorOps("0", numel, offset, shape, stride)...).op("s.").Bytes()
}

type zipEntry struct {
	name string
	data []byte
}

// torchZip is a file of torch.save with the pickle and storages of zeros of
// these sizes.
func torchZip(pickle []byte, storages ...int) []byte {
	entries := []zipEntry{{"archive/data.pkl", pickle}, {"archive/byteorder", []byte("little")}}
	for i, size := range storages {
		entries = append(entries, zipEntry{fmt.Sprintf("archive/data/%d", i), make([]byte, size)})
	}
	return zipped(entries...)
}

func zipped(entries ...zipEntry) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.CreateRaw(&zip.FileHeader{Name: e.name, CRC32: crc32.ChecksumIEEE(e.data), CompressedSize64: uint64(len(e.data)), UncompressedSize64: uint64(len(e.data))})
		if err == nil {
			_, err = f.Write(e.data)
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func torchFile(name string) string { return filepath.Join("testdata", "torch", name) }

func readWeights(t *testing.T, name string) *Weights {
	t.Helper()
	w, err := ReadWeights(torchFile(name))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestReadWeights compares every kind of file that PyTorch writes with the
// state dict that it wrote as safetensors.
func TestReadWeights(t *testing.T) {
	want := readWeights(t, "state.safetensors").Dicts[0].Tensors
	const note = "class __main__.MLP not loaded, its tensors were taken"
	for _, c := range []struct {
		file, key string
		notes     string
	}{
		{"state.pt", "", ""},
		{"state.pt", ".", ""},
		{"state.safetensors", "", ""},
		{"protocol4.pt", "", ""},
		{"legacy.pt", "", ""},
		{"module.pt", "", note},
		{"legacy_module.pt", "", note},
		{"holder.pt", "", note + "\nclass __main__.Holder not loaded, its tensors were taken"},
		{"holder.pt", "model", note + "\nclass __main__.Holder not loaded, its tensors were taken"},
		{"training.pt", "net_model", ""},
		{"lightning.pt", "state_dict.model", ""},
	} {
		w := readWeights(t, c.file)
		d, err := w.Choose(c.key)
		if err != nil || !sameTensors(d.Tensors, want) {
			t.Errorf("%s, key %q: %d tensors, %v; want those of state.safetensors", c.file, c.key, len(d.Tensors), err)
		}
		if got := strings.Join(w.Notes, "\n"); got != c.notes {
			t.Errorf("%s: notes %q, want %q", c.file, got, c.notes)
		}
	}
	var names []string
	for _, x := range readWeights(t, "state.pt").Dicts[0].Tensors {
		names = append(names, x.Name)
	}
	if got := strings.Join(names, " "); got != "net.0.weight net.0.bias net.2.weight net.2.bias net.4.weight net.4.bias net.6.weight net.6.bias" {
		t.Errorf("in the order %s, want the file's", got)
	}
}

// TestChoose: of several state dicts one must be named.
func TestChoose(t *testing.T) {
	for _, c := range []struct{ file, key, want string }{
		{"training.pt", "", `the file holds 2 state dicts; choose one by its key: "net_model" with 8 tensors, "ema_model" with 8 tensors`},
		{"training.pt", "ema", `the file holds no state dict and no names under the key "ema"; its state dicts: "net_model" with 8 tensors, "ema_model" with 8 tensors`},
		{"training.pt", ".", `under the key "."`},
		{"state.pt", "module", `its state dicts: "." (the file itself) with 8 tensors`},
	} {
		if _, err := readWeights(t, c.file).Choose(c.key); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, key %q: %v, want %q", c.file, c.key, err, c.want)
		}
	}
	a, _ := readWeights(t, "training.pt").Choose("net_model")
	b, _ := readWeights(t, "training.pt").Choose("ema_model")
	if sameTensors(a.Tensors, b.Tensors) {
		t.Error("both keys give the same tensors")
	}
	part, err := readWeights(t, "state.pt").Choose("net.0")
	if err != nil || len(part.Tensors) != 2 || part.Tensors[0].Name != "weight" {
		t.Errorf("the part net.0 is %v, %v", part, err)
	}
}

// TestViews: tensors that are transposed, cut out, repeated or share a storage,
// and all types, against the same tensors as safetensors.
func TestViews(t *testing.T) {
	want := readWeights(t, "views.safetensors").Dicts[0].Tensors
	if len(want) != 19 {
		t.Fatalf("%d tensors", len(want))
	}
	for _, file := range []string{"views.pt", "legacy_views.pt"} {
		got := readWeights(t, file).Dicts[0].Tensors
		if !sameTensors(got, want) {
			for name, x := range byName(want) {
				if g := byName(got)[name]; !sameTensors([]Tensor{g}, []Tensor{x}) {
					t.Errorf("%s: %s is %v, want %v", file, name, g, x)
				}
			}
			t.Errorf("%s: %d tensors, want %d", file, len(got), len(want))
		}
	}
}

// TestModule: what state_dict() gives for a module with buffers, a module twice
// and things that are no tensors.
func TestModule(t *testing.T) {
	w := readWeights(t, "odd.pt")
	var got []string
	for _, x := range w.Dicts[0].Tensors {
		got = append(got, x.Name)
	}
	const want = "kept first.weight again.weight norm.weight norm.bias norm.running_mean norm.running_var norm.num_batches_tracked"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("tensors %s, want %s", s, want)
	}
	wantValues(t, w.Dicts[0].Tensors, "kept", []int{3}, float32(0), 1, 2)
	wantValues(t, w.Dicts[0].Tensors, "norm.num_batches_tracked", []int{}, int64(0))
}

// TestFloats: 16-bit numbers and doubles as float32. Rounded to their nearest
// they differ from the float32 they came from by 2^-11 or 2^-8 of it at most.
func TestFloats(t *testing.T) {
	want := readWeights(t, "state.pt").Dicts[0].Tensors
	for file, tolerance := range map[string]float64{"half.pt": 1. / 2048, "bfloat16.pt": 1. / 256, "double.pt": 0, "state.pt": 0} {
		for i, x := range readWeights(t, file).Dicts[0].Tensors {
			got, err := Floats(x)
			if err != nil {
				t.Fatal(err)
			}
			exact, err := Values[float32](want[i])
			if err != nil || len(got) != len(exact) {
				t.Fatal(err, len(got), len(exact))
			}
			for j := range got {
				if d := math.Abs(float64(got[j] - exact[j])); d > tolerance*math.Abs(float64(exact[j])) {
					t.Errorf("%s: %s[%d] = %g, want %g", file, x.Name, j, got[j], exact[j])
				}
			}
		}
	}
	for bits, want := range map[uint16]float32{0: 0, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 1: 0x1p-24, 0x8001: -0x1p-24, 0x03ff: 0x3ffp-24, 0x0400: 0x1p-14, 0x3555: 0.333251953125} {
		if got := half(bits); got != want {
			t.Errorf("half(%#04x) = %g, want %g", bits, got, want)
		}
	}
	if got := half(0xfc00); !math.IsInf(float64(got), -1) {
		t.Errorf("half(0xfc00) = %g", got)
	}
	if got := half(0x7e00); got == got {
		t.Errorf("half(0x7e00) = %g", got)
	}
	for _, x := range []Tensor{New("a", []float64{1e300}), New("a", []int64{1}), {Name: "a", DType: "F16", Shape: []int{2}, Data: []byte{1, 2}}} {
		if v, err := Floats(x); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, %v", x.DType, v, err)
		}
	}
	if v, err := Floats(New("a", []float64{math.Inf(1)})); err != nil || !math.IsInf(float64(v[0]), 1) {
		t.Errorf("infinity: %v, %v", v, err)
	}
}

// TestNothingIsRun: pickles that would run code are refused, by the name of
// what they want to call.
func TestNothingIsRun(t *testing.T) {
	for file, want := range map[string]string{
		"system.pt": "posix.system", "eval.pt": "__builtin__.eval", "getattr.pt": "__builtin__.__import__", "legacy_system.pt": "posix.system", "sparse.pt": "torch.serialization._get_layout",
	} {
		_, err := ReadWeights(torchFile(file))
		if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "refused: the pickle wants to call "+want+"; nothing in it was run") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
	if _, err := os.Stat("owned"); err == nil {
		t.Error("the call was made")
	}
	p := func(ops ...any) []byte { return new(pickler).op("\x80\x02").op(ops...).op(".").Bytes() }
	for _, c := range []struct {
		what   string
		pickle []byte
		want   string
	}{
		{"STACK_GLOBAL", p(text("os"), text("system"), "\x93", tuple{text("x")}, "R"), "call os.system"},
		{"a chain of getattr", p(name("builtins getattr"), tuple{name("os path"), text("x")}, "R"), "call builtins.getattr"},
		{"getattr through a name with dots", p(text("torch"), text("os.system"), "\x93", tuple{text("x")}, "R"), "call torch.os.system"},
		{"a bound method", p(name("torch._utils _rebuild_parameter.__globals__.get"), tuple{text("x")}, "R"), "call torch._utils._rebuild_parameter.__globals__.get"},
		{"a name with a line end", p(text("os\nevil"), text("system\x1b[2J"), "\x93", ")R"), `call "os\nevil.system\x1b[2J"`},
		{"a long name", p(text(strings.Repeat("a", 500)), text("b"), "\x93", ")R"), "call " + strings.Repeat("a", 100) + "…"},
		{"calling no name", p(1, ")R"), "call a value that is no name"},
		{"calling an object", p(name("a B"), ")\x81", ")R"), "call a value that is no name"},
		{"INST", p("(ios\nsystem\n"), "instruction INST"},
		{"OBJ", p("(", name("os system"), "o"), "instruction OBJ"},
		{"EXT1", p("\x82\x01"), "instruction EXT1"},
		{"inside _rebuild_from_type_v2", p(name("torch._tensor _rebuild_from_type_v2"), tuple{name("os system"), name("a B"), tuple{text("x")}, "N"}, "R"), "call os.system"},
	} {
		_, err := parseWeights(torchZip(c.pickle))
		if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
	// An object is its name and what it holds, whatever the class.
	w, err := parseWeights(torchZip(new(pickler).op("\x80\x02", name("os system"), ")\x81}", text("a")).op(tensorOps("0", 2, 0, tuple{2}, tuple{1})...).op("sb.").Bytes(), 8))
	if err != nil || w.Notes[0] != "class os.system not loaded, its tensors were taken" || len(w.Dicts[0].Tensors) != 1 {
		t.Errorf("an object of os.system: %v, %v", w, err)
	}
}

// valuesBeside is the pickle of a training checkpoint that holds a date, a span, a path, bytes and an array of NumPy beside {"model": {"w": tensor}}, written by hand
// as Python 3.11 writes them with protocol 2 and 3.
func valuesBeside() []byte {
	p := new(pickler).op("\x80\x03}(", text("at"), name("datetime datetime"), "(", name("_codecs encode"), tuple{text("\u0007\u00e8\x01\x02\x00\x00\x00\x00\x00\x00"), text("latin1")}, "RtR",
		text("for"), name("datetime timedelta"), tuple{3, 0, 0}, "R", text("path"), name("pathlib PosixPath"), tuple{text("/"), text("x")}, "R", text("bytes"), "C\x02ab",
		text("array"), name("numpy.core.multiarray _reconstruct"), tuple{name("numpy ndarray"), tuple{0}, "C\x01b"}, "R",
		tuple{1, tuple{2}, name("numpy dtype"), tuple{text("i8"), 0, 1}, "R", "\x89", "C\x10" + strings.Repeat("\x00", 16)}, "b", text("model"), "}", text("w"))
	return p.op(tensorOps("0", 2, 0, tuple{2}, tuple{1})...).op("su.").Bytes()
}

// TestValuesBeside: what is beside the tensors is passed over.
func TestValuesBeside(t *testing.T) {
	w, err := parseWeights(torchZip(valuesBeside(), 8))
	if err != nil || len(w.Dicts) != 1 || w.Dicts[0].Key != "model" || len(w.Dicts[0].Tensors) != 1 {
		t.Errorf("%v, %v", w, err)
	}
}

// TestBadTensors: what does not fit into its storage, or the storage into the file.
func TestBadTensors(t *testing.T) {
	const huge = math.MaxInt
	for _, c := range []struct {
		what string
		file []byte
		want string
	}{
		{"numel beyond the file", torchZip(oneTensor(1<<40, 0, tuple{2}, tuple{1}), 8), `storage "0" should have 1099511627776 elements of 4 bytes, but there are 8 bytes`},
		{"numel that overflows", torchZip(oneTensor(huge, 0, tuple{2}, tuple{1}), 8), "should have 9223372036854775807 elements"},
		{"negative numel", torchZip(oneTensor(-2, 0, tuple{2}, tuple{1}), 8), "has -2 elements"},
		{"shape beyond the storage", torchZip(oneTensor(2, 0, tuple{3}, tuple{1}), 8), "shape [3] with strides [1] from 0 on reaches element 2 of a storage of 2"},
		{"offset beyond the storage", torchZip(oneTensor(2, 3, tuple{0}, tuple{1}), 8), "offset 3 into a storage of 2"},
		{"offset with a shape beyond", torchZip(oneTensor(2, 1, tuple{2}, tuple{1}), 8), "from 1 on reaches element 2"},
		{"negative offset", torchZip(oneTensor(2, -1, tuple{1}, tuple{1}), 8), "offset -1"},
		{"negative stride", torchZip(oneTensor(2, 1, tuple{2}, tuple{-1}), 8), "0 or more"},
		{"negative size", torchZip(oneTensor(2, 0, tuple{-2}, tuple{1}), 8), "0 or more"},
		{"strides that overflow", torchZip(oneTensor(2, 0, tuple{3, 3}, tuple{huge, huge}), 8), "too large"},
		{"sizes that overflow", torchZip(oneTensor(2, 0, tuple{huge, huge}, tuple{0, 0}), 8), "too large"},
		{"stride 0 repeats without end", torchZip(oneTensor(2, 0, tuple{1 << 40}, tuple{0}), 8), "far more memory"},
		{"fewer strides", torchZip(oneTensor(2, 0, tuple{1, 1}, tuple{1}), 8), "not equally many"},
		{"no storage", torchZip(oneTensor(2, 0, tuple{2}, tuple{1})), `the file has no storage "0"`},
		{"another type", torchZip(new(pickler).op("\x80\x02", tuple{text("storage"), name("torch QInt8Storage"), text("0"), text("cpu"), 2}, "Q.").Bytes(), 2), "refused: there is no reader for storages of type torch.QInt8Storage"},
		{"a type of another module", torchZip(new(pickler).op("\x80\x02", tuple{text("storage"), name("evil FloatStorage"), text("0"), text("cpu"), 2}, "Q.").Bytes(), 8), "storages of type evil.FloatStorage"},
		{"no storage's reference", torchZip(new(pickler).op("\x80\x02", tuple{text("x")}, "Q.").Bytes()), "a reference to a storage is not"},
	} {
		_, err := parseWeights(c.file)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
		if !errors.Is(err, ErrRefused) && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v is neither ErrRefused nor ErrCorrupt", c.what, err)
		}
	}
	if w, err := parseWeights(torchZip(oneTensor(2, 0, tuple{1 << 10}, tuple{0}), 8)); err != nil || len(w.Dicts[0].Tensors[0].Data) != 4096 {
		t.Errorf("a repeated tensor of 4 kB: %v", err)
	}
}

// TestBadPickles: sizes that are not there, nesting, and sharing that would
// grow without end.
func TestBadPickles(t *testing.T) {
	p := func(ops ...any) []byte { return new(pickler).op("\x80\x04").op(ops...).op(".").Bytes() }
	// A module in which everything is twice what it was a level further in.
	doubling := new(pickler).op("\x80\x02")
	module := func(inner ...any) {
		doubling.op(name("torch.nn Module"), ")\x81}(", text("_parameters"), "}", text("_modules")).op(inner...).op("ub")
	}
	module(append([]any{"}", text("w")}, append(tensorOps("0", 2, 0, tuple{2}, tuple{1}), "s")...)...)
	for range 60 {
		doubling.op("q\x01")
		module("}(", text("a"), "h\x01", text("b"), "h\x01u")
	}
	tuples := new(pickler).op("\x80\x02N")
	for range 10_000 {
		tuples.op("2\x86")
	}
	boxes := new(pickler).op("\x80\x04(", strings.Repeat("}\x94", 1_000_000), "l.")
	for _, c := range []struct {
		what   string
		pickle []byte
		want   string
	}{
		{"BINBYTES8", p("\x8e\xff\xff\xff\xff\xff\xff\xff\x7f"), "it is cut short"},
		{"BINBYTES8 beyond int", p("\x8e\xff\xff\xff\xff\xff\xff\xff\xff"), "it is cut short"},
		{"BYTEARRAY8", p("\x96\x00\x00\x00\x00\x00\x01\x00\x00"), "it is cut short"},
		{"BINUNICODE8", p("\x8d\x00\x00\x00\x00\x00\x01\x00\x00"), "it is cut short"},
		{"BINUNICODE", p("X\xff\xff\xff\xff"), "it is cut short"},
		{"LONG4", p("\x8b\xff\xff\xff\x7f"), "it is cut short"},
		{"FRAME", p("\x95\x00\x00\x00\x00\x00\x01\x00\x00N"), "it is cut short"},
		{"no STOP", p("N")[:3], "it is cut short"},
		{"protocol 6", []byte("\x80\x06N."), "protocol 6"},
		{"nothing", []byte{}, "it is cut short"},
		{"an empty stack", p(), "the stack is empty"},
		{"no mark", p("t"), "there is no mark"},
		{"below the mark", p("}(K\x01s"), "the stack is empty"},
		{"no memo", p("h\x07"), "nothing is stored under number 7"},
		{"a key without a value", p("}(K\x01u"), "a key has no value"},
		{"no instruction", p("\xff"), "no instruction 0xff"},
		{"text no name", p("K\x01K\x02\x93"), "a name is no text"},
		{"more after the end", append(p("}"), 'N'), "goes on for 1 bytes"},
		{"deep nesting of lists", p(strings.Repeat("]", 10_000), strings.Repeat("a", 9_999)), "more than 100 deep"},
		{"deep nesting of modules", doubling.op(".").Bytes(), "far more memory"},
		{"tuples that double", tuples.op(".").Bytes(), "more than 100 deep"},
		{"a million dicts", boxes.Bytes(), "far more memory"},
		{"a list in itself", p("]q\x01h\x01a"), "holds no state dict and no module, but a list"},
		{"a long name", p("}", text(strings.Repeat("n", 2000)), "}s"), "a name is longer than 1000 bytes"},
		{"one long key in many dicts", p(text(strings.Repeat("n", 500_000)), "q\x010](", strings.Repeat("}h\x01}s", 5_000), "e"), "a name is longer than 1000 bytes"},
		{"a number", p("K\x01"), "holds no state dict and no module, but a value without tensors"},
		{"a dict without tensors", p("}", text("lr"), "K\x01s"), `a dict with the keys "lr"`},
		{"a single tensor", new(pickler).op("\x80\x02").op(tensorOps("0", 2, 0, tuple{2}, tuple{1})...).op(".").Bytes(), "a single tensor of shape [2] without a name"},
	} {
		file := torchZip(c.pickle, 8)
		var err error
		used := allocated(func() { _, err = parseWeights(file) })
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 400 {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
		if !errors.Is(err, ErrRefused) && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v is neither ErrRefused nor ErrCorrupt", c.what, err)
		}
		if limit := uint64(64<<20 + 16*len(file)); used > limit {
			t.Errorf("%s: %d bytes were allocated for a file of %d", c.what, used, len(file))
		}
	}
}

// allocated gives how many bytes f allocates, over all its time.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestBadArchives: zip files that torch.save would not write.
func TestBadArchives(t *testing.T) {
	pkl := oneTensor(2, 0, tuple{2}, tuple{1})
	good := []zipEntry{{"archive/data.pkl", pkl}, {"archive/data/0", make([]byte, 8)}}
	with := func(more ...zipEntry) []byte { return zipped(append(slices.Clone(good), more...)...) }
	if _, err := parseWeights(with()); err != nil {
		t.Fatal(err)
	}
	deflated := func(names ...string) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, 9) })
		for _, name := range names {
			f, _ := w.Create(name)
			_, _ = f.Write(make([]byte, 1<<20))
		}
		_ = w.Close()
		return b.Bytes()
	}
	// The sizes in the central directory, 24 bytes into the last entry's record there.
	bomb := with()
	at := bytes.LastIndex(bomb, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(bomb[at+20:], 1<<31)
	binary.LittleEndian.PutUint32(bomb[at+24:], 1<<31)
	stored := with() // says that it is larger once unpacked
	binary.LittleEndian.PutUint32(stored[at+24:], 1<<30)
	overlap := with(zipEntry{"archive/data/1", make([]byte, 8)})
	last := bytes.LastIndex(overlap, []byte("PK\x01\x02"))
	before := bytes.LastIndex(overlap[:last], []byte("PK\x01\x02"))
	copy(overlap[last+42:last+46], overlap[before+42:before+46]) // the same place
	flipped := with()
	flipped[bytes.Index(flipped, []byte("archive/data/0"))+len("archive/data/0")]++

	for _, c := range []struct {
		what string
		file []byte
		want string
	}{
		{"path upwards", with(zipEntry{"../../x", nil}), `refused: entry "../../x" of the zip file names a place outside`},
		{"path upwards inside", with(zipEntry{"archive/../../x", nil}), "names a place outside"},
		{"path from the root", with(zipEntry{"/etc/passwd", nil}), "names a place outside"},
		{"path of Windows", with(zipEntry{`archive\x`, nil}), "names a place outside"},
		{"an entry twice", with(good[1]), `two entries "archive/data/0"`},
		{"two objects", with(zipEntry{"other/data.pkl", pkl}), "two objects"},
		{"no object", zipped(zipEntry{"archive/x", nil}), "no data.pkl"},
		{"object too deep", zipped(zipEntry{"a/b/data.pkl", pkl}), "no data.pkl"},
		{"TorchScript", with(zipEntry{"archive/constants.pkl", nil}), "TorchScript program"},
		{"TorchScript, whose code is compressed", deflated("archive/data.pkl", "archive/code/x.py", "archive/constants.pkl"), "TorchScript program"},
		{"compressed", deflated("archive/data.pkl", "archive/data/0"), "compressed"},
		{"a size beyond the file", bomb, "more than the file has"},
		{"two sizes", stored, "compressed"},
		{"overlapping", overlap, "overlap"},
		{"a changed byte", flipped, `not a whole checkpoint: entry "archive/data/0" is damaged: its checksum does not match`},
		{"big-endian", with(zipEntry{"archive/byteorder", []byte("big")}), `the byte order is "big"`},
		{"not a file of torch.save", []byte("hello, world"), `neither a safetensors file nor one of torch.save: it starts with "hello, world"`},
		{"empty", nil, "the file is empty"},
		{"HDF5", []byte("\x89HDF\r\n\x1a\n"), "HDF5"},
		{"another pickle", []byte("\x80\x04N."), "does not start as one"},
		{"tar", append(append(make([]byte, 257), "ustar\x00"...), make([]byte, 250)...), "tar file"},
	} {
		_, err := parseWeights(c.file)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
		if !errors.Is(err, ErrRefused) && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v is neither ErrRefused nor ErrCorrupt", c.what, err)
		}
	}
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none.pt")} {
		if _, err := ReadWeights(path); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestLargeFiles: of a file that is of no known kind, is cut short or is beyond maxFile, hardly anything is read. The files have holes and take no room.
func TestLargeFiles(t *testing.T) {
	for _, c := range []struct {
		start string
		size  int64
		want  string
	}{
		{"", 1 << 32, "neither a safetensors file nor one of torch.save"},
		{"", maxFile + 1, "refused: the file has 4294967297 bytes; at most 4294967296 are read"},
		{"PK\x03\x04", 1 << 32, "the zip file cannot be read"},
		{"\x80\x02", 1 << 32, "it does not start as one"},
		{"\x80\x02\x8a\x0a" + string(legacyMagic) + ".", maxFile + 1, "at most"},
	} {
		path := filepath.Join(t.TempDir(), "large.pt")
		if err := os.WriteFile(path, []byte(c.start), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, c.size); err != nil {
			t.Skip("no large files here: ", err)
		}
		var err error
		used := allocated(func() { _, err = ReadWeights(path) })
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q and %d bytes: %v, want %q", c.start, c.size, err, c.want)
		}
		if used > 1<<20 {
			t.Errorf("%q and %d bytes: %d bytes of memory were taken", c.start, c.size, used)
		}
	}
}

// TestTornWeights: every prefix of a file is an error of one line, and so is
// a file with one byte changed that no longer reads, fast.
func TestTornWeights(t *testing.T) {
	for _, name := range []string{"state.pt", "legacy.pt", "module.pt", "legacy_module.pt", "state.safetensors"} {
		file, err := os.ReadFile(torchFile(name))
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(file); n += 1 + n/64 {
			_, err := parseWeights(file[:n])
			if !errors.Is(err, ErrCorrupt) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s, the first %d of %d bytes: %v", name, n, len(file), err)
			}
		}
		for i := 0; i < len(file); i += 3 {
			changed := slices.Clone(file)
			changed[i] ^= 0xff
			w, err := parseWeights(changed)
			if err != nil && (strings.Contains(err.Error(), "\n") || !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrRefused)) {
				t.Errorf("%s, byte %d changed: %v", name, i, err)
			}
			if err == nil {
				sound(t, w, len(file))
			}
		}
	}
}

// TestLegacyRefuses: files of PyTorch before 1.6 that are not whole.
func TestLegacyRefuses(t *testing.T) {
	magic := "\x80\x02\x8a\x0a" + string(legacyMagic) + "."
	version := "\x80\x02M\xe9\x03."
	sys := new(pickler).op("\x80\x02}", text("little_endian"), "\x88s.").String()
	object := string(oneTensor(2, 0, tuple{2}, tuple{1}))
	keys := new(pickler).op("\x80\x02](", text("0"), "e.").String()
	data := "\x02\x00\x00\x00\x00\x00\x00\x00" + strings.Repeat("\x00", 8)
	if _, err := parseWeights([]byte(magic + version + sys + object + keys + data)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ what, file, want string }{
		{"version", magic + "\x80\x02K\x01." + sys + object + keys + data, "version of the file is not 1001"},
		{"big-endian", magic + version + strings.Replace(sys, "\x88", "\x89", 1) + object + keys + data, "big-endian"},
		{"no keys", magic + version + sys + object + "\x80\x02N." + data, "does not list its storages"},
		{"another key", magic + version + sys + object + strings.Replace(keys, "0", "1", 1) + data, `lists storage "1", which nothing refers to`},
		{"a key twice", magic + version + sys + object + new(pickler).op("\x80\x02](", text("0"), text("0"), "e.").String() + data + data, "twice"},
		{"keys missing", magic + version + sys + object + "\x80\x02].", "are missing"},
		{"number of elements", magic + version + sys + object + keys + "\x02\x00\x00\x00\x00\x00\x00\x40" + data[8:], "is cut short"},
		{"another number", magic + version + sys + object + keys + "\x01" + data[1:], "should have 2 elements"},
		{"a storage that is a view", magic + version + sys + new(pickler).op("\x80\x02", tuple{text("storage"), name("torch FloatStorage"), text("0"), text("cpu"), 2, tuple{text("1"), 0, 2}}, "Q.").String() + keys + data, "view of another one"},
	} {
		_, err := parseWeights([]byte(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

// sound checks that tensors are whole and not much larger than their file.
func sound(t *testing.T, w *Weights, size int) {
	t.Helper()
	if len(w.Dicts) == 0 {
		t.Fatal("no state dict and no error")
	}
	seen := map[*byte]bool{}
	total := 0
	for _, d := range w.Dicts {
		for _, x := range d.Tensors {
			if err := x.check(); err != nil {
				t.Fatal(err)
			}
			if len(x.Data) > 0 && !seen[&x.Data[0]] {
				seen[&x.Data[0]] = true
				total += len(x.Data)
			}
			_, _ = Floats(x)
		}
		if _, err := w.Choose(d.Key); err != nil && d.Key != "" {
			t.Fatal(err)
		}
	}
	for _, note := range w.Notes {
		if strings.Contains(note, "\n") {
			t.Fatalf("note %q", note)
		}
	}
	if total > 32<<20+32*size {
		t.Fatalf("%d bytes of tensors in a file of %d", total, size)
	}
}

// FuzzReadTorch: whatever the file, an error of one line or sound tensors.
func FuzzReadTorch(f *testing.F) {
	files, err := filepath.Glob(torchFile("*.*"))
	if err != nil || len(files) < 20 {
		f.Fatal(err, len(files))
	}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := parseWeights(b)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %q", err)
			}
			return
		}
		sound(t, w, len(b))
	})
}

// FuzzPickle: whatever the pickle in a file with two storages.
func FuzzPickle(f *testing.F) {
	files, err := filepath.Glob(torchFile("*.pt"))
	if err != nil || len(files) < 15 {
		f.Fatal(err, len(files))
	}
	for _, path := range files {
		file, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if a, err := openArchive(file); err == nil {
			pickle, err := a.read("data.pkl")
			if err != nil {
				f.Fatal(err)
			}
			f.Add(pickle)
		}
	}
	f.Add(oneTensor(2, 0, tuple{2}, tuple{1}))
	f.Add(valuesBeside())
	f.Fuzz(func(t *testing.T, pickle []byte) {
		file := torchZip(pickle, 8, 16)
		w, err := parseWeights(file)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %q", err)
			}
			return
		}
		sound(t, w, len(file))
	})
}

func ExampleReadWeights() {
	w, err := ReadWeights("testdata/torch/module.pt")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range w.Dicts[0].Tensors[:2] {
		fmt.Println(t.Name, t.DType, t.Shape)
	}
	fmt.Println(w.Notes[0])
	// Output:
	// net.0.weight F32 [8 3]
	// net.0.bias F32 [8]
	// class __main__.MLP not loaded, its tensors were taken
}
