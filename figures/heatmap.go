package figures

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// GammaHeatMap shows a metric over a grid of (γ₁, γ₂) with its best cell
// framed. Cells have equal size whatever the steps of the gammas.
type GammaHeatMap struct {
	Gamma1, Gamma2 []float64
	// Values[i][j] is the metric at (Gamma1[i], Gamma2[j]). A cell that is
	// not finite, where sampling diverged or is not defined, is crossed out.
	Values [][]float64

	Title     string
	Metric    string // name over the colour bar; "" means "MMD²"
	Linear    bool   // linear colours; else logarithmic where all values are positive
	HighGood  bool   // the best cell is the highest; else the lowest
	XLabel    string // "" means "γ₁"
	YLabel    string // "" means "γ₂"
	NoNumbers bool   // leave the numbers out of the cells
}

// Draw draws the figure.
func (g GammaHeatMap) Draw() (*Figure, error) {
	lo, hi, bi, bj, err := g.check()
	if err != nil {
		return nil, fmt.Errorf("figures: GammaHeatMap: %w", err)
	}
	log := !g.Linear && lo > 0
	or := func(s, def string) string {
		if s == "" {
			return def
		}
		return s
	}
	nx, ny := len(g.Gamma1), len(g.Gamma2)
	const left, bottom, right, margin = 62, 46, 78, 8
	cell := min(max(vg.Length(430)/vg.Length(max(nx, ny)), 14), 62)
	w, h := max(cell*vg.Length(nx), 180), max(cell*vg.Length(ny), 150)
	cw, ch := w/vg.Length(nx), h/vg.Length(ny)
	best := fmt.Sprintf("best: %s = %s, %s = %s, %s %s", or(g.XLabel, "γ₁"), short(g.Gamma1[bi]), or(g.YLabel, "γ₂"), short(g.Gamma2[bj]), or(g.Metric, "MMD²"), three(g.Values[bi][bj]))
	title := layTitle(g.Title+"\n"+best, w+2*left, 12)
	if g.Title == "" {
		title = layTitle(best, w+2*left, 11)
	}
	top := title.height() + 22
	share := func(v float64) float64 {
		if hi == lo {
			return 0.3
		}
		u := (v - lo) / (hi - lo)
		if log {
			u = math.Log(v/lo) / math.Log(hi/lo)
		}
		return u
	}
	heat := func(u float64) float64 { return 0.03 + 0.87*u }
	return NewFigure(float64((left+w+right+2*margin)/vg.Inch), float64((bottom+h+top+2*margin)/vg.Inch), func(c draw.Canvas) {
		x0, y0 := c.Min.X+margin+left, c.Min.Y+margin+bottom
		p := panel{Canvas: subCanvas(c, x0, y0, x0+w, y0+h)}
		title.draw(c, x0+w/2, y0+h+22)
		widest := vg.Length(0)
		for i := range nx {
			for j := range ny {
				if finite(g.Values[i][j]) {
					widest = max(widest, textStyle(10, inkColor, 0, 0).Width(three(g.Values[i][j])))
				}
			}
		}
		size := min(vg.Length(10), 10*(cw-6)/widest, ch*0.6)
		for i := range nx {
			for j := range ny {
				ax, ay := x0+vg.Length(i)*cw, y0+vg.Length(j)*ch
				v := g.Values[i][j]
				if !finite(v) {
					fillRect(c, color.RGBA{225, 225, 225, 255}, ax, ay, ax+cw, ay+ch)
					sty := draw.LineStyle{Color: color.RGBA{150, 150, 150, 255}, Width: 0.8}
					c.StrokeLine2(sty, ax+cw*.3, ay+ch*.3, ax+cw*.7, ay+ch*.7)
					c.StrokeLine2(sty, ax+cw*.3, ay+ch*.7, ax+cw*.7, ay+ch*.3)
					continue
				}
				u := heat(share(v))
				fillRect(c, Heat(u), ax, ay, ax+cw, ay+ch)
				if !g.NoNumbers && size >= 6 {
					ink := color.Color(inkColor)
					if u > 0.45 {
						ink = color.White
					}
					c.FillText(textStyle(size, ink, draw.XCenter, draw.YCenter), vg.Point{X: ax + cw/2, Y: ay + ch/2}, three(v))
				}
			}
		}
		for i := 1; i < nx; i++ {
			c.StrokeLine2(draw.LineStyle{Color: color.White, Width: 0.6}, x0+vg.Length(i)*cw, y0, x0+vg.Length(i)*cw, y0+h)
		}
		for j := 1; j < ny; j++ {
			c.StrokeLine2(draw.LineStyle{Color: color.White, Width: 0.6}, x0, y0+vg.Length(j)*ch, x0+w, y0+vg.Length(j)*ch)
		}
		p.frame(inkColor, 0.7)
		bx, by := x0+vg.Length(bi)*cw, y0+vg.Length(bj)*ch
		panel{Canvas: subCanvas(c, bx, by, bx+cw, by+ch)}.frame(color.White, 4.5)
		panel{Canvas: subCanvas(c, bx, by, bx+cw, by+ch)}.frame(seriesColors[0], 2.5)

		every := func(n int, size, room vg.Length) int { return max(1, int(math.Ceil(float64(room*vg.Length(n)/size)))) }
		tick := textStyle(10, inkColor, draw.XCenter, draw.YTop)
		room := vg.Length(0)
		for _, v := range g.Gamma1 {
			room = max(room, tick.Width(short(v))+5)
		}
		for i := 0; i < nx; i += every(nx, w, room) {
			x := x0 + (vg.Length(i)+0.5)*cw
			c.StrokeLine2(draw.LineStyle{Color: inkColor, Width: 0.7}, x, y0-3.5, x, y0)
			c.FillText(tick, vg.Point{X: x, Y: y0 - 6}, short(g.Gamma1[i]))
		}
		tick = textStyle(10, inkColor, draw.XRight, draw.YCenter)
		room = 0
		for j := 0; j < ny; j += every(ny, h, 14) {
			y := y0 + (vg.Length(j)+0.5)*ch
			c.StrokeLine2(draw.LineStyle{Color: inkColor, Width: 0.7}, x0-3.5, y, x0, y)
			c.FillText(tick, vg.Point{X: x0 - 6, Y: y + 0.4}, short(g.Gamma2[j]))
			room = max(room, tick.Width(short(g.Gamma2[j])))
		}
		c.FillText(textStyle(13, inkColor, draw.XCenter, draw.YTop), vg.Point{X: x0 + w/2, Y: y0 - 22}, or(g.XLabel, "γ₁"))
		c.FillText(textStyle(13, inkColor, draw.XRight, draw.YCenter), vg.Point{X: x0 - room - 14, Y: y0 + h/2}, or(g.YLabel, "γ₂"))
		bar := subCanvas(c, x0+w+16, y0, x0+w+30, y0+h)
		colourBar(bar, lo, hi, log, or(g.Metric, "MMD²"), heat)
	})
}

// three writes a number with three significant digits, without a leading zero.
func three(v float64) string {
	a := math.Abs(v)
	if v != 0 && (a < 1e-4 || a >= 1e4) {
		return short(v)
	}
	d := 0
	if a > 0 {
		d = max(0, 2-int(math.Floor(math.Log10(a))))
	}
	s := fmt.Sprintf("%.*f", min(d, 5), v)
	switch {
	case a < 1 && a > 0 && s[0] == '0':
		s = s[1:]
	case a < 1 && a > 0 && len(s) > 2 && s[:2] == "-0":
		s = "−" + s[2:]
	}
	return s
}

// check returns the range of the values and the best cell.
func (g GammaHeatMap) check() (lo, hi float64, bi, bj int, err error) {
	if err = checkValues("Gamma1", g.Gamma1); err == nil {
		err = checkValues("Gamma2", g.Gamma2)
	}
	if err == nil && len(g.Values) != len(g.Gamma1) {
		err = fmt.Errorf("%d values of Gamma1 but %d rows of Values", len(g.Gamma1), len(g.Values))
	}
	if err != nil {
		return
	}
	lo, hi = math.Inf(1), math.Inf(-1)
	for i, row := range g.Values {
		if len(row) != len(g.Gamma2) {
			err = fmt.Errorf("row %d of Values has %d values, Gamma2 has %d", i, len(row), len(g.Gamma2))
			return
		}
		for j, v := range row {
			if !finite(v) {
				continue
			}
			if v < lo && !g.HighGood || v > hi && g.HighGood {
				bi, bj = i, j
			}
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	if math.IsInf(lo, 0) {
		err = errors.New("no value is finite")
	}
	return
}
