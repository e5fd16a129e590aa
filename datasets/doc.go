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
//
//	data, err := datasets.Labelled(toy)                // with the component as a label, for conditional models
//	data, err := datasets.FromLabelledPoints("mine", flat, 3, labels)
//
// Every source has the method
//
//	Batch(rng *rand.Rand, n int) (x0, x1, cond []float32)
//
// where x1 holds n data points, row-major, shape [n, Dim()]; x0 nil stands for
// "draw the start from N(0, I)" and cond nil for "unconditional". Rows are
// independent draws. A seed fixes every number; nothing here reads a clock.
package datasets
