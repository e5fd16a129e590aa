package moldyn

import (
	"fmt"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb/metric"
)

// ReleasedHead is the head of the table whose rows ReleasedRow makes.
const ReleasedHead = "| in-sample, one replica | CC | RMSE | MAE | MMD | KL | circular RMSE | circular MAE |\n|---|--:|--:|--:|--:|--:|--:|--:|\n"

// ReleasedRow is a row of the table that IDFF's authors released, metric.Released, of trajectories [members, frames, angles] drawn with several seeds against the one trajectory that was trained on: means over the seeds.
// The last two columns are RMSE and MAE on the circle.
func ReleasedRow(name string, truth *datasets.Angles, drawn ...[]float32) (string, error) {
	var mean [7]float64
	for _, x := range drawn {
		s, err := metric.Released(x, truth.Degrees, truth.Count)
		if err != nil {
			return "", fmt.Errorf("moldyn: %s: %w", name, err)
		}
		c, err := metric.CircularErrors(metric.WrapDegrees(x), truth.Degrees, truth.Count)
		if err != nil {
			return "", fmt.Errorf("moldyn: %s: %w", name, err)
		}
		for i, v := range []float64{s.CC, s.RMSE, s.MAE, s.MMD, s.KL, c.RMSE, c.MAE} {
			mean[i] += v / float64(len(drawn))
		}
	}
	row := fmt.Sprintf("| %s", name)
	for i, v := range mean {
		cell := fmt.Sprintf([]string{"%.3f", "%.2f", "%.2f", "%.4f", "%.0e", "%.2f", "%.2f"}[i], v)
		if v != v { // the correlation of what does not vary
			cell = "–"
		}
		row += " | " + cell
	}
	return row + " |\n", nil
}

// MustReleasedRow is ReleasedRow for notebooks.
func MustReleasedRow(name string, truth *datasets.Angles, drawn ...[]float32) string {
	return must(ReleasedRow(name, truth, drawn...))
}
