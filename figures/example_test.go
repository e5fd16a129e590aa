package figures_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/idff-go/workbench/figures"
)

// draw is what the examples end with: it draws, saves and tells the size. In a
// notebook one would write figures.MustShow(d).
func draw(d figures.Drawer, name string) {
	fig, err := d.Draw()
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := fig.Save(filepath.Join(outDir(), name)); err != nil {
		fmt.Println(err)
		return
	}
	w, h := fig.Size()
	fmt.Printf("%s: %.1f x %.1f inches\n", name, w, h)
}

// outDir is where the examples write: FIGURES_OUT, or a temporary folder.
func outDir() string {
	if dir := os.Getenv("FIGURES_OUT"); dir != "" {
		return dir
	}
	return filepath.Join(os.TempDir(), "figures-examples")
}

// kdeColumns are computed once for all tests; they are not to be changed.
var kdeColumns = sync.OnceValue(func() []figures.KDEColumn {
	x0 := normal(2048, 1)
	return []figures.KDEColumn{
		{Title: "CFM\nEuler 2 · 2 fwd", Trajectory: threeRows(flow(x0, 2, 0))},
		{Title: "CFM\nEuler 8 · 8 fwd", Trajectory: threeRows(flow(x0, 8, 0))},
		{Title: "pushed along the score × 0.5\nEuler 8 · 8 fwd + 8 bwd = 24", Trajectory: threeRows(flow(x0, 8, 0.5))},
		{Title: "pushed along the score × 2\nEuler 8 · 8 fwd + 8 bwd = 24", Trajectory: threeRows(flow(x0, 8, 2))},
		{Title: "pushed along the score × 4\nEuler 8 · 8 fwd + 8 bwd = 24", Trajectory: threeRows(flow(x0, 8, 4))},
		{Title: "CFM, a title that is a little too long\nEuler 40 · 40 fwd", Trajectory: threeRows(flow(x0, 40, 0))},
	}
})

func kdeGrid(cols int) figures.KDEGrid {
	return figures.KDEGrid{Rows: []float64{0, 0.5, 1}, Columns: slices.Clone(kdeColumns()[:cols]), Truth: eightGaussians(2048, 2)}
}

func ExampleKDEGrid() {
	x0 := normal(2048, 1)
	truth := eightGaussians(2048, 2)
	draw(figures.KDEGrid{
		Rows: []float64{0, 0.5, 1},
		Columns: []figures.KDEColumn{
			{Title: "CFM\nEuler 2 · 2 fwd", Trajectory: threeRows(flow(x0, 2, 0))},
			{Title: "CFM\nEuler 8 · 8 fwd", Trajectory: threeRows(flow(x0, 8, 0))},
			{Title: "CFM\nEuler 40 · 40 fwd", Trajectory: threeRows(flow(x0, 40, 0))},
		},
		Truth: truth,
	}, "kdegrid.png")
	// Output: kdegrid.png: 10.7 x 10.8 inches
}

func ExampleKDEPanel() {
	states := flow(normal(2048, 1), 8, 0)
	draw(figures.KDEPanel{
		Title:   "CFM, Euler 8",
		Samples: states[8],
		Path:    states[:8],
		Truth:   eightGaussians(2048, 2),
	}, "kdepanel.png")
	// Output: kdepanel.png: 6.3 x 6.6 inches
}

func samples() figures.Samples {
	return figures.Samples{Clouds: []figures.Cloud{
		{Title: "8gaussians", Points: eightGaussians(2000, 1)},
		{Title: "checkerboard", Points: checkerboard(2000, 1)},
		{Title: "moons", Points: moons(2000, 1)},
		{Title: "2spirals", Points: spirals(2000, 1)},
	}}
}

func ExampleSamples() {
	draw(figures.Samples{Clouds: []figures.Cloud{
		{Title: "8gaussians", Points: eightGaussians(2000, 1)},
		{Title: "checkerboard", Points: checkerboard(2000, 1)},
		{Title: "moons", Points: moons(2000, 1)},
		{Title: "2spirals", Points: spirals(2000, 1)},
	}}, "samples.png")
	// Output: samples.png: 13.0 x 3.6 inches
}

// momentum is a panel of the flow to eight Gaussians; the momentum term is the
// score times t(1-t).
func momentum(title string, seed uint64) figures.MomentumPanel {
	x0 := normal(1000, seed)
	few, many := flow(x0, 5, 1), flow(x0, 50, 0)
	p := figures.MomentumPanel{Title: title, Samples: few[5]}
	for _, i := range figures.FarthestPoints(few[5], 12) {
		var path, xi, fine [][2]float64
		for k := range few {
			path = append(path, few[k][i])
			t := float64(k) / 5
			if k < 5 {
				_, s := velocity(few[k][i], t)
				xi = append(xi, [2]float64{t * (1 - t) * s[0], t * (1 - t) * s[1]})
			}
		}
		for k := range many {
			fine = append(fine, many[k][i])
		}
		p.Paths, p.Momenta, p.Reference = append(p.Paths, path), append(p.Momenta, xi), append(p.Reference, fine)
	}
	return p
}

func ExampleMomentum() {
	draw(figures.Momentum{
		Panels:        []figures.MomentumPanel{momentum("seed 1", 1), momentum("seed 2", 2), momentum("seed 3", 3), momentum("seed 4", 4)},
		SamplesName:   "final samples (5 steps)",
		PathName:      "path (5 steps)",
		ReferenceName: "CFM path (50 steps)",
	}, "momentum.png")
	// Output: momentum.png: 9.4 x 10.6 inches
}

func loss() figures.Loss {
	var curves []figures.LossCurve
	for i, name := range []string{"independent coupling", "exact OT coupling"} {
		noise := normal(20000, uint64(i))
		c := figures.LossCurve{Name: name}
		for k := range noise {
			base := 0.02/float64(i+1) + math.Exp(-float64(k)/800) + 0.1*math.Exp(-float64(k)/6000)
			c.Values = append(c.Values, base*math.Exp(0.25*noise[k][0]))
		}
		curves = append(curves, c)
	}
	return figures.Loss{Title: "checkerboard, seed 1", Curves: curves}
}

func ExampleLoss() {
	draw(loss(), "loss.png")
	// Output: loss.png: 9.0 x 4.3 inches
}

func heatMap() figures.GammaHeatMap {
	g := figures.GammaHeatMap{Title: "8gaussians, RK4 2 steps, seeds 0–4", Metric: "MMD²"}
	for i := range 8 {
		g.Gamma1 = append(g.Gamma1, float64(i)*0.2-0.4)
	}
	for j := range 7 {
		g.Gamma2 = append(g.Gamma2, float64(j)*0.5-1.5)
	}
	for _, a := range g.Gamma1 {
		var row []float64
		for _, b := range g.Gamma2 {
			v := 0.004 + 0.08*(a-0.4)*(a-0.4) + 0.02*(b+0.5)*(b+0.5)
			if a > 0.9 && b > 1.2 {
				v = math.NaN()
			}
			row = append(row, v)
		}
		g.Values = append(g.Values, row)
	}
	return g
}

func ExampleGammaHeatMap() {
	draw(heatMap(), "heatmap.png")
	// Output: heatmap.png: 8.1 x 6.8 inches
}

// costQuality has curves that fall with the cost towards a floor.
func costQuality(panels int) figures.CostQuality {
	q := figures.CostQuality{}
	samplers := []struct {
		name  string
		order float64
		cost  []float64
	}{
		{"CFM Euler", 1, []float64{1, 2, 3, 4, 8, 16, 32}},
		{"CFM midpoint", 1.6, []float64{2, 4, 8, 16, 32}},
		{"CFM Heun", 1.5, []float64{2, 4, 8, 16, 32}},
		{"CFM RK4", 2, []float64{4, 8, 16, 32}},
		{"OT-CFM Euler", 1.3, []float64{1, 2, 4, 8, 16}},
		{"IDFF order 1, γ chosen on other seeds", 1.4, []float64{4, 8, 14, 28}},
		{"IDFF order 2, γ chosen on other seeds", 1.2, []float64{26}},
	}
	for p := range panels {
		panel := figures.CostPanel{Title: []string{"8gaussians", "checkerboard", "moons", "2spirals", "pinwheel", "swissroll", "circles"}[p], Floor: 8e-4, FloorSpread: 1.5e-4}
		for i, s := range samplers {
			c := figures.CostCurve{Name: s.name, Cost: s.cost}
			noise := normal(10*len(s.cost), uint64(100*p+i))
			for k, x := range s.cost {
				var seeds []float64
				for j := range 10 {
					mean := 7e-4 + (0.3+0.1*float64(p))*math.Pow(x, -s.order)
					seeds = append(seeds, mean+noise[10*k+j][0]*(2e-4+0.15*mean))
				}
				c.Values = append(c.Values, seeds)
			}
			panel.Curves = append(panel.Curves, c)
		}
		q.Panels = append(q.Panels, panel)
	}
	return q
}

func ExampleCostQuality() {
	draw(costQuality(4), "costquality.png")
	// Output: costquality.png: 12.0 x 8.6 inches
}

// schedule compares, at each budget, uniform steps with schedules that a
// formula makes up.
func schedule(curves int, budgets ...int) figures.Schedule {
	s := figures.Schedule{}
	for _, steps := range budgets {
		panel := figures.SchedulePanel{Title: fmt.Sprintf("%d evaluations", steps)}
		for i, name := range []string{"uniform", "learned, 8gaussians", "learned, checkerboard", "learned, moons"}[:curves] {
			c := figures.ScheduleCurve{Name: name}
			power := []float64{1, 0.6, 0.75, 1.5}[i]
			for k := range steps + 1 {
				c.Times = append(c.Times, math.Pow(float64(k)/float64(steps), power))
			}
			if i > 0 {
				c.Gamma = make([][]float64, 2)
				for k := range steps {
					u := (float64(k) + 0.5) / float64(steps)
					c.Scale = append(c.Scale, 1+0.3*(power-0.2)*math.Cos(3*u))
					c.Gamma[0] = append(c.Gamma[0], 0.1*power*math.Sin(4*u))
					c.Gamma[1] = append(c.Gamma[1], -0.03*power*math.Sin(7*u))
				}
			}
			panel.Curves = append(panel.Curves, c)
		}
		s.Panels = append(s.Panels, panel)
	}
	return s
}

func ExampleSchedule() {
	draw(figures.Schedule{Panels: []figures.SchedulePanel{
		{Title: "2 evaluations", Curves: []figures.ScheduleCurve{
			{Name: "uniform", Times: []float64{0, 0.5, 1}},
			{Name: "made up", Times: []float64{0, 0.62, 1}, Scale: []float64{1.21, 0.94}},
		}},
		{Title: "3 evaluations", Curves: []figures.ScheduleCurve{
			{Name: "uniform", Times: []float64{0, 1. / 3, 2. / 3, 1}},
			{Name: "made up", Times: []float64{0, 0.48, 0.81, 1}, Scale: []float64{1.14, 1.06, 0.97}},
		}},
	}}, "schedule.png")
	// Output: schedule.png: 12.6 x 3.6 inches
}

func trajectories() figures.Trajectories {
	x0 := normal(2048, 1)
	return figures.Trajectories{
		Panels: []figures.KDEColumn{
			{Title: "Euler\n4 evaluations", Trajectory: flow(x0, 4, 0)},
			{Title: "pushed along the score × 2\n4 evaluations", Trajectory: flow(x0, 4, 2)},
			{Title: "Euler\n32 evaluations", Trajectory: flow(x0, 32, 0)},
		},
		Truth: eightGaussians(2048, 2),
	}
}

func ExampleTrajectories() {
	x0 := normal(2048, 1)
	draw(figures.Trajectories{
		Panels: []figures.KDEColumn{
			{Title: "Euler\n4 evaluations", Trajectory: flow(x0, 4, 0)},
			{Title: "Euler\n32 evaluations", Trajectory: flow(x0, 32, 0)},
		},
		Truth: eightGaussians(2048, 2),
	}, "trajectories.png")
	// Output: trajectories.png: 10.1 x 5.9 inches
}

func lines() figures.Lines {
	l := figures.Lines{
		Title: "convergence to the exact flow", XLabel: "steps", YLabel: "mean error", LogX: true, LogY: true, Markers: true,
		Level: 2e-6, LevelName: "float32",
	}
	for i, name := range []string{"Euler", "midpoint", "RK4"} {
		s := figures.Series{Name: name}
		for n := 2.0; n <= 128; n *= 2 {
			e := math.Pow(n, -float64([]int{1, 2, 4}[i])) + 2e-6
			s.X, s.Y, s.Spread = append(s.X, n), append(s.Y, e), append(s.Spread, 0.2*e)
		}
		l.Series = append(l.Series, s)
	}
	return l
}

func ExampleLines() {
	draw(lines(), "lines.png")
	// Output: lines.png: 9.0 x 4.9 inches
}

func quiver() figures.Quiver {
	var q figures.Quiver
	box := figures.Box{XMin: -7, XMax: 7, YMin: -7, YMax: 7}
	x0 := flow(normal(1000, 1), 20, 0)
	for _, k := range []int{0, 10, 18} {
		p := figures.QuiverPanel{Title: fmt.Sprintf("t = %.2f", float64(k)/20), At: box.Points(22), Points: x0[k]}
		for _, x := range p.At {
			u, _ := velocity(x, float64(k)/20)
			p.Vectors = append(p.Vectors, u)
		}
		q.Panels = append(q.Panels, p)
	}
	return q
}

func ExampleQuiver() {
	draw(quiver(), "quiver.png")
	// Output: quiver.png: 12.6 x 4.3 inches
}

// logDensity is that of the flow to eight Gaussians at time t.
func logDensity(x [2]float64, t float64) float64 {
	s2 := t*t*0.5623*0.5623 + (1-t)*(1-t)
	p := 0.
	for k := range 8 {
		s, c := math.Sincos(float64(k) * math.Pi / 4)
		dx, dy := x[0]-5*t*c, x[1]-5*t*s
		p += math.Exp(-(dx*dx+dy*dy)/(2*s2)) / (8 * 2 * math.Pi * s2)
	}
	return math.Log(p)
}

func densityMap() figures.DensityMap {
	d := figures.DensityMap{Box: figures.Box{XMin: -7, XMax: 7, YMin: -7, YMax: 7}, Mass: []float64{.5, .95}}
	for _, t := range []float64{0.5, 0.75, 1} {
		p := figures.DensityPanel{Title: fmt.Sprintf("t = %.2f", t)}
		for _, x := range d.Box.Points(100) {
			p.LogP = append(p.LogP, logDensity(x, t))
		}
		d.Panels = append(d.Panels, p)
	}
	return d
}

func ExampleDensityMap() {
	d := figures.DensityMap{Box: figures.Box{XMin: -7, XMax: 7, YMin: -7, YMax: 7}, Mass: []float64{.5, .95}}
	for _, t := range []float64{0.5, 0.75, 1} {
		p := figures.DensityPanel{Title: fmt.Sprintf("t = %.2f", t)}
		for _, x := range d.Box.Points(100) { // in a notebook: run.MustLogLikelihood(idffnb.Flat(d.Box.Points(100)), ...).LogP
			p.LogP = append(p.LogP, logDensity(x, t))
		}
		d.Panels = append(d.Panels, p)
	}
	draw(d, "density.png")
	// Output: density.png: 13.2 x 4.4 inches
}

func ExampleFlowGIF() {
	film := figures.FlowGIF{
		Title:  "8gaussians, CFM, 30 Euler steps",
		Frames: flow(normal(1500, 1), 30, 0),
		Truth:  eightGaussians(1500, 2),
	}
	draw(film, "flow.png") // the film strip
	draw(film, "flow.gif") // the animation
	// Output:
	// flow.png: 13.0 x 3.2 inches
	// flow.gif: 13.0 x 3.2 inches
}

func ExampleBeside() {
	fig, err := figures.Beside(heatMap(), figures.GammaHeatMap{
		Gamma1: []float64{0, 0.5, 1}, Gamma2: []float64{-1, 1},
		Values: [][]float64{{0.3, 0.2}, {0.1, 0.4}, {0.2, 0.5}}, Title: "checkerboard", Metric: "W₂",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	draw(fig, "beside.png")
	// Output: beside.png: 12.9 x 6.8 inches
}
