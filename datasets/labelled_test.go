package datasets

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestLabelledToy: the points are the toy's own, all classes are equally likely (6 standard errors of a count, 37 counts: false
// alarm 8e-8), and where the toy has modes, label k is that of mode k. A component of the eight Gaussians reaches past the middle
// between two centres with probability 7e-4 (2.2e-3 for FFJORD's); of the pinwheel's arms that end near each other 2%; the cells of
// the checkerboard never. The shares that may miss are 2.6 times these and more, 9 standard errors at least.
func TestLabelledToy(t *testing.T) {
	const n = 40_000
	misses := map[string]float64{"8gaussians": .002, "8gaussians-ffjord": .01, "checkerboard": 0, "pinwheel": .06}
	for _, name := range Names() {
		toy := MustByName(name)
		l, err := Labelled(toy)
		if name == "swissroll" {
			if err == nil || !strings.Contains(err.Error(), "no classes") {
				t.Errorf("swiss roll: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		x, labels, points := l.Sample(3, n), l.Labels(3, n), l.Points(3, n)
		if !slices.Equal(x, toy.Sample(3, n)) {
			t.Errorf("%s: other points than the toy's", name)
		}
		x0, x1, cond := l.Batch(rand.New(rand.NewPCG(3, toyStream)), n)
		if x0 != nil || !slices.Equal(x1, x) || !slices.Equal(cond, asCond(labels)) {
			t.Errorf("%s: Batch differs from Sample and Labels", name)
		}
		count, fair := make([]int, l.Classes()), 1/float64(l.Classes())
		for _, k := range labels {
			count[k]++
		}
		for k, c := range count {
			if math.Abs(float64(c)-n*fair) > 6*math.Sqrt(n*fair*(1-fair)) {
				t.Errorf("%s: class %d has %d points of %d", name, k, c, n)
			}
		}
		if l.NullCond()[0] != float32(l.Classes()) {
			t.Errorf("%s: null condition %v of %d classes", name, l.NullCond(), l.Classes())
		}
		centres, _, ok := l.Modes()
		if _, known := misses[name]; ok != known || ok && len(centres) != l.Classes() {
			t.Fatalf("%s: %d modes, %d classes", name, len(centres), l.Classes())
		}
		missed := 0
		for i, p := range points {
			if ok && nearest(p, centres) != labels[i] {
				missed++
			}
		}
		if share := float64(missed) / n; share > misses[name] {
			t.Errorf("%s: %g of the points are nearest to the mode of another label, want at most %g", name, share, misses[name])
		}
	}
}

// TestLabelsWithoutModes: what tells the classes of the sets that have no modes. No ring's noise reaches half the gap, 4.7 standard
// deviations, in more than 3e-6 of the points; the rings of circles are 3.1 standard deviations from the middle between them, .2%.
func TestLabelsWithoutModes(t *testing.T) {
	const n = 10_000
	for _, tc := range []struct {
		name string
		most float64
		of   func(p [2]float64) int
	}{
		{"rings", .001, func(p [2]float64) int { return int(math.Round(math.Hypot(p[0], p[1])/.75)) - 1 }},
		{"circles", .006, func(p [2]float64) int { return int(math.Round(math.Hypot(p[0], p[1])/1.5)) - 1 }},
		{"moons", 0, func(p [2]float64) int { // before scaling: the outer arc is about 0, the inner about (1, .5), with noise along (1, 1)
			x, y := (p[0]+1)/3, (p[1]+1)/3
			best, class := math.Inf(1), 0
			for u := 0.; u <= .2; u += .002 {
				if d := math.Abs(math.Hypot(x-u, y-u) - 1); y-u > -.01 && d < best {
					best, class = d, 0
				}
				if d := math.Abs(math.Hypot(x-u-1, y-u-.5) - 1); y-u < .51 && d < best {
					best, class = d, 1
				}
			}
			return class
		}},
	} {
		l := MustLabelled(MustByName(tc.name))
		labels, wrong := l.Labels(1, n), 0
		for i, p := range l.Points(1, n) {
			if tc.of(p) != labels[i] {
				wrong++
			}
		}
		if share := float64(wrong) / n; share > tc.most {
			t.Errorf("%s: %g of the labels are not those of the points, want at most %g", tc.name, share, tc.most)
		}
	}
}

func nearest(p [2]float64, centres [][2]float64) int {
	best := 0
	for k, c := range centres {
		if math.Hypot(p[0]-c[0], p[1]-c[1]) < math.Hypot(p[0]-centres[best][0], p[1]-centres[best][1]) {
			best = k
		}
	}
	return best
}

func TestFromLabelledPoints(t *testing.T) {
	points, labels := []float32{0, 10, 1, 11, 2, 12}, []int{1, 0, 1}
	l := MustFromLabelledPoints("mine", points, 2, labels)
	if l.Name() != "mine with labels" || l.Dim() != 2 || l.Len() != 3 || l.Classes() != 2 || !slices.Equal(l.NullCond(), []float32{2}) {
		t.Errorf("%q, dim %d, %d points, %d classes, null %v", l.Name(), l.Dim(), l.Len(), l.Classes(), l.NullCond())
	}
	labels[0] = 5 // the caller's array is the caller's
	x0, x1, cond := l.Batch(rand.New(rand.NewPCG(1, 2)), 300)
	for i, k := range cond {
		if want := []float32{1, 0, 1}[int(x1[2*i])]; k != want {
			t.Fatalf("point %v has label %g, want %g", x1[2*i:2*i+2], k, want)
		}
	}
	if x0 != nil || len(cond) != 300 || !slices.Equal(asCond(l.Labels(7, 20)), func() []float32 {
		_, _, cond := l.Batch(rand.New(rand.NewPCG(7, toyStream)), 20)
		return cond
	}()) {
		t.Error("labels differ from those of Batch")
	}
	if x := l.Sample(7, 20); x[0] != float32(l.Points(7, 20)[0][0]) || int(x[0]) == 1 != (l.Labels(7, 20)[0] == 0) {
		t.Error("Sample, Points and Labels do not belong together")
	}
	labels[0] = 1
	for what, other := range map[string]*LabelledPoints{
		"label": MustFromLabelledPoints("mine", points, 2, []int{0, 0, 1}),
		"point": MustFromLabelledPoints("mine", []float32{0, 10, 1, 11, 2, 13}, 2, labels),
	} {
		if other.ID() == l.ID() {
			t.Errorf("another %s has the same ID %s", what, l.ID())
		}
	}
	if same := MustFromLabelledPoints("mine", points, 2, labels); same.ID() != l.ID() {
		t.Error("equal data have different IDs")
	}
	for what, v := range map[string]interface{ ID() string }{"toy": MustLabelled(Moons()), "points": l} {
		if b, err := json.Marshal(v); err != nil || string(b) != `"`+v.ID()+`"` {
			t.Errorf("JSON of %s is %s, %v", what, b, err)
		}
	}
}

func TestFromLabelledPointsRefuses(t *testing.T) {
	for _, tc := range []struct {
		points []float32
		labels []int
		want   string
	}{
		{[]float32{1, 2, 3}, []int{0, 1}, "not whole rows"},
		{[]float32{1, 2, 3, 4}, []int{0}, "1 labels for 2 points"},
		{[]float32{1, 2, 3, 4}, []int{0, -1}, "label -1 of row 1 (counted from 0) is negative"},
		{[]float32{1, 2, 3, 4}, []int{0, 2}, "there is label 2, and no point has label 1"},
		{[]float32{1, 2, 3, 4}, []int{1, 1}, "no point has label 0"},
	} {
		_, err := FromLabelledPoints("mine", tc.points, 2, tc.labels)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want one line with %q", err, tc.want)
		}
	}
}

func ExampleLabelled() {
	data, err := Labelled(EightGaussians())
	if err != nil {
		fmt.Println(err)
		return
	}
	_, x1, cond := data.Batch(rand.New(rand.NewPCG(1, 0)), 256)
	fmt.Println(data.Name(), data.Classes(), len(x1), len(cond))
	// Output: 8gaussians with labels 8 512 256
}
