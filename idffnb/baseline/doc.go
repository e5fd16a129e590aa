// Package baseline makes the forecasts that a flow must beat before it may be said to have learned how a trajectory goes on: the present (Persistence), any frame of the training data
// (Climatology), the present fading into the usual (Damped, for anomalies), a linear regression whose
// errors are drawn from its own residuals (CircularAR, for angles), and a polynomial of the last frames (PolynomialAR, for series of a few numbers).
//
//	ar, err := baseline.FitCircularAR(md.Degrees, md.Replicas, md.Frames, md.Count, baseline.CircularAR{History: 4, Reach: 2})
//	x, err := ar.Forecast(starts, 10, 20, 1)   // 20 members, 10 frames ahead: [members, starts, frames, dim]
//	x, err = baseline.Persistence{Dim: 46, History: 4}.Forecast(starts, 10, 1, 0)
//
// Trajectories have the layout of idffnb.Trajectories.X, and starts that of idffnb.RollOut.Starts, so that scores take flows and baselines alike. A seed fixes what is drawn, and a longer
// forecast begins as a shorter one does.
package baseline
