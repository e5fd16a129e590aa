package figures

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// panel is a rectangle of the canvas that shows a box of the plane.
type panel struct {
	draw.Canvas
	box Box
}

// pt maps a point of the plane to the canvas.
func (p panel) pt(x [2]float64) vg.Point {
	return vg.Point{
		X: p.Min.X + vg.Length((x[0]-p.box.XMin)/(p.box.XMax-p.box.XMin))*(p.Max.X-p.Min.X),
		Y: p.Min.Y + vg.Length((x[1]-p.box.YMin)/(p.box.YMax-p.box.YMin))*(p.Max.Y-p.Min.Y),
	}
}

// frame draws the panel's border.
func (p panel) frame(clr color.Color, width vg.Length) {
	var path vg.Path
	path.Move(p.Min)
	path.Line(vg.Point{X: p.Max.X, Y: p.Min.Y})
	path.Line(p.Max)
	path.Line(vg.Point{X: p.Min.X, Y: p.Max.Y})
	path.Close()
	p.SetLineStyle(draw.LineStyle{Color: clr, Width: width})
	p.Stroke(path)
}

// fillRect paints the rectangle between two points of the canvas.
func fillRect(c draw.Canvas, clr color.Color, x0, y0, x1, y1 vg.Length) {
	var path vg.Path
	path.Move(vg.Point{X: x0, Y: y0})
	path.Line(vg.Point{X: x1, Y: y0})
	path.Line(vg.Point{X: x1, Y: y1})
	path.Line(vg.Point{X: x0, Y: y1})
	path.Close()
	c.SetColor(clr)
	c.Fill(path)
}

// dots draws the points inside the box as small discs.
func (p panel) dots(pts [][2]float64, clr color.Color, radius vg.Length) {
	n := 8
	if radius > 2.5 {
		n = 24
	}
	ring := make([]vg.Point, n)
	for i := range ring {
		s, c := math.Sincos(2 * math.Pi * (float64(i) + 0.5) / float64(n))
		ring[i] = vg.Point{X: radius * vg.Length(c), Y: radius * vg.Length(s)}
	}
	p.SetColor(clr)
	path := make(vg.Path, 0, n+1)
	for _, x := range pts {
		if !p.box.contains(x) {
			continue
		}
		at := p.pt(x)
		path = path[:0]
		path.Move(at.Add(ring[0]))
		for _, r := range ring[1:] {
			path.Line(at.Add(r))
		}
		path.Close()
		p.Fill(path)
	}
}

// line strokes a polyline given in the plane, clipped to the panel.
func (p panel) line(pts [][2]float64, sty draw.LineStyle) {
	q := make([]vg.Point, len(pts))
	for i, x := range pts {
		q[i] = p.pt(x)
	}
	p.StrokeLines(sty, p.ClipLinesXY(q)...)
}

// paths strokes contour lines.
func (p panel) paths(paths []Path, sty draw.LineStyle) {
	p.SetLineStyle(sty)
	for _, path := range paths {
		if v := p.vgPath(nil, path); len(v) > 0 {
			p.Stroke(v)
		}
	}
}

// vgPath appends a path of the plane to v.
func (p panel) vgPath(v vg.Path, path Path) vg.Path {
	for i, x := range path.Points {
		if i == 0 {
			v.Move(p.pt(x))
		} else {
			v.Line(p.pt(x))
		}
	}
	if path.Closed {
		v.Close()
	}
	return v
}

// fillLevels paints the grid in bands: below the first level nothing, above
// the k-th of n levels Heat at (k+1)/(n+1) of its range.
func (p panel) fillLevels(g *Grid, levels []float64) {
	for k, l := range levels {
		var v vg.Path
		for _, path := range g.Regions(l) {
			v = p.vgPath(v, path)
		}
		if len(v) == 0 {
			continue
		}
		p.SetColor(Heat(heatOf(k, len(levels))))
		p.Fill(v)
	}
}

// heatOf spreads n bands over the lighter part of the colour map, so that
// lines drawn over the darkest stay visible.
func heatOf(k, n int) float64 { return 0.04 + 0.66*float64(k+1)/float64(n+1) }

// arrow draws a line with a filled head at its end, given in the plane.
// A head longer than the line shrinks with it.
func (p panel) arrow(from, to [2]float64, clr color.Color, width, head vg.Length, dash []vg.Length) {
	a, b := p.pt(from), p.pt(to)
	d := b.Sub(a)
	l := vg.Length(math.Hypot(float64(d.X), float64(d.Y)))
	if l < 0.3 || !finite(float64(l)) {
		return
	}
	head = min(head, 0.75*l)
	u := vg.Point{X: d.X / l, Y: d.Y / l}
	neck := vg.Point{X: b.X - u.X*head*0.9, Y: b.Y - u.Y*head*0.9}
	for _, seg := range p.ClipLinesXY([]vg.Point{a, neck}) {
		p.StrokeLines(draw.LineStyle{Color: clr, Width: width, Dashes: dash}, seg)
	}
	if p.Contains(b) {
		p.head(b, u, clr, head)
	}
}

// head draws an arrow head of the given length whose tip is at b.
func (p panel) head(b, u vg.Point, clr color.Color, length vg.Length) {
	w := length * 0.42
	var path vg.Path
	path.Move(b)
	path.Line(vg.Point{X: b.X - u.X*length - u.Y*w, Y: b.Y - u.Y*length + u.X*w})
	path.Line(vg.Point{X: b.X - u.X*length*0.8, Y: b.Y - u.Y*length*0.8})
	path.Line(vg.Point{X: b.X - u.X*length + u.Y*w, Y: b.Y - u.Y*length - u.X*w})
	path.Close()
	p.SetColor(clr)
	p.Fill(path)
}

// lattice lays out rows x cols panels of one size, with a title over each and
// room on the left for row labels.
type lattice struct {
	rows, cols   int
	panel        vg.Length // width of a panel
	aspect       float64   // height over width of a panel
	gapX, gapY   vg.Length
	left, bottom vg.Length
	top          vg.Length // over each row: room for titles
	firstTopOnly bool      // titles stand over the first row only
	margin       vg.Length
}

// snap puts all panels of a row at whole dots of a PNG at DefaultDPI: equal
// panels then have equal dots, and the file is smaller by half.
func (l *lattice) snap() {
	for _, v := range []*vg.Length{&l.panel, &l.gapX, &l.left, &l.margin} {
		const dot = vg.Inch / DefaultDPI
		*v = vg.Length(math.Round(float64(*v/dot))) * dot
	}
}

// size returns the figure's size in inches.
func (l lattice) size() (w, h float64) {
	tops := l.rows
	if l.firstTopOnly {
		tops = 1
	}
	width := 2*l.margin + l.left + vg.Length(l.cols)*l.panel + vg.Length(l.cols-1)*l.gapX
	height := 2*l.margin + l.bottom + vg.Length(l.rows)*l.height() + vg.Length(l.rows-1)*l.gapY + vg.Length(tops)*l.top
	return float64(width / vg.Inch), float64(height / vg.Inch)
}

func (l lattice) height() vg.Length { return l.panel * vg.Length(l.aspect) }

// at returns the panel of row r (from the top) and column k.
func (l lattice) at(c draw.Canvas, box Box, r, k int) panel {
	x := c.Min.X + l.margin + l.left + vg.Length(k)*(l.panel+l.gapX)
	tops := vg.Length(r + 1)
	if l.firstTopOnly {
		tops = 1
	}
	y := c.Max.Y - l.margin - tops*l.top - vg.Length(r)*(l.height()+l.gapY)
	return panel{subCanvas(c, x, y-l.height(), x+l.panel, y), box}
}
