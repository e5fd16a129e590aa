package datasets

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/idff-go/workbench/netcdf"
)

// sstNames are the variables that hold sea-surface temperature, in the order of
// looking: NOAA's name, that of GHRSST (OSTIA), that of climate models, and that of
// monthly OSTIA.
var sstNames = []string{"sst", "analysed_sst", "tos", "surface_temperature"}

// sstFile is an open file: where its temperatures are, and when.
type sstFile struct {
	path          string
	nc            *netcdf.File
	v             *netcdf.Var
	lat, lon      []float64 // of the region, increasing
	rows          run
	columns       []run
	flip          bool // latitudes decrease in the file
	axes          [3]int
	times         []time.Time
	fills         []float64
	scale, offset float64
	kelvin        bool
	unitless      bool
}

// openSST opens a file and finds a region in it; an error has the path.
func openSST(path string, region Region, variable string) (*sstFile, error) {
	nc, err := netcdf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("datasets: %w", err)
	}
	f := &sstFile{path: path, nc: nc}
	if err := f.describe(region, variable); err != nil {
		_ = nc.Close() // only read
		return nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	return f, nil
}

func (f *sstFile) close() { _ = f.nc.Close() } // only read

func (f *sstFile) describe(region Region, variable string) (err error) {
	if variable == "" {
		for _, name := range sstNames {
			if f.nc.Has(name) {
				variable = name
				break
			}
		}
	}
	if variable == "" {
		return fmt.Errorf("no variable is sea-surface temperature (%s); there are %s; name one if it is another", strings.Join(sstNames, ", "), shortList(f.nc.Names()))
	}
	if f.v, err = f.nc.Var(variable); err != nil {
		return err
	}
	if err := f.findAxes(); err != nil {
		return err
	}
	lat, err := f.axis(1, "latitude", 90)
	if err != nil {
		return err
	}
	lon, err := f.axis(2, "longitude", 720)
	if err != nil {
		return err
	}
	if f.rows, err = region.rows(lat); err != nil {
		return err
	}
	if f.columns, err = region.columns(lon); err != nil {
		return err
	}
	f.lat = slices.Clone(lat[f.rows.from : f.rows.from+f.rows.count])
	if f.flip = lat[0] > lat[len(lat)-1]; f.flip {
		slices.Reverse(f.lat)
	}
	for _, r := range f.columns {
		for _, v := range lon[r.from : r.from+r.count] {
			if n := len(f.lon); n > 0 && v < f.lon[n-1] {
				v += 360 // over the end of the longitudes
			}
			f.lon = append(f.lon, v)
		}
	}
	if err := f.readTimes(); err != nil {
		return err
	}
	return f.units()
}

// findAxes finds time, latitude and longitude among the dimensions, of which any
// other must have the length 1.
func (f *sstFile) findAxes() error {
	f.axes = [3]int{-1, -1, -1}
	for i, name := range f.v.Dims {
		switch name := strings.ToLower(name); {
		case name == "time" || name == "t":
			f.axes[0] = i
		case strings.HasPrefix(name, "lat") || name == "y":
			f.axes[1] = i
		case strings.HasPrefix(name, "lon") || name == "x":
			f.axes[2] = i
		case f.v.Shape[i] != 1:
			return fmt.Errorf("variable %s has %d levels of %q; sea-surface temperature has one", f.v.Name, f.v.Shape[i], name)
		}
	}
	if min(f.axes[0], f.axes[1], f.axes[2]) < 0 {
		return fmt.Errorf("variable %s has the dimensions %s; want time, lat and lon", f.v.Name, strings.Join(f.v.Dims, ", "))
	}
	if f.axes[1] > f.axes[2] {
		return fmt.Errorf("variable %s has longitude before latitude (%s), which is not read; turn it with ncpdq -a lat,lon", f.v.Name, strings.Join(f.v.Dims, ", "))
	}
	for _, i := range f.axes {
		if f.v.Shape[i] == 0 {
			return fmt.Errorf("variable %s is empty: its shape is %v", f.v.Name, f.v.Shape)
		}
	}
	return nil
}

// maxAxis bounds coordinates, whatever a file claims: a kilometre along the equator.
const maxAxis = 1 << 16

// axis reads the coordinate of latitude or longitude.
func (f *sstFile) axis(k int, what string, limit float64) ([]float64, error) {
	v, err := f.nc.Var(f.v.Dims[f.axes[k]])
	if err != nil {
		return nil, fmt.Errorf("no %s: %w", what, err)
	}
	n := f.v.Shape[f.axes[k]]
	if len(v.Shape) != 1 || v.Shape[0] != n || n > maxAxis {
		return nil, fmt.Errorf("%s has the shape %v for %d values", what, v.Shape, n)
	}
	x, err := unpacked(v)
	if err != nil {
		return nil, err
	}
	for i := range x {
		if !(math.Abs(x[i]) <= limit) {
			return nil, fmt.Errorf("%s %d is %g; want degrees", what, i, x[i])
		}
		if i > 1 {
			if step, first := x[i]-x[i-1], x[1]-x[0]; math.Abs(step-first) > 1e-2*math.Abs(first)+1e-5 {
				return nil, fmt.Errorf("%ss go by %g degrees, then from %g to %g; want a grid of equal steps", what, first, x[i-1], x[i])
			}
		}
	}
	if n > 1 && (x[0] == x[1] || k == 2 && x[1] < x[0]) {
		return nil, fmt.Errorf("%ss go from %g to %g; want them to increase", what, x[0], x[1])
	}
	return x, nil
}

// unpacked reads a coordinate, with its scale and offset where it has them.
func unpacked(v *netcdf.Var) ([]float64, error) {
	scale, offset, err := scaleOf(v)
	if err != nil {
		return nil, err
	}
	x, err := v.ReadAll()
	for i := range x {
		x[i] = x[i]*scale + offset
	}
	return x, err
}

// scaleOf is the scale and the offset of stored numbers, 1 and 0 where there are none.
func scaleOf(v *netcdf.Var) (scale, offset float64, err error) {
	scale = 1
	if s, ok := v.Number("scale_factor"); ok {
		scale = s
	}
	offset, _ = v.Number("add_offset")
	if scale == 0 || scale-scale != 0 || offset-offset != 0 {
		err = fmt.Errorf("variable %s has the scale %g and the offset %g", v.Name, scale, offset)
	}
	return scale, offset, err
}

// readTimes reads "days since 1800-01-01 00:00:0.0" and the like.
func (f *sstFile) readTimes() error {
	v, err := f.nc.Var(f.v.Dims[f.axes[0]])
	if err != nil {
		return fmt.Errorf("no times: %w", err)
	}
	n := f.v.Shape[f.axes[0]]
	if len(v.Shape) != 1 || v.Shape[0] != n {
		return fmt.Errorf("time has the shape %v for %d frames", v.Shape, n)
	}
	if c := strings.ToLower(v.Text("calendar")); c != "" && c != "standard" && c != "gregorian" && c != "proleptic_gregorian" {
		return fmt.Errorf("the calendar is %.30q; the Gregorian one is read", c)
	}
	unit, epoch, err := timeUnits(v.Text("units"))
	if err != nil {
		return err
	}
	x, err := unpacked(v)
	if err != nil {
		return err
	}
	for i, t := range x {
		seconds := t * unit.Seconds()
		if !(math.Abs(seconds) < 3e10) { // a thousand years, and NaN
			return fmt.Errorf("time %d is %g %s", i, t, v.Text("units"))
		}
		f.times = append(f.times, time.Unix(epoch.Unix()+60*int64(math.Round(seconds/60)), 0).UTC()) // no Duration, which ends at 292 years
	}
	return nil
}

// timeUnits reads the unit and the beginning of a time axis.
func timeUnits(text string) (unit time.Duration, epoch time.Time, err error) {
	fail := func() (time.Duration, time.Time, error) {
		return 0, epoch, fmt.Errorf(`the unit of time is %.60q; want "days since 1800-01-01" or the like`, text)
	}
	name, since, ok := strings.Cut(text, " since ")
	if !ok {
		return fail()
	}
	units := map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	if unit, ok = units[strings.TrimSuffix(strings.ToLower(strings.TrimSpace(name)), "s")]; !ok {
		return fail()
	}
	var year, month, day, hour, minute int
	var second float64
	since = strings.NewReplacer("T", " ", "Z", "").Replace(strings.TrimSpace(since))
	if n, _ := fmt.Sscanf(since, "%d-%d-%d %d:%d:%f", &year, &month, &day, &hour, &minute, &second); n < 3 {
		return fail()
	}
	if _, clock, _ := strings.Cut(since, " "); strings.ContainsAny(clock, "+-") && strings.Trim(clock[strings.IndexAny(clock, "+-"):], "+-0: ") != "" {
		return 0, epoch, fmt.Errorf("time is counted from %.40q, in a time zone; UTC is read", since)
	}
	if year < 1583 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, epoch, fmt.Errorf("time is counted from %.30q; dates from 1583 on are read, when the Gregorian calendar had begun", since)
	}
	return unit, time.Date(year, time.Month(month), day, hour, minute, int(second), 0, time.UTC), nil
}

// units finds out whether the file is in °C or kelvin, and how numbers are stored.
func (f *sstFile) units() error {
	var err error
	if f.scale, f.offset, err = scaleOf(f.v); err != nil {
		return err
	}
	for _, name := range []string{"_FillValue", "missing_value"} {
		if v, ok := f.v.Number(name); ok {
			f.fills = append(f.fills, v)
		}
	}
	unit := f.v.Text("units")
	switch strings.NewReplacer(" ", "", "_", "", ".", "").Replace(strings.ToLower(unit)) {
	case "k", "kelvin", "kelvins", "degk", "degreek", "degreesk", "degreeskelvin":
		f.kelvin = true
	case "":
		f.unitless = true
	case "c", "°c", "celsius", "celcius", "degc", "degreec", "degreesc", "degcelsius", "degreecelsius", "degreescelsius":
	default:
		return fmt.Errorf("variable %s is in %.30q; temperature is read in °C or kelvin", f.v.Name, unit)
	}
	return nil
}

// read reads frame k of the region in °C, NaN where there is no value.
func (f *sstFile) read(k int) ([]float32, error) {
	start, count := make([]int, len(f.v.Shape)), make([]int, len(f.v.Shape))
	for i := range count {
		count[i] = 1
	}
	start[f.axes[0]] = k
	start[f.axes[1]], count[f.axes[1]] = f.rows.from, f.rows.count
	width := len(f.lon)
	out := make([]float32, f.rows.count*width)
	at := 0
	for _, r := range f.columns {
		start[f.axes[2]], count[f.axes[2]] = r.from, r.count
		part, err := f.v.Read(start, count)
		if err != nil {
			return nil, fmt.Errorf("datasets: %w", err)
		}
		for i, raw := range part {
			row := i / r.count
			if f.flip {
				row = f.rows.count - 1 - row
			}
			out[row*width+at+i%r.count] = f.celsius(raw)
		}
		at += r.count
	}
	return out, f.plausible(out, k)
}

// celsius turns a stored number into °C.
func (f *sstFile) celsius(raw float64) float32 {
	for _, fill := range f.fills {
		if raw == fill || math.Abs(raw-fill) <= 1e-6*math.Abs(fill) {
			return float32(math.NaN())
		}
	}
	if math.Abs(raw) > 1e30 {
		return float32(math.NaN())
	}
	v := raw*f.scale + f.offset
	if f.kelvin {
		v -= 273.15
	}
	return float32(v)
}

// plausible refuses what cannot be the temperature of a sea, and sees kelvin where
// the file names no unit.
func (f *sstFile) plausible(values []float32, k int) error {
	if f.unitless {
		f.unitless = false // the first value decides
		for _, v := range values {
			if v > 150 && v < 350 {
				f.kelvin = true
			}
		}
		if f.kelvin {
			for i := range values {
				values[i] -= 273.15
			}
		}
	}
	for i, v := range values {
		if v > -5 && v < 50 || v != v {
			continue
		}
		hint := "the scale, or the variable, is another"
		if v > 250 && v < 330 {
			hint = "they seem to be kelvin under the name of °C; correct the attribute units (ncatted)"
		}
		return fmt.Errorf("datasets: %s: %s at latitude %.4g, longitude %.4g on %s is %.4g °C, which no sea has: %s", f.path, f.v.Name,
			f.lat[i/len(f.lon)], f.lon[i%len(f.lon)], f.times[k].Format(time.DateOnly), v, hint)
	}
	return nil
}

func shortList(names []string) string {
	if len(names) > 12 {
		names = append(slices.Clone(names[:12]), "...")
	}
	if len(names) == 0 {
		return "none"
	}
	return fmt.Sprintf("%.300s", strings.Join(names, ", "))
}
