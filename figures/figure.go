package figures

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"
)

// DefaultDPI is the resolution of a figure's PNG in dots per inch unless its
// DPI says otherwise. At this resolution the figures are 700 to 1400 dots wide.
const DefaultDPI = 100

// Drawer is anything that can be drawn: each kind of figure in this package,
// and a [Figure] itself.
type Drawer interface {
	Draw() (*Figure, error)
}

// Figure is a drawn picture.
type Figure struct {
	// DPI is the resolution of the PNG in dots per inch; 0 means DefaultDPI.
	// Use 300 for print.
	DPI int

	width, height vg.Length
	paint         func(draw.Canvas)
	anim          []byte // an animated GIF, or nil
}

// NewFigure returns a figure of the given size in inches that paint draws.
// It is the way to make a picture of one's own that shows and saves like the
// others; paint may be called several times and on any kind of canvas.
func NewFigure(width, height float64, paint func(draw.Canvas)) (*Figure, error) {
	if !(width > 0 && width <= 60) || !(height > 0 && height <= 60) {
		return nil, fmt.Errorf("figures: NewFigure: size %g x %g inches is not in (0, 60]", width, height)
	}
	if paint == nil {
		return nil, errors.New("figures: NewFigure: paint is nil")
	}
	return &Figure{width: vg.Length(width) * vg.Inch, height: vg.Length(height) * vg.Inch, paint: paint}, nil
}

// Draw returns the figure itself, so that a Figure is a [Drawer].
func (f *Figure) Draw() (*Figure, error) {
	if f == nil || f.paint == nil {
		return nil, errors.New("figures: an empty Figure: make one with Draw or NewFigure")
	}
	return f, nil
}

// Size returns the width and height in inches.
func (f *Figure) Size() (width, height float64) {
	return float64(f.width / vg.Inch), float64(f.height / vg.Inch)
}

// Image rasterises the figure at its DPI.
func (f *Figure) Image() (image.Image, error) {
	if _, err := f.Draw(); err != nil {
		return nil, err
	}
	dpi := f.DPI
	if dpi == 0 {
		dpi = DefaultDPI
	}
	if dpi < 10 || dpi > 1200 {
		return nil, fmt.Errorf("figures: %d dots per inch is not in [10, 1200]", dpi)
	}
	c := vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(dpi))
	if err := f.paintOn(c); err != nil {
		return nil, err
	}
	return c.Image(), nil
}

// PNG returns the picture as a PNG file of at most 256 colours, which keeps
// executed notebooks small without visible harm.
func (f *Figure) PNG() ([]byte, error) {
	img, err := f.Image()
	if err != nil {
		return nil, err
	}
	return encodePNG(img)
}

// GIF returns the animation that a figure carries (see [FlowGIF] and [FieldGIF]).
// It is an error if the figure has none.
func (f *Figure) GIF() ([]byte, error) {
	if f == nil || f.anim == nil {
		return nil, errors.New("figures: this figure is not animated: FlowGIF and FieldGIF make a GIF")
	}
	return f.anim, nil
}

// Save writes the figure to path in the format of its extension: .png, .svg,
// .pdf (text as outlines), or .gif for an animated figure. It makes the folder if there is none,
// writes a temporary file beside path and renames it, so that path is never
// left half-written.
func (f *Figure) Save(path string) error {
	var data []byte
	var err error
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".png":
		data, err = f.PNG()
	case ".svg":
		data, err = f.svg()
	case ".pdf":
		data, err = f.pdf()
	case ".gif":
		data, err = f.GIF()
	default:
		return fmt.Errorf("figures: Save %q: unknown extension %q; valid are .png, .svg, .pdf, .gif", path, ext)
	}
	if err != nil {
		return fmt.Errorf("figures: Save %q: %w", path, err)
	}
	if err := writeFile(path, data); err != nil {
		return fmt.Errorf("figures: Save %q: %w", path, err)
	}
	return nil
}

func (f *Figure) svg() ([]byte, error) {
	if _, err := f.Draw(); err != nil {
		return nil, err
	}
	c := vgsvg.New(f.width, f.height)
	if err := f.paintOn(outlined{c}); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err := c.WriteTo(&b)
	return b.Bytes(), err
}

func (f *Figure) pdf() ([]byte, error) {
	if _, err := f.Draw(); err != nil {
		return nil, err
	}
	c := vgpdf.New(f.width, f.height)
	if err := f.paintOn(outlined{c}); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err := c.WriteTo(&b)
	return b.Bytes(), err
}

// paintOn runs paint and turns a panic of the drawing libraries into an error.
func (f *Figure) paintOn(c vg.CanvasSizer) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("figures: drawing failed: %v", r)
		}
	}()
	f.paint(draw.New(c))
	return nil
}

// writeFile writes data to path by way of a temporary file in the same folder.
func writeFile(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".figure-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.Write(data); err != nil {
		return err
	}
	if err = tmp.Chmod(0o644); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// Beside joins figures into one row, each at its own size, aligned at the top.
func Beside(items ...Drawer) (*Figure, error) {
	if len(items) == 0 {
		return nil, errors.New("figures: Beside: no figures given")
	}
	figs := make([]*Figure, len(items))
	var w, h vg.Length
	for i, it := range items {
		if it == nil {
			return nil, fmt.Errorf("figures: Beside: figure %d is nil", i)
		}
		f, err := it.Draw()
		if err != nil {
			return nil, err
		}
		figs[i] = f
		w += f.width
		h = max(h, f.height)
	}
	return NewFigure(float64(w/vg.Inch), float64(h/vg.Inch), func(c draw.Canvas) {
		x := c.Min.X
		for _, f := range figs {
			f.paint(subCanvas(c, x, c.Max.Y-f.height, x+f.width, c.Max.Y))
			x += f.width
		}
	})
}

// subCanvas returns the part of c with the given corners.
func subCanvas(c draw.Canvas, x0, y0, x1, y1 vg.Length) draw.Canvas {
	return draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
		Min: vg.Point{X: x0, Y: y0}, Max: vg.Point{X: x1, Y: y1},
	}}
}
