package flow

import (
	"fmt"
	"strings"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/solver"
)

// Objective is what a network is trained to predict. The zero value is X1().
//
//	kind       the network predicts   loss
//	x1         xhat1                  mean ( (xhat1 - x1)/(1.01 - t) )^2                        2-D, as released
//	x1score    (xhat1, s)             2 mean|xhat1 - x1|^2 + mean|lambda_t s + eps|^2            images and series, as released
//	velocity   v                      mean (v - u_t)^2                                          flow matching, TorchCFM
//
// The means run over batch and components; lambda_t = 2t(1-t), and eps is the noise that moved x_t off the path's mean.
type Objective struct {
	Kind string // a name of the table; empty means x1
}

// X1 is the weighted regression of the data end point.
func X1() Objective { return Objective{"x1"} }

// X1Score is the regression of the data end point and of the noise, which a second head of the network predicts as a score.
func X1Score() Objective { return Objective{"x1score"} }

// Velocity is flow matching's own regression of the conditional velocity.
func Velocity() Objective { return Objective{"velocity"} }

// ObjectiveNames lists the kinds of objective.
func ObjectiveNames() []string { return []string{"x1", "x1score", "velocity"} }

// Batch is one training batch as graph nodes.
type Batch struct {
	X0, X1 *Node                  // [batch, dim]
	T      *Node                  // times in [0, 1), [batch]
	Eps    *Node                  // path noise ~ N(0, I), [batch, dim]
	Net    func(x, t *Node) *Node // the network: [batch, dim], [batch] -> [batch, heads*dim]
}

func (o Objective) kind() string {
	if o.Kind == "" {
		return "x1"
	}
	return o.Kind
}

// String is the objective's name.
func (o Objective) String() string { return o.kind() }

// Heads is the number of outputs of size dim that the network must have: 2 for x1score, else 1.
func (o Objective) Heads() int {
	if o.kind() == "x1score" {
		return 2
	}
	return 1
}

// Check says in one line why the objective cannot be trained on the path, or nil.
func (o Objective) Check(path Path) error {
	switch o.kind() {
	case "x1":
		switch kind := path.kind(); {
		case kind == "icfm", kind == "vp", path.own != nil:
			return fmt.Errorf("flow: on path %v the end point does not determine the velocity: train with flow.Velocity()", path)
		}
		return nil
	case "x1score":
		switch path.kind() {
		case "bridge", "released":
			if path.Noise > 0 {
				return nil
			}
		}
		return fmt.Errorf("flow: objective x1score learns the score from the noise of the bridge: use flow.Bridge(sigma0) with sigma0 > 0, not %v", path)
	case "velocity":
		return nil
	}
	return fmt.Errorf("flow: unknown objective %q; valid names: %s", o.Kind, strings.Join(ObjectiveNames(), ", "))
}

// Loss builds the objective's scalar loss of one batch.
func (o Objective) Loss(path Path, b Batch) *Node {
	x := path.Sample(b.X0, b.X1, b.T, b.Eps)
	out := b.Net(x, b.T)
	switch o.kind() {
	case "velocity":
		return ReduceAllMean(Square(Sub(out, path.Velocity(x, b.X0, b.X1, b.T))))
	case "x1score":
		x1, score := splitHeads(out)
		lambda := alongBatch(MulScalar(Mul(b.T, OneMinus(b.T)), 2), score)
		return Add(
			MulScalar(ReduceAllMean(Square(Sub(x1, b.X1))), 2),
			ReduceAllMean(Square(Add(Mul(lambda, score), b.Eps))))
	default:
		gap := alongBatch(Sub(ConstAs(b.T, 1.01), b.T), out)
		return ReduceAllMean(Square(Div(Sub(out, b.X1), gap)))
	}
}

// Prediction turns the network's output at (x, t) into the end point, velocity and score that fields are made of. The score
// follows from the end point only on the straight path, and only if x0 ~ N(0, I) independently of x1.
func (o Objective) Prediction(path Path, x, out *Node, t solver.Time) Prediction {
	switch o.kind() {
	case "velocity":
		p := Prediction{X1: X1FromVelocity(x, out, t), Velocity: out}
		if path.kind() == "straight" {
			p.Score = ScoreFromVelocity(x, out, t)
		}
		return p
	case "x1score":
		x1, head := splitHeads(out)
		return Prediction{X1: x1, Velocity: VelocityFromX1(x, x1, t), Score: ScoreFromHead(head, path.Noise, t)}
	default:
		p := Prediction{X1: out, Velocity: VelocityFromX1(x, out, t)}
		switch path.kind() {
		case "straight":
			p.Score = ScoreFromX1(x, out, t)
		case "target":
			shrink := 1 - path.Noise // the path's standard deviation falls to Noise at t = 1, as gap falls to 0
			p.Velocity = Div(Sub(out, MulScalar(x, shrink)), MaxScalar(OneMinus(MulScalar(t.As(x), shrink)), endGap))
		}
		return p
	}
}

// splitHeads splits [batch, ..., 2 dim] into its halves along the last axis.
func splitHeads(out *Node) (x1, score *Node) {
	dim := out.Shape().Dimensions[out.Rank()-1] / 2
	return SliceAxis(out, -1, AxisRange(0, dim)), SliceAxis(out, -1, AxisRange(dim, 2*dim))
}
