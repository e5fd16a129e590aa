package flow

import (
	"fmt"
	"math/rand/v2"
	"strings"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/solver"
)

// Objective is what a network is trained to predict. The zero value is X1().
//
//	kind       the network predicts   loss
//	x1         xhat1                  mean ( (xhat1 - x1)/(1.01 - t) )^2                        2-D, as released
//	x1plain    xhat1                  mean (xhat1 - x1)^2                                         denoisers; without times, regression
//	x1copies   xhat1                  sum of mean (xhat1 - x1 - c)^2 over c = 0, 360, -360       molecular dynamics, as released
//	x1score    (xhat1, s)             2 mean|xhat1 - x1|^2 + mean|lambda_t s + eps|^2            series and sea surface, as released, see X1Score
//	x1start    (xhat1, h)             2 mean|xhat1 - x1|^2 + mean|lambda_t h + x0|^2             CIFAR-10 and CelebA-64, as released, see X1Start
//	velocity   v                      mean (v - u_t)^2                                          flow matching, TorchCFM
//	sf2m       (v, s)                 mean|v - u_t|^2 + mean|lambda_t s + eps|^2                 [SF]^2M, see VelocityScore
//	meanflow   u over t to r          mean of weighted |u - v - (r-t) du/dt|^2                  MeanFlow, see Averaging
//	noise      xhat0                  mean (xhat0 - x0)^2                                        epsilon of diffusion models, see Noise
//
// The means run over batch and components, that of meanflow over the batch alone, whose |.|^2 is the sum over components (in dim dimensions its loss with r = t and power 0 is dim times that of velocity); lambda_t = 2t(1-t) for x1score and 2 sigma_t/(sigma^2 + 1e-8) for x1start and sf2m, and eps is the noise that moved x_t off the path's mean.
type Objective struct {
	Kind    string    // a name of the table; empty means x1
	Average Averaging // of meanflow alone
}

// X1 is the weighted regression of the data end point.
func X1() Objective { return Objective{Kind: "x1"} }

// X1Plain is the regression of the data end point with the same weight at all times. A network that looks at its condition alone then learns E[x1 | cond], a plain
// regression, and one step of Euler's method from t = 0 returns it.
func X1Plain() Objective { return Objective{Kind: "x1plain"} }

// X1Copies is the unweighted regression of an end point in degrees and of its copies a turn away, as IDFF's code for molecular dynamics has it. The three means are
// 3 mean (xhat1 - x1)^2 + 2 360^2: the copies add a constant, and the network learns nothing of the circle.
func X1Copies() Objective { return Objective{Kind: "x1copies"} }

// X1Score is the regression of the data end point and of the noise, which a second head of the network predicts as a score. That is the target of IDFF's released code for series and sea surface (and, with the weight 1/(t + .01) on the
// end point, for LSUN and CelebA-HQ); for CIFAR-10 and CelebA-64 see X1Start. In these scripts, of 2024, lambda_t is 2 sigma_t/sigma0^2; the 2t(1-t) of this objective is what the released matcher has since May 2025. At the least loss
// their head is this one times sigma0 sqrt(t(1-t)), and the score is the same.
func X1Score() Objective { return Objective{Kind: "x1score"} }

// Velocity is flow matching's own regression of the conditional velocity.
func Velocity() Objective { return Objective{Kind: "velocity"} }

// Noise is the regression of the path's start point x0, the epsilon that networks of diffusion models predict (DDPM, arXiv 2006.11239; prediction_type "epsilon" of diffusers), on paths x_t = a x1 + b x0 without noise of their own: straight,
// vp(0) and own ones. End point, velocity and score are made of it by the path's coefficients, near t = 0, where a = 0, by those of a little later: see AskedAt.
func Noise() Objective { return Objective{Kind: "noise"} }

// ObjectiveNames lists the kinds of objective.
func ObjectiveNames() []string {
	return []string{"x1", "x1score", "x1start", "velocity", "sf2m", "meanflow", "x1copies", "x1plain", "noise"}
}

// Batch is one training batch as graph nodes.
type Batch struct {
	X0, X1   *Node                            // [batch, dim]
	T        *Node                            // times in [0, 1), [batch]
	Interval *Node                            // r - t of meanflow, [batch]; nil for other objectives
	Eps      *Node                            // path noise ~ N(0, I), [batch, dim]
	Net      func(x, t, interval *Node) *Node // the network: [batch, dim], [batch], [batch] or nil -> [batch, heads*dim]
}

func (o Objective) kind() string {
	if o.Kind == "" {
		return "x1"
	}
	return o.Kind
}

// String is the objective's name, with the settings of meanflow.
func (o Objective) String() string {
	if o.Averages() {
		return o.Average.String()
	}
	return o.kind()
}

// Averages tells whether the network is one of average velocities, which sees the interval r - t as the last column of its cond.
func (o Objective) Averages() bool { return o.kind() == "meanflow" }

// Times draws the times of a batch of n: t [n] of the density and no interval, or, for meanflow, which has a density of its own, t and r - t, each [n].
func (o Objective) Times(rng *rand.Rand, of Times, n int) (t, interval []float32) {
	if o.Averages() {
		return o.Average.draw(rng, n)
	}
	return of.Draw(rng, n), nil
}

// Heads is the number of outputs of size dim that the network must have: 2 for x1score, x1start and sf2m, else 1.
func (o Objective) Heads() int {
	switch o.kind() {
	case "x1score", "x1start", "sf2m":
		return 2
	}
	return 1
}

// PredictsEnd tells whether the network predicts the data end point xhat1, so that its velocity (xhat1 - x)/(1 - t) is 0/0 at t = 1.
func (o Objective) PredictsEnd() bool {
	switch o.kind() {
	case "x1", "x1copies", "x1plain", "x1score", "x1start":
		return true
	}
	return false
}

// Check says in one line why the objective cannot be trained on the path, or nil.
func (o Objective) Check(path Path) error {
	switch o.kind() {
	case "x1", "x1copies", "x1plain":
		switch path.kind() {
		case "icfm", "vp", "own":
			if err := path.checkEnds(); err != nil || o.kind() == "x1copies" {
				return fmt.Errorf("flow: on path %v no velocity is made of the end point: train with flow.Velocity(), not %s", path, o.kind())
			}
		}
		return nil
	case "noise":
		if path.checkEnds() != nil {
			return fmt.Errorf("flow: on path %v, which has noise besides x0 and x1, no velocity is made of the start point: train with flow.Velocity(), or objective noise on flow.Straight(), flow.VariancePreserving(0) or an own path without noise", path)
		}
		return nil
	case "x1score", "x1start":
		switch path.kind() {
		case "bridge", "released":
			if path.Noise > 0 {
				return nil
			}
		}
		return fmt.Errorf("flow: objective %s learns the score of the bridge, from its noise: use flow.Bridge(sigma0) with sigma0 > 0, not %v", o.kind(), path)
	case "velocity":
		return nil
	case "sf2m":
		return checkSF2M(path)
	case "meanflow":
		return o.Average.check()
	}
	return fmt.Errorf("flow: unknown objective %q; valid names: %s", o.Kind, strings.Join(ObjectiveNames(), ", "))
}

// Loss builds the objective's scalar loss of one batch.
func (o Objective) Loss(path Path, b Batch) *Node {
	switch o.kind() {
	case "sf2m":
		return sf2mLoss(path, b)
	case "meanflow":
		return o.Average.loss(path, b)
	}
	x := path.Sample(b.X0, b.X1, b.T, b.Eps)
	out := b.Net(x, b.T, nil)
	switch o.kind() {
	case "velocity":
		return ReduceAllMean(Square(Sub(out, path.Velocity(x, b.X0, b.X1, b.T))))
	case "x1plain":
		return ReduceAllMean(Square(Sub(out, b.X1)))
	case "noise":
		return ReduceAllMean(Square(Sub(out, b.X0)))
	case "x1copies":
		gap := Sub(out, b.X1)
		loss := ReduceAllMean(Square(gap))
		for _, turn := range []float64{360, -360} {
			loss = Add(loss, ReduceAllMean(Square(AddScalar(gap, turn))))
		}
		return loss
	case "x1start":
		return x1StartLoss(path, b, out)
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

// Prediction turns the network's output at (x, t) into the end point, velocity and score that fields are made of. Where no head is the score, it
// is given on the straight path, and by networks of x0 and x1 on all paths x_t = a x1 + b x0, and holds only if x0 ~ N(0, I) independently of x1. The output of a network of average velocities is that of the
// interval 0. The network should have been asked at AskedAt(path, t), whose coefficients are taken.
func (o Objective) Prediction(path Path, x, out *Node, t solver.Time) Prediction {
	if o.ofEnds(path) {
		t = o.AskedAt(path, t)
		if o.kind() == "noise" {
			return path.fromStart(x, out, t)
		}
		return path.fromEnd(x, out, t)
	}
	switch o.kind() {
	case "sf2m":
		return sf2mPrediction(path, x, out, t)
	case "velocity", "meanflow":
		p := Prediction{X1: path.endPoint(x, out, t), Velocity: out}
		if path.kind() == "straight" {
			p.Score = ScoreFromVelocity(x, out, t)
		}
		return p
	case "x1start":
		return x1StartPrediction(path, x, out, t)
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

// givesScore tells whether predictions have a score, from a head or, if x0 ~ N(0, I) independently of x1, from either end.
func (o Objective) givesScore(path Path) bool {
	return o.Heads() == 2 || path.kind() == "straight" || o.ofEnds(path)
}

// driftNoise is the noise b of the diffusion dx = v dt + b dW that the prediction's velocity v is the drift of; 0 where v is the probability flow.
func (o Objective) driftNoise(path Path) float64 {
	if o.PredictsEnd() {
		return path.Noise
	}
	return 0
}

// splitHeads splits [batch, ..., 2 dim] into its halves along the last axis.
func splitHeads(out *Node) (first, second *Node) {
	dim := out.Shape().Dimensions[out.Rank()-1] / 2
	return SliceAxis(out, -1, AxisRange(0, dim)), SliceAxis(out, -1, AxisRange(dim, 2*dim))
}
