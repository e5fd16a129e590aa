package solver

import (
	"fmt"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/internal/values"
)

// Field is a velocity dx/dt at state x [batch, ...] and time t, shaped as the state. It is called while a graph is built.
type Field func(x *graph.Node, t Time) *graph.Node

// alike is the field, checked to return slopes shaped as the state: others would be broadcast, or change the state's shape.
func alike(field Field) Field {
	return func(x *graph.Node, t Time) *graph.Node {
		if !x.DType().IsFloat() {
			panic(fmt.Errorf("solver: the state is of type %s: want numbers of a float type", x.DType()))
		}
		slope := field(x, t)
		if slope == nil || !slope.Shape().Equal(x.Shape()) {
			panic(fmt.Errorf("solver: the field returned shape %s for a state of shape %s: want the same", shapeOf(slope), shapeOf(x)))
		}
		return slope
	}
}

// Solver integrates a field over [0, 1]: a Fixed one by steps that are known beforehand, an Adaptive by steps that it chooses on the way. Runs take no others.
type Solver interface {
	// Name is the method's name, as torchdiffeq or torchsde know it where they do.
	Name() string
	// Grid is the times of the states that a sampling keeps, increasing from 0 to 1.
	Grid() []float64
}

// Fixed is a Solver whose steps are known while the graph is built. All of them are one compiled graph, and gradients pass through it.
type Fixed interface {
	Solver
	// Steps is the number of steps, at least 1. Grid has the times between them, and 0 and 1.
	Steps() int
	// Integrate builds the graph that integrates the field from x at t = 0 and returns the Steps()+1 states of the grid,
	// the start among them. It panics as graph-building functions do.
	Integrate(field Field, x *graph.Node) []*graph.Node
}

// Tunable is a Fixed solver with numbers that may change without compiling again, such as learned times.
type Tunable interface {
	Fixed
	// Factors are those numbers.
	Factors() []float64
	// IntegrateWith is Integrate with the factors as scalar nodes, in order.
	IntegrateWith(factors []*graph.Node, field Field, x *graph.Node) []*graph.Node
}

// ByName returns the solver of that name with n fixed steps. An unknown name's error lists the valid ones.
func ByName(name string, n int) (Fixed, error) {
	for _, known := range named() {
		if known.name != name {
			continue
		}
		s := known.with(n)
		if c, ok := s.(interface{ Check() error }); ok {
			return s, c.Check()
		}
		return s, nil
	}
	if isAdaptive(name) {
		return nil, fmt.Errorf("solver: %s chooses its steps by a tolerance and takes no number of them: use solver.AdaptiveByName(%q, 1e-5, 1e-5)", name, name)
	}
	return nil, fmt.Errorf("solver: unknown solver %q; valid names: %s", name, strings.Join(Names(), ", "))
}

// Names lists the solvers that ByName knows: those of ordinary differential equations, family by family and the cheapest first, then the stochastic ones.
func Names() []string {
	var names []string
	for _, known := range named() {
		names = append(names, known.name)
	}
	return names
}

// entry is a solver that ByName knows.
type entry struct {
	name string
	with func(n int) Fixed
}

// named lists the solvers of ByName in the order of Names.
func named() []entry {
	var list []entry
	for _, name := range rungeKuttas {
		list = append(list, entry{name, func(n int) Fixed { return RungeKutta{Method: name, N: n} }})
	}
	for k := adamsLeast; k <= adamsMost; k++ {
		list = append(list, entry{Adams{K: k}.Name(), func(n int) Fixed { return AdamsBashforth(k, n) }})
	}
	for _, name := range exponentialNames {
		list = append(list, entry{name, func(n int) Fixed { return Exponential{Method: name, N: n} }})
	}
	list = append(list,
		entry{maruyamaName, func(n int) Fixed { return EulerMaruyama(n) }},
		entry{ancestralName, func(n int) Fixed { return Ancestral(n) }},
		entry{HeunStratonovich(1).Name(), func(n int) Fixed { return HeunStratonovich(n) }},
		entry{SRK(1).Name(), func(n int) Fixed { return SRK(n) }},
	)
	return list
}

// GraphKey identifies the graph that a solver builds, for caches of compiled graphs: solvers with equal keys build the same graph,
// whatever their factors. A solver of your own, also one that embeds a solver of this package, is identified by its type and all its values, those behind pointers too. It is empty where these hold a function or
// a channel, which cannot be told from another: such a solver is compiled again for each sampling.
func GraphKey(s Solver) string {
	if known, ok := builtIn(s); ok {
		return known.graphKey()
	}
	return values.Key(s)
}

// IsBuiltIn tells the solvers of this package from those of a user's own, whose code may change.
func IsBuiltIn(s Solver) bool {
	_, ok := builtIn(s)
	return ok
}

// keyed is a solver that knows its graph.
type keyed interface{ graphKey() string }

// builtIn is the solver as one of this package. A type elsewhere that embeds one has its methods, graphKey too, but may integrate in a way of its own.
func builtIn(s Solver) (keyed, bool) {
	known, ok := s.(keyed)
	return known, ok && values.Home(s) == values.Home(RungeKutta{})
}
