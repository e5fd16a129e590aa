package solver_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/golden"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestTableOfFewEvaluations makes the table of the package's doc again and compares it with what is written there, to .02.
func TestTableOfFewEvaluations(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range fewEvaluations(t) {
		var found bool
		for _, written := range strings.Split(string(text), "\n") {
			written, ok := strings.CutPrefix(written, "//\t")
			found = found || ok && near(strings.Fields(written), strings.Fields(line))
		}
		if !found {
			t.Errorf("the package's doc has not the line\n//\t%s", line)
		}
	}
}

// near tells whether two lines are equal but for numbers with decimals that differ by up to .02.
func near(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		var x, y float64
		_, errA := fmt.Sscanf(a[i], "%f", &x)
		_, errB := fmt.Sscanf(b[i], "%f", &y)
		decimal := errA == nil && errB == nil && strings.Contains(a[i], ".")
		if a[i] != b[i] && (!decimal || math.Abs(x-y) > .0201) {
			return false
		}
	}
	return true
}

// fewEvaluations is the table: how far the end points of 256 start points are, root mean square, from those of 50 midpoint steps.
func fewEvaluations(t *testing.T) []string {
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	const n = 256
	rng := rand.New(rand.NewPCG(1, 0))
	x0 := make([]float32, 2*n)
	for i := range x0 {
		x0[i] = float32(rng.NormFloat64())
	}
	start := tensors.FromFlatDataAndDimensions(x0, n, 2)
	var lines []string
	for _, of := range []struct {
		name string
		end  func(s solver.Fixed) []float32
	}{
		{"exact field", func(s solver.Fixed) []float32 { return exactEnd(t, backend, s, start) }},
		{"network", func(s solver.Fixed) []float32 { return networkEnd(t, backend, s, start) }},
	} {
		exact := of.end(solver.Midpoint(50))
		distance := func(s solver.Fixed) string {
			sum, x := 0., of.end(s)
			for i := range x {
				sum += math.Pow(float64(x[i]-exact[i]), 2)
			}
			return fmt.Sprintf("%.2f", math.Sqrt(sum/n))
		}
		for _, budget := range []int{2, 3, 4, 6, 8} {
			line := fmt.Sprintf("%s, %d:", of.name, budget)
			for _, s := range []solver.Fixed{
				solver.Euler(budget), solver.Midpoint(budget / 2), solver.Bosh3(budget / 3), solver.AdamsBashforth(2, budget), solver.AdamsBashforth(3, budget-1),
				solver.DPMSolverPP(2, budget), solver.ExpAdams(2, budget), solver.ExpAdams(3, budget),
			} {
				evaluations := budget
				if s, ok := s.(interface{ EvaluatedAt() []float64 }); ok {
					evaluations = 0
					if checked, ok := s.(interface{ Check() error }); ok && checked.Check() == nil {
						evaluations = len(s.EvaluatedAt())
					}
				}
				if evaluations != budget {
					line += " -"
					continue
				}
				line += " " + distance(s)
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// exactEnd integrates the exact velocity (xhat1 - x)/(1 - t) of eight Gaussians at radius 5 with variance sqrt(.1), x0 ~ N(0, I) independent of the data.
func exactEnd(t *testing.T, backend compute.Backend, s solver.Fixed, start *tensors.Tensor) []float32 {
	return flat(t, MustExecOnce(backend, func(x *Node) *Node {
		return s.Integrate(func(x *Node, at solver.Time) *Node {
			a, sigma, data := at.Number(), 1-at.Number(), math.Sqrt(.1)
			variance := a*a*data + sigma*sigma
			var logits, ends []*Node
			for k := range 8 {
				sin, cos := math.Sincos(float64(k) * math.Pi / 4)
				centre := Const(x.Graph(), [][]float32{{float32(5 * cos), float32(5 * sin)}})
				off := Sub(x, MulScalar(centre, a))
				logits = append(logits, MulScalar(ReduceAndKeep(Square(off), ReduceSum, -1), -.5/variance))
				ends = append(ends, Add(centre, MulScalar(off, a*data/variance)))
			}
			weights, end := Softmax(Concatenate(logits, -1), -1), ZerosLike(x)
			for k := range ends {
				end = Add(end, Mul(SliceAxis(weights, -1, AxisElem(k)), ends[k]))
			}
			return flow.VelocityFromX1(x, end, at)
		}, x)[s.Steps()]
	}, start))
}

// networkEnd integrates CFM with the reference network of the eight Gaussians, which was trained with optimal transport coupling.
func networkEnd(t *testing.T, backend compute.Backend, s solver.Fixed, start *tensors.Tensor) []float32 {
	exec := model.MustNewExec(backend, golden.Store(t, "8gaussians"), func(scope *model.Scope, x *Node) *Node {
		return s.Integrate(func(x *Node, at solver.Time) *Node {
			times := BroadcastToDims(at.As(x), x.Shape().Dimensions[0])
			return flow.VelocityFromX1(x, net.MLP{}.Predict(scope, x, times, nil), at)
		}, x)[s.Steps()]
	})
	return flat(t, exec.MustCall(start)[0])
}

func flat(t *testing.T, x *tensors.Tensor) []float32 {
	values, err := tensors.CopyFlatData[float32](x)
	if err != nil {
		t.Fatal(err)
	}
	return values
}
