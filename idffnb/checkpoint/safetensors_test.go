package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// sample is what testdata/go.safetensors holds.
func sample() ([]Tensor, map[string]string) {
	return []Tensor{
		New("adam/m", []float32{1, -2.5, 3, 4, 5, 1e-30}, 2, 3),
		New("adam/step", []int64{-7}),
		New("empty", []float32{}, 0, 4),
		New("flags", []uint8{1, 2, 255}, 3),
		New("lr", []float64{2e-4}),
	}, map[string]string{"loss": "0.25", "naïve": "ü\n\"<&>"}
}

func find(t *testing.T, tensors []Tensor, name string) Tensor {
	t.Helper()
	for _, x := range tensors {
		if x.Name == name {
			return x
		}
	}
	t.Fatalf("no tensor %q", name)
	return Tensor{}
}

func wantValues[T Element](t *testing.T, tensors []Tensor, name string, shape []int, want ...T) {
	t.Helper()
	x := find(t, tensors, name)
	got, err := Values[T](x)
	if err != nil || !slices.Equal(got, want) || !slices.Equal(x.Shape, shape) {
		t.Errorf("%s = %v of shape %v, %v; want %v of shape %v", name, got, x.Shape, err, want, shape)
	}
}

func byName(tensors []Tensor) map[string]Tensor {
	m := map[string]Tensor{}
	for _, t := range tensors {
		if len(t.Data) == 0 {
			t.Data = nil
		}
		m[t.Name] = t
	}
	return m
}

func sameTensors(a, b []Tensor) bool {
	return len(a) == len(b) && reflect.DeepEqual(byName(a), byName(b))
}

func write(t *testing.T, tensors []Tensor, meta map[string]string) (path string, file []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "x.safetensors")
	if err := Write(path, tensors, meta); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, file
}

func TestRoundTrip(t *testing.T) {
	tensors, meta := sample()
	for _, c := range []struct {
		name    string
		tensors []Tensor
		meta    map[string]string
	}{
		{"nothing", nil, nil},
		{"only metadata", nil, map[string]string{"a": "b", "": ""}},
		{"all", tensors, meta},
		{"bits", []Tensor{New("x", []float32{float32(math.Inf(1)), float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32}, 3)}, nil},
		{"other types", []Tensor{
			{"b", "BF16", []int{2}, []byte{1, 2, 3, 4}}, New("u", []uint64{math.MaxUint64}), New("v", []uint32{7}, 1), New("i", []int32{-7}, 1, 1),
		}, nil},
		{"odd names", []Tensor{New(`a "quoted"\ näme`, []float32{1}), New("A", []float32{2}), New("a", []float32{3})}, nil},
		{"checksum key in a value", nil, map[string]string{"a": `"idffnb.sha256":"` + noSum + `"`}},
	} {
		path, _ := write(t, c.tensors, c.meta)
		got, gotMeta, err := Read(path)
		if c.meta == nil {
			c.meta = map[string]string{}
		}
		if err != nil || !sameTensors(got, c.tensors) || !reflect.DeepEqual(gotMeta, c.meta) {
			t.Errorf("%s: read %v, %v, %v; wrote %v, %v", c.name, got, gotMeta, err, c.tensors, c.meta)
		}
	}
}

// TestBytes: the file depends on the arguments alone, not on their order, and
// is the one that other programs were seen to read (testdata/README.md).
func TestBytes(t *testing.T) {
	tensors, meta := sample()
	_, a := write(t, tensors, meta)
	slices.Reverse(tensors)
	_, b := write(t, tensors, meta)
	if !bytes.Equal(a, b) {
		t.Error("the order of the tensors shows in the file")
	}
	golden, err := os.ReadFile("testdata/go.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, golden) {
		t.Errorf("the file differs from testdata/go.safetensors:\n%q\n%q", a, golden)
	}
}

func TestReadPython(t *testing.T) {
	tensors, meta, err := Read("testdata/python.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if len(tensors) != 7 {
		t.Errorf("%d tensors, want 7", len(tensors))
	}
	wantValues(t, tensors, "weights", []int{2, 3}, float32(1), -2.5, 3, 4, 5, 1e-30)
	wantValues(t, tensors, "step", []int{}, int64(-7))
	wantValues[float32](t, tensors, "empty", []int{0, 4})
	wantValues(t, tensors, "rng", []int{2}, uint64(math.MaxUint64), 1)
	wantValues(t, tensors, "double", []int{1}, math.Pi)
	if x := find(t, tensors, "mask"); x.DType != "BOOL" || !bytes.Equal(x.Data, []byte{1, 0, 1}) {
		t.Errorf("mask = %v", x)
	}
	if x := find(t, tensors, "half"); x.DType != "F16" || !bytes.Equal(x.Data, []byte{0, 0x38, 0, 0xbc}) {
		t.Errorf("half = %v", x)
	}
	if want := map[string]string{"made by": "safetensors", "naïve": "ü\n\""}; !reflect.DeepEqual(meta, want) {
		t.Errorf("metadata %v, want %v", meta, want)
	}
}

func TestValuesRefuses(t *testing.T) {
	for _, c := range []struct {
		t    Tensor
		want string
	}{
		{New("n", []int64{1}), `tensor "n" holds I64, not F32`},
		{Tensor{"n", F32, []int{2}, make([]byte, 4)}, "takes 8 bytes, but there are 4"},
		{Tensor{"n", F32, []int{-1}, nil}, "negative dimension"},
	} {
		if v, err := Values[float32](c.t); v != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Values(%v) = %v, %v; want %q", c.t, v, err, c.want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	for _, c := range []struct {
		what    string
		tensors []Tensor
		meta    map[string]string
		want    string
	}{
		{"shape", []Tensor{New("w", []float32{1, 2, 3}, 2, 2)}, nil, `tensor "w": F32 of shape [2 2] takes 16 bytes, but there are 12`},
		{"negative", []Tensor{New("w", []float32{1}, -1, -1)}, nil, "negative dimension"},
		{"overflow", []Tensor{New("w", []float32{}, 1<<40, 1<<40)}, nil, "too large"},
		{"type", []Tensor{{"w", "float32", nil, nil}}, nil, `unknown type "float32"; the types are BOOL, U8`},
		{"no name", []Tensor{New("", []float32{1})}, nil, `the name ""`},
		{"metadata as name", []Tensor{New("__metadata__", []float32{1})}, nil, `the name "__metadata__"`},
		{"name not UTF-8", []Tensor{New("\xff", []float32{1})}, nil, `the name "\xff"`},
		{"twice", []Tensor{New("w", []float32{1}), New("w", []int64{1})}, nil, `two tensors have the name "w"`},
		{"reserved", nil, map[string]string{"idffnb.sha256": "x"}, `"idffnb.sha256" is reserved`},
		{"metadata not UTF-8", nil, map[string]string{"x": "\xff"}, "not UTF-8"},
	} {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, []byte("before"), 0o666); err != nil {
			t.Fatal(err)
		}
		err := Write(path, c.tensors, c.meta)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %q", c.what, err, c.want)
		}
		if b, _ := os.ReadFile(path); string(b) != "before" {
			t.Errorf("%s: the file was changed to %q", c.what, b)
		}
	}
}

// file makes a safetensors file of a header and data.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

func TestReadRefuses(t *testing.T) {
	length := func(n uint64) []byte { return append(binary.LittleEndian.AppendUint64(nil, n), "{}      "...) }
	for _, c := range []struct {
		what string
		file []byte
		want string
	}{
		{"empty", nil, "cut short: 0 bytes"},
		{"no length", []byte("1234567"), "cut short: 7 bytes"},
		{"text", []byte("this is a text, not a checkpoint"), "no safetensors file"},
		{"header past the end", length(9), "should take 9 bytes, but the file has 8"},
		{"header of 2^64-1", length(math.MaxUint64), "should take 18446744073709551615 bytes"},
		{"header of 2^63", length(1 << 63), "should take 9223372036854775808 bytes"},
		{"no header", length(0), "no JSON object"},
		{"array", file(`[]`, 0), "no JSON object"},
		{"space first", file(` {}`, 0), "no JSON object"},
		{"half an object", file(`{"a":`, 0), `tensor "a"`},
		{"unclosed", file(`{`, 0), "header"},
		{"unclosed after a tensor", file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}`, 4), "header"},
		{"not UTF-8", file("{\"\xff\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4), "no JSON object"},
		{"more after the end", file(`{} {}`, 0), "goes on after its end"},
		{"twice", file(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, 0), `"a" twice`},
		{"no shape", file(`{"a":{"dtype":"F32","data_offsets":[0,4]}}`, 4), "no shape"},
		{"null", file(`{"a":null}`, 0), "no shape"},
		{"one offset", file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[4]}}`, 4), "no two offsets"},
		{"three offsets", file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4,8]}}`, 4), "no two offsets"},
		{"another field", file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"code":"x"}}`, 4), "code"},
		{"a tensor as string", file(`{"a":"b"}`, 0), `tensor "a"`},
		{"metadata of numbers", file(`{"__metadata__":{"a":1}}`, 0), "metadata"},
		{"type", file(`{"a":{"dtype":"F31","shape":[],"data_offsets":[0,4]}}`, 4), `unknown type "F31"`},
		{"negative shape", file(`{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}`, 4), "negative"},
		{"broken shape", file(`{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,6]}}`, 6), `tensor "a"`},
		{"shape of 2^64", file(`{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4]}}`, 4), `tensor "a"`},
		{"overflow to 0", file(`{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0), "too large"},
		{"overflow to 4", file(`{"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}}`, 4), "too large"},
		{"shape and offsets", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4), "takes 8"},
		{"negative offset", file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[-4,0]}}`, 0), "bytes -4 to 0"},
		{"reversed", file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[4,0]}}`, 4), "bytes 4 to 0"},
		{"huge offsets", file(`{"a":{"dtype":"U8","shape":[4611686018427387904],"data_offsets":[0,4611686018427387904]}}`, 4), "cut short"},
		{"gap", file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}`, 8), "bytes 4 to 8"},
		{"overlap", file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[],"data_offsets":[2,6]}}`, 6), "bytes 2 to 6"},
		{"short data", file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 3), "cut short"},
		{"long data", file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 5), "goes on for 1 bytes"},
		{"empty name", file(`{"":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4), "no name"},
		{"another format", file(`{"__metadata__":{"idffnb.format":"checkpoint-9","idffnb.sha256":"`+noSum+`"}}`, 0), `"checkpoint-9"`},
		{"another sum", file(`{"__metadata__":{"idffnb.format":"checkpoint-1","idffnb.sha256":"`+noSum+`"}}`, 0), "checksum"},
	} {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, c.file, 0o666); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		tensors, _, err := Read(path)
		runtime.ReadMemStats(&after)
		if tensors != nil || !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), c.want) ||
			strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: read %v, error %v; want %q", c.what, tensors, err, c.want)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<18 {
			t.Errorf("%s: reading %d bytes took %d bytes of memory", c.what, len(c.file), n)
		}
	}
}

func TestReadOther(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{dir: "not a file but a folder", "/dev/null": "device", filepath.Join(dir, "none"): "no such file"} {
		_, _, err := Read(path)
		if err == nil || errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), want) {
			t.Errorf("Read(%s): %v, want %q", path, err, want)
		}
	}
	// Another program's file may lie in any order and have any metadata.
	b := append(file(`{"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}  `, 0), 7, 8, 9)
	tensors, meta, err := decode(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(meta) != 0 || len(tensors) != 2 {
		t.Fatal(tensors, meta, err)
	}
	wantValues(t, tensors, "a", []int{}, uint8(7))
	wantValues(t, tensors, "b", []int{2}, uint8(8), 9)
}

// TestReadSaysLittle: what a file holds at any length is not quoted at that length.
func TestReadSaysLittle(t *testing.T) {
	long := strings.Repeat("7", 100_000)
	dims := strings.TrimSuffix(strings.Repeat("1,", 65), ",")
	for _, c := range []struct {
		what string
		file []byte
		want string
	}{
		{"a long name", file(`{"`+long+`":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}`, 1), "a name longer than 1000 bytes"},
		{"a long type", file(`{"a":{"dtype":"`+long+`","shape":[],"data_offsets":[0,1]}}`, 1), "unknown type"},
		{"a long field", file(`{"a":{"dtype":"U8","shape":[],"`+long+`":0}}`, 1), `tensor "a": json: unknown field`},
		{"a long number", file(`{"a":{"dtype":"U8","shape":[`+long+`],"data_offsets":[0,1]}}`, 1), `tensor "a": json: cannot unmarshal number`},
		{"a long format", file(`{"__metadata__":{"idffnb.format":"`+long+`","idffnb.sha256":"x"}}`, 0), "the format is"},
		{"many dimensions", file(`{"a":{"dtype":"U8","shape":[`+dims+`],"data_offsets":[0,1]}}`, 1), "the shape has 65 dimensions; at most 64"},
	} {
		_, _, err := decode(bytes.NewReader(c.file), int64(len(c.file)))
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 400 {
			t.Errorf("%s: %.500v, want %q", c.what, err, c.want)
		}
	}
	name := strings.Repeat("n", maxName)
	path, _ := write(t, []Tensor{New(name, []float32{1})}, nil)
	if got, _, err := Read(path); err != nil || got[0].Name != name {
		t.Errorf("a name of %d bytes: %.200v", maxName, err)
	}
	if err := Write(path, []Tensor{New(name+"n", []float32{1})}, nil); err == nil || len(err.Error()) > 400 {
		t.Errorf("a name of %d bytes was written: %.500v", maxName+1, err)
	}
}

// TestTruncated cuts a file at every length.
func TestTruncated(t *testing.T) {
	_, b := write(t, first(sample()), map[string]string{"step": "3"})
	for n := range b {
		if _, _, err := decode(bytes.NewReader(b[:n]), int64(n)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("cut to %d of %d bytes: %v", n, len(b), err)
		}
		// The same, noticed only while reading.
		if _, _, err := decode(bytes.NewReader(b[:n]), int64(len(b))); !errors.Is(err, ErrCorrupt) {
			t.Errorf("cut to %d of %d bytes while reading: %v", n, len(b), err)
		}
	}
	for _, more := range []string{"\x00", "{}", string(b)} {
		if _, _, err := decode(strings.NewReader(string(b)+more), int64(len(b)+len(more))); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d bytes more: %v", len(more), err)
		}
	}
}

// TestFlipped changes every byte in three ways.
func TestFlipped(t *testing.T) {
	_, b := write(t, first(sample()), map[string]string{"step": "3"})
	for i := range b {
		for _, mask := range []byte{1, 0x20, 0xff} {
			b[i] ^= mask
			if tensors, meta, err := decode(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrCorrupt) {
				t.Errorf("byte %d changed by %#x: %v %v %v", i, mask, tensors, meta, err)
			}
			b[i] ^= mask
		}
	}
	if _, _, err := decode(bytes.NewReader(b), int64(len(b))); err != nil {
		t.Error(err)
	}
}

func first[A, B any](a A, _ B) A { return a }

// FuzzRead: whatever the file, decode gives an error about its content or
// tensors that fit into it and survive being written again.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"go", "python"} {
		b, err := os.ReadFile("testdata/" + name + ".safetensors")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(file(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4))
	f.Add(file(`{"__metadata__":{"k":"v"},"b":{"dtype":"U8","shape":[2,0],"data_offsets":[0,0]}}`, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		tensors, meta, err := decode(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if !errors.Is(err, ErrCorrupt) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 5000 {
				t.Fatalf("error %v", err)
			}
			return
		}
		total := 0
		for _, x := range tensors {
			if err := x.check(); err != nil {
				t.Fatal(err)
			}
			total += len(x.Data)
		}
		if total > len(b) {
			t.Fatalf("%d bytes of tensors in a file of %d", total, len(b))
		}
		header, ordered, err := encodeHeader(tensors, meta)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range ordered {
			header = append(header, x.Data...)
		}
		again, metaAgain, err := decode(bytes.NewReader(header), int64(len(header)))
		if err != nil || !sameTensors(again, tensors) || !reflect.DeepEqual(meta, metaAgain) {
			t.Fatalf("written again: %v %v %v, was %v %v", again, metaAgain, err, tensors, meta)
		}
	})
}

func ExampleWrite() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "net.safetensors")
	if err := Write(path, []Tensor{New("w", []float32{1, 2, 3, 4}, 2, 2)}, map[string]string{"seed": "1"}); err != nil {
		fmt.Println(err)
		return
	}
	tensors, meta, err := Read(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	w, err := Values[float32](tensors[0])
	fmt.Println(tensors[0].Name, tensors[0].Shape, w, meta["seed"], err)
	// Output: w [2 2] [1 2 3 4] 1 <nil>
}
