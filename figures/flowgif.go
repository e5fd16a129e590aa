package figures

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// FlowGIF shows samples flowing. Its figure is a film strip of some frames;
// it carries the animation, which Show plays and Save writes as .gif.
type FlowGIF struct {
	Frames [][][2]float64 // the samples at each time, indexed [frame][point]
	Times  []float64      // of the frames; nil spreads them over [0, 1]
	Truth  [][2]float64   // the true data, in the background; may be nil

	Title   string
	Density bool    // the samples' density instead of dots
	Box     Box     // zero: around Truth, else around all frames
	Size    int     // width of the animation in dots; 0 means 300
	Rate    int     // frames a second; 0 means 12
	Hold    float64 // seconds on the last frame; 0 means 1.5
	Strip   int     // frames of the film strip; 0 means 5
}

// gifFrames is the number of frames at most that an animation keeps.
const gifFrames = 26

// Draw draws the film strip and the animation.
func (f FlowGIF) Draw() (*Figure, error) {
	fail := func(err error) (*Figure, error) { return nil, fmt.Errorf("figures: FlowGIF: %w", inner(err)) }
	if err := f.check(); err != nil {
		return fail(err)
	}
	if f.Times == nil {
		for k := range f.Frames {
			f.Times = append(f.Times, float64(k)/float64(max(1, len(f.Frames)-1)))
		}
	}
	if f.Size == 0 {
		f.Size = 300
	}
	if f.Rate == 0 {
		f.Rate = 12
	}
	if f.Hold == 0 {
		f.Hold = 1.5
	}
	if f.Strip == 0 {
		f.Strip = 5
	}
	var err error
	switch {
	case f.Box != (Box{}):
		err = f.Box.check()
	case f.Truth != nil:
		f.Box, err = truthBox(f.Truth)
	default:
		f.Box, err = BoxOf(0.06, f.Frames...)
	}
	if err != nil {
		return fail(err)
	}
	film := film{FlowGIF: f}
	if f.Density && f.Truth != nil {
		if film.truth, err = newTruthLines(f.Truth, f.Box, 80, 0); err != nil {
			return fail(err)
		}
	}
	fig, err := film.strip()
	if err != nil {
		return fail(err)
	}
	if fig.anim, err = film.animate(); err != nil {
		return fail(err)
	}
	return fig, nil
}

func (f FlowGIF) check() error {
	if len(f.Frames) < 2 {
		return fmt.Errorf("%d frame(s) given: an animation needs at least 2", len(f.Frames))
	}
	if f.Times != nil && len(f.Times) != len(f.Frames) {
		return fmt.Errorf("%d frames but %d times", len(f.Frames), len(f.Times))
	}
	for k, cloud := range f.Frames {
		if err := checkCloud(fmt.Sprintf("frame %d", k), cloud, 2); err != nil {
			return err
		}
	}
	if f.Truth != nil {
		if err := checkCloud("Truth", f.Truth, 2); err != nil {
			return err
		}
	}
	if f.Size != 0 && (f.Size < 60 || f.Size > 1200) {
		return fmt.Errorf("size %d is not in [60, 1200]", f.Size)
	}
	if f.Rate < 0 || f.Rate > 50 {
		return fmt.Errorf("rate %d is not in [1, 50] frames a second", f.Rate)
	}
	if f.Hold < 0 || !finite(f.Hold) {
		return errors.New("hold must not be negative")
	}
	if f.Strip < 0 {
		return errors.New("strip must not be negative")
	}
	return nil
}

// film is a checked FlowGIF with what its frames share.
type film struct {
	FlowGIF
	truth *truthLines
}

// frame draws frame k on a panel of n grid nodes.
func (f film) frame(p panel, k, n int) {
	cloud := f.Frames[k]
	if f.Density {
		if g, err := KDE(cloud, f.Box, n, 0); err == nil {
			p.density(g, f.truth, cloud)
		}
	} else {
		p.dots(f.Truth, color.RGBA{222, 222, 222, 255}, 1)
		p.dots(cloud, seriesColors[0], 1)
	}
	panel{p.Canvas, p.box}.frame(inkColor, 0.7)
}

// pick returns n frame numbers spread evenly, the first and the last among them.
func (f film) pick(n int) []int { return spread(n, len(f.Frames)) }

// strip is the figure: some frames side by side.
func (f film) strip() (*Figure, error) {
	at := f.pick(f.FlowGIF.Strip)
	lat := lattice{rows: 1, cols: len(at), aspect: (f.Box.YMax - f.Box.YMin) / (f.Box.XMax - f.Box.XMin), gapX: 7, margin: 7}
	lat.panel = min(max(vg.Length(12.9*72)/vg.Length(len(at))-lat.gapX, 110), 230)
	lat.top = 19
	w, h := lat.size()
	head := layTitle(f.Title, vg.Length(w)*vg.Inch-20, 12.5)
	return NewFigure(w, h+float64(head.height()/vg.Inch), func(c draw.Canvas) {
		head.draw(c, c.Center().X, c.Max.Y-lat.margin-head.height()+2)
		c = subCanvas(c, c.Min.X, c.Min.Y, c.Max.X, c.Max.Y-head.height())
		for i, k := range at {
			p := lat.at(c, f.Box, 0, i)
			c.FillText(textStyle(11, inkColor, draw.XCenter, draw.YBottom), vg.Point{X: p.Center().X, Y: p.Max.Y + 5}, fmt.Sprintf("t = %.2f", f.Times[k]))
			f.frame(p, k, 100)
		}
	})
}

// animate encodes the frames with one palette for all of them; each frame
// stores only the rectangle in which it differs from the one before.
func (f film) animate() ([]byte, error) {
	const dpi = 72
	width := vg.Length(f.Size)
	aspect := vg.Length((f.Box.YMax - f.Box.YMin) / (f.Box.XMax - f.Box.XMin))
	title := layTitle(f.Title, width-8, 11)
	top := title.height() + 17
	height := (width-8)*aspect + top + 8
	var frames []*image.RGBA
	h := newHistogram()
	at := f.pick(gifFrames)
	for _, k := range at {
		c := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi))
		dc := draw.New(c)
		p := panel{subCanvas(dc, 4, 4, width-4, height-4-top), f.Box}
		title.draw(dc, width/2, height-4-title.height()+2)
		dc.FillText(textStyle(11, inkColor, draw.XCenter, draw.YBottom), vg.Point{X: width / 2, Y: p.Max.Y + 4}, fmt.Sprintf("t = %.2f", f.Times[k]))
		f.frame(p, k, 70)
		m := toRGBA(c.Image())
		h.add(m)
		frames = append(frames, m)
	}
	return encodeGIF(frames, h.palette(32), max(2, 100/f.Rate), int(f.Hold*100))
}

// encodeGIF writes an animation with one palette; delays are in hundredths of a
// second, that of the last frame is hold.
func encodeGIF(frames []*image.RGBA, table colourTable, delay, hold int) ([]byte, error) {
	var out gif.GIF
	var last *image.Paletted
	for i, m := range frames {
		img := table.apply(m)
		d := delay
		if i == len(frames)-1 {
			d = hold
		}
		out.Image = append(out.Image, changed(last, img))
		out.Delay = append(out.Delay, d)
		out.Disposal = append(out.Disposal, gif.DisposalNone)
		last = img
	}
	b := last.Bounds()
	out.Config = image.Config{ColorModel: table.colours, Width: b.Dx(), Height: b.Dy()}
	var buf bytes.Buffer
	if err := gif.EncodeAll(&buf, &out); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// changed returns the rectangle of img that differs from last.
func changed(last, img *image.Paletted) *image.Paletted {
	if last == nil {
		return img
	}
	var r image.Rectangle
	w := img.Rect.Dx()
	for y := 0; y < img.Rect.Dy(); y++ {
		for x := 0; x < w; x++ {
			if img.Pix[y*img.Stride+x] != last.Pix[y*last.Stride+x] {
				r = r.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	if r.Empty() {
		r = image.Rect(0, 0, 1, 1)
	}
	return img.SubImage(r).(*image.Paletted)
}
