package datasets

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// SSTReader reads sea-surface temperature from NetCDF files as they are
// downloaded: OISST from NCEI (a day a file, int16) and PSL (a year a file,
// float32), its boxes for DYffusion, ERSST, GHRSST files such as OSTIA's, and
// others with a variable of dimensions time, latitude and longitude. sst/README.md
// says where to get them. Zero values of the fields are sensible.
type SSTReader struct {
	Region   Region
	Variable string // "": sst, analysed_sst, tos or surface_temperature, the first that there is
	// MaskGaps takes pixels that lack some frames, not all, for land. Otherwise
	// they are an error.
	MaskGaps bool
}

// ReadSST reads the whole grid of files; see SSTReader.Read.
func ReadSST(paths ...string) (*Maps, error) { return SSTReader{}.Read(paths...) }

// MustReadSST is ReadSST for notebooks: an error prints one line and ends the
// program.
func MustReadSST(paths ...string) *Maps { return must(ReadSST(paths...)) }

// MustRead is Read for notebooks: an error prints one line and ends the program.
func (r SSTReader) MustRead(paths ...string) *Maps { return must(r.Read(paths...)) }

// SSTFrame is a frame of Each.
type SSTFrame struct {
	Time     time.Time
	Celsius  []float32 // shape [len(Lat), len(Lon)], NaN where there is no value
	Lat, Lon []float64 // of the region; shared by all frames
}

// maxSST is how many values Read takes into memory: 4 GiB.
const maxSST = 1 << 30

// Read reads files into Maps of one series: frames in the order of time, whatever
// that of the paths, in °C. Scale and offset are applied and kelvin converted, as
// Notes says then. Pixels without a value in any frame are land.
//
// It is an error if a file cannot be read, has another variable or grid than the
// first, or temperatures that no sea has; if a day, or a month of monthly maps, is
// missing or there twice; if the region has no pixel or only land; if a pixel lacks
// some frames; if it all takes more than 4 GiB or than there is memory (take a smaller Region, or Each). Frames are a
// day, days or months apart. The attributes valid_min, valid_max and valid_range are not looked at.
func (r SSTReader) Read(paths ...string) (*Maps, error) {
	m := &Maps{Series: 1, Unit: "°C", name: "sst"}
	if len(paths) > 0 {
		m.name = stem(paths[0])
	}
	var missing []int32 // frames that each pixel lacks
	order, frames, err := r.order(paths)
	if err != nil {
		return nil, err
	}
	each := func(f SSTFrame) error {
		if m.Frames == 0 {
			m.Height, m.Width, m.Lat, m.Lon = len(f.Lat), len(f.Lon), f.Lat, f.Lon
			what := fmt.Sprintf("datasets: %s: %d frames of %d x %d", m.name, frames, m.Height, m.Width)
			if frames > maxSST/m.Size() {
				return fmt.Errorf("%s take more than 4 GiB; take a smaller Region, or SSTReader.Each, which keeps one frame", what)
			}
			if err := room(what, 4*int64(frames)*int64(m.Size())); err != nil {
				return err
			}
			m.Values, missing = make([]float32, 0, frames*m.Size()), make([]int32, m.Size())
		}
		for i, v := range f.Celsius {
			if v != v {
				missing[i]++
				f.Celsius[i] = 0
			}
		}
		m.Values = append(m.Values, f.Celsius...)
		m.Times = append(m.Times, f.Time)
		m.Frames++
		return nil
	}
	notes, err := r.each(order, each)
	if err != nil {
		return nil, err
	}
	m.Notes = notes
	return m, r.mask(m, missing)
}

// mask makes pixels without values land.
func (r SSTReader) mask(m *Maps, missing []int32) error {
	land := make([]bool, m.Size())
	gaps := 0
	for i, n := range missing {
		land[i] = n == int32(m.Frames) || n > 0 && r.MaskGaps
		if n > 0 && n < int32(m.Frames) {
			gaps++
			if !r.MaskGaps {
				return fmt.Errorf("datasets: %s: the pixel at latitude %.4g, longitude %.4g lacks %d of %d frames; set MaskGaps to take such pixels for land", m.name, m.Lat[i/m.Width], m.Lon[i%m.Width], n, m.Frames)
			}
		}
	}
	if slices.Contains(land, true) {
		m.Land = land
	}
	if gaps > 0 {
		m.Notes = append(m.Notes, fmt.Sprintf("%d pixels lacked some frames and are taken for land", gaps))
	}
	m.clearLand(m.Values)
	if err := m.check(); err != nil {
		return fmt.Errorf("datasets: %s: %w", m.name, err)
	}
	return nil
}

// Each calls do with one frame after the other, in the order of time, and keeps
// none: years of the globe pass in the memory of a frame or two. It fails where
// Read does but for land, and where do does, with the error of do.
func (r SSTReader) Each(paths []string, do func(SSTFrame) error) error {
	order, _, err := r.order(paths)
	if err != nil {
		return err
	}
	_, err = r.each(order, do)
	return err
}

// each is Each of files in the order of time.
func (r SSTReader) each(order []string, do func(SSTFrame) error) (notes []string, err error) {
	kelvin := false
	var lat, lon []float64
	for _, path := range order {
		f, err := openSST(path, r.Region, r.Variable)
		if err != nil {
			return nil, err
		}
		if lat == nil {
			lat, lon = f.lat, f.lon
		}
		for k := range f.times {
			values, err := f.read(k)
			if err == nil {
				err = do(SSTFrame{Time: f.times[k], Celsius: values, Lat: lat, Lon: lon})
			}
			if err != nil {
				f.close()
				return nil, err
			}
		}
		kelvin = kelvin || f.kelvin
		f.close()
	}
	if kelvin {
		notes = append(notes, "converted from kelvin to °C")
	}
	return notes, nil
}

// order sorts files by time, and checks that they have one grid and no day or
// month is missing, and counts the frames. Only their axes are read.
func (r SSTReader) order(paths []string) (order []string, frames int, err error) {
	if len(paths) == 0 {
		return nil, 0, errors.New("datasets: no files of sea-surface temperature given")
	}
	type file struct {
		path  string
		times []time.Time
	}
	var files []file
	var lat, lon []float64
	for _, path := range paths {
		f, err := openSST(path, r.Region, r.Variable)
		if err != nil {
			return nil, 0, err
		}
		if lat == nil {
			lat, lon = f.lat, f.lon
		}
		f.close()
		if !near(f.lat, lat) || !near(f.lon, lon) {
			return nil, 0, fmt.Errorf("datasets: %s has another grid (%d x %d from %.4g N, %.4g E) than %s (%d x %d from %.4g N, %.4g E)", path, len(f.lat), len(f.lon), f.lat[0], f.lon[0], paths[0], len(lat), len(lon), lat[0], lon[0])
		}
		files = append(files, file{path, f.times})
	}
	slices.SortStableFunc(files, func(a, b file) int { return a.times[0].Compare(b.times[0]) })
	var all []time.Time
	var of []string
	for _, f := range files {
		order = append(order, f.path)
		all = append(all, f.times...)
		for range f.times {
			of = append(of, f.path)
		}
	}
	return order, len(all), checkTimes(all, of)
}

// checkTimes says which day or month is missing or there twice. Steps of 27 days
// or more are months.
func checkTimes(times []time.Time, of []string) error {
	if len(times) < 2 {
		return nil
	}
	const day = 24 * time.Hour
	var steps []float64
	for k := 1; k < len(times); k++ {
		steps = append(steps, times[k].Truncate(day).Sub(times[k-1].Truncate(day)).Hours()/24)
	}
	sorted := slices.Clone(steps)
	slices.Sort(sorted)
	usual := math.Round(sorted[(len(sorted)-1)/2])
	for k, step := range steps {
		from, to := times[k], times[k+1]
		name := from.Format(time.DateOnly)
		if between := to.Sub(from); step < .5 && between > 0 {
			return fmt.Errorf("datasets: %s: two frames on %s, %.3g hours apart; a frame a day, or fewer, is read: take daily means (cdo daymean)", of[k+1], name, between.Hours())
		}
		if step < .5 {
			return fmt.Errorf("datasets: %s, in %s, follows %s, in %s: a frame is there twice, or times do not increase", to.Format(time.DateOnly), of[k+1], name, of[k])
		}
		next := from.AddDate(0, 0, int(max(usual, 1)))
		good := math.Abs(step-usual) < .5
		if usual >= 27 && usual <= 32 { // months
			next = time.Date(from.Year(), from.Month()+1, 1, 0, 0, 0, 0, time.UTC)
			good = to.Year() == next.Year() && to.Month() == next.Month()
		}
		if !good {
			layout := time.DateOnly
			if usual >= 27 && usual <= 32 {
				layout = "2006-01"
			}
			return fmt.Errorf("datasets: %s is missing: %s goes on with %s, in %s; get the file, or read the time before and after it apart", next.Format(layout), of[k], to.Format(time.DateOnly), of[k+1])
		}
	}
	return nil
}

// DYffusionBoxes are the files of the 60 x 60 boxes of the Pacific that DYffusion
// (Cachay et al. 2023) is trained on, in a folder: each is a part of its own for
// NewSteps. It is an error if one is not there; the error names it.
func DYffusionBoxes(dir string) ([]string, error) {
	var paths []string
	for _, n := range []int{84, 85, 86, 87, 88, 89, 108, 109, 110, 111, 112} {
		path := filepath.Join(dir, fmt.Sprintf("sst.day.mean.box%d.nc", n))
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("datasets: DYffusion's boxes are 84 to 89 and 108 to 112: %w", err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}
