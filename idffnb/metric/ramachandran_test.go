package metric

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func histogram(t *testing.T, angles []float32, size float64) Ramachandran {
	t.Helper()
	r, err := NewRamachandran(angles, size)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRamachandranByHand(t *testing.T) {
	r := histogram(t, []float32{-180, -180, 180, 179.99, -1, 0, 0, -90.01, -179.99, 180}, 90)
	want := []float64{2, 0, 0, 1 /**/, 0, 0, 1, 0 /**/, 1, 0, 0, 0 /**/, 0, 0, 0, 0}
	if r.Bins != 4 || !slices.Equal(r.Counts, want) {
		t.Errorf("%d bins: %v, want %v", r.Bins, r.Counts, want)
	}
	for _, size := range []float64{.1, 5, 7.5, 10, 360. / 7, 360} {
		if r := histogram(t, uniform(2000, 1), size); math.Abs(float64(r.Bins)*size-360) > 1e-9 {
			t.Errorf("bins of %v: %d", size, r.Bins)
		} else if sum, _ := sumCounts("", r.Counts); sum != 1000 {
			t.Errorf("bins of %v hold %v of 1000", size, sum)
		}
	}
}

func TestJensenShannon(t *testing.T) {
	h := reference(t).Histograms
	near(t, "scipy", value(t)(JensenShannon(h.P, h.Q)), h.JS, 1e-14)
	near(t, "symmetric", value(t)(JensenShannon(h.Q, h.P)), h.JS, 1e-14)
	near(t, "equal but for scale", value(t)(JensenShannon([]float64{1, 2, 0}, []float64{3, 6, 0})), 0, 1e-15)
	near(t, "disjoint", value(t)(JensenShannon([]float64{1, 2, 0}, []float64{0, 0, 5})), 1, 1e-15)
	// p = (1, 0), q = (1/2, 1/2): m = (3/4, 1/4).
	want := .5*math.Log2(4./3) + .5*(.5*math.Log2(2./3)+.5*math.Log2(2))
	near(t, "by hand", value(t)(JensenShannon([]float64{1, 0}, []float64{1, 1})), want, 1e-15)
}

// The floor of finite samples, (K-1)(1/n + 1/m)/(8 ln 2): the mean of 60 pairs lies within 4.5 standard errors (false-alarm rate 3e-5 with 59
// degrees of freedom) and 2%, the next order, of it.
func TestJensenShannonFloor(t *testing.T) {
	const k, n, m = 36, 4000, 6000
	var values []float64
	for seed := range uint64(60) {
		values = append(values, value(t)(RamachandranJS(uniform(2*n, 2*seed), uniform(2*m, 2*seed+1), 60)))
	}
	mean, std := meanStd(values)
	want := (k - 1) * (1./n + 1./m) / (8 * math.Ln2)
	near(t, "floor", mean, want, 4.5*std/math.Sqrt(60)+.02*want)
}

func TestRamachandranTellsSamplesApart(t *testing.T) {
	all := load(t, "polyala")
	data, other := all[:200*46], all[200*46:]
	floor := value(t)(RamachandranJS(other, data, 20))
	noise := value(t)(RamachandranJS(uniform(200*46, 1), data, 20))
	if !(floor < .2) || !(noise > .5) {
		t.Errorf("another replica %.3f bits, uniform angles %.3f", floor, noise)
	}
	// Turning all by whole turns over the edge keeps it: the torus.
	turn := func(x []float32) []float32 {
		out := make([]float32, len(x))
		for i := range x {
			out[i] = x[i] + 100
		}
		return WrapDegrees(out)
	}
	near(t, "turned by 5 bins", value(t)(RamachandranJS(turn(other), turn(data), 20)), floor, 1e-3)
	s, err := histogram(t, data, 10).Support(1)
	if err != nil {
		t.Fatal(err)
	}
	fresh, uni := value(t)(s.Outside(other)), value(t)(s.Outside(uniform(100000, 2)))
	near(t, "data outside of their own support", value(t)(s.Outside(data)), 0, 0)
	// A share of 50,000 pairs has a standard error of at most .0022: false-alarm rate 7e-6.
	near(t, "uniform angles outside", uni, 1-s.Area(), 4.5*.0022)
	t.Logf("floor %.4f, uniform %.4f bits; outside: fresh %.4f, uniform %.4f", floor, noise, fresh, uni)
	if !(fresh < .05) || !(uni > .3) {
		t.Errorf("outside: another replica %.4f, uniform %.4f", fresh, uni)
	}
}

func TestSupportByHand(t *testing.T) {
	r := histogram(t, []float32{-180, 100}, 60) // bin (0, 4)
	for margin, want := range map[int]float64{0: 1 / 36., 1: 9 / 36., 2: 25 / 36., 3: 1, 9: 1} {
		s, err := r.Support(margin)
		near(t, "area", value(t)(s.Area(), err), want, 1e-15)
	}
	s, _ := r.Support(1)
	near(t, "outside", value(t)(s.Outside([]float32{170, -179 /**/, -61, 0 /**/, -180, -179 /**/, 61, 100 /**/, 0, 0})), 4./5, 1e-15)
}

func TestBasins(t *testing.T) {
	for _, c := range []struct {
		phi, psi float64
		want     Basin
	}{
		{-57, -47, AlphaR}, {-160, -120, AlphaR}, {-20.01, 49.9, AlphaR}, {-139, 135, Beta}, {-180, 50, Beta}, {180, 179, Beta}, {-120, -121, Beta},
		{170, 120, Beta}, {160, 110, Beta}, {159.9, 120, NoBasin}, {170, 109.9, NoBasin}, {170, 180, NoBasin}, {170, 100, NoBasin}, {-75, 150, PPII}, {-90, 50, PPII}, {-30, -150, PPII}, {-90.01, 50, Beta},
		{57, 47, AlphaL}, {20, -50, AlphaL}, {125, 0, NoBasin}, {60, -90, NoBasin}, {60, 110, NoBasin}, {0, 0, NoBasin}, {-165, 0, NoBasin},
		{-57 + 720, -47 - 360, AlphaR}, {60, -150, NoBasin}, {-20, 0, NoBasin},
	} {
		if got := BasinOf(c.phi, c.psi); got != c.want {
			t.Errorf("(%v, %v) is in %v, want %v", c.phi, c.psi, got, c.want)
		}
	}
	s, err := Populations([]float32{-57, -47, -60, -40, -75, 150, 0, 0})
	if want := (BasinShares{.25, .5, 0, .25, 0}); err != nil || s != want {
		t.Errorf("populations %v, %v, want %v", s, err, want)
	}
	if got, want := s.String(), "alphaR 50.0%, beta 0.0%, PPII 25.0%, alphaL 0.0%, none 25.0%"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Basin(9).String(); got != "Basin(9)" {
		t.Error(got)
	}
}

// On simulated polyalanine few residues are in no basin; of uniform angles the share that the rectangles leave:
// 1 - (140*170 + 90*190 + 20*70 + 70*190 + 105*160)/360^2 = .4414. 50,000 pairs: standard error .0022, false-alarm rate 7e-6.
func TestPopulationsOfData(t *testing.T) {
	s, err := Populations(load(t, "polyala"))
	if err != nil || s[NoBasin] > .06 || s[AlphaR] < .4 {
		t.Errorf("%v, %v", s, err)
	}
	s, err = Populations(uniform(100000, 1))
	near(t, "uniform in no basin", value(t)(s[NoBasin], err), 1-(140*170+90*190+20*70+70*190+105*160)/(360*360.), 4.5*.0022)
}

func TestHelixByHand(t *testing.T) {
	h, c := []float32{-60, -45}, []float32{-75, 150}
	var angles []float32
	for _, residue := range [][]float32{
		h, h, c, h, h, // none: runs of two
		h, h, h, c, h, // three
		c, h, h, h, h, // four
		h, h, h, h, h,
		c, c, c, h, h, // two, and the next frame's three do not join them
		h, c, c, c, {-100, -67}, // a corner of the box
		c, c, {-30, -7}, {-100, -67}, h, // corners
		c, c, {-29, -7}, {-100, -67}, h,
	} {
		angles = append(angles, residue...)
	}
	got, err := HelixFraction(angles, 5)
	nearAll(t, "helix", list(t)(got, err), []float64{0, .6, .8, 1, 0, 0, .6, 0}, 1e-15)
	which, err := Helical(angles[10:20], 5)
	if err != nil || !slices.Equal(which, []bool{true, true, true, false, false}) {
		t.Errorf("helical %v, %v", which, err)
	}
	// Simulated polyalanine starts extended and folds; in numpy the replicas have .17 and .57 in the mean.
	all, err := HelixFraction(load(t, "polyala"), 23)
	first, _ := meanStd(all[:200])
	second, _ := meanStd(all[200:])
	if err != nil || all[0] != 0 || all[200] != 0 || math.Abs(first-.17) > .005 || math.Abs(second-.57) > .005 {
		t.Errorf("helix at the starts %v, %v, means %v, %v: %v", all[0], all[200], first, second, err)
	}
}

func TestRamachandranErrors(t *testing.T) {
	x := []float32{1, 2, 3, 4}
	radians := make([]float32, 40)
	for i := range radians {
		radians[i] = float32(rand.New(rand.NewPCG(1, uint64(i))).Float64()*6 - 3)
	}
	r := histogram(t, x, 10)
	_, odd := NewRamachandran(x[:3], 10)
	_, size := NewRamachandran(x, 7)
	_, zero := NewRamachandran(x, 0)
	_, nan := NewRamachandran(x, math.NaN())
	_, rad := NewRamachandran(radians, 10)
	_, margin := r.Support(-1)
	_, none := Ramachandran{}.Support(1)
	_, outside := Support{}.Outside(x)
	_, bins := JensenShannon([]float64{1}, []float64{1, 2})
	_, negative := JensenShannon([]float64{1, -2}, []float64{1, 2})
	_, empty := JensenShannon([]float64{1, 2}, []float64{0, 0})
	_, samples := RamachandranJS([]float32{1, 500}, x, 10)
	_, data := RamachandranJS(x, nil, 10)
	_, helix := HelixFraction(x, 3)
	_, residues := Helical(x, 0)
	_, basins := AssignBasins([]float32{float32(math.NaN()), 0})
	_, shares := Populations(x[:1])
	for what, c := range map[string]struct {
		err   error
		words string
	}{
		"odd": {odd, "pairs"}, "size": {size, "divide 360"}, "zero size": {zero, "divide 360"}, "NaN size": {nan, "divide 360"}, "radians": {rad, "radians"},
		"margin": {margin, "margin of -1"}, "no histogram": {none, "NewRamachandran"}, "no support": {outside, "Ramachandran.Support"},
		"bins": {bins, "1 against 2 bins"}, "negative": {negative, "bin 1 of the first"}, "empty": {empty, "second histogram sums to 0"},
		"samples": {samples, "samples: metric: angle 1 of 2 is 500"}, "data": {data, "data: metric: no angles"}, "helix": {helix, "4 angles of 3 residues"},
		"residues": {residues, "of 0 residues"}, "NaN": {basins, "angle 0 of 2 is NaN"}, "populations": {shares, "1 angles"},
	} {
		failing(t, what, c.err, c.words)
	}
}
