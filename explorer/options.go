package explorer

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/idff-go/workbench/figures"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Options says what to explore. Zero values are usable defaults.
type Options struct {
	Truth     [][2]float64 // the true data, dashed in the densities; nil: 2000 points of the run's own data
	Bandwidth float64      // factor on the width of the density's kernel; 0: 1

	N    int    // points of a sample, at least 2; 0: 1000
	Seed uint64 // of the start points, the same for every picture

	// Written takes IDFF as the paper writes it (flow.IDFFWritten) in place of IDFF as released (flow.IDFF).
	Written bool
	// Gamma1 and Gamma2 are the factors of the static grid, 2 to 6 increasing values each; the sliders go from the first to the last.
	// nil: 0, 0.5, 1, 3 and -0.2, 0, 0.2; as written, where the bridge's variance makes the terms small: -8, 0.5, 8, 16 and -8, 0, 8.
	Gamma1, Gamma2 []float64

	Solver   string // a name of solver.Names; "": midpoint
	Steps    int    // of the static grid, and of the first picture; 0: 4
	MaxSteps int    // of the slider, at most 32; 0: 6, or Steps if that is more
}

const mostSteps = 32

// leastSteps is the least number of steps that the solver takes: multistep methods look back on some.
func (o Options) leastSteps() int {
	for n := 1; n <= o.MaxSteps; n++ {
		if _, err := solver.ByName(o.Solver, n); err == nil {
			return n
		}
	}
	return 1
}

// withDefaults fills in zero values, and draws the truth from the run's data where none is given.
func (o Options) withDefaults(data idffnb.Data) Options {
	if o.N == 0 {
		o.N = 1000
	}
	if o.Solver == "" {
		o.Solver = "midpoint"
	}
	if o.Steps == 0 {
		o.Steps = 4
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = max(6, o.Steps)
	}
	first, second := []float64{0, 0.5, 1, 3}, []float64{-0.2, 0, 0.2}
	if o.Written {
		first, second = []float64{-8, 0.5, 8, 16}, []float64{-8, 0, 8}
	}
	if o.Gamma1 == nil {
		o.Gamma1 = first
	}
	if o.Gamma2 == nil {
		o.Gamma2 = second
	}
	if o.Truth == nil {
		const points, stream = 2000, 0x6578706c6f7265
		if pairs, ok := data.(interface{ Truth() idffnb.Data }); ok {
			data = pairs.Truth() // of reflow: the data that the first flow was trained on
		}
		_, x1, _ := data.Batch(rand.New(rand.NewPCG(o.Seed, stream)), points)
		o.Truth = idffnb.Points(x1, 2)
	}
	return o
}

// prepare checks the run and the options, and fills in the defaults.
func prepare(run *idffnb.Run, o Options) (Options, error) {
	if run == nil {
		return o, errors.New("explorer: the run is nil: give one that idffnb.MustOpen returned")
	}
	name, data := run.Experiment().Name, run.Experiment().Data
	if !run.Trained() {
		return o, fmt.Errorf("explorer: %s is not trained yet: call Train first", name)
	}
	if data.Dim() != 2 {
		return o, fmt.Errorf("explorer: %s: data %s has points of size %d: only points of a plane can be shown", name, data.Name(), data.Dim())
	}
	if o.Truth != nil && len(o.Truth) < 2 {
		return o, fmt.Errorf("explorer: %s: Truth has %d points: want at least 2, or nil for the run's own data", name, len(o.Truth))
	}
	o = o.withDefaults(data)
	if err := o.check(); err != nil {
		return o, fmt.Errorf("explorer: %s: %w", name, err)
	}
	return o, nil
}

// check says in one line what is wrong with options that have their defaults, or nil.
func (o Options) check() error {
	if o.N < 2 {
		return fmt.Errorf("samples of %d points: want at least 2, or 0 for 1000", o.N)
	}
	if !(o.Bandwidth >= 0) || math.IsInf(o.Bandwidth, 0) {
		return fmt.Errorf("bandwidth %g: want a positive number, or 0 for 1", o.Bandwidth)
	}
	if o.MaxSteps < 1 || o.MaxSteps > mostSteps {
		return fmt.Errorf("at most %d steps: want MaxSteps from 1 to %d", o.MaxSteps, mostSteps)
	}
	if o.Steps < 1 || o.Steps > o.MaxSteps {
		return fmt.Errorf("%d steps: want Steps from 1 to MaxSteps, which is %d", o.Steps, o.MaxSteps)
	}
	if _, err := solver.ByName(o.Solver, o.Steps); err != nil {
		return err
	}
	for i, gammas := range [][]float64{o.Gamma1, o.Gamma2} {
		if len(gammas) < 2 || len(gammas) > 6 {
			return fmt.Errorf("range Gamma%d has %d values: want 2 to 6", i+1, len(gammas))
		}
		for k, g := range gammas {
			if math.IsNaN(g) || math.IsInf(g, 0) || k > 0 && g <= gammas[k-1] {
				return fmt.Errorf("range Gamma%d is %v: want finite, increasing values", i+1, gammas)
			}
		}
	}
	if _, err := o.box(); err != nil {
		return fmt.Errorf("option Truth: %w", err)
	}
	return nil
}

// box is what every panel shows: the data with some room around it.
func (o Options) box() (figures.Box, error) { return figures.BoxOf(0.12, o.Truth) }

// start is the first setting: a gamma_1 of one half, which is CFM but for a root, and gamma_2 = 0, where the ranges have them.
func (o Options) start() setting {
	near := func(gammas []float64, wish float64) float64 {
		return min(max(wish, gammas[0]), gammas[len(gammas)-1])
	}
	return setting{near(o.Gamma1, 0.5), near(o.Gamma2, 0), o.Steps}
}

// slider is the range of a slider in steps of 1, 2 or 5 times a power of ten, some sixty of them; 0 is one of its values if it is inside.
type slider struct {
	low, high, step float64
	digits          int // after the point
}

func sliderOf(gammas []float64) slider {
	low, high := gammas[0], slices.Max(gammas)
	unit := math.Pow(10, math.Floor(math.Log10((high-low)/60)))
	step := unit
	for _, factor := range []float64{2, 5, 10} {
		if (high-low)/step > 60 {
			step = factor * unit
		}
	}
	digits := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	return slider{low: math.Floor(low/step+1e-9) * step, high: math.Ceil(high/step-1e-9) * step, step: step, digits: digits}
}
