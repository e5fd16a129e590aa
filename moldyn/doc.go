// Package moldyn judges whatever draws trajectories of a peptide's backbone angles, flows and baselines alike, on replicas of a simulation that were held out: forecasts in ensembles, and free
// runs that have to behave like the molecule.
//
//	md := datasets.Polyala()
//	trial := moldyn.Trial{Held: md.Test(), Train: md.Train(), History: 4}
//	entries := append(moldyn.MustBaselines(md.Train(), 4), moldyn.Flow("mine", func(seed uint64) idffnb.Experiment {
//		return idffnb.Experiment{Name: "mine", Data: md.Train().MustSteps(datasets.Change, 4), Net: net.ChainMLP{Sites: md.Residues()}, Objective: flow.Velocity(), Seed: seed}
//	}, flow.CFM(), solver.AdamsBashforth(2, 5)))
//	idffnb.Show(trial.MustForecastTable([]int{1, 5, 10}, entries...))   // CRPS, error of the mean, spread-skill ratio, by horizon
//	idffnb.Show(trial.MustFreeTable(entries...))                        // Ramachandran map, basins, rates, memory, helix
//	figures.MustShow(moldyn.MustStrips([]string{"held out", "mine"}, 2, trial.MustSimulated(md.Test()), trial.MustFree(entries[3], 0)))
//
// Each entry is asked once for each seed, which is meant to be that of its network too, so that tables show the spread over trainings. What is chosen by such a table must be
// reported on other replicas: give the trial other Held for choosing.
package moldyn
