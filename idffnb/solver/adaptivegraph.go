package solver

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Exec is a graph to compile and run: a graph.Exec, or a model.Exec.
type Exec interface {
	Compile(inputs ...shapes.Shape) (*graph.Graph, error)
	Exec(inputs ...any) ([]*tensors.Tensor, error)
}

// Program is a field's compiled graphs for one Adaptive method, and for one shape and type of the state. Solvers that differ in their tolerances and times alone share it.
type Program struct {
	begin, step Exec
}

// Graphs are the two graphs that an integration runs, as functions of their inputs, for whoever compiles them with weights of a network:
//
//	begin(x, control, inputs...)        -> first slope, norms for the first step     2 evaluations
//	step(x, slope, control, inputs...)  -> next x, next slope, error ratio, ...      evaluations of the method
//
// field makes the field from the inputs of Prepare and Run, such as conditions or factors. It is called once in each graph.
func (a Adaptive) Graphs(field func(inputs []*graph.Node) Field) (begin, step func(in []*graph.Node) []*graph.Node) {
	method := pairs[a.Method]
	begin = func(in []*graph.Node) []*graph.Node { return method.begin(shaped(field(in[2:])), in[0], in[1]) }
	step = func(in []*graph.Node) []*graph.Node { return method.step(shaped(field(in[3:])), in[0], in[1], in[2]) }
	return begin, step
}

// shaped is the field at times of no step, checked to return slopes shaped as the state.
func shaped(field Field) Field {
	field = alike(field)
	return func(x *graph.Node, t Time) *graph.Node { return field(x, t.InStep(NoStep)) }
}

// Prepare compiles the two graphs of Graphs for a state x and inputs of these shapes.
func (a Adaptive) Prepare(begin, step Exec, x shapes.Shape, inputs ...shapes.Shape) (*Program, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	if err := a.checkPrecision(x.DType); err != nil {
		return nil, err
	}
	if x.Rank() == 0 {
		return nil, fmt.Errorf("solver: %v: the state is a scalar, want [batch, ...]", a)
	}
	m := pairs[a.Method].evaluations()
	if _, err := begin.Compile(append([]shapes.Shape{x, shapes.Make(x.DType, 3)}, inputs...)...); err != nil {
		return nil, fmt.Errorf("solver: %v: %w", a, err)
	}
	if _, err := step.Compile(append([]shapes.Shape{x, x, shapes.Make(x.DType, 3+2*m)}, inputs...)...); err != nil {
		return nil, fmt.Errorf("solver: %v: %w", a, err)
	}
	return &Program{begin, step}, nil
}

// Solve compiles and runs at once: it integrates a field without inputs from x at t = 0.
func (a Adaptive) Solve(backend compute.Backend, field Field, x *tensors.Tensor) (*Solution, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	begin, step := a.Graphs(func([]*graph.Node) Field { return field })
	first, err := graph.NewExec(backend, begin)
	if err != nil {
		return nil, fmt.Errorf("solver: %v: %w", a, err)
	}
	next, err := graph.NewExec(backend, step)
	if err != nil {
		return nil, fmt.Errorf("solver: %v: %w", a, err)
	}
	program, err := a.Prepare(first, next, x.Shape())
	if err != nil {
		return nil, err
	}
	return a.Run(program, x)
}

// element is a number of a vector, as a scalar.
func element(vector *graph.Node, i int) *graph.Node {
	return graph.Reshape(graph.SliceAxis(vector, 0, graph.AxisElem(i)))
}

// begin evaluates the first slope f0 = f(x, 0), and, for the choice of the first step, f1 = f(x + h0 f0, h0) after a trial step
//
//	h0 = .01 |x|/|f0|, or 1e-6 where one of these norms is below 1e-5, and at most the time there is
//
// control is that time, rtol and atol. It returns f0 and the vector |f0|, |f1 - f0|/h0, h0, where |v| is the root mean square of v/(atol + rtol |x|).
func (m embedded) begin(field Field, x, control *graph.Node) []*graph.Node {
	span, rtol, atol := element(control, 0), element(control, 1), element(control, 2)
	scale := graph.Add(atol, graph.Mul(rtol, graph.Abs(x)))
	norm := func(v *graph.Node) *graph.Node { return rootMeanSquare(graph.Div(v, scale)) }
	f0 := field(x, At(0))
	d0, d1 := norm(x), norm(f0)
	small := graph.LessThan(graph.Min(d0, d1), graph.ConstAs(d0, 1e-5))
	h0 := graph.Where(small, graph.ConstAs(d0, 1e-6), graph.Div(graph.MulScalar(d0, .01), d1))
	h0 = graph.Min(h0, span)
	f1 := field(graph.Add(x, graph.Mul(h0, f0)), AtNodes(h0, graph.OneMinus(h0)))
	d2 := graph.Div(norm(graph.Sub(f1, f0)), h0)
	return []*graph.Node{f0, graph.Stack([]*graph.Node{d1, d2, h0}, 0)}
}

// step makes one step from x and its slope. control is the vector dt, rtol, atol, the stages' times but for the first's, and what is left from each to t = 1. It
// returns x_new, the slope there, the ratio of error to tolerance (NaN where the new state is not finite), and the fifth term of dense output where the method has one.
func (m embedded) step(field Field, x, slope, control *graph.Node) []*graph.Node {
	dt, rtol, atol := element(control, 0), element(control, 1), element(control, 2)
	n := m.evaluations()
	slopes, state := []*graph.Node{slope}, x
	for i := 1; i <= n; i++ {
		state = graph.Add(x, graph.Mul(dt, weighted(m.a[i], slopes)))
		slopes = append(slopes, field(state, AtNodes(element(control, 2+i), element(control, 2+n+i))))
	}
	size := graph.Abs(state)
	scale := graph.Add(atol, graph.Mul(rtol, graph.Max(graph.Abs(x), size)))
	ratio := rootMeanSquare(graph.Div(graph.Mul(dt, weighted(m.e, slopes)), scale))
	ratio = graph.Where(graph.LogicalAll(graph.IsFinite(state)), ratio, graph.ConstAs(ratio, nan))
	out := []*graph.Node{state, slopes[n], ratio}
	if m.dense != nil {
		out = append(out, graph.Mul(dt, weighted(m.dense, slopes)))
	}
	return out
}

// control is step's input of that name, for a step from t to next.
func (m embedded) control(dtype dtypes.DType, t, next, rtol, atol float64) *tensors.Tensor {
	n := m.evaluations()
	values := make([]float64, 3+2*n)
	values[0], values[1], values[2] = next-t, rtol, atol
	for i := 1; i <= n; i++ {
		at := stageTime(t, next, m.c[i])
		values[2+i], values[2+n+i] = at, 1-at
	}
	return vector(dtype, values)
}

// weighted is the sum of the nodes by weights, those of weight 0 left out.
func weighted(weights []float64, nodes []*graph.Node) *graph.Node {
	var sum *graph.Node
	for i, w := range weights {
		switch {
		case w == 0:
		case sum == nil:
			sum = graph.MulScalar(nodes[i], w)
		default:
			sum = graph.Add(sum, graph.MulScalar(nodes[i], w))
		}
	}
	return sum
}

func rootMeanSquare(x *graph.Node) *graph.Node {
	return graph.Sqrt(graph.ReduceAllMean(graph.Square(x)))
}

// vector is a tensor of the numbers in that type.
func vector(dtype dtypes.DType, values []float64) *tensors.Tensor {
	if dtype == dtypes.Float64 {
		return tensors.FromFlatDataAndDimensions(values, len(values))
	}
	return tensors.FromFlatDataAndDimensions(convert[float32](values), len(values))
}
