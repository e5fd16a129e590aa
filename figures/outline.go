package figures

import (
	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// outlined draws text as filled outlines of its glyphs: an SVG then looks the
// same without the font, and a PDF has the letters that gonum/plot's encoding
// of PDF text lacks (γ, ξ, ₁, ...).
type outlined struct{ vg.CanvasSizer }

// FillString implements vg.Canvas.
func (o outlined) FillString(f font.Face, pt vg.Point, s string) {
	var buf sfnt.Buffer
	const em = 2048 // font units: positions below are in these
	ppem := fixed.I(em)
	unit := f.Font.Size / em
	length := func(v fixed.Int26_6) vg.Length { return vg.Length(v) / 64 * unit }
	at := func(p fixed.Point26_6) vg.Point {
		return vg.Point{X: pt.X + length(p.X), Y: pt.Y - length(p.Y)}
	}
	var path vg.Path
	var last sfnt.GlyphIndex
	for i, r := range s {
		g, err := f.Face.GlyphIndex(&buf, r)
		if err != nil {
			continue
		}
		if i > 0 {
			if k, err := f.Face.Kern(&buf, last, g, ppem, xfont.HintingNone); err == nil {
				pt.X += length(k)
			}
		}
		last = g
		segments, err := f.Face.LoadGlyph(&buf, g, ppem, nil)
		if err != nil {
			continue
		}
		open := false
		for _, seg := range segments {
			switch seg.Op {
			case sfnt.SegmentOpMoveTo:
				if open {
					path.Close()
				}
				open = true
				path.Move(at(seg.Args[0]))
			case sfnt.SegmentOpLineTo:
				path.Line(at(seg.Args[0]))
			case sfnt.SegmentOpQuadTo:
				path.QuadTo(at(seg.Args[0]), at(seg.Args[1]))
			case sfnt.SegmentOpCubeTo:
				path.CubeTo(at(seg.Args[0]), at(seg.Args[1]), at(seg.Args[2]))
			}
		}
		if open {
			path.Close()
		}
		if a, err := f.Face.GlyphAdvance(&buf, g, ppem, xfont.HintingNone); err == nil {
			pt.X += length(a)
		}
	}
	if len(path) > 0 {
		o.Fill(path)
	}
}
