// Package datasets gives the data that flows are trained on, each a small
// seeded source of minibatches.
//
// The 2-D toys follow the IDFF code (torchcfm/utils.py of the authors'
// repository) and FFJORD (lib/toy_data.py), draw for draw in distribution:
//
//	toy := datasets.Checkerboard()
//	rng := rand.New(rand.NewPCG(1, 0))
//	_, x1, _ := toy.Batch(rng, 256)   // a minibatch, flat, shape [256, 2]
//	real := toy.Sample(7, 2048)       // 2048 fresh points for a metric
//	xy := toy.Points(7, 2048)         // the same points, for a figure
//
//	toy, err := datasets.ByName("2spirals")            // the error lists the valid names
//	mine, err := datasets.FromPoints("mine", flat, 3)  // your own data, shape [n, 3]
//	mine, err := datasets.ReadPoints("points.csv")     // the same from a file, also a .npy
//
//	data, err := datasets.Labelled(toy)                // with the component as a label, for conditional models
//	data, err := datasets.FromLabelledPoints("mine", flat, 3, labels)
//
// Molecular dynamics comes as backbone angles in degrees, replicas x frames x
// angles (phi and psi of each residue in turns), from two simulations in the
// package and from files of yours; what a file lacks is said in one line:
//
//	md := datasets.Polyala()                              // Ala25 collapsing in vacuum: 16 x 200 x 46
//	eq := datasets.AceAla5()                              // ACE-Ala5-NME at equilibrium: 4 x 1000 x 10
//	now, next, err := md.Train().Lagged(1)                // pairs of frames, shape [2388, 46]
//	points := md.Test().PhiPsi()                          // for a Ramachandran plot
//	a, err := datasets.ReadTrajectory("run.dcd", "run.pdb") // phi and psi computed from positions
//	a, err := datasets.ReadAngles("angles.npy")           // .npy, .npz or a pickled array; nothing is run
//	all, err := datasets.JoinAngles("mine", a, b)         // replicas together
//
// Forecasting comes as Maps, of one quantity on a grid over time, with land where
// there is no value:
//
//	sea := datasets.OSTIA()                                  // observed: 54 months on the equator, in the package
//	sea, err := datasets.SSTReader{Region: datasets.Region{South: 0, North: 15, West: 200, East: 215}}.Read(files...) // OISST and others, NetCDF
//	flow, err := datasets.BetaPlane{}.Cached("runs")         // synthetic: 10 x 200 maps of 60 x 60, stirred by eddies
//	train, val, test, err := sea.Split(datasets.Years(0, 2008), datasets.Years(2009, 2009), datasets.Years(2010, 2010))
//	standard, err := datasets.NewStandard(train, datasets.Monthly)            // climatology and spread, of training frames alone
//	z, err := standard.Apply(train)                                           // anomalies with variance 1 at each pixel
//	data, err := datasets.NewSteps("sst", datasets.StepOptions{History: 2}, z) // pairs of frames; several parts, such as boxes, too
//
// Pictures come as Images, bytes that are drawn as float32 in [-1, 1], channels last;
// what is not on this machine is downloaded and checked, or the line says what to put where:
//
//	clothes, err := datasets.FashionMNIST(datasets.Train)        // 60,000 x 28 x 28 x 1
//	cifar, err := datasets.CIFAR10(datasets.Train)               // 50,000 x 32 x 32 x 3
//	faces, err := datasets.CelebA("", datasets.CelebA140())      // a folder, packed once, read as it is drawn
//	mine, err := datasets.ReadImageFolder("mine", dir, datasets.Crop{Size: 64})
//	birds, err := datasets.ReadClassFolders("birds", dir, datasets.Crop{Size: 64}) // dir/robin/1.jpg, dir/wren/2.png: with labels
//	train, held, err := birds.HoldOut(500, 1)                                      // 500 drawn by the seed 1, to judge by
//	data, err := clothes.Flipped().Labelled()                    // mirrored at random, with the class as condition
//	err := datasets.WriteImages("../out/cfm.npz", n, cifar.Shape(), part) // samples, or images, for programs that score them elsewhere: a folder of PNG files, or .npz
//
// Every source of minibatches has the method
//
//	Batch(rng *rand.Rand, n int) (x0, x1, cond []float32)
//
// where x1 holds n data points, row-major, shape [n, Dim()]; x0 nil stands for
// "draw the start from N(0, I)" and cond nil for "unconditional". Rows are
// independent draws. A seed fixes every number; nothing here reads a clock.
package datasets
