package flow

import (
	"fmt"
	"math/rand/v2"
	"strings"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
)

// Divergence is how div v = tr J is computed, J = dv/dx the Jacobian of a velocity at one point. The zero value is ExactDivergence().
//
//	kind         estimate                                       reverse passes   variance for one probe
//	exact        sum_i dv_i/dx_i                                dim              0
//	rademacher   mean over probes of e^T J e, e_i = +-1         Probes           2 (|S|_F^2 - sum_i S_ii^2)
//	gaussian     mean over probes of e^T J e, e ~ N(0, I)       Probes           2 |S|_F^2
//
// with S = (J + J^T)/2. The last two are Hutchinson's estimator (Hutchinson 1990), unbiased since E[e e^T] = I, as FFJORD uses it (Grathwohl et al., arXiv 1810.01367): one
// draw of the probes serves a whole trajectory, so that the integral is unbiased too. Where components do not mix (J diagonal), Rademacher probes are exact.
// All the passes differentiate the one evaluation of v; the rows of a batch must not depend on each other, or they are mixed.
type Divergence struct {
	Kind   string // a name of the table; empty means exact
	Probes int    // probes of each point, at least 1; 0 for exact
}

// ExactDivergence is the trace of the Jacobian, a reverse pass a dimension: for the plane, two.
func ExactDivergence() Divergence { return Divergence{Kind: "exact"} }

// Hutchinson estimates the divergence with that many Rademacher probes, a reverse pass each.
func Hutchinson(probes int) Divergence { return Divergence{"rademacher", probes} }

// GaussianHutchinson estimates the divergence with that many Gaussian probes. Its variance is never below that of Hutchinson.
func GaussianHutchinson(probes int) Divergence { return Divergence{"gaussian", probes} }

// DivergenceNames lists the kinds of divergence.
func DivergenceNames() []string { return []string{"exact", "rademacher", "gaussian"} }

func (d Divergence) kind() string {
	if d.Kind == "" {
		return "exact"
	}
	return d.Kind
}

// IsExact tells the trace from its estimates.
func (d Divergence) IsExact() bool { return d.kind() == "exact" }

// String gives the kind and its probes, e.g. "rademacher x8".
func (d Divergence) String() string {
	if d.IsExact() {
		return "exact"
	}
	return fmt.Sprintf("%s x%d", d.kind(), d.Probes)
}

// Check says in one line what is wrong with the divergence, or nil.
func (d Divergence) Check() error {
	switch d.kind() {
	case "exact":
		if d.Probes != 0 {
			return fmt.Errorf("flow: the exact divergence takes no probes, and %d are given: use flow.Hutchinson(%d)", d.Probes, d.Probes)
		}
		return nil
	case "rademacher", "gaussian":
		if d.Probes < 1 {
			return fmt.Errorf("flow: divergence with %d probes: want at least 1", d.Probes)
		}
		return nil
	}
	return fmt.Errorf("flow: unknown divergence %q; valid names: %s", d.Kind, strings.Join(DivergenceNames(), ", "))
}

// Passes is the number of reverse passes for points of size dim.
func (d Divergence) Passes(dim int) int {
	if d.IsExact() {
		return dim
	}
	return d.Probes
}

// Columns is the number of values that Of gives a point: 1, or one for each probe.
func (d Divergence) Columns() int {
	if d.IsExact() {
		return 1
	}
	return d.Probes
}

// Draw draws the probes of n points of size dim on the host, row-major [n, Probes*dim], point by point; nil for the exact divergence.
func (d Divergence) Draw(rng *rand.Rand, n, dim int) []float32 {
	if d.IsExact() {
		return nil
	}
	probes := make([]float32, n*d.Probes*dim)
	for i := range probes {
		if d.kind() == "gaussian" {
			probes[i] = float32(rng.NormFloat64())
		} else {
			probes[i] = float32(2*rng.IntN(2) - 1)
		}
	}
	return probes
}

// Of builds the divergence of v(x), both [batch, dim], with the probes [batch, Probes*dim] that Draw drew (nil for exact): [batch, Columns()], the trace, or an estimate
// for each probe, whose mean is the estimate. It panics as graph-building functions do.
func (d Divergence) Of(v, x, probes *Node) *Node {
	if err := d.Check(); err != nil {
		panic(err)
	}
	dim := x.Shape().Dimensions[1]
	columns := make([]*Node, d.Passes(dim))
	for i := range columns {
		if d.IsExact() {
			columns[i] = SliceAxis(SumGradient(SliceAxis(v, 1, AxisElem(i)), x), 1, AxisElem(i))
			continue
		}
		probe := SliceAxis(probes, 1, AxisRange(i*dim, (i+1)*dim))
		columns[i] = ReduceAndKeep(Mul(SumGradient(Mul(v, probe), x), probe), ReduceSum, 1)
	}
	if !d.IsExact() {
		return Concatenate(columns, 1)
	}
	trace := columns[0]
	for _, c := range columns[1:] {
		trace = Add(trace, c)
	}
	return trace
}
