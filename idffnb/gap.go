package idffnb

import "fmt"

// Gap measures how far sampled points are from those that a schedule is learned towards: for LossMMD a batch of data, for LossTeacher the points that the teacher reaches from the same start.
// feature.KIDGap is one, for images.
type Gap interface {
	Name() string // tells gaps apart, in the names of schedules and of their files
	// Gap is how far x is from y, [n, dim] each, and its gradient in x [n, dim].
	Gap(x, y []float32) (far float64, gradient []float32, err error)
}

// meanSquare is the mean square of the components' differences.
type meanSquare struct{}

func (meanSquare) Name() string { return "mean square" }

func (meanSquare) Gap(x, y []float32) (far float64, gradient []float32, err error) {
	gradient = make([]float32, len(x))
	for i, v := range x {
		gap := float64(v) - float64(y[i])
		far += gap * gap
		gradient[i] = float32(2 * gap / float64(len(x)))
	}
	return far / float64(len(x)), gradient, nil
}

// measureGap is the gap, with what a Gap of a user's own gives checked.
func measureGap(g Gap, x, y []float32) (far float64, gradient []float32, err error) {
	far, gradient, err = g.Gap(x, y)
	if err == nil && len(gradient) != len(x) {
		err = fmt.Errorf("its gradient has %d numbers for %d", len(gradient), len(x))
	}
	if err != nil {
		return 0, nil, fmt.Errorf("gap %s: %w", g.Name(), err)
	}
	return far, gradient, nil
}
