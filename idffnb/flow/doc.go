// Package flow holds the formulas of few-step generative flows, each in a file of its own: the probability path between
// noise and data (path.go), the coupling of a batch (coupling.go), what a network is trained to predict (objective.go) and at which times (times.go), what end point, start point, velocity and score say of each other (score.go on the straight path, ends.go on others), and the
// fields that are integrated (cfm.go, released.go, written.go, scheduled.go; stochastic.go with the noise of noise.go, ancestral.go; probabilityflow.go without it; guidance.go for conditional networks; meanflow.go, sf2m.go, x1start.go; releasedmd.go and releasedimages.go for molecular dynamics and images) with the derivatives they are made of
// (derivative.go, score.go), and the divergence that log-likelihoods need (divergence.go).
//
// Everything here is a pure function of graph nodes, or of plain slices for the couplings; it knows neither networks nor runs.
//
//	path := flow.Straight()
//	xt := path.Sample(x0, x1, t, eps)             // x_t ~ N(mu_t, sigma_t^2), [batch, dim]
//	loss := flow.X1().Loss(path, batch)           // mean ((xhat1 - x1)/(1.01 - t))^2; flow.Noise() is the epsilon of diffusion models
//	field := flow.IDFF(0.5, -0.2)                 // order 2, as released
//	w := field.Velocity(model, point, factors)    // dx/dt at one time
//	noisy := flow.Stochastic(flow.DecayingNoise(1)) // the same marginals, with noise g = 1-t
//
// Times run from noise (t = 0) to data (t = 1). Graph-building functions panic as GoMLX's do; all else returns errors.
package flow
