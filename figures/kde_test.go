package figures

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

func cloud(n int, seed uint64) [][2]float64 {
	r := rand.New(rand.NewPCG(seed, 7))
	x := make([][2]float64, n)
	for i := range x {
		a, b := r.NormFloat64(), r.NormFloat64()
		x[i] = [2]float64{2*a + 1, 0.7*a + 0.4*b - 1}
	}
	return x
}

// The grid's cells are wider than the kernels here, so KDE must not widen: the
// cases choose a fine grid and compare at every node that SciPy was asked at.
func TestKDEAgainstSciPy(t *testing.T) {
	raw, err := os.ReadFile("testdata/kde/kde.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name    string
		Scale   float64
		Points  [][2]float64
		Box     [4]float64
		N       int
		Density []float64
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != 6 {
		t.Fatalf("%d cases, want 6", len(cases))
	}
	for _, c := range cases {
		const fine = 32
		n := (c.N-1)*fine + 1
		g, err := KDE(c.Points, Box{c.Box[0], c.Box[1], c.Box[2], c.Box[3]}, n, c.Scale)
		if err != nil {
			t.Fatal(err)
		}
		top := g.max()
		for j := range c.N {
			for i := range c.N {
				got, want := g.Z(i*fine, j*fine), c.Density[j*c.N+i]
				if math.Abs(got-want) > 1e-8*top {
					t.Errorf("%s, scale %g, node (%d, %d): %g, SciPy gives %g", c.Name, c.Scale, i, j, got, want)
				}
			}
		}
	}
}

func TestKDEAgainstFormula(t *testing.T) {
	x := cloud(300, 1)
	n := float64(len(x))
	var mx, my, sxx, sxy, syy float64
	for _, p := range x {
		mx, my = mx+p[0]/n, my+p[1]/n
	}
	for _, p := range x {
		sxx += (p[0] - mx) * (p[0] - mx) / (n - 1)
		sxy += (p[0] - mx) * (p[1] - my) / (n - 1)
		syy += (p[1] - my) * (p[1] - my) / (n - 1)
	}
	h2 := math.Pow(n, -1.0/3)
	a, b, d := sxx*h2, sxy*h2, syy*h2
	det := a*d - b*b
	box := Box{-4, 8, -5, 3}
	g, err := KDE(x, box, 61, 0)
	if err != nil {
		t.Fatal(err)
	}
	for j := 0; j < 61; j += 3 {
		for i := 0; i < 61; i += 3 {
			var want float64
			for _, p := range x {
				u, v := g.X(i)-p[0], g.Y(j)-p[1]
				want += math.Exp(-(d*u*u-2*b*u*v+a*v*v)/(2*det)) / (2 * math.Pi * math.Sqrt(det) * n)
			}
			if math.Abs(g.Z(i, j)-want) > 1e-8*g.max() {
				t.Fatalf("node (%d, %d): %g, the formula gives %g", i, j, g.Z(i, j), want)
			}
		}
	}
}

func TestKDEMass(t *testing.T) {
	same := make([][2]float64, 50)
	onLine := make([][2]float64, 50)
	for i := range onLine {
		same[i] = [2]float64{0.3, -0.2}
		onLine[i] = [2]float64{float64(i) / 50, float64(i) / 50}
	}
	for name, x := range map[string][][2]float64{"cloud": cloud(500, 2), "one place": same, "a line": onLine, "two": {{0, 0}, {1, 0}}} {
		g, err := KDE(x, Box{-12, 12, -12, 12}, 240, 0)
		if err != nil {
			t.Fatal(err)
		}
		var sum float64
		for _, v := range g.Values {
			sum += v
		}
		cell := g.X(1) - g.X(0)
		if got := sum * cell * cell; math.Abs(got-1) > 2e-3 {
			t.Errorf("%s: the density sums to %g, want 1", name, got)
		}
	}
}

func TestKDEOutsideTheBox(t *testing.T) {
	g, err := KDE([][2]float64{{100, 100}, {101, 100}, {100, 102}}, Box{0, 1, 0, 1}, 50, 0)
	if err != nil {
		t.Fatal(err)
	}
	if g.max() != 0 {
		t.Errorf("density %g far from all points, want 0", g.max())
	}
	if l := g.MassLevels(0.1, 0.5); len(l) != 0 {
		t.Errorf("levels %v of an empty grid, want none", l)
	}
}

func TestMassLevels(t *testing.T) {
	g, err := KDE(cloud(2000, 3), Box{-10, 12, -8, 6}, 200, 0)
	if err != nil {
		t.Fatal(err)
	}
	fractions := []float64{0.9, 0.1, 0.5}
	levels := g.MassLevels(fractions...)
	if len(levels) != 3 {
		t.Fatalf("%d levels, want 3", len(levels))
	}
	for k, want := range []float64{0.1, 0.5, 0.9} {
		var below, total float64
		for _, v := range g.Values {
			total += v
			if v < levels[k] {
				below += v
			}
		}
		if math.Abs(below/total-want) > 1e-3 {
			t.Errorf("share %g of the mass is below level %d, want %g", below/total, k, want)
		}
	}
}

func TestHistogram2D(t *testing.T) {
	g, err := Histogram2D([][2]float64{{0, 0}, {0.1, 0.1}, {1, 1}, {5, 5}}, Box{0, 1, 0, 1}, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []float64{2, 0, 0, 1} // counts / (area 1/4 x 4 points)
	for i, w := range want {
		if g.Values[i] != w {
			t.Errorf("cell %d: %g, want %g", i, g.Values[i], w)
		}
	}
	if g.X(0) != 0.25 || g.Y(1) != 0.75 {
		t.Errorf("centres %g, %g, want 0.25, 0.75", g.X(0), g.Y(1))
	}
}

func TestKDEErrors(t *testing.T) {
	ok, box, nan := cloud(10, 1), Box{0, 1, 0, 1}, math.NaN()
	for _, c := range []struct {
		x     [][2]float64
		box   Box
		n     int
		scale float64
		want  string
	}{
		{nil, box, 10, 0, "empty"},
		{ok[:1], box, 10, 0, "needs at least 2"},
		{[][2]float64{{0, 0}, {1, nan}, {nan, 1}}, box, 10, 0, "2 of 3 points are not finite, the first at index 1"},
		{ok, Box{1, 0, 0, 1}, 10, 0, "is empty"},
		{ok, Box{0, nan, 0, 1}, 10, 0, "not finite"},
		{ok, box, 1, 0, "grid size 1"},
		{ok, box, 10, -1, "must be positive"},
		{ok, box, 10, nan, "must be positive"},
	} {
		if _, err := KDE(c.x, c.box, c.n, c.scale); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
	if _, err := Histogram2D(ok, box, 0); err == nil {
		t.Error("no error for a histogram without cells")
	}
	if _, err := BoxOf(0.1); err == nil {
		t.Error("no error for a box around nothing")
	}
}

func BenchmarkKDE(b *testing.B) {
	x := cloud(2048, 1)
	box, _ := BoxOf(0.1, x)
	for b.Loop() {
		if _, err := KDE(x, box, 100, 0); err != nil {
			b.Fatal(err)
		}
	}
}
