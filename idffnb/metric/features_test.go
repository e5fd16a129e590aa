package metric

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
)

type featureReference struct {
	Dim, Size         int
	Frechet, KID      float64
	Blocks            []float64 `json:"kid_blocks"`
	Precision, Recall []float64
}

func TestFeatureReferenceValues(t *testing.T) {
	data, err := os.ReadFile("testdata/features.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]featureReference
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 {
		t.Fatalf("%d sets of features, want 2", len(all))
	}
	for name, want := range all {
		x, y := load(t, "features_"+name+"_x"), load(t, "features_"+name+"_y")
		near(t, name+": Frechet", value(t)(Frechet(x, y, want.Dim)), want.Frechet, 1e-6*want.Frechet)
		near(t, name+": KID", value(t)(KID(x, y, want.Dim)), want.KID, 1e-9*math.Abs(want.KID))
		blocks, err := KIDBlocks(x, y, want.Dim, want.Size)
		if err != nil || len(blocks.Values) != len(want.Blocks) {
			t.Fatalf("%s: %v, %v; want %d blocks", name, blocks, err, len(want.Blocks))
		}
		for k, v := range want.Blocks {
			near(t, name+": KID of a block", blocks.Values[k], v, 1e-9*math.Abs(v))
		}
		for i, k := range []int{1, 3, 5} {
			precision, recall, err := PrecisionRecall(x, y, want.Dim, k)
			if err != nil {
				t.Fatal(err)
			}
			near(t, name+": precision", precision, want.Precision[i], 1e-12)
			near(t, name+": recall", recall, want.Recall[i], 1e-12)
		}
	}
}

// Where the answer is known: a shift by d has distance |d|^2, and a factor s of a cloud, (s - 1)^2 tr S beside what it does to the mean.
func TestFrechetByHand(t *testing.T) {
	const dim = 3
	x := normal(200, dim, 1, 2, 5)
	m, err := NewMoments(x, dim)
	if err != nil {
		t.Fatal(err)
	}
	trace, square := 0., 0.
	for c := range dim {
		trace += m.Cov[c*dim+c]
		square += m.Mean[c] * m.Mean[c]
	}
	shifted, doubled := make([]float32, len(x)), make([]float32, len(x))
	for i, v := range x {
		shifted[i], doubled[i] = v+float32(1+i%dim), 2*v
	}
	near(t, "equal clouds", value(t)(Frechet(x, x, dim)), 0, 1e-9*trace)
	near(t, "shift", value(t)(Frechet(x, shifted, dim)), 1+4+9, 1e-5)
	near(t, "factor 2", value(t)(Frechet(x, doubled, dim)), trace+square, 1e-5*(trace+square))
	y := normal(150, dim, 0, 1, 6)
	near(t, "symmetry", value(t)(Frechet(x, y, dim)), value(t)(Frechet(y, x, dim)), 1e-9)
	// All points alike: no covariance, and no NaN of its root.
	near(t, "points", value(t)(Frechet([]float32{1, 2, 1, 2}, []float32{4, 6, 4, 6}, 2)), 25, 1e-12)
}

// The mean of KID over fresh clouds of one distribution is 0, which a mean of MMD's biased estimate is not: within 5 standard errors, a false-alarm
// rate of 3e-4 with 30 of them: twelve times that of Student's t, since KID is skewed here (1.3; 400,000 means from 60,000 simulated values).
func TestKIDIsUnbiased(t *testing.T) {
	var values []float64
	for seed := range uint64(30) {
		values = append(values, value(t)(KID(normal(40, 4, .5, 1, 100+2*seed), normal(60, 4, .5, 1, 101+2*seed), 4)))
	}
	s, err := Summarize(values)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean KID of data against data", s.Mean, 0, 5*s.Std/math.Sqrt(30))
	floor, err := Floor(Func{"KID, normal features", KID}, func(seed uint64) []float32 { return normal(40, 4, .5, 1, seed) }, 4, []uint64{50, 51, 52})
	if err != nil || len(floor.Values) != 3 {
		t.Errorf("floor %v, %v", floor, err)
	}
}

func TestFeaturesRefuse(t *testing.T) {
	good, nan := normal(10, 2, 0, 1, 1), []float32{0, 0, 0, float32(math.NaN())}
	of := func(_ any, err error) error { return err }
	for want, err := range map[string]error{
		"cloud y has NaN at point 1, coordinate 1":        of(Frechet(good, nan, 2)),
		"cloud y is empty":                                of(KID(good, nil, 2)),
		"the covariance of 1 point: give at least 2":      of(Frechet(good, good[:2], 2)),
		"KID of 10 against 1 points":                      of(KID(good, good[:2], 2)),
		"KID in blocks of 11 of 10 against 10 points":     of(KIDBlocks(good, good, 2, 11)),
		"KID in blocks of 1 of 10":                        of(KIDBlocks(good, good, 2, 1)),
		"not a multiple of dim = 3":                       of(NewMoments(good, 3)),
		"want dim means and dim x dim covariances of bot": of((&Moments{Mean: []float64{0}, Cov: []float64{1}}).Frechet(&Moments{Mean: []float64{0, 0}, Cov: make([]float64, 4)})),
	} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want one line with %q", err, want)
		}
	}
	if _, _, err := PrecisionRecall(good[:6], good, 2, 3); err == nil {
		t.Error("no error for 3 samples with k = 3")
	}
}

func BenchmarkFrechet(b *testing.B) {
	const dim = 512
	x, y := normal(1000, dim, 0, 1, 1), normal(1000, dim, 0, 1, 2)
	for b.Loop() {
		if _, err := Frechet(x, y, dim); err != nil {
			b.Fatal(err)
		}
	}
}

// The gradient of KID is that of finite differences; a block of the rows more than one, and the last not full.
func TestKIDGradient(t *testing.T) {
	const dim = 3
	x, y := normal(70, dim, .5, 1, 1), normal(41, dim, 0, 1, 2)
	kid, gradient, err := KIDGradient(x, y, dim)
	if err != nil || kid != value(t)(KID(x, y, dim)) || len(gradient) != len(x) {
		t.Fatalf("KID %g and %d derivatives, %v", kid, len(gradient), err)
	}
	const h = .01
	for i := 0; i < len(x); i += 17 {
		at := func(by float32) float64 {
			moved := append([]float32{}, x...)
			moved[i] += by
			return value(t)(KID(moved, y, dim))
		}
		near(t, "derivative", float64(gradient[i]), (at(h)-at(-h))/(2*h), 1e-4)
	}
	if _, _, err := KIDGradient(x[:dim], y, dim); err == nil {
		t.Error("KID of one point has a gradient")
	}
}
