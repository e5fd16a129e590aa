package netcdf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func open(t testing.TB, name string) *File {
	t.Helper()
	f, err := Open(filepath.Join("testdata", name+".nc"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// TestRead reads random parts of each of make.py's files, whose value number i is i % 30000 - 100.
func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, kind string
		shape      []int
	}{
		{"contiguous", "int16", nil}, {"chunk_day", "int16", nil}, {"chunk_days", "int16", nil}, {"chunk_odd", "float32", nil}, {"chunk_part", "float64", nil},
		{"chunk_plain", "int32", nil}, {"fletcher", "int16", nil}, {"fletcher_only", "int16", nil}, {"big_endian", "float32", nil}, {"bytes", "int8", []int{1, 10, 12}},
		{"zlev", "int16", []int{2, 1, 12, 20}}, {"attributes", "int16", nil}, {"classic", "int16", nil}, {"records", "int16", []int{5, 3, 7}},
		{"offset64", "float32", nil}, {"data64", "float64", nil}, {"h5py", "float32", nil}, {"many_attributes", "int16", []int{5, 3, 7}},
	} {
		f := open(t, c.name)
		v, err := f.Var("sst")
		if err != nil {
			t.Fatal(err)
		}
		shape := c.shape
		if shape == nil {
			shape = []int{5, 12, 20}
		}
		if !slices.Equal(v.Shape, shape) || v.String() != fmt.Sprintf("sst%v of %s", shape, c.kind) {
			t.Errorf("%s: %v of shape %v, want %s of %v", c.name, v, v.Shape, c.kind, shape)
			continue
		}
		rng := rand.New(rand.NewPCG(1, 2))
		for range 40 {
			start, count := make([]int, len(shape)), make([]int, len(shape))
			for i, d := range shape {
				start[i] = rng.IntN(d)
				count[i] = 1 + rng.IntN(d-start[i])
			}
			got, err := v.Read(start, count)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			index := make([]int, len(shape))
			for _, g := range got {
				at := 0
				for i, d := range shape {
					at = at*d + start[i] + index[i]
				}
				want := float64(at%30000 - 100)
				if c.kind == "int8" {
					want = float64(int8(at - 100))
				}
				if g != want {
					t.Fatalf("%s: part %v of %v at %v is %g, want %g", c.name, count, start, index, g, want)
				}
				advance(index, count, len(shape)-1)
			}
		}
	}
}

func TestDescription(t *testing.T) {
	for _, name := range []string{"chunk_day", "contiguous", "attributes", "classic", "records", "offset64", "data64"} {
		f := open(t, name)
		v, err := f.Var("sst")
		if err != nil {
			t.Fatal(err)
		}
		scale, ok := v.Number("scale_factor")
		fill, _ := v.Number("_FillValue")
		if !slices.Equal(v.Dims, []string{"time", "lat", "lon"}) || v.Text("units") != "degree_C" || !ok || float32(scale) != .01 || fill != -999 {
			t.Errorf("%s: dimensions %v, units %q, scale %g, fill %g", name, v.Dims, v.Text("units"), scale, fill)
		}
		if _, ok := v.Number("units"); ok || v.Text("nothing") != "" {
			t.Errorf("%s: attributes that are not there", name)
		}
		time, err := f.Var("time")
		if err != nil || !slices.Equal(time.Dims, []string{"time"}) || time.Text("units") != "days since 1800-01-01 00:00:0.0" {
			t.Errorf("%s: time has %v, %v", name, time, err)
			continue
		}
		days, err := time.ReadAll()
		if err != nil || days[1] != 80001.5 {
			t.Errorf("%s: days %v, %v", name, days, err)
		}
		if !slices.Contains(f.Names(), "lat") || !f.Has("lat") || f.Has("lon") { // lon is a dimension without values
			t.Errorf("%s: variables %v", name, f.Names())
		}
	}
	if v, _ := open(t, "attributes").Var("sst"); v.Text("note17") != "text number 17" || v.Text("note00") != "text number 0" {
		t.Error("attributes in a heap are lost")
	}
	if v, _ := open(t, "many_attributes").Var("sst"); v.Text("note59") != "text number 59" || v.Text("note00") != "text number 0" || v.Text("units") != "degree_C" {
		t.Error("attributes in an index of two levels are lost")
	}
	many := open(t, "many")
	for i := range 60 {
		v, err := many.Var(fmt.Sprintf("v%02d", i))
		if err != nil {
			t.Fatal(err)
		}
		if x, err := v.ReadAll(); err != nil || !slices.Equal(x, []float64{float64(i), float64(i), float64(i), float64(i)}) {
			t.Errorf("variable %d of 60: %v, %v", i, x, err)
		}
	}
	if v, _ := open(t, "h5py").Var("sst"); v.Text("units") != "kelvin" {
		t.Error("text of any length is lost")
	}
}

// TestUnwritten: chunks that were never written hold the fill value, NetCDF's default where the variable names none.
func TestUnwritten(t *testing.T) {
	for name, fill := range map[string]float64{"unwritten": -999, "unwritten_i1": -127, "unwritten_i2": -32767, "unwritten_u2": 65535, "unwritten_f4": float64(float32(9.9692099683868690e36))} {
		v, err := open(t, name).Var("sst")
		if err != nil {
			t.Fatal(err)
		}
		all, err := v.ReadAll()
		if err != nil || len(all) != 4*12*20 {
			t.Fatal(len(all), err)
		}
		for i, x := range all {
			want := fill
			if i == (3*12+4)*20+5 {
				want = 7
			}
			if x != want {
				t.Fatalf("%s: value %d is %g, want %g", name, i, x, want)
			}
		}
	}
}

// TestStreaming: a classic file whose number of records was never written down.
func TestStreaming(t *testing.T) {
	file := bytesOf(t, "records")
	binary.BigEndian.PutUint32(file[4:], 0xffffffff)
	f, err := New(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := f.Var("sst"); err != nil || v.Shape[0] != 5 {
		t.Errorf("%v, %v", v, err)
	}
}

func bytesOf(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".nc"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBad: one clear line each.
func TestBad(t *testing.T) {
	day, classic := bytesOf(t, "chunk_day"), bytesOf(t, "classic")
	for _, c := range []struct {
		what string
		file []byte
		want string
	}{
		{"empty", nil, "the file is empty"},
		{"text", []byte("time,sst\n0,1\n"), `this is no NetCDF file: it starts with "time,sst"`},
		{"gzip", []byte("\x1f\x8b\x08\x00"), "compressed with gzip; unpack it first"},
		{"GRIB", []byte("GRIB\x00\x00\x00\x01"), "this is a GRIB file"},
		{"HDF5 cut", day[:len(day)/2], fmt.Sprintf("the file is cut short: it should have %d bytes, but has %d", len(day), len(day)/2)},
		{"HDF5 cut at once", day[:20], "the file is cut short: it has 20 bytes"},
		{"classic cut in its data", classic[:len(classic)-1], fmt.Sprintf("the file is cut short: variable sst reaches to byte %d, the file has %d", len(classic), len(classic)-1)},
		{"classic cut in its header", classic[:60], "the header is cut short or damaged"},
		{"classic of version 9", []byte("CDF\x09\x00\x00\x00\x00"), "version 9 of the classic format"},
		{"latest", bytesOf(t, "latest"), `libver="latest", whose chunks are not read; write it again`},
	} {
		_, err := New(bytes.NewReader(c.file), int64(len(c.file)))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "netcdf: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
	f := open(t, "chunk_day")
	if _, err := f.Var("anom"); err == nil || err.Error() != `netcdf: `+filepath.Join("testdata", "chunk_day.nc")+` has no variable "anom"; it has lat, sst, time` {
		t.Errorf("unknown variable: %v", err)
	}
	v, _ := f.Var("sst")
	for _, part := range [][2][]int{{{0, 0}, {1, 1}}, {{5, 0, 0}, {1, 1, 1}}, {{0, -1, 0}, {1, 1, 1}}, {{0, 0, 0}, {1, 13, 1}}} {
		if _, err := v.Read(part[0], part[1]); err == nil || !strings.Contains(err.Error(), "variable sst: ") {
			t.Errorf("part %v: %v", part, err)
		}
	}
	if _, err := Open("testdata"); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Open("missing.nc"); err == nil || !strings.Contains(err.Error(), "missing.nc: no such file") {
		t.Errorf("no file: %v", err)
	}
	// Compressed data that are damaged: found when they are read.
	at := bytes.LastIndex(day, []byte{0x78, 0x5e})
	if at < 0 {
		t.Fatal("no compressed chunk")
	}
	damaged := slices.Clone(day)
	for i := range 8 {
		damaged[at+8+i] ^= 0xff
	}
	f, err := New(bytes.NewReader(damaged), int64(len(damaged)))
	if err != nil {
		t.Fatal(err)
	}
	v, _ = f.Var("sst")
	if _, err := v.ReadAll(); err == nil || !strings.Contains(err.Error(), "the file is damaged") {
		t.Errorf("damaged chunk: %v", err)
	}
}

// FuzzRead: whatever the file, numbers or an error of one line, soon and in little memory.
func FuzzRead(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("testdata", "*.nc"))
	if err != nil || len(names) < 15 {
		f.Fatal(err, len(names))
	}
	for _, name := range names {
		f.Add(bytesOf(f, strings.TrimSuffix(filepath.Base(name), ".nc")))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		nc, err := New(bytes.NewReader(file), int64(len(file)))
		if err == nil {
			for _, v := range nc.vars {
				_, _, _ = v.String(), v.Text("units"), v.Dims
				count := slices.Clone(v.Shape)
				for i := range count {
					count[i] = min(count[i], 3)
				}
				if _, err = v.Read(make([]int, len(count)), count); err != nil && strings.Contains(err.Error(), "\n") {
					t.Fatalf("error %q", err)
				}
				n := 1
				for _, d := range v.Shape {
					n *= min(d, 1<<10)
				}
				if n <= 1<<14 {
					_, err = v.ReadAll()
				}
			}
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Fatalf("error %q", err)
		}
	})
}

func ExampleOpen() {
	f, err := Open("testdata/chunk_odd.nc")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = f.Close() }()
	sst, err := f.Var("sst")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sst, sst.Dims, sst.Text("units"))
	box, err := sst.Read([]int{4, 10, 17}, []int{1, 2, 3})
	fmt.Println(box, err)
	// Output:
	// sst[5 12 20] of float32 [time lat lon] degree_C
	// [1077 1078 1079 1097 1098 1099] <nil>
}
