package idffnb

import (
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/solver"
)

// withNoise is the field and the solver where both know of noise, else nil. A stochastic solver integrates a field without noise as the equation that it is.
func withNoise(field flow.Field, s solver.Solver) (flow.Noisy, solver.Stochastic) {
	noisy, ok := field.(flow.Noisy)
	stochastic, able := s.(solver.Stochastic)
	if !ok || !able {
		return nil, nil
	}
	return noisy, stochastic
}

// increments draws the Brownian motion of a sampling of n points on the solver's grid, row-major [steps, n, dim]; nil where there is no noise. It has a
// stream of its own beside that of the start points.
func increments(field flow.Field, s solver.Solver, seed uint64, n, dim int) ([]float32, error) {
	if _, stochastic := withNoise(field, s); stochastic == nil {
		return nil, nil
	}
	w, err := solver.Brownian{Seed: seed ^ streamBrown<<20, Size: n * dim}.Increments(s.Grid())
	if err != nil {
		return nil, err
	}
	flat := make([]float32, 0, len(w)*n*dim)
	for _, row := range w {
		for _, v := range row {
			flat = append(flat, float32(v))
		}
	}
	return flat, nil
}

// split is the rows of x along its first axis.
func split(x *Node) []*Node {
	dims := x.Shape().Dimensions
	rows := make([]*Node, dims[0])
	for i := range rows {
		rows[i] = Reshape(SliceAxis(x, 0, AxisElem(i)), dims[1:]...)
	}
	return rows
}
