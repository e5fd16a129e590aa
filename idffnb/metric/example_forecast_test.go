package metric_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/idff-go/workbench/idffnb/metric"
)

// Ensembles of 8 for 1000 values: one with the truth's own spread, one with a third of it. The narrow one is found out.
func ExampleFairCRPS() {
	rng := rand.New(rand.NewPCG(1, 0))
	draw := func(n int, std float64) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(std * rng.NormFloat64())
		}
		return x
	}
	truth := draw(1000, 3)
	for _, std := range []float64{3, 1} {
		ensemble := draw(8*1000, std)
		scores, err := metric.FairCRPS(ensemble, truth)
		if err != nil {
			fmt.Println(err)
			return
		}
		crps, _ := metric.Blocks{Frames: 1000, Length: 1}.Mean(scores) // independent values: blocks of one
		ss, err := metric.NewSpreadSkill(ensemble, truth, nil)
		fmt.Printf("CRPS %.2f, %.2f to %.2f; spread-skill ratio %.2f; %v\n", crps.Value, crps.Low, crps.High, ss.Ratio, err)
	}
	// Output:
	// CRPS 1.71, 1.62 to 1.79; spread-skill ratio 0.99; <nil>
	// CRPS 1.94, 1.84 to 2.05; spread-skill ratio 0.35; <nil>
}

// A forecast of 2 degrees off, across the edge: the plain errors of the released table see 358.
func ExampleCircularErrors() {
	truth := []float32{150, 179, -170, -140}
	forecast := []float32{152, -179, -172, -142}
	circular, _ := metric.CircularErrors(forecast, truth, 1)
	linear, err := metric.LinearErrors(forecast, truth, 1)
	fmt.Println("circular:", circular)
	fmt.Println("as released:", linear, err)
	_, err = metric.CircularMAE([]float32{190}, []float32{180})
	fmt.Println(err)
	// Output:
	// circular: CC 0.999, RMSE 2.00, MAE 2.00 degrees
	// as released: CC 0.470, RMSE 179.01, MAE 91.00 degrees <nil>
	// metric: forecast angle 0 of 1 is 190, beyond +-180 degrees: bring forecasts back with WrapDegrees, look at the units of data
}

// Where residues are, and how often they move: three residues in four frames, 2 ps apart.
func ExampleCountTransitions() {
	angles := []float32{
		-60, -45, -65, -40, -75, 150,
		-60, -45, -65, -40, -75, 150,
		-60, -45, -65, -40, -65, -30,
		-60, -45, 60, -90, -65, -30,
	}
	shares, _ := metric.Populations(angles)
	fmt.Println(shares)
	basins, _ := metric.AssignBasins(angles)
	moves, _ := metric.CountTransitions(basins, 3, 2)
	fmt.Printf("PPII to alphaR: %.2f per ps\n", moves.Rate(metric.PPII, metric.AlphaR))
	helix, err := metric.HelixFraction(angles, 3)
	fmt.Println("helix:", helix, err)
	// Output:
	// alphaR 75.0%, beta 0.0%, PPII 16.7%, alphaL 0.0%, none 8.3%
	// PPII to alphaR: 0.25 per ps
	// helix: [0 0 1 0] <nil>
}

// An angle that stays for a while and jumps: with a chance of 1/10 a frame its time is 9.5 frames, or 19 ps.
func ExampleAngleTimes() {
	rng := rand.New(rand.NewPCG(1, 0))
	angles := make([]float32, 50000)
	for i := range angles {
		if angles[i] = angles[max(0, i-1)]; rng.Float64() < .1 {
			angles[i] = float32(math.Remainder(170+40*rng.NormFloat64(), 360))
		}
	}
	times, err := metric.AngleTimes(angles, len(angles), 1, 2)
	fmt.Printf("%.0f ps, worth %.0f independent frames: %v, %v\n", times[0].PS, times[0].Samples, times[0].Reliable(), err)
	// Output:
	// 18 ps, worth 2743 independent frames: true, <nil>
}

// The floor of a divergence: data against data, and samples that are uniform instead.
func ExampleRamachandranJS() {
	rng := rand.New(rand.NewPCG(1, 0))
	helix := func(n int) []float32 {
		x := make([]float32, 0, 2*n)
		for range n {
			x = append(x, float32(-65+12*rng.NormFloat64()), float32(-40+12*rng.NormFloat64()))
		}
		return x
	}
	data := helix(5000)
	floor, _ := metric.RamachandranJS(helix(5000), data, 10)
	uniform := make([]float32, 10000)
	for i := range uniform {
		uniform[i] = float32(rng.Float64()*360 - 180)
	}
	bits, _ := metric.RamachandranJS(uniform, data, 10)
	histogram, _ := metric.NewRamachandran(data, 10)
	support, _ := histogram.Support(1)
	outside, err := support.Outside(uniform)
	fmt.Printf("data %.3f bits, uniform angles %.3f bits and %.0f%% where no data are; %v\n", floor, bits, 100*outside, err)
	// Output:
	// data 0.005 bits, uniform angles 0.905 bits and 92% where no data are; <nil>
}
