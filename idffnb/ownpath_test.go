package idffnb

import (
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

type power struct{ A, B float64 }

func (p power) Coefficients(t *Node) (a, b, c *Node) {
	return PowScalar(t, p.A), MulScalar(PowScalar(OneMinus(t), p.B), 1), nil
}

type half struct{}

func (half) Coefficients(t *Node) (a, b, c *Node) { return MulScalar(t, .5), OneMinus(t), nil }

type scalarPath struct{}

func (scalarPath) Coefficients(t *Node) (a, b, c *Node) {
	return ReduceAllSum(t), OneMinus(t), nil
}

// TestOwnPathTrains: an experiment with a path of one's own trains and samples; its values belong to the identity.
func TestOwnPathTrains(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	e := Experiment{Name: "own", Data: datasets.Moons(), Net: net.MLP{Width: 8, Layers: 1}, Objective: flow.Velocity(), Path: flow.OwnPath(power{2, 1}), Steps: 3, Batch: 16}
	run, err := Open(e)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Train(); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Sample(8, flow.CFM(), solver.Midpoint(2)); err != nil {
		t.Error(err)
	}
	if _, err := run.Sample(8, flow.IDFF(.5), solver.Midpoint(2)); err == nil || !strings.Contains(err.Error(), "not on idffnb.power{A:2 B:1}") {
		t.Errorf("IDFF on an own path: %v", err)
	}
	e.Path = flow.OwnPath(power{3, 1})
	other, err := Open(e)
	if err != nil {
		t.Fatal(err)
	}
	if other.Dir == run.Dir {
		t.Error("another exponent has the same run folder")
	}
}

func TestOwnPathThatLeadsElsewhere(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	for want, p := range map[string]flow.Interpolant{"0.5 x1 + 0 x0 at t = 1": half{}, "coefficient a has the shape": scalarPath{}} {
		_, err := Open(Experiment{Name: "own", Data: datasets.Moons(), Objective: flow.Velocity(), Path: flow.OwnPath(p)})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%T: %v, want one line with %q", p, err, want)
		}
	}
}
