package explorer

import (
	"fmt"
	"image/color"
	"math"

	"github.com/idff-go/workbench/figures"
	"golang.org/x/image/font"
	"gonum.org/v1/plot"
	vgfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// panel is one cloud of samples: its density in bands of equal mass, the samples as dots over it, and the true data's density in
// dashed contours.
type panel struct {
	title    []string // the first line is bold
	points   [][2]float64
	density  *figures.Grid
	contours []figures.Path
}

// Sizes of a panel, in points.
const (
	panelSize  = 290
	panelGap   = 14
	margin     = 6
	titleSize  = 12
	titleLines = 3
	lineStep   = 1.25 * titleSize
	titleRoom  = titleLines*lineStep + 4
)

var (
	ink     = color.NRGBA{30, 30, 30, 255}
	soft    = color.NRGBA{90, 90, 90, 255}
	dotInk  = color.NRGBA{0, 40, 90, 130}
	dataInk = color.NRGBA{20, 20, 20, 215}
)

// beside draws panels in a row over the same box of the plane, which is a square.
func beside(box figures.Box, panels ...panel) (*figures.Figure, error) {
	n := float64(len(panels))
	width, height := 2*margin+n*panelSize+(n-1)*panelGap, 2*margin+panelSize+titleRoom
	return figures.NewFigure(width/72, height/72, func(c draw.Canvas) {
		for i, p := range panels {
			at := vg.Point{X: c.Min.X + margin + vg.Length(i)*(panelSize+panelGap), Y: c.Min.Y + margin}
			p.draw(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: at, Max: at.Add(vg.Point{X: panelSize, Y: panelSize})}}, box)
		}
	})
}

func (p panel) draw(c draw.Canvas, box figures.Box) {
	place := func(x [2]float64) vg.Point {
		return vg.Point{
			X: c.Min.X + vg.Length((x[0]-box.XMin)/(box.XMax-box.XMin))*panelSize,
			Y: c.Min.Y + vg.Length((x[1]-box.YMin)/(box.YMax-box.YMin))*panelSize,
		}
	}
	c.SetColor(figures.Heat(0.012))
	c.Fill(c.Rectangle.Path())
	levels := p.density.MassLevels(0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95)
	for k, level := range levels {
		var all vg.Path
		for _, region := range p.density.Regions(level) {
			all = append(all, line(region, place)...)
		}
		c.SetColor(figures.Heat(0.04 + 0.6*float64(k+1)/float64(len(levels)+1)))
		c.Fill(all)
	}
	c.SetLineStyle(draw.LineStyle{Color: dataInk, Width: 0.6, Dashes: []vg.Length{2.6, 1.5}})
	for _, contour := range p.contours {
		c.Stroke(line(contour, place))
	}
	outside := p.dots(c, place)
	c.SetLineStyle(draw.LineStyle{Color: ink, Width: 0.7})
	c.Stroke(c.Rectangle.Path())
	if outside > 0 {
		c.FillText(style(8.5, soft, draw.XRight), vg.Point{X: c.Max.X - 4, Y: c.Min.Y + 3}, fmt.Sprintf("%d of %d outside", outside, len(p.points)))
	}
	for i, s := range p.title {
		sty := style(titleSize*0.9, soft, draw.XCenter)
		if i == 0 {
			sty = style(titleSize, ink, draw.XCenter)
			sty.Font.Weight = font.WeightBold
		}
		c.FillText(sty, vg.Point{X: c.Center().X, Y: c.Max.Y + 5 + lineStep*vg.Length(len(p.title)-1-i)}, s)
	}
}

// dots draws the samples, and returns how many of them lie outside the panel.
func (p panel) dots(c draw.Canvas, place func([2]float64) vg.Point) (outside int) {
	const radius, corners = 1.1, 8
	c.SetColor(dotInk)
	for _, x := range p.points {
		at := place(x)
		if !c.Contains(at) {
			outside++
			continue
		}
		var dot vg.Path
		for k := range corners {
			sin, cos := math.Sincos(2 * math.Pi * float64(k) / corners)
			corner := at.Add(vg.Point{X: vg.Length(radius * cos), Y: vg.Length(radius * sin)})
			if k == 0 {
				dot.Move(corner)
			} else {
				dot.Line(corner)
			}
		}
		dot.Close()
		c.Fill(dot)
	}
	return outside
}

// line is a path of the plane on the canvas.
func line(path figures.Path, place func([2]float64) vg.Point) (out vg.Path) {
	for i, x := range path.Points {
		if i == 0 {
			out.Move(place(x))
		} else {
			out.Line(place(x))
		}
	}
	if path.Closed {
		out.Close()
	}
	return out
}

func style(size vg.Length, ink color.Color, align draw.XAlignment) text.Style {
	return text.Style{
		Color: ink, XAlign: align, YAlign: draw.YBottom, Handler: plot.DefaultTextHandler,
		Font: vgfont.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
	}
}
