package figures

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// legendKind is what stands before the text of a legend's entry.
type legendKind int

const (
	legendLine  legendKind = iota // a line, with a marker if there is one
	legendArrow                   // an arrow
	legendDot                     // the marker, else a disc
	legendBand                    // a filled rectangle
	legendNote                    // nothing: text only
)

// legendEntry explains one sign of a figure.
type legendEntry struct {
	text   string
	kind   legendKind
	color  color.Color
	width  vg.Length
	dashes []vg.Length
	marker draw.GlyphDrawer
}

// legend lays its entries out in rows, centred, under a figure.
type legend struct {
	rows  [][]legendEntry
	width []vg.Length // of each row
}

const (
	legendSize  = 10.5
	legendStep  = 17
	legendSign  = 26
	legendSpace = 6
	legendGap   = 22
)

func (e legendEntry) size() vg.Length {
	w := textStyle(legendSize, inkColor, draw.XLeft, draw.YCenter).Width(e.text)
	if e.kind != legendNote {
		w += legendSign + legendSpace
	}
	return w
}

// layLegend breaks the entries into rows no wider than width.
func layLegend(entries []legendEntry, width vg.Length) legend {
	var l legend
	for _, e := range entries {
		w := e.size()
		n := len(l.rows)
		if n > 0 && e.kind != legendNote && l.width[n-1]+legendGap+w <= width {
			l.rows[n-1] = append(l.rows[n-1], e)
			l.width[n-1] += legendGap + w
		} else {
			l.rows = append(l.rows, []legendEntry{e})
			l.width = append(l.width, w)
		}
	}
	return l
}

func (l legend) height() vg.Length { return vg.Length(len(l.rows)) * legendStep }

// draw puts the legend's top at y, centred on x.
func (l legend) draw(c draw.Canvas, x, y vg.Length) {
	for r, row := range l.rows {
		at := vg.Point{X: x - l.width[r]/2, Y: y - (vg.Length(r)+0.5)*legendStep}
		for _, e := range row {
			e.draw(c, at)
			at.X += e.size() + legendGap
		}
	}
}

func (e legendEntry) draw(c draw.Canvas, at vg.Point) {
	clr := color.Color(inkColor)
	if e.kind != legendNote {
		a, b := at, vg.Point{X: at.X + legendSign, Y: at.Y}
		switch e.kind {
		case legendLine:
			c.StrokeLines(draw.LineStyle{Color: e.color, Width: e.width, Dashes: e.dashes}, []vg.Point{a, b})
			if e.marker != nil {
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: e.color, Radius: 3.2, Shape: e.marker}, vg.Point{X: (a.X + b.X) / 2, Y: at.Y})
			}
		case legendArrow:
			p := panel{Canvas: c}
			neck := vg.Point{X: b.X - 6, Y: at.Y}
			c.StrokeLines(draw.LineStyle{Color: e.color, Width: e.width, Dashes: e.dashes}, []vg.Point{a, neck})
			p.head(b, vg.Point{X: 1}, e.color, 8)
		case legendDot:
			shape := e.marker
			if shape == nil {
				shape = polygonGlyph{sides: 24, scale: 1}
			}
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: e.color, Radius: 3, Shape: shape},
				vg.Point{X: b.X - 6, Y: at.Y})
		case legendBand:
			fillRect(c, e.color, a.X, at.Y-4, b.X, at.Y+4)
		}
		at.X += legendSign + legendSpace
	} else {
		clr = softColor
	}
	c.FillText(textStyle(legendSize, clr, draw.XLeft, draw.YCenter), vg.Point{X: at.X, Y: at.Y + 0.5}, e.text)
}
