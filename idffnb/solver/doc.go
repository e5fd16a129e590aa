// Package solver integrates the fields of package flow from noise (t = 0) to data (t = 1), with noise on the way or without, and counts what that costs.
//
// All steps of one sampling are built into one compiled graph: the times of the grid are numbers known while the graph is
// built, so a step that needs less work (the end points of IDFF as released, say) also costs less.
//
//	s := solver.RK4(2)                        // two steps of the 3/8 rule, as torchdiffeq's "rk4"
//	exec := graph.MustNewExec(backend, func(x *graph.Node) *graph.Node {
//		states := s.Integrate(func(x *graph.Node, t solver.Time) *graph.Node {
//			return graph.Neg(t.Mul(x)) // dx/dt = -t x
//		}, x)
//		return states[s.Steps()]
//	})
//
// # How to choose
//
//	euler      1 evaluation a step   order 1   the only one at cost 1; from cost 2 on midpoint was better in notebook 04 but for two rows at cost 3
//	midpoint   2 evaluations         order 2   the first to try: chosen at most budgets of notebook 04
//	heun2      2 evaluations         order 2   evaluates t = 1, where the velocity of an x1-network is 0/0: prefer midpoint
//	rk4        4 evaluations         order 4   the 3/8 rule, as torchdiffeq; evaluates t = 1
//	rk4classic 4 evaluations         order 4   the textbook rule; evaluates t = 1
//
// and for fields with noise, whose Brownian motion is drawn on the host (Brownian), the same for many steps and for few:
//
//	euler-maruyama 1 evaluation      order 1   strong order, for noise g(t) dW; never evaluates t = 1
package solver
