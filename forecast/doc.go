// Package forecast judges whatever draws the frames that follow given ones, flows and baselines alike, on series that were held out: maps such as those of sea-surface temperature, and chaotic
// series, which are maps of 1 x dim numbers. Forecasts are ensembles, scored by horizon, with intervals over time.
//
//	sea := datasets.BetaPlane{}.MustMaps()
//	train, held, err := sea.HoldOut(2)
//	standard := datasets.MustStandard(train, datasets.NoSeason)
//	data := datasets.MustSteps("sea", datasets.StepOptions{History: 2, FromNoise: true}, standard.MustApply(train))
//	trial := forecast.Trial{Held: standard.MustApply(held), History: 2}
//	result := trial.MustJudge(append(forecast.MustBaselines(standard.MustApply(train), trial), forecast.Flow("CFM, 5", func(seed uint64) idffnb.Experiment {
//		return idffnb.Experiment{Name: "sea", Data: data, Net: net.UNet{Channels: 32, Patch: 3, Multipliers: []int{1, 2}}, Objective: flow.Velocity(), Seed: seed}
//	}, flow.CFM(), solver.AdamsBashforth(2, 5)))...)
//	idffnb.Show(result.MustTable(1, 3, 7))                              // fair CRPS, RMSE, spread-skill ratio, true cost
//	figures.MustShow(result.MustHorizon(), result.MustRanks(7), result.SpreadError())
//
// Of chaotic series SeriesTrial asks more: how long a single forecast is valid, and whether a run left to itself stays on the attractor and moves there as the system does.
//
// What is chosen by such a table must be reported on other series: give another trial other Held for choosing.
package forecast
