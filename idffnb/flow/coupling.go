package flow

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/idff-go/workbench/idffnb/ot"
)

// Coupling pairs the noise and the data of a training batch.
type Coupling interface {
	// Name labels the coupling in captions.
	Name() string
	// Pairs says which rows go together: row k of the coupled batch is (x0[i[k]], x1[j[k]]). x0 and x1 are row-major [n, dim];
	// i and j have length n. It may be called from several goroutines at once.
	Pairs(rng *rand.Rand, x0, x1 []float32, dim int) (i, j []int, err error)
}

// IndependentCoupling leaves the batch as it was drawn. It is what IDFF's released code trains with.
type IndependentCoupling struct{}

// Independent pairs noise and data as they come.
func Independent() IndependentCoupling { return IndependentCoupling{} }

// Name implements Coupling.
func (IndependentCoupling) Name() string { return "independent" }

// Pairs implements Coupling.
func (IndependentCoupling) Pairs(_ *rand.Rand, x0, _ []float32, dim int) (i, j []int, err error) {
	return identity(len(x0) / dim), identity(len(x0) / dim), nil
}

// ExactOTCoupling is the optimal assignment of the batch, min over permutations of sum_k |x0_k - x1_perm(k)|^2 (OT-CFM,
// arXiv 2302.00482). TorchCFM draws n pairs from the plan with replacement; this takes each pair of the plan once.
type ExactOTCoupling struct{}

// ExactOT pairs noise and data by the exact optimal assignment of the batch.
func ExactOT() ExactOTCoupling { return ExactOTCoupling{} }

// Name implements Coupling.
func (ExactOTCoupling) Name() string { return "exact OT" }

// Pairs implements Coupling.
func (ExactOTCoupling) Pairs(_ *rand.Rand, x0, x1 []float32, dim int) (i, j []int, err error) {
	s := solvers.Get().(*ot.Solver)
	defer solvers.Put(s)
	if j, err = s.Assign(x0, x1, dim); err != nil {
		return nil, nil, fmt.Errorf("flow: exact OT coupling: %w", err)
	}
	return identity(len(j)), j, nil
}

// solvers are assignment solvers whose memory is used again.
var solvers = sync.Pool{New: func() any { return new(ot.Solver) }}

// SinkhornCoupling draws pairs from the entropic plan of the batch, with squared Euclidean cost and uniform weights: n pairs (i, j)
// drawn independently from the plan, as TorchCFM does. With Reg = 2 sigma^2 on flow.Bridge(sigma) it is the mini-batch Schrödinger bridge
// (SB-CFM, arXiv 2307.03672).
type SinkhornCoupling struct {
	Reg float64 // entropic regularisation, greater than 0, in units of squared distance
}

// Sinkhorn is the entropic coupling with regularisation reg > 0.
func Sinkhorn(reg float64) SinkhornCoupling { return SinkhornCoupling{reg} }

// Name implements Coupling.
func (c SinkhornCoupling) Name() string { return fmt.Sprintf("Sinkhorn %g", c.Reg) }

// Check says in one line what is wrong with the regularisation, or nil.
func (c SinkhornCoupling) Check() error {
	if !(c.Reg > 0) || math.IsInf(c.Reg, 0) {
		return fmt.Errorf("flow: Sinkhorn coupling with regularisation %g: want a positive number", c.Reg)
	}
	return nil
}

// Pairs implements Coupling.
func (c SinkhornCoupling) Pairs(rng *rand.Rand, x0, x1 []float32, dim int) (i, j []int, err error) {
	cost, err := ot.SquaredDistances(x0, x1, dim)
	if err != nil {
		return nil, nil, fmt.Errorf("flow: Sinkhorn coupling: %w", err)
	}
	n := len(x0) / dim
	plan, err := ot.Sinkhorn(ot.Uniform(n), ot.Uniform(n), cost, ot.Entropic{Reg: c.Reg, Tol: sinkhornTolerance})
	if err != nil {
		return nil, nil, fmt.Errorf("flow: Sinkhorn coupling: %w", err)
	}
	if plan.Residual > sinkhornLimit {
		return nil, nil, fmt.Errorf("flow: Sinkhorn coupling with regularisation %g: the plan's marginals are off by %.2g after %d iterations: take a larger regularisation, or flow.ExactOT()",
			c.Reg, plan.Residual, plan.Iterations)
	}
	return plan.Sample(rng, n)
}

// A plan is good enough to draw a few hundred pairs from when its marginals are off by 1e-6 in total; one off by more than 1e-2 is refused.
const sinkhornTolerance, sinkhornLimit = 1e-6, 1e-2

// CouplingNames lists the couplings that CouplingByName knows.
func CouplingNames() []string { return []string{"independent", "exact-ot", "sinkhorn"} }

// CouplingByName returns the coupling of that name; reg is the regularisation of "sinkhorn", and ignored by the others. An
// unknown name's error lists the valid ones.
func CouplingByName(name string, reg float64) (Coupling, error) {
	switch name {
	case "independent":
		return Independent(), nil
	case "exact-ot":
		return ExactOT(), nil
	case "sinkhorn":
		return Sinkhorn(reg), Sinkhorn(reg).Check()
	}
	return nil, fmt.Errorf("flow: unknown coupling %q; valid names: %s", name, strings.Join(CouplingNames(), ", "))
}

func identity(n int) []int {
	rows := make([]int, n)
	for k := range rows {
		rows[k] = k
	}
	return rows
}
