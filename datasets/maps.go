package datasets

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Maps are maps of one quantity over time: one or more series of frames on one
// grid, such as sea-surface temperature. Row 0 is the southernmost.
//
// OSTIA and BetaPlane make maps without a download; ReadSST reads them from
// NetCDF files, NewMaps takes your own. The fields are for reading.
type Maps struct {
	Values []float32 // row-major, shape [Series, Frames, Height, Width]; 0 on land
	Series int       // runs of a model, or 1; frames follow one another within a series only
	Frames int       // of each series
	Height int
	Width  int
	Land   []bool      // where there is no value, shape [Height, Width]; nil: nowhere
	Lat    []float64   // of the rows, degrees north, increasing; nil where the grid is on no globe
	Lon    []float64   // of the columns, degrees east, increasing
	Times  []time.Time // of the frames, UTC, without gaps; nil where they are only counted
	Unit   string      // "°C"; "" for standardised values
	Notes  []string    // what a reader did beside reading, such as a conversion from kelvin

	name string
	made string // name in ID, with what was made of the maps step by step; "": name
	held string // part of name that tells which series were held out, or held out from; "": all are here
	from int    // number of the first series among all
}

// NewMaps makes Maps of your own data without a grid on the globe or dates:
// values is row-major, shape [series, frames, height, width], and is copied, and
// so is land, of shape [height, width] or nil. What values hold on land does not
// matter.
//
// It is an error if the shape does not fit, all is land, or a value elsewhere is
// NaN or infinite.
func NewMaps(name string, values []float32, series, frames, height, width int, land []bool) (*Maps, error) {
	m := &Maps{Values: slices.Clone(values), Series: series, Frames: frames, Height: height, Width: width, Land: slices.Clone(land), name: name}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", name, err)
	}
	m.clearLand(m.Values)
	return m, nil
}

// check tells what is wrong with shape or values.
func (m *Maps) check() error {
	size := m.Height * m.Width
	switch n := len(m.Values); {
	case m.name == "":
		return fmt.Errorf("the name is empty; give the data a name")
	case min(m.Series, m.Frames, m.Height, m.Width) < 1 || max(m.Height, m.Width) > 1<<15:
		return fmt.Errorf("the shape is [%d, %d, %d, %d]; there must be at least one series, frame, row and column, and at most 32768 rows and columns", m.Series, m.Frames, m.Height, m.Width)
	case n%size != 0 || n/size%m.Frames != 0 || n/size/m.Frames != m.Series:
		return fmt.Errorf("there are %d values, not as many as the shape [%d, %d, %d, %d] has", n, m.Series, m.Frames, m.Height, m.Width)
	case m.Land != nil && len(m.Land) != size:
		return fmt.Errorf("the mask of land has %d pixels, a map has %d x %d", len(m.Land), m.Height, m.Width)
	case m.Land != nil && !slices.Contains(m.Land, false):
		return fmt.Errorf("all %d pixels are land; take another region", size)
	}
	for i, v := range m.Values {
		if (v-v != 0) && !m.isLand(i%size) {
			frame := i / size
			return fmt.Errorf("series %d, frame %d (counted from 0), row %d, column %d is %v; mend it, or mark it as land", frame/m.Frames, frame%m.Frames, i%size/m.Width, i%m.Width, v)
		}
	}
	return nil
}

func (m *Maps) isLand(pixel int) bool { return m.Land != nil && m.Land[pixel] }

// clearLand sets values [n, Size] to 0 on land.
func (m *Maps) clearLand(values []float32) {
	if m.Land == nil {
		return
	}
	for i := range values {
		if m.Land[i%len(m.Land)] {
			values[i] = 0
		}
	}
}

// Name is the name of the data.
func (m *Maps) Name() string { return m.name }

// ID identifies the data when an experiment is hashed: the name and a hash of
// values, shape and land.
func (m *Maps) ID() string {
	h := sha256.New()
	var b [4]byte
	for _, n := range []int{m.Series, m.Frames, m.Height, m.Width} {
		binary.LittleEndian.PutUint32(b[:], uint32(n))
		h.Write(b[:])
	}
	for _, land := range m.Land {
		b[0] = 0
		if land {
			b[0] = 1
		}
		h.Write(b[:1])
	}
	block := make([]byte, 0, 1<<16)
	for i, v := range m.Values {
		block = binary.LittleEndian.AppendUint32(block, math.Float32bits(v))
		if len(block) == cap(block) || i == len(m.Values)-1 {
			h.Write(block)
			block = block[:0]
		}
	}
	return cmp.Or(m.made, m.name) + "-" + hex.EncodeToString(h.Sum(nil)[:8])
}

// String describes the maps in a line.
func (m *Maps) String() string {
	text := fmt.Sprintf("%s: %d frames of %d x %d", m.name, m.Frames, m.Height, m.Width)
	if m.Series > 1 {
		text = fmt.Sprintf("%s: %d series of %d frames of %d x %d", m.name, m.Series, m.Frames, m.Height, m.Width)
	}
	if m.Lat != nil {
		text += fmt.Sprintf(", latitude %.4g to %.4g, longitude %.4g to %.4g", m.Lat[0], m.Lat[len(m.Lat)-1], m.Lon[0], m.Lon[len(m.Lon)-1])
	}
	if m.Times != nil {
		text += fmt.Sprintf(", %s to %s", m.Times[0].Format(time.DateOnly), m.Times[len(m.Times)-1].Format(time.DateOnly))
	}
	if m.Land != nil {
		text += fmt.Sprintf(", %.0f%% land", 100*(1-float64(len(m.Sea()))/float64(m.Size())))
	}
	for _, note := range m.Notes {
		text += "; " + note
	}
	return text
}

// Size is the number of pixels of a map, land included.
func (m *Maps) Size() int { return m.Height * m.Width }

// Frame is frame k of series s, both counted from 0, shape [Height, Width], a part
// of Values. It panics if there is none.
func (m *Maps) Frame(s, k int) []float32 {
	if s < 0 || s >= m.Series || k < 0 || k >= m.Frames {
		panic(fmt.Sprintf("datasets: %s: there is no frame %d of series %d; there are %d series of %d frames", m.name, k, s, m.Series, m.Frames))
	}
	at := (s*m.Frames + k) * m.Size()
	return m.Values[at : at+m.Size() : at+m.Size()]
}

// Sea lists the pixels that are no land.
func (m *Maps) Sea() []int {
	var sea []int
	for i := range m.Size() {
		if !m.isLand(i) {
			sea = append(sea, i)
		}
	}
	return sea
}

// AtSea takes the pixels of Sea out of maps [n, Size], for metrics: shape [n,
// len(Sea)]. It panics if there is no whole number of maps.
func (m *Maps) AtSea(values []float32) []float32 {
	if len(values)%m.Size() != 0 {
		panic(fmt.Sprintf("datasets: %s: %d values are not whole maps of %d", m.name, len(values), m.Size()))
	}
	sea := m.Sea()
	out := make([]float32, 0, len(values)/m.Size()*len(sea))
	for at := 0; at < len(values); at += m.Size() {
		for _, i := range sea {
			out = append(out, values[at+i])
		}
	}
	return out
}

// SeaWeights are weights for the pixels of AtSea, cos(latitude): the area of a
// pixel of a grid in degrees. They are 1 where there are no latitudes.
func (m *Maps) SeaWeights() []float64 {
	var w []float64
	for _, i := range m.Sea() {
		if m.Lat == nil {
			w = append(w, 1)
		} else {
			w = append(w, math.Max(0, math.Cos(m.Lat[i/m.Width]*math.Pi/180)))
		}
	}
	return w
}

// OnSea is the inverse of AtSea: it puts values [n, len(Sea)] where they belong in
// maps [n, Size], with 0 on land. It panics if there is no whole number of rows.
func (m *Maps) OnSea(values []float32) []float32 {
	sea := m.Sea()
	if len(values)%len(sea) != 0 {
		panic(fmt.Sprintf("datasets: %s: %d values are not whole rows of %d", m.name, len(values), len(sea)))
	}
	out := make([]float32, len(values)/len(sea)*m.Size())
	for r := range len(values) / len(sea) {
		for k, i := range sea {
			out[r*m.Size()+i] = values[r*len(sea)+k]
		}
	}
	return out
}

// with is a copy under a longer name.
func (m *Maps) with(suffix string) *Maps {
	part := *m
	part.name, part.made = m.name+suffix, cmp.Or(m.made, m.name)+suffix
	return &part
}

// Window has the frames from (counted from 0) up to, not including, to of each
// series; it shares memory where there is one series. It is an error if there are
// no such frames.
func (m *Maps) Window(from, to int) (*Maps, error) {
	if from < 0 || to > m.Frames || from >= to {
		return nil, fmt.Errorf("datasets: %s: there are no frames from %d up to %d; frames are 0 to %d", m.name, from, to, m.Frames-1)
	}
	return m.window(from, to, fmt.Sprintf("-frames%d-%d", from, to-1)), nil
}

// MustWindow is Window for notebooks: an error prints one line and ends the program.
func (m *Maps) MustWindow(from, to int) *Maps { return must(m.Window(from, to)) }

func (m *Maps) window(from, to int, suffix string) *Maps {
	w := m.with(suffix)
	w.Values, w.Frames = nil, to-from
	size := m.Size()
	if m.Series == 1 {
		w.Values = m.Values[from*size : to*size : to*size]
	} else {
		for s := range m.Series {
			at := s * m.Frames * size
			w.Values = append(w.Values, m.Values[at+from*size:at+to*size]...)
		}
	}
	if m.Times != nil {
		w.Times = m.Times[from:to:to]
	}
	return w
}

// HoldOut parts the series: those before the last n, and the last n. They share
// memory, and are named -train and -test; parts of parts are named by the numbers of
// their series, counted from 0, such as -series7-8. It is an error if either part would be empty.
func (m *Maps) HoldOut(n int) (train, test *Maps, err error) {
	if n < 1 || n >= m.Series {
		return nil, nil, fmt.Errorf("datasets: %s: %d of %d series cannot be held out; hold out 1 to %d (where there is one series, part its frames with Split or Window)", m.name, n, m.Series, m.Series-1)
	}
	return m.part("-train", 0, m.Series-n), m.part("-test", m.Series-n, m.Series), nil
}

// part has the series from up to, not including, to.
func (m *Maps) part(suffix string, from, to int) *Maps {
	p, size := m.with(suffix), m.Frames*m.Size()
	p.Values, p.Series, p.from, p.held = m.Values[from*size:to*size:to*size], to-from, m.from+from, suffix
	if m.held != "" {
		if p.held = fmt.Sprintf("-series%d", p.from); p.Series > 1 {
			p.held += fmt.Sprintf("-%d", p.from+p.Series-1)
		}
		at := strings.LastIndex(m.name, m.held)
		p.name = m.name[:at] + p.held + m.name[at+len(m.held):]
	}
	return p
}

// MustHoldOut is HoldOut for notebooks: an error prints one line and ends the program.
func (m *Maps) MustHoldOut(n int) (train, test *Maps) {
	train, test, err := m.HoldOut(n)
	must(0, err)
	return train, test
}
