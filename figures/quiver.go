package figures

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// QuiverPanel is one field of [Quiver].
type QuiverPanel struct {
	Title   string
	At      [][2]float64 // where the field is given, such as Box.Points(20)
	Vectors [][2]float64 // the field there
	Points  [][2]float64 // samples drawn in grey below; may be nil
}

// Quiver draws vector fields as arrows coloured by their length.
type Quiver struct {
	Panels []QuiverPanel

	// Length is the longest arrow in units of the mean distance of
	// neighbouring places; 0 means 1.1.
	Length  float64
	Columns int    // panels per row; 0 means up to 3
	Unit    string // what the colour bar shows; "" means "|v|"
}

// Draw draws the figure.
func (q Quiver) Draw() (*Figure, error) {
	fail := func(err error) (*Figure, error) { return nil, fmt.Errorf("figures: Quiver: %w", inner(err)) }
	n := len(q.Panels)
	if n == 0 {
		return fail(errors.New("no panels given"))
	}
	if q.Length == 0 {
		q.Length = 1.1
	}
	if !(q.Length > 0) || math.IsInf(q.Length, 0) {
		return fail(fmt.Errorf("length %g must be positive", q.Length))
	}
	longest := 0.0
	cols := q.Columns
	if cols <= 0 {
		cols = 3
	}
	cols = min(cols, n)
	lat := lattice{rows: (n + cols - 1) / cols, cols: cols, aspect: 1, gapX: 10, gapY: 8, margin: 8}
	lat.panel = min(max(vg.Length(11.8*72)/vg.Length(cols)-lat.gapX, 200), 330)
	boxes := make([]Box, n)
	titles := make([]block, n)
	for i, p := range q.Panels {
		where := fmt.Sprintf("panel %d (%s)", i, firstLine(p.Title))
		if err := checkCloud(where+", At", p.At, 1); err != nil {
			return fail(err)
		}
		if len(p.Vectors) != len(p.At) {
			return fail(fmt.Errorf("%s has %d places but %d vectors", where, len(p.At), len(p.Vectors)))
		}
		if err := checkCloud(where+", Vectors", p.Vectors, 1); err != nil {
			return fail(err)
		}
		if p.Points != nil {
			if err := checkCloud(where+", Points", p.Points, 1); err != nil {
				return fail(err)
			}
		}
		for _, v := range p.Vectors {
			longest = max(longest, math.Hypot(v[0], v[1]))
		}
		var err error
		if boxes[i], err = BoxOf(0.05, p.At); err != nil {
			return fail(err)
		}
		titles[i] = layTitle(p.Title, lat.panel, 12)
		lat.top = max(lat.top, titles[i].height()+5)
	}
	unit := q.Unit
	if unit == "" {
		unit = "|v|"
	}
	const barRoom = 54
	w, h := lat.size()
	return NewFigure(w+float64(vg.Length(barRoom)/vg.Inch), h, func(c draw.Canvas) {
		for i, qp := range q.Panels {
			p := lat.at(c, boxes[i], i/cols, i%cols)
			titles[i].draw(c, p.Center().X, p.Max.Y+5)
			p.dots(qp.Points, fade(cloudColor, 0.4), 0.8)
			cell := (p.box.XMax - p.box.XMin) / math.Sqrt(float64(len(qp.At)))
			for k, v := range qp.Vectors {
				l := math.Hypot(v[0], v[1])
				if longest == 0 || l == 0 {
					continue
				}
				s := q.Length * cell / longest
				x := qp.At[k]
				from := [2]float64{x[0] - s*v[0]/2, x[1] - s*v[1]/2}
				to := [2]float64{x[0] + s*v[0]/2, x[1] + s*v[1]/2}
				p.arrow(from, to, Heat(0.3+0.7*l/longest), 1, 4.5, nil)
			}
			p.frame(fade(inkColor, 0.5), 0.6)
		}
		first := lat.at(c, boxes[0], 0, 0)
		x := c.Max.X - lat.margin - barRoom
		bar := subCanvas(c, x+8, first.Min.Y, x+20, first.Max.Y)
		colourBar(bar, 0, longest, false, unit, func(u float64) float64 { return 0.3 + 0.7*u })
	})
}
