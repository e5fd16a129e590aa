package figures

import (
	"errors"
	"fmt"
	"image"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// FieldGIF shows maps moving, such as the truth and a forecast side by side. Its
// figure is a film strip, a row for each; it carries the animation, which Show
// plays and Save writes as .gif. At most 26 frames are kept.
type FieldGIF struct {
	Films         []FieldRow // each with as many maps: its frames
	Height, Width int
	Land          []bool

	Title     string
	Names     []string // of the frames, such as "day 3"; nil numbers them from 1
	Unit      string
	Min, Max  float64 // limits of the colours; both 0: all values
	Diverging bool
	Size      int     // width of a map in the animation in dots; 0 means about 240
	Rate      int     // frames a second; 0 means 6
	Hold      float64 // seconds on the last frame; 0 means 1.5
	Strip     int     // frames of the film strip; 0 means up to 6
}

// Draw draws the film strip and the animation.
func (f FieldGIF) Draw() (*Figure, error) {
	fig, err := f.draw()
	if err != nil {
		return nil, fmt.Errorf("figures: FieldGIF: %w", inner(err))
	}
	return fig, nil
}

func (f FieldGIF) draw() (*Figure, error) {
	frames, scale, err := f.check()
	if err != nil {
		return nil, err
	}
	name := func(k int) string {
		if f.Names != nil {
			return f.Names[k]
		}
		return fmt.Sprint(k + 1)
	}
	strip := f.Strip
	if strip == 0 {
		strip = 6
	}
	still := FieldPanel{Height: f.Height, Width: f.Width, Land: f.Land, Title: f.Title, Unit: f.Unit, Min: scale.lo, Max: scale.hi, Diverging: f.Diverging, strip: true}
	at := spread(strip, frames)
	for _, film := range f.Films {
		row := FieldRow{Name: film.Name}
		for _, k := range at {
			row.Maps = append(row.Maps, film.Maps[k])
		}
		still.Rows = append(still.Rows, row)
	}
	for _, k := range at {
		still.Columns = append(still.Columns, name(k))
	}
	fig, err := still.Draw()
	if err != nil {
		return nil, err
	}
	fig.anim, err = f.animate(spread(gifFrames, frames), scale, name)
	return fig, err
}

// spread gives n of count numbers, evenly, the first and the last among them.
func spread(n, count int) []int {
	n = min(n, count)
	if n < 2 {
		return []int{count - 1}
	}
	out := make([]int, n)
	for i := range out {
		out[i] = (i*(count-1) + (n-1)/2) / (n - 1)
	}
	return out
}

func (f FieldGIF) animate(at []int, scale fieldScale, name func(k int) string) ([]byte, error) {
	size := f.Size
	if size == 0 {
		size = max(1, 240/f.Width) * f.Width
	}
	const dpi, margin, gap = 72, 5, 8
	w := vg.Length(size)
	h := w * vg.Length(f.Height) / vg.Length(f.Width)
	n := vg.Length(len(f.Films))
	width := n*w + (n-1)*gap + 2*margin + 46
	title := layTitle(f.Title, width-10, 11)
	height := h + title.height() + 34 + margin
	var frames []*image.RGBA
	colours := newHistogram()
	for _, k := range at {
		c := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi))
		dc := draw.New(c)
		title.draw(dc, width/2, height-title.height()+1)
		dc.FillText(textStyle(10.5, inkColor, draw.XCenter, draw.YBottom), vg.Point{X: width / 2, Y: margin + h + 17}, name(k))
		for i, film := range f.Films {
			x := margin + vg.Length(i)*(w+gap)
			p := panel{Canvas: subCanvas(dc, x, margin, x+w, margin+h)}
			p.field(film.Maps[k], f.Land, f.Height, f.Width, scale)
			dc.FillText(textStyle(10.5, inkColor, draw.XCenter, draw.YBottom), vg.Point{X: x + w/2, Y: margin + h + 3}, firstLine(film.Name))
		}
		fieldBar(subCanvas(dc, width-margin-40, margin, width-margin-31, margin+h), scale, f.Unit)
		m := toRGBA(c.Image())
		colours.add(m)
		frames = append(frames, m)
	}
	rate, hold := f.Rate, f.Hold
	if rate == 0 {
		rate = 6
	}
	if hold == 0 {
		hold = 1.5
	}
	return encodeGIF(frames, colours.palette(96), max(2, 100/rate), int(hold*100))
}

func (f FieldGIF) check() (frames int, scale fieldScale, err error) {
	if len(f.Films) == 0 {
		return 0, scale, errors.New("no films given")
	}
	if err := checkGrid(f.Height, f.Width, f.Land); err != nil {
		return 0, scale, err
	}
	var all [][]float32
	frames = len(f.Films[0].Maps)
	for i, film := range f.Films {
		where := fmt.Sprintf("film %d (%s)", i, firstLine(film.Name))
		if len(film.Maps) != frames || frames < 2 {
			return 0, scale, fmt.Errorf("%s has %d maps, the first film %d: want 2 or more, and as many in each", where, len(film.Maps), frames)
		}
		for k, m := range film.Maps {
			if err := checkField(fmt.Sprintf("%s, map %d", where, k), m, f.Land, f.Height, f.Width); err != nil {
				return 0, scale, err
			}
		}
		all = append(all, film.Maps...)
	}
	switch {
	case f.Names != nil && len(f.Names) != frames:
		return 0, scale, fmt.Errorf("%d names for %d frames", len(f.Names), frames)
	case f.Size != 0 && (f.Size < 30 || f.Size > 1200):
		return 0, scale, fmt.Errorf("size %d is not in [30, 1200]", f.Size)
	case f.Rate < 0 || f.Rate > 50:
		return 0, scale, fmt.Errorf("rate %d is not in [1, 50] frames a second", f.Rate)
	case !(f.Hold >= 0) || !finite(f.Hold):
		return 0, scale, errors.New("hold must not be negative")
	case f.Strip < 0 || f.Strip > 24:
		return 0, scale, fmt.Errorf("a strip of %d frames is not in [1, 24]", f.Strip)
	}
	scale, err = scaleOf(f.Min, f.Max, f.Diverging, f.Land, all...)
	return frames, scale, err
}
