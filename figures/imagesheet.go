package figures

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ImageRow is a row of pictures of [ImageSheet].
type ImageRow struct {
	Name     string      // on its left, such as a sampler; "\n" breaks it, and lines after the first are small, such as its cost
	Images   [][]float32 // each row-major [height, width, channels], from the top, in [-1, 1]; beyond is cut off
	Captions []string    // under the pictures; nil: none
}

// ImageSheet shows pictures in rows: samples by sampler and cost, or samples over
// their nearest real images. A pixel is drawn as a square, so that it is seen as it is.
type ImageSheet struct {
	Rows  []ImageRow
	Shape [3]int // height, width, and 1 channel (grey) or 3 (red, green, blue)

	Title   string
	Columns []string // over the columns; nil: none
}

// Draw draws the figure.
func (s ImageSheet) Draw() (*Figure, error) {
	cols, err := s.check()
	if err != nil {
		return nil, fmt.Errorf("figures: ImageSheet: %w", err)
	}
	height, width := s.Shape[0], s.Shape[1]
	const dot = vg.Inch / DefaultDPI
	names := [2]struct {
		size vg.Length
		bold bool
	}{{10, true}, {9, false}}
	style := func(line int) text.Style {
		n := names[min(line, 1)]
		sty := textStyle(n.size, inkColor, draw.XRight, draw.YCenter)
		if n.bold {
			return bold(sty)
		}
		sty.Color = softColor
		return sty
	}
	lat := lattice{rows: len(s.Rows), cols: cols, aspect: float64(height) / float64(width), gapX: 2 * dot, gapY: 4 * dot, margin: 8}
	captions := false
	for _, row := range s.Rows {
		captions = captions || row.Captions != nil
		for k, line := range lines(row.Name) {
			lat.left = max(lat.left, style(k).Width(line)+8)
		}
	}
	if captions {
		lat.gapY += 12
		lat.bottom = 12
	}
	if s.Columns != nil {
		lat.top, lat.firstTopOnly = 15, true
	}
	room := min((vg.Length(12.6*72)-lat.left)/vg.Length(cols)-lat.gapX, 150)
	zoom := max(1, int(math.Floor(float64(room/dot/vg.Length(width)))))
	if room < dot*vg.Length(width) { // pictures larger than there is room for
		lat.panel = room
	} else {
		lat.panel = dot * vg.Length(width*zoom)
	}
	lat.snap()
	pictures := make([][]image.Image, len(s.Rows))
	for r, row := range s.Rows {
		for _, x := range row.Images {
			pictures[r] = append(pictures[r], s.picture(x, zoom))
		}
	}
	return lat.figure(s.Title, 0, func(c draw.Canvas) {
		for r, row := range s.Rows {
			first := lat.at(c, Box{}, r, 0)
			parts := lines(row.Name)
			for k, line := range parts {
				y := first.Center().Y + (vg.Length(len(parts)-1)/2-vg.Length(k))*12
				c.FillText(style(k), vg.Point{X: first.Min.X - 6, Y: y}, line)
			}
			for k, img := range pictures[r] {
				p := lat.at(c, Box{}, r, k)
				p.DrawImage(p.Rectangle, img)
				if k < len(row.Captions) {
					c.FillText(textStyle(8.5, softColor, draw.XCenter, draw.YTop), vg.Point{X: center(p), Y: p.Min.Y - 2}, row.Captions[k])
				}
			}
		}
		for k, name := range s.Columns {
			p := lat.at(c, Box{}, 0, k)
			c.FillText(textStyle(10, inkColor, draw.XCenter, draw.YBottom), vg.Point{X: center(p), Y: p.Max.Y + 3}, name)
		}
	})
}

// picture is x with each pixel a square of zoom x zoom dots.
func (s ImageSheet) picture(x []float32, zoom int) image.Image {
	height, width, channels := s.Shape[0], s.Shape[1], s.Shape[2]
	out := image.NewRGBA(image.Rect(0, 0, width*zoom, height*zoom))
	for i := range height {
		for j := range width {
			var v [3]uint8
			for k := range v {
				value := float64(x[(i*width+j)*channels+min(k, channels-1)])
				v[k] = uint8(math.Round((min(max(value, -1), 1) + 1) * 127.5))
			}
			for di := range zoom {
				for dj := range zoom {
					out.SetRGBA(j*zoom+dj, i*zoom+di, color.RGBA{v[0], v[1], v[2], 255})
				}
			}
		}
	}
	return out
}

func (s ImageSheet) check() (cols int, err error) {
	size := s.Shape[0] * s.Shape[1] * s.Shape[2]
	switch {
	case len(s.Rows) == 0:
		return 0, errors.New("no rows given")
	case min(s.Shape[0], s.Shape[1]) < 1 || max(s.Shape[0], s.Shape[1]) > 1024 || s.Shape[2] != 1 && s.Shape[2] != 3:
		return 0, fmt.Errorf("the shape %v: give the height and width of a picture, 1 to 1024, and 1 or 3 channels", s.Shape)
	}
	for r, row := range s.Rows {
		where := fmt.Sprintf("row %d (%s)", r, firstLine(row.Name))
		if row.Captions != nil && len(row.Captions) != len(row.Images) {
			return 0, fmt.Errorf("%s has %d captions for %d pictures", where, len(row.Captions), len(row.Images))
		}
		for k, x := range row.Images {
			if len(x) != size {
				return 0, fmt.Errorf("%s, picture %d has %d values, Shape %v has %d", where, k, len(x), s.Shape, size)
			}
			for i, v := range x {
				if v != v {
					return 0, fmt.Errorf("%s, picture %d: value %d is NaN", where, k, i)
				}
			}
		}
		cols = max(cols, len(row.Images))
	}
	switch {
	case cols == 0:
		return 0, errors.New("no pictures given")
	case cols > 40 || len(s.Rows) > 40:
		return 0, fmt.Errorf("%d rows of %d pictures: give 40 at most of each", len(s.Rows), cols)
	case s.Columns != nil && len(s.Columns) != cols:
		return 0, fmt.Errorf("%d names of columns for %d columns", len(s.Columns), cols)
	}
	return cols, nil
}

// lines are those of a text, "\n" between them.
func lines(s string) []string { return strings.Split(s, "\n") }
