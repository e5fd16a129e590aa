package metric

import (
	"fmt"
	"slices"
	"strings"
)

// Metric is a distance between two clouds x [n, dim] and y [m, dim]; lower is better. Where the clouds play different
// parts ("uncovered", "astray"), x are the samples and y the data.
type Metric interface {
	Name() string
	Compare(x, y []float32, dim int) (float64, error)
}

// Func is a Metric made from a name and a function.
type Func struct {
	Label    string
	Distance func(x, y []float32, dim int) (float64, error)
}

// Name returns the label.
func (f Func) Name() string { return f.Label }

// Compare calls the function.
func (f Func) Compare(x, y []float32, dim int) (float64, error) { return f.Distance(x, y, dim) }

// The settings of the metrics that ByName knows.
const (
	DefaultSigma       = 1.0 // RBF bandwidth, in the unit of the data: what IDFF's authors use in the plane
	DefaultProjections = 256 // directions of the sliced W2, drawn with seed 0
	DefaultNeighbours  = 5   // k of "uncovered" and "astray", as Naeem et al. 2020 choose it
)

// DefaultSigmas are the bandwidths of "mmd2-multi": two octaves to each side of DefaultSigma.
func DefaultSigmas() []float64 { return []float64{0.25, 0.5, 1, 2, 4} }

var registry = []Metric{
	Func{"mmd2", func(x, y []float32, dim int) (float64, error) { return MMD2(x, y, dim, DefaultSigma) }},
	Func{"mmd2-unbiased", func(x, y []float32, dim int) (float64, error) { return MMD2Unbiased(x, y, dim, DefaultSigma) }},
	Func{"mmd2-multi", func(x, y []float32, dim int) (float64, error) { return MMD2(x, y, dim, DefaultSigmas()...) }},
	Func{"w1", W1},
	Func{"w2", W2},
	Func{"sliced-w2", func(x, y []float32, dim int) (float64, error) { return SlicedW2(x, y, dim, DefaultProjections, 0) }},
	Func{"uncovered", func(x, y []float32, dim int) (float64, error) { return Uncovered(x, y, dim, DefaultNeighbours) }},
	Func{"astray", func(x, y []float32, dim int) (float64, error) { return Astray(x, y, dim, DefaultNeighbours) }},
}

// Names lists the metrics that ByName knows.
func Names() []string {
	names := make([]string, len(registry))
	for i, m := range registry {
		names[i] = m.Name()
	}
	return names
}

// ByName returns the metric of that name with its default settings:
//
//	mmd2           MMD2 with sigma = 1                    w1         W1, exact
//	mmd2-unbiased  MMD2Unbiased with sigma = 1            w2         W2, exact
//	mmd2-multi     MMD2 with sigma = .25, .5, 1, 2, 4     sliced-w2  SlicedW2 with 256 directions of seed 0
//	uncovered      Uncovered with k = 5                   astray     Astray with k = 5
//
// The error for an unknown name lists the valid ones.
func ByName(name string) (Metric, error) {
	i := slices.IndexFunc(registry, func(m Metric) bool { return m.Name() == name })
	if i < 0 {
		return nil, fmt.Errorf("metric: unknown metric %q; valid names: %s", name, strings.Join(Names(), ", "))
	}
	return registry[i], nil
}
