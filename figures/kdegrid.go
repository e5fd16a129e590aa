package figures

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// KDEColumn is one method of a [KDEGrid], or of [Trajectories].
type KDEColumn struct {
	// Title stands over the column; "\n" breaks it, and lines after the first
	// are small: "IDFF\nγ₁ = 0.2\n8 fwd + 6 bwd = 14".
	Title string
	// Trajectory is indexed [row][point]: the samples at each time of
	// KDEGrid.Rows, the points in the same order.
	Trajectory [][][2]float64
}

// KDEGrid is the figure of flows in the plane: rows are times, columns are
// methods. Each panel shows the filled kernel density estimate of the samples
// with its contours in blue, the contours of the true data dashed in black,
// and some trajectories with arrows from their start to where they are.
//
// The bands and lines of a panel are at fixed shares of the sample mass, so a
// colour means the same in each panel: the darkest band holds the densest
// part of the samples.
type KDEGrid struct {
	Rows    []float64 // the times
	Columns []KDEColumn
	Truth   [][2]float64 // samples of the true data; nil draws none

	Title     string
	Paths     int     // number of trajectories; 0 means 12, negative none
	Box       Box     // limits of all panels; zero: around Truth, else all samples
	Grid      int     // nodes per axis of the density's grid; 0 means 100
	Bandwidth float64 // factor on Scott's bandwidth; 0 means 1
	// RowLabel is the format of the label of a row; "" means "t = %.2f".
	RowLabel string
}

// massFractions are the shares of the mass below each band, as in seaborn's
// kdeplot: ten levels from 5 %.
var massFractions = func() (f []float64) {
	for k := range 10 {
		f = append(f, 0.05+0.95*float64(k)/10)
	}
	return f
}()

// Draw draws the figure.
func (k KDEGrid) Draw() (*Figure, error) {
	if err := k.check(); err != nil {
		return nil, fmt.Errorf("figures: KDEGrid: %w", inner(err))
	}
	box, err := k.limits()
	if err != nil {
		return nil, fmt.Errorf("figures: KDEGrid: %w", inner(err))
	}
	n := k.Grid
	if n == 0 {
		n = 100
	}
	var truth *truthLines
	if k.Truth != nil {
		if truth, err = newTruthLines(k.Truth, box, n, k.Bandwidth); err != nil {
			return nil, fmt.Errorf("figures: KDEGrid: truth: %w", inner(err))
		}
	}
	cols, rows := len(k.Columns), len(k.Rows)
	grids := make([][]*Grid, rows)
	for r := range grids {
		grids[r] = make([]*Grid, cols)
		for c := range k.Columns {
			if grids[r][c], err = KDE(k.Columns[c].Trajectory[r], box, n, k.Bandwidth); err != nil {
				return nil, fmt.Errorf("figures: KDEGrid: column %d, row %d: %w", c, r, inner(err))
			}
		}
	}
	shown := k.Paths
	if shown == 0 {
		shown = 12
	}
	chosen := make([][]int, cols)
	for c := range k.Columns {
		chosen[c] = FarthestPoints(k.Columns[c].Trajectory[0], shown)
	}

	lat := lattice{
		rows: rows, cols: cols, aspect: (box.YMax - box.YMin) / (box.XMax - box.XMin),
		gapX: 7, gapY: 7, left: 24, margin: 7, firstTopOnly: true,
	}
	lat.panel = min(max(vg.Length(12.9*72)/vg.Length(cols)-lat.gapX, 150), 240)
	lat.snap()
	names := make([]string, cols)
	for c, col := range k.Columns {
		names[c] = col.Title
	}
	titles := lat.titles(names, 4)
	label := k.RowLabel
	if label == "" {
		label = "t = %.2f"
	}
	return lat.figure(k.Title, 0, func(c draw.Canvas) {
		for r := range rows {
			for col := range cols {
				p := lat.at(c, box, r, col)
				if r == 0 {
					titles[col].draw(c, p.Center().X, p.Max.Y+5)
				}
				if col == 0 {
					sty := bold(textStyle(11.5, inkColor, draw.XCenter, draw.YBottom))
					sty.Rotation = math.Pi / 2
					c.FillText(sty, vg.Point{X: p.Min.X - 8, Y: p.Center().Y}, fmt.Sprintf(label, k.Rows[r]))
				}
				traj := k.Columns[col].Trajectory[:r+1]
				p.density(grids[r][col], truth, traj[r])
				p.trajectories(traj, chosen[col])
				p.frame(inkColor, 0.7)
			}
		}
	})
}

func (k KDEGrid) check() error {
	switch {
	case len(k.Rows) == 0:
		return errors.New("no rows: give the times, such as []float64{0, 0.5, 1}")
	case len(k.Columns) == 0:
		return errors.New("no columns: give one KDEColumn per method")
	}
	if err := checkValues("Rows", k.Rows); err != nil {
		return err
	}
	if k.Truth != nil {
		if err := checkCloud("Truth", k.Truth, 2); err != nil {
			return err
		}
	}
	for c, col := range k.Columns {
		name := fmt.Sprintf("column %d (%s)", c, firstLine(col.Title))
		if len(col.Trajectory) != len(k.Rows) {
			return fmt.Errorf("%s has %d clouds for %d rows: give one cloud per time", name, len(col.Trajectory), len(k.Rows))
		}
		if err := checkStates(col.Trajectory, 2, "row", func(r int) string { return fmt.Sprintf("%s, row %d (t = %g)", name, r, k.Rows[r]) }); err != nil {
			return err
		}
	}
	return nil
}

// limits returns a square around the visible contours of the truth, so that
// samples that fly off do not shrink the rest; without a truth, around all.
func (k KDEGrid) limits() (Box, error) {
	if k.Box != (Box{}) {
		return k.Box, k.Box.check()
	}
	if k.Truth == nil {
		var all [][][2]float64
		for _, c := range k.Columns {
			all = append(all, c.Trajectory...)
		}
		return BoxOf(0.12, all...)
	}
	return truthBox(k.Truth)
}

// truthBox is the square around a cloud and 1.4 of its kernels' widths.
func truthBox(cloud [][2]float64) (Box, error) {
	b, err := BoxOf(0, cloud)
	if err != nil {
		return b, err
	}
	hxx, _, hyy := bandwidth(cloud, 1)
	return b.square(1.4 * math.Sqrt(max(hxx, hyy)) / (b.XMax - b.XMin)), nil
}

// truthLines holds the contours of the true data.
type truthLines struct{ paths []Path }

func newTruthLines(cloud [][2]float64, box Box, n int, scale float64) (*truthLines, error) {
	g, err := KDE(cloud, box, n, scale)
	if err != nil {
		return nil, err
	}
	t := &truthLines{}
	for _, l := range g.MassLevels(0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.92) {
		t.paths = append(t.paths, g.Contours(l)...)
	}
	return t, nil
}

// density draws bands and contours of the samples and the truth's contours,
// and says how many of the samples lie outside the panel.
func (p panel) density(g *Grid, truth *truthLines, cloud [][2]float64) {
	fillRect(p.Canvas, Heat(0.012), p.Min.X, p.Min.Y, p.Max.X, p.Max.Y)
	outside := 0
	for _, x := range cloud {
		if !p.box.contains(x) {
			outside++
		}
	}
	if outside < len(cloud) {
		levels := g.MassLevels(massFractions...)
		p.fillLevels(g, levels)
		for i, l := range levels {
			if i%2 == 0 {
				p.paths(g.Contours(l), draw.LineStyle{Color: lineBlue, Width: 0.75})
			}
		}
	}
	if truth != nil {
		p.paths(truth.paths, draw.LineStyle{Color: color.NRGBA{20, 20, 20, 215}, Width: 0.5, Dashes: []vg.Length{2.6, 1.5}})
	}
	if outside > 0 {
		sty := textStyle(8.5, softColor, draw.XRight, draw.YBottom)
		p.FillText(sty, vg.Point{X: p.Max.X - 4, Y: p.Min.Y + 3}, fmt.Sprintf("%d of %d outside", outside, len(cloud)))
	}
}

// trajectories draws chosen points' ways through clouds [time][point].
func (p panel) trajectories(clouds [][][2]float64, chosen []int) {
	now := len(clouds) - 1
	ink := color.NRGBA{0, 0, 0, 235}
	halo := color.NRGBA{255, 255, 255, 170}
	for _, i := range chosen {
		way := make([][2]float64, 0, now+1)
		for t := range clouds {
			way = append(way, clouds[t][i])
		}
		p.line(way, draw.LineStyle{Color: halo, Width: 2.4})
		p.line(way[:max(now, 1)], draw.LineStyle{Color: ink, Width: 1})
		if now > 0 {
			p.arrow(way[now-1], way[now], ink, 1, 6.5, nil)
		}
	}
	for _, i := range chosen {
		at := clouds[0][i : i+1]
		p.dots(at, color.White, 2.9)
		p.dots(at, inkColor, 2.2)
		p.dots(at, seriesColors[4], 1.6)
	}
}

// KDEPanel is one panel of a [KDEGrid] by itself: the density of one cloud.
type KDEPanel struct {
	Samples [][2]float64
	Truth   [][2]float64 // dashed contours; nil draws none
	// Path gives earlier states of the samples, indexed [time][point] and
	// ending before Samples; some trajectories are drawn through them.
	Path [][][2]float64

	Title     string
	Paths     int     // number of trajectories; 0 means 12, negative none
	Box       Box     // zero: around Truth, else around Samples
	Grid      int     // 0 means 160
	Bandwidth float64 // factor on Scott's bandwidth; 0 means 1
}

// Draw draws the figure.
func (k KDEPanel) Draw() (*Figure, error) {
	fail := func(err error) (*Figure, error) { return nil, fmt.Errorf("figures: KDEPanel: %w", inner(err)) }
	if err := checkCloud("Samples", k.Samples, 2); err != nil {
		return fail(err)
	}
	for t, cloud := range k.Path {
		if err := checkCloud(fmt.Sprintf("state %d of Path", t), cloud, 2); err != nil {
			return fail(err)
		}
		if len(cloud) != len(k.Samples) {
			return fail(fmt.Errorf("state %d of Path has %d points, Samples has %d", t, len(cloud), len(k.Samples)))
		}
	}
	box, n := k.Box, k.Grid
	if n == 0 {
		n = 160
	}
	var err error
	if box == (Box{}) {
		around := k.Truth
		if around == nil {
			around = k.Samples
		}
		if err = checkCloud("Truth", around, 2); err != nil {
			return fail(err)
		}
		if box, err = truthBox(around); err != nil {
			return fail(err)
		}
	}
	var truth *truthLines
	if k.Truth != nil {
		if truth, err = newTruthLines(k.Truth, box, n, k.Bandwidth); err != nil {
			return fail(err)
		}
	}
	g, err := KDE(k.Samples, box, n, k.Bandwidth)
	if err != nil {
		return fail(err)
	}
	clouds := append(append([][][2]float64{}, k.Path...), k.Samples)
	shown := k.Paths
	if shown == 0 {
		shown = 12
	}
	var chosen []int
	if len(k.Path) > 0 {
		chosen = FarthestPoints(clouds[0], shown)
	}
	lat := lattice{rows: 1, cols: 1, panel: 440, aspect: (box.YMax - box.YMin) / (box.XMax - box.XMin), margin: 8}
	title := layTitle(k.Title, lat.panel, 12)
	lat.top = title.height() + 3
	w, h := lat.size()
	return NewFigure(w, h, func(c draw.Canvas) {
		p := lat.at(c, box, 0, 0)
		title.draw(c, p.Center().X, p.Max.Y+5)
		p.density(g, truth, k.Samples)
		p.trajectories(clouds, chosen)
		p.frame(inkColor, 0.7)
	})
}

func firstLine(s string) string {
	for i, r := range s {
		if r == '\n' {
			return s[:i]
		}
	}
	return s
}
