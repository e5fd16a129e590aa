package figures_test

import (
	"math"

	"github.com/idff-go/workbench/figures"
)

func ExampleRamachandran() {
	data, _ := peptide(200, 23, 0.03, 1) // [frame][residue] = (φ, ψ)
	model, _ := peptide(200, 23, 0.2, 2)
	draw(figures.Ramachandran{
		Panels: []figures.RamachandranPanel{
			{Title: "data", Frames: data},
			{Title: "generated", Frames: model},
			{Title: "data", Frames: data, Density: true},
			{Title: "generated", Frames: model, Density: true},
		},
		Basins: []figures.Basin{
			{Name: "αR", Boxes: []figures.Box{{XMin: -160, XMax: -20, YMin: -120, YMax: 50}}},
			{Name: "PPII", Boxes: []figures.Box{{XMin: -90, XMax: -20, YMin: 50, YMax: 240}}}, // 240 is -120
		},
		Columns: 2,
	}, "ramachandran.png")
	// Output: ramachandran.png: 10.5 x 10.1 inches
}

func ExampleAngleSeries() {
	s := angleSeries()
	draw(figures.AngleSeries{
		Rows: []figures.AngleRow{
			{Name: "φ (deg)", Truth: s.Rows[0].Truth, Members: s.Rows[0].Members}, // [member][time]
			{Name: "ψ (deg)", Truth: s.Rows[1].Truth, Members: s.Rows[1].Members},
		},
		Times: s.Times, // ps
		Title: "residue 10",
	}, "angleseries.png")
	// Output: angleseries.png: 10.0 x 4.9 inches
}

func ExamplePhasePlot() {
	draw(figures.PhasePlot{Panels: []figures.PhasePanel{{
		Title: "pair 10",
		Moves: []figures.PhaseMove{
			{Name: "γ₁ and γ₂", Paths: [][][2]float64{{{-60, 123}, {-75, 150}, {-100, 178}}}}, // [path][step]
			{Name: "no γ", Paths: [][][2]float64{{{-60, 123}, {-70, 126}, {-73, 113}}}},
		},
		Truth: [][2]float64{{-104, -175}},
	}}}, "phaseplot.png")
	// Output: phaseplot.png: 6.3 x 6.8 inches
}

func ExampleBasinStrip() {
	_, data := peptide(200, 23, 0.03, 1) // [frame][residue]
	_, model := peptide(200, 23, 0.03, 5)
	draw(figures.BasinStrip{
		Panels: []figures.StripPanel{{Title: "data", States: data}, {Title: "model", States: model}},
		Basins: []string{"none", "αR", "β", "PPII", "αL"},
		Step:   2, // ps
	}, "basinstrip.png")
	// Output: basinstrip.png: 10.4 x 5.8 inches
}

func ExampleHorizon() {
	var model, persistence figures.HorizonCurve
	model.Name, persistence.Name = "IDFF", "persistence"
	for h := 2.; h <= 20; h += 2 {
		y := 30 * (1 - math.Exp(-h/8))
		model.X, model.Y = append(model.X, h), append(model.Y, y)
		model.Lower, model.Upper = append(model.Lower, 0.95*y), append(model.Upper, 1.05*y)
		persistence.X, persistence.Y = append(persistence.X, h), append(persistence.Y, 1.4*y)
	}
	draw(figures.Horizon{
		Panels: []figures.HorizonPanel{{
			YLabel:     "circular MAE (deg)",
			Curves:     []figures.HorizonCurve{model},
			References: []figures.HorizonCurve{persistence, {Name: "climatology", Y: []float64{29}}},
		}},
		XLabel: "horizon (ps)",
	}, "horizon.png")
	// Output: horizon.png: 8.6 x 5.0 inches
}

func ExampleAblation() {
	draw(figures.Ablation{
		Rows: []string{"σ = 0.2", "σ = 0.5"}, Columns: []string{"γ₂ = 0", "γ₂ = 1"},
		Panels: []figures.AblationPanel{
			{Title: "γ₁ = 0", Values: [][]float64{{12.1, 13.5}, {14.2, math.NaN()}}, Published: [][]float64{{11.8, 12.9}, {14.9, 15.2}}},
			{Title: "γ₁ = 0.2", Values: [][]float64{{11.6, 13.1}, {13.7, 16.4}}, Published: [][]float64{{10.9, 12.2}, {14.1, 15.8}}},
		},
		Metric: "RMSE (deg)",
	}, "ablation.png")
	// Output: ablation.png: 7.4 x 1.7 inches
}
