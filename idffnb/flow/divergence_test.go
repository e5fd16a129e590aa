package flow_test

import (
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/idffnb/flow"
)

// bent is v(x, y, z) = (x^2 y, sin z + x, e^z y) with divergence 2xy + e^z y; and its Jacobian.
func bent(x *Node) *Node {
	c := func(i int) *Node { return SliceAxis(x, 1, AxisElem(i)) }
	return Concatenate([]*Node{Mul(Square(c(0)), c(1)), Add(Sin(c(2)), c(0)), Mul(Exp(c(2)), c(1))}, 1)
}

func bentDivergence(x []float64) float64 { return 2*x[0]*x[1] + math.Exp(x[2])*x[1] }

func bentJacobian(x []float64) [3][3]float64 {
	return [3][3]float64{{2 * x[0] * x[1], x[0] * x[0], 0}, {1, 0, math.Cos(x[2])}, {0, math.Exp(x[2]), math.Exp(x[2]) * x[1]}}
}

var bentPoints = [][]float64{{.3, -1.2, .5}, {1.1, .4, -.7}, {-2, .9, .1}}

func TestExactDivergence(t *testing.T) {
	got := MustExecOnce(backend(t), func(x *Node) *Node { return flow.ExactDivergence().Of(bent(x), x, nil) }, bentPoints).Value().([][]float64)
	for i, x := range bentPoints {
		near(t, "divergence", got[i], []float64{bentDivergence(x)})
	}
}

// TestHutchinson compares single probes with e^T J e, and the mean and variance of 20,000 with the table of Divergence: bounds of six standard errors, a false alarm in 1e-8 for each.
func TestHutchinson(t *testing.T) {
	const probes = 20_000
	for _, d := range []flow.Divergence{flow.Hutchinson(probes), flow.GaussianHutchinson(probes)} {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, x := range bentPoints {
			e := make([]float64, 0, probes*3)
			for _, v := range d.Draw(rng, 1, 3) {
				e = append(e, float64(v))
			}
			few := d
			few.Probes = 4
			got := MustExecOnce(backend(t), func(x, e *Node) *Node { return few.Of(bent(x), x, e) }, [][]float64{x}, [][]float64{e[:12]}).Value().([][]float64)[0]
			jacobian := bentJacobian(x)
			form := func(k int) (sum float64) {
				for i := range 3 {
					for j := range 3 {
						sum += e[3*k+i] * jacobian[i][j] * e[3*k+j]
					}
				}
				return sum
			}
			near(t, "single probes", got, []float64{form(0), form(1), form(2), form(3)})

			variance := 0.
			for i := range 3 {
				for j := range 3 {
					if i != j || d == flow.GaussianHutchinson(probes) {
						s := (jacobian[i][j] + jacobian[j][i]) / 2
						variance += 2 * s * s
					}
				}
			}
			mean, square, fourth := 0., 0., 0.
			for k := range probes {
				off := form(k) - bentDivergence(x)
				mean, square, fourth = mean+off/probes, square+off*off/probes, fourth+math.Pow(off, 4)/probes
			}
			if !(math.Abs(mean) < 6*math.Sqrt(variance/probes)) {
				t.Errorf("%v at %v: biased by %g", d, x, mean)
			}
			if spread := math.Sqrt((fourth - square*square) / probes); !(math.Abs(square-variance) < 6*spread) {
				t.Errorf("%v at %v: variance %g ± %g, want %g", d, x, square, spread, variance)
			}
		}
	}
}

func TestDivergenceCheck(t *testing.T) {
	for _, c := range []struct {
		d            flow.Divergence
		want, string string
	}{
		{flow.Divergence{}, "", "exact"},
		{flow.ExactDivergence(), "", "exact"},
		{flow.Hutchinson(8), "", "rademacher x8"},
		{flow.GaussianHutchinson(1), "", "gaussian x1"},
		{flow.Hutchinson(0), "want at least 1", "rademacher x0"},
		{flow.Divergence{Kind: "gaussian", Probes: -1}, "want at least 1", "gaussian x-1"},
		{flow.Divergence{Probes: 3}, "use flow.Hutchinson(3)", "exact"},
		{flow.Divergence{Kind: "hutch++", Probes: 3}, "valid names: exact, rademacher, gaussian", "hutch++ x3"},
	} {
		expectError(t, c.string, c.d.Check(), c.want)
		if c.d.String() != c.string {
			t.Errorf("%+v is called %q, want %q", c.d, c.d, c.string)
		}
	}
}

// TestDivergenceOfConstant: a velocity that does not depend on the state has none.
func TestDivergenceOfConstant(t *testing.T) {
	got := MustExecOnce(backend(t), func(x *Node) *Node { return flow.ExactDivergence().Of(OnesLike(x), x, nil) }, bentPoints).Value().([][]float64)
	for i := range got {
		near(t, "divergence", got[i], []float64{0})
	}
}
