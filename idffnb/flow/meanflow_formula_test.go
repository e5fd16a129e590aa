package flow_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestMeanFlowGradient: a network that says c everywhere has the errors e = |c - v|^2 and the loss mean e/(e + .001)^p, in whose gradient the divisor stands still: mean 2 (c - v)/(e + .001)^p.
func TestMeanFlowGradient(t *testing.T) {
	const c = .4
	x0, x1 := [][]float64{{0}, {1}, {.2}}, [][]float64{{.41}, {-1}, {.58}}
	for _, power := range []float64{0, .01, .5, 1} {
		objective := flow.AverageVelocity()
		objective.Average.Power = power
		out := MustExecOnceN(backend(t), func(in []*Node) []*Node {
			loss := objective.Loss(flow.Straight(), flow.Batch{X0: in[0], X1: in[1], T: in[2], Interval: in[3], Eps: ZerosLike(in[0]),
				Net: func(x, _, _ *Node) *Node { return Add(ZerosLike(x), in[4]) }})
			return append(Gradient(loss, in[4]), loss)
		}, x0, x1, []float64{.1, .2, .3}, []float64{.5, 0, .7}, c)
		loss, gradient := 0., 0.
		for i := range x0 {
			off := c - (x1[i][0] - x0[i][0])
			weight := math.Pow(off*off+.001, -power) / 3
			loss, gradient = loss+weight*off*off, gradient+weight*2*off
		}
		near(t, fmt.Sprintf("power %g: gradient and loss", power), []float64{out[0].Value().(float64), out[1].Value().(float64)}, []float64{gradient, loss})
	}
	if got, want := flow.AverageVelocity().String(), "meanflow(apart 0.25, times uniform, power 0.75)"; got != want {
		t.Errorf("by default it is %s, want %s", got, want)
	}
}

// TestAverageInputs: the network of average velocities is asked at each point with the time and the interval to the end, and counted once.
func TestAverageInputs(t *testing.T) {
	m := tripled().WithAverage(func(x, at, interval *Node) *Node {
		if !slices.Equal(at.Shape().Dimensions, []int{3}) || !slices.Equal(interval.Shape().Dimensions, []int{3}) {
			t.Errorf("times %v and intervals %v for 3 points", at.Shape(), interval.Shape())
		}
		return Add(x, ExpandAxes(Add(MulScalar(at, 10), MulScalar(interval, 100)), -1))
	})
	got := MustExecOnce(backend(t), func(x *Node) *Node {
		return m.Average(flow.Point{X: x, Start: x, T: solver.At(.25)}, solver.At(.75))
	}, [][]float64{{0, 1}, {2, 3}, {4, 5}}).Value().([][]float64)
	for i, row := range got {
		near(t, "average", row, []float64{52.5 + 2*float64(i), 53.5 + 2*float64(i)})
	}
	if m.Meter != (solver.Meter{Forwards: 1, Equivalents: 1}) {
		t.Errorf("it costs %+v", m.Meter)
	}
}
