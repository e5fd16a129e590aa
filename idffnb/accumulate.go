package idffnb

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/ml/model"
)

// parts is the number of parts that a batch is cut into.
func (e Experiment) parts() int { return max(e.Accumulate, 1) }

// inCache is the experiment with batches cut into smaller parts, where the network asks for it (net.UNet.AtOnce) and the device is a CPU by itself: a step is the same but for rounding,
// and what the gradients need stays in the caches.
func (r *Run) inCache() Experiment {
	e, n := r.exp, r.exp.Batch/r.exp.parts()
	if asking, ok := e.Net.(interface{ AtOnce() int }); ok && r.info.Name == "cpu" && r.loops() && r.devices(n) == 1 {
		e.Accumulate = e.parts() * cuts(n, asking.AtOnce())
	}
	return e
}

// cuts is the least number of equal parts of n points with at most atOnce points each, or 1 if they would have less than half as many.
func cuts(n, atOnce int) int {
	for size := min(n, atOnce); 2*size >= atOnce && size > 0; size-- {
		if n%size == 0 {
			return n / size
		}
	}
	return 1
}

// partStep builds the work on part i of the parts of batches, one batch after the other: the gradient of its loss is added to the sums of those before it, and with the last part of a batch a step
// is made along their mean. The step is built once, computed with each part and taken with the last: loops in loops are more than GoMLX builds, and a step costs little beside gradients. It returns the loss of
// the part and the sums for the next one.
func partStep(scope *model.Scope, e Experiment, variables []*model.Variable, i *Node, in, sums []*Node) (loss *Node, next []*Node) {
	parts, g := e.parts(), i.Graph()
	loss, gradients := lossAndGradients(scope, e, in)
	if parts == 1 {
		update(scope, e, gradients)
		return loss, nil
	}
	last := Equal(Mod(i, Scalar(g, i.DType(), parts)), Scalar(g, i.DType(), parts-1))
	mean := make([]*Node, len(gradients))
	for k, gradient := range gradients {
		sum := Add(sums[k], gradient)
		mean[k] = MulScalar(sum, 1/float64(parts))
		next = append(next, Where(last, ScalarZero(g, sum.DType()), sum))
	}
	before := make([]*Node, len(variables))
	for k, v := range variables {
		before[k] = v.NodeValue(g)
	}
	update(scope, e, mean)
	for k, v := range variables {
		if value := v.NodeValue(g); value != before[k] {
			v.SetNodeValue(Where(last, value, before[k]))
		}
	}
	return loss, next
}

// zeroSums are the sums of gradients before the first part. They must not use GoMLX's cache of scalars, in which the loop's body would then find nodes made outside it.
func zeroSums(e Experiment, variables []*model.Variable, g *Graph) (sums []*Node) {
	if e.parts() == 1 {
		return nil
	}
	for _, v := range variables {
		if v.Trainable {
			sums = append(sums, BroadcastToShape(Const(g, float32(0)), v.Shape()))
		}
	}
	return sums
}

// allParts builds a step on all parts of one batch, for backends without loops, and returns their losses [parts].
func allParts(scope *model.Scope, e Experiment, stacked []*Node) *Node {
	if e.parts() == 1 {
		return Reshape(trainStep(scope, e, first(stacked)), 1)
	}
	var losses, sums []*Node
	for part := range e.parts() {
		in := make([]*Node, len(stacked))
		for k, s := range stacked {
			in[k] = Reshape(SliceAxis(s, 0, AxisElem(part)), s.Shape().Dimensions[1:]...)
		}
		loss, gradients := lossAndGradients(scope, e, in)
		losses = append(losses, Reshape(loss, 1))
		for k, gradient := range gradients {
			if part == 0 {
				sums = append(sums, gradient)
			} else {
				sums[k] = Add(sums[k], gradient)
			}
		}
	}
	for k, sum := range sums {
		sums[k] = MulScalar(sum, 1/float64(e.parts()))
	}
	update(scope, e, sums)
	return Concatenate(losses, 0)
}

// meanOfParts is the loss of each batch, the mean over its parts.
func meanOfParts(losses []float32, parts int) []float32 {
	if parts == 1 {
		return losses
	}
	means := make([]float32, len(losses)/parts)
	for i := range means {
		sum := 0.
		for _, l := range losses[i*parts : (i+1)*parts] {
			sum += float64(l)
		}
		means[i] = float32(sum / float64(parts))
	}
	return means
}
