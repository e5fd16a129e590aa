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

// increments draws the Brownian motion of a sampling of n points on the solver's grid, row-major [noiseRows, n, dim]: the increments, then the integrals where the solver
// needs them; nil where there is no noise. It has a stream of its own beside that of the start points.
func increments(field flow.Field, s solver.Solver, seed uint64, n, dim int) ([]float32, error) {
	_, stochastic := withNoise(field, s)
	if stochastic == nil {
		return nil, nil
	}
	path := solver.Brownian{Seed: seed ^ streamBrown<<20, Size: n * dim}
	draw := path.Increments
	if stochastic.NeedsArea() {
		draw = func(grid []float64) ([][]float64, error) {
			w, areas, err := path.Areas(grid)
			return append(w, areas...), err
		}
	}
	rows, err := draw(s.Grid())
	if err != nil {
		return nil, err
	}
	flat := make([]float32, 0, len(rows)*n*dim)
	for _, row := range rows {
		for _, v := range row {
			flat = append(flat, float32(v))
		}
	}
	return flat, nil
}

// noiseRows is how many rows of noise a sampling takes.
func noiseRows(s solver.Stochastic) int {
	if s.NeedsArea() {
		return 2 * s.Steps()
	}
	return s.Steps()
}

// noiseOf is the noise of each step, from the rows that increments drew.
func noiseOf(s solver.Stochastic, rows *Node) []solver.Increment {
	all, noise := split(rows), make([]solver.Increment, s.Steps())
	for k := range noise {
		noise[k].W = all[k]
		if s.NeedsArea() {
			noise[k].Area = all[s.Steps()+k]
		}
	}
	return noise
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
