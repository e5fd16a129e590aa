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
//	name        evaluations    order  evaluates t = 1
//	euler       N              1      no    the yardstick
//	midpoint    2 N            2      no    the first to try with IDFF's momentum: chosen at most budgets of notebook 04
//	heun2       2 N            2      yes
//	heun3       3 N            3      no
//	bosh3       3 N            3      no
//	rk4         4 N            4      yes   the 3/8 rule, as torchdiffeq
//	rk4classic  4 N            4      yes   the textbook rule
//	adams2      N              2      no    the first to try with CFM at 2 to 8 evaluations
//	adams3      N+1            3      no    N of at least 3; from about 8 evaluations on
//	adams4      N+4            4      no    N of at least 4; from about 16 on
//	ddim        N              1      no    equal to euler on the straight path
//	dpmpp2m     N              2      no    equal to ddim up to 3 steps
//	dpmpp3m     N              2      no    likewise; the codes' third order is second
//	expadams2   N              2      no    xhat1 linear in t
//	expadams3   N              3      no    xhat1 quadratic in t; unstable in few steps
//
// for N steps. At t = 1 the velocity of an x1-network is 0/0: prefer a method that does not evaluate it. On the exact field of eight Gaussians on the straight
// path, the distance of 1024 end points from those of the exact flow (root mean square; the data's radius is 5) is
//
//	evaluations   euler   midpoint   bosh3   adams2   adams3   dpmpp2m   expadams2
//	2             1.68    2.15       -       0.79     -        1.68      2.15
//	3             1.07    -          0.22    0.21     -        1.07      1.27
//	4             0.78    0.46       -       0.13     0.24     0.51      0.69
//	6             0.51    0.15       0.13    0.08     0.08     0.25      0.18
//	8             0.38    0.08       -       0.05     0.05     0.17      0.08
//
// The exponential ones, made for velocities that are infinite or steep at an end, as those of diffusion models are, have nothing to gain from a velocity that is
// smooth up to both.
//
// and for fields with noise, whose Brownian motion is drawn on the host (Brownian), the same for many steps and for few:
//
//	euler-maruyama    1 evaluation    strong order 1    1/2 where g depends on x; Itô; never evaluates t = 1
//	heun-stratonovich 2 evaluations   strong order 1    torchsde's "heun"; evaluates t = 1, where the velocity of an x1-network is 0/0
//	srk               2 evaluations   strong order 1.5  3 where g depends on x; Itô; with noise g(t) never evaluates t = 1: the first to try from 4 evaluations on
package solver
