package forecast_test

import (
	"fmt"

	"github.com/idff-go/workbench/datasets/attractor"
	"github.com/idff-go/workbench/forecast"
)

// The baselines on the spiral, one unit of time ahead: the present is a bad guess, the present damped as it was in training a better one.
func ExampleTrial_Judge() {
	spiral := attractor.Spiral().MustSeries(attractor.Ask{Trajectories: 6, Frames: 60, Seed: 1}).Maps()
	train, held := spiral.MustHoldOut(2)
	trial := forecast.Trial{Held: held, History: 1, Every: 5, Ahead: 10, Members: 5, Step: .1, Unit: "time unit"}
	r, err := trial.Judge(forecast.MustBaselines(train, trial)...)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range r.Scores {
		fmt.Println(s.Name, s.Single, s.RMSE(9) > s.RMSE(0))
	}
	better, err := r.Difference(2, 1, 9) // damped persistence less persistence, after one unit of time
	fmt.Println(better.High < 0, err)
	// Output:
	// climatology false false
	// persistence true true
	// damped persistence false true
	// true <nil>
}
