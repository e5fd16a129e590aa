package figures

import (
	"math"
	"testing"
)

// bowl is the grid of f over a square.
func bowl(n int, half float64, f func(x, y float64) float64) *Grid {
	g := &Grid{Box: Box{-half, half, -half, half}, NX: n, NY: n, Values: make([]float64, n*n)}
	for j := range n {
		for i := range n {
			g.Values[j*n+i] = f(g.X(i), g.Y(j))
		}
	}
	return g
}

// area is the signed area of a closed path, positive counter-clockwise.
func area(p Path) (a float64) {
	for i, q := range p.Points {
		r := p.Points[(i+1)%len(p.Points)]
		a += (q[0]*r[1] - r[0]*q[1]) / 2
	}
	return a
}

func TestContoursOfACone(t *testing.T) {
	g := bowl(101, 2, func(x, y float64) float64 { return -math.Hypot(x, y) })
	paths := g.Contours(-1)
	if len(paths) != 1 || !paths[0].Closed {
		t.Fatalf("%d paths, want one closed", len(paths))
	}
	for _, p := range paths[0].Points {
		if r := math.Hypot(p[0], p[1]); math.Abs(r-1) > 1e-3 {
			t.Fatalf("point %v at radius %g, want 1", p, r)
		}
	}
	if a := area(paths[0]); math.Abs(a-math.Pi) > 5e-3 {
		t.Errorf("area %g, want π: the peak is to be on the left", a)
	}
}

func TestContoursThatLeave(t *testing.T) {
	g := bowl(51, 1, func(x, y float64) float64 { return x })
	paths := g.Contours(0.31)
	if len(paths) != 1 || paths[0].Closed {
		t.Fatalf("%d paths, want one open", len(paths))
	}
	if n := len(paths[0].Points); n != 51 {
		t.Errorf("%d points, want 51", n)
	}
	for _, p := range paths[0].Points {
		if math.Abs(p[0]-0.31) > 1e-12 {
			t.Errorf("point %v is not at x = 0.31", p)
		}
	}
	if g.Contours(5) != nil {
		t.Error("a level above all values has contours")
	}
}

func TestRegions(t *testing.T) {
	for _, c := range []struct {
		name  string
		f     func(x, y float64) float64
		level float64
		paths int
		area  float64
	}{
		{"half plane, cut by the box", func(x, y float64) float64 { return x }, 0.31, 1, 2 * (1 - 0.31)},
		{"everything", func(x, y float64) float64 { return 1 }, 0.5, 1, 4},
		{"nothing", func(x, y float64) float64 { return 0 }, 0.5, 0, 0},
		{"ring: outline and hole", func(x, y float64) float64 { return -math.Abs(math.Hypot(x, y) - 0.6) }, -0.2, 2, math.Pi * (0.64 - 0.16)},
		{"two peaks", func(x, y float64) float64 { return -math.Min(math.Hypot(x-.5, y), math.Hypot(x+.5, y)) }, -0.3, 2, 2 * math.Pi * 0.09},
		{"a corner", func(x, y float64) float64 { return x + y }, 1, 1, 0.5},
		{"checkerboard of saddles", func(x, y float64) float64 { return math.Sin(2*math.Pi*x) * math.Sin(2*math.Pi*y) }, 0, -1, 2},
	} {
		g := bowl(101, 1, c.f)
		var sum float64
		paths := g.Regions(c.level)
		for _, p := range paths {
			if !p.Closed {
				t.Errorf("%s: an outline is open", c.name)
			}
			sum += area(p)
		}
		if c.paths >= 0 && len(paths) != c.paths {
			t.Errorf("%s: %d outlines, want %d", c.name, len(paths), c.paths)
		}
		if math.Abs(sum-c.area) > 0.01*math.Max(1, c.area) {
			t.Errorf("%s: area %g, want %g", c.name, sum, c.area)
		}
	}
}

func TestFarthestPoints(t *testing.T) {
	square := [][2]float64{{0.1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}, {0, 0}}
	got := FarthestPoints(square, 5)
	if got[0] != 5 && got[0] != 0 {
		t.Errorf("the first is %d, want one of the middle", got[0])
	}
	seen := map[int]bool{}
	for _, i := range got[1:] {
		seen[i] = true
	}
	for i := 1; i <= 4; i++ {
		if !seen[i] {
			t.Errorf("corner %d is not among %v", i, got)
		}
	}
	if n := len(FarthestPoints(square, 100)); n != 6 {
		t.Errorf("%d of 6 points chosen, want all", n)
	}
	if n := len(FarthestPoints(make([][2]float64, 9), 4)); n != 4 {
		t.Errorf("%d equal points chosen, want 4", n)
	}
	if FarthestPoints(nil, 3) != nil || FarthestPoints(square, -1) != nil {
		t.Error("want no points")
	}
	// Each next point is the farthest from those before, so gaps shrink.
	x := cloud(400, 5)
	last := math.Inf(1)
	chosen := FarthestPoints(x, 20)
	for k := 1; k < len(chosen); k++ {
		gap := math.Inf(1)
		for _, i := range chosen[:k] {
			gap = min(gap, math.Hypot(x[i][0]-x[chosen[k]][0], x[i][1]-x[chosen[k]][1]))
		}
		if gap > last {
			t.Errorf("point %d is %g away, the one before %g", k, gap, last)
		}
		last = gap
	}
}
