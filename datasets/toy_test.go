package datasets

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// reference names each toy as testdata/toy_stats.json does.
var reference = map[string]string{
	"8gaussians": "eight_gaussians", "checkerboard": "checkerboard", "moons": "moons", "pinwheel": "pinwheel",
	"2spirals": "spirals", "swissroll": "swissroll", "rings": "rings", "circles": "circles",
	"8gaussians-ffjord": "eight_gaussians_ffjord", "moons-ffjord": "moons_ffjord",
}

type stats struct {
	Mean, Std, M4, Lo, Hi [2]float64
	Corr                  float64
	RMean                 float64 `json:"r_mean"`
}

// mean gives the average of f over the points and its standard error.
func mean(p [][2]float64, f func(x [2]float64) float64) (m, se float64) {
	var m2 float64 // Welford's update
	for i, x := range p {
		d := f(x) - m
		m += d / float64(i+1)
		m2 += d * (f(x) - m)
	}
	n := float64(len(p))
	return m, math.Sqrt(m2) / n
}

// TestMoments compares 1e6 points of each toy with 1e6 points of the reference.
// Both sides have sampling error (standard error se each), so a moment may
// differ by z sqrt(2) se, plus half a unit of the reference's last digit. With
// z = 6 a right sampler fails one of the 100 comparisons at 2e-9 each. An
// extreme fails when more than 20 of our points lie beyond the reference's:
// 2^-20 for exchangeable samples, 40 comparisons; or when ours falls short of
// it by 1.5, 1e-6 for the widest Gaussian here. Together below 1e-4 a seed;
// the seed is fixed.
func TestMoments(t *testing.T) {
	raw, err := os.ReadFile("testdata/toy_stats.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]stats
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	if len(want) != len(Names()) {
		t.Errorf("the reference has %d sets, the package %d", len(want), len(Names()))
	}
	const n, z = 1_000_000, 6
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, ok := want[reference[name]]
			if !ok {
				t.Fatalf("no reference for %s", name)
			}
			p := MustByName(name).Points(1, n)
			check := func(what string, got, se, want, round float64) {
				if tol := z*math.Sqrt2*se + round; !(math.Abs(got-want) <= tol) {
					t.Errorf("%s = %.5f, want %.5f within %.5f", what, got, want, tol)
				}
			}
			var m, s [2]float64
			for j, axis := range []string{"x", "y"} {
				var se float64
				m[j], se = mean(p, func(x [2]float64) float64 { return x[j] })
				check("mean "+axis, m[j], se, w.Mean[j], 5e-5)
				v, se := mean(p, func(x [2]float64) float64 { return (x[j] - m[j]) * (x[j] - m[j]) })
				s[j] = math.Sqrt(v)
				check("std "+axis, s[j], se/(2*s[j]), w.Std[j], 5e-5)
				m4, se := mean(p, func(x [2]float64) float64 { return math.Pow(x[j], 4) })
				check("fourth moment "+axis, m4, se, w.M4[j], 5e-4)

				lo, hi, below, above := p[0][j], p[0][j], 0, 0
				for _, x := range p {
					lo, hi = min(lo, x[j]), max(hi, x[j])
					if x[j] < w.Lo[j]-.005 {
						below++
					}
					if x[j] > w.Hi[j]+.005 {
						above++
					}
				}
				if below > 20 || above > 20 || lo > w.Lo[j]+1.5 || hi < w.Hi[j]-1.5 {
					t.Errorf("%s in [%.2f, %.2f], %d below and %d above the reference's [%.2f, %.2f]",
						axis, lo, hi, below, above, w.Lo[j], w.Hi[j])
				}
			}
			u := func(x [2]float64, j int) float64 { return (x[j] - m[j]) / s[j] }
			r, _ := mean(p, func(x [2]float64) float64 { return u(x, 0) * u(x, 1) })
			// The influence function of the correlation gives its error.
			_, se := mean(p, func(x [2]float64) float64 {
				a, b := u(x, 0), u(x, 1)
				return a*b - r/2*(a*a+b*b)
			})
			check("correlation", r, se, w.Corr, 5e-5)
			radius, se := mean(p, func(x [2]float64) float64 { return math.Hypot(x[0], x[1]) })
			check("mean radius", radius, se, w.RMean, 5e-5)
		})
	}
}

// TestRowsAreIndependent looks at the correlation of a row with the next, which
// ordered halves or grids would show: 40 correlations of 1e5 rows within 6
// standard errors, false alarm below 1e-7.
func TestRowsAreIndependent(t *testing.T) {
	const n = 100_000
	for _, name := range Names() {
		p := MustByName(name).Points(1, n)
		for a := range 2 {
			for b := range 2 {
				var sab, sa, sb, saa, sbb float64
				for i := range n - 1 {
					x, y := p[i][a], p[i+1][b]
					sab, sa, sb, saa, sbb = sab+x*y, sa+x, sb+y, saa+x*x, sbb+y*y
				}
				r := (sab - sa*sb/n) / math.Sqrt((saa-sa*sa/n)*(sbb-sb*sb/n))
				if !(math.Abs(r) <= 6/math.Sqrt(n)) {
					t.Errorf("%s: correlation %.4f of coordinate %d with coordinate %d of the next row", name, r, a, b)
				}
			}
		}
	}
}

// TestCheckerboardCells: no point outside the board or in a light cell, and all
// eight dark cells equally full (6 standard errors, false alarm 2e-8).
func TestCheckerboardCells(t *testing.T) {
	const n = 200_000
	count := map[[2]int]int{}
	for _, p := range Checkerboard().Points(1, n) {
		i, j := int(math.Floor(p[0]/2)), int(math.Floor(p[1]/2))
		if i < -2 || i > 1 || j < -2 || j > 1 || (i+j)%2 != 0 {
			t.Fatalf("%v is not in a dark cell", p)
		}
		count[[2]int{i, j}]++
	}
	if len(count) != 8 {
		t.Errorf("%d cells are used, want 8", len(count))
	}
	for cell, c := range count {
		if d := math.Abs(float64(c) - n/8); d > 6*math.Sqrt(n*1./8*7/8) {
			t.Errorf("cell %v has %d points, want %d", cell, c, n/8)
		}
	}
}

func TestSeeds(t *testing.T) {
	for _, name := range Names() {
		toy := MustByName(name)
		a := toy.Sample(5, 300)
		if !slices.Equal(a, toy.Sample(5, 300)) {
			t.Errorf("%s: the same seed gave other points", name)
		}
		if slices.Equal(a, toy.Sample(6, 300)) {
			t.Errorf("%s: another seed gave the same points", name)
		}
		if !slices.Equal(a[:200], toy.Sample(5, 100)) {
			t.Errorf("%s: fewer points are not the first of more", name)
		}
		for i, p := range toy.Points(5, 300) {
			if float32(p[0]) != a[2*i] || float32(p[1]) != a[2*i+1] {
				t.Fatalf("%s: Points and Sample differ in row %d", name, i)
			}
		}
		x0, x1, cond := toy.Batch(rand.New(rand.NewPCG(5, toyStream)), 300)
		if x0 != nil || cond != nil || !slices.Equal(x1, a) {
			t.Errorf("%s: Batch differs from Sample", name)
		}
	}
}

func TestNames(t *testing.T) {
	constructors := map[string]Toy{
		"8gaussians": EightGaussians(), "checkerboard": Checkerboard(), "moons": Moons(), "pinwheel": Pinwheel(),
		"2spirals": TwoSpirals(), "swissroll": SwissRoll(), "rings": Rings(), "circles": Circles(),
		"8gaussians-ffjord": EightGaussiansFFJORD(), "moons-ffjord": MoonsFFJORD(),
	}
	if len(constructors) != len(Names()) {
		t.Errorf("%d names for %d constructors", len(Names()), len(constructors))
	}
	for name, toy := range constructors {
		found, err := ByName(name)
		if err != nil || found != toy || toy.Name() != name || toy.ID() != name || toy.Dim() != 2 {
			t.Errorf("ByName(%q) = %v, %v; the constructor gives %v", name, found, err, toy)
		}
		b, err := json.Marshal(toy)
		if err != nil || string(b) != `"`+name+`"` {
			t.Errorf("JSON of %s is %s, %v", name, b, err)
		}
		var back Toy
		if err := json.Unmarshal(b, &back); err != nil || back != toy {
			t.Errorf("JSON %s reads back as %v, %v", b, back, err)
		}
	}
	if (Toy{}) != EightGaussians() {
		t.Errorf("the zero Toy is %v", Toy{})
	}
	var toy Toy
	for _, err := range []error{json.Unmarshal([]byte(`"chess"`), &toy), func() error { _, err := ByName("chess"); return err }()} {
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Fatalf("an unknown name gave %v", err)
		}
		for _, name := range append(Names(), "chess") {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%q does not name %s", err, name)
			}
		}
	}
}

func TestBadDraw(t *testing.T) {
	cloud := MustFromPoints("cloud", []float32{1, 2}, 2)
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		what, want string
		draw       func()
	}{
		{"Batch", "moons: cannot draw -3 points", func() { Moons().Batch(rng, -3) }},
		{"Sample", "moons: cannot draw -1 points", func() { Moons().Sample(1, -1) }},
		{"Points", "moons: cannot draw -1 points", func() { Moons().Points(1, -1) }},
		{"nil rng", "moons: the random generator is nil", func() { Moons().Batch(nil, 3) }},
		{"own Batch", "cloud: cannot draw -3 points", func() { cloud.Batch(rng, -3) }},
		{"own Points", "cloud: cannot draw -3 points", func() { cloud.Points(1, -3) }},
		{"own nil rng", "cloud: the random generator is nil", func() { cloud.Batch(nil, 3) }},
	} {
		func() {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, c.want) || strings.Contains(got, "\n") {
					t.Errorf("%s panics with %q, want %q", c.what, got, c.want)
				}
			}()
			c.draw()
		}()
	}
	if _, x1, _ := Moons().Batch(rng, 0); len(x1) != 0 || len(cloud.Sample(1, 0)) != 0 || len(Moons().Points(1, 0)) != 0 {
		t.Error("0 points are not empty")
	}
}

// TestMust runs the Must forms in a child, since they end the program.
func TestMust(t *testing.T) {
	switch os.Getenv("DATASETS_MUST") {
	case "name":
		MustByName("chess")
	case "points":
		MustFromPoints("cloud", nil, 2)
	case "":
		for _, form := range []string{"name", "points"} {
			cmd := exec.Command(os.Args[0], "-test.run=^TestMust$")
			cmd.Env = append(os.Environ(), "DATASETS_MUST="+form)
			out, err := cmd.CombinedOutput()
			if err == nil || strings.Count(string(out), "\n") != 1 || !strings.HasPrefix(string(out), "datasets: ") {
				t.Errorf("%s: %v, printed %q; want one line and a failure", form, err, out)
			}
		}
	}
}
