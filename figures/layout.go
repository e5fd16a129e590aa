package figures

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// titles lays out what stands over the panels, all in the same sizes, and makes room for them and as much more.
func (l *lattice) titles(names []string, room vg.Length) []block {
	titles := layTitles(names, l.panel, 12)
	for _, t := range titles {
		l.top = max(l.top, t.height()+room)
	}
	return titles
}

// figure is a figure of the lattice, with some room on its right, under a title where there is one. paint gets the canvas below the title.
func (l lattice) figure(title string, right vg.Length, paint func(c draw.Canvas)) (*Figure, error) {
	w, h := l.size()
	w += float64(right / vg.Inch)
	head := layTitle(title, vg.Length(w)*vg.Inch-20, 13)
	extra := vg.Length(0)
	if title != "" {
		extra = head.height() + 4
	}
	return NewFigure(w, h+float64(extra/vg.Inch), func(c draw.Canvas) {
		head.draw(c, c.Center().X, c.Max.Y-l.margin-head.height()+3)
		paint(subCanvas(c, c.Min.X, c.Min.Y, c.Max.X, c.Max.Y-extra))
	})
}

// note is a small line on white in the lower right corner.
func (p panel) note(text string) {
	sty := textStyle(8.5, softColor, draw.XRight, draw.YBottom)
	fillRect(p.Canvas, translucent(color.RGBA{255, 255, 255, 255}, 0.85), p.Max.X-sty.Width(text)-7, p.Min.Y, p.Max.X, p.Min.Y+14)
	p.FillText(sty, vg.Point{X: p.Max.X - 4, Y: p.Min.Y + 3}, text)
}
