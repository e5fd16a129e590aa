package flow_test

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// Noise of any size leaves Gaussian data with standard deviation 2 as they are: here with the exact model, for which xhat1 = 4t/(4t^2 + (1-t)^2) x.
func ExampleStochastic() {
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		fmt.Println(err)
		return
	}
	s, n := solver.EulerMaruyama(50), 20_000
	noise := solver.Brownian{Seed: 1, Size: n}
	dw, err := noise.Increments(s.Grid())
	if err != nil {
		fmt.Println(err)
		return
	}
	start, _ := solver.Brownian{Seed: 2, Size: n}.At([]float64{1}) // ~ N(0, I)
	for _, g := range []flow.Diffusion{flow.DecayingNoise(0), flow.DecayingNoise(1), flow.BridgeNoise(2)} {
		field := flow.Stochastic(g)
		end := MustExecOnce(backend, func(x, dw *Node) *Node {
			m := flow.NewModel(func(x, _ *Node, at solver.Time) flow.Prediction {
				t := at.Number()
				return flow.X1().Prediction(flow.Straight(), x, MulScalar(x, 4*t/(4*t*t+(1-t)*(1-t))), at)
			})
			factors := []*Node{Scalar(x.Graph(), x.DType(), g.Scale), ScalarZero(x.Graph(), x.DType())}
			increments := make([]solver.Increment, s.Steps())
			for k := range increments {
				increments[k].W = Reshape(SliceAxis(dw, 0, AxisElem(k)), n, 1)
			}
			states := s.IntegrateNoise(
				func(x *Node, t solver.Time) *Node {
					return field.Velocity(m, flow.Point{X: x, Start: x, T: t}, factors)
				},
				func(_ *Node, t solver.Time) *Node { return field.Diffusion(t, factors) },
				Reshape(x, n, 1), increments)
			return Sqrt(ReduceAllMean(Square(states[s.Steps()])))
		}, start[0], dw).Value().(float64)
		fmt.Printf("%s: standard deviation within 3%% of 2: %t\n", field.Name(), math.Abs(end-2) < .06)
	}
	// Output:
	// IDFF with noise g=0: standard deviation within 3% of 2: true
	// IDFF with noise g=1(1-t): standard deviation within 3% of 2: true
	// IDFF with noise g=2√(t(1-t)): standard deviation within 3% of 2: true
}
