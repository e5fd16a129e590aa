// Package idffnb trains, samples and judges few-step generative flows from the cells of a notebook.
//
// GoNB compiles and runs one program per cell: declarations persist, values do not. So what a cell makes lives in a run
// folder, and opening it is cheap and idempotent:
//
//	func board() idffnb.Experiment {
//		return idffnb.Experiment{Name: "checkerboard", Data: datasets.Checkerboard(), Coupling: flow.ExactOT()}
//	}
//
//	run := idffnb.MustOpen(board())   // creates or reopens runs/checkerboard-<hash of the experiment>
//	run.MustTrain()                   // continues where it stopped; nothing to do when done
//	cfm := run.MustSample(2048, flow.CFM(), solver.Midpoint(4))
//	idff := run.MustSample(2048, flow.IDFF(0.5, -0.2), solver.RK4(2))
//	fmt.Println(cfm.Cost, idff.Cost)  // every sample carries what it cost
//	three := run.MustLearnSchedule(3) // a sampler of three evaluations, learned for this network
//	few := run.MustSample(2048, three.Field(), three.Solver())
//	seen := run.MustLogLikelihood(test, flow.CFM(), solver.Midpoint(50)) // log p of points, in nats
//	next := run.MustRollOut(idffnb.RollOut{Starts: frames, Frames: 10, Members: 20}, flow.CFM(), solver.AdamsBashforth(2, 5)) // forecasts, where the data is Dynamics
//
// Each function returns an error of one line that says what was wrong and what to do; its Must form, for notebooks, prints
// that line and ends the cell. A seed fixes every result on one backend. A folder belongs to one experiment: its name ends in
// the hash of all that the result depends on.
package idffnb
