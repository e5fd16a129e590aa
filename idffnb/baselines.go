package idffnb

import (
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
)

// The baselines are Experiments like any other, to be changed field by field before Open. Where TorchCFM (1.0.7) has the method, its settings in two dimensions are taken
// from its examples: an MLP of 3 hidden layers of 64 with SELU, batches of 256, Adam without weight decay, no clipping of the gradient, 20,000 steps. All start from N(0, I), where
// TorchCFM's go from eight Gaussians to two moons. To compare methods, give all of them the same Net, Steps and LearningRate.

// baseline is what they share.
func baseline(name string, data Data, objective flow.Objective) Experiment {
	e := Experiment{Name: name, Data: data, Objective: objective, LearningRate: 1e-3, WeightDecay: -1, ClipNorm: -1}
	mlp := net.MLP{Width: 64, Heads: objective.Heads()}
	e.Net = mlp
	if e.classes() > 0 {
		e.Net = net.IndexedMLP{MLP: mlp} // as many indices as the data and DropCond need
	}
	return e
}

// ICFM is independent conditional flow matching (Tong et al., arXiv 2302.00482) as in TorchCFM's examples: sigma = 0.1, learning rate 0.001.
func ICFM(name string, data Data) Experiment {
	e := baseline(name, data, flow.Velocity())
	e.Path = flow.ICFM(.1)
	return e
}

// OTCFM is optimal-transport conditional flow matching (arXiv 2302.00482): ICFM with exact optimal transport in each batch.
func OTCFM(name string, data Data) Experiment {
	e := ICFM(name, data)
	e.Coupling = flow.ExactOT()
	return e
}

// SF2M is simulation-free score and flow matching, [SF]^2M (arXiv 2307.03672), with TorchCFM's default coupling, exact optimal transport; its tutorial has sigma = 1, learning rate 0.01
// and 10,000 steps. On the eight Gaussians with sigma = 1 that rate is too high: 16 Euler steps gave MMD^2 .0194 and W2 1.47, with 0.001 .0019 and .52 (2048 points, seeds 15-19).
// With Coupling = flow.Sinkhorn(2*sigma*sigma) it is the mini-batch Schrödinger bridge. One network with two heads stands for TorchCFM's two networks.
// Sample flow.CFM() with any solver, or flow.Stochastic(g) with noise; g = flow.ConstantNoise(sigma) is the paper's, which solver.Ancestral(n) samples too.
func SF2M(name string, data Data, sigma float64) Experiment {
	e := baseline(name, data, flow.VelocityScore())
	e.Path, e.Coupling = flow.Bridge(sigma), flow.ExactOT()
	e.LearningRate, e.Steps = .01, 10_000
	return e
}

// RectifiedFlow is 1-rectified flow (Liu et al., arXiv 2209.03003): straight path, velocity, independent coupling; network and optimizer as in ICFM. For 2-rectified flow train
// another one on Run.Reflow.
func RectifiedFlow(name string, data Data) Experiment {
	return baseline(name, data, flow.Velocity()) // Path and Coupling are straight and independent by default
}

// MeanFlow is MeanFlow (Geng et al., arXiv 2505.13447) on the straight path with independent coupling, its times and weights those of flow.AverageVelocity; network and optimizer
// as in ICFM. Sample flow.MeanFlow() with solver.Euler(1), or more steps. A network of your own in its place must not slice its inputs: see flow.JVP.
func MeanFlow(name string, data Data) Experiment {
	return baseline(name, data, flow.AverageVelocity())
}
