package solver

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestAdaptiveStepByHand computes the norms that begin a solution of dx/dt = -3x + 5t, and the error ratio of a step of adaptive_heun, as their formulas say, for
// numbers that grow and numbers that shrink on the way.
func TestAdaptiveStepByHand(t *testing.T) {
	field := func(x *graph.Node, t Time) *graph.Node {
		return graph.Add(graph.MulScalar(x, -3), graph.MulScalar(t.As(x), 5))
	}
	f := func(x, t float64) float64 { return -3*x + 5*t }
	const rtol, atol, dt = .1, .02, .25
	x := []float64{2, -1, .01}
	rms := func(v func(i int) float64) float64 {
		sum := 0.
		for i := range x {
			sum += v(i) * v(i) / float64(len(x))
		}
		return math.Sqrt(sum)
	}

	p := stepped(t, AdaptiveHeun(rtol, atol), field, 1, len(x))
	start := tensors.FromValue([][]float64{x})
	out, err := p.begin.Exec(start, tensors.FromValue([]float64{1, rtol, atol}))
	if err != nil {
		t.Fatal(err)
	}
	scale := func(i int) float64 { return atol + rtol*math.Abs(x[i]) }
	d0, d1 := rms(func(i int) float64 { return x[i] / scale(i) }), rms(func(i int) float64 { return f(x[i], 0) / scale(i) })
	h0 := .01 * d0 / d1
	d2 := rms(func(i int) float64 { return (f(x[i]+h0*f(x[i], 0), h0) - f(x[i], 0)) / scale(i) }) / h0
	got := out[1].Value().([]float64)
	for i, want := range []float64{d1, d2, h0} {
		if !(math.Abs(got[i]-want) <= 1e-9*want) {
			t.Errorf("norm %d that begins is %g, want %g", i, got[i], want)
		}
	}

	control := pairs["adaptive_heun"].control(start.DType(), 0, dt, rtol, atol)
	if out, err = p.step.Exec(start, out[0], control); err != nil {
		t.Fatal(err)
	}
	ratio := rms(func(i int) float64 {
		k1 := f(x[i], 0)
		k2 := f(x[i]+dt*k1, dt)
		end := x[i] + dt*(k1+k2)/2
		return dt * (k2 - k1) / 2 / (atol + rtol*max(math.Abs(x[i]), math.Abs(end)))
	})
	if got := out[2].Value().(float64); !(math.Abs(got-ratio) <= 1e-9*ratio) {
		t.Errorf("error over tolerance is %g, want %g", got, ratio)
	}
}
