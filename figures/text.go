package figures

import (
	"image/color"
	"math"
	"strings"
	"unicode"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// script handles text with sub- and superscripts that the embedded font lacks
// (ₜ, ⁻, ...): it draws the plain letter small and shifted.
type script struct{ plain text.Plain }

var handler text.Handler = script{text.Plain{Fonts: font.NewCache(liberation.Collection())}}

// shifted says how runes without a glyph are drawn: the letter and whether it
// goes down (-1) or up (+1).
var shifted = map[rune]struct {
	as rune
	up int
}{
	'ₜ': {'t', -1}, 'ₖ': {'k', -1}, 'ₗ': {'l', -1}, 'ₘ': {'m', -1}, 'ₙ': {'n', -1}, 'ₚ': {'p', -1},
	'ₛ': {'s', -1}, 'ₕ': {'h', -1}, 'ⱼ': {'j', -1}, 'ᵢ': {'i', -1}, 'ₐ': {'a', -1}, 'ₑ': {'e', -1}, 'ₓ': {'x', -1},
	'₊': {'+', -1}, '₋': {'−', -1}, '₀': {'0', -1}, '₁': {'1', -1}, '₂': {'2', -1}, '₃': {'3', -1}, '₄': {'4', -1},
	'₅': {'5', -1}, '₆': {'6', -1}, '₇': {'7', -1}, '₈': {'8', -1}, '₉': {'9', -1},
	'⁺': {'+', 1}, '⁻': {'−', 1}, '⁰': {'0', 1}, '¹': {'1', 1}, '²': {'2', 1}, '³': {'3', 1}, '⁴': {'4', 1},
	'⁵': {'5', 1}, '⁶': {'6', 1}, '⁷': {'7', 1}, '⁸': {'8', 1}, '⁹': {'9', 1}, 'ⁿ': {'n', 1}, 'ᵀ': {'T', 1},
}

const (
	scriptSize = 0.68 // of the font size
	scriptDown = 0.16 // shift of a subscript, of the font size
	scriptUp   = 0.36 // shift of a superscript
)

// run is a piece of a line drawn at one size and height.
type run struct {
	s  string
	up int
}

// runs splits a line where the script changes.
func runs(line string) []run {
	var out []run
	for _, r := range line {
		up := 0
		if s, ok := shifted[r]; ok {
			r, up = s.as, s.up
		}
		if n := len(out); n > 0 && out[n-1].up == up {
			out[n-1].s += string(r)
		} else {
			out = append(out, run{string(r), up})
		}
	}
	return out
}

func (h script) face(fnt font.Font, up int) font.Face {
	size := fnt.Size
	if up != 0 {
		size *= scriptSize
	}
	return h.plain.Fonts.Lookup(fnt, size)
}

// Cache implements text.Handler.
func (h script) Cache() *font.Cache { return h.plain.Fonts }

// Extents implements text.Handler.
func (h script) Extents(fnt font.Font) font.Extents { return h.plain.Extents(fnt) }

// Lines implements text.Handler.
func (h script) Lines(txt string) []string { return h.plain.Lines(txt) }

// Box implements text.Handler.
func (h script) Box(txt string, fnt font.Font) (width, height, depth vg.Length) {
	e := h.plain.Extents(fnt)
	for _, r := range runs(txt) {
		f := h.face(fnt, r.up)
		width += f.Width(r.s)
	}
	return width, e.Ascent, e.Descent
}

// Draw implements text.Handler.
func (h script) Draw(c vg.Canvas, txt string, sty text.Style, pt vg.Point) {
	txt = strings.TrimRight(txt, "\n")
	if txt == "" {
		return
	}
	c.SetColor(sty.Color)
	if sty.Rotation != 0 {
		c.Push()
		c.Rotate(sty.Rotation)
		defer c.Pop()
	}
	sin, cos := math.Sincos(sty.Rotation)
	pt = vg.Point{
		X: pt.Y*vg.Length(sin) + pt.X*vg.Length(cos),
		Y: pt.Y*vg.Length(cos) - pt.X*vg.Length(sin),
	}
	lines := h.Lines(txt)
	pt.Y += sty.Height(txt)*vg.Length(sty.YAlign) - h.plain.Extents(sty.Font).Ascent
	for i, line := range lines {
		w, _, _ := h.Box(line, sty.Font)
		x := pt.X + vg.Length(sty.XAlign)*w
		y := pt.Y + vg.Length(len(lines)-i)*sty.Font.Size
		for _, r := range runs(line) {
			f := h.face(sty.Font, r.up)
			dy := vg.Length(0)
			switch r.up {
			case 1:
				dy = scriptUp * sty.Font.Size
			case -1:
				dy = -scriptDown * sty.Font.Size
			}
			c.FillString(f, vg.Point{X: x, Y: y + dy}, r.s)
			x += f.Width(r.s)
		}
	}
}

// textStyle is the text style of the whole package.
func textStyle(size vg.Length, clr color.Color, xa draw.XAlignment, ya draw.YAlignment) text.Style {
	return text.Style{
		Color:   clr,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
		XAlign:  xa,
		YAlign:  ya,
		Handler: handler,
	}
}

func bold(s text.Style) text.Style {
	s.Font.Weight = xfont.WeightBold
	return s
}

// lineStep is the distance of two lines of text over the font size.
const lineStep = 1.28

// block is a title laid out for a width: its first line is bold, the further
// ones smaller and grey.
type block struct {
	lines  []string
	styles []text.Style
}

// layTitle breaks txt at "\n", shrinks its lines by a fifth at most until they
// fit the width, and wraps those that still do not.
func layTitle(txt string, width, size vg.Length) block {
	return layTitles([]string{txt}, width, size)[0]
}

// layTitles lays out titles that stand side by side, all in the same sizes.
func layTitles(txts []string, width, size vg.Length) []block {
	styles := [2]text.Style{
		bold(textStyle(size, inkColor, draw.XCenter, draw.YBottom)),
		textStyle(size*0.9, softColor, draw.XCenter, draw.YBottom),
	}
	smallest := [2]vg.Length{size * 0.8, size * 0.72}
	lines := make([][]string, len(txts))
	for i, txt := range txts {
		if txt = strings.TrimRight(txt, "\n"); txt != "" {
			lines[i] = strings.Split(txt, "\n")
		}
		for k, line := range lines[i] {
			s := &styles[min(k, 1)]
			for s.Width(line) > width && s.Font.Size > smallest[min(k, 1)] {
				s.Font.Size *= 0.97
			}
		}
	}
	styles[1].Font.Size = min(styles[1].Font.Size, 0.94*styles[0].Font.Size)
	out := make([]block, len(txts))
	for i := range txts {
		for k, line := range lines[i] {
			s := styles[min(k, 1)]
			for _, part := range wrap(line, width, s) {
				out[i].lines = append(out[i].lines, part)
				out[i].styles = append(out[i].styles, s)
			}
		}
	}
	return out
}

// wrap breaks a line at spaces so that its parts fit the width where words allow.
func wrap(line string, width vg.Length, sty text.Style) []string {
	if sty.Width(line) <= width {
		return []string{line}
	}
	var out []string
	cur := ""
	for _, word := range strings.FieldsFunc(line, unicode.IsSpace) {
		switch {
		case cur == "":
			cur = word
		case sty.Width(cur+" "+word) <= width:
			cur += " " + word
		default:
			out = append(out, cur)
			cur = word
		}
	}
	return append(out, cur)
}

func (b block) height() (h vg.Length) {
	for _, s := range b.styles {
		h += s.Font.Size * lineStep
	}
	return h
}

// draw sets the block's last line on height y, centred on x.
func (b block) draw(c draw.Canvas, x, y vg.Length) {
	for i := len(b.lines) - 1; i >= 0; i-- {
		c.FillText(b.styles[i], vg.Point{X: x, Y: y}, b.lines[i])
		y += b.styles[i].Font.Size * lineStep
	}
}
