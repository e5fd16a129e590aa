// Package ot computes optimal transport on the host: exact assignment, exact plans between weighted clouds, and
// the entropic plans (balanced, unbalanced, partial) that couple the batches of flow matching.
//
// A cloud is a flat row-major []float32 of shape [n, dim]; a cost matrix or a plan is a flat row-major []float64
// of shape [n, m]; all arithmetic is float64. The order of operations is fixed, so equal input gives equal bits.
//
//	perm, err := ot.Assign(x0, x1, 2) // min sum_i |x0_i - x1_perm(i)|^2
//
//	var s ot.Solver // the same in a training loop, without allocating n^2 numbers a step
//	perm, err = s.Assign(x0, x1, 2)
//
//	cost, err := ot.SquaredDistances(x0, x1, 2) // clouds of different sizes
//	plan, err := ot.EMD(ot.Uniform(512), ot.Uniform(384), cost)
//	w2 := math.Sqrt(plan.Cost)
//
//	plan, err = ot.Sinkhorn(ot.Uniform(n), ot.Uniform(n), cost, ot.Entropic{Reg: 0.5})
//	i, j, err := plan.Sample(rng, n) // pairs (i, j) ~ plan
//
// Which one: Assign for two clouds of one size without weights; EMD for other sizes or weights; Sinkhorn for a
// softer coupling or where many plans of one shape are wanted cheaply; Unbalanced and Partial where part of the
// mass (outliers) may stay where it is.
//
// Textbook: Peyre and Cuturi, Computational Optimal Transport, 2019, arXiv 1803.00567.
package ot
