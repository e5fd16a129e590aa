package flow

import (
	"fmt"
	"math"
	"math/rand/v2"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/solver"
)

// Averaging is how the objective meanflow draws its times and weighs its loss.
//
// MeanFlow (Geng et al., arXiv 2505.13447) learns the average velocity of the flow over an interval from t to r >= t,
//
//	(r-t) u(x_t, t, r) = int_t^r v(x_s, s) ds
//
// so that one evaluation makes the whole step, x_r = x_t + (r-t) u(x_t, t, r). Differentiating in t along the flow (dx_t/dt = v, r fixed) gives
// -u + (r-t) du/dt = -v, the MeanFlow identity
//
//	u = v + (r-t) du/dt,   du/dt = (v . grad_x) u + d_t u
//
// The right side is linear in v, so the conditional velocity x1 - x0 serves in place of v. The loss is the distance of u to it with the right side held fixed
// (stop-gradient); du/dt is a JVP. The paper's clock runs from data to noise: t here is 1 - t there, r is 1 - r, u is -u, and its identity reads
// u = v - (t-r) du/dt.
//
// The network sees t and, as the last column of its cond, r - t; the paper found this pair of inputs as good as any (table 1c).
type Averaging struct {
	// Apart is the share of a batch that has r > t, in [0, 1]; the rest has r = t, which is flow matching. The paper: .25 (ImageNet, the best of 0, .25, .5, 1), .75 (CIFAR-10).
	Apart float64
	// Mean and Std are of the logit-normal times 1/(1+e^-z), z ~ N(Mean, Std^2); t is the lesser and r the greater of two. Std = 0: uniform in [0, 1).
	// The paper, on this clock: .4 and 1 (ImageNet, which it found better than uniform), 2 and 2 (CIFAR-10).
	Mean, Std float64
	// Power is p of the adaptive weight: each point's squared error e counts e/(e + 0.001)^p with the divisor held fixed. 0: squared error. With 1 the loss is
	// near 1 whatever the errors are; .5 is nearly their absolute value. The paper: 1 (ImageNet), .75 (CIFAR-10).
	Power float64
}

// AverageVelocity is MeanFlow's objective, see Averaging: a quarter of the intervals open, as the paper found best, the adaptive weight's power .75 of its CIFAR-10 experiment, and uniform
// times, which in the plane did better in one step than the paper's logit-normal ones (8gaussians, 3000 steps of a network 128 wide, MMD^2 of one step: .0065; with the paper's
// settings of ImageNet .0113, of CIFAR-10 .0129). A power above 0 pulls u, and v with it, from the mean towards the likeliest: more than one step loses by it, and
// one step gains in a short training only (notebook 07: after 10,000 steps .0077, with power 0 .0068). Power 0 is the exact mean.
//
// The loss differentiates the network twice: one of your own takes columns of its input, or of cond, by a matrix product, not by a slice, see JVP.
func AverageVelocity() Objective {
	return Objective{Kind: "meanflow", Average: Averaging{Apart: .25, Power: .75}}
}

// String gives all settings, for the experiment's identity.
func (a Averaging) String() string {
	times := "uniform"
	if a.Std != 0 {
		times = fmt.Sprintf("logit-normal %g %g", a.Mean, a.Std)
	}
	return fmt.Sprintf("meanflow(apart %g, times %s, power %g)", a.Apart, times, a.Power)
}

// check says in one line what is wrong with the settings, or nil.
func (a Averaging) check() error {
	switch {
	case !(a.Apart >= 0 && a.Apart <= 1):
		return fmt.Errorf("flow: MeanFlow with a share of %g of intervals: want 0 to 1", a.Apart)
	case math.IsNaN(a.Mean) || math.IsInf(a.Mean, 0) || !(a.Std >= 0) || math.IsInf(a.Std, 0):
		return fmt.Errorf("flow: MeanFlow with logit-normal times of mean %g and standard deviation %g: want finite numbers, the second at least 0", a.Mean, a.Std)
	case !(a.Power >= 0) || math.IsInf(a.Power, 0):
		return fmt.Errorf("flow: MeanFlow with an adaptive weight of power %g: want a finite number of at least 0", a.Power)
	}
	return nil
}

// draw draws n pairs of times as t and r - t.
func (a Averaging) draw(rng *rand.Rand, n int) (t, interval []float32) {
	one := rng.Float64
	if a.Std != 0 {
		one = func() float64 { return logitNormal(rng, a.Mean, a.Std) }
	}
	t, interval = make([]float32, n), make([]float32, n)
	for k := range t {
		s, r := one(), one()
		t[k] = float32(min(s, r))
		if rng.Float64() < a.Apart {
			interval[k] = float32(max(s, r) - min(s, r))
		}
	}
	return t, interval
}

// loss is the mean over the batch of e/(e + 0.001)^p, e = |u - target|^2, target = v + (r-t) du/dt.
func (a Averaging) loss(path Path, b Batch) *Node {
	x := path.Sample(b.X0, b.X1, b.T, b.Eps)
	v := path.Velocity(x, b.X0, b.X1, b.T)
	one := OnesLike(b.T)
	u, derivative := JVP(func(at []*Node) *Node { return b.Net(at[0], at[1], at[2]) },
		[]*Node{x, b.T, b.Interval}, []*Node{v, one, Neg(one)}) // r is fixed: as t grows, r - t shrinks
	target := StopGradient(Add(v, Mul(alongBatch(b.Interval, v), derivative)))
	square := ReduceSum(Square(Sub(u, target)), -1)
	if a.Power == 0 {
		return ReduceAllMean(square)
	}
	weight := StopGradient(PowScalar(AddScalar(square, 1e-3), -a.Power))
	return ReduceAllMean(Mul(weight, square))
}

// MeanFlowField is the average velocity u(x, t, r) over the step that asks, from t to r, of a network trained with AverageVelocity: Euler's method with n steps
// is then the n-step sampling of the paper, solver.Euler(1) generation in one step. One forward pass an evaluation. Solvers of several stages, or that look back on earlier evaluations, have no such steps and are refused.
type MeanFlowField struct{}

// MeanFlow is the field of average velocities (arXiv 2505.13447). CFM is the instantaneous velocity u(x, t, t) of the same network.
func MeanFlow() MeanFlowField { return MeanFlowField{} }

// Name implements Field.
func (MeanFlowField) Name() string { return "MeanFlow" }

// Factors implements Field.
func (MeanFlowField) Factors() []float64 { return nil }

// graphKey identifies the graph.
func (MeanFlowField) graphKey() string { return "meanflow" }

// checkObjective refuses networks that know no average velocity.
func (MeanFlowField) checkObjective(o Objective, _ Path) error {
	if !o.Averages() {
		return fmt.Errorf("flow: MeanFlow needs a network of average velocities, and this one was trained with objective %v: train with flow.AverageVelocity(), or sample flow.CFM()", o)
	}
	return nil
}

// Velocity implements Field.
func (MeanFlowField) Velocity(m *Model, at Point, _ []*Node) *Node {
	end, ok := at.T.Next()
	if !ok {
		panic(fmt.Errorf("flow: MeanFlow takes whole steps, and this solver makes its steps of several evaluations, or of none: use solver.Euler(n)"))
	}
	return m.Average(at, end)
}

// WithAverage gives the model the average velocity u(x, t, r) of its network: average is called with x [batch, dim], t and r - t, each [batch].
func (m *Model) WithAverage(average func(x, t, interval *Node) *Node) *Model {
	m.average = average
	return m
}

// Average evaluates the average velocity from a point to the time end and counts it.
func (m *Model) Average(at Point, end solver.Time) *Node {
	if m.average == nil {
		panic(fmt.Errorf("flow: this model knows no average velocity"))
	}
	m.Meter.Evaluation(0)
	batch := at.X.Shape().Dimensions[0]
	t := BroadcastToDims(at.T.As(at.X), batch)
	return m.average(at.X, t, Sub(BroadcastToDims(end.As(at.X), batch), t))
}
