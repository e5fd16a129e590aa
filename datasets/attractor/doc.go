// Package attractor makes series of Lorenz's and Rössler's chaotic systems, and of
// a spiral, integrated with this project's own solver: Dopri8 of package solver in
// float64, tolerances 1e-10.
//
//	lorenz := attractor.Lorenz()
//	series, err := lorenz.Series(attractor.Ask{Trajectories: 20, Frames: 500, Seed: 1})
//	fmt.Println(series.Step, lorenz.LyapunovTime())             // 0.05 1.104: time between frames, e-folding time of errors
//	train, test, err := series.Maps().HoldOut(4)                // series of 1 x 3 "maps", with all that datasets.Maps has
//	data, err := datasets.NewSteps("lorenz", datasets.StepOptions{}, datasets.MustStandard(train, datasets.NoSeason).MustApply(train))
//
// It is a package of its own so that package datasets needs no solver.
package attractor
