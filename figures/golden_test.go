package figures_test

import (
	"bytes"
	"image/gif"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/idff-go/workbench/figures"
	"gonum.org/v1/plot/cmpimg"
)

// golden compares the figure, at a low resolution, with testdata/name. The
// tolerance of 0.1 in colour leaves room for machines that round differently.
// Run the tests with -regen to write the files anew.
func golden(t *testing.T, d figures.Drawer, name string) {
	t.Helper()
	fig, err := d.Draw()
	if err != nil {
		t.Fatal(err)
	}
	fig.DPI = 45
	got, err := fig.PNG()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *cmpimg.GenerateTestData {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	same, err := cmpimg.EqualApprox("png", got, want, 0.1)
	if err != nil {
		t.Fatal(err)
	}
	if !same {
		out := filepath.Join(os.TempDir(), name)
		if err := os.WriteFile(out, got, 0o644); err != nil {
			t.Error(err)
		}
		t.Errorf("the picture differs from %s; the new one is %s", path, out)
	}
}

func TestGolden(t *testing.T) {
	density := samples()
	density.Style, density.Bandwidth, density.Title = figures.Density, 0.4, "densities"
	histogram := samples()
	histogram.Style, histogram.Columns = figures.Histogram, 2
	negative := costQuality(1)
	negative.Panels[0].Curves[3].Values[3] = []float64{-0.001, 0.0005}
	negative.YLabel = "unbiased MMD²"
	collapsed := kdeGrid(3)
	collapsed.Title = "one method diverged, one collapsed"
	for c := range 2 {
		rows := slices.Clone(collapsed.Columns[c].Trajectory)
		rows[2] = slices.Clone(rows[2])
		collapsed.Columns[c].Trajectory = rows
	}
	for i := range 2048 {
		collapsed.Columns[0].Trajectory[2][i][0] *= 1e6
		collapsed.Columns[1].Trajectory[2][i] = [2]float64{1, 2}
	}
	eight := schedule(4, 8)
	eight.Title, eight.ScaleLabel, eight.GammaLabel = "one panel", "weight", []string{"earlier"}
	away := trajectories()
	away.Title, away.Paths = "some fly off", 20
	away.Panels[1].Trajectory = flow(normal(2048, 1), 4, 30)
	logarithmic := densityMap()
	logarithmic.Log, logarithmic.Floor, logarithmic.Mass, logarithmic.Columns, logarithmic.Title = true, 15, nil, 2, "logarithmic, with data"
	logarithmic.Panels[2].Points = eightGaussians(500, 1)
	logarithmic.Panels[1].LogP[4850] = math.Inf(-1)
	states := flow(normal(2048, 1), 8, 0)
	for _, c := range []struct {
		name string
		d    figures.Drawer
	}{
		{"kdegrid2.png", kdeGrid(2)},
		{"kdegrid5.png", kdeGrid(5)},
		{"kdegrid6.png", kdeGrid(6)},
		{"kdegrid_bad.png", collapsed},
		{"kdepanel.png", figures.KDEPanel{Title: "CFM, Euler 8", Samples: states[8], Path: states[:8], Truth: eightGaussians(2048, 2)}},
		{"samples.png", samples()},
		{"samples_density.png", density},
		{"samples_histogram.png", histogram},
		{"momentum.png", figures.Momentum{Panels: []figures.MomentumPanel{momentum("seed 1", 1), momentum("seed 2", 2)}}},
		{"loss.png", loss()},
		{"heatmap.png", heatMap()},
		{"costquality.png", costQuality(4)},
		{"costquality_negative.png", negative},
		{"costquality7.png", costQuality(7)},
		{"schedule.png", schedule(3, 2, 3, 4)},
		{"schedule8.png", eight},
		{"schedule5.png", schedule(4, 2, 3, 4, 6, 8)},
		{"trajectories.png", trajectories()},
		{"trajectories_off.png", away},
		{"lines.png", lines()},
		{"quiver.png", quiver()},
		{"density.png", densityMap()},
		{"density_log.png", logarithmic},
		{"strip.png", film()},
	} {
		t.Run(c.name, func(t *testing.T) { golden(t, c.d, c.name) })
	}
}

func film() figures.FlowGIF {
	return figures.FlowGIF{Title: "8gaussians, CFM, 30 Euler steps", Frames: flow(normal(1500, 1), 30, 0), Truth: eightGaussians(1500, 2)}
}

func TestGIF(t *testing.T) {
	for _, density := range []bool{false, true} {
		f := film()
		f.Density = density
		fig, err := f.Draw()
		if err != nil {
			t.Fatal(err)
		}
		data, err := fig.GIF()
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 350_000 {
			t.Errorf("density %v: the animation has %d bytes, want at most 350000", density, len(data))
		}
		g, err := gif.DecodeAll(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if n := len(g.Image); n != 26 {
			t.Errorf("density %v: %d frames, want 26", density, n)
		}
		if g.Delay[0] != 8 || g.Delay[len(g.Delay)-1] != 150 {
			t.Errorf("density %v: delays %v", density, g.Delay)
		}
		for i, m := range g.Image {
			if !m.Rect.In(g.Image[0].Rect) {
				t.Errorf("density %v: frame %d at %v lies outside %v", density, i, m.Rect, g.Image[0].Rect)
			}
		}
	}
}

// TestNotebookSize draws what a notebook of seven figures holds; base64 adds a third.
func TestNotebookSize(t *testing.T) {
	total := 0
	for _, d := range []figures.Drawer{kdeGrid(5), samples(), costQuality(4), heatMap(), loss(),
		figures.Momentum{Panels: []figures.MomentumPanel{momentum("1", 1), momentum("2", 2), momentum("3", 3), momentum("4", 4)}}, quiver()} {
		data, err := figures.Must(d).PNG()
		if err != nil {
			t.Fatal(err)
		}
		total += (len(data) + 2) / 3 * 4
	}
	if total > 800_000 {
		t.Errorf("seven figures take %d bytes in a notebook, want at most 800000", total)
	}
}
