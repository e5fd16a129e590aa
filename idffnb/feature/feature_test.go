package feature_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/idff-go/workbench/datasets"
	"github.com/idff-go/workbench/idffnb"
	"github.com/idff-go/workbench/idffnb/feature"
	"github.com/idff-go/workbench/idffnb/metric"
	"github.com/idff-go/workbench/idffnb/net"
)

// sums is a network whose features are sums over the rows of an image of 4 x 4 pixels; it counts the images it was asked for.
type sums struct {
	dir   string
	asked *int
	name  string
}

func (s sums) Name() string  { return s.name }
func (s sums) ID() string    { return "sums" }
func (s sums) Dir() string   { return s.dir }
func (s sums) Shape() [3]int { return [3]int{4, 4, 1} }
func (s sums) Size() int     { return 4 }

func (s sums) Features(images []float32) ([]float32, error) {
	*s.asked += len(images) / 16
	out := make([]float32, len(images)/4)
	for i, v := range images {
		out[i/4] += v
	}
	return out, nil
}

func newSums(t testing.TB) sums { return sums{t.TempDir(), new(int), "sums of rows"} }

// noise is n images of random pixels.
func noise(t testing.TB, n int, seed uint64) *datasets.Images {
	t.Helper()
	rng, pixels := rand.New(rand.NewPCG(seed, 0)), make([]byte, 16*n)
	for i := range pixels {
		pixels[i] = byte(rng.IntN(256))
	}
	m, err := datasets.NewImages(fmt.Sprint("noise", seed), pixels, [3]int{4, 4, 1}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func all(t testing.TB, m *datasets.Images) []float32 {
	t.Helper()
	index := make([]int, m.Len())
	for i := range index {
		index[i] = i
	}
	x, err := m.At(index...)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func wantLine(t *testing.T, what string, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: error %v, want one line with %q", what, err, want)
	}
}

// Scores are those of package metric on the features of the images as a file has them.
func TestScores(t *testing.T) {
	n, real := newSums(t), noise(t, 50, 1)
	s := feature.Scorer{Net: n, Real: real, Fresh: noise(t, 40, 2), Block: 10}
	x := all(t, noise(t, 30, 3))
	rough := slices.Clone(x)
	for i := range rough {
		rough[i] += .003 * float32(i%3-1) // less than half a level
	}
	rough[0], x[0] = 7, 1 // beyond white
	got, err := s.Score(rough, 16, 4)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := n.Features(x)
	r, _ := n.Features(all(t, real))
	want, err := metric.Frechet(f, r, 4)
	if err != nil {
		t.Fatal(err)
	}
	names := feature.Scores(n)
	if names[0] != "FID, sums of rows" || len(got) != 4 {
		t.Fatalf("scores %v of %v", got, names)
	}
	if v := got[names[0]]; math.Abs(v-want) > 1e-4*want {
		t.Errorf("FID %g, want %g", v, want)
	}
	for _, name := range names[2:] {
		if v := got[name]; !(v > 0 && v <= 1) {
			t.Errorf("%s is %g", name, v)
		}
	}
	again, err := s.Score(rough, 16, 4)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(got) {
		t.Errorf("%v the second time, after %v; error %v", again, got, err)
	}
	other, err := s.Score(rough, 16, 5)
	if err != nil || other[names[1]] == got[names[1]] || other[names[0]] != got[names[0]] {
		t.Errorf("another seed gives %v after %v; it chooses other images for KID alone; error %v", other, got, err)
	}
	floor, err := s.Floor(30, 16, 1)
	if err != nil || !(floor[names[0]] > 0) {
		t.Errorf("floor %v, error %v", floor, err)
	}
	same := feature.Scorer{Net: n, Real: real, Fresh: real}
	if floor, err := same.Floor(50, 16, 1); err != nil || math.Abs(floor[names[0]]) > 1e-6 || floor[names[2]] != 1 || floor[names[3]] != 1 {
		t.Errorf("the images against themselves: %v, error %v; want distance 0, precision and recall 1", floor, err)
	}
	n.name = ""
	if got := feature.Scores(n); !slices.Equal(got, []string{"FID", "KID", "precision", "recall"}) {
		t.Errorf("scores of a network without a name: %v", got)
	}
}

func TestScoresRefuse(t *testing.T) {
	n, real := newSums(t), noise(t, 50, 1)
	good := feature.Scorer{Net: n, Real: real}
	_, err := feature.Scorer{}.Score(make([]float32, 32), 16, 0)
	wantLine(t, "no network", err, "needs a network")
	_, err = good.Score(make([]float32, 30), 15, 0)
	wantLine(t, "other size", err, "takes images of 16")
	_, err = good.Score(slices.Repeat([]float32{float32(math.NaN())}, 64), 16, 0)
	wantLine(t, "NaN", err, "is NaN")
	_, err = good.Score(make([]float32, 32), 16, 0)
	wantLine(t, "fewer samples than neighbours", err, "the 3 nearest others of each image, and there are 2 samples and 50 images of Real")
	few := feature.Scorer{Net: n, Real: real.MustPart(0, 5), Neighbours: 5}
	_, err = few.Score(make([]float32, 160), 16, 0)
	wantLine(t, "fewer images than neighbours", err, "the 5 nearest others of each image, and there are 10 samples and 5 images of Real")
	few.Neighbours = -1
	_, err = few.Score(make([]float32, 160), 16, 0)
	wantLine(t, "negative neighbours", err, "want Neighbours of 1 or more")
	_, err = good.Floor(3, 16, 0)
	wantLine(t, "no fresh images", err, "Fresh has 0")
	wide, err := datasets.NewImages("wide", make([]byte, 32), [3]int{2, 8, 1}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = feature.StatisticsOf(n, wide)
	wantLine(t, "another shape", err, "the images have shape [2 8 1]")
	_, err = feature.StatisticsOf(n, real.MustPart(0, 1))
	wantLine(t, "one image", err, "at least 2")
	_, err = feature.Nearest(make([]float32, 15), real)
	wantLine(t, "nearest of no image", err, "not one or more images")
	_, err = feature.Open(feature.Classifier{})
	wantLine(t, "no images", err, "without Images")
	_, err = feature.Open(feature.Classifier{Images: real})
	wantLine(t, "no labels", err, "need labels")
}

// Statistics are computed once for a network and data, and again where the file is damaged.
func TestStatisticsAreKept(t *testing.T) {
	n, real := newSums(t), noise(t, 50, 1)
	first, err := feature.StatisticsOf(n, real)
	if err != nil {
		t.Fatal(err)
	}
	if *n.asked != 50 {
		t.Fatalf("%d images were described, want 50", *n.asked)
	}
	again, err := feature.StatisticsOf(n, real)
	if err != nil || *n.asked != 50 || !slices.Equal(again.Features, first.Features) || !slices.Equal(again.Moments.Cov, first.Moments.Cov) || again.Moments.N != 50 {
		t.Errorf("read again: %d images described, error %v", *n.asked, err)
	}
	if _, err := feature.StatisticsOf(n, noise(t, 50, 2)); err != nil || *n.asked != 100 {
		t.Errorf("other data: %d images described, error %v; want 100", *n.asked, err)
	}
	files, _ := filepath.Glob(filepath.Join(n.dir, "statistics-*.safetensors"))
	if len(files) != 2 {
		t.Fatalf("files %v, want 2", files)
	}
	for _, damage := range []string{"", "no safetensors file"} {
		for _, f := range files {
			if err := os.WriteFile(f, []byte(damage), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		mended, err := feature.StatisticsOf(n, real)
		if err != nil || !slices.Equal(mended.Features, first.Features) {
			t.Errorf("after %q: error %v", damage, err)
		}
	}
	if err := os.Rename(files[0], files[1]); err != nil { // of other data
		t.Fatal(err)
	}
	for _, seed := range []uint64{1, 2} {
		if s, err := feature.StatisticsOf(n, noise(t, 50, seed)); err != nil || seed == 1 && !slices.Equal(s.Features, first.Features) {
			t.Errorf("after files changed places: error %v", err)
		}
	}
}

// Nearest is what comparing with each image gives.
func TestNearest(t *testing.T) {
	among := noise(t, 1500, 1) // more than a block
	x, real := all(t, noise(t, 5, 2)), all(t, among)
	copy(x[16:32], real[1499*16:])
	found := feature.MustNearest(x, among)
	for i, got := range found {
		best, at := math.Inf(1), -1
		for k := range 1500 {
			sum := 0.
			for j := range 16 {
				d := float64(x[i*16+j] - real[k*16+j])
				sum += d * d
			}
			if sum < best {
				best, at = sum, k
			}
		}
		if got.Index != at || math.Abs(got.Distance-math.Sqrt(best/16)) > 1e-6 {
			t.Errorf("sample %d: %+v, want image %d at %g", i, got, at, math.Sqrt(best/16))
		}
	}
	if found[1].Index != 1499 || found[1].Distance != 0 {
		t.Errorf("a copy is found at %+v", found[1])
	}
}

// A classifier learns the sample of Fashion-MNIST, is kept, and describes images; a run is judged by it.
func TestClassifier(t *testing.T) {
	t.Setenv("IDFF_RUNS", t.TempDir())
	train, test := datasets.MustFashionSample(datasets.Train), datasets.MustFashionSample(datasets.Test)
	c := feature.Classifier{Images: train, Label: "sample", Net: net.ConvNet{Channels: 4, Size: 16}, Batch: 64, LearningRate: 3e-3, Steps: 150}
	own, err := feature.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	// 500 images: chance is .1 with a deviation of .013
	if share := own.MustAccuracy(test); share < .6 {
		t.Errorf("accuracy %g on images not trained on, want .6", share)
	}
	x, err := test.At(1, 5, 7)
	if err != nil {
		t.Fatal(err)
	}
	f, err := own.Features(x)
	if err != nil || len(f) != 3*own.Size() {
		t.Fatalf("%d features, error %v", len(f), err)
	}
	again, err := feature.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	if g, err := again.Features(x); err != nil || !slices.Equal(f, g) || again.ID() != own.ID() {
		t.Errorf("opened again it describes the images otherwise; error %v", err)
	}
	if _, err := own.Accuracy(noise(t, 3, 1)); err == nil {
		t.Error("accuracy on images without labels")
	}
	_, err = own.Features(x[1:])
	wantLine(t, "not whole images", err, "not one or more images")

	scorer := feature.Scorer{Net: own, Real: test.MustPart(0, 250), Fresh: test.MustPart(250, 500)}
	floor, err := scorer.Floor(100, 784, 0)
	if err != nil {
		t.Fatal(err)
	}
	name := feature.Scores(own)[0]
	if _, ok := floor["FID, own sample features"]; !ok || name != "FID, own sample features" {
		t.Errorf("the floor's scores are %v", floor)
	}
	worse, err := scorer.Score(idffnb.Noise(1, 100, 784), 784, 0)
	if err != nil || !(worse[name] > 5*floor[name]) {
		t.Errorf("noise: %v beside the floor %v, error %v", worse, floor, err)
	}

	testPullBack(t, own, x)
	run, err := idffnb.Open(idffnb.Experiment{Name: "flow", Data: train, Net: net.MLP{Width: 16, Layers: 1}, Batch: 16, Steps: 60})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Train(); err != nil {
		t.Fatal(err)
	}
	s, err := run.LearnSchedule(2, idffnb.Learning{Loss: idffnb.LossMMD, Gap: feature.KIDGap{Net: own}, Steps: 25, Points: 32, Rate: .02})
	if err != nil || len(s.Curve) != 2 || !(s.Curve[1].Loss < s.Curve[0].Loss) {
		t.Errorf("learned by KID: %v, error %v; want a loss that falls", s, err)
	}
}

// testPullBack compares J^T b with finite differences of the features of the first image, along a line.
func testPullBack(t *testing.T, n feature.Differentiable, x []float32) {
	t.Helper()
	values, size := len(x)/3, n.Size()
	b, along := idffnb.Noise(3, 3, size), idffnb.Noise(4, 1, values)
	back, err := n.PullBack(x, b)
	if err != nil || len(back) != len(x) {
		t.Fatalf("%d derivatives of %d values, error %v", len(back), len(x), err)
	}
	const h = 1e-3
	at := func(by float32) (sum float64) {
		moved := slices.Clone(x)
		for i, v := range along {
			moved[i] += by * v
		}
		f, err := n.Features(moved)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range f[:size] {
			sum += float64(v) * float64(b[k])
		}
		return sum
	}
	got, want := 0., (at(h)-at(-h))/(2*h)
	for i, v := range along {
		got += float64(v) * float64(back[i])
	}
	if math.Abs(got-want) > .02*math.Abs(want)+1e-2 {
		t.Errorf("the derivative along a line is %g, by differences %g", got, want)
	}
	_, err = n.PullBack(x, b[1:])
	wantLine(t, "too few numbers", err, "not one or more images")
}

// PullBack makes sums a feature.Differentiable.
func (s sums) PullBack(images, b []float32) ([]float32, error) {
	out := make([]float32, len(images))
	for i := range out {
		out[i] = b[i/4]
	}
	return out, nil
}

// The gap is KID in the features of rounded samples, and no sample is drawn further beyond the range of an image.
func TestKIDGap(t *testing.T) {
	n := newSums(t)
	x, y := idffnb.Noise(1, 20, 16), all(t, noise(t, 30, 2))
	far, gradient, err := feature.KIDGap{Net: n}.Gap(x, y)
	if err != nil {
		t.Fatal(err)
	}
	rounded := slices.Clone(x)
	for i, v := range rounded {
		rounded[i] = float32(math.Round(float64(min(max(v, -1), 1)+1)*127.5)/127.5 - 1)
	}
	a, _ := n.Features(rounded)
	b, _ := n.Features(y)
	want, byFeatures, err := metric.KIDGradient(a, b, 4)
	if err != nil || math.Abs(far-want) > 1e-9 {
		t.Errorf("gap %g, want KID %g, %v", far, want, err)
	}
	beyond := 0
	for i, v := range x {
		want := byFeatures[i/4]
		if v < -1 || v > 1 {
			beyond++
			want = 0
		}
		if math.Abs(float64(gradient[i]-want)) > 1e-6 {
			t.Errorf("derivative %d at %g is %g, want %g", i, v, gradient[i], want)
		}
	}
	if beyond < 20 || beyond > 200 {
		t.Errorf("%d of 320 values are beyond the range", beyond)
	}
	if other := (feature.KIDGap{Net: n}).Name(); other != "KID of sums" {
		t.Errorf("name %q", other)
	}
	x[5] = float32(math.NaN())
	_, _, err = feature.KIDGap{Net: n}.Gap(x, y)
	wantLine(t, "NaN", err, "value 5 of the images is NaN")
	_, _, err = feature.KIDGap{}.Gap(x, y)
	wantLine(t, "no network", err, "needs a network")
}
