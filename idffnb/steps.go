package idffnb

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// stepsExec compiles up to capacity training steps into one program, a loop on the device:
//
//	for i := 0; i < count; i++ { one step on batch i; its loss becomes losses[i] }
//
// Inputs are count [] and the inputs of the steps, stacked to [capacity, batch, ...]; the output is losses [capacity]. With Accumulate it is all of parts of batches, so many times as many, and a
// step is made after the last part of each batch. Weights and optimizer stay on the device from step to step. The loop's body is compiled once, so that a step does the same however the steps are cut into calls. Where there is room for
// one step only, as on pure Go, which cannot slice at an index, there is no loop. On several devices the points of a batch are split among them.
func (r *Run) stepsExec(in []shapes.Shape, axes []int) (steps *spread, err error) {
	e := r.inCache()
	err = tryGraph("training step", r.exp.load(), func() error {
		exec, err := model.NewExec(r.backend, r.store, func(scope *model.Scope, in []*Node) *Node {
			defer panicAsError()
			count, stacked := in[0], in[1:]
			if !r.loops() || stacked[0].Shape().Dimensions[0] == 1 {
				return allParts(scope, e, stacked)
			}
			return trainLoop(scope, e, r.variables, count, stacked)
		})
		if err == nil {
			steps, err = r.compileOver(e.Batch/e.parts(), exec, in, axes)
		}
		return err
	})
	return steps, err
}

// trainLoop builds the loop of stepsExec. Its body must not see nodes made outside it, and variables made inside would not be seen outside: the
// variables are there already, and their values pass through the loop's state.
func trainLoop(scope *model.Scope, e Experiment, variables []*model.Variable, count *Node, stacked []*Node) *Node {
	g, capacity := count.Graph(), stacked[0].Shape().Dimensions[0]
	state := append([]*Node{Const(g, int32(0)), count, Const(g, make([]float32, capacity))}, stacked...)
	values := len(state)
	for _, v := range variables {
		state = append(state, v.NodeValue(g))
	}
	sums := len(state)
	state = append(state, zeroSums(e, variables, g)...)
	inside := func(g *Graph) []*Node {
		list := make([]*Node, len(state))
		for i, s := range state {
			list[i] = Parameter(g, fmt.Sprintf("state%d", i), s.Shape())
		}
		return list
	}
	more := NewClosure(g, func(g *Graph) []*Node {
		now := inside(g)
		return []*Node{LessThan(now[0], now[1])}
	})
	changed := make([]bool, len(variables))
	body := NewClosure(g, func(g *Graph) []*Node {
		now := inside(g)
		index, losses, stacked := now[0], now[2], now[3:values]
		for i, v := range variables {
			v.SetNodeValue(now[values+i])
		}
		loss, nextSums := partStep(scope, e, variables, index, at(stacked, index), now[sums:])
		next := append([]*Node{AddScalar(index, 1), now[1], DynamicUpdateSlice(losses, Reshape(loss, 1), []*Node{index})}, stacked...)
		for i, v := range variables {
			value := v.NodeValue(g)
			changed[i] = value != now[values+i]
			next = append(next, value)
		}
		return append(next, nextSums...)
	})
	after := While(more, body, state...)
	for i, v := range variables {
		if v.SetNodeValue(state[values+i]); changed[i] {
			v.SetNodeValue(after[values+i])
		}
	}
	return after[2]
}

// at takes row index of each [capacity, ...].
func at(stacked []*Node, index *Node) []*Node {
	list := make([]*Node, len(stacked))
	for i, s := range stacked {
		size := append([]int{1}, s.Shape().Dimensions[1:]...)
		starts := []*Node{index}
		for range size[1:] {
			starts = append(starts, ScalarZero(index.Graph(), dtypes.Int32))
		}
		list[i] = Reshape(DynamicSlice(s, starts, size), size[1:]...)
	}
	return list
}

// first takes the only row of each [1, ...].
func first(stacked []*Node) []*Node {
	list := make([]*Node, len(stacked))
	for i, s := range stacked {
		list[i] = Reshape(s, s.Shape().Dimensions[1:]...)
	}
	return list
}

// makeVariables makes the variables of the training step, weights and optimizer, that are not there yet, and notes them all: it builds a step in a program of which nothing is kept. It also notes
// whether steps had better be programs of their own: see slowInLoops.
func (r *Run) makeVariables(c *chunk) error {
	return tryGraph("training step", r.exp.load(), func() error {
		exec, err := model.NewExec(r.backend, r.store, func(scope *model.Scope, in []*Node) *Node {
			defer panicAsError()
			g := in[0].Graph()
			loss := trainStep(scope, r.exp, first(in))
			live := []*Node{loss}
			for v := range r.store.IterVariables() {
				if v.InUseByGraph(g) {
					live = append(live, v.NodeValue(g))
				}
			}
			r.oneByOne = r.info.Name == "cpu" && slowInLoops(live)
			r.variables = nil
			for v := range r.store.IterVariables() {
				if v.InUseByGraph(g) {
					v.SetNodeValue(g.GetParameterByName(v.Path())) // unchanged
					r.variables = append(r.variables, v)
				}
			}
			return Const(g, int32(0))
		})
		if err != nil {
			return err
		}
		defer exec.Finalize()
		var in []shapes.Shape
		for _, i := range c.inputs {
			in = append(in, shapes.Make(dtypes.Float32, append([]int{1}, i.shape[1:]...)...))
		}
		_, err = exec.Compile(in...)
		return err
	})
}

// compileSteps compiles the steps for the shapes of the chunk: apart from running them, so that the compiler's time is not taken for theirs.
func (r *Run) compileSteps(c *chunk) (steps *spread, err error) {
	if len(r.variables) == 0 {
		if err := r.makeVariables(c); err != nil {
			return nil, err
		}
	}
	if r.oneByOne {
		c.cutTo(1)
	}
	c.cutInto(r.inCache().parts())
	in, axes := []shapes.Shape{shapes.Make(dtypes.Int32)}, []int{whole}
	for _, i := range c.inputs {
		in, axes = append(in, shapes.Make(dtypes.Float32, i.shape...)), append(axes, 1)
	}
	defer returnMemory()
	return r.stepsExec(in, axes)
}

// run executes the steps of the chunk, of a load, and returns their losses.
func (c *chunk) run(steps *spread, at load) (losses []float32, err error) {
	parts := max(c.parts, 1)
	args := []*tensors.Tensor{tensors.FromScalar(int32(c.steps * parts))}
	for _, i := range c.inputs {
		args = append(args, tensors.FromFlatDataAndDimensions(i.values, i.shape...))
	}
	err = tryGraph("training step", at, func() error {
		out, err := steps.run(args...)
		if err != nil {
			return err
		}
		losses, err = tensors.CopyFlatData[float32](out[0])
		return err
	})
	if err != nil {
		return nil, err
	}
	return meanOfParts(losses[:c.steps*parts], parts), nil
}

// slowInLoops tells whether nodes depend on a convolution that XLA on the CPU computes some 25 times slower inside a loop, where its fast routine takes only axes in one order: batch, height, width
// and channels, the kernel's height and width, input and output channels. Gradients of package net's convolutions have it, GoMLX's own have not. What nothing depends on is not computed and does not count.
func slowInLoops(nodes []*Node) bool {
	seen := make(map[*Node]bool)
	for len(nodes) > 0 {
		n := nodes[len(nodes)-1]
		nodes = nodes[:len(nodes)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		if n.Type() == NodeTypeConvGeneral {
			x, k, y := n.Inputs()[0].Shape(), n.Inputs()[1].Shape(), n.Shape()
			if x.Dim(0) != y.Dim(0) || x.Dim(-1) != k.Dim(-2) || y.Dim(-1) != k.Dim(-1) {
				return true
			}
		}
		nodes = append(nodes, n.Inputs()...)
	}
	return false
}
