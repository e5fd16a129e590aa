package idffnb

import (
	"context"
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// TestLearningRates compares the rate of each step with PyTorch's schedulers for it, step k = n - 1 counted from 0: LambdaLR with min(1, (k + 1)/warm), then CosineAnnealingLR or LinearLR to 0 over what is left.
func TestLearningRates(t *testing.T) {
	const steps, rate = 12, 2e-3
	for _, tc := range []struct {
		warm  int
		decay string
		want  func(k float64) float64
	}{
		{4, "", func(k float64) float64 { return min(1, (k+1)/4) }},
		{0, DecayCosine, func(k float64) float64 { return (1 + math.Cos(math.Pi*k/steps)) / 2 }},
		{0, DecayLinear, func(k float64) float64 { return 1 - k/steps }},
		{4, DecayCosine, func(k float64) float64 {
			if k < 4 {
				return (k + 1) / 4
			}
			return (1 + math.Cos(math.Pi*(k-4)/8)) / 2
		}},
	} {
		e := small(t)
		e.Steps, e.LearningRate, e.WarmUp, e.Decay = steps, rate, tc.warm, tc.decay
		r := mustOpen(t, e)
		r.backend, r.chunkSteps = pureGo(t), 1
		err := r.train(context.Background(), func() {
			got := tensors.ToScalar[float32](optimizer.LearningRateVar(r.store.RootScope(), dtypes.Float32, 0).MustValue())
			if want := rate * tc.want(float64(r.step-1)); math.Abs(float64(got)-want) > 1e-6*rate {
				t.Errorf("warm-up %d, decay %q: the rate of step %d is %g, want %g", tc.warm, tc.decay, r.step, got, want)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestRateMoves: the rate of a step is what AdamW takes: a first step of a warm-up over 10 moves the weights a tenth as far.
func TestRateMoves(t *testing.T) {
	moved := func(warm int) float64 {
		e := small(t)
		e.Steps, e.WarmUp, e.WeightDecay = 10, warm, -1
		r := mustOpen(t, e)
		r.backend = pureGo(t)
		trainTo(t, r, 1)
		sum, now := 0., weights(t, r)
		for path, before := range initialWeights(t, e) {
			for i := range before {
				sum += math.Abs(float64(now[path][i] - before[i]))
			}
		}
		return sum
	}
	if ratio := moved(10) / moved(0); math.Abs(ratio-.1) > 1e-3 {
		t.Errorf("a step at a tenth of the rate moves the weights %.4f times as far, want .1", ratio)
	}
}
