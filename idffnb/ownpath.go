package idffnb

import (
	"fmt"

	"github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/flow"
)

// checkPath says in one line why an own path does not lead from x0 to x1, or nil. It evaluates the path's coefficients at both ends, in pure Go.
func checkPath(path flow.Path) error {
	own := path.Own()
	if own == nil {
		return nil
	}
	backend, err := gobackend.New("ops_sequential")
	if err != nil {
		return fmt.Errorf("idffnb: pure Go backend: %w", err)
	}
	defer backend.Finalize()
	var ends [3][2]float64
	err = tryGraph("path "+path.String(), load{}, func() error {
		out, err := ExecOnceN(backend, func(t *Node) []*Node {
			defer panicAsError()
			a, b, c := own.Coefficients(t)
			if a == nil || b == nil {
				panic(fmt.Errorf("a coefficient is nil: want a and b of the times' shape, and c too or nil for a path without noise"))
			}
			if c == nil {
				c = ZerosLike(t)
			}
			return []*Node{a, b, c}
		}, []float32{0, 1})
		if err != nil {
			return err
		}
		for i := range ends {
			values, ok := out[i].Value().([]float32)
			if !ok || len(values) != 2 {
				return fmt.Errorf("coefficient %c has the shape %v, want that of the times, [2]", "abc"[i], out[i].Shape())
			}
			ends[i] = [2]float64{float64(values[0]), float64(values[1])}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flow.CheckEnds(path.String(), ends[0], ends[1], ends[2])
}
