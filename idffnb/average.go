package idffnb

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// averageScope is where the averages of the weights are, under the names of the weights: EMA/net.0/weight in a checkpoint.
const averageScope = "/EMA"

// trainedValue is a weight that is trained, with its value before a step.
type trainedValue struct {
	weight *model.Variable
	before *Node
}

// trainedValues are the weights that the graph trains, in the order of the store.
func trainedValues(scope *model.Scope, g *Graph) (list []trainedValue) {
	for v := range scope.IterVariables() {
		if v.Trainable && v.InUseByGraph(g) {
			list = append(list, trainedValue{v, v.NodeValue(g)})
		}
	}
	return list
}

// updateAverage builds, after step n = 1, 2, .. has changed the weights w, their exponential moving average from the initial weights w_0 on,
//
//	e_0 = w_0,   e_n = d_n e_{n-1} + (1 - d_n) w_n,   d_n = min(decay, (1 + n)/(10 + n))
//
// as TorchCFM's training on CIFAR-10 does with decay .9999, but for d_n, which is TensorFlow's (ExponentialMovingAverage with num_updates) and latent diffusion's (LitEma):
// without it the initial weights would still be 61 % of the average after 5000 steps. It is the decay itself from about step 9/(1 - decay) on, so that of 400,000 steps, as TorchCFM makes them, nothing of
// the difference is left.
func updateAverage(scope *model.Scope, decay float64, trained []trainedValue) {
	g := trained[0].before.Graph()
	n := ConvertDType(optimizer.GetGlobalStepVar(scope).NodeValue(g), dtypes.Float32)
	first := Equal(n, OnesLike(n))
	rest := OneMinus(MinScalar(Div(OnePlus(n), AddScalar(n, 10)), decay)) // 1 - d_n
	for _, t := range trained {
		v := scope.Store().Scope(averageScope+t.weight.Scope()).WithInitializer(initializer.Zero).VariableWithShape(t.weight.Name(), t.weight.Shape()).SetTrainable(false)
		before := Where(first, t.before, v.NodeValue(g))
		v.SetNodeValue(Add(before, Mul(ConvertDType(rest, before.DType()), Sub(t.weight.NodeValue(g), before))))
	}
}

// averaged tells whether the run's samples come from the averages of the weights.
func (r *Run) averaged() bool { return r.exp.EMA > 0 && !r.raw && r.step > 0 }

// averageOf is the average of a weight; nil for variables that are not trained.
func (r *Run) averageOf(v *model.Variable) *model.Variable {
	return r.store.GetVariable(averageScope + v.Path())
}

// withAverages builds what a function builds of the network with the averages in place of the weights, where samples come from these.
func (r *Run) withAverages(g *Graph, build func() *Node) *Node {
	if !r.averaged() {
		return build()
	}
	for v := range r.store.IterVariables() {
		if average := r.averageOf(v); average != nil {
			weight := v.NodeValue(g)
			v.SetNodeValue(average.NodeValue(g))
			defer v.SetNodeValue(weight) // so that the graph changes no variable
		}
	}
	return build()
}

// Raw is the run with the weights as the last step left them, for comparison with their average (Experiment.EMA): what is sampled, judged, learned or exported of it is kept apart.
// Without EMA it is the run itself. It is the run as it is now: train the run, not this, and ask again.
func (r *Run) Raw() *Run {
	if r.exp.EMA == 0 || r.raw {
		return r
	}
	raw := *r
	if r.rawSamplers == nil {
		r.rawSamplers = map[string]sampler{}
	}
	raw.raw, raw.samplers, raw.evaluations = true, r.rawSamplers, nil
	return &raw
}

// whichWeights tells results of the raw weights from those of the averages, in keys and names; "" where there is one kind, or it is the averages.
func (r *Run) whichWeights() string {
	if r.raw {
		return "; raw weights"
	}
	return ""
}

// averageNote is for captions.
func (r *Run) averageNote() string {
	switch {
	case r.raw:
		return ", weights of the last step"
	case r.exp.EMA > 0:
		return fmt.Sprintf(", weights averaged with decay %g", r.exp.EMA)
	}
	return ""
}
