package datasets

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/idff-go/workbench/netcdf"
)

func sstPath(name string) string { return filepath.Join("testdata", "sst", name+".nc") }

func sstPaths(t testing.TB, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "sst", pattern))
	if err != nil || len(paths) == 0 {
		t.Fatal(pattern, err)
	}
	return paths
}

// madeSST is the temperature of testdata's make.py.
func madeSST(at time.Time, lat, lon float64) float64 {
	days := math.Floor(at.Sub(time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)).Hours() / 24)
	return math.Round(100*(25-math.Abs(lat)/5+lon/50+days/100)) / 100
}

// TestReadSST reads every layout, whole and in parts, and compares with the formula.
func TestReadSST(t *testing.T) {
	wide := Region{South: -1.4, North: .5, West: 201, East: 202.9}
	for _, c := range []struct {
		what           string
		paths          []string
		region         Region
		frames, h, w   int
		first          string
		land           int
		note, variable string
	}{
		{what: "NCEI", paths: sstPaths(t, "ncei/*.nc"), frames: 4, h: 12, w: 20, first: "2019-12-30", land: 8},
		{what: "NCEI backwards", paths: reversed(sstPaths(t, "ncei/*.nc")), region: wide, frames: 4, h: 8, w: 8, first: "2019-12-30"},
		{what: "PSL", paths: sstPaths(t, "psl/*.nc"), frames: 9, h: 12, w: 20, first: "2019-12-27", land: 8},
		{what: "PSL and NCEI in one", paths: []string{sstPath("psl/sst.day.mean.2019"), sstPath("ncei/oisst-avhrr-v02r01.20200101")}, region: wide, frames: 6, h: 8, w: 8, first: "2019-12-27"},
		{what: "chunks of several days and parts of a map", paths: []string{sstPath("chunks")}, region: wide, frames: 5, h: 8, w: 8, first: "2019-12-27"},
		{what: "counted from 1601, packed axes", paths: []string{sstPath("old_packed")}, frames: 5, h: 12, w: 20, first: "2019-12-27", land: 8},
		{what: "box", paths: []string{sstPath("sst.day.mean.box84")}, frames: 5, h: 6, w: 6, first: "2019-12-27"},
		{what: "classic box", paths: []string{sstPath("box_classic")}, frames: 5, h: 6, w: 6, first: "2019-12-27"},
		{what: "ERSST", paths: []string{sstPath("north_first")}, frames: 14, h: 7, w: 15, first: "2019-01-01", land: 27},
		{what: "over Greenwich", paths: []string{sstPath("north_first")}, region: Region{South: -2, North: 6, West: -50, East: 48}, frames: 14, h: 5, w: 5, first: "2019-01-01", land: 3},
		{what: "GHRSST", paths: []string{sstPath("ghrsst")}, frames: 3, h: 12, w: 20, first: "2020-02-28", land: 8, note: "converted from kelvin to °C"},
		{what: "kelvin without a name", paths: []string{sstPath("bad/kelvin_unnamed")}, frames: 2, h: 12, w: 20, first: "2020-01-01", land: 8, note: "converted from kelvin to °C"},
	} {
		m, err := SSTReader{Region: c.region, Variable: c.variable}.Read(c.paths...)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if m.Frames != c.frames || m.Height != c.h || m.Width != c.w || m.Times[0].Format(time.DateOnly) != c.first || m.Size()-len(m.Sea()) != c.land || strings.Join(m.Notes, "") != c.note || m.Unit != "°C" {
			t.Errorf("%s: %v, unit %q, %d pixels of land", c.what, m, m.Unit, m.Size()-len(m.Sea()))
			continue
		}
		if !slices.IsSorted(m.Lat) || !slices.IsSorted(m.Lon) {
			t.Errorf("%s: latitudes %v, longitudes %v", c.what, m.Lat, m.Lon)
		}
		for k := range m.Frames {
			for _, i := range m.Sea() {
				lat, lon := m.Lat[i/m.Width], math.Mod(m.Lon[i%m.Width], 360)
				if got, want := float64(m.Frame(0, k)[i]), madeSST(m.Times[k], lat, lon); math.Abs(got-want) > .0051 {
					t.Fatalf("%s: %g at %g N, %g E on %v, want %g", c.what, got, lat, lon, m.Times[k], want)
				}
			}
		}
	}
	m := MustReadSST(sstPath("psl/sst.day.mean.2020"))
	if m.Name() != "sst.day.mean.2020" || m.String() != "sst.day.mean.2020: 4 frames of 12 x 20, latitude -1.875 to 0.875, longitude 200.1 to 204.9, 2020-01-01 to 2020-01-04, 3% land" {
		t.Error(m)
	}
	masked, err := SSTReader{MaskGaps: true}.Read(sstPath("bad/gap"))
	if err != nil || masked.Size()-len(masked.Sea()) != 9 || masked.Notes[0] != "1 pixels lacked some frames and are taken for land" {
		t.Errorf("gaps: %v, %v", masked, err)
	}
}

func reversed(s []string) []string {
	slices.Reverse(s)
	return s
}

// TestBadSST: one clear line each.
func TestBadSST(t *testing.T) {
	cut := filepath.Join(t.TempDir(), "sst.day.mean.2021.nc")
	whole := bytesOf(t, sstPath("psl/sst.day.mean.2020"))
	if err := os.WriteFile(cut, whole[:len(whole)-4000], 0o600); err != nil {
		t.Fatal(err)
	}
	year := sstPath("psl/sst.day.mean.2020")
	for _, c := range []struct {
		what  string
		r     SSTReader
		paths []string
		want  string
	}{
		{"none", SSTReader{}, nil, "no files of sea-surface temperature given"},
		{"no file", SSTReader{}, []string{"missing.nc"}, "missing.nc: no such file"},
		{"cut short", SSTReader{}, []string{cut}, "is cut short: it should have"},
		{"no NetCDF", SSTReader{}, []string{filepath.Join("testdata", "sst", "make.py")}, "this is no NetCDF file"},
		{"another variable", SSTReader{}, []string{sstPath("bad/anomaly")}, "no variable is sea-surface temperature (sst, analysed_sst, tos, surface_temperature); there are anom, lat, lon, time"},
		{"a variable that is not there", SSTReader{Variable: "ice"}, []string{year}, `has no variable "ice"; it has lat, lon, sst, time`},
		{"another unit", SSTReader{}, []string{sstPath("bad/fahrenheit")}, `variable sst is in "degF"; temperature is read in °C or kelvin`},
		{"kelvin named Celsius", SSTReader{}, []string{sstPath("bad/kelvin_named_celsius")}, "which no sea has: they seem to be kelvin under the name of °C; correct the attribute units"},
		{"no sea's temperature", SSTReader{}, []string{sstPath("bad/hot")}, "sst at latitude 0.125, longitude 202.4 on 2020-01-01 is 77 °C, which no sea has"},
		{"another grid", SSTReader{}, []string{year, sstPath("bad/other_grid")}, "has another grid (12 x 20 from -1.625 N, 200.1 E) than"},
		{"a missing day", SSTReader{}, []string{sstPath("bad/missing_day")}, "datasets: 2020-01-03 is missing"},
		{"a missing month", SSTReader{}, []string{sstPath("bad/month_missing")}, "datasets: 2019-04 is missing"},
		{"a day twice", SSTReader{}, []string{sstPath("bad/twice")}, "a frame is there twice, or times do not increase"},
		{"a file twice", SSTReader{}, []string{year, year}, "a frame is there twice"},
		{"a gap", SSTReader{}, []string{sstPath("bad/gap")}, "the pixel at latitude 0.125, longitude 202.4 lacks 1 of 3 frames; set MaskGaps"},
		{"only land", SSTReader{}, []string{sstPath("bad/land")}, "all 240 pixels are land; take another region"},
		{"a region of land", SSTReader{Region: Region{-2, -1, 200, 200.4}}, []string{year}, "all 8 pixels are land"},
		{"a region elsewhere", SSTReader{Region: Region{30, 40, 200, 202}}, []string{year}, "no row lies in latitudes 30 to 40; the grid's are -1.875 to 0.875"},
		{"a region in the west", SSTReader{Region: Region{-1, 1, 10, 20}}, []string{year}, "no column lies in longitudes 10 to 20; the grid's are 200.1 to 204.9"},
		{"an upside-down region", SSTReader{Region: Region{1, -1, 200, 202}}, []string{year}, "latitudes are 1 to -1; want South below North"},
		{"a region without width", SSTReader{Region: Region{-1, 1, 200, 200}}, []string{year}, "West and East are both 200"},
		{"another calendar", SSTReader{}, []string{sstPath("bad/noleap")}, `the calendar is "noleap"`},
	} {
		_, err := c.r.Read(c.paths...)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "datasets: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
	_, err := ReadSST(sstPath("ncei/oisst-avhrr-v02r01.20191230"), sstPath("ncei/oisst-avhrr-v02r01.20191231"), sstPath("ncei/oisst-avhrr-v02r01.20200102"))
	if err == nil || !strings.Contains(err.Error(), "2020-01-01 is missing: "+sstPath("ncei/oisst-avhrr-v02r01.20191231")+" goes on with 2020-01-02") {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := DYffusionBoxes(t.TempDir()); err == nil || !strings.Contains(err.Error(), "sst.day.mean.box84.nc: no such file") {
		t.Errorf("boxes: %v", err)
	}
	for text, want := range map[string]string{"fortnights since 2000-01-01": "want", "days": "want", "days since yesterday": "want", "days since 1-1-1 00:00:00": "from 1583 on", "hours since 2020-01-01 00:00:00 +06:00": "in a time zone; UTC is read", "hours since 2020-01-01T00:00:00-6": "in a time zone"} {
		if _, _, err := timeUnits(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestTimeUnits: forms of one beginning.
func TestTimeUnits(t *testing.T) {
	for _, since := range []string{"1978-01-01", "1978-1-1 0:0:0.0", "1978-01-01T00:00:00Z", "1978-01-01 00:00:00 UTC", "1978-01-01 00:00:00 +00:00", "1978-01-01T00:00:00-0:00"} {
		if unit, epoch, err := timeUnits("hours since " + since); err != nil || unit != time.Hour || epoch != time.Date(1978, 1, 1, 0, 0, 0, 0, time.UTC) {
			t.Errorf("%s: %v, %v, %v", since, unit, epoch, err)
		}
	}
}

// TestHourlyFrames: frames of one day are no frames that are there twice.
func TestHourlyFrames(t *testing.T) {
	first := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for step, want := range map[time.Duration]string{6 * time.Hour: "datasets: b.nc: two frames on 2020-01-01, 6 hours apart; a frame a day, or fewer, is read: take daily means (cdo daymean)", 0: "a frame is there twice", -time.Hour: "a frame is there twice"} {
		if err := checkTimes([]time.Time{first, first.Add(step)}, []string{"a.nc", "b.nc"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", step, err, want)
		}
	}
}

// TestStreamSST: Each keeps no frame: what it allocates does not grow with their number beyond a few frames' worth each.
func TestStreamSST(t *testing.T) {
	paths := sstPaths(t, "psl/*.nc")
	n, last := 0, time.Time{}
	err := SSTReader{}.Each(paths, func(f SSTFrame) error {
		if n++; !f.Time.After(last) || len(f.Celsius) != 240 || f.Celsius[0] == f.Celsius[0] {
			t.Errorf("frame %v with %d values, first %g", f.Time, len(f.Celsius), f.Celsius[0])
		}
		last = f.Time
		return nil
	})
	if err != nil || n != 9 {
		t.Fatal(n, err)
	}
	stop := fmt.Errorf("enough")
	if err := (SSTReader{}).Each(paths, func(SSTFrame) error { return stop }); err != stop {
		t.Errorf("%v, want the error of do", err)
	}
	// A classic file of 3000 frames of 64 x 64: 49 MB, of which a box is read in little memory.
	path := filepath.Join(t.TempDir(), "long.nc")
	writeClassic(t, path, 3000, 64, 64)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m, err := SSTReader{Region: Region{10, 17, 20, 27}}.Read(path)
	runtime.ReadMemStats(&after)
	if err != nil || m.Frames != 3000 || m.Size() != 64 {
		t.Fatal(m, err)
	}
	if total := after.TotalAlloc - before.TotalAlloc; total > 30<<20 { // of it 0.8 MB are kept, and append doubles
		t.Errorf("%d MiB allocated for 3000 boxes of 8 x 8", total>>20)
	}
}

// writeClassic writes a classic file of float32 temperatures, 20 everywhere, a record a day, with one degree between pixels.
func writeClassic(t *testing.T, path string, days, height, width int) {
	t.Helper()
	var b bytes.Buffer
	u32 := func(values ...int) {
		for _, v := range values {
			b.Write([]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
		}
	}
	text := func(s string) {
		u32(len(s))
		b.WriteString(s + strings.Repeat("\x00", -len(s)&3))
	}
	f32 := func(v float32) { u32(int(math.Float32bits(v))) }
	b.WriteString("CDF\x01")
	u32(days, 10, 3)
	for i, n := range []string{"time", "lat", "lon"} {
		text(n)
		u32([]int{0, height, width}[i])
	}
	u32(0, 0, 11, 4)
	const header = 320
	coordinates := header + 4*(height+width)
	for i, n := range []string{"lat", "lon"} {
		text(n)
		u32(1, i+1, 0, 0, 5, 4*[]int{height, width}[i], header+4*height*i)
	}
	text("time")
	u32(1, 0, 12, 1)
	text("units")
	u32(2)
	text("days since 1990-01-01")
	u32(5, 4, coordinates)
	text("sst")
	u32(3, 0, 1, 2, 0, 0, 5, 4*height*width, coordinates+4)
	b.Write(make([]byte, header-b.Len()))
	for i := range height {
		f32(float32(i))
	}
	for i := range width {
		f32(float32(i))
	}
	for k := range days {
		f32(float32(k))
		for range height * width {
			f32(20)
		}
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// FuzzSST: whatever the file, an error of one line or sound maps.
func FuzzSST(f *testing.F) {
	for _, pattern := range []string{"*.nc", "*/*.nc"} {
		for _, path := range sstPaths(f, pattern) {
			f.Add(bytesOf(f, path))
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		nc, err := netcdf.New(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return // package netcdf has its own
		}
		s := &sstFile{path: "fuzz", nc: nc}
		if err = s.describe(Region{}, ""); err == nil && len(s.lat)*len(s.lon) < 1<<16 {
			var values []float32
			if values, err = s.read(0); err == nil && len(values) != len(s.lat)*len(s.lon) {
				t.Fatal(len(values))
			}
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Fatalf("error %q", err)
		}
	})
}

func ExampleSSTReader() {
	r := SSTReader{Region: Region{South: -1, North: .5, West: 201, East: 203}}
	m, err := r.Read("testdata/sst/psl/sst.day.mean.2020.nc", "testdata/sst/psl/sst.day.mean.2019.nc")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m)
	// Output: sst.day.mean.2020: 9 frames of 6 x 8, latitude -0.875 to 0.375, longitude 201.1 to 202.9, 2019-12-27 to 2020-01-04
}
