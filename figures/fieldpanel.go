package figures

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// FieldRow is a row of maps of [FieldPanel], such as the truth or a forecast.
type FieldRow struct {
	Name string      // on its left; "\n" breaks it
	Maps [][]float32 // indexed [column][pixel]; nil leaves a place empty
}

// FieldPanel draws rows of maps with one colour scale for all, as the figure of
// sea-surface temperature of the IDFF paper: truth and forecasts, a column for
// each horizon. A pixel is drawn as a pixel, so that noise is seen as it is.
type FieldPanel struct {
	Rows          []FieldRow
	Height, Width int    // of a map; its pixels go from west to east, then from south to north
	Land          []bool // pixels without a value, drawn in grey; nil: none

	Title     string
	Columns   []string // under the columns; nil numbers them from 1
	XLabel    string   // under these; "" means "horizon"
	Unit      string   // over the colour bar, such as "°C"
	Min, Max  float64  // limits of the colours; both 0: all values
	Diverging bool     // colours of anomalies, white at 0 unless Min and Max say otherwise

	strip bool // of a film: the columns are named by frames, without a label
}

// Draw draws the figure.
func (f FieldPanel) Draw() (*Figure, error) {
	scale, cols, err := f.check()
	if err != nil {
		return nil, fmt.Errorf("figures: FieldPanel: %w", err)
	}
	lat := fieldLattice(len(f.Rows), cols, f.Height, f.Width)
	if f.strip {
		lat.bottom -= 16
	}
	side := textStyle(11, inkColor, draw.XCenter, draw.YBottom) // of the names of rows: upright where maps are high enough
	side.Rotation = math.Pi / 2
	for _, row := range f.Rows {
		if w := side.Width(row.Name); w > lat.height()+lat.gapY {
			side.Rotation, side.XAlign, side.YAlign = 0, draw.XRight, draw.YCenter
		}
	}
	if side.Rotation == 0 {
		for _, row := range f.Rows {
			lat.left = max(lat.left, side.Width(row.Name)+12)
		}
	}
	var names []string
	for k := range cols {
		name := strconv.Itoa(k + 1)
		if f.Columns != nil {
			name = f.Columns[k]
		}
		names = append(names, name)
	}
	return lat.figure(f.Title, fieldBarRoom, func(c draw.Canvas) {
		for r, row := range f.Rows {
			first := lat.at(c, Box{}, r, 0)
			c.FillText(side, vg.Point{X: first.Min.X - 8, Y: first.Center().Y}, row.Name)
			for k, m := range row.Maps {
				p := lat.at(c, Box{}, r, k)
				if m != nil {
					p.field(m, f.Land, f.Height, f.Width, scale)
				}
			}
		}
		below := lat.at(c, Box{}, len(f.Rows)-1, 0).Min.Y
		for k, name := range names {
			c.FillText(textStyle(11, inkColor, draw.XCenter, draw.YTop), vg.Point{X: center(lat.at(c, Box{}, 0, k)), Y: below - 4}, name)
		}
		top, last := lat.at(c, Box{}, 0, 0), lat.at(c, Box{}, 0, cols-1)
		if !f.strip {
			c.FillText(textStyle(11, inkColor, draw.XCenter, draw.YTop), vg.Point{X: (top.Min.X + last.Max.X) / 2, Y: below - 20}, either(f.XLabel, "horizon"))
		}
		const least = 34 // of the bar, which reaches below maps that are low
		fieldBar(subCanvas(c, last.Max.X+10, min(below, top.Max.Y-16-least), last.Max.X+22, top.Max.Y-16), scale, f.Unit)
	})
}

// fieldBarRoom is the room for the colour bar.
const fieldBarRoom = 58

// fieldLattice lays out maps whose pixels are whole dots at DefaultDPI, where they
// are not too many.
func fieldLattice(rows, cols, height, width int) lattice {
	lat := lattice{rows: rows, cols: cols, aspect: float64(height) / float64(width), gapX: 2, gapY: 6, left: 26, bottom: 36, margin: 8}
	room := vg.Length(12.4*72)/vg.Length(cols) - lat.gapX
	room = min(room, 300, vg.Length(300/lat.aspect))
	const dot = vg.Inch / DefaultDPI
	if dots := math.Floor(float64(room / dot / vg.Length(width))); dots >= 1 {
		room = vg.Length(dots) * vg.Length(width) * dot
	}
	lat.panel = room
	lat.snap()
	return lat
}

func (f FieldPanel) check() (scale fieldScale, cols int, err error) {
	if len(f.Rows) == 0 {
		return scale, 0, errors.New("no rows given")
	}
	if err := checkGrid(f.Height, f.Width, f.Land); err != nil {
		return scale, 0, err
	}
	var all [][]float32
	for r, row := range f.Rows {
		where := fmt.Sprintf("row %d (%s)", r, firstLine(row.Name))
		for k, m := range row.Maps {
			if m == nil {
				continue
			}
			if err := checkField(fmt.Sprintf("%s, map %d", where, k), m, f.Land, f.Height, f.Width); err != nil {
				return scale, 0, err
			}
			all = append(all, m)
		}
		cols = max(cols, len(row.Maps))
	}
	switch {
	case len(all) == 0:
		return scale, 0, errors.New("no maps given")
	case cols > 24:
		return scale, 0, fmt.Errorf("%d columns: give 24 at most, such as every other horizon", cols)
	case f.Columns != nil && len(f.Columns) != cols:
		return scale, 0, fmt.Errorf("%d names of columns for %d columns", len(f.Columns), cols)
	}
	scale, err = scaleOf(f.Min, f.Max, f.Diverging, f.Land, all...)
	return scale, cols, err
}

// center is a panel's middle from left to right.
func center(p panel) vg.Length { return (p.Min.X + p.Max.X) / 2 }
