package feature

import (
	"errors"

	"github.com/idff-go/workbench/idffnb/metric"
)

// KIDGap is metric.KID between sampled and real images in the features of a network, as an idffnb.Gap: schedules are learned by it with idffnb.LossMMD,
//
//	run.LearnSchedule(3, idffnb.Learning{Loss: idffnb.LossMMD, Gap: feature.KIDGap{Net: own}})
//
// Samples are rounded to the 256 levels of an image file, as a Scorer sees them; the gradient passes through that where they are in [-1, 1], and is 0 beyond. What is learned makes up for errors of the flow's network, as
// far as the features see them, and not for those of the solver alone.
//
// Judge by another network than the one that was learned by, such as a Classifier of another Seed, and by images that neither was trained on: a score in the very features of the loss flatters.
type KIDGap struct{ Net Differentiable }

// Name implements idffnb.Gap.
func (g KIDGap) Name() string {
	if g.Net == nil { // which Gap refuses
		return "KID of nothing"
	}
	return "KID of " + g.Net.ID()
}

// Gap implements idffnb.Gap: x are samples, y real images.
func (g KIDGap) Gap(x, y []float32) (far float64, gradient []float32, err error) {
	if g.Net == nil {
		return 0, nil, errors.New("feature: a KIDGap needs a network, Net")
	}
	images, err := pictured(x)
	if err != nil {
		return 0, nil, err
	}
	a, err := g.Net.Features(images)
	if err != nil {
		return 0, nil, err
	}
	b, err := g.Net.Features(y)
	if err != nil {
		return 0, nil, err
	}
	far, byFeatures, err := metric.KIDGradient(a, b, g.Net.Size())
	if err != nil {
		return 0, nil, err
	}
	if gradient, err = g.Net.PullBack(images, byFeatures); err != nil {
		return 0, nil, err
	}
	for i, v := range x {
		if v < -1 || v > 1 {
			gradient[i] = 0
		}
	}
	return far, gradient, nil
}
