package explorer

import (
	"fmt"

	"github.com/idff-go/workbench/figures"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/flow"
)

// Grid draws the densities of samples for each pair of factors in Gamma1 (columns) and Gamma2 (rows), with CFM in the first column, all with
// the same solver, number of steps and start points: what Gamma shows where there is no browser. The true cost stands in the title.
func Grid(run *idffnb.Run, o Options) (*figures.Figure, error) {
	o, err := prepare(run, o)
	if err != nil {
		return nil, err
	}
	return newSampler(run, o).grid()
}

func (s *sampler) grid() (*figures.Figure, error) {
	box, err := s.o.box()
	if err != nil {
		return nil, err
	}
	cfm, err := s.sample(flow.CFM(), 0, s.o.Steps)
	if err != nil {
		return nil, err
	}
	kind := "IDFF as released"
	if s.o.Written {
		kind = "IDFF as written"
	}
	g := figures.KDEGrid{Rows: s.o.Gamma2, RowLabel: "γ₂ = %g", Truth: s.o.Truth, Box: box, Bandwidth: s.o.Bandwidth, Paths: -1}
	same := figures.KDEColumn{Title: "CFM"}
	for range s.o.Gamma2 {
		same.Trajectory = append(same.Trajectory, cfm.Points())
	}
	g.Columns = append(g.Columns, same)
	costs := map[int]*idffnb.Samples{} // by order
	for _, gamma1 := range s.o.Gamma1 {
		column := figures.KDEColumn{Title: fmt.Sprintf("γ₁ = %g", gamma1)}
		for _, gamma2 := range s.o.Gamma2 {
			at := setting{gamma1, gamma2, s.o.Steps}
			out, err := s.sample(at.field(s.o.Written), at.order(), at.steps)
			if err != nil {
				return nil, err
			}
			costs[at.order()] = out
			column.Trajectory = append(column.Trajectory, out.Points())
		}
		g.Columns = append(g.Columns, column)
	}
	g.Title = fmt.Sprintf("%s, %s, %d points of seed %d\ncost in forward-equivalents: CFM %s", kind, cfm.Solver, s.o.N, s.o.Seed, costOf(cfm))
	for order, where := range []string{1: "γ₂ = 0 (order 1)", 2: "the other rows"} {
		if out := costs[order]; out != nil {
			g.Title += "; " + where + " " + costOf(out)
		}
	}
	fig, err := g.Draw()
	if err == nil {
		fig.DPI = 80
	}
	return fig, err
}

// costOf is the cost in few words, e.g. "29 (8 fwd + 14 bwd, 0.041 s)".
func costOf(s *idffnb.Samples) string {
	return fmt.Sprintf("%g (%d fwd + %d bwd, %.3f s)", s.Cost.Equivalents, s.Cost.Forwards, s.Cost.Backwards, s.Cost.Seconds)
}
