package flow

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Times is how training draws the times at which it shows the path to the network: more of them where the velocity is hard to learn, or where a sampler of few steps evaluates it. It changes
// what errors count, not the velocity that is right: at the least loss of a network without limits that is the same for every density that is nowhere 0.
type Times interface {
	// Name labels the density in captions.
	Name() string
	// Draw draws n times in [0, 1). It may be called from several goroutines at once.
	Draw(rng *rand.Rand, n int) []float32
}

// UniformTimes are uniform in [0, 1), as TorchCFM and IDFF's released code have them.
type UniformTimes struct{}

// Uniform draws times uniformly.
func Uniform() UniformTimes { return UniformTimes{} }

// Name implements Times.
func (UniformTimes) Name() string { return "uniform" }

// Draw implements Times.
func (UniformTimes) Draw(rng *rand.Rand, n int) []float32 {
	t := make([]float32, n)
	for k := range t {
		t[k] = rng.Float32()
	}
	return t
}

// LogitNormalTimes are t = 1/(1 + e^-z), z ~ N(Mean, Std^2), the density of Stable Diffusion 3 (Esser et al., arXiv 2403.03206, equation 19; there Mean 0 and Std 1 did best). On this clock
// t = 1 is the data: a positive Mean prefers times near it, and is a negative one of the paper, whose t = 1 is the noise. The density is 0 at both ends.
type LogitNormalTimes struct{ Mean, Std float64 }

// LogitNormal draws logit-normal times: mean any number, std positive.
func LogitNormal(mean, std float64) LogitNormalTimes { return LogitNormalTimes{mean, std} }

// Name implements Times.
func (l LogitNormalTimes) Name() string { return fmt.Sprintf("logit-normal(%g, %g)", l.Mean, l.Std) }

// Check says in one line what is wrong with the density, or nil.
func (l LogitNormalTimes) Check() error {
	if math.IsNaN(l.Mean) || math.IsInf(l.Mean, 0) || !(l.Std > 0) || math.IsInf(l.Std, 0) {
		return fmt.Errorf("flow: logit-normal times of mean %g and standard deviation %g: want finite numbers, the second above 0", l.Mean, l.Std)
	}
	return nil
}

// Draw implements Times. Times are at least 2^-24 from both ends, where some paths have velocities without bound.
func (l LogitNormalTimes) Draw(rng *rand.Rand, n int) []float32 {
	const end = 1. / (1 << 24)
	t := make([]float32, n)
	for k := range t {
		t[k] = float32(min(max(logitNormal(rng, l.Mean, l.Std), end), 1-end))
	}
	return t
}

// logitNormal draws 1/(1 + e^-z), z ~ N(mean, std^2).
func logitNormal(rng *rand.Rand, mean, std float64) float64 {
	return 1 / (1 + math.Exp(-mean-std*rng.NormFloat64()))
}
