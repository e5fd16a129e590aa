package flow

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
)

// ReleasedImageField is IDFF as its authors released it for images (class SDE of cifar10/utils_cifar.py and celebA/utils_celeba.py, May 2024; later versions have no images). With v = (xhat1 - x)/(1-t),
// sigma_t^2 = sigma0^2 t(1-t) and the second head h of the network it is
//
//	w = sqrt(1 - sigma_t^2) v + sigma0 sqrt(t(1-t)) h
//	w = xhat1 - x            at t = 0
//	w = (xhat1 - x)/0.1      at t = 1
//
// without gamma, without noise and without any derivative: an evaluation costs one forward pass. The head there is trained by |lambda_t h + x0|^2 with lambda_t = 2 sigma_t/sigma0^2 and x0 the path's start, so
// that at the minimum h = -xhat0 sigma0/(2 sqrt(t(1-t))) with xhat0 = E[x0 | x], and the field is
//
//	w = sqrt(1 - sigma_t^2) v - sigma0^2/2 xhat0
//
// which is what is built here. Objective x1start has their head, and gives this field to the rounding. Of objective x1score, whose head is the score s of the bridge's noise, x = t x1 + (1-t) x0 + sigma_t eps gives, with E[eps | x] = -sigma_t s,
//
//	xhat0 = (x - t xhat1 + sigma_t^2 s)/(1-t)
//
// The probability flow of the bridge is another field: where x0 ~ N(0, I) independently of x1 its score is -xhat0/(1-t), so that ProbabilityFlow is v + sigma0^2/2 xhat0/(1-t), a momentum of the other sign.
// With sigma0 = .2 the momentum is 2 % of the noise. As released it is integrated with solver.SDEInt(.1), which torchsde evaluates 101 times for what the released code calls 10 steps.
type ReleasedImageField struct {
	Sigma0 float64 // noise of the bridge that the network was trained on; 0 means 0.2
}

// ReleasedImages is IDFF for images as released, with sigma0 = 0.2.
func ReleasedImages() ReleasedImageField { return ReleasedImageField{} }

// Name implements Field.
func (f ReleasedImageField) Name() string { return "IDFF for images as released" }

// Factors implements Field: sigma0.
func (f ReleasedImageField) Factors() []float64 { return []float64{noiseOrDefault(f.Sigma0)} }

// graphKey identifies the graph without its factors.
func (f ReleasedImageField) graphKey() string { return "released images" }

// Check implements Checker.
func (f ReleasedImageField) Check(_ []float64, path Path) error {
	if sigma0 := noiseOrDefault(f.Sigma0); !(sigma0 > 0 && sigma0 <= 2) {
		return fmt.Errorf("flow: sigma0 of IDFF for images as released is %g: it must be above 0 and at most 2, beyond which 1 - sigma0^2 t(1-t) is negative at t = 1/2", sigma0)
	}
	return checkLine(path, "IDFF for images as released")
}

func (f ReleasedImageField) checkObjective(o Objective, path Path) error {
	sigma0 := noiseOrDefault(f.Sigma0)
	if (o.kind() == "x1score" || o.kind() == "x1start") && math.Abs(path.Noise-sigma0) < 1e-12 {
		return nil
	}
	return fmt.Errorf("flow: IDFF for images as released needs both heads and the bridge they were trained on: train with flow.X1Start() or flow.X1Score() on flow.Bridge(%g), not with %v on %v", sigma0, o, path)
}

// Velocity implements Field.
func (f ReleasedImageField) Velocity(m *Model, at Point, factors []*Node) *Node {
	out, sigma0 := m.Predict(at, 0), factors[0]
	switch {
	case at.T.Is(0):
		return out.Velocity
	case at.T.Is(1):
		return DivScalar(Sub(out.X1, at.X), .1)
	}
	bridge := Mul(Square(sigma0), at.T.MulBridge(out.Score)) // sigma_t^2 s
	start := at.T.DivRest(Add(Sub(at.X, at.T.Mul(out.X1)), bridge))
	root := Sqrt(OneMinus(at.T.MulBridge(Square(sigma0))))
	return Sub(Mul(root, out.Velocity), Mul(MulScalar(Square(sigma0), .5), start))
}
