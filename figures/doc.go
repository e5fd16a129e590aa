// Package figures draws the pictures of flow-matching experiments in the plane:
// densities, log-likelihoods, trajectories, schedules, momentum, loss, heat maps over γ, and
// quality against true cost. It draws with gonum.org/v1/plot and takes plain slices;
// it knows nothing of networks, solvers or runs.
//
// Each kind of figure is a struct whose fields are its data and its options.
// Zero values of the options are sensible. Draw checks the data and returns a
// [Figure]; [Show] and [MustShow] draw and display in a GoNB notebook:
//
//	figures.MustShow(figures.KDEGrid{
//		Rows: []float64{0, 0.5, 1},
//		Columns: []figures.KDEColumn{
//			{Title: "CFM\nmidpoint 4: 8 fwd", Trajectory: cfm},
//			{Title: "IDFF γ₁=0.2\nRK4 2: 8 fwd + 6 bwd = 14", Trajectory: idff},
//		},
//		Truth: truth,
//	})
//
//	fig, err := figures.Loss{Curves: curves}.Draw()
//	err = fig.Save("loss.svg") // .png, .svg, .pdf
//
// Conventions: a cloud is a [][2]float64; trajectories are indexed
// [time][point] where they are clouds in time and [path][step] where they are
// single paths, as each field says. One colour map ([Heat]), light for little
// and dark for much, serves every figure but anomalies ([Diverging]); curves use the colour-blind-safe
// palette of Okabe and Ito with a marker of their own.
//
// The picture of a figure depends on its data alone: no random numbers, no
// clock, and fonts that are part of the program.
//
// Maps, such as those of sea-surface temperature, are []float32 of Height x Width
// pixels, from west to east, then from south to north. [FieldPanel] shows truth
// and forecasts over the horizon, [FieldGIF] lets them move; [RankHistogram] and
// [SpreadError] ask whether an ensemble's spread is honest, [Horizon] how its
// scores grow. [Attractor] shows chaotic series in space, [TimeSeries] how long
// forecasts follow them.
//
// Images are []float32 in [-1, 1], row-major from the top with channels last:
// [ImageSheet] shows samples in rows, also over their nearest real images.
//
// Dihedral angles, of molecular dynamics, are in degrees and indexed
// [frame][residue] as (φ, ψ); any turn will do. [Ramachandran] shows where they
// are, [BasinStrip] when, [AngleSeries] and [PhasePlot] how a forecast follows
// them, [Horizon] how its error grows, and [Ablation] a score over settings
// beside the published one.
package figures
