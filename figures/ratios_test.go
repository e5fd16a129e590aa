package figures_test

import (
	"math"
	"strings"
	"testing"

	"github.com/idff-go/workbench/figures"
)

func ratios() figures.Ratios {
	none := math.NaN()
	return figures.Ratios{Series: []string{"PyTorch", "JAX"}, Title: "Peers beside the workbench",
		Rows: []figures.RatioRow{
			{Name: "train", Values: []float64{1.81, 1.1}, Targets: []float64{1.35, 1}},
			{Name: "train OT", Values: []float64{4.2, none}, Targets: []float64{3, none}},
			{Name: "field 3", Values: []float64{1.58, .88}, Targets: []float64{2, 1}},
			{Name: "MMD", Values: []float64{3.1, .15}},
		}}
}

func TestRatios(t *testing.T) {
	golden(t, ratios(), "ratios.png")
	golden(t, figures.Ratios{Series: []string{"one"}, XLabel: "ratio", Rows: []figures.RatioRow{{Name: "even", Values: []float64{1}}}}, "ratios_one.png")
}

func TestRatiosErrors(t *testing.T) {
	for want, change := range map[string]func(r *figures.Ratios){
		"at least one row": func(r *figures.Ratios) { r.Rows = nil },
		"row 3 (MMD) has 1 values and 0 targets for 2": func(r *figures.Ratios) { r.Rows[3].Values = r.Rows[3].Values[:1] },
		"row 0 (train) has the ratio 0":                func(r *figures.Ratios) { r.Rows[0].Values[1] = 0 },
		"row 2 (field 3) has the ratio -1":             func(r *figures.Ratios) { r.Rows[2].Targets[0] = -1 },
		"row 1 (train OT) has the ratio +Inf":          func(r *figures.Ratios) { r.Rows[1].Values[0] = math.Inf(1) },
		"no row has a value": func(r *figures.Ratios) {
			r.Rows = []figures.RatioRow{{Name: "x", Values: []float64{math.NaN(), math.NaN()}}}
		},
		"row 0 (train) has 2 values and 1 targets for 2 ser": func(r *figures.Ratios) { r.Rows[0].Targets = []float64{1} },
	} {
		r := ratios()
		change(&r)
		if _, err := r.Draw(); err == nil || !strings.HasPrefix(err.Error(), "figures: Ratios: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func ExampleRatios() {
	draw(figures.Ratios{Series: []string{"PyTorch", "JAX"}, Rows: []figures.RatioRow{
		{Name: "training step", Values: []float64{1.8, 1.1}, Targets: []float64{1.35, 1}},
		{Name: "exact OT", Values: []float64{2.8, math.NaN()}},
	}}, "ratios.png")
	// Output: ratios.png: 8.6 x 2.2 inches
}
