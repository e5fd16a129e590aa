package figures

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// AblationPanel is one table of [Ablation].
type AblationPanel struct {
	Title string
	// Values[i][j] is the score at Rows[i] and Columns[j]; NaN where there is
	// none, which is crossed out.
	Values [][]float64
	// Spread is the standard deviation over seeds, shown as ±; nil shows none.
	Spread [][]float64
	// Published is the score that a publication gives, in a cell of its own on
	// the right of ours; NaN where it gives none. nil leaves these cells out.
	Published [][]float64
}

// Ablation draws a score over settings as small tables side by side, with the
// numbers in cells coloured by one scale in all panels. A published value
// stands on the right of ours, in italics in a dashed cell.
type Ablation struct {
	Panels        []AblationPanel
	Rows, Columns []string // the settings, such as "σ = 0.2, γ₁ = 0" and "γ₂ = 1"; the first row is on top

	Title         string
	Metric        string // name over the colour bar; "" means "score"
	Log           bool   // logarithmic colours; all values must be positive
	OursName      string // "" means "ours"
	PublishedName string // "" means "published"
	PerRow        int    // panels per row; 0 means up to 3
}

// Draw draws the figure.
func (a Ablation) Draw() (*Figure, error) {
	lo, hi, err := a.check()
	if err != nil {
		return nil, fmt.Errorf("figures: Ablation: %w", err)
	}
	share := func(v float64) float64 {
		switch {
		case hi == lo:
			return 0.3
		case a.Log:
			return math.Log(v/lo) / math.Log(hi/lo)
		}
		return (v - lo) / (hi - lo)
	}
	heat := func(u float64) float64 { return 0.03 + 0.87*u }
	published, spread := false, false
	names := make([]string, len(a.Panels))
	for i, p := range a.Panels {
		names[i] = p.Title
		published = published || p.Published != nil
		spread = spread || p.Spread != nil
	}
	n, rows, cols := len(a.Panels), len(a.Rows), len(a.Columns)
	perRow := a.PerRow
	if perRow <= 0 {
		perRow = min(n, 3)
		if n == 4 {
			perRow = 2
		}
	}
	perRow = min(perRow, n)
	cw, ch := vg.Length(58), vg.Length(30)
	if published {
		cw = 96
	}
	if spread {
		ch = 36
	}
	label := textStyle(10, inkColor, draw.XRight, draw.YCenter)
	left := vg.Length(0)
	for _, r := range a.Rows {
		left = max(left, label.Width(r)+8)
	}
	for _, c := range a.Columns {
		cw = max(cw, label.Width(c)+10)
	}
	header := vg.Length(18)
	if published {
		header += 12
	}
	lat := lattice{rows: (n + perRow - 1) / perRow, cols: perRow, gapX: 16, gapY: 10, left: left, margin: 8, panel: cw * vg.Length(cols)}
	lat.snap()
	cw = lat.panel / vg.Length(cols)
	lat.aspect = float64(ch * vg.Length(rows) / lat.panel)
	titles := lat.titles(names, header+4)
	barRoom := max(66, 22+textStyle(10, inkColor, draw.XLeft, draw.YBottom).Width(either(a.Metric, "score")))
	return lat.withLegend(a.Title, barRoom, nil, func(c draw.Canvas) {
		for i, ap := range a.Panels {
			p := lat.at(c, Box{XMax: 1, YMax: 1}, i/perRow, i%perRow)
			titles[i].draw(c, p.Center().X, p.Max.Y+header+3)
			for k, name := range a.Columns {
				x := p.Min.X + (vg.Length(k)+0.5)*cw
				c.FillText(textStyle(10, inkColor, draw.XCenter, draw.YBottom), vg.Point{X: x, Y: p.Max.Y + header - 14}, name)
				if ap.Published != nil {
					small := textStyle(8.5, softColor, draw.XCenter, draw.YBottom)
					c.FillText(small, vg.Point{X: x - cw/4, Y: p.Max.Y + 3}, either(a.OursName, "ours"))
					c.FillText(italic(small), vg.Point{X: x + cw/4, Y: p.Max.Y + 3}, either(a.PublishedName, "published"))
				}
			}
			for r := range rows {
				y1 := p.Max.Y - vg.Length(r)*ch
				if i%perRow == 0 {
					c.FillText(label, vg.Point{X: p.Min.X - 6, Y: y1 - ch/2}, a.Rows[r])
				}
				for k := range cols {
					x0, x1 := p.Min.X+vg.Length(k)*cw, p.Min.X+vg.Length(k+1)*cw
					if ap.Published != nil {
						middle := (x0 + x1) / 2
						t := tableCell{value: ap.Published[r][k], spread: math.NaN(), published: true}
						t.draw(subCanvas(c, middle, y1-ch, x1, y1), func(v float64) float64 { return heat(share(v)) })
						x1 = middle
					}
					t := tableCell{value: ap.Values[r][k], spread: math.NaN()}
					if ap.Spread != nil {
						t.spread = ap.Spread[r][k]
					}
					t.draw(subCanvas(c, x0, y1-ch, x1, y1), func(v float64) float64 { return heat(share(v)) })
				}
			}
			for r := 1; r < rows; r++ {
				y := p.Max.Y - vg.Length(r)*ch
				c.StrokeLine2(draw.LineStyle{Color: color.White, Width: 1.6}, p.Min.X, y, p.Max.X, y)
			}
			for k := 1; k < cols; k++ {
				x := p.Min.X + vg.Length(k)*cw
				c.StrokeLine2(draw.LineStyle{Color: color.White, Width: 3}, x, p.Min.Y, x, p.Max.Y)
			}
			p.frame(inkColor, 0.7)
		}
		first := lat.at(c, Box{XMax: 1, YMax: 1}, 0, 0)
		x := c.Max.X - lat.margin - barRoom
		colourBar(subCanvas(c, x+12, first.Min.Y, x+24, first.Max.Y), lo, hi, a.Log, either(a.Metric, "score"), heat)
	})
}

// tableCell is a number in a coloured cell.
type tableCell struct {
	value, spread float64 // a spread that is not finite is not shown
	published     bool
}

func (t tableCell) draw(c draw.Canvas, heat func(float64) float64) {
	mid := c.Center()
	if !finite(t.value) {
		fillRect(c, color.RGBA{236, 236, 236, 255}, c.Min.X, c.Min.Y, c.Max.X, c.Max.Y)
		grey := color.RGBA{150, 150, 150, 255}
		if t.published {
			c.FillText(textStyle(9.5, grey, draw.XCenter, draw.YCenter), mid, "–")
			return
		}
		c.StrokeLine2(draw.LineStyle{Color: grey, Width: 0.8}, mid.X-5, mid.Y-5, mid.X+5, mid.Y+5)
		c.StrokeLine2(draw.LineStyle{Color: grey, Width: 0.8}, mid.X-5, mid.Y+5, mid.X+5, mid.Y-5)
		return
	}
	u := heat(t.value)
	fillRect(c, Heat(u), c.Min.X, c.Min.Y, c.Max.X, c.Max.Y)
	ink := color.RGBA{30, 30, 30, 255}
	if u > 0.45 {
		ink = color.RGBA{255, 255, 255, 255}
	}
	sty := bold(textStyle(10, ink, draw.XCenter, draw.YCenter))
	if t.published {
		sty = italic(textStyle(9.5, ink, draw.XCenter, draw.YCenter))
		var edge vg.Path
		const in = 2.2
		edge.Move(vg.Point{X: c.Min.X + in, Y: c.Min.Y + in})
		edge.Line(vg.Point{X: c.Max.X - in - 1, Y: c.Min.Y + in})
		edge.Line(vg.Point{X: c.Max.X - in - 1, Y: c.Max.Y - in})
		edge.Line(vg.Point{X: c.Min.X + in, Y: c.Max.Y - in})
		edge.Close()
		c.SetLineStyle(draw.LineStyle{Color: translucent(ink, 0.55), Width: 0.7, Dashes: []vg.Length{2, 2}})
		c.Stroke(edge)
	}
	number := three(t.value)
	for room := c.Max.X - c.Min.X - 8; sty.Width(number) > room && sty.Font.Size > 6; {
		sty.Font.Size *= 0.96
	}
	at := mid
	if finite(t.spread) {
		at.Y += 6
		c.FillText(textStyle(8, ink, draw.XCenter, draw.YCenter), vg.Point{X: mid.X, Y: mid.Y - 7}, "± "+three(t.spread))
	}
	c.FillText(sty, at, number)
}

// italic slants a style.
func italic(s text.Style) text.Style {
	s.Font.Style = xfont.StyleItalic
	return s
}

// check returns the range of all values.
func (a Ablation) check() (lo, hi float64, err error) {
	switch {
	case len(a.Panels) == 0:
		return 0, 0, errors.New("no panels given")
	case len(a.Rows) == 0:
		return 0, 0, errors.New("no Rows: give the names of the settings from top to bottom")
	case len(a.Columns) == 0:
		return 0, 0, errors.New("no Columns: give the names of the settings from left to right")
	}
	lo, hi = math.Inf(1), math.Inf(-1)
	for i, p := range a.Panels {
		for k, table := range [][][]float64{p.Values, p.Published, p.Spread} {
			if table == nil && k > 0 {
				continue
			}
			where := fmt.Sprintf("panel %d (%s), %s", i, firstLine(p.Title), []string{"Values", "Published", "Spread"}[k])
			if len(table) != len(a.Rows) {
				return 0, 0, fmt.Errorf("%s has %d rows for %d settings in Rows", where, len(table), len(a.Rows))
			}
			for r, row := range table {
				if len(row) != len(a.Columns) {
					return 0, 0, fmt.Errorf("%s: row %d has %d values for %d settings in Columns", where, r, len(row), len(a.Columns))
				}
				for c, v := range row {
					switch {
					case math.IsNaN(v):
					case math.IsInf(v, 0):
						return 0, 0, fmt.Errorf("%s[%d][%d] is %g: give a number, or NaN where there is none", where, r, c, v)
					case k == 2 && v < 0:
						return 0, 0, fmt.Errorf("%s[%d][%d] is %g: a standard deviation is not negative", where, r, c, v)
					case k == 2:
					case a.Log && v <= 0:
						return 0, 0, fmt.Errorf("%s[%d][%d] is %g, which has no logarithmic colour", where, r, c, v)
					default:
						lo, hi = min(lo, v), max(hi, v)
					}
				}
			}
		}
	}
	if math.IsInf(lo, 0) {
		return 0, 0, errors.New("no value is a number: there is nothing to show")
	}
	return lo, hi, nil
}
