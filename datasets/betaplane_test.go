package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func randomField(n int, seed uint64) []float64 {
	rng := rand.New(rand.NewPCG(seed, 1))
	f := make([]float64, n*n)
	for i := range f {
		f[i] = rng.NormFloat64()
	}
	return f
}

func inner(a, b []float64) (sum, size float64) {
	for i := range a {
		sum += a[i] * b[i]
		size += math.Abs(a[i] * b[i])
	}
	return sum, size
}

// TestArakawa: on any fields the Jacobian keeps energy and enstrophy to rounding, is antisymmetric, and is second-order accurate on smooth ones.
func TestArakawa(t *testing.T) {
	const n = 24
	a, b := randomField(n, 1), randomField(n, 2)
	j, k := make([]float64, n*n), make([]float64, n*n)
	arakawa(j, a, b, n, 2)
	arakawa(k, b, a, n, 2)
	for _, with := range [][]float64{a, b} {
		if sum, size := inner(j, with); math.Abs(sum) > 1e-13*size {
			t.Errorf("the sum of J times a field is %g of %g", sum, size)
		}
	}
	for i := range j {
		if math.Abs(j[i]+k[i]) > 1e-12 {
			t.Fatalf("J(a, b) + J(b, a) is %g", j[i]+k[i])
		}
	}
	var errors []float64
	for _, n := range []int{32, 64} {
		a, b, want := make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
		dx := 1 / float64(n)
		width := float64(n+1) * dx
		for i := range a {
			x, y := 2*math.Pi*float64(i%n)*dx, math.Pi*float64(i/n+1)*dx/width
			py := math.Pi / width
			a[i], b[i] = math.Sin(x)*math.Sin(y), math.Cos(2*x)*math.Sin(2*y)
			want[i] = 2*math.Pi*math.Cos(x)*math.Sin(y)*math.Cos(2*x)*2*py*math.Cos(2*y) + math.Sin(x)*py*math.Cos(y)*4*math.Pi*math.Sin(2*x)*math.Sin(2*y)
		}
		got := make([]float64, n*n)
		arakawa(got, a, b, n, dx)
		worst := 0.
		for i := range got {
			worst = max(worst, math.Abs(got[i]-want[i]))
		}
		errors = append(errors, worst)
	}
	if order := math.Log2(errors[0] / errors[1]); math.Abs(order-2) > .3 {
		t.Errorf("order %g, want 2 (errors %v)", order, errors)
	}
}

// TestPoisson: the solution's Laplacian is the right-hand side.
func TestPoisson(t *testing.T) {
	for _, n := range []int{16, 60} {
		zeta, psi, back := randomField(n, 3), make([]float64, n*n), make([]float64, n*n)
		newPoisson(n, 3).solve(psi, zeta)
		laplacian(back, psi, n, 3)
		for i := range back {
			if math.Abs(back[i]-zeta[i]) > 1e-11 {
				t.Fatalf("n %d: value %d is %g, want %g", n, i, back[i], zeta[i])
			}
		}
	}
}

// TestRossbyWave: a weak wave without forcing goes west as theory says, with the grid's own Laplacian and derivative in it, and fades by drag and friction.
func TestRossbyWave(t *testing.T) {
	const n, k, m, steps = 32, 2, 3, 160
	f := newBetaFlow(n, 0, 0)
	f.force.scale = 0
	phase := func(i int) float64 { return 2 * math.Pi * float64(k*i) / n }
	for i := range f.zeta {
		f.zeta[i] = 1e-12 * math.Cos(phase(i%n)) * math.Sin(math.Pi*float64(m*(i/n+1))/float64(n+1))
	}
	for range steps {
		f.step()
	}
	lap := (2*math.Cos(phase(1)) + 2*math.Cos(math.Pi*m/float64(n+1)) - 4) / (bpSpacing * bpSpacing)
	omega := bpBeta * math.Sin(phase(1)) / bpSpacing / lap // zeta ~ exp(i (kx - omega t))
	time := steps * bpStep
	fade := math.Exp(-(bpDrag + bpSmooth*lap*lap) * time)
	worst := 0.
	for i := range f.zeta {
		want := 1e-12 * fade * math.Cos(phase(i%n)-omega*time) * math.Sin(math.Pi*float64(m*(i/n+1))/float64(n+1))
		worst = max(worst, math.Abs(f.zeta[i]-want))
	}
	if worst > 2e-3*1e-12*fade {
		t.Errorf("off by %g of the amplitude; the wave turned by %g", worst/(1e-12*fade), omega*time)
	}
	if math.Abs(omega*time) < 1 {
		t.Fatal("the wave hardly moved")
	}
}

// TestStirring: without sources T' squared only falls, by what relaxation and friction take: the stirring itself keeps it.
func TestStirring(t *testing.T) {
	f := newBetaFlow(32, 4, 0)
	for range 200 {
		f.step()
	}
	f.poisson.solve(f.psi, f.zeta)
	warm := slices.Clone(f.warm)
	j := make([]float64, len(warm))
	arakawa(j, f.psi, warm, 32, bpSpacing)
	if sum, size := inner(j, warm); math.Abs(sum) > 1e-12*size || size == 0 {
		t.Errorf("stirring changes T' squared by %g of %g", sum, size)
	}
}

// TestBetaPlane: the maps' statistics, with wide bounds, since machines that round differently see other trajectories; and that seed and trajectory fix them on any
// number of cores.
func TestBetaPlane(t *testing.T) {
	b := BetaPlane{Trajectories: 2, Frames: 30, Size: 32, Seed: 5}
	m := b.MustMaps()
	if m.Series != 2 || m.Frames != 30 || m.Height != 32 || m.Width != 32 || m.Unit != "°C" || m.Notes[0] != "synthetic" || m.Land != nil {
		t.Error(m)
	}
	least, greatest, change := math.Inf(1), math.Inf(-1), 0.
	south, north := 0., 0.
	for s := range m.Series {
		for k := range m.Frames {
			for i, v := range m.Frame(s, k) {
				x := float64(v)
				least, greatest = min(least, x), max(greatest, x)
				if i < 32*4 {
					south += x / float64(2*30*32*4)
				} else if i >= 32*28 {
					north += x / float64(2*30*32*4)
				}
				if k > 0 {
					d := x - float64(m.Frame(s, k-1)[i])
					change += d * d / float64(2*29*m.Size())
				}
			}
		}
	}
	if least < 10 || greatest > 36 || south-north < 6 || south-north > 12 || math.Sqrt(change) < .1 || math.Sqrt(change) > 1.2 {
		t.Errorf("temperatures %g to %g, south %g, north %g, change in a day %g", least, greatest, south, north, math.Sqrt(change))
	}
	if slices.Equal(m.Frame(0, 0), m.Frame(1, 0)) {
		t.Error("two trajectories are one")
	}
	cores := runtime.GOMAXPROCS(1)
	again := b.MustMaps()
	runtime.GOMAXPROCS(cores)
	b.Trajectories = 1
	if !slices.Equal(again.Values, m.Values) || !slices.Equal(b.MustMaps().Values, m.Values[:len(m.Values)/2]) {
		t.Error("a seed gives other trajectories")
	}
	b.Seed++
	if slices.Equal(b.MustMaps().Frame(0, 0), m.Frame(0, 0)) {
		t.Error("another seed gives the same trajectory")
	}
}

// TestCached: the second call reads the first one's file; a file that is cut short is made anew; nothing half-written stays.
func TestCached(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	b := BetaPlane{Trajectories: 1, Frames: 3, Size: 16}
	m := b.MustCached(dir)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 || !strings.Contains(files[0], "betaplane-") {
		t.Fatal(files, err)
	}
	again := b.MustCached(dir)
	if !slices.Equal(m.Values, again.Values) || again.Name() != "betaplane" || again.ID() != m.ID() || again.Unit != "°C" {
		t.Error(again)
	}
	if err := os.Truncate(files[0], 500); err != nil {
		t.Fatal(err)
	}
	if third := b.MustCached(dir); !slices.Equal(third.Values, m.Values) {
		t.Error("a damaged file is not made anew")
	}
	t.Setenv(DataVariable, t.TempDir())
	b.MustCached("")
	if _, err := os.Stat(filepath.Join(os.Getenv(DataVariable), "betaplane", filepath.Base(files[0]))); err != nil {
		t.Error(err)
	}
	// Where that folder may not be written, as others' may not, the user's cache is taken.
	home := t.TempDir()
	t.Setenv(DataVariable, files[0])
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", home)
	b.MustCached("")
	if cache, err := os.UserCacheDir(); err != nil {
		t.Error(err)
	} else if kept, err := ReadMaps(filepath.Join(cache, "idff", "betaplane", filepath.Base(files[0]))); err != nil || !slices.Equal(kept.Values, m.Values) {
		t.Errorf("not kept in the cache: %v", err)
	}
	b.Seed = 1
	if other := b.MustCached(dir); slices.Equal(other.Values, m.Values) {
		t.Error("another seed is read from the same file")
	}
	if err := m.SaveNPY(filepath.Join(files[0], "x.npy")); err == nil || !strings.Contains(err.Error(), "datasets: betaplane is not saved: ") {
		t.Errorf("a folder that is a file: %v", err)
	}
	for what, c := range map[string]struct {
		b    BetaPlane
		want string
	}{
		"trajectories": {BetaPlane{Trajectories: -1}, "-1 trajectories of 200 frames"},
		"size":         {BetaPlane{Size: 31}, "31 pixels along a side; want an even number from 16 to 512"},
		"days":         {BetaPlane{Days: .3}, "frames every 0.3 days; want a multiple of 1/8 day"},
		"NaN":          {BetaPlane{Days: math.NaN()}, "frames every NaN days"},
		"too many":     {BetaPlane{Trajectories: 1 << 40}, "more than 4 GiB"},
	} {
		if _, err := c.b.Maps(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestReadMaps: arrays of NumPy, land where all is NaN.
func TestReadMaps(t *testing.T) {
	m, err := NewMaps("m", []float32{1, 2, 3, 4, 5, float32(math.NaN()), 7, 8, 9, 10, 11, float32(math.NaN())}, 1, 2, 2, 3, []bool{5: true})
	if err != nil {
		t.Fatal(err)
	}
	m.Values[5], m.Values[11] = float32(math.NaN()), float32(math.NaN())
	path := filepath.Join(t.TempDir(), "mine.npy")
	if err := m.SaveNPY(path); err != nil {
		t.Fatal(err)
	}
	got, err := ReadMaps(path)
	if err != nil || got.Name() != "mine" || !got.Land[5] || slices.Contains(got.Land[:5], true) || got.Values[11] != 0 || got.Values[10] != 11 {
		t.Error(got, err)
	}
	if _, err := ReadMaps(filepath.Join("testdata", "angles", "c.npy")); err == nil || !strings.Contains(err.Error(), "the array has shape [3 4]; want [frames, height, width]") {
		t.Errorf("an array of two axes: %v", err)
	}
}

func ExampleBetaPlane() {
	m := BetaPlane{Trajectories: 2, Frames: 10, Size: 32}.MustMaps() // BetaPlane{}.MustCached("runs") for the standard set
	fmt.Println(m)
	train, test, err := m.HoldOut(1)
	fmt.Println(train.Series, test.Series, err)
	// Output:
	// betaplane: 2 series of 10 frames of 32 x 32; synthetic
	// 1 1 <nil>
}

// FuzzMaps: whatever the file, an error of one line or sound maps.
func FuzzMaps(f *testing.F) {
	m, err := NewMaps("m", []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 1, 2, 2, 3, nil)
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "m.npy")
	if err := m.SaveNPY(path); err != nil {
		f.Fatal(err)
	}
	f.Add(bytesOf(f, path))
	f.Add(bytesOf(f, filepath.Join("testdata", "angles", "replicas.npy")))
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := parseMaps("fuzz", file)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %q", err)
			}
			return
		}
		if err := m.check(); err != nil {
			t.Fatal(err)
		}
	})
}
