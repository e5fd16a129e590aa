package flow

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/internal/values"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Field is a velocity to integrate, made from what a network predicts.
type Field interface {
	// Name labels the field in tables and figures, its factors included.
	Name() string
	// Factors are numbers that may change without compiling again, such as gamma; nil if there are none.
	Factors() []float64
	// Velocity builds dx/dt at one point of the flow, shaped as the state. The factors come as scalar nodes, in order.
	// It panics as graph-building functions do.
	Velocity(m *Model, at Point, factors []*Node) *Node
}

// Checker is a Field that knows when it cannot be evaluated, e.g. for gammas that make a square root negative.
type Checker interface {
	// Check says in one line why the field cannot be evaluated at one of these times on that path, or nil.
	Check(times []float64, path Path) error
}

// CheckField says in one line why the field cannot be evaluated at one of these times with a network that was trained on that objective and path, or nil.
func CheckField(f Field, times []float64, o Objective, path Path) error {
	if c, ok := f.(Checker); ok {
		if err := c.Check(times, path); err != nil {
			return err
		}
	}
	if c, ok := Unguided(f).(interface {
		checkObjective(o Objective, path Path) error
	}); ok {
		return c.checkObjective(o, path)
	}
	return nil
}

// Point is where a field is evaluated.
type Point struct {
	X     *Node       // state at time T [batch, dim]
	Start *Node       // state of the same trajectories at t = 0 [batch, dim]
	T     solver.Time // in [0, 1]
}

// Prediction is what a network says about a point, each [batch, dim].
type Prediction struct {
	X1       *Node // the data end point xhat1 = E[x1 | x]; nil for velocities on own paths. A velocity on a path with noise does not tell it: there it is where the velocity points, x + (1-t) v on the line, the noise's part of x and v included
	Velocity *Node // the velocity: the probability flow's, or, of networks of end points (x1, x1plain, x1copies, x1score, x1start) on a bridge with noise, the bridge's drift (xhat1 - x)/(1-t)
	Score    *Node // the score grad log p_t: the network's own head, or from xhat1; nil where the path does not give it
}

// Model is a network whose evaluations are counted.
type Model struct {
	Meter   solver.Meter
	predict func(x, t *Node, at solver.Time) Prediction
	average func(x, t, interval *Node) *Node // nil but for meanflow
	null    *Model                           // the network without its condition; nil where there is none
}

// NewModel wraps a network: predict is called with x [batch, dim], and the time both as a node t [batch] and as itself.
func NewModel(predict func(x, t *Node, at solver.Time) Prediction) *Model {
	return &Model{predict: predict}
}

// Predict evaluates the network once at a point and counts it; backwards is the number of nested reverse passes that the
// caller makes through it.
func (m *Model) Predict(at Point, backwards int) Prediction {
	m.Meter.Evaluation(backwards)
	batch := at.X.Shape().Dimensions[0]
	t := BroadcastToDims(at.T.As(at.X), batch)
	return m.predict(at.X, t, at.T)
}

// GraphKey identifies the graph that a field builds, for caches of compiled graphs: fields with equal keys build the same graph,
// whatever their factors. A field of your own, also one that embeds a field of this package, is identified by its type and all its values, those behind pointers too. It is empty where these hold a function or a
// channel, which cannot be told from another: such a field is compiled again for each sampling.
func GraphKey(f Field) string {
	if known, ok := builtIn(f); ok {
		return known.graphKey()
	}
	return values.Key(f)
}

// IsBuiltIn tells the fields of this package from those of a user's own, whose code may change.
func IsBuiltIn(f Field) bool {
	_, ok := builtIn(Unguided(f))
	return ok
}

// keyed is a field that knows its graph.
type keyed interface{ graphKey() string }

// builtIn is the field as one of this package. A type elsewhere that embeds one has its methods, graphKey too, but may have a Velocity of its own.
func builtIn(f Field) (keyed, bool) {
	known, ok := f.(keyed)
	return known, ok && values.Home(f) == values.Home(CFMField{})
}

// ByItself tells whether a field can be evaluated at any time by itself, without being told of the step that asks, at any number strictly between 0 and 1 by the same graph, and at the same cost. One that guides at some times only
// is at each time the field that its method During gives.
func ByItself(f Field) bool {
	switch f := f.(type) {
	case CFMField, ProbabilityFlowField, ReleasedCFMField, ReleasedField, ReleasedImageField, MomentumField, WrittenField:
		return true
	case guidedField:
		return ByItself(f.of)
	}
	return false
}
