// Package metric measures how far a cloud of samples is from a cloud of data: MMD^2, Wasserstein-1 and -2, sliced
// Wasserstein-2, coverage of the data and of its modes, the floor that data against fresh data reaches, and summaries over
// seeds for honest comparisons. And it scores forecasts, of angles among others, and trajectories of molecules: see below.
//
// A cloud is a flat row-major []float32 of shape [n, dim]; the two clouds may differ in size; arithmetic is float64.
// Work is spread over the cores in blocks whose results are added in a fixed order: equal input gives equal bits, on
// any number of cores; CPUs with vectors of other widths differ by rounding.
//
//	value, err := metric.MMD2(samples, data, 2, 1) // biased, RBF kernel with sigma = 1
//	w2, err := metric.W2(samples, data, 2)         // exact
//
//	m, err := metric.ByName("mmd2")                             // a Metric: an unknown name's error lists the valid ones
//	floor, err := metric.Floor(m, draw, 2, []uint64{0, 1, 2, 3}) // data against data
//	fmt.Println(floor)                                          // 0.00082 ± 0.00011 (95% interval of the mean, n = 4)
//
//	paired, err := metric.Compare(ours, theirs) // the same seeds: differences, wins, interval, sign test
//
//	uncovered, err := metric.Uncovered(samples, data, 2, 5)      // share of the data that samples miss
//	centres, radius, ok := datasets.EightGaussians().Modes()     // where the modes are known
//	shares, err := metric.Modes(samples, 2, centres, radius)     // 8 of 8 modes, outside 0.011, total variation 0.03
//
// Which one: MMD^2 is quick and has a floor near 0 (exactly 0 in the mean when unbiased), but sees little beyond the
// scale of its kernel; W2 sees every displacement, in the unit of the data, but its floor falls only slowly with n;
// the sliced W2 is for many points or dimensions. Uncovered and Astray ask two questions apart, whether samples miss some
// of the data and whether they leave it, by counting neighbours; they have no scale and no kernel, so that what was tuned on
// one of the others can be judged by them.
//
// # Features of images
//
// Scores of images are distances of clouds of features [n, dim], those of a network: Frechet (FID on Inception's), KID and PrecisionRecall. NewMoments keeps
// what Frechet needs of the data. A score is named after its features:
//
//	own := metric.Func{Label: "FID, own Fashion-MNIST features", Distance: metric.Frechet}
//	floor, err := metric.Floor(own, draw, 64, []uint64{0, 1, 2})      // it falls as 1/n: compare equal numbers
//	kid, err := metric.KIDBlocks(samples, data, 64, 1000)             // unbiased, with its interval
//	precision, recall, err := metric.PrecisionRecall(samples, data, 64, 3)
//
// # Forecasts and ensembles
//
// Ensembles are [members, ...] against a truth [...], in any shape. CRPS and FairCRPS score them, NewSpreadSkill and
// RankHistogram ask whether their spread is honest; CircularCRPS, FairCircularCRPS and NewCircularSpreadSkill are for angles.
// RowMeans and Blocks take scores in time to an interval that knows of their memory:
//
//	scores, err := metric.FairCRPS(ensemble, truth)                  // one for each value
//	frames, err := metric.RowMeans(scores, 60*60, weights)           // one for each frame, latitudes weighed
//	crps, err := metric.Blocks{Frames: 365, Length: 30}.Mean(frames) // mean, Low and High of 95%
//	ss, err := metric.NewSpreadSkill(ensemble, truth, weights)       // ss.Ratio: 1 is reliable
//	squared, err := metric.SquaredErrors(mean, truth)                // of EnsembleMean: MSE by RowMeans and Blocks as above
//
// Whether forecasts look like the truth when they have parted from it: RadialSpectrum of fields, SeriesSpectrum of series, HistogramDistance of attractors; how
// long forecasts of chaos hold: NewValidTimes, in Lyapunov times.
//
// # Angles and molecules
//
// Angles are in degrees in [-180, 180], dihedrals as phi and psi in turn; radians are refused where they can be told.
// CircularErrors is the table of forecasts on the circle, LinearErrors and Released are the table that IDFF's authors
// released, for comparison. RamachandranJS, Populations and Support.Outside judge where generated molecules are,
// CountTransitions, AngleTimes and HelixFraction how they move:
//
//	row, err := metric.CircularErrors(forecast, truth, 46)              // CC 0.637, RMSE 23.68, MAE 17.46 degrees
//	bits, err := metric.RamachandranJS(generated, data, 10)             // 0 equal, 1 disjoint
//	shares, err := metric.Populations(generated)                        // shares[metric.AlphaR], shares[metric.NoBasin]
//	times, err := metric.AngleTimes(generated, 200, 46, 2)              // 200 frames, 2 ps apart: times[k].PS
//	all, err := metric.Peptide{Angles: generated, Frames: 200, Residues: 23, PS: 2}.Judge(data, training) // all of these at once
package metric
