package flow

import (
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
	"github.com/idff-go/workbench/idffnb/solver"
)

// ReleasedMDField is IDFF as its authors released it for molecular dynamics (class SDE_cal of timeseris_example/MD_simulation.py), for angles in degrees. With
// v = (xhat1 - x)/(1-t), sigma_t^2 = Sigma^2 t(1-t) and D1, D2 of Derivatives it is dx = w dt + g dW,
//
//	w = sqrt(1 - sigma_t^2) v - t(1-t) ( (2 gamma_1 - 1)/2 D1 + gamma_2/(1+k) D2 )
//	w = xhat1 - x            at t = 0
//	w = (xhat1 - x)/Dt       at t = 1
//	g = 180 Sigma^2 sqrt(t(1-t))
//
// where k is the number of the frame that is drawn, from 0. Against ReleasedField the momentum has the other sign, the root has no gamma, and noise is added. Sigma means two things: under the
// root it is a bridge's noise, in g it is scaled to degrees, where .5 is a g of up to 22.5 degrees; training moves x_t by .25 degrees at most (Bridge(.5)).
//
// An evaluation costs one forward pass at t = 0 and t = 1, and 4 forward-equivalents between, also where gamma_2 = 0: as released both derivatives are always taken.
// With solver.SDEInt(.3), as released, a frame takes 12 evaluations that cost 42; torchsde makes 41 of them, which cost 137, for the same numbers, whatever the released code's "nfe".
//
// The network was trained with X1Copies, net.IndexedMLP{MLP: net.MLP{Width: 128}, Size: 128} on Bridge(.5), from each frame to the next.
type ReleasedMDField struct {
	Gamma1, Gamma2 float64
	Sigma          float64 // in [0, 2]; 0: no noise
	Dt             float64 // divides at t = 1; 0 means .3
	Frame          int     // k; set by AtFrame
}

// ReleasedMD is IDFF for molecular dynamics as released. The released table has gamma_1 of 0 and .2, gamma_2 of 0 and 1, and sigma of .2 and .5.
func ReleasedMD(gamma1, gamma2, sigma float64) ReleasedMDField {
	return ReleasedMDField{Gamma1: gamma1, Gamma2: gamma2, Sigma: sigma}
}

// FrameField is a Field that changes from frame to frame of a trajectory.
type FrameField interface {
	Field
	// AtFrame is the field that draws frame k. Only its factors may differ from those of other frames.
	AtFrame(k int) Field
}

// AtFrame implements FrameField: gamma_2 falls as 1/(1+k).
func (f ReleasedMDField) AtFrame(k int) Field {
	f.Frame = k
	return f
}

// Name implements Field, e.g. "IDFF for MD as released γ=(0.2, 1) σ=0.5".
func (f ReleasedMDField) Name() string {
	return fmt.Sprintf("IDFF for MD as released %s σ=%g", gammaLabel([]float64{f.Gamma1, f.Gamma2}), f.Sigma)
}

func (f ReleasedMDField) dt() float64 {
	if f.Dt == 0 {
		return .3
	}
	return f.Dt
}

// Factors implements Field: gamma_1, gamma_2/(1+k), Sigma, Dt.
func (f ReleasedMDField) Factors() []float64 {
	return []float64{f.Gamma1, f.Gamma2 / float64(1+f.Frame), f.Sigma, f.dt()}
}

// graphKey identifies the graph without its factors.
func (f ReleasedMDField) graphKey() string { return "released md" }

// Check implements Checker.
func (f ReleasedMDField) Check(_ []float64, path Path) error {
	if err := checkLine(path, "IDFF for MD as released"); err != nil {
		return err
	}
	for i, v := range []float64{f.Gamma1, f.Gamma2} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("flow: gamma_%d is %g: it must be a finite number", i+1, v)
		}
	}
	switch {
	case !(f.Sigma >= 0 && f.Sigma <= 2):
		return fmt.Errorf("flow: sigma of IDFF for MD as released is %g: it must be from 0 to 2, beyond which 1 - sigma^2 t(1-t) is negative at t = 1/2", f.Sigma)
	case !(f.dt() > 0) || math.IsInf(f.dt(), 0):
		return fmt.Errorf("flow: dt of IDFF for MD as released is %g: it must be a positive number", f.dt())
	case f.Frame < 0:
		return fmt.Errorf("flow: IDFF for MD as released at frame %d: frames count from 0", f.Frame)
	}
	return nil
}

func (f ReleasedMDField) checkObjective(o Objective, path Path) error {
	if o.PredictsEnd() {
		return nil
	}
	return fmt.Errorf("flow: IDFF for MD as released differentiates the end point that the network predicts: train with flow.X1Copies(), flow.X1() or flow.X1Score(), not with %v", o)
}

// Velocity implements Field: the drift.
func (f ReleasedMDField) Velocity(m *Model, at Point, factors []*Node) *Node {
	gamma1, gamma2, sigma, dt := factors[0], factors[1], factors[2], factors[3]
	switch {
	case at.T.Is(0):
		return m.Predict(at, 0).Velocity
	case at.T.Is(1):
		return Div(Sub(m.Predict(at, 0).X1, at.X), dt)
	}
	out := m.Predict(at, 2)
	d := Derivatives(out.X1, at.X, 2)
	momentum := Add(Mul(AddScalar(gamma1, -.5), d[0]), Mul(gamma2, d[1]))
	root := Sqrt(OneMinus(at.T.MulBridge(Square(sigma))))
	return Sub(Mul(root, out.Velocity), at.T.MulBridge(momentum))
}

// Diffusion implements Noisy.
func (f ReleasedMDField) Diffusion(at solver.Time, factors []*Node) *Node {
	return MulScalar(Mul(Square(factors[2]), Sqrt(at.MulBridge(OnesLike(factors[2])))), 180)
}
