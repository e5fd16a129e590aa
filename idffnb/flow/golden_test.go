package flow_test

import (
	"fmt"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/golden"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

func backend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func tensor(data []float32, dims ...int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(data, dims...)
}

func flat(t testing.TB, x *tensors.Tensor) []float32 {
	t.Helper()
	data, err := tensors.CopyFlatData[float32](x)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// mlpModel is the reference network as a flow.Model.
func mlpModel(scope *model.Scope) *flow.Model {
	return flow.NewModel(func(x, t *Node, at solver.Time) flow.Prediction {
		return flow.X1().Prediction(flow.Straight(), x, net.MLP{}.Predict(scope, x, t, nil), at)
	})
}

func scalars(g *Graph, values []float64) []*Node {
	nodes := make([]*Node, len(values))
	for i, v := range values {
		nodes[i] = Scalar(g, dtypes.Float32, v)
	}
	return nodes
}

type tolerances map[string]struct {
	Pred, G1, G2, G3, Field float64
	Trajectories            map[string]struct {
		Max float64
	}
}

// TestFieldsAgainstReference compares the network, its nested gradients and the released field with PyTorch's, at every time
// and gamma of the reference.
func TestFieldsAgainstReference(t *testing.T) {
	var tol tolerances
	golden.JSON(t, "tolerance.json", &tol)
	times := golden.Array(t, "2d/t")
	gammas := golden.Array(t, "2d/gammas")
	b := backend(t)
	for _, set := range []string{"8gaussians", "checkerboard"} {
		x := golden.Array(t, "2d/"+set+"/x")
		pred := golden.Array(t, "2d/"+set+"/pred")
		field := golden.Array(t, "2d/"+set+"/field")
		kinks := golden.Mask(t, "2d/"+set+"/nearkink")
		var grads [3]golden.Values
		for i := range grads {
			grads[i] = golden.Array(t, fmt.Sprintf("2d/%s/g%d", set, i+1))
		}
		for ti, at := range times.Data {
			at := float64(at)
			exec := model.MustNewExec(b, golden.Store(t, set), func(scope *model.Scope, x *Node) []*Node {
				m := mlpModel(scope)
				p := flow.Point{X: x, Start: x, T: solver.At(at)}
				x1 := m.Predict(p, 0).X1
				out := append([]*Node{x1}, flow.Derivatives(x1, x, 3)...)
				for gi := range gammas.Shape[0] {
					g := gammas.Rows(gi)
					f := flow.IDFF(float64(g[0]), float64(g[1]), float64(g[2]))
					out = append(out, f.Velocity(m, p, scalars(x.Graph(), f.Factors())))
				}
				return out
			})
			out := exec.MustCall(tensor(x.Rows(ti), 256, 2))
			skip := make([]bool, 512)
			for i := range skip {
				skip[i] = kinks[ti*256+i/2]
			}
			what := fmt.Sprintf("%s t=%.3g ", set, at)
			golden.Compare(t, what+"prediction", flat(t, out[0]), pred.Rows(ti), 5*tol[set].Pred, nil)
			for i, limit := range []float64{tol[set].G1, tol[set].G2, tol[set].G3} {
				golden.Compare(t, fmt.Sprintf("%sD%d", what, i+1), flat(t, out[1+i]), grads[i].Rows(ti), 5*limit, skip)
			}
			n := gammas.Shape[0] * 512
			for gi := range gammas.Shape[0] {
				want := field.Data[ti*n+gi*512:][:512]
				golden.Compare(t, fmt.Sprintf("%sfield %d", what, gi), flat(t, out[4+gi]), want, 5*tol[set].Field, skip)
			}
		}
	}
}

// TestTrajectoriesAgainstReference compares whole samplings with torchdiffeq's, state by state.
func TestTrajectoriesAgainstReference(t *testing.T) {
	var tol tolerances
	golden.JSON(t, "tolerance.json", &tol)
	x0 := golden.Array(t, "2d/x0")
	b := backend(t)
	for _, set := range []string{"8gaussians", "checkerboard"} {
		for _, tc := range []struct {
			name  string
			field flow.Field
		}{
			{"cfm_x0", flow.ReleasedCFM()},
			{"idff_g0.5_0_0", flow.IDFF(.5, 0, 0)},
			{"idff_g0.2_-0.2_0.3", flow.IDFF(.2, -.2, .3)},
		} {
			for _, method := range []string{"euler", "midpoint", "heun2", "rk4"} {
				for _, n := range []int{2, 5} {
					name := fmt.Sprintf("2d/%s/traj_%s_%s_n%d", set, tc.name, method, n)
					want := golden.Array(t, name)
					s, err := solver.ByName(method, n)
					if err != nil {
						t.Fatal(err)
					}
					exec := model.MustNewExec(b, golden.Store(t, set), func(scope *model.Scope, x *Node) *Node {
						m := mlpModel(scope)
						states := s.Integrate(func(state *Node, at solver.Time) *Node {
							p := flow.Point{X: state, Start: x, T: at}
							return tc.field.Velocity(m, p, scalars(x.Graph(), tc.field.Factors()))
						}, x)
						return Stack(states, 0)
					})
					got := flat(t, exec.MustCall(tensor(x0.Data[:128], 64, 2))[0])
					golden.Compare(t, name, got, want.Data, 5*tol[set].Trajectories[name].Max, nil)
				}
			}
		}
	}
}
