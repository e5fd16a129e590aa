package idffnb

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/idff-go/workbench/idffnb/flow"
	"github.com/idff-go/workbench/idffnb/net"
	"github.com/idff-go/workbench/idffnb/solver"
)

// TestStreamsAreIndependent: the generators of all purposes, of seeds that differ by 1 and of successive numbers, a path of Brownian motion among them: normal numbers, and their squares, of any two are uncorrelated, at the
// same place and one apart. 13 x 3 x 2 generators have 3003 pairs, each with 4 correlations over 4000 numbers: 6.5 standard deviations, false-alarm rate 1e-6 (products of squares have heavier tails: 1e-5).
func TestStreamsAreIndependent(t *testing.T) {
	const n, bound = 4000, 6.5
	streams := []uint64{streamBatch, streamStart, streamTruth, streamSecond, streamLearn, streamBrown, streamGiven, streamReflow, streamDrop, streamProbe, streamRollStart, streamRollNoise}
	names, all := []string(nil), [][]float64(nil)
	for seed := range uint64(3) {
		for _, stream := range streams {
			for number := range uint64(2) {
				rng := generator(seed, stream, number)
				x := make([]float64, n)
				for i := range x {
					x[i] = rng.NormFloat64()
				}
				names, all = append(names, fmt.Sprintf("stream %x, seed %d, number %d", stream, seed, number)), append(all, x)
			}
		}
		noise, err := increments(flow.Stochastic(flow.ConstantNoise(1)), solver.EulerMaruyama(2), seed, n, 1)
		if err != nil {
			t.Fatal(err)
		}
		for k := range 2 {
			x := make([]float64, n)
			for i := range x {
				x[i] = float64(noise[k*n+i]) * math.Sqrt2
			}
			names, all = append(names, fmt.Sprintf("Brownian motion, seed %d, step %d", seed, k)), append(all, x)
		}
	}
	for i, x := range all {
		for j, y := range all[:i] {
			for lag := range 2 {
				var plain, squares float64
				for k := lag; k < n; k++ {
					plain += x[k] * y[k-lag]
					squares += (x[k]*x[k] - 1) * (y[k-lag]*y[k-lag] - 1) / 2
				}
				if z := max(math.Abs(plain), math.Abs(squares)) / math.Sqrt(n); !(z < bound) {
					t.Errorf("%s and %s, %d apart: %.1f standard deviations", names[i], names[j], lag, z)
				}
			}
		}
	}
}

// overheard are normals that note what was drawn, by who draws.
type overheard struct{}

var heard struct {
	sync.Mutex
	who   string
	draws map[string][]float32 // the first number of each batch
}

func (overheard) Name() string { return "overheard" }
func (overheard) Dim() int     { return 2 }
func (overheard) Batch(rng *rand.Rand, n int) (x0, x1, cond []float32) {
	x1 = normal(rng, 2*n)
	heard.Lock()
	defer heard.Unlock()
	heard.draws[heard.who] = append(heard.draws[heard.who], x1[0])
	return nil, x1, nil
}

// TestNothingIsJudgedOnWhatWasLearned: training, the learning of schedules, evaluation and the floor, all of seed 0, draw no batch twice and none in common, but for the data that an
// evaluation and the floor are both compared with. Left out are the batches of which a sampling takes x0 and conditions, never x1.
func TestNothingIsJudgedOnWhatWasLearned(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	by := func(who string, do func() error) {
		heard.Lock()
		heard.who = who
		heard.Unlock()
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	heard.draws = map[string][]float32{}
	r := mustOpen(t, Experiment{Name: "overheard", Data: overheard{}, Net: net.MLP{Width: 8, Layers: 1}, Batch: 16, Steps: 30})
	r.backend = pureGo(t)
	judge := Judge{N: 16, Seeds: Seeds(0, 3)}
	given := map[float32]bool{}
	for _, seed := range judge.Seeds {
		given[normal(generator(seed, streamGiven, 0), 1)[0]] = true
	}
	by("training", func() error { return r.Train() })
	var s *Schedule
	by("learning", func() (err error) { s, err = r.LearnSchedule(2, Learning{Steps: 30, Points: 16}); return err })
	by("learning from a teacher", func() (err error) {
		_, err = r.LearnSchedule(2, Learning{Loss: LossTeacher, Steps: 3, Points: 16, Seed: 1})
		return err
	})
	by("evaluation", func() error { _, err := r.Evaluate(s.Field(), s.Solver(), judge); return err })
	by("floor", func() error { _, err := r.Floor(judge); return err })
	for who, draws := range heard.draws {
		if len(draws) < 1 || who == "training" && len(draws) < 30 {
			t.Errorf("%s drew %d batches", who, len(draws))
		}
		for i, v := range draws {
			if !given[v] && slices.Contains(draws[:i], v) {
				t.Errorf("%s drew a batch twice", who)
			}
		}
		for other, theirs := range heard.draws {
			if who >= other || who == "evaluation" && other == "floor" {
				continue
			}
			for _, v := range draws {
				if !given[v] && slices.Contains(theirs, v) {
					t.Errorf("%s and %s have a batch in common", who, other)
				}
			}
		}
	}
}
