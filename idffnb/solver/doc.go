// Package solver integrates the fields of package flow from noise (t = 0) to data (t = 1), with noise on the way or without, and counts what that costs.
//
// All steps of one sampling by a Fixed solver are built into one compiled graph: the times of the grid are numbers known while the graph is
// built, so a step that needs less work (the end points of IDFF as released, say) also costs less. An Adaptive solver runs a graph a step.
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
//	name        evaluations    order  evaluates t = 1
//	euler       N              1      no    the yardstick
//	midpoint    2 N            2      no    the first to try at 2 evaluations
//	heun2       2 N            2      yes
//	heun3       3 N            3      no    the first to try at 3
//	bosh3       3 N            3      no
//	rk4         4 N            4      yes   the 3/8 rule, as torchdiffeq
//	rk4classic  4 N            4      yes   the textbook rule
//	adams2      N              2      no    within 15 % of the best from 6 evaluations on
//	adams3      N+1            3      no    N of at least 3; the first to try at 4 to 8 evaluations
//	adams4      N+4            4      no    N of at least 4; for accuracy, not for few evaluations
//	ddim        N              1      no    equal to euler on the straight path
//	dpmpp2m     N              2      no    equal to ddim up to 3 steps
//	dpmpp3m     N              2      no    likewise; the codes' third order is second
//	expadams2   N              2      no    xhat1 linear in t; with 2 steps midpoint; the first to try at 3 and 4 where paths are nearly straight
//	expadams3   N              3      no    xhat1 quadratic in t; unstable in few steps
//
// for N steps, each name for ByName. The first to try are those of the least MMD² on six networks with independent coupling (notebook 06; docs/solvers.md has the whole table); with IDFF's
// momentum notebook 04 chooses midpoint at 2 and heun3 at 3 most often as well. At t = 1 the velocity of an x1-network is 0/0: prefer a method that does not evaluate it. How far the end points of few evaluations are from those
// of the exact flow (root mean square; the radius of the eight Gaussians is 5), first on their exact velocity from independent noise, then on a network trained
// with optimal transport coupling, whose flow is straighter:
//
//	evaluations     euler  midpoint  bosh3  adams2  adams3  dpmpp2m  expadams2  expadams3
//	exact field, 2: 1.68   2.19      -      0.81    -       1.68     2.19       2.19
//	exact field, 3: 1.07   -         0.22   0.21    -       1.07     1.28       1.47
//	exact field, 4: 0.78   0.45      -      0.12    0.23    0.51     0.69       1.90
//	exact field, 6: 0.51   0.15      0.13   0.07    0.07    0.25     0.18       0.81
//	exact field, 8: 0.38   0.07      -      0.05    0.05    0.17     0.09       0.32
//	network, 2:     0.52   0.29      -      0.38    -       0.52     0.29       0.29
//	network, 3:     0.38   -         0.27   0.26    -       0.38     0.17       0.28
//	network, 4:     0.31   0.17      -      0.20    0.17    0.29     0.14       0.38
//	network, 6:     0.24   0.14      0.14   0.16    0.14    0.20     0.13       0.21
//	network, 8:     0.20   0.12      -      0.14    0.12    0.17     0.11       0.13
//
// Which of them is best depends on the field: measure, with the metric that matters.
//
// Their steps are equal unless they are given times of one's own. At 2 to 4 evaluations that pays: adams2 on Powers(n, 1.2), whose first step is short, had less MMD^2 over the six networks
// than any method with equal steps (notebook 06):
//
//	solver.AdamsBashforth(2, 2).On(0, .35, 1)
//	solver.Midpoint(4).On(solver.Powers(4, 1.5)...) // or Shifted, Karras
//
// Solvers that choose their steps by a tolerance (Adaptive, AdaptiveByName), for each step made, accepted or not, and 2 evaluations more in all:
//
//	adaptive_heun  2 evaluations   order 2   for loose tolerances
//	bosh3          3 evaluations   order 3
//	dopri5         6 evaluations   order 5   the first to try where accuracy is what counts: likelihoods, teachers, reference solutions
//	dopri8         13 evaluations  order 8   for smooth fields and tight tolerances; networks with kinks cost it its order
//
// They evaluate t = 1 unless they are told Until when; runs stop them before for x1-networks. A handful of evaluations buys no accuracy from them: dopri5 takes 8 at least.
//
// And for fields with noise, whose Brownian motion is drawn on the host (Brownian), the same for many steps and for few:
//
//	euler-maruyama    1 evaluation    strong order 1    1/2 where g depends on x; Itô; never evaluates t = 1
//	ancestral         1 evaluation    the law of a Brownian bridge to xhat1, without noise in the last step: for constant noise g on flow.Bridge alone; to be tried where data are thinner than g/sqrt(N), see BridgeTransition
//	heun-stratonovich 2 evaluations   strong order 1    torchsde's "heun"; evaluates t = 1, where the velocity of an x1-network is 0/0
//	srk               2 evaluations   strong order 1.5  3 where g depends on x; Itô; with noise g(t) never evaluates t = 1: the first to try from 4 evaluations on
//	SDEInt, SDEIntEuler               torchsde's srk and euler with its way of stepping by dt, which IDFF's released code for molecular dynamics calls
package solver
